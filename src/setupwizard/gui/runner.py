"""Jobs by their names: one of a name at a time, and none is forgotten when the window closes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from setupwizard.gui.job import Job, Work

Answer = Callable[[Any], None]


class Runner(QObject):
    """Runs jobs and hands their ends to functions, in the thread of the window.

    Signals:
        happened(object), lines(list, int): of the jobs that were started with `heard`; see `Job`.
    """

    happened = Signal(object)
    lines = Signal(list, int)

    def __init__(self, parent: QObject | None = None) -> None:
        """Start with no job."""
        super().__init__(parent)
        self._jobs: dict[str, Job] = {}

    def run(self, name: str, work: Work, finished: Answer, crashed: Answer, *, heard: bool = False) -> None:
        """Run a job under a name; one that has the name already is left behind, and its answer is not wanted any more.

        Args:
            name: the name.
            work: the function.
            finished: gets what it returned.
            crashed: gets the exception that it raised.
            heard: hand its events on.
        """
        self.leave(name)
        job = Job(work, self, name=name)
        self._jobs[name] = job
        if heard:
            job.happened.connect(self.happened)
            job.lines.connect(self.lines)
        job.finished.connect(partial(self._end, name, job, finished))
        job.crashed.connect(partial(self._end, name, job, crashed))
        job.start()

    def cancel(self, name: str) -> bool:
        """Ask a job to stop; return whether there is one."""
        job = self._jobs.get(name)
        if job is not None:
            job.cancel()
        return job is not None

    def leave(self, name: str) -> None:
        """Ask a job to stop and never hear of it again."""
        job = self._jobs.pop(name, None)
        if job is not None:
            job.abandon()
            job.deleteLater()

    def leave_all(self) -> None:
        """Leave every job: the window closes."""
        for name in list(self._jobs):
            self.leave(name)

    def _end(self, name: str, job: Job, answer: Answer, value: object) -> None:
        # The job's timer calls this in the thread of the window; nothing here ever runs in the worker.
        if self._jobs.get(name) is job:
            del self._jobs[name]
        job.deleteLater()
        answer(value)


def nothing(_answer: object) -> None:
    """Take an answer that says nothing."""
