"""What makes environments: uv, pip where uv cannot run, and conda, behind one interface with the same guarantees."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from setupwizard import platforms
from setupwizard.codes import Backend as BackendName
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Emit, Progress, ignore
from setupwizard.model.machine import FoundConda, Machine
from setupwizard.model.plan import Plan, PlanPython
from setupwizard.steps.tracking import step_title
from setupwizard.store.files import disk_errors
from setupwizard.tools import uv
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.conda import Conda
from setupwizard.tools.conda_answers import CondaPackage
from setupwizard.tools.installer import Installer
from setupwizard.tools.interpreter import ask_version
from setupwizard.tools.pip_install import Pip
from setupwizard.tools.uv import Uv

log = logging.getLogger(__name__)

Listener = Callable[[str], None]

EARLY: frozenset[BackendName] = frozenset(("uv",))
"""Backends that can begin while wheels are still arriving (steps/early_build)."""
OVERRIDE_CUDA = "CONDA_OVERRIDE_CUDA"
"""conda's variable for the newest CUDA of the driver; a setting of the plan where conda chooses a GPU build by it."""
_PREFERRED = ("conda", "mamba", "micromamba")


class Chosen(NamedTuple):
    """The backend that does the work.

    Attributes:
        without_uv: uv resolves nothing and installs nothing.
        uv_barred: it would, but this computer does not let it run.
        conda: the program of conda, for that backend.
    """

    name: BackendName
    without_uv: bool = False
    uv_barred: bool = False
    conda: FoundConda | None = None


class Backend(Protocol):
    """Makes an empty environment and installs a lock into it; the fetch, the audit, the proof are the same for all."""

    def create_argv(self, python: PlanPython, folder: Path) -> tuple[str, ...]:
        """Return the command that makes the environment."""
        ...

    def install_argv(self, folder: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:
        """Return the command that installs the wheels; `arriving`: some are still on their way (see EARLY)."""
        ...

    def check(self, plan: Plan) -> None:
        """Find out whether the plan's environment can be made here: its Python runs, or its conda.

        Raises:
            SetupError: "python-missing", "conda-missing".
        """
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


def choose(wanted: BackendName, machine: Machine, cancel: Cancel | None = None) -> Chosen:
    """Return the backend for a wish: pip takes the place of a uv that this computer does not let run.

    Raises:
        SetupError: "conda-missing".
        Cancelled: somebody asked to stop.
    """
    if wanted == "pip":
        return Chosen("pip", without_uv=True)
    barred = uv.why_not(cancel)
    if barred is not None:
        log.warning("uv cannot be run: %s", barred)
    if wanted == "conda":
        return Chosen("conda", without_uv=barred is not None, conda=_preferred(machine))
    return Chosen("uv") if barred is None else Chosen("pip", without_uv=True, uv_barred=True)


def _preferred(machine: Machine) -> FoundConda:
    """Return the program that is asked first: conda itself, whose answers are the ones that are known best.

    The document of a machine may name programs of another computer: those that are not here do not count.
    """
    here = [conda for conda in machine.condas if Path(conda.path).is_file()]
    kinds = [conda for kind in _PREFERRED for conda in here if conda.kind == kind]
    if not kinds:
        raise SetupError("conda-missing")
    return kinds[0]


def create_title(chosen: Chosen) -> str:
    """Return what the step that makes the environment is called: it says so when another does the work."""
    if chosen.conda is not None:
        return _("Let {program} create a private environment").format(program=chosen.conda.kind or "conda")
    if chosen.uv_barred:
        return _("Create a private Python environment with pip, as uv cannot be run on this computer")
    return step_title("create")


def python_title(python: PlanPython) -> str:
    """Return what the step is called that makes sure of the environment's Python."""
    if python.source == "conda":
        return _("Check conda, which brings Python {version}").format(version=python.version)
    if python.source == "managed" and python.path is None:
        return _("Download Python {version}").format(version=python.version)
    return _("Check Python {version}").format(version=python.version)


def backend_of(
    name: BackendName,
    work: Path,
    *,
    cancel: Cancel | None = None,
    listen: Listener | None = None,
) -> Backend:
    """Return a backend that needs nothing but a Python.

    Args:
        name: uv or pip.
        work: a private folder for caches and temporary files; the caller removes it.
        cancel: a wish to stop.
        listen: gets what the tools print.
    """
    return _Venv(_installer(name == "pip", work, cancel, listen))


def conda_of(chosen: Chosen, work: Path, specs: Sequence[str]) -> Backend:
    """Return the backend that asks a conda for these packages: it tells the commands of a plan."""
    assert chosen.conda is not None  # noqa: S101 - who chose conda has one
    return _Conda(Conda(chosen.conda), _installer(chosen.without_uv, work, None, None), specs=specs)


def backend_for(plan: Plan, work: Path, *, cancel: Cancel, listen: Listener, emit: Emit = ignore) -> Backend:
    """Return the backend that carries a plan out, with the program of conda that the plan names.

    Raises:
        Cancelled: somebody asked to stop.
    """
    if plan.backend != "conda":
        return backend_of(plan.backend, work, cancel=cancel, listen=listen)
    program = _create_step(plan)[0]
    conda = Conda(FoundConda(path=program, kind=Path(program).stem), cancel=cancel, listen=listen)
    barred = uv.why_not(cancel) is not None
    return _Conda(conda, _installer(barred, work, cancel, listen), emit=emit)


def _installer(without_uv: bool, work: Path, cancel: Cancel | None, listen: Listener | None) -> Installer:
    return (Pip if without_uv else Uv)(work, cancel=cancel, listen=listen)


def _create_step(plan: Plan) -> tuple[str, ...]:
    argv = next((step.argv for step in plan.steps if step.id == "create"), ())
    if not argv:
        raise SetupError("conda-missing")
    return argv


def _path_of(python: PlanPython) -> str:
    if python.path is None:
        raise SetupError("python-missing", python=python.version)
    return python.path


def _must_be(version: str, python: Path | str) -> None:
    """Run an interpreter: a path on a list is no proof that it still works, nor which one it is."""
    found, result = ask_version(python)
    if found != version:
        raise SetupError("python-missing", python=version, detail=result.stdout + result.stderr)


class _Venv:
    """A virtual environment on a Python that is already there."""

    def __init__(self, installer: Installer) -> None:
        self._installer = installer

    def create_argv(self, python: PlanPython, folder: Path) -> tuple[str, ...]:
        return self._installer.venv_argv(python.path or python.version, folder)

    def install_argv(self, folder: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:
        return self._installer.sync_argv(platforms.python_in(folder), lock, arriving=arriving)

    def check(self, plan: Plan) -> None:
        _must_be(plan.python.version, _path_of(plan.python))

    def create(self, plan: Plan, folder: Path) -> None:
        self._installer.venv(_path_of(plan.python), folder)

    def install(self, folder: Path, lock: Path) -> None:
        self._installer.sync(platforms.python_in(folder), lock)


class _Conda:
    """An environment that conda makes, with its own Python; wheels come into it as into every other."""

    def __init__(self, conda: Conda, installer: Installer, *, specs: Sequence[str] = (), emit: Emit = ignore) -> None:
        self._conda = conda
        self._installer = installer
        self._specs = specs
        self._emit = emit

    def create_argv(self, python: PlanPython, folder: Path) -> tuple[str, ...]:  # noqa: ARG002 - among the specs
        return self._conda.create_argv(folder, self._specs)

    def install_argv(self, folder: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:  # noqa: ARG002
        return self._installer.add_argv(platforms.python_of_conda_in(folder), lock)

    def check(self, plan: Plan) -> None:  # noqa: ARG002 - the program was taken from it
        self._conda.info()

    def create(self, plan: Plan, folder: Path) -> None:
        with disk_errors(folder):
            folder.rmdir()  # claimed and empty; what is there already, conda would change or replace without a word
        packages = [
            CondaPackage(
                name=one.name, version=one.version, file=one.file, url=one.url, sha256=one.sha256, size=one.size
            )
            for one in plan.by_conda
        ]
        cuda = next((row.value for row in plan.source.settings if row.name == OVERRIDE_CUDA), "")
        self._conda.create(_create_step(plan), folder, packages, cuda=cuda, arriving=self._tell)
        _must_be(plan.python.version, platforms.python_of_conda_in(folder))

    def install(self, folder: Path, lock: Path) -> None:
        self._installer.add(platforms.python_of_conda_in(folder), lock)

    def _tell(self, done: int, total: int, file: str | None) -> None:
        self._emit(Progress(id="create", done=done, total=total, unit="bytes", file=file))
