"""How the NVIDIA driver comes onto a computer: what to fetch or to run, what happens then. Dated data, not code."""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct, field

from setupwizard.i18n import _
from setupwizard.model.format import format_bytes
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Action
from setupwizard.model.wire import read_document
from setupwizard.resources import resource

_DRIVER = frozenset(("install-nvidia-driver", "update-nvidia-driver", "replace-nvidia-driver"))


class DriverHelp(Struct, frozen=True, kw_only=True):
    """The way to the driver.

    Attributes:
        url: the page to fetch it from; empty where the distribution brings it.
        commands: what to type on this Linux, in order; they are shown, never run.
        notes: what will happen and what to mind, a sentence each.
    """

    url: str = ""
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class _Windows(Struct, frozen=True):
    download_bytes: int


class _Distribution(Struct, frozen=True):
    name: str
    pattern: str
    commands: tuple[str, ...]
    commands_of_branch: tuple[str, ...]
    first: str = ""
    brings: dict[str, int] = field(default_factory=dict)


class _Data(Struct, frozen=True):
    windows: _Windows
    linux: tuple[_Distribution, ...]


@cache
def _data() -> _Data:
    return read_document(_Data, resource("drivers.json"))


def driver_help(action: Action, machine: Machine) -> DriverHelp | None:
    """Return the way to the driver that an action asks for; None for any other action.

    Args:
        action: of a recommendation.
        machine: the computer.
    """
    if action.code not in _DRIVER:
        return None
    here = machine.os == "linux" and not machine.wsl and not machine.environment.container
    known = _distribution(machine) if here else None
    notes = [*_what_happens(action, machine, known), *_what_to_mind(machine)]
    if known is None:
        return DriverHelp(url=action.url or "", notes=tuple(notes))
    branch = action.at_most_branch
    rows = known.commands_of_branch if branch is not None else known.commands
    return DriverHelp(
        url=action.url or "",
        commands=tuple(row.replace("{branch}", branch or "") for row in rows),
        notes=tuple(notes),
    )


def _distribution(machine: Machine) -> _Distribution | None:
    return next((row for row in _data().linux if re.match(row.pattern, machine.os_version or "")), None)


def _what_happens(action: Action, machine: Machine, known: _Distribution | None) -> list[str]:
    if machine.os == "windows":
        size = format_bytes(_data().windows.download_bytes)
        return [
            _("The page offers the right file once you choose your card; it is about {size}.").format(size=size),
            _("The installer asks for administrator rights, and the screen may go dark for a moment."),
        ]
    if known is None:
        return [_("Your distribution's own tool for drivers is the safest way; the page is for all others.")]
    notes = [_("{name} brings the driver itself. We show the command and never run it.").format(name=known.name)]
    if known.first == "non-free":
        notes.append(_("Its parts contrib, non-free and non-free-firmware have to be switched on for that."))
    elif known.first == "rpmfusion":
        notes.append(_("RPM Fusion has to be switched on for that. Wait five minutes before you restart."))
    brings = next(
        (branch for version, branch in known.brings.items() if f" {version}" in (machine.os_version or "")), 0
    )
    if brings and action.at_least and brings < int(action.at_least.split(".")[0]):
        notes.append(
            _("It brings branch {branch}. We then choose the newest build that runs with it.").format(branch=brings)
        )
    return notes


def _what_to_mind(machine: Machine) -> list[str]:
    notes = []
    secure = bool(machine.environment.secure_boot)
    if machine.os == "linux" and secure:
        notes.append(
            _(
                "Secure Boot is on: the computer starts only software that is signed. If the installation asks for a "
                'password, remember it; at the next start a blue screen asks for it under "Enroll MOK".'
            )
        )
    integrated = any(gpu.integrated and gpu.vendor in {"intel", "amd"} for gpu in machine.gpus)
    nvidia = any(gpu.vendor == "nvidia" for gpu in machine.gpus)
    if integrated and nvidia:
        notes.append(
            _(
                "This computer has two graphics processors (Optimus). The screen may stay on the other one; PyTorch "
                "uses the NVIDIA card all the same."
            )
        )
    return notes
