"""The lines that child/benchmark prints: what each means, read strictly."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct, field

from setupwizard.codes import CheckId, CheckStatus
from setupwizard.model.verification import Figure

PROTOCOL: Final = 1
"""The version of the lines that this side understands."""


class PlanLine(Struct, frozen=True, tag_field="event", tag="plan"):
    """First: which stages will run, in order."""

    protocol: int
    stages: tuple[CheckId, ...]
    device: str = ""
    mode: str = ""
    python: str = ""


class StartLine(Struct, frozen=True, tag_field="event", tag="start"):
    """A stage begins."""

    stage: CheckId


class PointLine(Struct, frozen=True, tag_field="event", tag="point"):
    """A number measured inside a stage that runs."""

    stage: CheckId
    name: str
    value: float
    unit: str = ""


class StageLine(Struct, frozen=True, tag_field="event", tag="stage"):
    """A stage ended. `reason` is a stable word, `error` the exception in torch's own words."""

    stage: CheckId
    status: CheckStatus
    seconds: float
    reason: str | None = None
    error: str | None = None
    figures: tuple[Figure, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


class DoneLine(Struct, frozen=True, tag_field="event", tag="done"):
    """Last: everything that was planned has ended."""

    verdict: str
    failed: tuple[CheckId, ...] = ()
    seconds: float = 0.0
    peak_memory_mib: int | None = None


Line = PlanLine | StartLine | PointLine | StageLine | DoneLine

_decoder = msgspec.json.Decoder(Line)


def read_line(text: str) -> Line | None:
    """Return what a line says; None for anything that is not a line of the protocol."""
    try:
        line: Line = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return line


def text_fact(facts: dict[str, Any], name: str) -> str | None:
    """Return a fact that is a text; None when it is missing, empty or something else."""
    value = facts.get(name)
    return value if isinstance(value, str) and value else None


def number_fact(facts: dict[str, Any], name: str) -> float | None:
    """Return a fact that is a positive number; None when it is missing or something else."""
    value = facts.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 else None


def texts_fact(facts: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return a fact that is a list of texts; what is no text is left out."""
    value = facts.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
