"""How fast a download may go, and whether it rests: wishes of the user that hold at once, for all lines together."""

from __future__ import annotations

import threading
import time

from setupwizard.errors import Cancelled
from setupwizard.tools.concurrency import Cancel

LEAST = 10_000
"""Bytes a second: below that a server takes us for dead."""
_LOOK = 0.1
_PIECES = 10


class Pace:
    """A limit and a pause. Safe from any thread; the downloads that were given it look at it all the time."""

    def __init__(self, limit: int | None = None) -> None:
        """Take bytes a second for all lines together, None for as fast as it comes."""
        self._lock = threading.Lock()
        self._paused = False
        self._turn = 0
        self._due = 0.0
        self.limit = limit

    @property
    def limit(self) -> int | None:
        """Bytes a second for all lines together, never below LEAST; None: as fast as they come."""
        return self._limit

    @limit.setter
    def limit(self, value: int | None) -> None:
        with self._lock:
            self._limit = None if value is None else max(LEAST, value)
            self._turn += 1
            self._due = time.monotonic()

    @property
    def paused(self) -> bool:
        """Whether nothing more is to come for now."""
        return self._paused

    def pause(self) -> None:
        """Let no more bytes come: the lines are given up, what is here is kept."""
        self._paused = True

    def resume(self) -> None:
        """Go on where it stopped."""
        self._paused = False

    def piece(self, most: int) -> int:
        """Return how many bytes to take at once, so that they come evenly."""
        limit = self._limit
        return most if limit is None else min(most, limit // _PIECES)

    def hold(self, cancel: Cancel) -> None:
        """Return when no pause is wished (any more).

        Raises:
            Cancelled: somebody asked to stop.
        """
        while self._paused:
            if cancel.wait(_LOOK):
                raise Cancelled

    def spend(self, count: int, cancel: Cancel) -> float:
        """Wait as long as so many bytes have to take; return the seconds. A pause or another limit ends the wait.

        Raises:
            Cancelled: somebody asked to stop.
        """
        started = time.monotonic()
        with self._lock:
            if self._limit is None:
                return 0.0
            turn = self._turn
            self._due = due = max(self._due, started) + count / self._limit
        while turn == self._turn and not self._paused:
            left = due - time.monotonic()
            if left <= 0:
                break
            if cancel.wait(min(left, _LOOK)):
                raise Cancelled
        return time.monotonic() - started
