"""Every exception as an error of the contract, so that any of them can be shown."""

from __future__ import annotations

import logging
import traceback

from setupwizard.errors import SetupError
from setupwizard.model.events import Error

log = logging.getLogger(__name__)


def error_document(error: BaseException, log_file: str) -> Error:
    """Return any exception as an error of the contract: what nobody foresaw is a fault of ours, with its traceback."""
    if isinstance(error, SetupError):
        return Error.of(error)
    log.error("a job broke", exc_info=error)
    detail = "".join(traceback.format_exception(error))
    return Error.of(SetupError("internal-error", detail=detail, log=log_file or None))
