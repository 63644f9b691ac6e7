"""What would be done, for one computer or for several: the decision, every build beside it, and the plan."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from setupwizard.model.machine import Machine, PythonChoice
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Cell, Recommendation
from setupwizard.steps import planning
from setupwizard.steps.recommend import recommend
from setupwizard.steps.recommend.grid import grid as grid_of
from setupwizard.steps.tracking import Track
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.tools.workplace import workplace
from setupwizard.workflow.session import Choices


def decide(machine: Machine, choices: Choices) -> Recommendation:
    """Return the decision for a machine and the user's wishes.

    Raises:
        SetupError: "usage": a wish is not well-formed.
    """
    return recommend(machine, choices.wishes, known_catalogue().catalogue)


def grid(machine: Machine, choices: Choices) -> tuple[Cell, ...]:
    """Return every build for a machine's platform, newest torch first, with the reason for each that does not run.

    Raises:
        SetupError: "usage": a wish is not well-formed.
    """
    return grid_of(machine, choices.wishes, known_catalogue().catalogue)


def _insisting(machine: Machine, python: str | None) -> Machine:
    """Return the machine with the Python that the user insists on: no other one that is there takes its place."""
    if python is None:
        return machine
    word = python.strip()
    choice = PythonChoice(version=word.removesuffix("t"), free_threaded=word.endswith("t"), fixed=True)
    return replace(machine, python=choice)


def plan(machine: Machine, decision: Recommendation, choices: Choices, track: Track, *, portable: bool = False) -> Plan:
    """Return everything that an install would do; nothing is changed.

    Args:
        machine: the computer.
        decision: what is right for it.
        choices: what the user chose.
        track: told of each step.
        portable: it is saved for other computers, and the computer may be of another platform than this one.

    Raises:
        SetupError: there is nothing to install, or it is nowhere to be had.
        Cancelled: somebody asked to stop.
    """
    return planning.make_plan(
        planning.PlanRequest(
            machine=_insisting(machine, choices.wishes.python),
            recommendation=decision,
            root=choices.root,
            backend=choices.backend,
            sources=choices.sources,
            stop_gap=choices.wishes.variant is not None,
            portable=portable,
        ),
        track,
    )


def plans_for(
    machines: Sequence[Machine],
    choices: Choices,
    track: Track,
) -> tuple[Plan, ...]:
    """Return a plan for each of several machines as if nothing was installed yet; machines that share a build share it.

    A machine may be of another platform than this computer.

    Raises:
        SetupError: one of them has no build.
        Cancelled: somebody asked to stop.
    """
    made: dict[tuple[str, str, str, str], Plan] = {}
    with workplace() as folder:
        fresh = replace(choices, root=folder / "pytorch")
        for machine in machines:
            decision = decide(machine, choices)
            build = decision.build
            key = (build.platform, build.torch, build.variant, build.python) if build is not None else None
            if key is None or key not in made:
                one = plan(machine, decision, fresh, track, portable=True)
                made[key or ("", "", "", one.id)] = one
    return tuple(made.values())
