"""The computer apart from its cards: each system is asked in its own way."""

from __future__ import annotations

import platform
import sys

from setupwizard.codes import OsName, Platform
from setupwizard.model.catalogue import platform_of, processor_of
from setupwizard.model.machine import Surroundings
from setupwizard.probes import linux
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.roots import Roots
from setupwizard.tools.concurrency import Cancel

_NAMES: dict[str, OsName] = {"win32": "windows", "darwin": "macos"}


def os_here() -> OsName:
    """Return the contract's word for the system that this program runs on."""
    return _NAMES.get(sys.platform, "linux")


def platform_here() -> Platform | None:
    """Return what PyTorch calls this computer's system and processor, None when it knows neither."""
    return platform_of(os_here(), processor_of(platform.machine()))


def minimal(roots: Roots) -> SystemFacts:
    """Return what needs no question at all, for when the system does not answer in time."""
    return SystemFacts(
        os=os_here(),
        arch=processor_of(platform.machine()),
        environment=Surroundings(remote=linux.remote(roots)),
    )


def facts(roots: Roots, *, cancel: Cancel | None = None) -> SystemFacts:
    """Return what the system says about itself; whatever is neither Windows nor macOS is asked as Linux."""
    if sys.platform == "win32":
        from setupwizard.probes import windows

        return windows.facts()
    elif sys.platform == "darwin":  # noqa: RET505 - the type checker reads one branch for each system
        from setupwizard.probes import macos

        return macos.facts(roots, cancel=cancel)
    else:
        return linux.facts(roots)
