"""Keeping the computer awake while it works; the screen may go dark."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def awake() -> Iterator[bool]:
    """Ask the system not to fall asleep while the body runs; yields whether it agreed. No agreement is no fault."""
    from wakepy import keep

    with keep.running(on_fail="pass") as mode:
        if not mode.active:
            log.info("the system does not promise to stay awake")
        yield bool(mode.active)
