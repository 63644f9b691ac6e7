"""Putting a proved generation in use, going back to the one before, and taking everything away again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.model.install_data import install_data
from setupwizard.model.plan import Plan
from setupwizard.model.settings import Downloads
from setupwizard.model.verification import Verification
from setupwizard.steps.install import Installed
from setupwizard.steps.records import plan_of, write_records
from setupwizard.steps.tracking import Track
from setupwizard.store import activate, generation, pythons, removal
from setupwizard.store.files import free_bytes, tree_bytes
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.store.skeleton import keep_skeletons
from setupwizard.store.wheels import WheelStore

KEEP_GENERATIONS = 2
"""The one in use and the one before it, for a roll back."""


class Switched(Struct, frozen=True, kw_only=True):
    """What is in use now, and which folders are gone."""

    current: str | None
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def switch(
    plan: Plan, installed: Installed, verification: Verification, track: Track, downloads: Downloads = "auto"
) -> Switched:
    """Declare a proved generation whole, put it in use in one step, and clear what is no longer needed.

    Raises:
        SetupError: "root-not-writable", "disk-full", "file-in-use".
    """
    root = Root(Path(plan.root))
    with track.step("switch"):
        write_records(root, plan.generation, plan, verification)
        generation.mark_complete(
            root,
            plan.generation,
            plan=plan.id,
            lock_sha256=installed.lock_sha256,
            files=installed.files,
            torch=verification.torch.version if verification.torch else plan.build.torch,
            variant=plan.build.variant,
            python=plan.python.version,
        )
        generation.switch(root, plan.generation)
        activate.write_activation(root)
    with track.step("clean"):
        removed = clean(root, downloads)
    return Switched(current=plan.generation, kept=tuple(root.generations()), removed=removed)


def settle(root: Root) -> None:
    """Finish what a run left undone that died after its switch: pointer, activation files, and the journal's last line.

    Raises:
        SetupError: "busy", "root-not-writable", "disk-full", "file-in-use".
    """
    journal = Journal(root.journal)
    if journal.unfinished() is None:
        return
    with working_on(root):
        generation.heal(root)
        activate.write_activation(root)
        clean(root)
        journal.finished("apply", status="done")


class Cleaned(NamedTuple):
    """Paths that would be gone, and the bytes that this would give back."""

    paths: tuple[str, ...]
    bytes: int


def clean(root: Root, downloads: Downloads = "auto") -> tuple[str, ...]:
    """Remove generations beyond the kept ones, leftovers of stopped runs, and wheels that need not be kept.

    Args:
        root: where; the lock is held.
        downloads: whether the wheels of the kept generations stay; "auto": where there is ample room.

    Returns:
        The paths that are gone.

    Raises:
        SetupError: "file-in-use" or "root-not-writable".
    """
    removed = removal.collect(root, keep=KEEP_GENERATIONS).removed
    staying = root.generations()
    if not _keeps(root, downloads):
        staying = [name for name in staying if not _can_do_without(root, name)]
    store, needed = WheelStore(root.store), _needed(root, staying)
    wheels = [place for place in store.places() if place.name not in needed]
    store.remove_unused(needed)
    brought = pythons.remove_unused(root, [plan for name in root.generations() if (plan := plan_of(root, name))])
    return (*_named(root, removed, wheels), *map(str, brought))


def would_clean(root: Root, downloads: Downloads = "auto") -> Cleaned:
    """Return what `clean` would remove."""
    going = removal.would_go(root, keep=KEEP_GENERATIONS).removed
    staying = [name for name in root.generations() if name not in going] if _keeps(root, downloads) else []
    needed = _needed(root, staying)
    wheels = [place for place in WheelStore(root.store).places() if place.name not in needed]
    left = [plan for name in root.generations() if name not in going and (plan := plan_of(root, name))]
    brought = pythons.unused(root, left)
    freed = sum(tree_bytes(path) for path in (*(root.generation(name) for name in going), *wheels, *brought))
    return Cleaned((*_named(root, going, wheels), *map(str, brought)), freed)


def _keeps(root: Root, downloads: Downloads) -> bool:
    if downloads == "auto":
        return install_data().room.is_ample(free_bytes(root.path), WheelStore(root.store).size())
    return downloads == "keep"


def _can_do_without(root: Root, name: str) -> bool:
    """Keep what is needed of a generation's wheels, so that they can go; False: they have to stay."""
    plan = plan_of(root, name)
    return plan is not None and keep_skeletons(root, name, plan.wheels)


class Room(Struct, frozen=True, kw_only=True):
    """What an environment's root holds, in bytes.

    Attributes:
        downloads: wheels, whole or in part; generations: name to size; working: caches and temporary files.
        can_be_freed: what tidying up gives back when no download is kept.
    """

    downloads: int
    generations: tuple[tuple[str, int], ...]
    working: int
    free: int
    can_be_freed: int


def room(root: Root) -> Room:
    """Return what a root holds and what tidying up would give back; it reads the folders, which takes a moment."""
    return Room(
        downloads=WheelStore(root.store).size(),
        generations=tuple((name, tree_bytes(root.generation(name))) for name in root.generation_names()),
        working=tree_bytes(root.work),
        free=free_bytes(root.path),
        can_be_freed=would_clean(root, "remove").bytes,
    )


def _named(root: Root, names: Iterable[str], wheels: Iterable[Path]) -> tuple[str, ...]:
    return tuple(str(path) for path in (*(root.generation(name) for name in names), *wheels))


def _needed(root: Root, names: Iterable[str]) -> set[str]:
    plans = [plan for name in names if (plan := plan_of(root, name)) is not None]
    return {package.sha256 for plan in plans for package in plan.fetched}


def roll_back(root: Root) -> Switched:
    """Put the generation before the present one in use again.

    Raises:
        SetupError: "environment-missing", "nothing-to-roll-back".
    """
    if root.current_name() is None:
        raise SetupError("environment-missing", root=str(root.path))
    previous = root.previous_name()
    if previous is None:
        raise SetupError("nothing-to-roll-back", root=str(root.path))
    generation.switch(root, previous)
    activate.write_activation(root)
    return Switched(current=previous, kept=tuple(root.generations()))


def remove(root: Root) -> Switched:
    """Remove everything that setupwizard made below a root; the user's own files stay and are named.

    Raises:
        SetupError: "environment-missing", "file-in-use", "root-not-writable".
    """
    gone = removal.remove_all(root)
    return Switched(
        current=None,
        kept=tuple(str(path) for path in gone.kept),
        removed=tuple(str(path) for path in gone.removed),
    )
