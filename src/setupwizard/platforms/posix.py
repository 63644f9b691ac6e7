"""Linux and macOS: process groups, symbolic links."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess  # noqa: TID251 - only the type; tools/process starts them

assert sys.platform != "win32"  # noqa: S101 - tells the type checker which system this file is for

MOVES_OPEN_FILES = True
"""Whether a folder can be renamed while somebody reads a file in it."""


def popen_options() -> dict[str, Any]:
    """Return what a child needs to be ended together with its children: a session of its own."""
    return {"start_new_session": True}


def launch_options() -> dict[str, Any]:
    """Return what a program needs to outlive us: a session of its own."""
    return {"start_new_session": True}


class ProcessGroup:
    """A child and everything that it started."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        """Take a child that leads its own session."""
        self._group = child.pid

    def interrupt(self) -> bool:
        """Send all of them what Ctrl+C sends; return True, as they may take a moment to follow it."""
        self._signal(signal.SIGINT)
        return True

    def ask_to_end(self) -> bool:
        """Send the polite signal to all of them; return True, as they may take a moment to follow it."""
        self._signal(signal.SIGTERM)
        return True

    def kill(self) -> None:
        """End all of them for certain."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Give back what the group holds: nothing here."""

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._group, number)
        except (ProcessLookupError, PermissionError):
            return


def console_encoding() -> str:
    """Return how programs write text here."""
    return "utf-8"


def temporary_folder() -> Path:
    """Return the folder for working directories of children."""
    return Path(tempfile.gettempdir())


def default_root() -> Path:
    """Return where an environment goes when nobody chose: ~/pytorch."""
    return Path.home() / "pytorch"


def machine_root() -> Path:
    """Return where an environment for everybody on the computer goes: /opt/pytorch."""
    return Path("/opt/pytorch")


def is_service_account() -> bool:
    """Return False: root has a home of its own here, which may be used like any other."""
    return False


def who_else_writes(folder: Path) -> str | None:
    """Return the folder, this one or one above it, in which other users may exchange files; None: nowhere.

    In a folder with the sticky bit, such as /tmp, they may add their own files and touch nobody else's.
    """
    for place in (folder, *folder.parents):
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        shared = status.st_mode & stat.S_IWOTH and not (status.st_mode & stat.S_ISVTX and place != folder)
        if shared or status.st_uid not in {0, os.geteuid()}:
            return str(place)
    return None


def readable_by_all(file: Path) -> bool:
    """Whether every user of the computer may read a file and pass all folders that lead to it."""
    try:
        real = file.resolve(strict=True)
        passed = all(place.stat().st_mode & stat.S_IXOTH for place in real.parents)
        return passed and bool(real.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def let_all_read() -> None:
    """Let what is made from now on be read by every user, whatever this account's habit is."""
    os.umask(0o022)


def has_display() -> bool:
    """Return whether a window can be shown."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def python_in(environment: Path) -> Path:
    """Return the interpreter of a virtual environment, or of one that conda made."""
    return environment / "bin" / "python"


def python_of_conda_in(prefix: Path) -> Path:
    """Return the interpreter of an environment of conda's, also of one that is still to be made."""
    return python_in(prefix)


def site_packages_in(environment: Path) -> Path:
    """Return the folder of packages of a virtual environment, or of one that conda made.

    conda's Pythons have lib/python3.1 beside lib/python3.12, which leads to it: the true folder is the one that counts.
    """
    places = sorted(environment.glob("lib/python3.*/site-packages"))
    found = [place for place in places if not place.parent.is_symlink()] or places
    return found[0] if found else environment / "lib" / "site-packages"


def point_to(pointer: Path, target: Path) -> None:
    """Make `pointer` lead to `target` in one atomic step, whatever it led to before."""
    fresh = pointer.with_name(pointer.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(target, pointer.parent), target_is_directory=True)
    fresh.replace(pointer)
    flush_folder(pointer.parent)


def holds_no_pointers(_error: OSError) -> bool:
    """Return False: a drive without links holds no virtual environment here, so there is no way around."""
    return False


def remove_pointer(pointer: Path) -> None:
    """Remove a pointer and leave what it leads to."""
    if pointer.is_symlink():
        pointer.unlink()


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Make every file below a folder survive a power cut.

    Linux writes the folder's own file system and returns when that is done: a network drive elsewhere that does not
    answer holds nobody up. macOS has only the call for all of them.
    """
    import ctypes  # the window opens without it

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None), "syncfs", None)
        if syncfs is None or syncfs(descriptor) != 0:
            os.sync()
    finally:
        os.close(descriptor)


def pointer_target(pointer: Path) -> Path | None:
    """Return where a pointer leads, whether that exists or not; None when it is no pointer."""
    try:
        return pointer.parent / pointer.readlink()
    except OSError:
        return None


def is_in_use(error: OSError) -> bool:
    """Whether an operation was refused only because another program uses the file just now."""
    return error.errno in {errno.EBUSY, errno.ETXTBSY}


def extended(path: Path) -> Path:
    """Return the form of a path that has no limit of length: here the path itself."""
    return path


def mapped_files(pid: int) -> set[str]:
    """Return the files that a process has mapped, its loaded libraries above all; nothing where the system hides it."""
    try:
        text = Path(f"/proc/{pid}/maps").read_text("utf-8", "surrogateescape")
    except OSError:
        return set()
    rows = (line.split(None, 5) for line in text.splitlines())
    return {row[5] for row in rows if len(row) == 6 and row[5].startswith("/")}


def boot_id() -> str:
    """Return a word that stays the same until the system is started anew."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def long_paths() -> bool:
    """Return True: the limit is far beyond what anybody types."""
    return True
