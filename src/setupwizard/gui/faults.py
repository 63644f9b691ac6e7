"""Every exception as an error of the contract, so that any of them can be shown."""

from __future__ import annotations

import logging
import traceback

from msgspec.structs import replace

from setupwizard.errors import SENTENCES, SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Error, Fix

log = logging.getLogger(__name__)


def error_document(error: BaseException, log_file: str) -> Error:
    """Return any exception as an error of the contract: what nobody foresaw is a fault of ours, with its traceback."""
    if isinstance(error, SetupError):
        return Error.of(error)
    log.error("a job broke", exc_info=error)
    detail = "".join(traceback.format_exception(error))
    return Error.of(SetupError("internal-error", detail=detail, log=log_file or None))


def retold(error: Error) -> Error:
    """Return an error in the language that is spoken now, as far as its code tells: a sentence with facts stays."""
    sentence = SENTENCES[error.code]
    return replace(
        error,
        title=error.title if "{" in sentence.title else _(sentence.title),
        advice=error.advice if "{" in sentence.advice else _(sentence.advice),
        fixes=tuple(
            old if "{" in text else Fix(code=code, text=_(text))
            for old, (code, text) in zip(error.fixes, sentence.fixes, strict=True)
        ),
    )
