"""What stands around PyTorch in an environment and can disturb it: a second installer, a second runtime, other folders.

Only files are looked at; nothing of the environment is run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from setupwizard.steps.foreign import Foreign
from setupwizard.tools.redaction import redact_text

_VARIABLES = ("PYTHONPATH", "PYTHONHOME")
# Files of these names beside a program are loaded in place of the package; torch itself needs the ones behind it.
_SHADOWING = (
    *("torch", "torchvision", "torchaudio", "numpy", "random", "typing", "types", "enum", "copy", "logging"),
    *("inspect", "dataclasses", "queue", "warnings", "platform", "json", "string", "statistics", "functools"),
)
_CONDA_TORCH = ("conda-meta/pytorch-[0-9]*.json", "conda-meta/libtorch-[0-9]*.json")
# Intel's runtime (libiomp5, LLVM's libomp is the same under another name) and GNU's, where conda and wheels put them.
_OPENMP = (
    *("Library/bin/libiomp5md.dll", "lib/libiomp5.so", "lib/libiomp5.dylib", "lib/libomp.so", "lib/libomp.dylib"),
    *("{packages}/torch/lib/libiomp5*", "{packages}/torch/lib/libomp*", "{packages}/torch/lib/libgomp*"),
    *("{packages}/*.libs/libiomp5*", "{packages}/*.libs/libomp*", "{packages}/*.libs/libgomp*"),
    "{packages}/*/.dylibs/libomp*",
)
_OF_INTEREST = ("torch", "torchvision", "torchaudio", "numpy")


def conda_records(found: Foreign) -> tuple[str, ...]:
    """Return the records that conda keeps of torch: "conda-meta/pytorch-2.5.1-cpu_0.json"."""
    return _places(found, *_CONDA_TORCH)


def conda_command(found: Foreign, records: tuple[str, ...]) -> str:
    """Return the command with which conda takes its torch out: nobody else may, as it keeps books of its files."""
    names = sorted({Path(record).stem.rsplit("-", 2)[0] for record in records})
    folder = redact_text(str(found.folder))
    return " ".join(("conda remove --prefix", f'"{folder}"' if " " in folder else folder, *names))


def pip_records(found: Foreign) -> tuple[str, ...]:
    """Return the records of torch that pip or uv made: conda's own carry another installer's name."""
    names = []
    for info in sorted(found.site_packages.glob("torch-*.dist-info")) if found.site_packages is not None else ():
        try:
            installer = (info / "INSTALLER").read_text("utf-8").strip().lower()
        except (OSError, UnicodeDecodeError):
            installer = ""
        if installer in {"pip", "uv"}:
            names.append(info.name)
    return tuple(names)


def openmp(found: Foreign) -> tuple[str, ...]:
    """Return every OpenMP runtime of an environment by its place; two names of one file count once."""
    packages = found.site_packages.relative_to(found.folder).as_posix() if found.site_packages is not None else "-"
    once: dict[str, str] = {}
    for place in _places(found, *(pattern.format(packages=packages) for pattern in _OPENMP)):
        once.setdefault(os.path.realpath(found.folder / place), place)
    return tuple(once.values())


def elsewhere(found: Foreign | None, version: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what makes Python take packages from outside of the environment.

    Args:
        found: the environment, None where it holds no Python.
        version: of its Python, "3.12".
        environ: the variables that its programs will see.
    """
    told = [f"{name}={redact_text(environ[name])}" for name in _VARIABLES if environ.get(name)]
    own = _user_packages(version, environ) if found is not None and version is not None else None
    if own is not None and found is not None and _sees_the_users(found) and not environ.get("PYTHONNOUSERSITE"):
        told += [redact_text(str(own / name)) for name in _OF_INTEREST if (own / name).is_dir()]
    return tuple(told)


def shadows(folder: Path) -> tuple[str, ...]:
    """Return the files of a folder that have the name of a package, which a program started there would load."""
    places = (place for name in _SHADOWING for place in (folder / f"{name}.py", folder / name / "__init__.py"))
    return tuple(redact_text(str(place)) for place in places if place.is_file() and not _is_a_library(folder))


def _places(found: Foreign, *patterns: str) -> tuple[str, ...]:
    def every() -> Iterator[Path]:
        for pattern in patterns:
            yield from sorted(found.folder.glob(pattern))

    return tuple(path.relative_to(found.folder).as_posix() for path in every())


def _sees_the_users(found: Foreign) -> bool:
    """Whether the user's own package folder comes before the environment's: not in a venv, yes in conda's."""
    try:
        settings = (found.folder / "pyvenv.cfg").read_text("utf-8").lower()
    except (OSError, UnicodeDecodeError):
        return True
    return "include-system-site-packages = true" in settings


def _user_packages(version: str, environ: Mapping[str, str]) -> Path | None:
    """Return where `pip install --user` puts packages, as Python's `site` works it out for a version."""
    plain = version.removesuffix("t")
    base = environ.get("PYTHONUSERBASE")
    if sys.platform == "win32":
        roaming = environ.get("APPDATA")
        top = Path(base) if base else Path(roaming, "Python") if roaming else None
        return top / f"Python{plain.replace('.', '')}" / "site-packages" if top is not None else None
    home = environ.get("HOME")
    top = Path(base) if base else Path(home, ".local") if home else None
    return top / "lib" / f"python{plain}" / "site-packages" if top is not None else None


def _is_a_library(folder: Path) -> bool:
    """Whether a folder is where packages live: Python's own, or an environment's."""
    return folder.name in {"site-packages", "dist-packages"} or str(folder) in sys.path[1:]
