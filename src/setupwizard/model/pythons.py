"""The Pythons that can be brought to a computer, as dated data, and how they are called on its disk."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from setupwizard.codes import Platform
from setupwizard.model.wire import read_document
from setupwizard.resources import resource

# platform -> system, processor and C library, as python-build-standalone names them
_WORDS: dict[Platform, tuple[str, str, str]] = {
    "linux_x86_64": ("linux", "x86_64", "gnu"),
    "linux_aarch64": ("linux", "aarch64", "gnu"),
    "win_amd64": ("windows", "x86_64", "none"),
    "win_arm64": ("windows", "aarch64", "none"),
    "macos_arm64": ("darwin", "aarch64", "none"),
    "macos_x86_64": ("darwin", "x86_64", "none"),
}


class Row(Struct, frozen=True, kw_only=True):
    """One Python for one platform; `path` is what follows the address of a place."""

    python: str
    platform: Platform
    version: str
    path: str
    sha256: str


class PythonsData(Struct, frozen=True, kw_only=True):
    """The bundled facts about Pythons."""

    date: str
    places: tuple[str, ...]
    pythons: tuple[Row, ...]

    def row(self, python: str, platform: Platform) -> Row | None:
        """Return the Python of a version, "3.12" or "3.14t", for a platform; None: there is none."""
        return next((row for row in self.pythons if (row.python, row.platform) == (python, platform)), None)


@cache
def pythons_data() -> PythonsData:
    """Return the facts that came with this copy of the program."""
    return read_document(PythonsData, resource("pythons.json"))


def minor_of(version: str, *, free_threaded: bool = False) -> str:
    """Return a Python as builds name it: "3.12" of "3.12.4"; "3.14t" of "3.14.0t", or of a free-threaded "3.14.0"."""
    number = ".".join(version.removesuffix("t").split(".")[:2])
    return number + ("t" if free_threaded or version.endswith("t") else "")


def words_of(platform: Platform) -> tuple[str, str, str]:
    """Return system, processor and C library of a platform, as uv's lists name them."""
    return _WORDS[platform]


def key_of(python: str, version: str, platform: Platform) -> str:
    """Return what uv calls a Python: "cpython-3.12.16-linux-x86_64-gnu", which is also the name of its folder."""
    free = "+freethreaded" if python.endswith("t") else ""
    return f"cpython-{version}{free}-{'-'.join(_WORDS[platform])}"
