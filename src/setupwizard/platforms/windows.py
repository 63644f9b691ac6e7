"""Windows: junctions, long paths, and files that other programs hold."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

_LARGE = 1 << 16
# access denied (a running program or a mapped library), sharing and lock violations, "still mapped"
_IN_USE = frozenset((5, 32, 33, 1224))
# "incorrect function" and "request not supported": what a file system without reparse points answers
_UNSUPPORTED = frozenset((1, 50))

MOVES_OPEN_FILES = False
"""Whether a folder can be renamed while somebody reads a file in it."""


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


def long_paths() -> bool:
    """Return whether paths longer than 259 characters work: a setting of the system, off by default."""
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1)
    except OSError:
        return False
