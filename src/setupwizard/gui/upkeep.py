"""The second visit: what is done with environments that are there, in jobs, after a question where it counts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from setupwizard.errors import Cancelled
from setupwizard.gui import questions
from setupwizard.gui.backend import Backend, Diagnosis
from setupwizard.gui.runner import Answer, Runner
from setupwizard.gui.state import Act, PageName, Tending, environment_at
from setupwizard.i18n import _, ngettext
from setupwizard.model.events import Emit, Outcome
from setupwizard.model.format import sentences
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel

if TYPE_CHECKING:
    from setupwizard.gui.flow import Flow
    from setupwizard.model.doctor import Doctor
    from setupwizard.model.environments import Environment
    from setupwizard.model.plan import Plan

log = logging.getLogger(__name__)

JOB = "upkeep"


class Upkeep:
    """Lists the environments of this computer and carries out what the person wants done with them.

    Attributes:
        waiting: something went wrong that can be tried again.
    """

    def __init__(self, flow: Flow, backend: Backend, runner: Runner) -> None:
        """Take the flow, the program behind it, and who runs its jobs."""
        self._flow = flow
        self._backend = backend
        self._runner = runner
        self._last: Callable[[], None] | None = None
        self._agreed: Callable[[], None] | None = None
        self._then: Callable[[], None] | None = None
        self._act: Act = "check"
        self.waiting = False

    # what is there

    def list(self) -> None:
        """Look which environments there are, first by their names, then by what they hold."""
        state, backend = self._flow.state, self._backend
        machine, decision = state.machine, state.advice

        def work(_emit: Emit, cancel: Cancel) -> tuple[Environment, ...]:
            found = backend.environments(machine, decision)
            cancel.check()
            return found

        self._runner.run("environments", work, self._on_listed, self._on_stray)

    def _on_listed(self, found: tuple[Environment, ...]) -> None:
        before = {one.root: one for one in self._flow.state.environments}
        known = tuple(
            replace(one, bytes=before[one.root].bytes, free_bytes=before[one.root].free_bytes)
            if one.root in before
            else one
            for one in found
        )
        self._flow.tell(environments=known)
        backend = self._backend
        if any(one.own for one in found):
            self._runner.run(
                "measure", lambda _emit, cancel: _measured(backend, found, cancel), self._on_measured, self._on_stray
            )

    def _on_measured(self, found: tuple[Environment, ...]) -> None:
        by_root = {one.root: one for one in found}
        self._flow.tell(
            environments=tuple(
                replace(one, bytes=by_root[one.root].bytes, free_bytes=by_root[one.root].free_bytes)
                if one.root in by_root
                else one
                for one in self._flow.state.environments
            )
        )

    # what the person wants

    def wish(self, act: Act, root: str, then: Callable[[], None] | None = None) -> None:
        """Do something with an environment, after a question where something is deleted or changed.

        Args:
            act: what.
            root: the folder of the environment.
            then: what to do once it is done.
        """
        there = environment_at(self._flow.state, root)
        if there is None or (self._flow.state.tending is not None and self._flow.state.tending.running):
            return
        self._then = then
        if act in {"use", "check"}:
            self._visit(there, check=act == "check")
        elif act == "update":
            self._update(there)
        elif act == "repair":
            self.repair(root)
        elif act == "tidy":
            self._weigh(there)
        else:
            work = self._backend.roll_back if act == "go-back" else self._backend.remove
            question = questions.go_back(there) if act == "go-back" else questions.remove(there)
            self._ask(question, partial(self._change, act, root, work))

    def agree(self) -> None:
        """Carry out what was asked about."""
        act, self._agreed = self._agreed, None
        if act is not None:
            act()

    def decline(self) -> None:
        """Leave it as it is."""
        self._agreed = self._then = None
        self._flow.tell(tending=None)

    def again(self) -> None:
        """Try once more what did not work."""
        self._flow.fail(self._page(self._act), None)
        self.waiting = False
        if self._last is not None:
            self._last()

    def stop(self) -> None:
        """Stop what is being done."""
        self._runner.cancel(JOB)

    def another(self) -> None:
        """Begin an environment beside those that are there, in a folder of its own."""
        work = lambda _emit, _cancel: self._backend.free_root()  # noqa: E731 - one expression, and its answer is used
        self._runner.run(JOB, work, self._on_free_root, self._on_stray)

    def leave(self) -> None:
        """Come back from an environment to the list."""
        self._flow.tell(phase="idle", visiting=False, plan=None, outcome=None, verification=None, usage=None, errors={})
        self.list()

    # looking at one

    def _visit(self, there: Environment, *, check: bool) -> None:
        backend = self._backend

        def work(_emit: Emit, _cancel: Cancel) -> tuple[Plan | None, Verification | None]:
            return backend.record(there.root)

        self._do("check" if check else "use", there.root, work, partial(self._on_record, there, check))

    def _on_record(self, there: Environment, check: bool, record: tuple[Plan | None, Verification | None]) -> None:
        plan, proof = record
        usage = self._backend.usage(there.root, plan.build) if plan is not None else None
        self._flow.begun.emit()
        self._flow.tell(
            phase="done",
            visiting=True,
            tending=None,
            plan=plan,
            outcome=Outcome(status="already-done", exit=0, root=there.root),
            verification=None if check else proof,
            usage=usage,
            install_seconds=None,
            errors={},
        )
        self._flow.arrived.emit("verify" if check else "finish")
        if check:
            self._flow.verify_again(thorough=False)

    def _update(self, there: Environment) -> None:
        self._flow.tell(choices=replace(self._flow.state.choices.free(), root=there.root), plan=None, tending=None)
        self._flow.arrived.emit("build")

    def _on_free_root(self, folder: str) -> None:
        self._flow.tell(choices=replace(self._flow.state.choices, root=folder), plan=None, tending=None)
        self._flow.arrived.emit("computer")

    # changing one

    def _weigh(self, there: Environment) -> None:
        backend = self._backend

        def work(_emit: Emit, _cancel: Cancel) -> Outcome:
            return backend.tidy(there.root, dry_run=True)

        def weighed(outcome: Outcome) -> None:
            if outcome.error is not None:
                self._on_changed("tidy", there.root, outcome)
            elif not outcome.removed:
                self._end("tidy", there.root, _("There is nothing to tidy up."))
            else:
                question = questions.tidy(there, outcome)
                self._ask(question, partial(self._change, "tidy", there.root, self._backend.tidy))

        self._do("tidy", there.root, work, weighed)

    def _change(self, act: Act, root: str, work: Callable[[str], Outcome]) -> None:
        self._do(act, root, lambda _emit, _cancel: work(root), partial(self._on_changed, act, root))

    def _on_changed(self, act: Act, root: str, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.waiting = True
            self._flow.tell(tending=None, errors={**self._flow.state.errors, self._page(act): outcome.error})
            return
        self._end(act, root, questions.done(act, outcome))

    # repairing one

    def repair(self, root: str) -> None:
        """Find out why it does not work; then ask, with all that would change."""
        machine, backend = self._flow.state.machine, self._backend
        if machine is None:
            return

        def work(emit: Emit, cancel: Cancel) -> Diagnosis:
            return backend.examine(root, machine, emit, cancel)

        self._do("repair", root, work, partial(self._on_examined, root))

    def _on_examined(self, root: str, found: Diagnosis) -> None:
        document, cure = found.document, found.cure
        if document.healthy:
            self._end("repair", root, _("Nothing keeps PyTorch from working there."))
        elif cure is None:
            worst = document.causes[0].text
            self._end("repair", root, sentences(worst, _("There is no cure that we can carry out.")), good=False)
        else:
            work = cure

            def mend() -> None:
                self._do("repair", root, work, partial(self._on_cured, root))

            self._ask(questions.repair(root, document), mend)

    def _on_cured(self, root: str, document: Doctor) -> None:
        if document.healthy:
            count = len(document.fixed)
            told = ngettext("Repaired: {count} problem is gone.", "Repaired: {count} problems are gone.", count)
            self._end("repair", root, told.format(count=count))
        else:
            self._end("repair", root, document.causes[0].text, good=False)

    # helpers

    def _ask(self, question: questions.Question, agreed: Callable[[], None]) -> None:
        self._agreed = agreed
        self._flow.asked.emit(question)

    def _do(self, act: Act, root: str, work: Callable[[Emit, Cancel], object], ended: Answer) -> None:
        """Run a job of an environment; what did not work can be tried again."""
        self._last = partial(self._do, act, root, work, ended)
        self._act = act
        self.waiting = False
        shown = ("start", "verify", "finish")
        errors = {page: error for page, error in self._flow.state.errors.items() if page not in shown}
        self._flow.tell(tending=Tending(root=root, act=act), errors=errors)
        self._runner.run(JOB, work, ended, self._on_stopped, heard=True)

    def _end(self, act: Act, root: str, told: str, *, good: bool = True) -> None:
        self._flow.tell(tending=Tending(root=root, act=act, running=False, told=told, good=good))
        then, self._then = self._then, None
        there = environment_at(self._flow.state, root)
        if act == "remove" and self._flow.state.committed:
            self.leave()
            self._flow.arrived.emit("start")
            return
        if then is not None and good:
            then()
        elif self._flow.state.visiting and good and there is not None:
            self._visit(there, check=True)
        self.list()

    def _on_stopped(self, error: BaseException) -> None:
        self.waiting = not isinstance(error, Cancelled)
        self._flow.fail(self._page(self._act), error, tending=None)

    def _page(self, act: Act) -> PageName:
        """Return the page that an act is done on: the list, or one of the two that show a single environment."""
        if not self._flow.state.committed:
            return "start"
        return "finish" if act == "remove" else "verify"

    @staticmethod
    def _on_stray(error: BaseException) -> None:
        log.error("the environments could not be listed: %r", error, exc_info=error)


def _measured(backend: Backend, found: tuple[Environment, ...], cancel: Cancel) -> tuple[Environment, ...]:
    rows = []
    for one in found:
        cancel.check()
        rows.append(backend.measured(one))
    return tuple(rows)
