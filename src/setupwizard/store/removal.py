"""Removing: old generations, what a dead run left, or all that we made; never a byte of the user's own."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.store.crash import crash_point
from setupwizard.store.documents import Complete, is_generation_name, read_or_none
from setupwizard.store.files import disk_errors, remove_file, remove_tree, replace_patiently
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.live import LiveProcess, LiveProcesses
from setupwizard.store.loose import loose_files, remove_all_but
from setupwizard.store.wheels import WheelStore

log = logging.getLogger(__name__)

GOING = ".going"
"""The end of a folder's name while it is removed: under this name it is nobody's environment any more."""
KEPT = ".kept"
"""The end of the name of what is left of a generation when files of the user were in it."""

# The names that Python, venv, uv, pip and conda give to the folders of an environment; what else lies there is the
# user's, unless it was there when the generation was marked complete.
_OF_AN_ENVIRONMENT = frozenset(
    (
        *("bin", "lib", "lib64", "include", "share", "etc", "man", "sbin", "ssl", "var", "doc", "conda-meta"),
        *("Scripts", "Lib", "Include", "Library", "DLLs", "Tools", "libs", "tcl", "Doc", "pyvenv.cfg", ".lock"),
        *("records", "COMPLETE.json", ".COMPLETE.json.tmp", "CACHEDIR.TAG", ".gitignore", "__pycache__"),
    )
)
SKELETONS = "records"
"""The folder in a generation with what is kept of its wheels."""
# What we write into the folders of reports and logs.
_OUR_KINDS = frozenset((".json", ".jsonl", ".html", ".csv", ".log"))
_OUR_FILES = ("activate", "activate.bat", "activate.ps1", "current.json")


class Collected(NamedTuple):
    """Names of the generations that were removed, and of those that could go but are used or hold files of the user."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]


class Removed(NamedTuple):
    """Paths that are gone, and paths that are left because they are not ours."""

    removed: tuple[Path, ...]
    kept: tuple[Path, ...]


def discard(root: Root, name: str) -> None:
    """Remove one generation, whole or not. It loses its name first, so that half of it is never taken for one.

    Raises:
        SetupError: "file-in-use": it is the one in use, or a program runs from it; "root-not-writable".
    """
    if name == root.current_name():
        raise SetupError("file-in-use", path=str(root.generation(name)), detail="it is the generation in use")
    going = root.gens / (name + GOING)
    if root.generation(name).is_dir():
        remove_tree(going)
        with disk_errors(root.generation(name)):
            # on Windows this is also the proof that nothing in it is open
            replace_patiently(root.generation(name), going)
    crash_point("during-discard")
    remove_tree(going)
    Journal(root.journal).removed(root.generation(name))


def collect(root: Root, keep: int = 2) -> Collected:
    """Remove what dead runs left and the oldest generations, but never the one in use.

    One that a program runs from, or that holds files of the user beside the environment, stays and is named.

    Args:
        root: where; the lock is held.
        keep: how many whole generations stay; the one in use and the one to go back to come first.

    """
    chosen = would_go(root, keep)
    removed, kept = [], list(chosen.kept)
    for name in chosen.removed:
        try:
            discard(root, name)
        except SetupError as error:
            log.warning("generation %s stays: %s", name, error.detail)
            kept.append(name)
        else:
            removed.append(name)
    for left in _leftovers(root):
        try:
            remove_tree(left)
        except SetupError as error:
            log.warning("%s stays for the next time: %s", left.name, error.detail)
    return Collected(tuple(removed), tuple(kept))


def would_go(root: Root, keep: int = 2) -> Collected:
    """Return which generations `collect` would remove, and which it would leave although they could go."""
    current = root.current_name()
    first = [name for name in (current, root.previous_name()) if name is not None]
    rest = [name for name in reversed(root.generations()) if name not in first]
    staying = {*(first + rest)[: max(keep, 1)]}
    going = [name for name in root.generation_names() if name not in staying]
    live = LiveProcesses() if going else None
    kept = [
        name
        for name in going
        if user_files(root.generation(name)) or (live is not None and _users_of(root, name, live))
    ]
    return Collected(tuple(name for name in going if name not in kept), tuple(kept))


def _users_of(root: Root, name: str, live: LiveProcesses) -> list[LiveProcess]:
    """Return who runs from a generation: surely, or possibly, because all that is known is the way by the pointer."""
    surely = live.inside(root.generation(name))
    if surely or root.read_complete(name) is None:
        return surely
    surely_of_any = live.inside(root.gens)
    return [process for process in live.inside(root.current) if process not in surely_of_any]


def user_files(folder: Path) -> list[Path]:
    """Return what is in the folder of a whole generation and not part of the environment: notebooks, data, a module.

    Beside the environment whole folders are the user's; among its packages each file counts for itself.
    """
    document = read_or_none(Complete, folder / "COMPLETE.json")
    if document is None:
        return []
    known = _OF_AN_ENVIRONMENT | set(document.top)
    return [*sorted(place for place in folder.iterdir() if place.name not in known), *loose_files(folder)]


def remove_all(root: Root) -> Removed:
    """Remove everything that we made below a root; the lock is held. `remove_lock` removes the rest afterwards.

    Files of the user stay, also those beside an environment inside a generation.

    Raises:
        SetupError: "environment-missing": this root is not ours; "file-in-use": a program runs from it, and nothing
            was removed; "root-not-writable".
    """
    if not root.is_ours():
        raise SetupError("environment-missing", root=str(root.path))
    live = LiveProcesses()
    users = live.inside(root.gens) or live.inside(root.current)
    if users:
        names = ", ".join(f"{process.name} ({process.pid})" for process in users)
        raise SetupError("file-in-use", path=str(root.path), detail=names)
    made = [path for path in Journal(root.journal).made_paths() if path.parent != root.gens]
    with disk_errors(root.path):
        platforms.remove_pointer(root.current)
    crash_point("during-removal")
    removed = _remove_generations(root)
    written = [path for folder in (root.reports, root.logs) for path in folder.glob("*") if path.suffix in _OUR_KINDS]
    ours = (*(root.path / name for name in _OUR_FILES), root.work, *WheelStore(root.store).places(), *written)
    for path in dict.fromkeys((*ours, *made)):
        removed += _remove_made(root, path)
    for folder in (root.gens, root.store, root.reports, root.logs):
        with suppress(OSError):
            folder.rmdir()
            removed.append(folder)
    return Removed(tuple(removed), tuple(_left(root)))


def remove_lock(root: Root) -> None:
    """End a removal when the lock is released: remove the lock file, the journal, and the root if we made it.

    Where anything of the user is left the journal stays: the folder can be used again.

    Raises:
        SetupError: "file-in-use" or "root-not-writable".
    """
    remove_file(root.lock)
    if not root.path.is_dir() or _left(root) or root.gens.is_dir():
        return
    made_root = Journal(root.journal).made_root()
    remove_file(root.journal)
    if made_root:
        with disk_errors(root.path):
            root.path.rmdir()


def _remove_generations(root: Root) -> list[Path]:
    """Remove all generations but the files of the user in them, which stay in a folder that is no generation."""
    removed = []
    for name in root.generation_names():
        folder = root.generation(name)
        going = root.gens / (name + GOING)
        remove_tree(going)
        with disk_errors(folder):
            replace_patiently(folder, _free_name(root, int(name)) if user_files(folder) else going)
        removed.append(folder)
    for left in _leftovers(root):
        remove_tree(left)
    for left in _leftovers(root, KEPT):
        mine = frozenset(user_files(left))
        # the proof goes last: it tells which files are the user's
        for place in sorted(left.iterdir(), key=lambda place: place.name == "COMPLETE.json"):
            if mine and place not in mine:
                _remove_any_but(place, mine)
    return removed


def _free_name(root: Root, number: int) -> Path:
    """Return a name for what the user keeps that none before has."""
    while os.path.lexists(place := root.gens / f"{number:04d}{KEPT}"):
        number += 1
    return place


def _remove_made(root: Root, path: Path) -> list[Path]:
    """Remove a path of the journal, if the way to it leads through real folders of the root alone."""
    parents = [parent for parent in path.parents if parent != root.path and root.path in parent.parents]
    if not path.exists() or path == root.path or any(parent.is_symlink() for parent in parents):
        return []
    _remove_any(path)
    return [path]


def _remove_any(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        remove_file(path)


def _remove_any_but(path: Path, mine: frozenset[Path]) -> None:
    if any(path in file.parents for file in mine):
        with disk_errors(path):
            remove_all_but(path, mine)
    else:
        _remove_any(path)


def _leftovers(root: Root, end: str = GOING) -> list[Path]:
    """Return the folders that were generations until an earlier run, or this one, renamed them."""
    return sorted(
        place
        for place in root.gens.glob("*" + end)
        if is_generation_name(place.name.removesuffix(end)) and place.is_dir() and not place.is_symlink()
    )


def _left(root: Root) -> list[Path]:
    """Return what is left and is not ours; of our folders what lies in them."""
    entries: list[Path] = []
    for place in root.path.iterdir():
        if place == root.gens:
            for folder in place.iterdir():
                entries += folder.iterdir() if folder.is_dir() and not folder.is_symlink() else (folder,)
        elif place in {root.store, root.reports, root.logs} and place.is_dir():
            entries += place.iterdir()
        elif place not in {root.lock, root.journal}:
            entries.append(place)
    return sorted(entries)
