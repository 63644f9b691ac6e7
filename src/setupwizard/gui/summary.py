"""How each step stands in the step list, and the line below a finished one."""

from __future__ import annotations

from setupwizard.gui.state import PAGES, PageName, State
from setupwizard.gui.widgets.rail import Rail, StepState
from setupwizard.gui.wording import build_summary, card_name, page_name, short_name
from setupwizard.i18n import _
from setupwizard.model.format import format_duration, format_memory, listed


def show_steps(rail: Rail, state: State, here: int) -> None:
    """Show all steps while the page with the index `here` is shown."""
    for index, name in enumerate(PAGES):
        rail.show_step(
            index,
            page_name(name),
            summary(name, state) if index < here else "",
            standing(index, here, name, state),
            here=index == here,
            reachable=index < here and not state.committed,
        )


def summary(name: PageName, state: State) -> str:
    """Return what a step led to, in a few words; empty when there is nothing to say."""
    if name == "start":
        return _("Custom") if state.custom else _("Recommended")
    if name == "computer":
        return _computer(state)
    if name == "build":
        return build_summary(state.build) if state.build is not None else ""
    if name == "install":
        return format_duration(state.install_seconds) if state.install_seconds is not None else ""
    if name == "verify":
        return _verdict(state)
    return ""


def _computer(state: State) -> str:
    machine, decision = state.machine, state.decision
    if machine is None or decision is None:
        return ""
    used = [machine.gpus[index] for index in decision.gpus if index < len(machine.gpus)]
    if not used:
        return _("CPU only")
    memory = format_memory(used[0].memory_mib) if used[0].memory_mib else ""
    return listed((short_name(card_name(used[0])), memory))


def _verdict(state: State) -> str:
    proof = state.verification
    if proof is None:
        return ""
    words = {
        "pass": _("All checks passed"),
        "warn": _("Passed with a remark"),
        "fail": _("Not passed"),
        "not-verified": _("Not checked"),
    }
    return words[proof.verdict]


def standing(index: int, here: int, name: PageName, state: State) -> StepState:
    """Return how a step stands while the page with the index `here` is shown."""
    if name in state.errors and index <= here:
        return "problem"
    if index == here:
        return "current"
    return "done" if index < here else "upcoming"
