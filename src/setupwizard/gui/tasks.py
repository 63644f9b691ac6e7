"""What the worker threads do: plain functions over the backend, without Qt, each with one result."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import VerifyMode
from setupwizard.errors import SetupError
from setupwizard.gui.backend import Backend, Choices, Estimate, Options, Usage
from setupwizard.gui.job import Tell
from setupwizard.gui.state import fixed_wishes
from setupwizard.model.events import Emit, Outcome
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel

if TYPE_CHECKING:
    from setupwizard.model.machine import Machine
    from setupwizard.model.plan import Plan
    from setupwizard.model.recommendation import Cell, Part, Recommendation

SHORTEST_LOOK_S = 0.6
"""A result that appears at once looks as if nothing had been done."""


class Decided(Struct, frozen=True, kw_only=True):
    """What is decided for a computer; see `State`."""

    advice: Recommendation
    decision: Recommendation
    groups: tuple[Part, ...]
    cells: tuple[Cell, ...]
    estimate: Estimate | None


class Looked(Struct, frozen=True, kw_only=True):
    """The computer and what is decided for it."""

    machine: Machine
    options: Options
    decided: Decided


class Planned(Struct, frozen=True, kw_only=True):
    """A decision for the present wishes, and the plan that follows from it."""

    decided: Decided
    plan: Plan


class Applied(Struct, frozen=True, kw_only=True):
    """An install that ended; `looked` when the computer had to be looked at for it."""

    looked: Looked | None
    plan: Plan
    outcome: Outcome
    usage: Usage | None
    seconds: float


def look(backend: Backend, choices: Choices, emit: Emit, cancel: Cancel) -> Looked:
    """Look at the computer and decide.

    Raises:
        SetupError: a wish is not well-formed.
        Cancelled: somebody asked to stop.
    """
    begun = time.monotonic()
    machine = backend.detect(emit, cancel)
    decided = decide(backend, machine, choices)
    options = backend.options(machine)
    cancel.wait(max(0.0, SHORTEST_LOOK_S - (time.monotonic() - begun)))
    cancel.check()
    return Looked(machine=machine, options=options, decided=decided)


def decide(backend: Backend, machine: Machine, choices: Choices) -> Decided:
    """Decide for a computer: with the wishes, without those for a build, and without any; nothing is asked of a server.

    Raises:
        SetupError: a wish is not well-formed.
    """
    anything = replace(choices, torch=None, variant=None, python=None)
    advice = backend.recommend(machine, anything)
    decision = backend.recommend(machine, choices) if fixed_wishes(choices) else advice
    whole = backend.recommend(machine, replace(anything, gpus=None)) if choices.gpus is not None else advice
    return Decided(
        advice=advice,
        decision=decision,
        groups=whole.parts,
        cells=backend.grid(machine, choices),
        estimate=backend.estimate(decision.build) if decision.build is not None else None,
    )


def make_plan(backend: Backend, machine: Machine, choices: Choices, emit: Emit, cancel: Cancel) -> Planned:
    """Decide for the present wishes and ask the servers.

    Raises:
        SetupError: there is nothing to install, or it is nowhere to be had.
        Cancelled: somebody asked to stop.
    """
    decided = decide(backend, machine, choices)
    plan = backend.plan(machine, decided.decision, choices, emit, cancel)
    return Planned(decided=decided, plan=plan)


def discard(backend: Backend, root: str, _emit: Emit, _cancel: Cancel) -> None:
    """Delete what an unfinished setup left.

    Raises:
        SetupError: it could not be deleted.
    """
    backend.discard(root)


class Retold(Struct, frozen=True, kw_only=True):
    """What was decided and proved, in another language."""

    options: Options
    decided: Decided
    proof: Verification | None


def retell(
    backend: Backend, machine: Machine, choices: Choices, proof: Verification | None, _emit: Emit, _cancel: Cancel
) -> Retold:
    """Make the sentences of a decision and of a proof again, in the language that is spoken now."""
    return Retold(
        options=backend.options(machine),
        decided=decide(backend, machine, choices),
        proof=backend.retell(proof) if proof is not None else None,
    )


def check(
    backend: Backend, root: str, mode: VerifyMode, machine: Machine, emit: Emit, cancel: Cancel
) -> tuple[Verification, SetupError | None]:
    """Prove an environment that is there; return the proof and what it means when it was not given."""
    proof = backend.verify(root, mode, machine, emit, cancel)
    return proof, backend.failure(proof, root)


class Order(Struct, frozen=True, kw_only=True):
    """What is to be installed; what is None is found out on the way."""

    choices: Choices
    machine: Machine | None
    decision: Recommendation | None
    plan: Plan | None


class Awake(Struct, frozen=True):
    """Told beside the events of the contract: whether the system promises not to fall asleep meanwhile."""

    promised: bool


def carry_out(backend: Backend, order: Order, tell: Tell, cancel: Cancel) -> Applied:
    """Install, after whatever is still missing for it, and keep the computer awake meanwhile.

    Raises:
        SetupError: there is nothing to install, or it is nowhere to be had; a fault of the install itself stands in
            the outcome.
        Cancelled: somebody asked to stop before the install began.
    """
    begun = time.monotonic()
    looked = None
    machine, decision, plan = order.machine, order.decision, order.plan
    with backend.awake() as promised:
        tell(Awake(promised))
        if machine is None or decision is None:
            looked = look(backend, order.choices, tell, cancel)
            machine, decision = looked.machine, looked.decided.decision
        if plan is None:
            plan = backend.plan(machine, decision, order.choices, tell, cancel)
        outcome = backend.apply(plan, machine, decision, tell, cancel)
    usage = backend.usage(plan.root, plan.build) if outcome.status in {"done", "already-done"} else None
    return Applied(looked=looked, plan=plan, outcome=outcome, usage=usage, seconds=time.monotonic() - begun)
