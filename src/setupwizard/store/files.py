"""Files that survive a power cut, a full disk, and another program that holds them open."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.model.format import format_bytes
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.windows_refusals import refusal

PATIENCE = 8.0
"""Seconds for which an operation is tried again while another program, often an antivirus, holds the file."""
CHUNK = 1 << 20
_PAUSE = 0.1
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))


def free_bytes(path: Path) -> int:
    """Return the room in bytes that this user has where a path is or will be."""
    for place in (path, *path.parents):
        if place.exists():
            return shutil.disk_usage(place).free
    return 0


def tree_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder, one that has several names counted once; 0 when it is not there."""
    total, seen = 0, set()
    for place, _folders, names in os.walk(platforms.extended(folder)):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))  # noqa: PTH118 - ten thousand files: paths cost more
            except OSError:
                continue
            if status.st_nlink > 1:
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
            total += status.st_size
    return total


@contextmanager
def disk_errors(path: Path, *, need: int = 0) -> Iterator[None]:
    """Turn what the disk refuses inside the body into errors that a person understands.

    Args:
        path: the folder to name.
        need: bytes that are still to be written, for the message.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    try:
        yield
    except OSError as error:
        raise disk_error(error, path, need=need) from error


def is_full(error: OSError) -> bool:
    """Whether an error means that the disk, or the user's share of it, is full."""
    return error.errno in _FULL


def disk_error(error: OSError, path: Path, *, need: int = 0) -> SetupError:
    """Return what an error of the disk means to a person."""
    if is_full(error):
        free = free_bytes(path)
        wanted = max(need, free + 1)
        return SetupError(
            "disk-full", path=str(path), need=format_bytes(wanted), free=format_bytes(free), detail=str(error)
        )
    refused = refusal(error, str(error.filename or path))
    if refused is not None:
        return refused
    if platforms.is_in_use(error):
        return SetupError("file-in-use", path=str(path), detail=str(error))
    return SetupError("root-not-writable", path=str(path), detail=str(error))


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that its name never leads to half of it, also after a power cut.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable"; the file is as it was before.
    """
    fresh = path.with_name(f".{path.name}.tmp")
    with disk_errors(path.parent, need=len(data)):
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        replace_patiently(fresh, path)
        platforms.flush_folder(path.parent)


def write_named(path: Path, text: str) -> None:
    """Write a file that somebody named, where it stands: it may be a pipe or a terminal.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    with disk_errors(path.parent, need=len(text)):
        path.write_text(text, encoding="utf-8")


def replace_patiently(source: Path, target: Path, *, patience: float = PATIENCE) -> None:
    """Give a file the name of another one, in one step; wait while another program holds either.

    Raises:
        OSError: it stays impossible.
    """
    _patiently(lambda: source.replace(target), patience)


def _patiently(action: Callable[[], object], patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            action()
        except OSError as error:
            if not platforms.is_in_use(error) or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        else:
            return


def hash_file(path: Path, *, cancel: Cancel | None = None) -> str:
    """Return the sha256 of a file in lowercase hexadecimal.

    Raises:
        OSError: it cannot be read.
        Cancelled: somebody asked to stop.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if cancel is not None:
                cancel.check()
    return digest.hexdigest()


def copy(source: Path, target: Path, *, cancel: Cancel | None = None) -> str:
    """Copy a file, never by a link, so that neither can change the other; return the sha256 of what was written.

    Raises:
        SetupError: "document-unreadable", "disk-full", "file-in-use" or "root-not-writable"; no target is left.
        Cancelled: somebody asked to stop.
    """
    digest = hashlib.sha256()
    fresh = target.with_name(f".{target.name}.tmp")
    try:
        file = source.open("rb")
        size = source.stat().st_size
    except OSError as error:
        raise SetupError("document-unreadable", file=str(source), detail=str(error)) from error
    try:
        with file, disk_errors(target.parent, need=size):
            with fresh.open("wb") as out:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
                    if cancel is not None:
                        cancel.check()
                out.flush()
                os.fsync(out.fileno())
            replace_patiently(fresh, target)
            platforms.flush_folder(target.parent)
    except SetupError:
        fresh.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def remove_file(path: Path, *, patience: float = PATIENCE) -> None:
    """Remove a file or a link if it is there; wait while another program holds it.

    Raises:
        SetupError: "file-in-use" or "root-not-writable".
    """

    def remove() -> None:
        try:
            path.unlink(missing_ok=True)
        except PermissionError as error:
            _make_writable(path)
            if not platforms.is_in_use(error):
                path.unlink(missing_ok=True)
            else:
                raise

    with disk_errors(path.parent):
        _patiently(remove, patience)


def remove_tree(folder: Path, *, patience: float = PATIENCE) -> None:
    """Remove a folder with all that is in it, never what its links lead to.

    Read-only files are made writable; what another program holds is tried again for some seconds.

    Raises:
        SetupError: "file-in-use" or "root-not-writable": something is left.
    """
    place = platforms.extended(folder)
    end = time.monotonic() + patience
    before = 1 << 62
    while problems := _remove_once(place):
        held = [problem for problem in problems if platforms.is_in_use(problem)]
        if time.monotonic() > end or (not held and len(problems) >= before):
            error = (held or problems)[0]
            raise disk_error(error, _held_file(error) or folder) from error
        before = len(problems)
        time.sleep(_PAUSE)


def _held_file(error: OSError) -> Path | None:
    """Return the file that another program holds, for a person who wants to close that program."""
    if not platforms.is_in_use(error) or not isinstance(error.filename, str):
        return None
    return Path(error.filename.removeprefix("\\\\?\\"))


def _remove_once(folder: Path) -> list[OSError]:
    """Remove what can be removed, and make the rest ready for another try; return why there is a rest."""
    problems: list[OSError] = []

    def on_problem(_action: object, name: str, error: BaseException) -> None:
        if isinstance(error, FileNotFoundError) or not isinstance(error, OSError):
            return
        problems.append(error)
        path = Path(name)
        _make_writable(path)
        if path != folder:
            _make_writable(path.parent)

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=on_problem)
    else:

        def on_error(action: object, name: str, info: tuple[Any, BaseException, Any]) -> None:
            on_problem(action, name, info[1])

        shutil.rmtree(folder, onerror=on_error)
    return problems


def _make_writable(path: Path) -> None:
    """Give the owner the rights to list and change a path of ours that a package made read-only."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return
        path.chmod(mode | (stat.S_IRWXU if stat.S_ISDIR(mode) else stat.S_IWUSR))
    except OSError:
        return
