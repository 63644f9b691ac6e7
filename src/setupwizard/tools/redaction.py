"""Takes what belongs to a person alone out of texts that may leave the computer: home folders, names, passwords."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from setupwizard.tools import userdirs

_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
# What opens a door in an address or a header: "?token=...", "Authorization: Bearer ...".
_KEYS = re.compile(
    r"(?P<name>[?&][\w.-]*(?:token|key|secret|password|passwd|signature|credential|auth|sig)=)[^&\s\"'<>]+"
    r"|(?P<head>(?:proxy-)?authorization\s*[:=]\s*(?:\w+\s+)?)[^\s\"',;]+",
    re.IGNORECASE,
)
_HOMES = re.compile(r"((?:^|(?<=[\s\"'=:(,]))(?:/home|/var/home|/Users|[A-Za-z]:[\\/]+Users)[\\/]+)([^\\/\"',;:)]+)")
_NOWHERE = Path("/")
_NOBODY = frozenset(["public", "shared", "default", "all users", "linuxbrew", "user"])
_SYSTEM = re.compile(
    r"^(?:/(?:usr|bin|lib|lib64|etc|sys|proc|dev|opt/homebrew)\b|[A-Za-z]:[\\/](?:Windows|Program))", re.IGNORECASE
)
_SHORTEST_NAME = 3


def without_login(text: str) -> str:
    """Return a text whose addresses and headers carry no name, no password and no token."""
    return _KEYS.sub(lambda found: f"{found['name'] or found['head']}***", _LOGIN.sub("", text))


def redacted(document: Any, *, home: Path | None = None, user: str | None = None) -> Any:
    """Return a document of plain dicts and lists with every text in it made safe to pass on, as `redact_text` does."""
    return each_text(document, _hider(home or userdirs.home() or _NOWHERE, user if user is not None else _user()))


def redact_text(text: str, *, home: Path | None = None, user: str | None = None) -> str:
    """Return one text without names of people, home folders and passwords in addresses: for logs and reports."""
    return _hider(home or userdirs.home() or _NOWHERE, user if user is not None else _user())(text)


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


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a document of plain dicts and lists with every text in it changed, its keys as they are."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: each_text(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [each_text(one, change) for one in value]
    return value
