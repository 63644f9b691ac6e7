"""Takes what belongs to a person alone out of texts that may leave the computer: home folders, names, passwords."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# A home folder of anybody, in the forms of Linux, macOS and Windows: reports are also made from other people's paths.
_HOMES = re.compile(r"(?:[A-Za-z]:)?[\\/](?i:home|Users)[\\/][^\\/\s:;,'\"<>|]+(?:[ .][^\\/\s:;,'\"<>|]+(?=[\\/]))*")
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def without_home(text: str) -> str:
    """Return a text in which home folders read ~, whoever they belong to."""
    return _HOMES.sub("~", _own_home().sub("~", text))


def without_login(text: str) -> str:
    """Return a text whose addresses carry no name and no password."""
    return _LOGIN.sub("", text)


def redacted(document: Any) -> Any:
    """Return a document of plain dicts and lists with every text in it made safe to pass on."""
    if isinstance(document, str):
        return without_home(without_login(document))
    if isinstance(document, dict):
        return {key: redacted(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [redacted(item) for item in document]
    return document


def _own_home() -> re.Pattern[str]:
    try:
        home = str(Path.home()).rstrip("\\/")
    except (RuntimeError, OSError):
        home = ""
    if len(home) < 3:  # "/" or "C:": replacing that would spoil every path
        return re.compile(r"(?!)")
    parts = [re.escape(part) for part in re.split(r"[\\/]", home)]
    return re.compile(r"[\\/]+".join(parts) + r"(?![^\\/\s:;,'\"<>|])", re.IGNORECASE)
