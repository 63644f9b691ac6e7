"""A copy of this very program for an offline folder: for computers of the same system that have the same Python.

It leaves out what the window needs. A program that came as a package of the system copies nothing: it is installed
from that package on the other computer as well.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import setupwizard
from setupwizard.probes.system import platform_here
from setupwizard.resources import resource
from setupwizard.tools.uv import uv_program

_WINDOW = frozenset(("pyside6-essentials", "shiboken6"))
_DATE = (2026, 1, 1, 0, 0, 0)


class ProgramCopy(Struct, frozen=True, kw_only=True):
    """The copy: the name of its archive in the folder of tools, and the Python that runs it, "3.12"."""

    archive: str
    python: str


def pack(folder: Path) -> ProgramCopy | None:
    """Write uv and the archive and return what it is; None where this program cannot be copied: uv is there alone.

    Raises:
        OSError: the disk did not take it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    uv = uv_program()
    shutil.copyfile(uv, folder / uv.name)
    (folder / uv.name).chmod(0o755)
    platform = platform_here()
    if getattr(sys, "frozen", False) or platform is None or sys.platform == "win32":
        return None
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    archive = f"setupwizard-{platform}-py{python.replace('.', '')}.zip"
    with zipfile.ZipFile(folder / archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name, path in sorted(_files()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            target.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 1)
    return ProgramCopy(archive=archive, python=python)


def _files() -> Iterator[tuple[str, Path]]:
    own = Path(str(setupwizard.__file__)).parent
    for path in own.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and "resources" not in path.relative_to(own).parts[:1]:
            yield f"setupwizard/{path.relative_to(own).as_posix()}", path
    facts = resource("install.json").parent
    for path in facts.rglob("*"):
        if path.is_file():
            yield f"setupwizard/resources/{path.relative_to(facts).as_posix()}", path
    for distribution in _needed():
        for file in distribution.files or ():
            path = Path(str(distribution.locate_file(file)))
            if ".." not in file.parts and file.suffix != ".pyc" and path.is_file():
                yield file.as_posix(), path


def _needed() -> Iterator[importlib.metadata.Distribution]:
    """Return the packages that the command line needs, with what these need."""
    todo, seen = ["setupwizard"], set(_WINDOW)
    while todo:
        name = canonicalize_name(todo.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for text in distribution.requires or ():
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                todo.append(wanted.name)
        if name != "setupwizard":
            yield distribution
