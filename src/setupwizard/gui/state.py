"""All that the pages show, in one frozen value: a page is a function of it, so any language can show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from setupwizard.gui.backend import Choices, Estimate, Options, Unfinished, Usage
from setupwizard.model.events import Error, Outcome
from setupwizard.model.settings import Preferences
from setupwizard.model.verification import Verification

if TYPE_CHECKING:
    from setupwizard.model.environments import Environment
    from setupwizard.model.machine import Machine
    from setupwizard.model.plan import Plan
    from setupwizard.model.recommendation import Build, Cell, Part, Recommendation

PageName = Literal["start", "computer", "build", "install", "verify", "finish"]
PAGES: tuple[PageName, ...] = ("start", "computer", "build", "install", "verify", "finish")
Phase = Literal["idle", "running", "stopping", "stopped", "done"]
Act = Literal["use", "check", "update", "repair", "go-back", "tidy", "remove"]
"""What can be done with an environment that is there."""


class Tending(Struct, frozen=True, kw_only=True):
    """Something that is being done with an environment, or that was done.

    Attributes:
        running: it is not done yet.
        told: how it ended, a sentence.
        good: whether that is what was wanted.
    """

    root: str
    act: Act
    running: bool = True
    told: str = ""
    good: bool = True


class State(Struct, frozen=True, kw_only=True):
    """How far the visit is.

    Attributes:
        preferences: the settings that hold.
        custom: the person wants to see every choice.
        looking: the computer is looked at now.
        options: what can be chosen beside the builds.
        advice: the recommendation while no build was wished for.
        groups: the groups of cards to choose among where no single build serves them all.
        cells: every published build, with the reason for each that does not run here.
        decision: the recommendation with the wishes; the same as `advice` while there are none.
        planning: servers are asked now; `plan` is the one before or None.
        phase: how the install stands; whatever is not "idle" has passed the point of commitment.
        awake: whether the system promised not to fall asleep while it installs; None: it has not answered yet.
        paused: the download rests because the person wants it to.
        removal: the person wants everything removed that the install brought, and that is still to be done.
        checking: the proof runs again, on its own.
        install_seconds: how long the install took.
        environments: what was found of earlier visits and of other programs.
        tending: what is being done, or was done last, with one of them.
        visiting: the person looks at an environment that was there already: nothing is installed.
        saved: the file that the report or the plan was written to last.
        stop_gap: the processor build was taken because something else has to come first, not because of a wish.
        freeable: bytes that downloads hold beside the environment; None: not looked yet.
        freed: bytes that removing them gave back.
        errors: what went wrong, by the page that shows it.
        fault: a fault of ours that no job answers for, and the page on which it came up.
    """

    choices: Choices
    preferences: Preferences = field(default_factory=Preferences)
    custom: bool = False
    unfinished: Unfinished | None = None
    looking: bool = False
    machine: Machine | None = None
    options: Options | None = None
    advice: Recommendation | None = None
    groups: tuple[Part, ...] = ()
    cells: tuple[Cell, ...] = ()
    decision: Recommendation | None = None
    estimate: Estimate | None = None
    planning: bool = False
    plan: Plan | None = None
    phase: Phase = "idle"
    awake: bool | None = None
    paused: bool = False
    removal: bool = False
    outcome: Outcome | None = None
    verification: Verification | None = None
    checking: bool = False
    install_seconds: float | None = None
    usage: Usage | None = None
    environments: tuple[Environment, ...] = ()
    tending: Tending | None = None
    visiting: bool = False
    stop_gap: bool = False
    saved: str = ""
    freeable: int | None = None
    freed: int = 0
    errors: dict[PageName, Error] = field(default_factory=dict)
    fault: tuple[PageName, Error] | None = None

    @property
    def committed(self) -> bool:
        """Whether Install was pressed."""
        return self.phase != "idle"

    @property
    def installing(self) -> bool:
        """Whether closing the window now would stop an install."""
        return self.phase in {"running", "stopping"}

    @property
    def build(self) -> Build | None:
        """The build that will be installed, as far as it is known."""
        if self.plan is not None and not self.planning:
            return self.plan.build
        return self.decision.build if self.decision is not None else None

    @property
    def judged(self) -> Recommendation | None:
        """The decision for the computer as it is; what only bridges the time until a driver is no part of it."""
        return self.advice if self.stop_gap and self.advice is not None else self.decision

    @property
    def subject(self) -> str:
        """The folder of the environment that all this is about, as far as it is known."""
        if self.tending is not None and not self.committed:
            return self.tending.root
        if self.outcome is not None and self.outcome.root is not None:
            return self.outcome.root
        return self.plan.root if self.plan is not None else self.choices.root

    @property
    def succeeded(self) -> bool:
        """Whether the environment is there and in use."""
        return self.outcome is not None and self.outcome.status in {"done", "already-done"}


def fixed_wishes(choices: Choices) -> bool:
    """Return whether the person asked for a certain build, so that the decision may differ from the advice."""
    return choices.torch is not None or choices.variant is not None or choices.python is not None


def other_source(state: State) -> str | None:
    """Return the download server after the present one, None when there is no other."""
    options, plan = state.options, state.plan
    ids = [option.value for option in options.sources] if options is not None else []
    present = state.choices.source or (plan.source.id if plan is not None else None)
    place = ids.index(present) + 1 if present in ids else 0
    other = ids[place % len(ids)] if ids else None
    return other if other != present else None


def other_build(state: State) -> Build | None:
    """Return the next build that would run here after the present one, None when there is none."""
    advice, present = state.advice, state.build
    if advice is None or present is None:
        return None
    builds = [build for build in (advice.build, *advice.alternatives) if build is not None]
    names = [(build.torch, build.variant) for build in builds]
    here = (present.torch, present.variant)
    place = names.index(here) + 1 if here in names else 0
    same_kind = [build for build in builds[place:] if (build.variant == "cpu") == (present.variant == "cpu")]
    return next(iter(same_kind), None)


def environment_at(state: State, root: str) -> Environment | None:
    """Return the known environment in a folder."""
    return next((one for one in state.environments if one.root == root), None)
