"""The shape of what each system says about itself, and the parts that psutil answers alike on all of them."""

from __future__ import annotations

from typing import Literal

import psutil
from msgspec import Struct

from setupwizard.codes import OsName
from setupwizard.model.machine import Surroundings


class SystemFacts(Struct, frozen=True, kw_only=True):
    """The fields of a Machine that are about the system.

    Attributes:
        vc_missing: Windows: the files of the Visual C++ runtime that torch needs and the system lacks.
    """

    os: OsName
    os_version: str | None = None
    arch: str
    libc: str | None = None
    wsl: bool = False
    jetpack: str | None = None
    memory_mib: int | None = None
    environment: Surroundings
    vc_missing: tuple[str, ...] = ()


def memory_mib(limit: int | None = None) -> int:
    """Return the memory in MiB that programs can have: the computer's, or the limit of the container in bytes."""
    total = psutil.virtual_memory().total
    return (min(total, limit) if limit else total) >> 20


def power() -> Literal["ac", "battery"] | None:
    """Return where the current comes from; None when there is no battery to ask."""
    try:
        battery = psutil.sensors_battery()
    except (OSError, RuntimeError, NotImplementedError, AttributeError):
        return None
    if battery is None or battery.power_plugged is None:
        return None
    return "ac" if battery.power_plugged else "battery"
