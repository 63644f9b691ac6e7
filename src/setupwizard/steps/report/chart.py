"""What a card did during the proof, as lines to draw: its clock, temperature and power over time."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from msgspec import Struct

from setupwizard.i18n import N_, _
from setupwizard.model.format import format_duration
from setupwizard.model.stages import number_text
from setupwizard.model.verification import Verification

WIDTH = 640
HEIGHT = 72
_FEWEST = 3
# the name in the document, what it is called, the unit
_ROWS = (
    ("clock.mhz", N_("Clock"), "MHz"),
    ("temperature.c", N_("Temperature"), "°C"),
    ("power.w", N_("Power"), "W"),
)


class Chart(Struct, frozen=True, kw_only=True):
    """One line.

    Attributes:
        lines: points for SVG in a box of WIDTH x HEIGHT; a gap in the looks begins a new line.
        top, bottom: the values at the upper and lower edge, as text.
        text: the same in words, for who does not see the picture.
        end: the time at the right edge, as text.
    """

    title: str
    text: str
    lines: tuple[str, ...]
    top: str
    bottom: str
    end: str


def charts(proof: Verification, index: int) -> Iterator[Chart]:
    """Yield what was seen of one card; nothing where nobody looked, or too short to see a line."""
    prefix = f"gpu{index}.card.looks" if index else "card.looks"
    seconds = proof.measurements.get(f"{prefix}.seconds")
    if not isinstance(seconds, tuple):
        return
    for name, title, unit in _ROWS:
        row = proof.measurements.get(f"{prefix}.{name}")
        if isinstance(row, tuple) and len(row) == len(seconds):
            points = [(at, value) for at, value in zip(seconds, row, strict=True) if at is not None]
            if sum(value is not None for _at, value in points) >= _FEWEST:
                yield _chart(_(title), unit, points)


def _chart(title: str, unit: str, points: list[tuple[float, float | None]]) -> Chart:
    values = [value for _at, value in points if value is not None]
    low, high = min(values), max(values)
    span = _("between {low} and {high}, most often {usual}").format(
        low=_with(low, unit), high=_with(high, unit), usual=_with(statistics.median(values), unit)
    )
    return Chart(
        title=title,
        text=_("{name}: {value}").format(name=title, value=span),
        lines=tuple(_lines(points, low, high)),
        top=_with(high, unit),
        bottom=_with(low, unit),
        end=format_duration(points[-1][0]),
    )


def _lines(points: list[tuple[float, float | None]], low: float, high: float) -> Iterator[str]:
    begin, end = points[0][0], points[-1][0]
    line: list[str] = []
    for at, value in points:
        if value is None:
            if line:
                yield " ".join(line)
            line = []
            continue
        across = (at - begin) / (end - begin) if end > begin else 0.0
        up = (value - low) / (high - low) if high > low else 0.5
        line.append(f"{across * WIDTH:.1f},{(1 - up) * HEIGHT:.1f}")
    if line:
        yield " ".join(line)


def _with(value: float, unit: str) -> str:
    return f"{number_text(value)} {unit}"
