"""What can be done with an environment that is there: open a terminal, keep its report."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from setupwizard.gui.backend import Backend
from setupwizard.gui.runner import Runner, nothing
from setupwizard.model.events import Emit
from setupwizard.model.machine import Machine
from setupwizard.tools.concurrency import Cancel

log = logging.getLogger(__name__)


class Acts:
    """Runs what answers nothing; what did not work can be tried again."""

    def __init__(self, backend: Backend, runner: Runner, told: Callable[[BaseException | None], None]) -> None:
        """Take the program, who runs its jobs, and who is told what went wrong; None: another try begins."""
        self._backend = backend
        self._runner = runner
        self._told = told
        self._last: tuple[str, Callable[[], None]] | None = None

    def terminal(self, root: str) -> None:
        """Open a terminal in which the environment is on."""
        self._do("terminal", lambda: self._backend.open_terminal(root))

    def report(self, root: str, path: Path) -> None:
        """Write the report of the last install."""
        self._do("report", lambda: self._backend.save_report(root, path))

    def support(self, path: Path, machine: Machine | None) -> None:
        """Write the file for a bug report; a report that cannot be written is told in the log."""
        work = partial(_support, self._backend, path, machine)
        self._runner.run("support", work, nothing, _in_the_log)

    def again(self) -> None:
        """Try once more what was asked for last."""
        if self._last is not None:
            self._do(*self._last)

    def _do(self, name: str, act: Callable[[], None]) -> None:
        self._last = (name, act)
        self._told(None)
        self._runner.run(name, lambda _emit, _cancel: act(), nothing, self._told)


def _support(backend: Backend, path: Path, machine: Machine | None, _emit: Emit, _cancel: Cancel) -> None:
    backend.save_support(path, machine)


def _in_the_log(error: BaseException) -> None:
    log.error("the file for a bug report could not be written: %r", error, exc_info=error)
