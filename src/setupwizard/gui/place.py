"""Where a visit stopped for something outside of it: a driver, a restart. The next one goes on there."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import QSettings

from setupwizard.gui.state import State

KEPT_SECONDS = 14 * 24 * 3600
"""A driver that was not installed within two weeks is not waited for any more."""
_KEY = "waiting"


class Place(Struct, frozen=True, kw_only=True):
    """What is remembered of a visit.

    Attributes:
        custom: the person wanted to see every choice.
        root: the folder that was chosen.
    """

    custom: bool
    root: str


def keep(settings: QSettings, state: State, now: Callable[[], float] = time.time) -> None:
    """Remember the place of a visit that has to wait for a driver or a card, and forget any other."""
    waits = state.judged is not None and state.judged.verdict in {"fix-driver", "fix-hardware"}
    settings.remove(_KEY)
    if waits and not state.committed:
        settings.setValue(f"{_KEY}/since", now())
        settings.setValue(f"{_KEY}/custom", state.custom)
        settings.setValue(f"{_KEY}/root", state.choices.root)


def take(settings: QSettings, now: Callable[[], float] = time.time) -> Place | None:
    """Return the place that is waited at, and forget it; None when there is none or it is too old."""
    try:
        since = float(str(settings.value(f"{_KEY}/since", "")))
    except ValueError:
        return None
    root = str(settings.value(f"{_KEY}/root", ""))
    custom = settings.value(f"{_KEY}/custom", False, type=bool) is True
    settings.remove(_KEY)
    return Place(custom=custom, root=root) if root and 0 <= now() - since < KEPT_SECONDS else None
