"""Named points at which a test makes the process end as a power cut or a kill would end it."""

from __future__ import annotations

import os

from setupwizard.codes import STEP_IDS

VARIABLE = "SETUPWIZARD_CRASH_AT"
KILLED = 137
"""The exit status of a process that ended itself at a point: what a shell shows for a killed one."""

POINTS = (
    *(f"after-{step}" for step in STEP_IDS),
    *("before-claim", "after-claim", "before-complete", "after-complete"),
    *("between-current-json-and-pointer", "after-pointer", "during-discard", "during-removal"),
)
"""All of them: one behind each step, and those inside the steps that change what is in use."""


def crash_point(name: str) -> None:
    """End the process on the spot, with no clean-up of any kind, if the environment names this point."""
    if os.environ.get(VARIABLE) == name:
        os._exit(KILLED)
