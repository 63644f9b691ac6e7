"""Exchanges PyTorch in an environment that somebody else made; whatever goes wrong, everything is put back."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.install_data import install_data
from setupwizard.model.plan import FAMILY, Package, Plan
from setupwizard.model.verification import Verification
from setupwizard.steps import runtime
from setupwizard.steps.foreign import Foreign
from setupwizard.steps.tracking import Track
from setupwizard.store.aside import Exchange, begin, unfinished
from setupwizard.store.audit import ProblemCode, audit
from setupwizard.store.fetch import fetch
from setupwizard.store.files import remove_tree
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.pylock import write_lock
from setupwizard.tools.uv import Uv

log = logging.getLogger(__name__)

# torch names these in exact versions: they belong to it like its own files.
_PINNED = re.compile(r"(nvidia|cuda|rocm|intel|triton|pytorch-triton|mkl|tbb|umf|tcmlib|dpcpp|oneccl|impi)(-|$)")
# What else differs is the person's own, or that of packages that stay.
_OF_A_FRESH_INSTALL = frozenset(
    ("audit-failed", "torch-import-failed", "gpu-not-seen", "wrong-results", "verify-failed")
)
_DAMAGE: tuple[ProblemCode, ...] = ("missing", "changed", "wheel-unreadable", "unsafe-path")


def to_exchange(found: Foreign, made: Plan, damaged: Collection[str]) -> tuple[Package, ...]:
    """Return the wheels that have to come: torch and what it pins where it differs or is damaged, and what is missing.

    What the person installed stays as it is, also in another version than a fresh environment would get.

    Args:
        found: the environment.
        made: a plan for a fresh environment of the same Python.
        damaged: canonical names of packages of which files are missing or changed.
    """
    present = found.packages()
    along = {canonicalize_name(re.split(r"[=<>!~\[ ]", text)[0]) for text in _companions(made)}
    chosen = []
    for package in made.packages:
        name = canonicalize_name(package.name)
        ours = name in FAMILY or _PINNED.match(name) is not None
        if name not in present:
            wanted = name not in along and (name not in FAMILY or name == "torch")
        else:
            wanted = name in damaged or (ours and present[name] != package.version)
        if wanted:
            chosen.append(package)
    return tuple(chosen)


def change_texts(found: Foreign, packages: Sequence[Package]) -> tuple[str, ...]:
    """Return each change as "name old -> new", or "name -> new" for what is not there yet."""
    present = found.packages()
    return tuple(
        f"{name} {present[name]} -> {package.version}" if name in present else f"{name} -> {package.version}"
        for package in packages
        for name in (canonicalize_name(package.name),)
    )


def undo_unfinished(found: Foreign) -> None:
    """Put back what an exchange left that died half way.

    Raises:
        SetupError: "root-not-writable", "file-in-use".
    """
    for exchange in unfinished(found.folder):
        log.warning("an exchange in %s was never ended: it is undone", found.folder)
        exchange.put_back()


def repair(
    found: Foreign, scratch: Root, packages: Sequence[Package], prove: Callable[[], Verification], track: Track
) -> Verification:
    """Fetch, take the old packages out, install the new ones, compare every file, prove; return the proof.

    Whatever goes wrong, everything is put back.

    Args:
        found: the environment.
        scratch: a root of ours for the wheels; the caller holds its lock, so nobody else repairs the same environment.
        packages: see `to_exchange`.
        prove: proves the environment, and raises when the proof is not given.
        track: gets the events.

    Raises:
        SetupError: why it could not be done; the environment is as it was. "cure-undone" for new packages that are not
            whole or not proved.
        Cancelled: somebody asked to stop; the environment is as it was.
    """
    store = WheelStore(scratch.store)
    with track.step("fetch"):
        fetch(packages, store, emit=track.emit, cancel=track.cancel, pace=track.pace)
    wheels = [store.path_of(package) for package in packages]
    exchange = begin(found.folder)
    with _undone_on_failure(found, exchange):
        with track.step("install"):
            exchange.take_out({canonicalize_name(package.name) for package in packages}, wheels)
            _install(found, scratch, packages, wheels, track)
            runtime.place_runtime(packages, found.folder)
        with track.step("audit"):
            audit(exchange.packages, wheels, emit=track.emit, cancel=track.cancel).refuse(_DAMAGE)
        with track.step("verify"):
            proof = prove()
    exchange.close()
    return proof


@contextlib.contextmanager
def _undone_on_failure(found: Foreign, exchange: Exchange) -> Iterator[None]:
    """Put everything back when what is inside fails, and say so: no sentence of a fresh install fits here.

    Raises:
        SetupError: "cure-undone": what came is not whole or is not proved.
    """
    beside = found.folder / runtime.BESIDE_TORCH
    before = set(beside.iterdir()) if beside.is_dir() else set()
    try:
        yield
    except BaseException as error:
        exchange.put_back()
        for file in set(beside.iterdir()) - before if beside.is_dir() else ():
            file.unlink(missing_ok=True)
        if isinstance(error, SetupError) and error.code in _OF_A_FRESH_INSTALL:
            problem = error.facts.get("problem") or _("The files that came were not exactly those of the packages.")
            raise SetupError("cure-undone", folder=str(found.folder), problem=problem, detail=error.detail) from error
        raise


def _install(found: Foreign, scratch: Root, packages: Sequence[Package], wheels: Sequence[Path], track: Track) -> None:
    scratch.work.mkdir(parents=True, exist_ok=True)
    uvs_lock = found.folder / ".lock"
    was_there = uvs_lock.exists()
    try:
        lock = scratch.work / "pylock.toml"
        write_lock(lock, packages, wheels)
        Uv(scratch.work, cancel=track.cancel, listen=track.listener("install")).add(found.python, lock)
    finally:
        remove_tree(scratch.work)
        if not was_there:  # nothing stays in the environment that was not asked for
            uvs_lock.unlink(missing_ok=True)


def _companions(made: Plan) -> tuple[str, ...]:
    return install_data().companions_of(made.build.torch)
