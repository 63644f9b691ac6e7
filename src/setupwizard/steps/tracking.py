"""Tells the face which step runs, and makes sure that each step that started finishes exactly once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from setupwizard.codes import StepId
from setupwizard.errors import Cancelled, SetupError
from setupwizard.i18n import N_, _
from setupwizard.model.events import Emit, Error, Output, StepFinished, StepResult, StepStarted
from setupwizard.store.crash import crash_point
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import Pace

log = logging.getLogger(__name__)

_TITLES: dict[StepId, str] = {
    "probe": N_("Look at this computer"),
    "resolve": N_("Work out the exact packages"),
    "fetch": N_("Download the packages"),
    "create": N_("Create a private Python environment"),
    "install": N_("Install the packages"),
    "audit": N_("Compare every file with its package"),
    "verify": N_("Prove that PyTorch works"),
    "switch": N_("Put the new environment in use"),
    "clean": N_("Tidy up"),
}


def step_title(step_id: StepId) -> str:
    """Return what a step is called in a plan and while it runs; that of the Python says which, so it has no such name.

    Raises:
        KeyError: for "python".
    """
    return _(_TITLES[step_id])


class Track:
    """The steps of one job: what they emit, the wishes to stop, to rest or to go slowly, and how each ended."""

    def __init__(self, emit: Emit, cancel: Cancel, pace: Pace | None = None) -> None:
        """Take where events go, the wish to stop, and how fast downloads may go."""
        self.emit = emit
        self.cancel = cancel
        self.pace = pace or Pace()
        self.results: list[StepResult] = []

    @contextmanager
    def step(self, step_id: StepId, title: str | None = None) -> Iterator[None]:
        """Run the body as one step: started before it, finished after it, whatever happens inside.

        Args:
            step_id: which of the job's steps it is.
            title: what it is called this time; None: what it is always called.

        Raises:
            Cancelled: somebody asked to stop before it began, or inside.
        """
        self.emit(StepStarted(id=step_id, title=title or step_title(step_id)))
        started = time.monotonic()
        try:
            self.cancel.check()
            yield
        except Cancelled as error:
            self._finish(step_id, "cancelled", started, error)
            raise
        except SetupError as error:
            self._finish(step_id, "failed", started, error)
            raise
        except BaseException as error:
            log.exception("step %s broke", step_id)
            self._finish(step_id, "failed", started, SetupError("internal-error", detail=repr(error)))
            raise
        self._finish(step_id, "done", started, None)
        crash_point(f"after-{step_id}")

    def skip(self, step_id: StepId) -> None:
        """Note a step that has nothing to do; it never started, so it sends no event."""
        self.results.append(StepResult(id=step_id, status="skipped", seconds=0.0))

    def listener(self, step_id: StepId) -> Callable[[str], None]:
        """Return a function that sends each line of a tool to the face."""

        def listen(line: str) -> None:
            self.emit(Output(id=step_id, text=line))

        return listen

    def _finish(self, step_id: StepId, status: str, started: float, error: SetupError | None) -> None:
        result = StepResult(id=step_id, status=status, seconds=round(time.monotonic() - started, 3))  # type: ignore[arg-type]
        self.results.append(result)
        self.emit(StepFinished(id=step_id, status=result.status, error=Error.of(error) if error is not None else None))
