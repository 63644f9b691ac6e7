"""Which programs run from a folder right now, as far as the system tells."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from setupwizard import platforms

_ATTRIBUTES = ["pid", "name", "exe", "cwd", "cmdline"]


class LiveProcess(NamedTuple):
    """A process that uses a folder."""

    pid: int
    name: str


class LiveProcesses:
    """All processes but our own, with the paths that each uses, at one moment.

    What the system hides of other users' processes is not seen; on Windows a folder that is in use cannot be renamed,
    and that is the proof there.
    """

    def __init__(self) -> None:
        """Ask the system now."""
        own = os.getpid()
        self._seen = [
            (LiveProcess(process.pid, info["name"] or "?"), _paths_of(process, info))
            for process, info in _processes()
            if process.pid != own
        ]

    def inside(self, folder: Path) -> list[LiveProcess]:
        """Return the processes whose program, working folder, script, libraries or open files lie in a folder."""
        ways = {folder.absolute(), folder.parent.resolve() / folder.name}
        prefixes = tuple(os.path.normcase(way).rstrip("/\\") + os.sep for way in ways)
        return [process for process, paths in self._seen if any(path.startswith(prefixes) for path in paths)]


def _processes() -> Iterator[tuple[psutil.Process, dict[str, Any]]]:
    """Yield what each process tells; one that ends while it is asked may make the system answer with any error."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            yield process, process.as_dict(_ATTRIBUTES)


def _paths_of(process: psutil.Process, info: dict[str, Any]) -> set[str]:
    paths = {info["exe"], info["cwd"], *(info["cmdline"] or ()), *platforms.mapped_files(process.pid)}
    if os.name != "nt":
        # on Windows this question may hang on some handles
        with suppress(psutil.Error, OSError):
            paths.update(file.path for file in process.open_files())
    return {os.path.normcase(path) + os.sep for path in paths if path}
