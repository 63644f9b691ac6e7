"""Named points at which a test makes the process end as a power cut or a kill would end it."""

from __future__ import annotations

import os

VARIABLE = "SETUPWIZARD_CRASH_AT"
KILLED = 137
"""The exit status of a process that ended itself at a point: what a shell shows for a killed one."""


def crash_point(name: str) -> None:
    """End the process on the spot, with no clean-up of any kind, if the environment names this point."""
    if os.environ.get(VARIABLE) == name:
        os._exit(KILLED)
