"""What happens when: runs the jobs, keeps the state, and tells the window. It knows the backend and no widget."""

from __future__ import annotations

import logging
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject

from setupwizard.codes import VerifyMode
from setupwizard.errors import SetupError
from setupwizard.gui import tasks
from setupwizard.gui.acts import Acts
from setupwizard.gui.backend import Backend, Choices, Unfinished
from setupwizard.gui.fixing import Fixing
from setupwizard.gui.installation import Installation
from setupwizard.gui.runner import Runner, nothing
from setupwizard.gui.state import State
from setupwizard.gui.teller import Teller
from setupwizard.gui.upkeep import Upkeep
from setupwizard.model.events import Event, StepStarted
from setupwizard.model.settings import Preferences
from setupwizard.model.verification import Verification

if TYPE_CHECKING:
    from setupwizard.gui.place import Place

log = logging.getLogger(__name__)

KEPT_LINES = 200


class Flow(Teller):
    """The visit from the first page to the last."""

    def __init__(self, backend: Backend, parent: QObject | None = None, *, log_file: str = "") -> None:
        """Take the program behind the window, and the log that an error of ours points to."""
        first = State(choices=backend.defaults(), preferences=backend.preferences())
        super().__init__(first, parent, log_file=log_file)
        self._backend = backend
        self._look_stale = False  # what was found is told in another language than the one that is spoken now
        self._printed: deque[str] = deque(maxlen=KEPT_LINES)
        self._runner = Runner(self)
        self.acts = Acts(backend, self._runner, self._on_act)
        self.upkeep = Upkeep(self, backend, self._runner)
        self.installation = Installation(self, backend, self._runner)
        self._fixing = Fixing(self)
        self._plan_after_look = False
        self._come_back = False
        self._runner.happened.connect(self._on_happened)
        self._runner.lines.connect(self._on_lines)
        self.begun.connect(self._printed.clear)

    # what the person asks for

    def start(self, waited_at: Place | None = None) -> None:
        """Look at the computer, and whether a setup stopped here before; `waited_at`: then go on at the computer."""
        backend = self._backend
        if waited_at is not None:
            self._set(custom=waited_at.custom, choices=replace(self.state.choices, root=waited_at.root))
        self._come_back = waited_at is not None
        self._runner.run("unfinished", lambda _emit, _cancel: backend.unfinished(), self._on_unfinished, self._on_stray)
        self.upkeep.list()
        self.look()

    def look(self, *, planning: bool = False) -> None:
        """Look at the computer again; what is shown stays until the answer is there. `planning`: then plan anew."""
        if self.state.committed:
            return
        self._look_stale = False
        self._plan_after_look = planning
        if self.state.stop_gap:  # what had to come first may be done by now
            self._set(choices=replace(self.state.choices, variant=None), stop_gap=False)
        self._set(looking=True, errors=self._errors("computer", None))
        work = partial(tasks.look, self._backend, self.state.choices)
        self._runner.run("look", work, self._on_looked, self._on_look_stopped)

    def retell(self) -> None:
        """Make what holds sentences anew, in the language that is spoken now."""
        fault = self.state.fault
        self._set(errors=self._retold_errors(), fault=(fault[0], fault[1].retold()) if fault is not None else None)
        machine, proof = self.state.machine, self.state.verification
        if not self.state.committed:
            if machine is not None or self.state.looking:
                self.look()
        elif machine is not None:
            self._look_stale = True
            work = partial(tasks.retell, self._backend, machine, self.state.choices, proof)
            self._runner.run("retell", work, partial(self._on_retold, proof), self._on_stray)

    def set_custom(self, custom: bool) -> None:
        """Note the way that the person chose."""
        self._set(custom=custom)

    def choose(self, choices: Choices) -> None:
        """Take other choices and plan with them."""
        if choices != self.state.choices and not self.state.committed:
            self._set(choices=choices)
            self.make_plan()

    def choose_cards(self, gpus: tuple[int, ...] | None) -> None:
        """Take other cards and decide anew; no server is asked before page 3."""
        machine, choices = self.state.machine, replace(self.state.choices, gpus=gpus, torch=None, variant=None)
        if machine is None or self.state.committed or choices == self.state.choices:
            return
        self._runner.leave("plan")
        self._set(choices=choices, plan=None, planning=False, errors=self._errors("build", None))
        backend = self._backend
        self._runner.run(
            "decide", lambda _emit, _cancel: tasks.decide(backend, machine, choices), self._take_decided, self._on_stray
        )

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
        if self.state.plan is None and not self.state.planning:
            self.plan_anew()

    def plan_anew(self) -> None:
        """Ask the servers; with a stop-gap as the choice where the decision is that something else comes first."""
        decision, choices = self.state.decision, self.state.choices
        waits = decision is not None and decision.verdict not in {"gpu", "cpu"} and choices.variant is None
        if decision is not None and decision.build is not None and waits:
            self._set(choices=replace(choices, variant=decision.build.variant), stop_gap=True)
        self.make_plan()

    def start_over(self) -> None:
        """Delete what a stopped setup left, and begin at the beginning."""
        left = self.state.unfinished
        if left is not None:
            self._set(unfinished=None, errors=self._errors("start", None))
            work = partial(tasks.discard, self._backend, left.root)
            self._runner.run("discard", work, nothing, partial(self._on_left, left))

    def stop_check(self) -> None:
        """Stop a proof that runs on its own."""
        self._runner.cancel("verify")

    def back_to_build(self) -> None:
        """Come back to the choices after an install that did not come to its end."""
        if not self.state.installing:
            self._set(phase="idle", removal=False, outcome=None, verification=None, errors={}, plan=None)
            if self._look_stale:
                self.look()

    def verify_again(self, *, thorough: bool) -> None:
        """Prove the environment once more."""
        machine, outcome, backend = self.state.machine, self.state.outcome, self._backend
        if machine is None or outcome is None or outcome.root is None or self.state.checking:
            return
        root = outcome.root
        mode: VerifyMode = "full" if thorough else "quick"
        self._set(checking=True, errors=self._errors("verify", None))
        work = partial(tasks.check, backend, root, mode, machine)
        self._runner.run("verify", work, self._on_verified, self._on_check_stopped, heard=True)

    def fix(self, code: str) -> None:
        """Do what an error's button says; what only the window can do, it does before it asks here."""
        self._fixing.fix(code)

    def open_terminal(self) -> None:
        """Open a terminal in which the environment is on."""
        self.acts.terminal(self.root)

    def free_downloads(self) -> None:
        """Remove the downloads beside the environment."""
        self._set(freeable=None)
        self.acts.free(self.root, lambda freed: self._set(freeable=0, freed=freed))

    def save_report(self, path: str) -> None:
        """Write the report."""
        self.acts.report(self.root, Path(path), lambda _answer: self._set(saved=path))

    def save_plan(self, path: str) -> None:
        """Write what was installed as a plan for other machines."""
        plan = self.state.plan
        if plan is not None:
            file = Path(path).with_suffix(".toml")
            self.acts.plan(plan, file, lambda _answer: self._set(saved=str(file)))

    def save_support(self, path: str) -> None:
        """Write the file for a bug report."""
        self.acts.support(Path(path), self.state.machine)

    def take_preferences(self, held: Preferences) -> None:
        """Let settings hold; a plan that was made by another way is made anew."""
        before, now = self.state.preferences.settings, held.settings
        self._set(preferences=held)
        ways = [(one.source, one.proxy, one.certificates) for one in (before, now)]
        if ways[0] == ways[1] or self.state.committed:
            return
        if now.source != before.source:
            self._set(choices=replace(self.state.choices, source=now.source or None))
        if self.state.plan is not None or self.state.planning or "build" in self.state.errors:
            self.make_plan()

    def take(self, looked: tasks.Looked) -> None:
        """Let what was found of the computer hold, and what follows from it."""
        self.note(machine=looked.machine, options=looked.options)
        self._take_decided(looked.decided)

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

    def _on_left(self, left: Unfinished, error: BaseException) -> None:
        self._set(unfinished=left, errors=self._errors("start", error))

    def _on_looked(self, looked: tasks.Looked) -> None:
        before = self.state
        other = before.decision is not None and looked.decided.decision.build != before.decision.build
        self.take(looked)
        self._set(looking=False, plan=None if other else before.plan)
        if before.plan is not None or before.planning or self._plan_after_look:
            self.plan_anew()
        self.upkeep.list()
        if self._come_back:
            self._come_back = False
            self.arrived.emit("computer")

    def _on_retold(self, told_before: Verification | None, retold: tasks.Retold) -> None:
        proof = self.state.verification
        self._set(options=retold.options, verification=retold.proof if proof is told_before else proof)
        self._take_decided(retold.decided)

    def _on_look_stopped(self, error: BaseException) -> None:
        self._set(looking=False, errors=self._errors("computer", error))

    def _on_planned(self, planned: tasks.Planned) -> None:
        self.note(planning=False, plan=planned.plan)
        self._take_decided(planned.decided)

    def _on_plan_stopped(self, error: BaseException) -> None:
        self._set(planning=False, plan=None, errors=self._errors("build", error))

    def _on_verified(self, checked: tuple[Verification, SetupError | None]) -> None:
        proof, failure = checked
        error = failure if self.state.visiting else None
        self._set(checking=False, verification=proof, errors=self._errors("verify", error))

    def _on_check_stopped(self, error: BaseException) -> None:
        self._set(checking=False, errors=self._errors("verify", error))

    def _on_happened(self, event: Event | tasks.Awake) -> None:
        if isinstance(event, tasks.Awake):
            self._set(awake=event.promised)
            return
        if isinstance(event, StepStarted) and event.id == "verify" and self.state.phase == "running":
            self.arrived.emit("verify")
        self.happened.emit(event)

    def _on_lines(self, lines: list[str], skipped: int) -> None:
        self._printed.extend(lines)
        self.lines.emit(lines, skipped)

    def _on_act(self, error: BaseException | None) -> None:
        self._set(errors=self._errors("finish", error))

    def _on_stray(self, error: BaseException) -> None:
        log.error("a job ended with %r", error, exc_info=error)

    # helpers

    def _take_decided(self, decided: tasks.Decided) -> None:
        self._set(
            advice=decided.advice,
            decision=decided.decision,
            groups=decided.groups,
            cells=decided.cells,
            estimate=decided.estimate,
        )
