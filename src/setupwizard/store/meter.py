"""How fast bytes come and how long the rest will take: only what can honestly be said."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

WINDOW = 8.0
"""Seconds over which the rate is measured."""
_FIRST_RATE = 0.7
_FIRST_ESTIMATE = 5.0
_SMOOTHING = 0.15


class Reading(NamedTuple):
    """Bytes a second, and seconds left; None is "not known"."""

    rate: float | None
    seconds_left: float | None


class Meter:
    """Takes how many bytes are here at which time; both only grow."""

    def __init__(self, done: int, time: float) -> None:
        """Take the bytes that were here before the first one came."""
        self._points = deque([(time, done)])
        self._started = time
        self._smooth: float | None = None

    def read(self, done: int, total: int, time: float) -> Reading:
        """Note the bytes that are here now and return the rate over the last seconds and the time left.

        The time left is shown after some seconds, and not while nothing comes: a number that jumps or that nobody can
        know is worse than none.
        """
        self._points.append((time, done))
        while len(self._points) > 2 and self._points[1][0] <= time - WINDOW:
            self._points.popleft()
        first_time, first_done = self._points[0]
        span = time - first_time
        if span < _FIRST_RATE:
            return Reading(None, None)
        rate = (done - first_done) / span
        if rate <= 0:
            return Reading(0.0, None)
        self._smooth = rate if self._smooth is None else self._smooth + _SMOOTHING * (rate - self._smooth)
        if time - self._started < _FIRST_ESTIMATE:
            return Reading(rate, None)
        return Reading(rate, max(0.0, (total - done) / self._smooth))
