"""What the card was doing while it was measured: the seam for whoever samples NVML in a child of its own."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from setupwizard.model.machine import Gpu


class Sample(Struct, frozen=True, kw_only=True):
    """One look at a card; None is what the driver does not tell.

    Attributes:
        at: time.monotonic() of the look.
        clock_mhz: the clock of the multiprocessors now.
        temperature_c, power_w: degrees Celsius, watts.
        slowed: heat or the power supply holds the clock down. A plain power cap, usual on desktops, is not that.
        link_gb_s: what the bus can carry in one direction now, in 10^9 bytes a second.
    """

    at: float
    clock_mhz: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    slowed: bool | None = None
    link_gb_s: float | None = None


class Sampler(Protocol):
    """Looks at one card several times a second, from outside of the process that is measured."""

    def start(self, gpu: Gpu) -> None:
        """Begin to look at a card."""

    def samples(self) -> tuple[Sample, ...]:
        """Return all looks since the start; safe from any thread."""

    def stop(self) -> None:
        """End it; safe more than once."""


def between(samples: Iterable[Sample], begin: float, end: float) -> tuple[Sample, ...]:
    """Return the looks of a span of time.monotonic()."""
    return tuple(sample for sample in samples if begin <= sample.at <= end)


def usual_clock(samples: Iterable[Sample]) -> float | None:
    """Return the clock that the card had most of the time, in MHz."""
    clocks = [sample.clock_mhz for sample in samples if sample.clock_mhz]
    return statistics.median(clocks) if clocks else None


def fastest_link(samples: Iterable[Sample]) -> float | None:
    """Return the best that the bus could carry: it saves power when nothing is copied."""
    return max((sample.link_gb_s for sample in samples if sample.link_gb_s), default=None)


def slowed_share(samples: Iterable[Sample]) -> float:
    """Return how much of the time heat or the power supply held the card back, 0 to 1."""
    told = [sample.slowed for sample in samples if sample.slowed is not None]
    return sum(told) / len(told) if told else 0.0
