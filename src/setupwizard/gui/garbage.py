"""Garbage is collected in the thread of the window alone.

Python looks for garbage in whatever thread makes the next object. In a worker it walks through the objects of Qt while
the thread of the window may be inside Qt, which makes and destroys them without Python's lock. One such walk ended the
program (2026-11-29, PySide6 6.12 on Python 3.13.0: a protection fault in `visit_decref` outside the main thread, seen
once and not again in 600 starts); other programs made with Qt met the same and do what is done here.
"""

from __future__ import annotations

import gc


def hold_back() -> None:
    """Look for no garbage but in `collect`, until the process ends: workers may outlive the window."""
    gc.disable()


def keep_what_is_there() -> None:
    """Never look at what is there now: what was made for the window is no garbage."""
    gc.freeze()


def collect() -> None:
    """Look for garbage where enough may have come together; for the thread of the window, now and then."""
    counted = zip(gc.get_count(), gc.get_threshold(), strict=True)
    due = [generation for generation, (count, limit) in enumerate(counted) if 0 < limit < count]
    if due:
        gc.collect(due[-1])
