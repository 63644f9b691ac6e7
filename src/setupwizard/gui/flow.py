"""What happens when: runs the jobs, keeps the state, and tells the window. It knows the backend and no widget."""

from __future__ import annotations

import logging
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from setupwizard.codes import VerifyMode
from setupwizard.errors import Cancelled, SetupError
from setupwizard.gui import tasks
from setupwizard.gui.backend import Backend, Choices, Unfinished
from setupwizard.gui.runner import Runner
from setupwizard.gui.state import PageName, State, fixed_wishes
from setupwizard.model.events import Emit, Error, Event, Outcome, StepStarted
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel

log = logging.getLogger(__name__)

KEPT_LINES = 200


class Flow(QObject):
    """The visit from the first page to the last.

    Signals:
        changed(): the state is another one.
        happened(object): an event of the running install or proof.
        lines(list, int): what the tools printed.
        begun(): an install begins: what the pages hold of the one before is to be forgotten.
        arrived(str): the page to show now, without the person having asked for it.
        settled(): an install ended, one way or the other.
    """

    changed = Signal()
    happened = Signal(object)
    lines = Signal(list, int)
    begun = Signal()
    arrived = Signal(str)
    settled = Signal()

    def __init__(self, backend: Backend, parent: QObject | None = None, *, log_file: str = "") -> None:
        """Take the program behind the window, and the log that an error of ours points to."""
        super().__init__(parent)
        self._backend = backend
        self._log_file = log_file
        self._after_stop: Callable[[], None] | None = None
        self._last_act: tuple[str, Callable[[], None]] | None = None
        self._printed: deque[str] = deque(maxlen=KEPT_LINES)
        self._runner = Runner(self)
        self._runner.happened.connect(self._on_happened)
        self._runner.lines.connect(self._on_lines)
        self.state = State(choices=backend.defaults())

    # what the person asks for

    def start(self) -> None:
        """Look at the computer, and whether a setup stopped here before."""
        backend = self._backend
        self._runner.run("unfinished", lambda _emit, _cancel: backend.unfinished(), self._on_unfinished, self._on_stray)
        self.look()

    def look(self) -> None:
        """Look at the computer again; what is shown stays until the answer is there."""
        if self.state.committed:
            return
        self._set(looking=True, errors=self._errors("computer", None))
        work = partial(tasks.look, self._backend, self.state.choices)
        self._runner.run("look", work, self._on_looked, self._on_look_stopped)

    def retell(self) -> None:
        """Make what holds sentences anew, in the language that is spoken now."""
        if self.state.machine is not None or self.state.looking:
            self.look()

    def set_custom(self, custom: bool) -> None:
        """Note the way that the person chose."""
        self._set(custom=custom)

    def choose(self, choices: Choices) -> None:
        """Take other choices and plan with them."""
        if choices != self.state.choices and not self.state.committed:
            self._set(choices=choices)
            self.make_plan()

    def make_plan(self) -> None:
        """Ask the servers for what an install would do."""
        machine = self.state.machine
        if machine is None or self.state.committed:
            return
        self._set(planning=True, errors=self._errors("build", None))
        work = partial(tasks.make_plan, self._backend, machine, self.state.choices)
        self._runner.run("plan", work, self._on_planned, self._on_plan_stopped)

    def enter_build(self) -> None:
        """Come to page 3: with a stop-gap as the choice where the decision is that something else comes first."""
        decision = self.state.decision
        if decision is None or decision.build is None or self.state.committed:
            return
        if decision.verdict not in {"gpu", "cpu"} and self.state.choices.variant is None:
            self._set(choices=replace(self.state.choices, variant=decision.build.variant))
        if self.state.plan is None and not self.state.planning:
            self.make_plan()

    def install(self) -> None:
        """Carry the plan out, or go on with one that stopped."""
        state = self.state
        if state.installing:
            return
        left = state.unfinished if state.plan is None else None
        plan = left.plan if left is not None else state.plan
        choices = replace(state.choices, root=left.root) if left is not None else state.choices
        for name in ("look", "plan"):
            self._runner.leave(name)
        self._after_stop = None
        self._printed.clear()
        self._set(
            phase="running",
            choices=choices,
            looking=False,
            planning=False,
            plan=plan,
            outcome=None,
            verification=None,
            unfinished=None,
            errors={},
        )
        self.begun.emit()
        order = tasks.Order(choices=choices, machine=state.machine, decision=state.decision, plan=plan)
        work = partial(tasks.carry_out, self._backend, order)
        self._runner.run("install", work, self._on_applied, self._on_install_stopped, heard=True)

    def resume(self) -> None:
        """Go on with the setup that stopped."""
        self.arrived.emit("install")
        self.install()

    def start_over(self) -> None:
        """Delete what a stopped setup left, and begin at the beginning."""
        left, backend = self.state.unfinished, self._backend
        self._set(unfinished=None)
        if left is not None:
            work = partial(_discard, backend, left.root)
            self._runner.run("discard", work, _nothing, self._on_look_stopped)

    def stop(self, *, remove: bool) -> None:
        """Stop the install; with `remove` delete what it downloaded as well."""
        if self.state.phase == "running" and self._runner.cancel("install"):
            self._after_stop = self._discard if remove else None
            self._set(phase="stopping")

    def stop_check(self) -> None:
        """Stop a proof that runs on its own."""
        self._runner.cancel("verify")

    def back_to_build(self) -> None:
        """Come back to the choices after an install that did not come to its end."""
        if not self.state.installing:
            self._set(phase="idle", outcome=None, verification=None, errors={}, plan=None)

    def verify_again(self, *, thorough: bool) -> None:
        """Prove the environment once more."""
        machine, outcome, backend = self.state.machine, self.state.outcome, self._backend
        if machine is None or outcome is None or outcome.root is None or self.state.checking:
            return
        root = outcome.root
        mode: VerifyMode = "full" if thorough else "quick"
        self._set(checking=True, errors=self._errors("verify", None))
        work = partial(backend.verify, root, mode, machine)
        self._runner.run("verify", work, self._on_verified, self._on_check_stopped, heard=True)

    def fix(self, code: str) -> None:
        """Do what an error's button says; what only the window can do, it does before it asks here."""
        if code == "use-cpu-build":
            self.back_to_build()
            self._set(choices=replace(self.state.choices, torch=None, variant="cpu"))
            self.arrived.emit("build")
            self.make_plan()
        elif code == "other-source":
            self._take_other_source()
        elif self.state.phase == "stopped":
            self.install()
        elif "verify" in self.state.errors:
            self.verify_again(thorough=False)
        elif "build" in self.state.errors:
            self.make_plan()
        elif "finish" in self.state.errors and self._last_act is not None:
            self._do(*self._last_act)
        else:
            self.look()

    def open_terminal(self) -> None:
        """Open a terminal in which the environment is on."""
        root, backend = self.root, self._backend
        self._do("terminal", lambda: backend.open_terminal(root))

    def save_report(self, path: str) -> None:
        """Write the report."""
        root, backend = self.root, self._backend
        self._do("report", lambda: backend.save_report(root, Path(path)))

    def save_support(self, path: str) -> None:
        """Write the file for a bug report."""
        machine, backend = self.state.machine, self._backend
        self._runner.run(
            "support", lambda _emit, _cancel: backend.save_support(Path(path), machine), _nothing, self._on_stray
        )

    def end(self) -> None:
        """Leave everything: nothing more is told."""
        self._runner.leave_all()

    @property
    def printed(self) -> list[str]:
        """The last lines that tools printed."""
        return list(self._printed)

    @property
    def root(self) -> str:
        """The folder of the environment, as far as it is known."""
        outcome, plan = self.state.outcome, self.state.plan
        if outcome is not None and outcome.root is not None:
            return outcome.root
        return plan.root if plan is not None else self.state.choices.root

    def redact(self, text: str) -> str:
        """Return a text without names, home folders and passwords."""
        return self._backend.redact(text)

    # what the jobs answer

    def _on_unfinished(self, left: Unfinished | None) -> None:
        if not self.state.committed:
            self._set(unfinished=left)

    def _on_looked(self, looked: tasks.Looked) -> None:
        before = self.state
        other = before.decision is not None and looked.decision.build != before.decision.build
        self._take(looked)
        self._set(looking=False, plan=None if other else before.plan)
        if before.plan is not None or before.planning:
            self.make_plan()

    def _on_look_stopped(self, error: BaseException) -> None:
        self._set(looking=False, errors=self._errors("computer", error))

    def _on_planned(self, planned: tasks.Planned) -> None:
        advice = self.state.advice if fixed_wishes(self.state.choices) else planned.decision
        self._set(
            planning=False, advice=advice, decision=planned.decision, estimate=planned.estimate, plan=planned.plan
        )

    def _on_plan_stopped(self, error: BaseException) -> None:
        self._set(planning=False, plan=None, errors=self._errors("build", error))

    def _on_applied(self, applied: tasks.Applied) -> None:
        if applied.looked is not None:
            self._take(applied.looked)
        outcome = applied.outcome
        self.state = replace(
            self.state, plan=applied.plan, outcome=outcome, verification=outcome.verification, usage=applied.usage
        )
        if outcome.status == "cancelled":
            self._stopped()
        elif outcome.status in {"done", "already-done"}:
            self._set(phase="done", install_seconds=applied.seconds)
            self.arrived.emit("verify")
            self.settled.emit()
        else:
            tried = outcome.verification is not None or any(step.id == "verify" for step in outcome.steps)
            page: PageName = "verify" if tried else "install"
            error = outcome.error or Error.of(SetupError("internal-error", log=self._log_file or None))
            self._set(phase="stopped", errors={page: error})
            self.arrived.emit(page)
            self.settled.emit()

    def _on_install_stopped(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            self._stopped()
            return
        self._set(phase="stopped", errors=self._errors("install", error))
        self.arrived.emit("install")
        self.settled.emit()

    def _stopped(self) -> None:
        """The install ended because the person wanted it to; do what they wanted next."""
        then, self._after_stop = self._after_stop, None
        if then is not None:
            then()
            return
        self._set(phase="stopped", errors={})
        self.arrived.emit("install")
        self.settled.emit()

    def _discard(self) -> None:
        root, backend = self.root, self._backend
        told = self.state.outcome or Outcome(status="cancelled", exit=22, root=root)
        self._set(outcome=replace(told, removed=(*told.removed, root), kept=()))
        self._runner.run("discard", partial(_discard, backend, root), self._on_discarded, self._on_install_stopped)

    def _on_discarded(self, _answer: object) -> None:
        self._stopped()

    def _take_other_source(self) -> None:
        """Go on from another server: the next one that is known, with a plan made anew."""
        options, plan = self.state.options, self.state.plan
        ids = [option.value for option in options.sources] if options is not None else []
        present = self.state.choices.source or (plan.source.id if plan is not None else None)
        place = ids.index(present) + 1 if present in ids else 0
        other = ids[place % len(ids)] if ids else None
        choices = replace(self.state.choices, source=other if other != present else None)

        def go_on() -> None:
            self._set(phase="idle", plan=None, outcome=None, choices=choices)
            self.arrived.emit("install")
            self.install()

        if self.state.phase == "running":
            self.stop(remove=False)
            self._after_stop = go_on
        elif self.state.committed:
            go_on()
        else:
            self.choose(choices)

    def _on_verified(self, proof: Verification) -> None:
        self._set(checking=False, verification=proof)

    def _on_check_stopped(self, error: BaseException) -> None:
        self._set(checking=False, errors=self._errors("verify", error))

    def _on_happened(self, event: Event) -> None:
        if isinstance(event, StepStarted) and event.id == "verify" and self.state.phase == "running":
            self.arrived.emit("verify")
        self.happened.emit(event)

    def _on_lines(self, lines: list[str], skipped: int) -> None:
        self._printed.extend(lines)
        self.lines.emit(lines, skipped)

    def _on_finish_problem(self, error: BaseException) -> None:
        self._set(errors=self._errors("finish", error))

    def _on_stray(self, error: BaseException) -> None:
        log.error("a job ended with %r", error, exc_info=error)

    # helpers

    def _do(self, name: str, act: Callable[[], None]) -> None:
        """Run something that answers nothing; what goes wrong is shown on the last page."""
        self._last_act = (name, act)
        self._set(errors=self._errors("finish", None))
        self._runner.run(name, lambda _emit, _cancel: act(), _nothing, self._on_finish_problem)

    def _take(self, looked: tasks.Looked) -> None:
        self.state = replace(
            self.state,
            machine=looked.machine,
            options=looked.options,
            advice=looked.advice,
            decision=looked.decision,
            estimate=looked.estimate,
        )

    def _set(self, **values: Any) -> None:
        self.state = replace(self.state, **values)
        self.changed.emit()

    def _errors(self, page: PageName, error: BaseException | None) -> dict[PageName, Error]:
        """Return the errors with another one for a page, or with none; a wish to stop is none."""
        rest: dict[PageName, Error] = {name: one for name, one in self.state.errors.items() if name != page}
        if error is None or isinstance(error, Cancelled):
            return rest
        return {**rest, page: error_document(error, self._log_file)}


def error_document(error: BaseException, log_file: str) -> Error:
    """Return any exception as an error of the contract: what nobody foresaw is a fault of ours, with its traceback."""
    if isinstance(error, SetupError):
        return Error.of(error)
    log.error("a job broke", exc_info=error)
    detail = "".join(traceback.format_exception(error))
    return Error.of(SetupError("internal-error", detail=detail, log=log_file or None))


def _discard(backend: Backend, root: str, _emit: Emit, _cancel: Cancel) -> None:
    backend.discard(root)


def _nothing(_value: object) -> None:
    """Take an answer that says nothing."""
