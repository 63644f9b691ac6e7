"""Windows: how far a job is, on the button of our window in the task bar.

ITaskbarList3: https://learn.microsoft.com/windows/win32/api/shobjidl_core/nn-shobjidl_core-itaskbarlist3
"""

from __future__ import annotations

import ctypes
import logging
import sys
import uuid
from ctypes import wintypes

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

log = logging.getLogger(__name__)

_CLASS = uuid.UUID("56fdf344-fd6d-11d0-958a-006097c9a090")
_INTERFACE = uuid.UUID("ea1afb91-9e28-4b86-90e9-9e9f8a5eefaf")
_IN_PROCESS = 1
# The places of the functions in the interface: three of IUnknown, five of ITaskbarList, one of ITaskbarList2 before.
_RELEASE, _INIT, _SET_VALUE, _SET_STATE = 2, 3, 9, 10
_NONE, _GOING, _PAUSED = 0, 2, 8


class TaskbarButton:
    """The button of one window. The thread that uses it has to have COM, as Qt's has."""

    def __init__(self, window: int) -> None:
        """Take the handle of the window; a shell without such a button is no fault."""
        self._window = wintypes.HWND(window)
        self._list = ctypes.c_void_p()
        ole = ctypes.WinDLL("ole32")
        wanted = [ctypes.create_string_buffer(one.bytes_le, 16) for one in (_CLASS, _INTERFACE)]
        made: int = ole.CoCreateInstance(wanted[0], None, _IN_PROCESS, wanted[1], ctypes.byref(self._list))
        if made or not self.there or self._call(_INIT):
            log.info("there is no task bar that shows progress: %#x", made & 0xFFFFFFFF)
            self.close()

    @property
    def there(self) -> bool:
        """Whether the shell has such a button."""
        return self._list.value is not None

    def show(self, percent: int, *, paused: bool = False) -> None:
        """Show how much of the job is done; yellow while it rests."""
        if self.there:
            state, whole = ctypes.c_int(_PAUSED if paused else _GOING), ctypes.c_ulonglong(100)
            self._call(_SET_STATE, self._window, state)
            self._call(_SET_VALUE, self._window, ctypes.c_ulonglong(percent), whole)

    def clear(self) -> None:
        """Show a plain button again."""
        if self.there:
            self._call(_SET_STATE, self._window, ctypes.c_int(_NONE))

    def close(self) -> None:
        """Give the interface back."""
        if self.there:
            self._call(_RELEASE)
        self._list = ctypes.c_void_p()

    def _call(self, place: int, *words: wintypes.HWND | ctypes.c_int | ctypes.c_ulonglong) -> int:
        """Call a function of the interface and return what it says: 0 or more when it did it."""
        table = ctypes.cast(self._list, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
        kind = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *(type(word) for word in words))
        answer: int = kind(table[place] or 0)(self._list, *words)
        return answer
