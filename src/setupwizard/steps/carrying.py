"""What the user put into an environment since it was made, and how the next one keeps it."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from importlib.metadata import Distribution
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.model.plan import FAMILY, Package, Plan
from setupwizard.store.conda_prefix import records_in
from setupwizard.store.files import disk_errors
from setupwizard.store.journal import stays_inside
from setupwizard.store.layout import Root
from setupwizard.store.packages import packages_in, versions_in
from setupwizard.tools.addresses import local_path

log = logging.getLogger(__name__)

_SCRIPT_BYTES = 1 << 20

Resolve = Callable[[Sequence[str]], tuple[Package, ...]]


class Added(Struct, frozen=True, kw_only=True):
    """A package that somebody put into the environment, or exchanged for another version.

    Attributes:
        requires: what it needs, as requirements.
        published: it came from an index by its name; else from a folder, an address or a repository.
        movable: its files work in another environment as they are: pure Python, or a pointer to the user's own folder.
    """

    name: str
    version: str
    requires: tuple[str, ...] = ()
    published: bool = True
    movable: bool = False

    def __str__(self) -> str:
        """Return name and version, as the plan shows them."""
        return f"{self.name} {self.version}"


class Carried(Struct, frozen=True, kw_only=True):
    """What becomes of the added packages.

    Attributes:
        packages: the wheels of the whole environment, those for the added packages among them.
        kept: name and version of each added package that comes along; lost: of each that cannot.
    """

    packages: tuple[Package, ...]
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def added_since(root: Root, name: str | None, made: Plan | None) -> tuple[Added, ...]:
    """Compare a generation with its lock: return what is there and is not in it, or is another version.

    What an earlier generation carried over counts again: it is the user's, though a lock holds it by now. torch itself
    is never the user's: the decision chooses it.
    """
    if name is None or made is None:
        return ()
    locked = {canonicalize_name(package.name): package.version for package in made.packages}
    before = {canonicalize_name(text.partition(" ")[0]) for text in made.carried}
    found = {}
    for dist in installed(root, name):
        own = canonicalize_name(dist.name)
        decided = own == "torch" or (own in FAMILY and own in locked)
        by_conda = bool(made.by_conda) and (dist.read_text("INSTALLER") or "").strip() == "conda"
        if not decided and not by_conda and (own in before or locked.get(own) != dist.version):
            found[own] = _added(dist, own)
    return tuple(found[own] for own in sorted(found))


def carry_over(root: Root, made: Plan | None, resolve: Resolve) -> Carried:
    """Resolve the next environment of a root together with what the user added to the one in use.

    Args:
        root: of both.
        made: the plan of the one in use, None when it is not on record.
        resolve: see `carry`.

    Raises:
        SetupError: the environment without anything added cannot be resolved either.
        Cancelled: somebody asked to stop.
    """
    current = root.current_name()
    carried = carry(added_since(root, current, made), resolve)
    return replace(carried, lost=(*carried.lost, *_added_with_conda(root, current, made)))


def _added_with_conda(root: Root, name: str | None, made: Plan | None) -> tuple[str, ...]:
    """Return what somebody added with conda itself: the next environment does not get it, so it is named."""
    if name is None or made is None or not made.by_conda:
        return ()
    planned = {package.name for package in made.by_conda}
    records = records_in(root.generation(name))
    return tuple(f"{record.name} {record.version}" for record in records if record.name not in planned)


def installed(root: Root, name: str) -> list[Distribution]:
    """Return the packages that a generation holds now."""
    return packages_in(platforms.site_packages_in(root.generation(name)))


def _added(dist: Distribution, name: str) -> Added:
    try:
        origin = json.loads(dist.read_text("direct_url.json") or "{}")
    except ValueError:
        origin = {"url": ""}
    tags = [line.partition(":")[2].strip() for line in (dist.read_text("WHEEL") or "").splitlines() if "Tag:" in line]
    pure = bool(tags) and all(tag.endswith("-none-any") for tag in tags)
    editable = bool(origin.get("dir_info", {}).get("editable"))
    source = local_path(str(origin.get("url", "")))
    there = not editable or (source is not None and source.exists())
    return Added(
        name=name,
        version=dist.version,
        requires=tuple(text for text in dist.requires or () if _is_plain(text)),
        published=not origin,
        movable=(pure or editable) and there and bool(dist.files),
    )


def _is_plain(text: str) -> bool:
    """Whether a requirement always counts: not one of an extra, which nobody knows to have been asked for."""
    try:
        return "extra" not in str(Requirement(text).marker or "")
    except InvalidRequirement:
        return False


def carry(added: Sequence[Added], resolve: Resolve) -> Carried:
    """Resolve an environment together with what the user added, and find out what cannot come along.

    Each package is tried as it is, then in another version, then by moving its files over; a set that does not fit is
    halved until the ones that do not fit stand alone.

    Args:
        added: what there is to keep.
        resolve: returns the wheels for the build and these further requirements.

    Raises:
        SetupError: the environment without anything added cannot be resolved either.
    """
    if not added:
        return Carried(packages=resolve(()))
    search = _Search(resolve)
    kept = search.add({}, [one for one in added if one.published or one.movable])
    packages = search.packages(kept)
    if packages is None:
        packages = resolve(())
        kept = {}
    versions: dict[str, str] = {canonicalize_name(package.name): package.version for package in packages}
    names, lost = [], []
    for one in added:
        version = versions.get(one.name) if one.published else None
        if one in kept and version is not None:
            names.append(f"{one.name} {version}")
        elif one in kept and one.name not in versions and one.movable:
            names.append(str(one))
        else:
            lost.append(str(one))
    return Carried(packages=packages, kept=tuple(names), lost=tuple(lost))


class _Search:
    """Looks for the largest set that resolves, and remembers what was asked."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: dict[frozenset[str], tuple[Package, ...] | None] = {}

    def packages(self, kept: dict[Added, tuple[str, ...]]) -> tuple[Package, ...] | None:
        """Return the wheels with these packages, None where they do not go together."""
        wanted = frozenset(text for texts in kept.values() for text in texts)
        if wanted not in self._known:
            try:
                self._known[wanted] = self._resolve(sorted(wanted))
            except SetupError as error:
                if error.code != "build-not-in-sources":
                    raise
                log.info("these do not go together with the build: %s", sorted(wanted))
                self._known[wanted] = None
        return self._known[wanted]

    def add(self, kept: dict[Added, tuple[str, ...]], group: Sequence[Added]) -> dict[Added, tuple[str, ...]]:
        """Return what was kept so far and as many of the group as go together with it."""
        if not group:
            return kept
        first = {one: _ways(one)[0] for one in group}
        if self.packages(kept | first) is not None:
            return kept | first
        if len(group) > 1:
            middle = len(group) // 2
            return self.add(self.add(kept, group[:middle]), group[middle:])
        for way in _ways(group[0])[1:]:
            if self.packages(kept | {group[0]: way}) is not None:
                return kept | {group[0]: way}
        return kept


def _ways(one: Added) -> list[tuple[str, ...]]:
    """Return how a package may be asked for, best first: each way is a set of requirements."""
    ways: list[tuple[str, ...]] = []
    if one.published:
        ways += [(f"{one.name}=={one.version}",), (one.name,)]
    if one.movable:
        ways.append(one.requires)
    return ways


def in_place(root: Root, name: str, made: Plan, packages: Sequence[Package]) -> bool:
    """Whether a generation holds all these packages already, the added ones among them, in these versions."""
    present = versions_in(platforms.site_packages_in(root.generation(name)))
    locked = {package.name: package for package in made.wheels}
    wanted = {package.name: package for package in packages if package.kind == "wheel"}
    if not locked.keys() <= wanted.keys():
        return False
    return all(
        present.get(canonicalize_name(package.name)) == package.version
        and (
            package.name not in locked
            or locked[package.name].version != package.version
            or locked[package.name].sha256 == package.sha256
        )
        for package in wanted.values()
    )


def move_over(root: Root, old: str, new: str, names: Collection[str]) -> tuple[str, ...]:
    """Copy packages from one generation to another file by file, as their RECORD names them; return their names.

    Nothing is built and nothing of the user's code runs. A script gets the new interpreter in its first line. What is
    there already is never written over.

    Raises:
        SetupError: "disk-full", "file-in-use", "root-not-writable".
    """
    moved = []
    for dist in installed(root, old):
        name = canonicalize_name(dist.name)
        if name in names:
            with disk_errors(root.generation(new)):
                _copy_files(dist, root.generation(old), root.generation(new))
            moved.append(name)
    return tuple(sorted(moved))


def _copy_files(dist: Distribution, old: Path, new: Path) -> None:
    here, there = platforms.site_packages_in(old), platforms.site_packages_in(new)
    for file in dist.files or ():
        source = Path(os.path.normpath(here / file))
        if file.parent.name == "__pycache__" or not source.is_file():
            continue
        if stays_inside(file.as_posix()):
            target = there / file
        elif source.is_relative_to(old):
            target = new / source.relative_to(old)
        else:
            log.warning("%s names %s, which is not in its environment", dist.name, file)
            continue
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        if target.parent == platforms.python_in(new).parent:
            _lead_to(target, old, new)


def _lead_to(script: Path, old: Path, new: Path) -> None:
    if script.stat().st_size > _SCRIPT_BYTES:
        return
    text = script.read_bytes()
    changed = text.replace(os.fsencode(old), os.fsencode(new))
    if text.startswith(b"#!") and changed != text:
        script.write_bytes(changed)
