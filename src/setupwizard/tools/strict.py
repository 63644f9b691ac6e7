"""Reading files that a stranger may have made: capped, never through a link, never outside their folder.

What is wrong with such a file is "plan-invalid", whatever it is: nothing of it has been used by then.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes

T = TypeVar("T")

MAX_PLAN_BYTES = 256 * 1024
MAX_LOCK_BYTES = 8 * 1024 * 1024
MAX_BUNDLE_BYTES = 4 * 1024 * 1024
_MAX_KEYS = 4000
_MAX_PARTS = 12
_MAX_PART = 200
# what Windows takes for a device, whatever stands behind a dot
_DEVICES = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?\Z", re.IGNORECASE)
_FORBIDDEN = frozenset('\\:*?"<>|')


def refused(file: str, problem: str) -> SetupError:
    """Return the error for a file of a plan or a bundle that cannot be used."""
    return SetupError("plan-invalid", file=file[:120], problem=problem)


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path that is plain on every system.

    Raises:
        SetupError: "plan-invalid": absolute, with "..", a drive, a stream, a device or a name that some system changes.
    """
    parts = tuple(path.split("/"))
    if not path or len(parts) > _MAX_PARTS:
        raise refused(path, _("it is no plain path inside the folder."))
    for part in parts:
        odd = part in {"", ".", ".."} or len(part) > _MAX_PART or part[-1] in {" ", "."} or part[0] == " "
        if odd or _FORBIDDEN & set(part) or any(ord(sign) < 32 or ord(sign) == 127 for sign in part):
            raise refused(path, _("it is no plain path inside the folder."))
        if _DEVICES.match(part):
            raise refused(path, _("Windows takes this name for a device."))
    return parts


def member(folder: Path, path: str) -> Path:
    """Return a regular file inside a folder, by a path that came from a file; no link leads to it.

    Raises:
        SetupError: "plan-invalid".
    """
    place = folder
    parts = parts_of(path)
    for number, part in enumerate(parts):
        place /= part
        try:
            mode = os.lstat(place).st_mode
        except (OSError, ValueError) as error:
            raise SetupError(
                "plan-invalid", file=path, problem=_("it is not there or cannot be read."), detail=str(error)
            ) from error
        wanted = stat.S_ISREG if number == len(parts) - 1 else stat.S_ISDIR
        if not wanted(mode) or _is_junction(place):
            raise refused(path, _("it is a link or no plain file."))
    return place


def _is_junction(place: Path) -> bool:
    attributes = getattr(os.lstat(place), "st_file_attributes", 0)
    return bool(attributes & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0))


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a small regular file.

    Raises:
        SetupError: "plan-invalid": not there, no regular file, or larger than the limit.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise refused(path.name, _("it is a link or no plain file."))
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise SetupError(
            "plan-invalid", file=path.name, problem=_("it is not there or cannot be read."), detail=str(error)
        ) from error
    if len(data) > limit:
        raise refused(path.name, _("it is larger than {size}.").format(size=format_bytes(limit)))
    return data


def from_toml(kind: type[T], data: bytes, name: str) -> T:
    """Read a document from TOML; keys that are not known, and keys that stand twice, are refused.

    Raises:
        SetupError: "plan-invalid".
    """
    if data.count(b"=") > _MAX_KEYS * (len(data) // MAX_PLAN_BYTES + 1):
        raise refused(name, _("it holds too many keys."))
    try:
        found = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise refused(name, str(error)) from error
    return _converted(kind, found, name)


def from_json(kind: type[T], data: bytes, name: str) -> T:
    """Read a document from JSON; keys that are not known, and keys that stand twice, are refused.

    Raises:
        SetupError: "plan-invalid".
    """
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise refused(name, str(error)) from error
    return _converted(kind, found, name)


def _converted(kind: type[T], found: Any, name: str) -> T:
    try:
        _plain_words(found)
        return msgspec.convert(found, kind)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise refused(name, str(error)) from error


def _plain_words(found: Any) -> None:
    # "$" in a pattern passes a line feed at the end: no text of these documents holds one
    if isinstance(found, dict):
        for key, value in found.items():
            _plain_words(key)
            _plain_words(value)
    elif isinstance(found, list):
        for value in found:
            _plain_words(value)
    elif isinstance(found, str) and any(ord(sign) < 32 for sign in found):
        raise ValueError(f"control character in {found[:40]!r}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)
