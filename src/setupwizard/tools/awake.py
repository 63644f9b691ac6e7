"""Keeping the computer awake while it works; the screen may go dark."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from setupwizard.i18n import _
from setupwizard.tools.message_bus import Bus, Place

log = logging.getLogger(__name__)

_LOGIND = Place(
    service="org.freedesktop.login1", path="/org/freedesktop/login1", interface="org.freedesktop.login1.Manager"
)


@contextmanager
def awake() -> Iterator[bool]:
    """Ask the system not to fall asleep while the body runs; yields whether it agreed. No agreement is no fault.

    Linux is asked twice: the service that sends computers to sleep (systemd's logind, also without a desktop), and the
    desktop, which may have a mind of its own. Windows (SetThreadExecutionState) and macOS (caffeinate) have one each.
    """
    from wakepy import keep

    with _logind() as held, keep.running(on_fail="pass") as mode:
        promised = held or bool(mode.active)
        if not promised:
            log.info("the system does not promise to stay awake")
        yield promised


@contextmanager
def _logind() -> Iterator[bool]:
    """Hold a lock of logind against sleep; it ends with the file that stands for it, and so with us in any case.

    https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html, "Inhibit()"
    """
    held = _inhibit() if sys.platform == "linux" else None
    try:
        yield held is not None
    finally:
        if held is not None:
            os.close(held)


def _inhibit() -> int | None:
    """Return the file that holds the lock; None where there is no logind, or it does not agree."""
    bus = Bus(system=True)
    words = ("sleep:idle", _("PyTorch Setup"), _("Installing PyTorch"), "block")
    answer = bus.call(_LOGIND, "Inhibit", "ssss", *words)
    bus.close()
    if answer is None:
        return None
    held: int = answer[0].to_raw_fd()
    os.set_inheritable(held, False)
    return held
