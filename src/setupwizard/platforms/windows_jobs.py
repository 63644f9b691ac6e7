"""Windows: children and all that they start, held by a Job Object that ends them; how old programs write text."""

from __future__ import annotations

import ctypes
import logging
import subprocess  # noqa: TID251 - only the type and its flags; tools/process starts them
import sys
import winreg
from contextlib import suppress
from ctypes import wintypes
from typing import Any

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

log = logging.getLogger(__name__)

_KILL_ON_JOB_CLOSE = 0x2000
_EXTENDED_LIMITS = 9
_CREATE_SUSPENDED = 0x4
_ENDED_BY_US = 1
_CODE_PAGES = r"SYSTEM\CurrentControlSet\Control\Nls\CodePage"


class _BasicLimits(ctypes.Structure):
    _fields_ = [
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    ]


class _ExtendedLimits(ctypes.Structure):
    _fields_ = [
        ("Basic", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    ]


def _kernel32() -> ctypes.WinDLL:
    library = ctypes.WinDLL("kernel32", use_last_error=True)
    library.CreateJobObjectW.restype = wintypes.HANDLE
    library.CreateJobObjectW.argtypes = [ctypes.c_void_p, wintypes.LPCWSTR]
    library.SetInformationJobObject.argtypes = [wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD]
    library.AssignProcessToJobObject.argtypes = [wintypes.HANDLE, wintypes.HANDLE]
    library.TerminateJobObject.argtypes = [wintypes.HANDLE, wintypes.UINT]
    library.CloseHandle.argtypes = [wintypes.HANDLE]
    return library


def popen_options() -> dict[str, Any]:
    """Return what a child needs: no console window, a group of its own, and not to run before a Job Object holds it.

    Whoever uses this makes a ProcessGroup of the child at once: that lets it run.
    """
    return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | _CREATE_SUSPENDED}


def launch_options() -> dict[str, Any]:
    """Return what a program needs to outlive us and to have a console of its own."""
    return {"creationflags": subprocess.CREATE_NEW_CONSOLE}


class ProcessGroup:
    """A child and everything that it started, held by a Job Object that ends them when it is closed.

    Windows closes it too when we die, however we die. The child is held before its first instruction, so nothing that
    it starts can be outside.
    """

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        """Take a child that was started with `popen_options`, and let it run."""
        self._kernel = _kernel32()
        self._child = child
        self._job = self._kernel.CreateJobObjectW(None, None)
        limits = _ExtendedLimits()
        limits.Basic.LimitFlags = _KILL_ON_JOB_CLOSE
        process = wintypes.HANDLE(int(child._handle))  # type: ignore[attr-defined]
        self._holds = bool(
            self._kernel.SetInformationJobObject(
                self._job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
            )
            and self._kernel.AssignProcessToJobObject(self._job, process)
        )
        if not self._holds:
            log.warning("no Job Object holds %s: %s", child.pid, ctypes.WinError(ctypes.get_last_error()))
        # resumes all threads of a process; psutil and debuggers use the same call, as the documented ones need the
        # handle of the thread, which subprocess closes
        resume = ctypes.WinDLL("ntdll").NtResumeProcess
        resume.argtypes = [wintypes.HANDLE]
        resume(process)

    def interrupt(self) -> bool:
        """Return False: Ctrl+Break reaches programs on our own console alone, and a child has another one."""
        return False

    def ask_to_end(self) -> bool:
        """Return False: a program without a console window has no polite signal, so nobody needs to wait for one."""
        return False

    def kill(self) -> None:
        """End all of them for certain."""
        if self._holds:
            self._kernel.TerminateJobObject(self._job, _ENDED_BY_US)
        elif self._child.poll() is None:
            self._child.kill()

    def close(self) -> None:
        """Give the Job Object back."""
        self._kernel.CloseHandle(self._job)


def console_encoding() -> str:
    """Return how old programs of this Windows write text: in the OEM code page, "cp437", "cp936" ...

    The registry tells the system's; a call tells our own, which the manifest of the packaged program sets to UTF-8.
    """
    with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _CODE_PAGES) as key:
        page = str(winreg.QueryValueEx(key, "OEMCP")[0])
        if page.isdigit():
            return f"cp{page}"
    return f"cp{ctypes.windll.kernel32.GetOEMCP()}"
