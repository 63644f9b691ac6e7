"""Takes packages out of an environment that is not ours, so that every file of them can be put back.

What is taken out is moved, never deleted: it keeps its bytes, costs no room, and going back is as quick. Only a file
that another package holds as well, and that has to stay, is copied. A note beside them says what was done, so that a
run that died half way is undone by the next one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from setupwizard import platforms
from setupwizard.store.documents import read_or_none
from setupwizard.store.files import disk_errors, remove_file, write_atomic
from setupwizard.store.wheel_record import Places, installed_record, package_of, read_listing

FOLDER = ".setupwizard-kept"
_NOTE = "note.json"


class Note(Struct, frozen=True, kw_only=True):
    """What a folder of kept files is about.

    Attributes:
        state: "taking": files are being moved out; "bringing": all are out, and others may have come; "done": the
            exchange was proved; "undone": all is as it was.
        taken: name and version of each package whose files are here.
        files: their places, relative to the environment.
        comes: places that were free before, of files that were to come.
        shared: places that others hold already, and that stay whatever came; what they held is kept as a copy.
        infos: folders of metadata that were to come.
    """

    state: Literal["taking", "bringing", "done", "undone"]
    taken: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    comes: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


class Exchange:
    """One exchange of packages in one environment."""

    def __init__(self, prefix: Path, folder: Path) -> None:
        """Take the environment and the folder of kept files below it; see `begin` and `unfinished`."""
        self.prefix = prefix.absolute()
        self.folder = folder

    @property
    def note(self) -> Note | None:
        """What is written down; None when it cannot be read."""
        return read_or_none(Note, self.folder / _NOTE)

    @property
    def packages(self) -> Path:
        """The folder of packages."""
        return platforms.site_packages_in(self.prefix)

    def take_out(self, names: Collection[str], wheels: Sequence[Path]) -> None:
        """Move all files of some packages out, and write down what is to come in their place.

        Args:
            names: canonical names of the packages; one that is not there is no matter.
            wheels: verified wheels that will be installed.

        Raises:
            SetupError: "root-not-writable", "file-in-use", "disk-full"; what was moved is back then.
        """
        infos = [info for info in self.packages.glob("*.dist-info") if package_of(info.name) in names]
        files = tuple(sorted({place for info in infos for place in self._places(info)}))
        taken = tuple(sorted(info.name.removesuffix(".dist-info").replace("-", " ", 1) for info in infos))
        note = Note(state="taking", taken=taken, files=files)
        with disk_errors(self.prefix):
            self.folder.mkdir(parents=True)
            self._write(note)
            try:
                for name in files:
                    _move(self.prefix / name, self.folder / name)
                note = self._take_what_nobody_holds(note, wheels)
                # an emptied folder of metadata still counts as an installed package for uv and pip
                _remove_empty({(self.prefix / name).parent for name in note.files}, self.packages)
                note = self._coming(note, wheels)
                self._write(replace(note, state="taking"))
                for name in note.shared:
                    _copy(self.prefix / name, self.folder / name)
                self._write(note)
            except (OSError, ValueError):
                self.put_back()
                raise

    def put_back(self) -> None:
        """Remove what came and move back what was taken out. Safe more than once, and after a crash.

        Raises:
            SetupError: "root-not-writable", "file-in-use".
        """
        note = self.note
        if note is None or note.state not in {"taking", "bringing"}:
            return
        with disk_errors(self.prefix):
            if note.state == "bringing":
                self._remove_what_came(note)
            for name in note.shared:
                _unfinished_copy(self.folder / name).unlink(missing_ok=True)
            for name in (*note.files, *note.shared):
                if (self.folder / name).exists():
                    _move(self.folder / name, self.prefix / name)
            self._write(Note(state="undone"))
            self._tidy()

    def close(self) -> None:
        """Say that the exchange is done: what was taken out stays in its folder, for the person to delete.

        Raises:
            SetupError: "root-not-writable".
        """
        note = self.note
        if note is not None:
            with disk_errors(self.folder):
                self._write(replace(note, state="done"))
                if not note.files:
                    self._tidy()

    def _take_what_nobody_holds(self, note: Note, wheels: Sequence[Path]) -> Note:
        """Move out what lies where files are to come and no record names, as a half-made install leaves it."""
        held = {place for info in self.packages.glob("*.dist-info") for place in self._places(info)}
        nobodys = tuple(sorted({place for wheel in wheels for place, _info in self._brought(wheel)} - held))
        note = replace(note, files=(*note.files, *(name for name in nobodys if (self.prefix / name).is_file())))
        self._write(note)
        for name in nobodys:
            if (self.prefix / name).is_file():
                _move(self.prefix / name, self.folder / name)
        return note

    def _brought(self, wheel: Path) -> Iterator[tuple[str, str]]:
        """Yield the place of each file that a wheel brings, and the name of its folder of metadata."""
        record = read_listing(wheel).at(Places.of(self.packages))
        for file in record.files:
            place = Path(os.path.normpath(self.packages / file.places[0]))
            if place.is_relative_to(self.prefix):
                yield place.relative_to(self.prefix).as_posix(), record.dist_info

    def _coming(self, note: Note, wheels: Sequence[Path]) -> Note:
        """Return the note with what the wheels will bring, now that the old packages are out."""
        comes: set[str] = set()
        shared: set[str] = set()
        infos: set[str] = set()
        for wheel in wheels:
            for place, info in self._brought(wheel):
                (shared if (self.prefix / place).exists() else comes).add(place)
                if not (self.packages / info).exists():
                    infos.add(info)
        return replace(
            note,
            state="bringing",
            comes=tuple(sorted(comes)),
            shared=tuple(sorted(shared - comes)),
            infos=tuple(sorted(infos)),
        )

    def _remove_what_came(self, note: Note) -> None:
        came = set(note.comes)
        for name in note.infos:
            info = self.packages / name
            if info.is_dir():
                came |= set(self._places(info))
        came -= set(note.shared)
        for name in sorted(came):
            place = self.prefix / name
            if place.is_file() or place.is_symlink():
                remove_file(place)
        _remove_empty({(self.prefix / name).parent for name in came}, self.packages)

    def _places(self, info: Path) -> Iterator[str]:
        """Yield the places of the files of a package; what its record puts outside of the environment is not ours."""
        rows: list[str] = []
        with suppress(OSError, ValueError):
            rows = [path for path, _digest in installed_record(info)]
        rows += [f"{info.name}/{path.name}" for path in info.iterdir() if path.is_file()]
        for path in dict.fromkeys(rows):
            place = Path(os.path.normpath(self.packages / path))
            if place.is_relative_to(self.prefix) and place.is_file():
                yield place.relative_to(self.prefix).as_posix()

    def _tidy(self) -> None:
        """Remove the emptied folder; a file that is still in it keeps it."""
        remove_file(self.folder / _NOTE)
        for place, _folders, _files in os.walk(self.folder, topdown=False):
            with suppress(OSError):
                Path(place).rmdir()
        with suppress(OSError):
            self.folder.parent.rmdir()

    def _write(self, note: Note) -> None:
        write_atomic(self.folder / _NOTE, msgspec.json.encode(note) + b"\n")


def begin(prefix: Path) -> Exchange:
    """Return a new exchange for an environment; nothing is done yet."""
    stem = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    number, name = 1, stem
    while (prefix / FOLDER / name).exists():
        number += 1
        name = f"{stem}-{number}"
    return Exchange(prefix, prefix / FOLDER / name)


def unfinished(prefix: Path) -> tuple[Exchange, ...]:
    """Return the exchanges that were begun and never ended, newest first: they are to be undone in that order."""
    found = [Exchange(prefix, folder) for folder in sorted((prefix / FOLDER).glob("*"), reverse=True)]
    return tuple(one for one in found if one.note is not None and one.note.state in {"taking", "bringing"})


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, _unfinished_copy(target))
    _unfinished_copy(target).replace(target)


def _unfinished_copy(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _remove_empty(folders: Collection[Path], top: Path) -> None:
    """Remove folders, and those above them, that hold nothing any more; compiled caches of what is gone go along."""
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        place = folder
        while place.is_relative_to(top) and place != top:
            with suppress(OSError):
                if {path.name for path in place.iterdir()} == {"__pycache__"}:
                    for path in (place / "__pycache__").iterdir():
                        path.unlink()
                    (place / "__pycache__").rmdir()
            try:
                place.rmdir()
            except OSError:
                break
            place = place.parent
