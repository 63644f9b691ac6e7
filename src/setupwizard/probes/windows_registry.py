"""Reading Windows' registry: always the 64-bit view, and what is absent or closed to us is empty."""

from __future__ import annotations

import sys
import winreg

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

_READ = winreg.KEY_READ | winreg.KEY_WOW64_64KEY


def values(path: str, *, hive: int = winreg.HKEY_LOCAL_MACHINE) -> dict[str, object]:
    """Return all values of a registry key; empty when it is absent or closed to us."""
    found: dict[str, object] = {}
    try:
        with winreg.OpenKey(hive, path, 0, _READ) as key:
            for index in range(winreg.QueryInfoKey(key)[1]):
                name, value, _kind = winreg.EnumValue(key, index)
                found[name] = value
    except OSError:
        return found
    return found


def keys(path: str, *, hive: int = winreg.HKEY_LOCAL_MACHINE) -> list[str]:
    """Return the names of the keys below a registry key."""
    try:
        with winreg.OpenKey(hive, path, 0, _READ) as key:
            return [winreg.EnumKey(key, index) for index in range(winreg.QueryInfoKey(key)[0])]
    except OSError:
        return []
