"""Finds what came with this copy of the program, in a checkout, an installed wheel and a package alike."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def packaged() -> bool:
    """Return whether this copy is a package for double-clicking: its program is a file of its own and no Python."""
    return bool(getattr(sys, "frozen", False))


def bundled_python() -> Path | None:
    """Return the interpreter that the package for Windows carries beside the program, None where there is none."""
    python = _PACKAGE.parent.parent / "python" / "python.exe"
    return python if packaged() and python.is_file() else None


def managed_copy() -> Path | None:
    """Return the mark of a copy that an administrator installed for everybody and keeps up to date, None without one.

    The MSI and the .deb lay it beside the program.
    """
    mark = Path(sys.executable).with_name("managed.txt")  # noqa: TID251 - its folder is asked for, nothing is started
    return mark if packaged() and mark.is_file() else None


@cache
def resource_root() -> Path:
    """Return the folder that holds catalogue.json, locale/, schema/ and the rest.

    A wheel carries it inside the package; an editable install does not see force-included folders, so a checkout
    uses the folder at its top.

    Raises:
        FileNotFoundError: neither place holds it: the copy of the program is incomplete.
    """
    for folder in (_PACKAGE / "resources", _PACKAGE.parent.parent / "resources"):
        if (folder / "catalogue.json").is_file():
            return folder
    raise FileNotFoundError(_PACKAGE / "resources" / "catalogue.json")


def resource(*parts: str) -> Path:
    """Return the path of one data file, given by its parts below the resource folder."""
    return resource_root().joinpath(*parts)


def benchmark_program() -> Path:
    """Return the folder of the stand-alone program that proves an environment; the environment's own Python runs it."""
    return _PACKAGE / "child"
