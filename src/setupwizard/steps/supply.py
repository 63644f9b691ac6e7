"""Where the Python of an environment may come from: one on the computer, one that uv brings, the package's own."""

from __future__ import annotations

import logging
import sys

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import Platform
from setupwizard.errors import SetupError
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Package, PlanPython, PythonSource
from setupwizard.model.pythons import minor_of
from setupwizard.model.recommendation import Build
from setupwizard.probes.listings import PythonSpec
from setupwizard.probes.managed import Managed, managed
from setupwizard.resources import bundled_python, packaged
from setupwizard.steps.drafting import Interpreter
from setupwizard.steps.offers import usable_pythons
from setupwizard.store.layout import Root
from setupwizard.store.pythons import interpreter as place_of
from setupwizard.tools import pip, uv
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.interpreter import ask_version
from setupwizard.tools.process import own_python

log = logging.getLogger(__name__)


class Supply(Struct, frozen=True, kw_only=True):
    """The Pythons that a build is looked for with.

    Attributes:
        pythons: those that are there come first; the path is that of an interpreter of this version to resolve with.
        brought: the one among them that uv would bring; bundled: the version that came with the program.
        helper: an interpreter that is here, to resolve for a version that is still to come.
        error: why none can be brought.
    """

    pythons: tuple[PythonSpec, ...]
    brought: Managed | None = None
    bundled: str | None = None
    helper: str | None = None
    error: SetupError | None = None

    def interpreter(self, spec: PythonSpec, root: Root, platform: Platform) -> Interpreter:
        """Return the Python of a plan, with what has to be fetched for it."""
        if self.brought is not None and spec.version == self.brought.python:
            archive = self.brought.archive
            place = place_of(root, spec.version, platform, archive)
            path = str(place) if place.is_file() else None
            python = PlanPython(version=spec.version, source="managed", path=path)
            return Interpreter(python=python, packages=(archive,), settings=self.brought.settings)
        source: PythonSource = "bundled" if spec.version == self.bundled else "found"
        return Interpreter(python=PlanPython(version=spec.version, source=source, path=spec.path))


def supply_of(
    machine: Machine,
    python: str,
    platform: Platform,
    cancel: Cancel,
    *,
    by_conda: bool = False,
    closed: str | None = None,
    kept: Package | None = None,
) -> Supply:
    """Return the Pythons for a build: a Python is brought only when none on the computer is the wanted one.

    Args:
        machine: with its Pythons and the user's wish.
        python: the build's, wanted where the user wishes none.
        platform: of the build.
        cancel: a wish to stop.
        by_conda: conda brings the Python, whichever it is.
        closed: why nothing may be brought: everything comes from an offline folder. None: it may.
        kept: the build's Python as it was brought before; it serves where a newer one cannot be had.

    Raises:
        Cancelled: somebody asked to stop.
    """
    found = usable_pythons(machine)
    own = own_python()
    helper = str(own) if own else next(iter(_helpers(machine)), None)
    wanted = machine.insisted.name if machine.insisted is not None else python
    minor = minor_of(wanted)
    here = Supply(pythons=found, helper=helper)
    if any(spec.version == minor for spec in found):
        return here
    if by_conda:
        return replace(here, pythons=(*found, PythonSpec(version=minor)))
    barred = closed or _uv_barred(cancel)
    if barred is not None:
        error = SetupError("python-missing", python=wanted, detail=barred)
        return _with_bundled(replace(here, error=error), wanted)
    try:
        return _with_brought(here, managed(wanted, platform, cancel=cancel))
    except SetupError as error:
        if error.code != "python-missing":
            raise
        log.info("no Python %s can be brought: %s", wanted, error.detail)
        if kept is not None and wanted == python:
            return _with_brought(here, Managed(python=minor, archive=kept))
        return _with_bundled(replace(here, error=error), wanted)


def _with_brought(supply: Supply, brought: Managed) -> Supply:
    """Add a Python that is still to come; our own interpreter of that version resolves as it would itself."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    path = str(own_python()) if own == brought.python and not packaged() else None
    return replace(supply, pythons=(*supply.pythons, PythonSpec(version=brought.python, path=path)), brought=brought)


def _helpers(machine: Machine) -> list[str]:
    """Return the interpreters of the machine, those first that our pip runs on."""
    return [python.path for python in sorted(machine.pythons, key=lambda one: not pip.runs_on(one.version))]


def _uv_barred(cancel: Cancel) -> str | None:
    why = uv.why_not(cancel)
    return None if why is None else f"uv cannot be run: {why}"


def supply_elsewhere(build: Build) -> Supply:
    """Return the Python of another computer, which carries the plan out with one of its own or one that it brings."""
    own = own_python() or bundled_python()
    return Supply(pythons=(PythonSpec(version=build.python),), helper=str(own) if own is not None else None)


def _with_bundled(supply: Supply, wanted: str) -> Supply:
    """Add the Python that came with the program, where it is the wanted one or nothing else is there."""
    python = bundled_python()
    version = ask_version(python)[0] if python is not None else None
    if python is None or version is None or (version != wanted and supply.pythons):
        return supply
    spec = PythonSpec(version=version, path=str(python))
    return replace(supply, pythons=(*supply.pythons, spec), bundled=version, helper=supply.helper or str(python))
