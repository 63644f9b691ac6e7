"""The second visit in the words of `gui.backend.Keeping`: the workflow behind the list of environments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from setupwizard.errors import SetupError
from setupwizard.gui.backend import Diagnosis
from setupwizard.model.events import Emit, Outcome
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel

if TYPE_CHECKING:
    from setupwizard.model.doctor import Doctor
    from setupwizard.model.environments import Environment
    from setupwizard.model.machine import Machine
    from setupwizard.model.plan import Plan
    from setupwizard.model.recommendation import Recommendation
    from setupwizard.workflow import Root

# As in `gui.program`: heavy modules are imported by the worker thread that first needs them.


class Keeper:
    """Answers what the list of environments asks; every function may block and is called from a worker thread."""

    def environments(self, machine: Machine | None, decision: Recommendation | None) -> tuple[Environment, ...]:
        """Return the environments of this computer."""
        from setupwizard import workflow

        return workflow.environments(machine, decision)

    def measured(self, environment: Environment) -> Environment:
        """Return one with what it holds."""
        from setupwizard import workflow

        return workflow.measured(environment)

    def free_root(self) -> str:
        """Return a folder for another environment."""
        from setupwizard import workflow

        return str(workflow.free_root())

    def record(self, root: str) -> tuple[Plan | None, Verification | None]:
        """Return how an environment was made and how its last proof ended."""
        from setupwizard import workflow

        return workflow.record(_root(root))

    def roll_back(self, root: str) -> Outcome:
        """Put the generation before the present one in use again."""
        from setupwizard import workflow

        return workflow.roll_back(_root(root))

    def remove(self, root: str) -> Outcome:
        """Remove an environment."""
        from setupwizard import workflow

        return workflow.remove(_root(root))

    def tidy(self, root: str, *, dry_run: bool = False) -> Outcome:
        """Remove what no environment needs."""
        from setupwizard import workflow

        return workflow.collect_garbage(_root(root), dry_run=dry_run)

    def examine(self, root: str, machine: Machine, emit: Emit, cancel: Cancel) -> Diagnosis:
        """Find out why an environment does not work."""
        from setupwizard.workflow import Track, doctoring

        track = Track(emit, cancel)
        examined = doctoring.examine(_root(root), machine, track)
        cure = doctoring.curable(examined.document)
        if examined.document.healthy or cure is None:
            return Diagnosis(document=examined.document)
        prepared = doctoring.prepare(examined, track) if cure.code == "repair" else None
        document = doctoring.worked_out(examined, prepared) if prepared is not None else examined.document

        def carry_out(emit: Emit, cancel: Cancel) -> Doctor:
            return doctoring.cure(examined, prepared, Track(emit, cancel))

        return Diagnosis(document=document, cure=carry_out)

    def failure(self, proof: Verification, root: str) -> SetupError | None:
        """Return what a proof of an environment that was there means."""
        from setupwizard.workflow import failure

        found = failure(proof)
        if found is None or found.code == "wrong-results":
            return found
        return SetupError("drift", root=root, problem=found.facts.get("problem", ""), detail=found.detail)


def _root(path: str) -> Root:
    from setupwizard.workflow import Root

    return Root(Path(path))
