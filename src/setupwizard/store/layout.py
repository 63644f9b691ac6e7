"""Where everything of an environment lies below its root, and whether a folder may become one."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.wire import to_json
from setupwizard.store.documents import Complete, Current, is_generation_name, is_newer_file, read_or_none
from setupwizard.store.files import disk_error, is_full, write_atomic
from setupwizard.store.journal import Journal
from setupwizard.store.suitable import refuse_unsuitable, unsuitable
from setupwizard.tools import userdirs

# What file managers and file systems put into every folder: a folder with nothing else is empty.
_NOBODYS = frozenset((".ds_store", "thumbs.db", "desktop.ini", "lost+found", "$recycle.bin", ".directory"))
# One path that holds these breaks a list of paths, or a batch file.
_BREAKING = frozenset((os.pathsep, "%") if os.name == "nt" else (os.pathsep,))
_BAD_NAME = frozenset((errno.EINVAL, errno.ENAMETOOLONG))
# What a run leaves that was ended before its first line in the journal.
_FIRST_NAMES = frozenset(("gens", "store", "reports", "logs", "journal.jsonl", ".lock", ".probe", ".probe.new"))


@dataclass(frozen=True)
class Root:
    """The folder of one environment with all its generations. Making one of these touches nothing."""

    path: Path

    def __post_init__(self) -> None:
        """Make the path absolute once, so that a later change of the working folder does not matter."""
        object.__setattr__(self, "path", Path(self.path).absolute())

    @property
    def gens(self) -> Path:
        """The generations, one folder each."""
        return self.path / "gens"

    @property
    def store(self) -> Path:
        """The wheels, by their sha256."""
        return self.path / "store"

    @property
    def work(self) -> Path:
        """Caches and temporary files of one job; the next one starts by removing it."""
        return self.path / "work"

    @property
    def journal(self) -> Path:
        """What was done here, line by line."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        """The file whose lock means that a process works here."""
        return self.path / ".lock"

    @property
    def reports(self) -> Path:
        """Reports for people and programs."""
        return self.path / "reports"

    @property
    def logs(self) -> Path:
        """What the tools printed."""
        return self.path / "logs"

    @property
    def current(self) -> Path:
        """The pointer to the generation in use: what activation, kernels and shortcuts lead to."""
        return self.path / "current"

    @property
    def current_json(self) -> Path:
        """The truth about the generation in use."""
        return self.path / "current.json"

    @property
    def in_use(self) -> Path | None:
        """The way to the environment in use: the pointer, or its own folder where the drive holds no pointers."""
        name = self.current_name()
        if name is None:
            return None
        return self.current if self.pointer_name() == name else self.generation(name)

    def generation(self, name: str) -> Path:
        """Return the folder of a generation.

        Raises:
            ValueError: that is not the name of one.
        """
        if not is_generation_name(name):
            raise ValueError(name)
        return self.gens / name

    def complete_json(self, name: str) -> Path:
        """Return the file whose presence proves that a generation is whole."""
        return self.generation(name) / "COMPLETE.json"

    def is_ours(self) -> bool:
        """Whether this folder was made by us: by its journal, by a whole generation, or by a run that died at once."""
        if any(entry.what == "root" for entry in Journal(self.journal).read()) or self.generations():
            return True
        if self.written_by_newer():
            return True
        names = self._names()
        return bool(names) and names <= _FIRST_NAMES and self.gens.is_dir() and not any(self.gens.iterdir())

    def written_by_newer(self) -> bool:
        """Whether a newer version of this program wrote here, so that this one may misread what it finds."""
        documents = (self.current_json, *map(self.complete_json, self.generation_names()))
        return any(map(is_newer_file, documents)) or Journal(self.journal).written_by_newer()

    def refuse_newer(self) -> None:
        """Leave alone what a newer version of this program made.

        Raises:
            SetupError: "environment-newer".
        """
        if self.written_by_newer():
            raise SetupError("environment-newer", path=str(self.path))

    def check(self) -> None:
        """Refuse a folder that cannot or must not become a root; nothing is written.

        Raises:
            SetupError: "path-unsuitable", "environment-newer", "root-not-empty" or "root-not-writable".
        """
        try:
            self._refuse_unsuitable()
            self.refuse_newer()
            ours = self.is_ours()
            if os.path.lexists(self.path) and self._names() and not ours:
                raise SetupError("root-not-empty", path=str(self.path))
            if not ours:
                refuse_unsuitable(self.path)
            place = next(place for place in (self.path, *self.path.parents) if place.exists())
        except OSError as error:
            raise self._refused(error) from error
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise SetupError("root-not-writable", path=str(self.path))

    def prepare(self) -> None:
        """Make the folders, after all checks; a root that is ours already is left as it is.

        Raises:
            SetupError: "path-unsuitable", "environment-newer", "root-not-empty", "root-not-writable" or "disk-full".
        """
        self.check()
        fresh = not self.path.exists()
        known = any(entry.what == "root" for entry in Journal(self.journal).read())
        try:
            for folder in (self.gens, self.store, self.reports, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(error) from error
        self._try_pointer()
        if not known:
            Journal(self.journal).opened(made=fresh)

    def current_name(self) -> str | None:
        """Return the generation in use: what current.json says, else where the pointer leads; None: there is none."""
        document = read_or_none(Current, self.current_json)
        if document is not None and self._exists(document.generation):
            return document.generation
        name = self.pointer_name()
        return name if name is not None and self._exists(name) else None

    def previous_name(self) -> str | None:
        """Return the whole generation that going back leads to, None when there is none.

        It is the one that was in use before the present one, not merely the one with the next smaller number: that
        may be one which the user went back from.
        """
        current = self.current_name()
        if current is None:
            return None
        document = read_or_none(Current, self.current_json)
        noted = document.previous if document is not None and document.generation == current else None
        if noted is not None and noted != current and self.read_complete(noted) is not None:
            return noted
        older = [name for name in self.generations() if int(name) < int(current)]
        return older[-1] if older else None

    def pointer_name(self) -> str | None:
        """Return the name that the pointer leads to, whether it exists or not; None: no pointer, or not of ours."""
        target = platforms.pointer_target(self.current)
        if target is None or not is_generation_name(target.name):
            return None
        same = os.path.normcase(target.parent) == os.path.normcase(self.gens)
        return target.name if same else None

    def next_name(self) -> str:
        """Return the name for a new generation: a number that none has had since the oldest one that is left."""
        names = {name for name in self.generation_names() if is_generation_name(name)}
        document = read_or_none(Current, self.current_json)
        if document is not None and is_generation_name(document.generation):
            names.add(document.generation)
        return f"{max((int(name) for name in names), default=0) + 1:04d}"

    def generation_names(self) -> list[str]:
        """Return the names of all generations, whole or not, oldest first."""
        try:
            places = [place for place in self.gens.iterdir() if place.is_dir() and not place.is_symlink()]
        except OSError:
            return []
        return sorted((place.name for place in places if is_generation_name(place.name)), key=int)

    def generations(self) -> list[str]:
        """Return the names of the whole generations, oldest first."""
        return [name for name in self.generation_names() if self.read_complete(name) is not None]

    def read_complete(self, name: str) -> Complete | None:
        """Return the proof that a generation is whole; None when it is not, is not there, or is a copy of another."""
        if not is_generation_name(name):
            return None
        document = read_or_none(Complete, self.complete_json(name))
        return document if document is not None and document.generation == name else None

    def write_current(self, document: Current) -> None:
        """Say which generation is in use; the file is old or new, never half.

        Raises:
            SetupError: "disk-full", "file-in-use" or "root-not-writable".
        """
        write_atomic(self.current_json, (to_json(document) + "\n").encode())

    def _exists(self, name: str) -> bool:
        return is_generation_name(name) and self.generation(name).is_dir()

    def _names(self) -> set[str]:
        """Return what the folder holds beside what file managers leave."""
        if not self.path.is_dir():
            return set()
        return {place.name for place in self.path.iterdir() if place.name.lower() not in _NOBODYS}

    def _refuse_unsuitable(self) -> None:
        text = str(self.path)
        bad = next((sign for sign in text if sign in _BREAKING or ord(sign) < 32), None)
        if bad is not None:
            raise unsuitable(self.path, _("Its path holds the character {sign}.").format(sign=repr(bad)))
        if self.path.parent == self.path:
            raise unsuitable(self.path, _("It is a whole drive."))
        if self.path == userdirs.home():
            raise unsuitable(self.path, _("It is your personal folder itself."))
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise unsuitable(self.path, _("It is a file, not a folder."))

    def _refused(self, error: OSError) -> SetupError:
        if error.errno in _BAD_NAME:
            return unsuitable(self.path, _("Its drive does not take that name."))
        return disk_error(error, self.path)

    def _try_pointer(self) -> None:
        """Make and remove a pointer: drives with an old file system, and some network drives, hold none.

        On Windows an environment works without one: activation then names the generation itself.
        """
        probe = self.path / ".probe"
        try:
            platforms.point_to(probe, self.gens)
            works = probe.is_dir()
            platforms.remove_pointer(probe)
        except OSError as error:
            with suppress(OSError):
                platforms.remove_pointer(probe)
            if is_full(error) or not os.access(self.path, os.W_OK):
                raise disk_error(error, self.path) from error
            if platforms.holds_no_pointers(error):
                return
            raise unsuitable(self.path, _("Its drive cannot hold links between folders.")) from error
        if not works:
            raise unsuitable(self.path, _("Its drive cannot hold links between folders."))
