"""The environments of a made-up computer, for the fake program behind the window."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from gui import recorded
from setupwizard.errors import SetupError
from setupwizard.gui.backend import Diagnosis
from setupwizard.model.doctor import Doctor
from setupwizard.model.environments import Environment
from setupwizard.model.events import Emit, Error, Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel


class FakeKeeping:
    """Answers with what the test put here; `_call` counts, holds and fails as for every other function."""

    _call: Callable[..., None]

    def __init__(self) -> None:
        self.there: tuple[Environment, ...] = ()
        self.sizes_of: dict[str, tuple[int, int]] = {}
        self.diagnosis: Diagnosis = Diagnosis(document=Doctor(healthy=True, env=recorded.ROOT))
        self.acted: list[tuple[str, str]] = []
        self.refusals: dict[str, SetupError] = {}
        self.meaning: SetupError | None = None

    def environments(self, machine: Machine | None, decision: Recommendation | None) -> tuple[Environment, ...]:
        self._call("environments")
        return self.there

    def measured(self, environment: Environment) -> Environment:
        size, freed = self.sizes_of.get(environment.root, (0, 0))
        return replace(environment, bytes=size, free_bytes=freed)

    def free_root(self) -> str:
        return f"{recorded.ROOT}-2"

    def record(self, root: str) -> tuple[Plan | None, Verification | None]:
        self._call("record")
        return recorded.plan(root=root, changes=False), recorded.verification()

    def roll_back(self, root: str) -> Outcome:
        return self._act("roll_back", root)

    def remove(self, root: str) -> Outcome:
        outcome = self._act("remove", root)
        if outcome.error is None:
            self.there = tuple(one for one in self.there if one.root != root)
        return outcome

    def tidy(self, root: str, *, dry_run: bool = False) -> Outcome:
        removed = (f"{root}\\store\\{'a' * 64}", f"{root}\\gens\\0001")
        if dry_run:
            return Outcome(status="planned", exit=0, root=root, removed=removed, freed_bytes=2_440_000_000)
        return replace(self._act("tidy", root), removed=removed, freed_bytes=2_440_000_000)

    def examine(self, root: str, machine: Machine, emit: Emit, cancel: Cancel) -> Diagnosis:
        self._call("examine", cancel)
        return self.diagnosis

    def failure(self, proof: Verification, root: str) -> SetupError | None:
        return self.meaning

    def _act(self, name: str, root: str) -> Outcome:
        self._call(name)
        self.acted.append((name, root))
        error = self.refusals.pop(name, None)
        if error is not None:
            return Outcome(status="failed", exit=error.exit_code(), root=root, error=Error.of(error))
        return Outcome(status="done", exit=0, changed=True, root=root)
