"""What makes environments: uv, pip where uv cannot run, and conda, behind one interface with the same guarantees."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from setupwizard import platforms
from setupwizard.codes import Backend as BackendName
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.plan import Plan, PlanPython
from setupwizard.tools import uv
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.installer import Installer
from setupwizard.tools.pip_install import Pip
from setupwizard.tools.uv import Uv

log = logging.getLogger(__name__)

Listener = Callable[[str], None]


EARLY: frozenset[BackendName] = frozenset(("uv",))
"""Backends that can begin while wheels are still arriving (steps/building)."""


class Chosen(NamedTuple):
    """The backend that does the work.

    Attributes:
        without_uv: uv resolves nothing and installs nothing.
        uv_barred: it would, but this computer does not let it run.
    """

    name: BackendName
    without_uv: bool = False
    uv_barred: bool = False


class Backend(Protocol):
    """Makes an empty environment and installs a lock into it; the fetch, the audit, the proof are the same for all."""

    def create_argv(self, python: PlanPython, folder: Path) -> tuple[str, ...]:
        """Return the command that makes the environment."""
        ...

    def install_argv(self, folder: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:
        """Return the command that installs the wheels; `arriving`: some are still on their way (see EARLY)."""
        ...

    def create(self, plan: Plan, folder: Path) -> None:
        """Make the plan's environment without its wheels, in an empty folder.

        Raises:
            SetupError: why it cannot be made.
            Cancelled: somebody asked to stop.
        """
        ...

    def install(self, folder: Path, lock: Path) -> None:
        """Install exactly the wheels of a lock, from the store and without any network.

        Raises:
            SetupError: why it cannot be done.
            Cancelled: somebody asked to stop.
        """
        ...


def choose(wanted: BackendName, cancel: Cancel | None = None) -> Chosen:
    """Return the backend for a wish: pip takes the place of a uv that this computer does not let run.

    Raises:
        Cancelled: somebody asked to stop.
    """
    if wanted == "pip":
        return Chosen("pip", without_uv=True)
    reason = uv.why_not(cancel)
    if reason is None:
        return Chosen(wanted)
    log.warning("uv cannot be run: %s", reason)
    return Chosen("pip", without_uv=True, uv_barred=True)


def create_title(chosen: Chosen) -> str:
    """Return what the step that makes the environment is called: it says so when another does the work."""
    if chosen.uv_barred:
        return _("Create a private Python environment with pip, as uv cannot be run on this computer")
    return _("Create a private Python environment")


def backend_of(
    name: BackendName, work: Path, *, cancel: Cancel | None = None, listen: Listener | None = None
) -> Backend:
    """Return a backend by its name.

    Args:
        name: of the plan.
        work: a private folder for caches and temporary files; the caller removes it.
        cancel: a wish to stop.
        listen: gets what the tools print.
    """
    return _Venv((Uv if name == "uv" else Pip)(work, cancel=cancel, listen=listen))


class _Venv:
    """A virtual environment on a Python that is already there."""

    def __init__(self, installer: Installer) -> None:
        self._installer = installer

    def create_argv(self, python: PlanPython, folder: Path) -> tuple[str, ...]:
        return self._installer.venv_argv(python.path or python.version, folder)

    def install_argv(self, folder: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:
        return self._installer.sync_argv(platforms.python_in(folder), lock, arriving=arriving)

    def create(self, plan: Plan, folder: Path) -> None:
        if plan.python.path is None:
            raise SetupError("python-missing", python=plan.python.version)
        self._installer.venv(plan.python.path, folder)

    def install(self, folder: Path, lock: Path) -> None:
        self._installer.sync(platforms.python_in(folder), lock)
