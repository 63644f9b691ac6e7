"""CUDA Toolkits on this computer. They never decide anything: PyTorch's builds bring their own CUDA files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from setupwizard.errors import SetupError
from setupwizard.model.machine import Toolkit
from setupwizard.probes.roots import Roots, entries, exists, read_text, true_name
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

_RELEASE = re.compile(r"release (\d+\.\d+)(?:, V(\d+(?:\.\d+)+))?")
_MOST_COMPILERS = 3
_NVCC = "nvcc.exe" if sys.platform == "win32" else "nvcc"


def toolkits(roots: Roots, *, cancel: Cancel | None = None) -> tuple[Toolkit, ...]:
    """Return the toolkits, each once."""
    found: dict[str, Toolkit] = {}
    for folder in _folders(roots):
        _note(found, folder, cancel)
    compilers = [folder / _NVCC for folder in roots.search_path() if exists(folder / _NVCC)]
    for compiler in compilers[:_MOST_COMPILERS]:
        _note(found, compiler.resolve().parent.parent, cancel, new_version=True)
    return tuple(found.values())


def _note(found: dict[str, Toolkit], folder: Path, cancel: Cancel | None, *, new_version: bool = False) -> None:
    """Add a folder's toolkit. A compiler in PATH may be a wrapper of one of them: only a new version counts."""
    key = true_name(folder)
    version = _version(folder, cancel) if key not in found else None
    known = {toolkit.version for toolkit in found.values()}
    if version is not None and not (new_version and version in known):
        found[key] = Toolkit(version=version, path=os.path.realpath(folder))


def _folders(roots: Roots) -> Iterator[Path]:
    for name in sorted(roots.environ):
        if name.upper() in {"CUDA_HOME", "CUDA_ROOT"} or re.fullmatch(r"CUDA_PATH(_V\d+_\d+)?", name.upper()):
            folder = roots.folder(name)
            if folder is not None:
                yield folder
    if sys.platform == "win32":
        programs = roots.folder("PROGRAMFILES") or Path("C:/Program Files")
        yield from entries(programs / "NVIDIA GPU Computing Toolkit" / "CUDA", "v*")
    else:
        yield from entries(roots.at("/usr/local"), "cuda*")
        yield roots.at("/opt/cuda")


def _version(folder: Path, cancel: Cancel | None) -> str | None:
    """Return a toolkit's version: from its own list of parts, from the older text file, else from its compiler."""
    noted = parse_version_json(read_text(folder / "version.json"))
    if noted is None:
        old = re.search(r"CUDA Version (\d+(?:\.\d+)+)", read_text(folder / "version.txt"))
        noted = old.group(1) if old else None
    return noted or _compiler_version(folder / "bin" / _NVCC, cancel)


def parse_version_json(text: str) -> str | None:
    """Return the version of the whole toolkit from its version.json, None for anything else."""
    try:
        parts: Any = msgspec.json.decode(text, type=dict[str, dict[str, Any]])
    except msgspec.MsgspecError:
        return None
    version = parts.get("cuda", {}).get("version")
    return version if isinstance(version, str) else None


def parse_compiler(text: str) -> str | None:
    """Return the version from what `nvcc --version` prints."""
    found = _RELEASE.search(text)
    return (found.group(2) or found.group(1)) if found else None


def _compiler_version(compiler: Path, cancel: Cancel | None) -> str | None:
    if not exists(compiler):
        return None
    try:
        return parse_compiler(process.run([compiler, "--version"], timeout=3, cancel=cancel).stdout)
    except SetupError as error:
        if error.code == "cancelled":
            raise
        return None
