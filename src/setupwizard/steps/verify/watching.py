"""Runs child/benchmark for one device and follows it: lines, deadlines, and how it ended."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from setupwizard import platforms
from setupwizard.codes import CheckId
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Emit, Output
from setupwizard.model.format import enumerated
from setupwizard.model.stages import band_text, figure_text, figure_title, stage_title
from setupwizard.model.verification import Check, Figure
from setupwizard.resources import benchmark_program
from setupwizard.steps.verify import judging, looks
from setupwizard.steps.verify.causes import cause_of_end
from setupwizard.steps.verify.deadlines import BETWEEN, deadline
from setupwizard.steps.verify.expectation import card_of, outlook
from setupwizard.steps.verify.protocol import (
    PROTOCOL,
    DoneLine,
    PlanLine,
    PointLine,
    StageLine,
    StartLine,
    read_line,
)
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.process import ProcessResult, run
from setupwizard.tools.variables import clean_environment

log = logging.getLogger(__name__)

_STRAY_LINES = 20
_LAST_LINES = 100


class Order(Struct, frozen=True, kw_only=True):
    """What to run: the interpreter, the device word of the child and the variables that choose the card."""

    python: Path
    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    setting: judging.Setting
    work: Path | None = None


class Watch:
    """Follows one child. Lines come from a reader thread, the question whether it is late from the waiting one."""

    def __init__(
        self,
        setting: judging.Setting,
        emit: Emit,
        on_plan: Callable[[tuple[CheckId, ...]], None],
        on_start: Callable[[CheckId], None],
        on_check: Callable[[Check, dict[str, Any]], None],
        sampler: looks.Sampler | None = None,
    ) -> None:
        """Take what to judge against and who wants to know."""
        self.setting = setting
        self.facts: dict[CheckId, dict[str, Any]] = {}
        self.checks: list[Check] = []
        self.planned: tuple[CheckId, ...] = ()
        self.running: CheckId | None = None
        self.garbage = 0
        self._emit, self._on_plan, self._on_start, self._on_check = emit, on_plan, on_start, on_check
        self._sampler = sampler
        self._began = self._since = time.monotonic()
        self._limit = BETWEEN * setting.patience

    def overdue(self) -> bool:
        """Whether the child has said nothing new for longer than the present stage may take."""
        return time.monotonic() - self._since > self._limit

    @property
    def limit(self) -> float:
        """The seconds that the present stage may take."""
        return self._limit

    def line(self, text: str) -> None:
        """Take one line of the child's output."""
        line = read_line(text)
        if isinstance(line, PlanLine) and line.protocol == PROTOCOL and not self.planned:
            self.planned = line.stages
            self._next(BETWEEN)
            self._on_plan(line.stages)
        elif isinstance(line, StartLine) and line.stage in self.planned:
            self.running = line.stage
            self._next(deadline(line.stage, self.setting.mode))
            self._on_start(line.stage)
        elif isinstance(line, PointLine) and line.stage == self.running:
            number = figure_text(Figure(name=line.name, value=line.value, unit=line.unit))
            self._emit(Output(id="verify", text=f"{stage_title(line.stage)}: {figure_title(line.name)} {number}"))
        elif isinstance(line, StageLine) and line.stage in self.planned and line.stage not in self.facts:
            self._stage(line)
        elif text.strip() and not isinstance(line, DoneLine):
            self.garbage += 1
            if self.garbage <= _STRAY_LINES:
                self._emit(Output(id="verify", text=text[:1000]))

    def settle(self, result: ProcessResult) -> None:
        """Add what the child can no longer say: the stage in which it ended, and the stages that were not run."""
        cause = cause_of_end(result, began=bool(self.planned))
        if self.garbage and not self.planned and result.returncode == 0:
            cause = "garbage"
        open_stages = [stage for stage in self.planned if stage not in self.facts]
        if self.planned and not open_stages:
            return
        first: CheckId = open_stages[0] if open_stages else "import"
        guilty = self.running or first
        seconds = time.monotonic() - self._since
        self._add(guilty, judging.ended(guilty, cause, self.setting, result, self._limit, seconds), {})
        for stage in open_stages:
            if stage != guilty:
                self._add(stage, judging.made(stage, "not-run", "blocked", self.setting), {})

    def _stage(self, line: StageLine) -> None:
        samples = self._sampler.samples() if self._sampler else ()
        span = looks.between(samples, self._since, time.monotonic())
        if line.stage == "device":
            laptop = self.setting.gpu.laptop if self.setting.gpu else None
            # the import gives the card nothing to do: what it did meanwhile was somebody else's work
            busy = looks.usual_load(looks.between(samples, self._began, self._since))
            self.setting = replace(self.setting, card=card_of(line.facts, laptop=laptop), busy_before=busy)
            self._tell_what_to_expect()
        self.running = None
        self._next(BETWEEN)
        self._add(line.stage, judging.judge(line, self.setting, span), line.facts)

    def _tell_what_to_expect(self) -> None:
        figures = list(outlook(self.setting.card)) if self.setting.card is not None else []
        if figures:
            spans = enumerated(f"{figure_title(figure.name)} {band_text(figure)}" for figure in figures)
            self._emit(Output(id="verify", text=_("What to expect of this card: {figures}.").format(figures=spans)))

    def _add(self, stage: CheckId, check: Check, facts: dict[str, Any]) -> None:
        self.facts[stage] = facts
        self.checks.append(check)
        self._on_check(check, facts)

    def _next(self, limit: float) -> None:
        self._limit, self._since = limit * self.setting.patience, time.monotonic()


def follow(order: Order, watch: Watch, emit: Emit, cancel: Cancel, sampler: looks.Sampler | None) -> None:
    """Run the child to its end; afterwards the watch holds a check for every stage.

    What matters is what was said: a process that breaks down while it ends, after its last line, broke nothing.

    Raises:
        Cancelled: somebody asked to stop.
    """
    if sampler is not None and order.setting.gpu is not None:
        sampler.start(order.setting.gpu)
    try:
        watch.settle(_run(order, watch, emit, cancel))
    finally:
        if sampler is not None:
            sampler.stop()


def _run(order: Order, watch: Watch, emit: Emit, cancel: Cancel) -> ProcessResult:
    parent = order.work or platforms.temporary_folder()
    with tempfile.TemporaryDirectory(prefix="verify-", dir=parent, ignore_cleanup_errors=True) as folder:
        argv: tuple[str | Path, ...] = (
            order.python,
            "-I",
            "-B",
            "-X",
            "utf8",
            "-u",
            benchmark_program(),
            *order.arguments,
        )
        try:
            result = run(
                argv,
                cwd=Path(folder),
                env=clean_environment(order.variables),
                overdue=watch.overdue,
                cancel=cancel,
                on_line=watch.line,
            )
        except SetupError as error:
            if error.code != "tool-failed":
                raise
            return ProcessResult(argv=tuple(map(str, argv)), returncode=127, stderr=error.detail)
    for line in result.stderr.splitlines()[-_LAST_LINES:]:
        emit(Output(id="verify", text=line))
    return result
