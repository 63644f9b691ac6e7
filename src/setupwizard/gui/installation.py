"""One installation, from the button to its end: carried out, paused, stopped, taken up again, taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from setupwizard.errors import Cancelled, SetupError
from setupwizard.gui import tasks
from setupwizard.gui.backend import Backend
from setupwizard.gui.runner import Runner
from setupwizard.gui.state import PageName
from setupwizard.model.events import Error, Outcome

if TYPE_CHECKING:
    from setupwizard.gui.flow import Flow

log = logging.getLogger(__name__)


class Installation:
    """Carries the plan out for the flow, and does what the person wants while and after it runs."""

    def __init__(self, flow: Flow, backend: Backend, runner: Runner) -> None:
        """Take the flow, the program behind it, and who runs its jobs."""
        self._flow = flow
        self._backend = backend
        self._runner = runner
        self._after_stop: Callable[[], None] | None = None

    # what the person asks for

    def start(self) -> None:
        """Carry the plan out, or go on with one that stopped."""
        flow, state = self._flow, self._flow.state
        if state.installing:
            return
        left = state.unfinished if state.plan is None else None
        plan = left.plan if left is not None else state.plan
        choices = replace(state.choices, root=left.root) if left is not None else state.choices
        for name in ("look", "decide", "plan"):
            self._runner.leave(name)
        self._after_stop = None
        self._backend.pace.resume()
        flow.tell(
            phase="running",
            awake=None,
            paused=False,
            removal=False,
            saved="",
            choices=choices,
            looking=False,
            planning=False,
            plan=plan,
            outcome=None,
            verification=None,
            unfinished=None,
            errors={},
        )
        flow.begun.emit()
        order = tasks.Order(choices=choices, machine=state.machine, decision=state.decision, plan=plan)
        work = partial(tasks.carry_out, self._backend, order)
        self._runner.run("install", work, self._on_applied, self._on_stopped, heard=True)

    def resume(self) -> None:
        """Go on with the setup that stopped."""
        self._flow.arrived.emit("install")
        self.start()

    def pause(self, paused: bool) -> None:
        """Let the download rest, or go on where it stopped."""
        if self._flow.state.phase == "running":
            self._backend.pace.pause() if paused else self._backend.pace.resume()
            self._flow.tell(paused=paused)

    def stop(self, *, remove: bool) -> None:
        """Stop it; with `remove` delete what it downloaded as well."""
        if self._flow.state.phase == "running" and self._runner.cancel("install"):
            self._flow.tell(phase="stopping", removal=remove)

    def take_source(self, source: str | None) -> None:
        """Go on from another server, with a plan made anew."""
        flow = self._flow
        choices = replace(flow.state.choices, source=source)

        def go_on() -> None:
            flow.tell(phase="idle", plan=None, outcome=None, choices=choices)
            self.resume()

        if flow.state.phase == "running":
            self.stop(remove=False)
            self._after_stop = go_on
        elif flow.state.committed:
            go_on()
        else:
            flow.choose(choices)

    def take_back(self) -> None:
        """Undo one that was done before the wish to stop it and to remove everything had reached it."""
        root, backend = self._flow.root, self._backend
        self._flow.tell(phase="stopping", errors={})
        self._runner.run("discard", lambda _emit, _cancel: backend.take_back(root), self._on_taken_back, self._on_stays)

    def discard(self) -> None:
        """Delete what one left that was stopped."""
        self._flow.tell(phase="stopping", errors={})
        work = partial(tasks.discard, self._backend, self._flow.root)
        self._runner.run("discard", work, self._on_discarded, self._on_stays)

    def keep(self) -> None:
        """Leave one in use that was done before it could be stopped."""
        self._flow.tell(removal=False)

    # how it ended

    def _on_applied(self, applied: tasks.Applied) -> None:
        flow, outcome = self._flow, applied.outcome
        if applied.looked is not None:
            flow.take(applied.looked)
        flow.note(plan=applied.plan, outcome=outcome, verification=outcome.verification, usage=applied.usage)
        if outcome.status in {"done", "already-done"}:
            self._done(outcome, applied.seconds)
        elif outcome.status == "cancelled" or flow.state.phase == "stopping":
            self._stopped()
        else:
            self._failed(outcome)

    def _done(self, outcome: Outcome, seconds: float | None) -> None:
        flow = self._flow
        late = flow.state.removal and outcome.changed
        flow.tell(phase="done", removal=late, install_seconds=seconds)
        flow.acts.weigh(flow.root, lambda freeable: flow.tell(freeable=freeable))
        self._settle("verify")

    def _failed(self, outcome: Outcome) -> None:
        tried = outcome.verification is not None or any(step.id == "verify" for step in outcome.steps)
        page: PageName = "verify" if tried else "install"
        error = outcome.error or Error.of(SetupError("internal-error", log=self._flow.log_file or None))
        self._flow.tell(phase="stopped", errors={page: error})
        self._settle(page)

    def _on_stopped(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            self._stopped()
        elif self._flow.state.phase == "stopping":
            log.info("the install that was to stop ended with %r", error, exc_info=error)
            self._stopped()
        else:
            self._on_stays(error)

    def _stopped(self) -> None:
        """It ended, and the person had wanted it to; do what they wanted next, whatever ended it."""
        then, self._after_stop = self._after_stop, None
        if then is not None:
            then()
        elif self._flow.state.removal:
            self.discard()
        else:
            self._rest()

    def _on_discarded(self, _answer: object) -> None:
        flow = self._flow
        told = flow.state.outcome or Outcome(status="cancelled", exit=22, root=flow.root)
        flow.tell(removal=False, outcome=replace(told, removed=(*told.removed, flow.root), kept=()))
        self._rest()

    def _on_taken_back(self, taken: Outcome) -> None:
        self._flow.tell(removal=False, outcome=replace(taken, status="cancelled"), verification=None, usage=None)
        self._rest()

    def _rest(self) -> None:
        self._flow.tell(phase="stopped", errors={})
        self._settle("install")

    def _on_stays(self, error: BaseException) -> None:
        """Show what went wrong where the install stands: what is in use stays in use."""
        succeeded = self._flow.state.succeeded
        page: PageName = "verify" if succeeded else "install"
        self._flow.fail(page, error, phase="done" if succeeded else "stopped")
        self._settle(page)

    def _settle(self, page: PageName) -> None:
        self._flow.arrived.emit(page)
        self._flow.settled.emit()
