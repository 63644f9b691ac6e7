"""Windows: one window at a time for each person; a second start brings the first one to the front."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from ctypes import wintypes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

log = logging.getLogger(__name__)

_ALREADY_EXISTS = 183
_RESTORE = 9
_LONGEST_TITLE = 512
_held: dict[str, int] = {}
"""Name -> handle of a mutex; Windows gives it back when the program ends, however it ends."""


def another_window(name: str, title: str, _folder: Path) -> bool:
    """Return whether another copy of this program shows its window; that one is brought to the front.

    The session of a person has a mutex of that name from the first call on. One that is there without a window belongs
    to a copy that is starting or ending: nobody is kept waiting for it.

    Args:
        name: of the mutex, the same for all copies.
        title: what is part of the title of the window.
    """
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateMutexW.restype = wintypes.HANDLE
    kernel.CreateMutexW.argtypes = [ctypes.c_void_p, wintypes.BOOL, wintypes.LPCWSTR]
    if name in _held:
        return False
    handle = kernel.CreateMutexW(None, False, f"Local\\{name}")
    first = ctypes.get_last_error() != _ALREADY_EXISTS
    if handle:
        _held[name] = handle
    if first:
        return False
    window = _window_of_others(title)
    if window is None:
        return False
    log.info("another copy shows its window")
    user = ctypes.WinDLL("user32")
    if user.IsIconic(wintypes.HWND(window)):
        user.ShowWindow(wintypes.HWND(window), _RESTORE)
    user.SetForegroundWindow(wintypes.HWND(window))
    return True


def await_others(_name: str, _folder: Path) -> socket.socket | None:
    """Return None: on Windows the second start itself brings the first window to the front."""
    return None


def take_call(_line: socket.socket) -> str | None:
    """Return None: nobody knocks here."""
    return None


def end_waiting(line: socket.socket) -> None:
    """Close what was never opened here."""
    line.close()


def _window_of_others(title: str) -> int | None:
    """Return the first visible window of another process whose title holds some words."""
    user = ctypes.WinDLL("user32")
    visit = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
    found: list[int] = []

    def look(window: int, _unused: int) -> bool:
        owner, text = wintypes.DWORD(), ctypes.create_unicode_buffer(_LONGEST_TITLE)
        user.GetWindowThreadProcessId(wintypes.HWND(window), ctypes.byref(owner))
        user.GetWindowTextW(wintypes.HWND(window), text, _LONGEST_TITLE)
        if owner.value != os.getpid() and title in text.value and user.IsWindowVisible(wintypes.HWND(window)):
            found.append(window)
        return not found

    user.EnumWindows(visit(look), 0)
    return found[0] if found else None
