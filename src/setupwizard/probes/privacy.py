"""Takes user names and home folders out of a machine document, and puts this computer's own home folder back in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from setupwizard.model.machine import Machine
from setupwizard.tools.redaction import without_login

_HOMES = re.compile(r"((?:^|(?<=[\s\"'=:(,]))(?:/home|/var/home|/Users|[A-Za-z]:[\\/]+Users)[\\/]+)([^\\/\"',;:)]+)")
_NOBODY = frozenset(["public", "shared", "default", "all users", "linuxbrew", "user"])
_SYSTEM = re.compile(
    r"^(?:/(?:usr|bin|lib|lib64|etc|sys|proc|dev|opt/homebrew)\b|[A-Za-z]:[\\/](?:Windows|Program))", re.IGNORECASE
)
_SHORTEST_NAME = 3


def redacted(machine: Machine, *, home: Path | None = None, user: str | None = None) -> Machine:
    """Return the machine without names of people: to be applied whenever a document leaves the program.

    The home folder becomes "~", other people's folders and the user's name inside a path become "user". `detect`
    returns true paths, as the next steps have to use them; whoever prints, saves or sends a Machine calls this first.

    Args:
        machine: what `detect` returned.
        home: the home folder to hide; this user's own when not given.
        user: the name to hide; this user's own when not given.
    """
    hide = _hider(home or _home(), user if user is not None else _user())
    return msgspec.convert(_walk(msgspec.to_builtins(machine), hide), Machine)


def expand(machine: Machine, *, home: Path | None = None) -> Machine:
    """Return a machine whose paths begin with the home folder again where `redacted` wrote "~".

    Right only for a document that was made on this computer by this user; paths of others stay hidden.
    """
    folder = home or _home()

    def full(path: str) -> str:
        if path == "~" or path.startswith(("~/", "~\\")):
            return str(folder) + path[1:]
        return path

    return replace(
        machine,
        pythons=tuple(replace(one, path=full(one.path)) for one in machine.pythons),
        condas=tuple(replace(one, path=full(one.path)) for one in machine.condas),
        toolkits=tuple(replace(one, path=full(one.path)) for one in machine.toolkits),
        torches=tuple(replace(one, env=full(one.env)) for one in machine.torches),
        disks=tuple(replace(one, path=full(one.path)) for one in machine.disks),
    )


def redact_text(text: str, *, home: Path | None = None, user: str | None = None) -> str:
    """Return one text without names of people, home folders and passwords in addresses: for logs and reports."""
    return _hider(home or _home(), user if user is not None else _user())(text)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def _user() -> str:
    return os.environ.get("USERNAME") or os.environ.get("USER") or os.environ.get("LOGNAME") or ""


def _hider(home: Path, user: str) -> Callable[[str], str]:
    own = _home_pattern(home)
    names = {name.lower() for name in (user, home.name) if len(name) >= _SHORTEST_NAME} - {"root", "user"}

    def hide(text: str) -> str:
        text = without_login(text)
        if own is not None:
            text = own.sub("~", text)
        text = _HOMES.sub(_other_home, text)
        if names and not _SYSTEM.match(text) and re.search(r"[\\/]", text):
            text = re.sub(r"[^\\/]+", lambda part: "user" if part.group(0).lower() in names else part.group(0), text)
        return text

    return hide


def _home_pattern(home: Path) -> re.Pattern[str] | None:
    """Return a pattern for the home folder with either slash; None for a home that is a whole drive or nowhere."""
    parts = [part for part in re.split(r"[\\/]+", str(home)) if part]
    if not parts or (len(parts) == 1 and parts[0].endswith(":")) or not home.is_absolute():
        return None
    lead = "" if ":" in parts[0] else r"[\\/]"
    body = r"[\\/]+".join(re.escape(part) for part in parts)
    flags = re.IGNORECASE if os.name == "nt" else 0
    return re.compile(rf"(?<![\w.~-]){lead}{body}(?![\w.-])", flags)


def _other_home(found: re.Match[str]) -> str:
    return found.group(0) if found.group(2).lower() in _NOBODY else f"{found.group(1)}user"


def _walk(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {key: _walk(one, hide) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(one, hide) for one in value]
    return value
