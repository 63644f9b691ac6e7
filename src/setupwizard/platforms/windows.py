"""Windows: Job Objects and junctions, from the documented interfaces of the system."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess  # noqa: TID251 - only the type and its flags; tools/process starts them
import sys
import tempfile
from ctypes import wintypes
from pathlib import Path
from typing import Any

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

_KILL_ON_JOB_CLOSE = 0x2000
_EXTENDED_LIMITS = 9
_LARGE = 1 << 16
# access denied (a running program or a mapped library), sharing and lock violations, "still mapped"
_IN_USE = frozenset((5, 32, 33, 1224))
# "incorrect function" and "request not supported": what a file system without reparse points answers
_UNSUPPORTED = frozenset((1, 50))


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
    """Return what a child needs to stay without a console window and to be told apart from us."""
    return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}


def launch_options() -> dict[str, Any]:
    """Return what a program needs to outlive us and to have a console of its own."""
    return {"creationflags": subprocess.CREATE_NEW_CONSOLE}


class ProcessGroup:
    """A child and everything that it started, held by a Job Object that ends them when it is closed."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        """Take a child that has just been started."""
        self._kernel = _kernel32()
        self._job = self._kernel.CreateJobObjectW(None, None)
        limits = _ExtendedLimits()
        limits.Basic.LimitFlags = _KILL_ON_JOB_CLOSE
        self._kernel.SetInformationJobObject(self._job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
        self._kernel.AssignProcessToJobObject(self._job, int(child._handle))  # type: ignore[attr-defined]

    def ask_to_end(self) -> None:
        """Do nothing: a program without a console has no polite signal."""

    def kill(self) -> None:
        """End all of them for certain."""
        self._kernel.TerminateJobObject(self._job, 1)

    def close(self) -> None:
        """Give the Job Object back."""
        self._kernel.CloseHandle(self._job)


def temporary_folder() -> Path:
    """Return the folder for working directories of children."""
    return Path(tempfile.gettempdir())


def default_root() -> Path:
    r"""Return where an environment goes when nobody chose: C:\pytorch where that can be made, else the profile."""
    drive = Path(os.environ.get("SYSTEMDRIVE", "C:") + "\\")
    short = drive / "pytorch"
    if short.is_dir():
        return short
    try:
        short.mkdir()
        short.rmdir()
    except OSError:
        return Path(os.environ["LOCALAPPDATA"]) / "pytorch"
    return short


def has_display() -> bool:
    """Return True: Windows always shows windows."""
    return True


def python_in(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / "Scripts" / "python.exe"


def site_packages_in(environment: Path) -> Path:
    """Return the folder of packages of a virtual environment."""
    return environment / "Lib" / "site-packages"


def point_to(pointer: Path, target: Path) -> None:
    """Make `pointer`, a junction, lead to `target`. current.json beside it is the truth, as this takes two steps."""
    import _winapi

    remove_pointer(pointer)
    try:
        _winapi.CreateJunction(str(target), str(pointer))
    except OSError:
        # on a drive without junctions the call leaves the empty folder behind that was to become one
        with contextlib.suppress(OSError):
            remove_pointer(pointer)
        raise


def holds_no_pointers(error: OSError) -> bool:
    """Whether making a pointer was refused because the drive holds none: exFAT, FAT32, some network drives."""
    return error.winerror in _UNSUPPORTED


def remove_pointer(pointer: Path) -> None:
    """Remove a junction and leave what it leads to."""
    if os.path.lexists(pointer):
        os.rmdir(pointer)  # noqa: PTH106 - Path.rmdir refuses a junction on some versions


def flush_folder(folder: Path) -> None:
    """Do nothing: NTFS has no call for it, and the journal of the file system keeps the order of names."""


def flush_tree(folder: Path) -> None:
    """Make the large files below a folder survive a power cut.

    Windows has no call for a whole volume without administrator rights, and one call for each of ten thousand small
    files takes minutes: those are written by the system within seconds.
    """
    for place, _folders, names in os.walk(extended(folder)):
        for name in names:
            path = Path(place, name)
            try:
                if path.stat().st_size < _LARGE:
                    continue
                with path.open("r+b") as file:
                    os.fsync(file.fileno())
            except PermissionError:
                continue


def pointer_target(pointer: Path) -> Path | None:
    """Return where a junction leads, whether that exists or not; None when it is no junction."""
    try:
        target = os.readlink(pointer)  # noqa: PTH115 - the text without the prefix of an extended path
    except OSError:
        return None
    return pointer.parent / target.removeprefix("\\\\?\\")


def is_in_use(error: OSError) -> bool:
    """Whether an operation was refused only because another program uses the file just now."""
    return error.winerror in _IN_USE


def extended(path: Path) -> Path:
    r"""Return the form of a path that has no limit of length: with the prefix \\?\."""
    text = os.path.abspath(path)  # noqa: PTH100 - the prefix switches off the reading of ".."
    if text.startswith("\\\\?\\"):
        return Path(text)
    if text.startswith("\\\\"):
        return Path("\\\\?\\UNC\\" + text[2:])
    return Path("\\\\?\\" + text)


def mapped_files(_pid: int) -> set[str]:
    """Return nothing: a folder with a loaded library cannot be renamed here, which is the better proof."""
    return set()


def boot_id() -> str:
    """Return a word that stays the same until the system is started anew; the clock that it comes from wanders."""
    import psutil

    return str(round(psutil.boot_time() / 60))
