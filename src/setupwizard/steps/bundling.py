"""Making an offline folder of a plan: its wheels, locks that name them by path, the program, and a list of it all."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

import tomlkit
from msgspec import Struct

from setupwizard import __version__
from setupwizard.codes import Platform
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.bundle import Bundle, BundledPython, BundleFile, BundleTools
from setupwizard.model.plan import Package
from setupwizard.model.planfile import PlanFile
from setupwizard.model.wire import to_json
from setupwizard.probes.managed import managed
from setupwizard.steps import bundle_texts, program_copy
from setupwizard.steps.belonging import Found
from setupwizard.steps.opening import MANIFEST, PLAN, SIGNATURE, WHEELS, Opened
from setupwizard.steps.portable import as_packages, planned_wheels, search_for
from setupwizard.steps.tracking import Track
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.files import disk_errors, hash_file, remove_tree, replace_patiently, write_atomic
from setupwizard.store.wheels import WheelStore
from setupwizard.tools import pip, signatures
from setupwizard.tools.pylock import lock_of

log = logging.getLogger(__name__)

MAKING = ".making"
"""Where wheels arrive; its presence says that the folder is ours and not finished."""
TOOLS = "tools"
PYTHONS = "python"


class BundleRequest(Struct, frozen=True, kw_only=True):
    """What to pack.

    Attributes:
        sources: ids, addresses or folders that the user named; empty: all known ones.
        key: an ssh key to sign the list with.
    """

    opened: Opened
    folder: Path
    sources: tuple[str, ...] = ()
    key: Path | None = None


def bundle(request: BundleRequest, track: Track) -> Bundle:
    """Fetch what is missing and write the folder; the list comes last, so that half a folder is none.

    Run again after a stop, it goes on; run again when all is there, it fetches nothing.

    Raises:
        SetupError: "usage": the plan is an offline folder already; "root-not-empty"; what `fetch` and `ssh-keygen`
            say.
        Cancelled: somebody asked to stop.
    """
    opened, folder = request.opened, request.folder
    if opened.bundle is not None:
        raise SetupError("usage", what=_("{folder} is an offline folder already").format(folder=opened.folder))
    _must_be_ours(folder)
    with track.step("resolve", _("Read the plan")):
        sets = _sets(request, track)
        pythons = _pythons(opened.plan, track)
    with disk_errors(folder):
        (folder / WHEELS).mkdir(parents=True, exist_ok=True)
        (folder / MAKING).mkdir(exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        (folder / SIGNATURE).unlink(missing_ok=True)
    every = {package.sha256: package for packages in (*sets.values(), pythons.values()) for package in packages}
    with track.step("fetch"):
        places = _fetched(list(every.values()), folder, track)
    with track.step("create", _("Write the offline folder")), disk_errors(folder):
        _write_plan(opened, sets, places, folder)
        program = program_copy.pack(folder / TOOLS)
        bundle_texts.write(folder, opened.plan, program, brought=pythons)
        listed = _listed(opened, folder, pythons)
        write_atomic(folder / MANIFEST, (to_json(listed) + "\n").encode())
        if request.key is not None:
            signatures.sign(folder / MANIFEST, request.key)
        remove_tree(folder / MAKING)
    return listed


def _must_be_ours(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MAKING).is_dir() and not _is_bundle(folder):
        raise SetupError("root-not-empty", path=str(folder))
    if folder.exists() and not folder.is_dir():
        raise SetupError("root-not-empty", path=str(folder))


def _is_bundle(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() and (folder / PLAN).is_file()


def _sets(request: BundleRequest, track: Track) -> dict[str, tuple[Package, ...]]:
    """Return the wheels of each lock."""
    search = search_for(request.sources, track)
    sets: dict[str, tuple[Package, ...]] = {}
    for build in request.opened.plan.build:
        found: tuple[Found, ...] = search.find(
            planned_wheels(request.opened, build), lock=build.lock, variant=build.variant
        )
        sets[build.lock] = as_packages(found, build.lock)
    return sets


def _pythons(plan: PlanFile, track: Track) -> dict[tuple[Platform, str], Package]:
    """Return the archive of a Python for each platform and version of the plan, as far as one can be had.

    Where none can be reached the folder holds none, says so, and each computer uses a Python of its own.
    """
    found: dict[tuple[Platform, str], Package] = {}
    for platform, version in dict.fromkeys((build.platform, build.python) for build in plan.build):
        if version.endswith("t"):
            continue  # the list of the folder has no word for one without the lock
        try:
            found[platform, version] = managed(version, platform, cancel=track.cancel).archive
        except SetupError as error:
            log.info("no Python %s for %s comes along: %s", version, platform, error.detail or error)
    return found


def _place(package: Package, names: Sequence[str]) -> str:
    """Return where a package lies below the folder; wheels of one name from two indexes lie apart."""
    if package.kind == "python":
        return f"{PYTHONS}/{package.file}"
    if names.count(package.file) == 1:
        return f"{WHEELS}/{package.file}"
    return f"{WHEELS}/{package.sha256[:16]}/{package.file}"


def _fetched(packages: Sequence[Package], folder: Path, track: Track) -> dict[str, str]:
    """Bring the wheels into the folder; return the path of each below it, by its sha256."""
    names = [package.file for package in packages]
    places = {package.sha256: _place(package, names) for package in packages}
    missing = [package for package in packages if not _is_there(folder / places[package.sha256], package)]
    store = WheelStore(folder / MAKING)
    settings = FetchSettings()
    if any(package.origin == "pip-config" for package in missing):
        settings = pip.way(settings, pip.user_environment(), cancel=track.cancel)
    fetch(missing, store, emit=track.emit, cancel=track.cancel, settings=settings)
    with disk_errors(folder):
        for package in missing:
            target = folder / places[package.sha256]
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_patiently(store.path_of(package), target)
            target.chmod(0o644)
        _forget_others(folder, {folder / place for place in places.values()})
    return places


def _is_there(path: Path, package: Package) -> bool:
    try:
        plain = stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size == package.size
    except OSError:
        return False
    return plain and hash_file(path) == package.sha256


def _forget_others(folder: Path, kept: set[Path]) -> None:
    """Remove wheels and Pythons of an earlier plan, and folders that are empty then."""
    for place in [*(folder / WHEELS).rglob("*.whl"), *(folder / PYTHONS).glob("*.tar.gz")]:
        if place not in kept:
            place.unlink()
    for place in [*(folder / WHEELS).iterdir(), folder / PYTHONS]:
        if place.is_dir():
            with suppress(OSError):
                place.rmdir()


def _write_plan(opened: Opened, sets: dict[str, tuple[Package, ...]], places: dict[str, str], folder: Path) -> None:
    """Write the locks with paths in the place of addresses, and the plan with their hashes."""
    document = tomlkit.parse((opened.folder / opened.name).read_bytes())
    for row in document["build"]:
        packages = sets[str(row["lock"])]
        content = lock_of(packages, [PurePosixPath(places[package.sha256]) for package in packages])
        write_atomic(folder / str(row["lock"]), content)
        row["lock_sha256"] = hashlib.sha256(content).hexdigest()
    write_atomic(folder / PLAN, tomlkit.dumps(document).encode())


def _listed(opened: Opened, folder: Path, pythons: Mapping[tuple[Platform, str], Package]) -> Bundle:
    paths = sorted(_files(folder))
    files = tuple(_row(folder, path) for path in paths)
    return Bundle(
        plan_sha256=next(row.sha256 for row in files if row.path == PLAN),
        platforms=tuple(dict.fromkeys(build.platform for build in opened.plan.build)),
        files=files,
        tools=BundleTools(uv=importlib.metadata.version("uv"), setupwizard=__version__),
        python=tuple(
            BundledPython(version=package.version, platform=platform, path=f"{PYTHONS}/{package.file}")
            for (platform, _version), package in pythons.items()
        ),
    )


def _files(folder: Path) -> Iterable[str]:
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name != MAKING]
        for name in names:
            if name not in {MANIFEST, SIGNATURE}:
                yield (Path(place) / name).relative_to(folder).as_posix()


def _row(folder: Path, path: str) -> BundleFile:
    place = folder / path
    return BundleFile(path=path, size=place.stat().st_size, sha256=hash_file(place))
