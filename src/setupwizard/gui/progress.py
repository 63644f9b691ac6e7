"""How far a job is as one number that never goes back, out of the steps' own numbers. No widget is known here."""

from __future__ import annotations

from typing import Literal

from setupwizard.codes import StepId, StepStatus
from setupwizard.model.events import Event, Progress, StepFinished, StepStarted

GroupName = Literal["prepare", "fetch", "install", "verify", "finish"]

# Steps as a person counts them, with the share of the time that each takes on a common line and disk.
GROUPS: dict[GroupName, tuple[tuple[StepId, ...], float]] = {
    "prepare": (("probe", "resolve", "python"), 0.03),
    "fetch": (("fetch",), 0.62),
    "install": (("create", "install", "audit"), 0.25),
    "verify": (("verify",), 0.08),
    "finish": (("switch", "clean"), 0.02),
}
_GROUP_OF: dict[StepId, GroupName] = {step: name for name, (steps, _share) in GROUPS.items() for step in steps}


class Overall:
    """Collects the events of one job and says how far the whole of it is."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self.status: dict[StepId, StepStatus | Literal["running"]] = {}
        self._fraction: dict[StepId, float] = {}
        self._most = 0.0

    def take(self, event: Event) -> None:
        """Take an event of the job."""
        if isinstance(event, StepStarted):
            self.status[event.id] = "running"
            self._fraction[event.id] = 0.0
        elif isinstance(event, Progress) and event.total:
            self._fraction[event.id] = min(1.0, event.done / event.total)
        elif isinstance(event, StepFinished):
            self.status[event.id] = event.status
            if event.status in {"done", "skipped"}:
                self._fraction[event.id] = 1.0

    @property
    def running(self) -> StepId | None:
        """The step that runs."""
        return next((step for step, status in self.status.items() if status == "running"), None)

    def fraction(self) -> float:
        """Return how much of the job is done, from 0 to 1; never less than before."""
        done = 0.0
        begun = [name for name in GROUPS if self.group_status(name) != "waiting"]
        for name, (steps, share) in GROUPS.items():
            # What comes after a group that was left behind shows that nothing of it was to be done.
            if begun and list(GROUPS).index(name) < list(GROUPS).index(begun[-1]):
                done += share
            else:
                done += share * sum(self._fraction.get(step, 0.0) for step in steps) / len(steps)
        self._most = max(self._most, min(1.0, done))
        return self._most

    def group_status(self, name: GroupName) -> StepStatus | Literal["running", "waiting"]:
        """Return how a group stands."""
        states = [self.status[step] for step in GROUPS[name][0] if step in self.status]
        for bad in ("failed", "cancelled", "running"):
            if bad in states:
                return bad
        if not states:
            return "waiting"
        last = GROUPS[name][0][-1]
        later = any(self.group_begun(other) for other in list(GROUPS)[list(GROUPS).index(name) + 1 :])
        return "done" if last in self.status or later else "running"

    def group_begun(self, name: GroupName) -> bool:
        """Return whether any step of a group has started."""
        return any(step in self.status for step in GROUPS[name][0])


def group_of(step: StepId) -> GroupName:
    """Return the group that a step belongs to."""
    return _GROUP_OF[step]
