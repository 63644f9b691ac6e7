"""Reading Windows' registry: always the 64-bit view, and what is absent or closed to us is empty."""

from __future__ import annotations

import sys
import winreg
from collections.abc import Callable, Iterator
from typing import TypeVar

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

T = TypeVar("T")

_READ = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
_TRIES = 20
_QUIET = 2


def values(path: str, *, hive: int = winreg.HKEY_LOCAL_MACHINE) -> dict[str, object]:
    """Return all values of a registry key; empty when it is absent or closed to us."""
    return {name: value for name, (value, _kind) in _all(path, hive, _value).items()}


def keys(path: str, *, hive: int = winreg.HKEY_LOCAL_MACHINE) -> list[str]:
    """Return the names of the keys below a registry key."""
    return list(_all(path, hive, lambda key, index: (winreg.EnumKey(key, index), None)))


def _value(key: winreg.HKEYType, index: int) -> tuple[str, tuple[object, int]]:
    name, value, kind = winreg.EnumValue(key, index)
    return name, (value, kind)


def _all(path: str, hive: int, item: Callable[[winreg.HKEYType, int], tuple[str, T]]) -> dict[str, T]:
    """Return what a key holds, by name.

    Windows counts through it by numbers, and they shift when something before goes: a driver that registers itself at
    that moment hides another card. So it is read until nothing new turns up and nothing was written meanwhile.
    """
    seen: dict[str, T] = {}
    try:
        with winreg.OpenKey(hive, path, 0, _READ) as key:
            quiet = 0
            for _try in range(_TRIES):
                before, known = winreg.QueryInfoKey(key), len(seen)
                seen |= dict(_items(key, item))
                quiet = quiet + 1 if len(seen) == known and winreg.QueryInfoKey(key) == before else 0
                if quiet == _QUIET:
                    break
    except OSError:
        return seen
    return seen


def _items(key: winreg.HKEYType, item: Callable[[winreg.HKEYType, int], tuple[str, T]]) -> Iterator[tuple[str, T]]:
    index = 0
    while True:
        try:
            yield item(key, index)
        except OSError:  # there are no more
            return
        index += 1
