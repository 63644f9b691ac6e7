"""What the card was doing while it was measured, as somebody sees it who looks at it from outside."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Literal, Protocol

from msgspec import Struct

from setupwizard.model.machine import Gpu

Hold = Literal["heat", "power-brake", "power-cap"]
"""What holds a clock down: the temperature, the power supply's own brake, or the limit that the maker or user set."""


class Sample(Struct, frozen=True, kw_only=True):
    """One look at a card; None is what the driver does not tell.

    Attributes:
        at: time.monotonic() of the look.
        clock_mhz: the clock of the multiprocessors now.
        temperature_c, power_w: degrees Celsius, watts.
        held: what holds the clock down now.
        link_gb_s: what the bus can carry in one direction now, in 10^9 bytes a second.
        load: how much of the time the card worked, 0 to 1.
    """

    at: float
    clock_mhz: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    held: tuple[Hold, ...] | None = None
    link_gb_s: float | None = None
    load: float | None = None


class Sampler(Protocol):
    """Looks at one card several times a second, from outside of the process that is measured."""

    def start(self, gpu: Gpu) -> None:
        """Begin to look at a card."""

    def samples(self) -> tuple[Sample, ...]:
        """Return all looks since the start; safe from any thread."""

    def stop(self) -> None:
        """End it; safe more than once."""


def thinned(samples: tuple[Sample, ...], most: int) -> tuple[Sample, ...]:
    """Return at most so many of the looks, evenly spread."""
    return samples[:: -(-len(samples) // most)] if samples else ()


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


def held_share(samples: Iterable[Sample], *holds: Hold) -> float:
    """Return how much of the time one of these held the clock down, 0 to 1."""
    told = [sample.held for sample in samples if sample.held is not None]
    return sum(any(hold in held for hold in holds) for held in told) / len(told) if told else 0.0


def usual_load(samples: Iterable[Sample]) -> float | None:
    """Return how busy the card was most of the time, 0 to 1."""
    loads = [sample.load for sample in samples if sample.load is not None]
    return statistics.median(loads) if loads else None
