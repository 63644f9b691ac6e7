"""PyTorch that is on this computer already: a look at its files; nothing is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from setupwizard.model.machine import FoundTorch
from setupwizard.model.pythons import minor_of
from setupwizard.probes.pythons import Interpreter
from setupwizard.probes.roots import Roots, entries, read_text, true_name

_VERSION = re.compile(r"^__version__\s*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_CUDA = re.compile(r"^cuda(?:\s*:[^=]+)?\s*=\s*['\"](\d+)\.(\d+)", re.MULTILINE)
_HIP = re.compile(r"^hip(?:\s*:[^=]+)?\s*=\s*['\"](\d+\.\d+)", re.MULTILINE)
_PYTHON = re.compile(r"python(\d\.\d+t?)$")


def torches(
    roots: Roots, ours: Iterable[Path], prefixes: Iterable[Path], interpreters: Iterable[Interpreter]
) -> tuple[FoundTorch, ...]:
    """Return each torch that lies in an environment of ours, of conda, or beside an interpreter.

    Args:
        roots: names the virtual environment that is active.
        ours: the environments in use of our roots.
        prefixes: folders of other environments, conda's for example.
        interpreters: Pythons whose own package folders may hold one.
    """
    found: dict[str, FoundTorch] = {}
    for prefix in (*ours, *_active(roots), *prefixes):
        for folder in package_folders(prefix):
            _note(found, folder, prefix, _python(folder))
    for one in interpreters:
        python = minor_of(one.python.version, free_threaded=one.python.free_threaded)
        for folder in map(Path, one.site_packages):
            _note(found, folder, _owner(folder, one), python)
    return tuple(found.values())


def _note(found: dict[str, FoundTorch], folder: Path, owner: Path, python: str | None) -> None:
    torch = look(folder, owner, python)
    if torch is not None:
        found.setdefault(true_name(folder), torch)


def _active(roots: Roots) -> Iterator[Path]:
    active = roots.folder("VIRTUAL_ENV")
    if active is not None:
        yield active


def package_folders(prefix: Path) -> list[Path]:
    """Return the package folders of an environment: Windows has one, elsewhere each Python has its own."""
    return [*entries(prefix, "lib/python3.*/site-packages"), *entries(prefix, "Lib/site-packages")]


def look(folder: Path, owner: Path, python: str | None) -> FoundTorch | None:
    """Return the torch of a package folder, from the file in which every build notes what it is; None without one."""
    found = parse_version_file(read_text(folder / "torch" / "version.py"))
    return FoundTorch(env=str(owner), version=found[0], variant=found[1], python=python) if found else None


def parse_version_file(text: str) -> tuple[str, str | None] | None:
    """Return the version and the variant that torch/version.py names, None for any other text."""
    version = _VERSION.search(text)
    return (version.group(1), _variant(version.group(1), text)) if version else None


def _variant(version: str, text: str) -> str | None:
    """Return the variant: the local part of the version, else what the build notes about CUDA and ROCm."""
    local = version.partition("+")[2]
    if re.fullmatch(r"cu\d+|cpu|xpu|rocm[\d.]+", local):
        return local
    cuda, hip = _CUDA.search(text), _HIP.search(text)
    if cuda:
        return f"cu{cuda.group(1)}{cuda.group(2)}"
    if hip:
        return f"rocm{hip.group(1)}"
    return "cpu" if "cuda" in text else None


def _python(folder: Path) -> str | None:
    """Return the Python that a package folder belongs to, from its path or from what made the environment."""
    found = _PYTHON.search(folder.parent.name)
    if found:
        return found.group(1)
    settings = read_text(folder.parent.parent / "pyvenv.cfg")
    made = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", settings, re.MULTILINE)
    return made.group(1) if made else None


def _owner(folder: Path, interpreter: Interpreter) -> Path:
    """Return the environment that a package folder belongs to: the interpreter's, or the user's own packages."""
    prefix = Path(interpreter.prefix)
    return prefix if folder.is_relative_to(prefix) else folder.parents[min(2, len(folder.parents) - 1)]
