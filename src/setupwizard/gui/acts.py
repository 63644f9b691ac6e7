"""What can be done with an environment that is there: open a terminal, keep its report, free its downloads."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from setupwizard.gui.backend import Backend
from setupwizard.gui.runner import Answer, Runner, nothing
from setupwizard.model.events import Emit
from setupwizard.tools.concurrency import Cancel

if TYPE_CHECKING:
    from setupwizard.model.machine import Machine
    from setupwizard.model.plan import Plan

log = logging.getLogger(__name__)


class Acts:
    """Runs what answers nothing; what did not work can be tried again."""

    def __init__(self, backend: Backend, runner: Runner, told: Callable[[BaseException | None], None]) -> None:
        """Take the program, who runs its jobs, and who is told what went wrong; None: another try begins."""
        self._backend = backend
        self._runner = runner
        self._told = told
        self._last: tuple[str, Callable[[], object], Answer] | None = None

    def terminal(self, root: str) -> None:
        """Open a terminal in which the environment is on."""
        self._do("terminal", lambda: self._backend.open_terminal(root))

    def report(self, root: str, path: Path, saved: Answer = nothing) -> None:
        """Write the report of the last install."""
        self._do("report", lambda: self._backend.save_report(root, path), saved)

    def plan(self, plan: Plan, path: Path, saved: Answer = nothing) -> None:
        """Write what was installed as a plan for other machines."""
        self._do("plan", lambda: self._backend.save_plan(plan, path), saved)

    def weigh(self, root: str, weighed: Callable[[int], None]) -> None:
        """Look how much downloads hold; what cannot be read is told in the log."""
        self._runner.run("weigh", lambda _emit, _cancel: self._backend.freeable(root), weighed, _in_the_log)

    def free(self, root: str, freed: Callable[[int], None]) -> None:
        """Remove the downloads."""
        self._do("free", lambda: self._backend.free_downloads(root), freed)

    def support(self, path: Path, machine: Machine | None) -> None:
        """Write the file for a bug report; a report that cannot be written is told in the log."""
        work = partial(_support, self._backend, path, machine)
        self._runner.run("support", work, nothing, _in_the_log)

    def again(self) -> None:
        """Try once more what was asked for last."""
        if self._last is not None:
            self._do(*self._last)

    def _do(self, name: str, act: Callable[[], object], answer: Answer = nothing) -> None:
        self._last = (name, act, answer)
        self._told(None)
        self._runner.run(name, lambda _emit, _cancel: act(), answer, self._told)


def _support(backend: Backend, path: Path, machine: Machine | None, _emit: Emit, _cancel: Cancel) -> None:
    backend.save_support(path, machine)


def _in_the_log(error: BaseException) -> None:
    log.error("what was asked for beside the page did not work: %r", error, exc_info=error)
