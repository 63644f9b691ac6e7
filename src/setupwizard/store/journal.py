"""What was done to a root, line by line: what can be removed, and what a dead run left behind."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from setupwizard import platforms
from setupwizard.codes import SCHEMA
from setupwizard.model.wire import timestamp
from setupwizard.store.documents import is_newer
from setupwizard.store.files import disk_errors

What = Literal["root", "started", "finished", "created", "removed", "switched"]
MAX_BYTES = 64 * 1024 * 1024


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal.

    Attributes:
        what: "root" opens the journal; "started" and "finished" are jobs; the rest happened to a path.
        run: the same for all lines of one process.
        path: relative to the root, with forward slashes.
        job: "apply", "rollback", "remove" ...
        made: for "root": whether the folder itself was made by us.
        wheels: for "started": the sizes of the wheels that the job needs, in bytes, by their sha256.
    """

    what: What
    time: str
    run: str
    schema: Literal[1] = SCHEMA
    pid: int | None = None
    path: str | None = None
    job: str | None = None
    plan: str | None = None
    generation: str | None = None
    status: str | None = None
    made: bool = False
    wheels: dict[str, int] = field(default_factory=dict)


class Journal:
    """The journal of one root. Every line is on the disk before the call returns."""

    def __init__(self, file: Path) -> None:
        """Take the file: `Root.journal`."""
        self.file = file
        self._run = uuid.uuid4().hex

    def opened(self, *, made: bool) -> None:
        """Note that this root is ours; `made`: that its folder was not there before."""
        self._write("root", made=made)

    def started(
        self,
        job: str,
        *,
        plan: str | None = None,
        generation: str | None = None,
        wheels: Mapping[str, int] | None = None,
    ) -> None:
        """Note that a job begins; `wheels` are the sizes of those that it needs, by their sha256."""
        needs = dict(wheels or {})
        self._write("started", job=job, plan=plan, generation=generation, pid=os.getpid(), wheels=needs)

    def finished(self, job: str, *, status: str) -> None:
        """Note how a job ended: "done", "failed" or "cancelled"."""
        self._write("finished", job=job, status=status)

    def created(self, path: Path) -> None:
        """Note a file or folder below the root, before it is made: what is noted here is removed with the root."""
        self._write("created", path=self._relative(path))

    def removed(self, path: Path) -> None:
        """Note that a file or folder is gone."""
        self._write("removed", path=self._relative(path))

    def switched(self, generation: str) -> None:
        """Note that another generation is in use."""
        self._write("switched", generation=generation)

    def read(self) -> list[Entry]:
        """Return all lines that can be read: a torn one, as a power cut leaves it, is passed over."""
        entries = []
        for line in self._lines():
            try:
                entries.append(msgspec.json.decode(line, type=Entry))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
        return entries

    def written_by_newer(self) -> bool:
        """Whether a newer version of this program wrote here: lines that this one cannot read."""
        return any(map(is_newer, self._lines()))

    def unfinished(self) -> Entry | None:
        """Return the start of the last job if a dead run never finished it: the reason for "Continue?".

        Jobs on a root follow one another, so any "finished" ends the job that started last. Ask before a job of your
        own is started; one that runs at this moment in another process counts as
        unfinished too, and only the lock tells the difference.
        """
        last: Entry | None = None
        for entry in self.read():
            if entry.what == "started":
                last = entry
            elif entry.what == "finished":
                last = None
        return last

    def last_start(self) -> Entry | None:
        """Return the start of the last job, whether it was finished or not."""
        return next((entry for entry in reversed(self.read()) if entry.what == "started"), None)

    def made_paths(self) -> list[Path]:
        """Return what was created and not removed since, as absolute paths; none of them leads out of the root."""
        paths: dict[str, None] = {}
        for entry in self.read():
            if entry.path is None or not stays_inside(entry.path):
                continue
            if entry.what == "created":
                paths[entry.path] = None
            elif entry.what == "removed":
                paths.pop(entry.path, None)
        return [self.file.parent / path for path in paths]

    def made_root(self) -> bool:
        """Whether the folder of the root was made by us, and not there before."""
        return any(entry.what == "root" and entry.made for entry in self.read())

    def _lines(self) -> list[bytes]:
        try:
            return self.file.read_bytes().splitlines() if self.file.stat().st_size <= MAX_BYTES else []
        except OSError:
            return []

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.file.parent).as_posix()

    def _write(self, what: What, **facts: object) -> None:
        entry = msgspec.convert({"what": what, "time": timestamp(), "run": self._run, **facts}, Entry)
        # the number stands in each line, though it is the default: a later version has another default
        line = msgspec.json.encode({"schema": SCHEMA, **msgspec.to_builtins(entry)}) + b"\n"
        with disk_errors(self.file.parent, need=len(line)):
            fresh = not self.file.exists()
            with self.file.open("a+b") as file:
                if file.tell() and _last_byte(self.file) != b"\n":
                    line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                platforms.flush_folder(self.file.parent)


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)


def stays_inside(path: str) -> bool:
    """Whether a path from a file is relative and plain, so that joined to a folder it stays in there, on any system."""
    if not path or "\\" in path or ":" in path or "\0" in path:
        return False
    parts = path.split("/")
    return bool(parts[0]) and ".." not in parts and any(part != "." for part in parts if part)
