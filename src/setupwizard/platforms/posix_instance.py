"""Linux and macOS: one window at a time for each person and screen; a second start brings the first one to the front.

No window may bring another program's to the front, so the second start asks the first one to do it itself, through a
socket in the person's own runtime folder. A desktop lets a window come to the front only with the token that it gave to
the start; the second start hands that over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

assert sys.platform != "win32"  # noqa: S101 - tells the type checker which system this file is for

log = logging.getLogger(__name__)

_WAIT_S = 2.0
_LONGEST_PATH = 100
"""Bytes of the path of a socket: macOS has room for 104, Linux for 108."""
_TOKENS = ("XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID")
_READY = b"here\n"


def another_window(name: str, _title: str, folder: Path) -> bool:
    """Return whether another copy of this program has its window on this screen; it was asked to come to the front.

    A copy that does not answer within two seconds hangs or is about to end: nobody is kept waiting for it.

    Args:
        name: the same for all copies.
        folder: the person's own folder for what lives as long as the session.
    """
    place = _place(name, folder)
    if not place.exists():
        return False
    import socket

    token = next((os.environ[one] for one in _TOKENS if os.environ.get(one)), "")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(_WAIT_S)
        try:
            line.connect(str(place))
            line.sendall(token.encode() + b"\n")
            return line.recv(len(_READY)) == _READY
        except OSError as error:
            log.info("nobody answers at %s: %r", place, error)
            return False


def await_others(name: str, folder: Path) -> socket.socket | None:
    """Return a socket at which later starts knock; None where there can be none. It never blocks."""
    import socket

    place = _place(name, folder)
    if len(os.fsencode(place)) > _LONGEST_PATH:
        return None
    line = socket.socket(socket.AF_UNIX)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            log.info("%s is not ours alone", folder)
            line.close()
            return None
        place.unlink(missing_ok=True)  # of a copy that was killed, or hangs
        line.bind(str(place))
        line.listen()
        line.setblocking(False)
    except OSError as error:
        log.info("later starts cannot reach this window: %r", error)
        line.close()
        return None
    return line


def take_call(line: socket.socket) -> str | None:
    """Answer one start that knocked, and return the token that it hands over; None: nobody is there any more."""
    try:
        other, _address = line.accept()
        with contextlib.closing(other):
            other.settimeout(_WAIT_S)
            token = other.recv(4096).decode("utf-8", "replace").strip()
            other.sendall(_READY)
    except OSError:
        return None
    return token


def end_waiting(line: socket.socket) -> None:
    """Close the socket and remove its name."""
    place = Path(line.getsockname())
    line.close()
    place.unlink(missing_ok=True)


def _place(name: str, folder: Path) -> Path:
    screen = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or ""
    return folder / f"{name}{''.join(letter if letter.isalnum() else '-' for letter in screen)}"


def _is_private(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o022
