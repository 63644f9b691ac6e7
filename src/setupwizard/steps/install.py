"""From a plan to a new generation on the disk, complete and audited, but not yet in use."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from setupwizard import platforms
from setupwizard.codes import StepId
from setupwizard.errors import SetupError
from setupwizard.model.format import format_bytes
from setupwizard.model.plan import Plan
from setupwizard.steps import backends
from setupwizard.steps.bringing import bring_python
from setupwizard.steps.carrying import move_over
from setupwizard.steps.comparing import compare, compare_folder, exchanged, is_damaged
from setupwizard.steps.early_build import EarlyBuild
from setupwizard.steps.records import plan_of
from setupwizard.steps.runtime import place_runtime
from setupwizard.steps.tracking import Track
from setupwizard.store import generation, removal
from setupwizard.store.ahead import Ahead
from setupwizard.store.audit import AuditResult
from setupwizard.store.fetch import FetchResult, FetchSettings, fetch
from setupwizard.store.files import disk_errors, free_bytes, hash_file, remove_tree
from setupwizard.store.layout import Root
from setupwizard.store.pythons import interpreter_of
from setupwizard.store.wheels import WheelStore
from setupwizard.tools import pip
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.interpreter import ask_version
from setupwizard.tools.pylock import write_lock

log = logging.getLogger(__name__)


class Installed(Struct, frozen=True, kw_only=True):
    """A generation that holds exactly the files of the plan's wheels.

    Attributes:
        lock_sha256: of the lock that the installer got.
    """

    generation: str
    folder: Path
    python: Path
    files: int
    lock_sha256: str
    fetched_bytes: int
    reused_bytes: int


def is_already_there(plan: Plan, cancel: Cancel) -> bool:
    """Whether the environment in use is the plan's, complete, and every file of it still what its wheel holds."""
    root = Root(Path(plan.root))
    current = root.current_name()
    if plan.changes or current is None or root.read_complete(current) is None:
        return False
    made = plan_of(root, current) or plan
    result = compare(root, current, made, cancel)
    return result is not None and not is_damaged(result, exchanged(root, current, made))


def install(plan: Plan, track: Track) -> Installed:
    """Build the plan's generation: check Python, fetch, create, install, audit. The caller holds the root's lock.

    Whatever stops it, the half-made generation is gone afterwards; what was downloaded stays for the next time.

    Raises:
        SetupError: the cause, by its code.
        Cancelled: somebody asked to stop.
    """
    root = Root(Path(plan.root))
    if plan.archive is not None:
        check_room(plan)
    with track.step("python", backends.python_title(plan.python)):
        plan = _with_python(plan, root, track)
        _backend(plan, root, track, "python").check(plan)
    check_room(plan)
    with _new_generation(root, plan.generation) as folder:
        with Ahead(root.work, _wheels(plan, root)) as ahead:
            fetched, lock_sha256, moved = _fetch_and_build(plan, root, folder, track)
        python = platforms.python_in(folder)
        with track.step("audit"):
            result = _audit(plan, root, folder, moved, ahead, track)
    return Installed(
        generation=plan.generation,
        folder=folder,
        python=python,
        files=result.files,
        lock_sha256=lock_sha256,
        fetched_bytes=fetched.fetched_bytes,
        reused_bytes=fetched.reused_bytes,
    )


def _way(plan: Plan, track: Track) -> FetchSettings:
    """Return the way to the servers: pip's own proxy and certificates where its settings named the source."""
    base = FetchSettings()
    if plan.source.kind != "pip-config":
        return base
    return pip.way(base, pip.user_environment(), cancel=track.cancel)


def _backend(plan: Plan, root: Root, track: Track, step: StepId) -> backends.Backend:
    return backends.backend_for(plan, root.work, cancel=track.cancel, listen=track.listener(step), emit=track.emit)


def _with_python(plan: Plan, root: Root, track: Track) -> Plan:
    """Bring the Python of a plan that brings one, unless it is there; return the plan with its path."""
    archive, python = plan.archive, interpreter_of(root, plan)
    if archive is None or python is None:
        return plan
    if not (python.is_file() and ask_version(python)[0] == plan.python.version):
        bring_python(plan, archive, root, track, settings=_way(plan, track))
    return replace(plan, python=replace(plan.python, path=str(python)))


def check_room(plan: Plan) -> None:
    """See that there is room for a plan on each drive that it uses.

    Raises:
        SetupError: "disk-full", with the drive, what is needed and what is free.
    """
    for need in plan.disk:
        free = free_bytes(Path(need.path))
        if free < need.need_bytes:
            raise SetupError("disk-full", path=need.path, need=format_bytes(need.need_bytes), free=format_bytes(free))


@contextlib.contextmanager
def _new_generation(root: Root, name: str) -> Iterator[Path]:
    """Claim the folder of a generation; remove it and the working files if the body does not come to its end."""
    folder = generation.claim(root, name)
    try:
        yield folder
    except BaseException:
        removal.discard(root, name)
        raise
    finally:
        remove_tree(root.work)


def _fetch_and_build(plan: Plan, root: Root, folder: Path, track: Track) -> tuple[FetchResult, str, tuple[str, ...]]:
    """Fetch the wheels, with uv unpacking what arrives, and build the environment.

    Returns:
        What the fetch cost, the sha256 of the lock, and the names of what was moved over.
    """
    store = WheelStore(root.store)
    with contextlib.ExitStack() as stack:
        early: EarlyBuild | None = None
        if plan.backend in backends.EARLY and not all(store.has(package) for package in plan.wheels):
            early = stack.enter_context(EarlyBuild(plan, root, folder))
        with track.step("fetch"):
            fetched = fetch(
                plan.wheels,
                store,
                emit=track.emit,
                cancel=track.cancel,
                settings=_way(plan, track),
                pace=track.pace,
            )
        with track.step("create", plan.title_of("create")):
            if early is None or not early.create(track.cancel):
                early = None
                _create(plan, root, folder, track)
        with track.step("install", plan.title_of("install")):
            if early is None or not early.install(track.cancel, track.listener("install")):
                stack.close()
                _install(plan, root, folder, track, again=early is not None)
            place_runtime(plan.packages, folder)
            lock = _local_lock(plan, root)
            return fetched, hash_file(lock), _move_over(plan, root)


def _create(plan: Plan, root: Root, folder: Path, track: Track) -> None:
    remove_tree(folder)
    with disk_errors(root.path):
        root.work.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    _backend(plan, root, track, "create").create(plan, folder)


def _install(plan: Plan, root: Root, folder: Path, track: Track, *, again: bool) -> None:
    """Install the wheels from the store; `again`: what another try left in the environment is removed first."""
    if again:
        _create(plan, root, folder, track)
    lock = _local_lock(plan, root)
    if plan.wheels:
        _backend(plan, root, track, "install").install(folder, lock)


def _wheels(plan: Plan, root: Root) -> list[Path]:
    store = WheelStore(root.store)
    return [store.path_of(package) for package in plan.wheels]


def _local_lock(plan: Plan, root: Root) -> Path:
    lock = root.work / "pylock.toml"
    with disk_errors(root.path):
        write_lock(lock, plan.wheels, _wheels(plan, root))
    return lock


def _move_over(plan: Plan, root: Root) -> tuple[str, ...]:
    """Move over what the plan carries and no wheel is for; return the names."""
    wheels = {canonicalize_name(package.name) for package in plan.packages}
    names = {canonicalize_name(text.partition(" ")[0]) for text in plan.carried} - wheels
    current = root.current_name()
    return move_over(root, current, plan.generation, names) if names and current is not None else ()


def _audit(plan: Plan, root: Root, folder: Path, moved: Sequence[str], ahead: Ahead, track: Track) -> AuditResult:
    result = compare_folder(
        folder, plan, _wheels(plan, root), allowed=moved, ahead=ahead, emit=track.emit, cancel=track.cancel
    )
    result.refuse()
    return result
