"""From a plan to a new generation on the disk, complete and audited, but not yet in use."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from packaging.utils import canonicalize_name

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes
from setupwizard.model.plan import Plan
from setupwizard.steps.carrying import move_over
from setupwizard.steps.comparing import compare, exchanged, is_damaged
from setupwizard.steps.records import plan_of
from setupwizard.steps.tracking import Track
from setupwizard.store import generation
from setupwizard.store.audit import AuditResult, audit
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.files import free_bytes, hash_file, remove_tree
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools import pip
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.lock import write_local_lock
from setupwizard.tools.process import clean_environment, run
from setupwizard.tools.uv import Uv

log = logging.getLogger(__name__)

_WHICH_PYTHON = (
    "import sys, sysconfig; "
    "print('%d.%d' % sys.version_info[:2] + 't' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
)


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
    if plan.changes or current is None or generation.complete(root, current) is None:
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
    with track.step("python", _("Check Python {version}").format(version=plan.python.version)):
        _check_python(plan)
    _check_room(plan)
    store = WheelStore(root.store)
    with track.step("fetch", _("Download the packages")):
        fetched = fetch(plan.packages, store, emit=track.emit, cancel=track.cancel, settings=_way(plan, track))
    with _new_generation(root, plan.generation) as folder:
        python = _create(plan, root, folder, track)
        lock_sha256, moved = _install(plan, root, store, python, track)
        with track.step("audit", _("Compare every file with its package")):
            result = _audit(plan, root, folder, moved, track)
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


def _check_python(plan: Plan) -> None:
    """Run the interpreter of the plan: a path on a list is no proof that it still works, nor which one it is."""
    if plan.python.path is None:
        raise SetupError("python-missing", python=plan.python.version)
    result = run([plan.python.path, "-I", "-c", _WHICH_PYTHON], timeout=60, env=clean_environment())
    if not result.ok or result.stdout.strip() != plan.python.version:
        raise SetupError("python-missing", python=plan.python.version, detail=result.stdout + result.stderr)


def _check_room(plan: Plan) -> None:
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
        generation.discard(root, name)
        raise
    finally:
        remove_tree(root.work)


def _create(plan: Plan, root: Root, folder: Path, track: Track) -> Path:
    with track.step("create", _("Create a private Python environment")):
        root.work.mkdir(parents=True, exist_ok=True)
        uv = Uv(root.work, cancel=track.cancel, listen=track.listener("create"))
        uv.venv(plan.python.path or plan.python.version, folder)
    return platforms.python_in(folder)


def _install(plan: Plan, root: Root, store: WheelStore, python: Path, track: Track) -> tuple[str, tuple[str, ...]]:
    """Install the wheels, and move over what no wheel is for; return the lock's sha256 and the names of the latter."""
    with track.step("install", _("Install the packages")):
        lock = root.work / "pylock.toml"
        write_local_lock(lock, plan.packages, [store.path_of(package) for package in plan.packages])
        Uv(root.work, cancel=track.cancel, listen=track.listener("install")).sync(python, lock)
        wheels = {canonicalize_name(package.name) for package in plan.packages}
        names = {canonicalize_name(text.partition(" ")[0]) for text in plan.carried} - wheels
        current = root.current_name()
        moved = move_over(root, current, plan.generation, names) if names and current is not None else ()
        return hash_file(lock), moved


def _audit(plan: Plan, root: Root, folder: Path, moved: Sequence[str], track: Track) -> AuditResult:
    store = WheelStore(root.store)
    wheels = [store.path_of(package) for package in plan.packages]
    site_packages = platforms.site_packages_in(folder)
    result = audit(site_packages, wheels, allowed=moved, emit=track.emit, cancel=track.cancel)
    if result.problems:
        lines = [f"{problem.code}: {problem.package} {problem.path}" for problem in result.problems[:50]]
        raise SetupError("audit-failed", detail="\n".join(lines))
    return result
