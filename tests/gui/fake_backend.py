"""A program behind the window that does nothing real: it plays recorded documents, and waits where a test says so."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from gui import recorded
from gui.fake_keeping import FakeKeeping
from setupwizard.codes import VerifyMode
from setupwizard.errors import Cancelled, SetupError
from setupwizard.gui.backend import Choices, Estimate, Options, Unfinished, Usage
from setupwizard.model.events import CheckDone, Emit, Error, Event, Outcome, Output, Progress, StepFinished, StepStarted
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Build, Cell, Recommendation
from setupwizard.model.release import Newer
from setupwizard.model.settings import Contact, Preferences, Settings
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import Pace


def steps_of(names: Sequence[str]) -> list[Event]:
    """Return the events of steps that begin and end."""
    events: list[Event] = []
    for name in names:
        events += [StepStarted(id=name, title=name), StepFinished(id=name, status="done")]  # type: ignore[arg-type]
    return events


def download(done: int = 1_620_000_000, total: int = 2_610_000_000) -> Progress:
    """Return how far a download is."""
    return Progress(
        id="fetch",
        done=done,
        total=total,
        unit="bytes",
        file="torch-2.15.0+cu130-cp312-cp312-win_amd64.whl",
        rate=11_200_000.0,
        seconds_left=118.0,
        limited_by="line",
    )


class FakeBackend(FakeKeeping):
    """Answers at once; a gate with a function's name holds that function until the test opens it."""

    def __init__(self) -> None:
        super().__init__()
        self.machine: Machine | None = None  # the recorded one, in the language that is spoken
        self.advice: Callable[[Choices], Recommendation] = self._advise
        self.cells = recorded.cells()
        self.pace = Pace()
        self.held = Preferences()
        self.tried: list[Settings] = []
        self.left: Unfinished | None = None
        self.newer: Newer | None = None
        self.downloads = 2_610_000_000
        self.sizes: Estimate | None = Estimate(download_bytes=2_400_000_000, stored_bytes=5_900_000_000)
        self.outcome: Callable[[Plan], Outcome] = lambda plan: recorded.outcome(root=plan.root)
        self.proof = recorded.verification()
        self.failures: dict[str, BaseException] = {}
        self.gates: dict[str, threading.Event] = {}
        self.calls: list[str] = []
        self.planned: list[Choices] = []
        self.applied: list[Plan] = []
        self.discarded: list[str] = []
        self.extra_events: list[Event] = []
        self.promise = True  # that the computer stays awake
        self.deaf = False  # an install that is past the point where it can be stopped
        self.taken_back: list[str] = []

    def hold(self, name: str) -> threading.Event:
        """Hold a function until the gate is set."""
        self.gates[name] = threading.Event()
        return self.gates[name]

    def defaults(self) -> Choices:
        return recorded.choices()

    def preferences(self) -> Preferences:
        return self.held

    def keep(self, settings: Settings) -> Preferences:
        self._call("keep")
        self.held = replace(self.held, settings=settings, problem="")
        self.pace.limit = settings.speed_limit or None
        return self.held

    def try_connection(self, settings: Settings, cancel: Cancel) -> str:
        self.tried.append(settings)
        self._call("try", cancel)
        return "download.pytorch.org"

    def contacts(self) -> tuple[Contact, ...]:
        return recorded.contacts()

    def newer_version(self, cancel: Cancel) -> Newer | None:
        self._call("newer_version", cancel)
        return self.newer

    def unfinished(self) -> Unfinished | None:
        self._call("unfinished")
        return self.left

    def detect(self, emit: Emit, cancel: Cancel) -> Machine:
        self._call("detect", cancel)
        return self.machine if self.machine is not None else recorded.machine()

    def options(self, machine: Machine) -> Options:
        return recorded.options()

    def recommend(self, machine: Machine, choices: Choices) -> Recommendation:
        self._call("recommend")
        return self.advice(choices)

    def grid(self, machine: Machine, choices: Choices) -> tuple[Cell, ...]:
        return self.cells

    def estimate(self, build: Build) -> Estimate | None:
        return self.sizes

    def plan(
        self, machine: Machine, recommendation: Recommendation, choices: Choices, emit: Emit, cancel: Cancel
    ) -> Plan:
        self.planned.append(choices)
        self._call("plan", cancel)
        build = recommendation.build
        if build is None or choices.companions:
            return recorded.plan(build, choices.root)
        return recorded.plan(replace(build, torchvision=None), choices.root, packages=recorded.packages()[:1])

    @contextmanager
    def awake(self) -> Iterator[bool]:
        yield self.promise

    def apply(
        self, plan: Plan, machine: Machine, recommendation: Recommendation, emit: Emit, cancel: Cancel
    ) -> Outcome:
        self.applied.append(plan)
        try:
            for event in [*steps_of(["python"]), StepStarted(id="fetch", title="Download"), download()]:
                emit(event)
            emit(Output(id="fetch", text="Downloading torch-2.15.0+cu130 (2.2 GiB)"))
            for event in self.extra_events:
                emit(event)
            self._call("apply", cancel)
        except Cancelled:
            emit(StepFinished(id="fetch", status="cancelled"))
            return Outcome(status="cancelled", exit=22, root=plan.root, kept=(f"{plan.root}\\store",))
        except SetupError as error:
            emit(StepFinished(id="fetch", status="failed", error=Error.of(error)))
            return Outcome(status="failed", exit=error.exit_code(), root=plan.root, error=Error.of(error))
        for event in [StepFinished(id="fetch", status="done"), *steps_of(["create", "install", "audit"])]:
            emit(event)
        outcome = self.outcome(plan)
        self._prove(emit, cancel, outcome.verification or self.proof)
        for event in steps_of(["switch", "clean"]):
            emit(event)
        return outcome

    def verify(self, root: str, mode: VerifyMode, machine: Machine, emit: Emit, cancel: Cancel) -> Verification:
        self._call("verify", cancel)
        return replace(self.proof, mode=mode)

    def retell(self, proof: Verification) -> Verification:
        return recorded.verification(slow=proof.verdict == "warn")

    def discard(self, root: str) -> None:
        self.discarded.append(root)
        self._call("discard")

    def take_back(self, root: str) -> Outcome:
        self.taken_back.append(root)
        self._call("take_back")
        return Outcome(status="done", exit=0, changed=True, root=root, removed=(root,))

    def usage(self, root: str, build: Build) -> Usage:
        return recorded.usage(root)

    def freeable(self, root: str) -> int:
        self._call("freeable")
        return self.downloads

    def free_downloads(self, root: str) -> int:
        self._call("free_downloads")
        freed, self.downloads = self.downloads, 0
        return freed

    def open_terminal(self, root: str) -> None:
        self._call("open_terminal")

    def save_report(self, root: str, path: Path) -> None:
        self._call("save_report")
        path.write_text("report", encoding="utf-8")

    def save_plan(self, plan: Plan, path: Path) -> None:
        self._call("save_plan")
        path.write_text("plan", encoding="utf-8")

    def save_support(self, path: Path, machine: Machine | None) -> None:
        self._call("save_support")
        path.write_text("support", encoding="utf-8")

    def redact(self, text: str) -> str:
        return text.replace("secret", "***")

    def _advise(self, choices: Choices) -> Recommendation:
        chosen = recorded.build(choices.torch or "2.15.0", choices.variant or "cu130", choices.python or "3.12")
        return recorded.recommendation(chosen)

    def _prove(self, emit: Emit, cancel: Cancel, proof: Verification) -> None:
        emit(StepStarted(id="verify", title="Check"))
        total = len(proof.checks)
        for number, check in enumerate(proof.checks):
            emit(Progress(id="verify", done=number, total=total, unit="stages", file=check.id))
            emit(CheckDone.of(check))
            if check.id == "correctness":
                self._call("prove", cancel)
        emit(StepFinished(id="verify", status="done"))

    def _call(self, name: str, cancel: Cancel | None = None) -> None:
        """Note the call, wait at its gate, raise what the test put there."""
        self.calls.append(name)
        gate = self.gates.get(name)
        listening = cancel if not self.deaf else None
        while gate is not None and not gate.wait(0.01):
            if listening is not None:
                listening.check()
        if listening is not None:
            listening.check()
        failure = self.failures.pop(name, None)
        if failure is not None:
            raise failure
