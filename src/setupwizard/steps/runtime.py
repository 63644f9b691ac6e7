"""The Visual C++ runtime beside torch: for a Windows that lacks files of it, without administrator rights.

The files come with a package of the general index, as a row of the plan like every other; the package lays them where
Windows does not look for torch, so those that the system lacks are copied to the folder that torch adds to its search.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.install_data import install_data
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Package
from setupwizard.steps.tracking import step_title
from setupwizard.store.files import disk_errors

log = logging.getLogger(__name__)

Resolve = Callable[[Sequence[str]], tuple[Package, ...]]

BESIDE_TORCH = Path("Library", "bin")
"""`<environment>\\Library\\bin`: torch/__init__.py adds it to Windows' search for libraries, made for conda."""
_WHERE_THE_PACKAGE_PUTS_THEM = ("Scripts", ".")
_NOBODY_HAS_IT = frozenset(("build-not-in-sources", "file-missing", "plan-invalid", "tool-failed"))


def bringing_runtime(machine: Machine, resolve: Resolve) -> Resolve:
    """Return a way to resolve that takes the runtime along where the machine lacks files of it.

    Where the source does not hold the package, the environment is resolved without it: the missing files have their
    finding already, with Microsoft's own installer as the way out.
    """
    if not any(finding.code == "vc-runtime-missing" for finding in machine.findings):
        return resolve

    def with_runtime(further: Sequence[str]) -> tuple[Package, ...]:
        try:
            return resolve((*further, install_data().vc_runtime.requirement))
        except SetupError as error:
            if error.code not in _NOBODY_HAS_IT:
                raise
            log.info("without the Visual C++ runtime: %s", error.detail)
            return resolve(further)

    return with_runtime


def brings_runtime(packages: Sequence[Package]) -> bool:
    """Return whether the runtime is among the packages of a plan."""
    wanted = canonicalize_name(Requirement(install_data().vc_runtime.requirement).name)
    return any(canonicalize_name(package.name) == wanted for package in packages)


def install_title(packages: Sequence[Package]) -> str:
    """Return what the step that installs is called: it names the runtime when it lays it beside PyTorch."""
    if brings_runtime(packages):
        return _("Install the packages and put the Microsoft Visual C++ runtime beside PyTorch")
    return step_title("install")


def place_runtime(packages: Sequence[Package], environment: Path) -> tuple[str, ...]:
    """Copy what this Windows lacks to where torch looks; return the names of the files.

    Files that the system has stay the system's: two versions of one file in a process is what breaks it.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    if sys.platform == "win32" and brings_runtime(packages):
        from setupwizard.probes import windows

        return copy_files(windows.vc_missing(), environment)
    return ()


def copy_files(names: Sequence[str], environment: Path) -> tuple[str, ...]:
    """Copy files from where the package puts them to where torch looks; return the names of those that were there.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    target = environment / BESIDE_TORCH
    copied = []
    with disk_errors(environment):
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            places = (environment / folder / name for folder in _WHERE_THE_PACKAGE_PUTS_THEM)
            source = next((place for place in places if place.is_file()), None)
            if source is not None:
                shutil.copyfile(source, target / name)
                copied.append(name)
    log.info("Visual C++ runtime beside torch: %s of %s", copied, list(names))
    return tuple(copied)
