"""Where the probes look: the true folders of this computer, or recorded ones in a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from setupwizard import platforms
from setupwizard.tools import userdirs
from setupwizard.tools.process import own_program

_MAX_TEXT = 1 << 20


def _environment() -> dict[str, str]:
    return dict(os.environ)


def _home() -> Path:
    return userdirs.home() or Path("/nonexistent")


def _nvml_program() -> tuple[str, ...]:
    return (*own_program(), "_nvml")


def _cuda_program() -> tuple[str, ...]:
    return (*own_program(), "_cuda")


def _environment_roots() -> tuple[Path, ...]:
    return (platforms.default_root(),)


def _as_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


class Roots(Struct, frozen=True, kw_only=True):
    """The places and settings that detection reads; every default is this computer as it is.

    Attributes:
        root: the folder that stands for "/": /sys, /proc, /dev, /etc and /usr are looked for below it.
        environ: the environment variables to believe.
        home: the home folder of the user.
        nvml_program: starts the child that asks the NVIDIA driver through NVML.
        cuda_program: starts the child that asks the CUDA driver library.
        environment_roots: folders that setupwizard installs environments into.
        as_root: whether we run with all rights, when asking NVIDIA's library could create device files.
    """

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=_environment)
    home: Path = field(default_factory=_home)
    nvml_program: tuple[str, ...] = field(default_factory=_nvml_program)
    cuda_program: tuple[str, ...] = field(default_factory=_cuda_program)
    environment_roots: tuple[Path, ...] = field(default_factory=_environment_roots)
    as_root: bool = field(default_factory=_as_root)

    def at(self, path: str) -> Path:
        """Return where an absolute path of the system lies: `path` itself, or its place in a recorded tree."""
        return self.root / path.lstrip("/")

    def variable(self, name: str) -> str:
        """Return an environment variable, "" when it is not set."""
        return self.environ.get(name, "")

    def folder(self, name: str) -> Path | None:
        """Return the absolute folder or file that an environment variable names, None when it names none."""
        value = self.variable(name).strip()
        path = Path(value)
        return path if value and path.is_absolute() else None

    def search_path(self) -> Iterator[Path]:
        """Yield the folders of PATH in their order: only absolute ones, as "." would run what lies about there."""
        seen: set[Path] = set()
        for part in self.variable("PATH").split(os.pathsep):
            folder = Path(part.strip('"'))
            if part and folder.is_absolute() and folder not in seen:
                seen.add(folder)
                yield folder


def read_text(path: Path) -> str:
    """Return what a small file holds, stripped; "" when it is absent or may not be read.

    What is not UTF-8 is replaced: names of hardware come in any encoding.
    """
    try:
        with path.open("rb") as file:
            return file.read(_MAX_TEXT).decode("utf-8", "replace").strip("\0 \r\n\t")
    except OSError:
        return ""


def whole_number(text: str) -> int | None:
    """Return the number that a text of ASCII digits writes, None for any other text and for absurdly many digits."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def exists(path: Path) -> bool:
    """Return whether a path is there; one that may not be looked at counts as absent."""
    try:
        return path.exists()
    except OSError:
        return False


def true_name(path: Path) -> str:
    """Return the one name of a place, whatever links or sizes of letters lead to it: to compare places by."""
    return os.path.normcase(os.path.realpath(path))


def usable(path: Path) -> bool:
    """Return whether this user may read and write a file; access lists count, as those of a person at the screen."""
    try:
        return os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    except OSError:
        return False


def entries(folder: Path, pattern: str = "*") -> list[Path]:
    """Return what lies in a folder, sorted by name; nothing when it is absent or closed to us."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
