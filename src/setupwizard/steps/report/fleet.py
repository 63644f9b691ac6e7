"""Many computers in one table: who needs somebody first, what is usual for a kind, and what lies far below it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import SCHEMA, CheckId, OutcomeStatus, VerificationVerdict

SPEEDS: Final = ("matmul.fp32.tflops", "matmul.fp16.tflops", "copy-device.bandwidth.gb_s")
"""The figures by which computers of one kind are compared."""
Need = Literal["failed", "unproved", "slow", "remark", "none"]
NEEDS: Final[tuple[Need, ...]] = ("failed", "unproved", "slow", "remark", "none")
"""How badly somebody has to look at a computer, the worst first."""

_FEWEST_OF_A_KIND = 3  # two computers tell a difference, three tell which one is the odd one
_SLOW = 0.8  # of the median of its kind; sound cards of one kind lie within 10 % of each other (verification.md)


class Line(Struct, frozen=True, kw_only=True):
    """One computer in the table.

    Attributes:
        older: how many earlier reports of it lie in the same folder.
        verdict: of the proof; None: nothing was checked.
        status: how the last install ended, where a report tells.
        problems: the checks that failed.
        why: what is wrong or worth a remark; empty when nothing is.
        next: what to do about it.
        figures: what was measured, by flat names ("matmul.fp16.tflops").
        slow: the figures that lie far below what computers of the same kind reach, with their share of the median.
    """

    file: str
    older: int = 0
    made: str = ""
    need: Need = "none"
    verdict: VerificationVerdict | None = None
    status: OutcomeStatus | None = None
    system: str = ""
    cards: tuple[str, ...] = ()
    driver: str | None = None
    torch: str | None = None
    variant: str | None = None
    problems: tuple[CheckId, ...] = ()
    why: str = ""
    next: str = ""
    figures: dict[str, float] = {}
    slow: dict[str, float] = {}

    @property
    def works(self) -> bool:
        """Whether a proof was given."""
        return self.verdict in {"pass", "warn"}


class Refused(Struct, frozen=True, kw_only=True):
    """A file that is no report."""

    file: str
    problem: str


class Share(Struct, frozen=True, kw_only=True):
    """How many computers have the same driver, or the same build."""

    name: str
    count: int


class Slowest(Struct, frozen=True, kw_only=True):
    """The slowest of the computers with the same cards and the same build."""

    cards: tuple[str, ...]
    variant: str | None
    figure: str
    count: int
    median: float
    value: float
    file: str


class Collection(Struct, frozen=True, kw_only=True):
    """All computers of a folder, those that need somebody first, and the files there that are no reports."""

    schema: Literal[1] = SCHEMA
    reports: tuple[Line, ...]
    drivers: tuple[Share, ...] = ()
    builds: tuple[Share, ...] = ()
    slowest: tuple[Slowest, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def working(self) -> int:
        """How many computers have a proof that was given."""
        return sum(1 for line in self.reports if line.works)


def summed_up(lines: Iterable[Line], refused: Iterable[Refused] = ()) -> Collection:
    """Return the table of computers: compared with those of their kind, and sorted by need."""
    kinds = list(_kinds(lines))
    compared = [line for kind in kinds for line in _compared(kind)]
    return Collection(
        reports=tuple(sorted(compared, key=lambda line: (NEEDS.index(line.need), line.file))),
        drivers=_shares(line.driver for line in compared if line.driver),
        builds=_shares(line.torch for line in compared if line.torch),
        slowest=tuple(found for kind in kinds for found in _slowest(kind)),
        refused=tuple(refused),
    )


def _kinds(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield the computers with the same cards and the same kind of build together: only those can be compared."""
    kinds: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        kinds[(line.cards, line.variant)].append(line)
    yield from kinds.values()


def _medians(kind: list[Line]) -> dict[str, float]:
    """Return what computers of a kind usually reach; nothing where too few were measured to tell."""
    if not kind[0].cards:
        return {}  # without a card the processor counts, and no report names it
    found = {}
    for name in SPEEDS:
        values = [line.figures[name] for line in kind if line.works and line.figures.get(name, 0) > 0]
        if len(values) >= _FEWEST_OF_A_KIND:
            found[name] = median(values)
    return found


def _compared(kind: list[Line]) -> Iterator[Line]:
    medians = _medians(kind)
    for line in kind:
        shares = {name: round(line.figures[name] / usual, 2) for name, usual in medians.items() if name in line.figures}
        slow = {name: share for name, share in shares.items() if share < _SLOW}
        if not slow or not line.works:
            yield line
        else:
            yield replace(line, slow=slow, need="slow")


def _slowest(kind: list[Line]) -> Iterator[Slowest]:
    for name, usual in _medians(kind).items():
        measured = [line for line in kind if line.works and line.figures.get(name, 0) > 0]
        last = min(measured, key=lambda line: line.figures[name])
        yield Slowest(
            cards=last.cards,
            variant=last.variant,
            figure=name,
            count=len(measured),
            median=round(usual, 3),
            value=last.figures[name],
            file=last.file,
        )


def _shares(names: Iterable[str]) -> tuple[Share, ...]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return tuple(
        Share(name=name, count=counts[name]) for name in sorted(counts, key=lambda name: (-counts[name], name))
    )
