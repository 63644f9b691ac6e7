"""What a card can be expected to do, from its own properties and resources/device_rates.json."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from setupwizard.model.catalogue import numbers
from setupwizard.model.verification import Figure
from setupwizard.model.wire import read_document
from setupwizard.resources import resource
from setupwizard.steps.verify.protocol import number_fact, text_fact

_TENSOR = ("tf32", "fp16", "bf16")


class Share(Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    """Which share of the peak is usual for some figures of some cards, and below which a warning is due."""

    cards: Literal["geforce", "other"]
    figures: tuple[str, ...]
    since: str
    usual: tuple[float, float]
    usual_at_sampled_clock: tuple[float, float]
    warn_below: float


class Span(Struct, frozen=True, kw_only=True):
    """The same for a figure that has one rule for all cards."""

    usual: tuple[float, float]
    warn_below: float


class Rates(Struct, frozen=True, kw_only=True):
    """The data file."""

    date: str
    fma_per_clock: dict[str, dict[str, dict[str, int]]]
    geforce_words: tuple[str, ...]
    laptop_words: tuple[str, ...]
    without_tensor_cores: tuple[str, ...]
    tensor_clock_limit_mhz: dict[str, float]
    shares: tuple[Share, ...]
    bandwidth: Span
    link: Span


class Expected(Struct, frozen=True, kw_only=True):
    """What a figure can be expected to be; a value below `floor` is worth a warning."""

    low: float
    high: float
    floor: float


class Card(Struct, frozen=True, kw_only=True):
    """The properties that torch tells about an NVIDIA card."""

    name: str
    capability: str
    processors: float | None = None
    clock_mhz: float | None = None
    memory_clock_mhz: float | None = None
    bus_bits: float | None = None
    laptop: bool = False


@cache
def rates() -> Rates:
    """Return the data that came with this copy of the program."""
    return read_document(Rates, resource("device_rates.json"))


def card_of(facts: dict[str, Any], *, laptop: bool | None = None) -> Card | None:
    """Return the card that the child's device stage tells of; None for a processor or another maker's card."""
    name, capability = text_fact(facts, "name"), text_fact(facts, "capability")
    if facts.get("kind") != "cuda" or name is None or capability is None:
        return None
    clock, memory_clock = number_fact(facts, "clock_khz"), number_fact(facts, "memory_clock_khz")
    return Card(
        name=name,
        capability=capability,
        processors=number_fact(facts, "processors"),
        clock_mhz=clock / 1000 if clock else None,
        memory_clock_mhz=memory_clock / 1000 if memory_clock else None,
        bus_bits=number_fact(facts, "bus_bits"),
        laptop=bool(laptop) or _named(name, rates().laptop_words),
    )


def peak_tflops(card: Card, number_type: str, clock_mhz: float) -> float | None:
    """Return the most that a card can do with dense matrices, in TFLOPS; None where no rate is known."""
    data = rates()
    if card.processors is None or (number_type in _TENSOR and _named(card.name, data.without_tensor_cores)):
        return None
    families = ("geforce", "full") if _is_geforce(card) else ("full",)
    rows = (data.fma_per_clock[family].get(card.capability) for family in families)
    row = next((row for row in rows if row is not None), {})
    if number_type not in row:
        return None
    limit = data.tensor_clock_limit_mhz.get(card.capability) if number_type in _TENSOR else None
    clock = min(clock_mhz, limit) if limit else clock_mhz
    return card.processors * clock * row[number_type] * 2 / 1e6


def expect_product(card: Card, number_type: str, sampled_mhz: float | None) -> Expected | None:
    """Return what a matrix product of a number type can be expected to reach, in TFLOPS.

    Without a sampled clock the advertised one has to do; a laptop's says nothing, as its maker sets the power.
    """
    clock = sampled_mhz or (None if card.laptop else card.clock_mhz)
    peak = peak_tflops(card, number_type, clock) if clock else None
    share = _share(card, number_type)
    if peak is None or share is None:
        return None
    low, high = share.usual_at_sampled_clock if sampled_mhz else share.usual
    return Expected(low=peak * low, high=peak * high, floor=peak * share.warn_below)


def expect_bandwidth(card: Card) -> Expected | None:
    """Return what reading and writing the card's memory can be expected to reach, in GB/s."""
    if not card.memory_clock_mhz or not card.bus_bits:
        return None
    return _spanned(card.memory_clock_mhz * 1e6 * 2 * card.bus_bits / 8 / 1e9, rates().bandwidth)


def outlook(card: Card) -> Iterator[Figure]:
    """Yield what a card should reach before anything is measured, as figures whose value is the upper end."""
    for number_type in ("fp32", *_TENSOR):
        expected = expect_product(card, number_type, None)
        if expected is not None:
            yield _figure(number_type, "TFLOPS", expected)
    bandwidth = expect_bandwidth(card)
    if bandwidth is not None:
        yield _figure("bandwidth", "GB/s", bandwidth)


def _figure(name: str, unit: str, expected: Expected) -> Figure:
    return Figure(name=name, value=expected.high, unit=unit, low=expected.low, high=expected.high)


def expect_link(link_gb_s: float | None) -> Expected | None:
    """Return what a copy from pinned memory can be expected to reach over a bus, in GB/s."""
    return _spanned(link_gb_s, rates().link) if link_gb_s else None


def _spanned(peak: float, span: Span) -> Expected:
    low, high = span.usual
    return Expected(low=peak * low, high=peak * high, floor=peak * span.warn_below)


def _share(card: Card, number_type: str) -> Share | None:
    cards = "geforce" if _is_geforce(card) else "other"
    for share in rates().shares:
        fits = share.cards == cards and number_type in share.figures
        if fits and numbers(card.capability) >= numbers(share.since):
            return share
    return None


def _is_geforce(card: Card) -> bool:
    return _named(card.name, rates().geforce_words)


def _named(name: str, words: tuple[str, ...]) -> bool:
    return any(word.lower() in name.lower() for word in words)
