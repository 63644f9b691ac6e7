"""Folders in which an environment would break sooner or later: found before anything starts, with a better one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePath, PurePosixPath

from msgspec import Struct, field

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.install_data import install_data
from setupwizard.probes.disks import drive_kind
from setupwizard.tools import userdirs

_MAX_PATH = 259
_BELOW_ROOT = len("\\gens\\0001\\Lib\\site-packages\\")
_SYSTEM = ("bin", "boot", "etc", "lib", "lib32", "lib64", "proc", "sbin", "snap", "sys", "System", "usr")
_SYSTEM_VARIABLES = ("SYSTEMROOT", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432")


def _has(path: PurePath) -> bool:
    return os.path.lexists(path)


def _is_network(path: PurePath) -> bool:
    return drive_kind(Path(path)) == "network"


class Surroundings(Struct, frozen=True, kw_only=True):
    """What counts about this computer; every default is this one as it is.

    Attributes:
        windows: whether its rules hold.
        long_paths: whether paths longer than 259 characters work.
        environ: the environment variables, with the folders of the system and of OneDrive.
        has: whether a path is there.
        is_network: whether a path lies, or will lie, on another computer.
    """

    windows: bool = sys.platform == "win32"
    long_paths: bool = field(default_factory=platforms.long_paths)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    home: PurePath | None = field(default_factory=userdirs.home)
    has: Callable[[PurePath], bool] = _has
    is_network: Callable[[PurePath], bool] = _is_network


def refuse_unsuitable(path: Path) -> None:
    """Refuse a folder for a new environment that would break there sooner or later.

    Raises:
        SetupError: "path-unsuitable", with the reason and a better folder.
    """
    around, better = Surroundings(), platforms.default_root()
    reason = why_not(path, around)
    if reason is None and path != better:
        # nobody is sent to a folder of which the same is true
        unwanted = why_rather_not(path, around)
        reason = unwanted if unwanted is not None and why_rather_not(better, around) is None else None
    if reason is not None:
        raise unsuitable(path, reason)


def unsuitable(path: Path, why: str) -> SetupError:
    """Return the error for a folder that no environment should live in; `why` is a sentence."""
    return SetupError("path-unsuitable", path=str(path), why=why, better=str(platforms.default_root()))


def why_not(path: PurePath, around: Surroundings) -> str | None:
    """Return why an environment cannot work in a folder at all, as a sentence; None: nothing speaks against it."""
    if around.windows and not around.long_paths:
        most = _MAX_PATH - _BELOW_ROOT - install_data().longest_member
        if len(str(path)) > most:
            return _("Its path has {count} characters, and with PyTorch's own files it may have {most}.").format(
                count=len(str(path)), most=most
            )
    if ".git" in path.parts:
        return _("It lies among the files that Git keeps for itself.")
    if any(_is_below(path, folder) for folder in _system_folders(path, around)):
        return _("It belongs to the system.")
    for folder in path.parents:
        if around.has(folder / "pyvenv.cfg") or around.has(folder / "conda-meta"):
            return _("It lies inside another Python environment, {folder}.").format(folder=folder)
        if around.has(folder / "gens") and around.has(folder / "journal.jsonl"):
            return _("It lies inside another environment of this program, {folder}.").format(folder=folder)
    return None


def why_rather_not(path: PurePath, around: Surroundings) -> str | None:
    """Return what speaks against a folder where there is a better one, as a sentence."""
    service = synchronised_by(path, around)
    if service is not None:
        return _("{name} would copy its thousands of files to the internet and lock them meanwhile.").format(
            name=service
        )
    if around.is_network(path) or str(path).startswith("\\\\"):
        return _("It lies on another computer: PyTorch would start slowly, and not at all without the network.")
    return None


def synchronised_by(path: PurePath, around: Surroundings) -> str | None:
    """Return the name of the service that copies a folder elsewhere, None when none is known to.

    Known are the folders that a service names in an environment variable, the names that it gives to its folder, and
    the files that it leaves in it.
    """
    home = _folded(around.home) if around.home is not None else None
    for service in install_data().synchronised:
        for variable in service.variables:
            named = around.environ.get(variable, "")
            if named and _is_below(path, type(path)(named)):
                return service.name
        for folder in (path, *path.parents):
            name = folder.name.casefold()
            known = any(fnmatchcase(name, pattern) for pattern in service.folders)
            at_home = _folded(folder.parent) == home and name in service.at_home
            if known or at_home or any(around.has(folder / marker) for marker in service.markers):
                return service.name
    return None


def _system_folders(path: PurePath, around: Surroundings) -> Iterator[PurePath]:
    if around.windows:
        for variable in _SYSTEM_VARIABLES:
            if around.environ.get(variable):
                yield type(path)(around.environ[variable])
        return
    if not _is_below(path, PurePosixPath("/usr/local")):
        yield from (PurePosixPath("/", name) for name in _SYSTEM)


def _is_below(path: PurePath, folder: PurePath) -> bool:
    return _folded(folder) in {_folded(path), *(_folded(parent) for parent in path.parents)}


def _folded(path: PurePath) -> str:
    """Return a path in the form that is compared: Windows tells no letters apart by their size."""
    return str(path) if isinstance(path, PurePosixPath) else str(path).casefold()
