"""What the buttons of an error's card do: each really changes something, and then looks again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from setupwizard.gui.backend import Choices
from setupwizard.gui.state import environment_at, other_build, other_source

if TYPE_CHECKING:
    from setupwizard.gui.flow import Flow


class Fixing:
    """Carries out the fixes that need no more than the flow; what lies outside of it the window does before it asks."""

    def __init__(self, flow: Flow) -> None:
        """Take the flow."""
        self._flow = flow
        self._acts: dict[str, Callable[[], None]] = {
            "try-again": self.try_again,
            "look-again": self._look_again,
            "use-cpu-build": lambda: self._choose_anew(self._choices(torch=None, variant="cpu")),
            "other-build": self._take_other_build,
            "automatic": lambda: self._choose_anew(flow.state.choices.free()),
            "better-folder": self._take_better_folder,
            "plan-again": lambda: self._choose_anew(flow.state.choices),
            "other-source": self._take_other_source,
            "install-here": self._install_here,
            "repair": lambda: flow.upkeep.repair(flow.state.subject),
            "go-back": lambda: flow.upkeep.wish("go-back", flow.state.subject),
            "free-room": lambda: flow.upkeep.wish("tidy", flow.state.choices.root),
        }

    def fix(self, code: str) -> None:
        """Do what a button says; a code that is not known tries again."""
        if self._flow.state.fault is not None:
            self._flow.tell(fault=None)
        self._acts.get(code, self.try_again)()

    def try_again(self) -> None:
        """Do once more what did not work."""
        flow, state = self._flow, self._flow.state
        if state.removal:
            flow.installation.take_back() if state.succeeded else flow.installation.discard()
        elif state.phase == "stopped":
            flow.installation.start()
        elif "verify" in state.errors:
            flow.verify_again(thorough=False)
        elif "build" in state.errors:
            flow.make_plan()
        elif "finish" in state.errors:
            flow.upkeep.again() if flow.upkeep.waiting else flow.acts.again()
        elif "start" in state.errors:
            flow.upkeep.again() if flow.upkeep.waiting else flow.start_over()
        else:
            flow.look()

    def _choices(self, **values: object) -> Choices:
        return replace(self._flow.state.choices, **values)

    def _choose_anew(self, choices: Choices) -> None:
        """Go to page 3 with other choices and a plan made for them."""
        flow = self._flow
        flow.back_to_build()
        flow.tell(choices=choices)
        flow.arrived.emit("build")
        flow.plan_anew()

    def _look_again(self) -> None:
        """Look at the computer once more, and plan for what is found where a plan is missing."""
        planning = "build" in self._flow.state.errors
        self._flow.back_to_build()
        self._flow.look(planning=planning)

    def _take_other_build(self) -> None:
        build = other_build(self._flow.state)
        if build is not None:
            self._choose_anew(self._choices(torch=build.torch, variant=build.variant))

    def _take_better_folder(self) -> None:
        folder = self._flow.fact("build", "better")
        if folder:
            self._choose_anew(self._choices(root=folder))

    def _take_other_source(self) -> None:
        self._flow.installation.take_source(other_source(self._flow.state))

    def _install_here(self) -> None:
        there = environment_at(self._flow.state, self._flow.state.subject)
        self._choose_anew(self._choices(root=there.root if there is not None else self._flow.state.choices.root))
