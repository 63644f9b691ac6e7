"""conda, mamba and micromamba programs, found by their files: a slow `info` call would only say the same later."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from setupwizard.model.machine import FoundConda
from setupwizard.probes.roots import Roots, entries, exists, read_text, true_name

_EXECUTABLES = ("CONDA_EXE", "MAMBA_EXE", "_CONDA_EXE")
_PREFIXES = ("CONDA_ROOT", "CONDA_DIR", "CONDA", "_CONDA_ROOT", "MAMBA_ROOT_PREFIX", "CONDA_PREFIX", "CONDA_PREFIX_1")
_DISTRIBUTIONS = (
    "miniforge3",
    "miniconda3",
    "anaconda3",
    "mambaforge",
    "micromamba",
    "miniforge",
    "miniconda",
    "anaconda",
    "conda",
)
_MAKER = re.compile(r"^# cmd: (\S+?conda(?:\.exe|-script\.py)?)\s", re.MULTILINE)
_PROGRAMS = ("conda", "mamba", "micromamba")
_WINDOWS = sys.platform == "win32"
_SUFFIX = ".exe" if _WINDOWS else ""
_PLACES = ("Scripts", "Library/bin", "condabin", ".") if _WINDOWS else ("bin", "condabin")


def condas(roots: Roots) -> tuple[FoundConda, ...]:
    """Return the programs, each once; those of a full installation before a micromamba that stands alone."""
    found: dict[tuple[str, str], FoundConda] = {}
    for prefix in installations(roots):
        for program in _PROGRAMS:
            _note(found, _program_in(prefix, program))
    for path in _alone(roots):
        _note(found, path)
    return tuple(found.values())


def environments(roots: Roots) -> tuple[Path, ...]:
    """Return the environments that conda knows: those of each installation, and those that it wrote into its list."""
    found = [path for prefix in installations(roots) for path in (prefix, *entries(prefix / "envs"))]
    found += _listed(roots)
    found += [path for root in _mamba_roots(roots) for path in entries(root / "envs")]
    return tuple(dict.fromkeys(path for path in found if exists(path / "conda-meta")))


def _mamba_roots(roots: Roots) -> tuple[Path, ...]:
    """Return where micromamba keeps environments; these roots need not hold an installation."""
    usual = (roots.home / "micromamba", roots.home / ".local" / "share" / "mamba")
    own = roots.folder("MAMBA_ROOT_PREFIX")
    return (own, *usual) if own else usual


def installations(roots: Roots) -> tuple[Path, ...]:
    """Return the folders that hold a conda of their own: conda-meta beside condabin or envs, and a program inside."""
    found: dict[str, Path] = {}
    for prefix in _possible(roots):
        if exists(prefix / "conda-meta") and (exists(prefix / "condabin") or exists(prefix / "envs")):
            if exists(prefix / "conda-meta" / "pixi"):
                continue
            found.setdefault(true_name(prefix), prefix)
    return tuple(found.values())


def _possible(roots: Roots) -> Iterator[Path]:
    for name in _EXECUTABLES:
        program = roots.folder(name)
        if program is not None:
            yield program.parent.parent
    for name in _PREFIXES:
        prefix = roots.folder(name)
        if prefix is not None:
            yield prefix
    yield from _listed(roots)
    yield from _usual(roots)
    yield from _registered()


def _usual(roots: Roots) -> Iterator[Path]:
    """Yield the folders that installers suggest (conda-forge, Anaconda, and the list of python-environment-tools)."""
    for parent in _parents(roots):
        for name in _DISTRIBUTIONS:
            yield parent / name
        if _WINDOWS:
            yield parent / "Miniforge3"
    yield roots.home / ".local" / "share" / "mamba"


def _parents(roots: Roots) -> Iterator[Path]:
    yield roots.home
    yield roots.home / "opt"
    yield roots.home / ".local"
    if _WINDOWS:
        for name in ("LOCALAPPDATA", "PROGRAMDATA", "SYSTEMDRIVE"):
            if roots.variable(name):
                yield Path(roots.variable(name) + "\\")
    else:
        for place in ("/opt", "/usr/local", "/usr/share", "/opt/homebrew/Caskroom", "/"):
            yield roots.at(place)


def _registered() -> list[Path]:
    found: list[Path] = []
    if sys.platform == "win32":
        from setupwizard.probes import windows

        found += map(Path, windows.conda_folders())
    return found


def _listed(roots: Roots) -> Iterator[Path]:
    """Yield the environments that conda wrote into ~/.conda/environments.txt, with the installation of each.

    An environment below `envs` belongs to the folder above; the first line of its history names the program that made
    it wherever it lies.
    """
    for line in read_text(roots.home / ".conda" / "environments.txt").splitlines():
        prefix = Path(line.strip())
        if not line.strip() or not prefix.is_absolute():
            continue
        yield prefix
        if prefix.parent.name == "envs":
            yield prefix.parent.parent
        maker = _MAKER.search(read_text(prefix / "conda-meta" / "history"))
        if maker and Path(maker.group(1)).is_absolute():
            yield Path(maker.group(1)).parent.parent


def _alone(roots: Roots) -> Iterator[Path]:
    """Yield micromamba programs that stand alone, and whatever PATH or the variables name."""
    for name in _EXECUTABLES:
        program = roots.folder(name)
        if program is not None and program.stem in _PROGRAMS:
            yield program
    folders = [
        *roots.search_path(),
        roots.home / ".local" / "bin",
        roots.home / "bin",
        roots.home / "micromamba",
        roots.home / "micromamba" / "bin",
        *([Path(roots.variable("LOCALAPPDATA")) / "micromamba"] if _WINDOWS and roots.variable("LOCALAPPDATA") else []),
    ]
    for folder in folders:
        yield from (folder / f"{name}{_SUFFIX}" for name in _PROGRAMS)


def _program_in(prefix: Path, program: str) -> Path | None:
    for place in _PLACES:
        path = prefix / place / f"{program}{_SUFFIX}"
        if _runnable(path):
            return path
    return None


def _note(found: dict[tuple[str, str], FoundConda], path: Path | None) -> None:
    """Add a program unless the same one of the same installation is there already, through a link or another folder."""
    if path is None or path.parent.name == "shims" or not _runnable(path):
        return
    home = Path(true_name(path)).parent.parent
    found.setdefault(
        (str(home), path.stem), FoundConda(path=str(path), version=version(home, path.stem), kind=path.stem)
    )


def version(prefix: Path, program: str) -> str | None:
    """Return the version of a program from the name of its record, conda-24.7.1-py312h06a4308_0.json."""
    names = (path.name for path in entries(prefix / "conda-meta", f"{program}-*.json"))
    versions = (re.fullmatch(rf"{program}-(\d[\w.]*)-[^-]+\.json", name) for name in names)
    return next((one.group(1) for one in versions if one), None)


def _runnable(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except OSError:
        return False
