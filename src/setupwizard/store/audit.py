"""Compares every file of an environment with the wheels that it was made from: what a tool says is no proof."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from packaging.utils import canonicalize_name

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.model.events import Emit, Progress, ignore
from setupwizard.store.ahead import Ahead
from setupwizard.store.wheel_record import (
    Digest,
    Expected,
    Places,
    WheelRecord,
    digests_of,
    installed_record,
    package_of,
    read_listing,
)
from setupwizard.tools.concurrency import Cancel

ProblemCode = Literal[
    "missing",
    "changed",
    "unsafe-path",
    "wheel-unreadable",
    "record-unreadable",
    "record-incomplete",
    "record-wrong",
    "foreign-package",
    "extra-file",
]

_TOLD = 50
_BATCH = 128
_THREADS = 4
# What uv puts beside the packages of every environment that it makes, and conda's note in its own.
_OF_THE_INSTALLER = frozenset(("_virtualenv.py", "_virtualenv.pth", "README.txt"))
_ADDED_TO_METADATA = frozenset(
    ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
)


class Problem(NamedTuple):
    """One difference. `path` is relative to site-packages, or the name of a wheel."""

    code: ProblemCode
    path: str
    package: str = ""


class AuditResult(NamedTuple):
    """What the comparison gave. `files` were compared; no problem means that all of them are right."""

    files: int
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        """Whether the environment holds exactly the files of its wheels."""
        return not self.problems

    def refuse(self, codes: Collection[ProblemCode] | None = None) -> None:
        """Raise for the first problems, of any kind or of these.

        Raises:
            SetupError: "audit-failed", with a line for each in the details.
        """
        wrong = [problem for problem in self.problems if codes is None or problem.code in codes]
        if wrong:
            lines = [f"{problem.code}: {problem.package} {problem.path}" for problem in wrong[:_TOLD]]
            raise SetupError("audit-failed", detail="\n".join(lines))

    @property
    def extra_packages(self) -> tuple[str, ...]:
        """The packages that are there and in no wheel: the user's own, or a stranger's."""
        return tuple(problem.package for problem in self.problems if problem.code == "foreign-package")


class _Task(NamedTuple):
    package: str
    file: Expected
    digests: frozenset[Digest]


def audit(
    site_packages: Path,
    wheels: Sequence[Path],
    *,
    allowed: Collection[str] = (),
    beside: Collection[Path] = (),
    ahead: Ahead | None = None,
    emit: Emit = ignore,
    cancel: Cancel | None = None,
) -> AuditResult:
    """Compare an environment with its wheels, file by file, by what the wheels themselves record.

    Compiled caches (`__pycache__`) are allowed; any other file that no package owns is an "extra-file", and a package
    of none of the wheels is a "foreign-package".

    Args:
        site_packages: the folder of packages in the environment.
        wheels: verified files of the store.
        allowed: names of packages that may be there without a wheel.
        beside: files that conda brought, relative to `site_packages`; they are compared elsewhere.
        ahead: what was read of these very files and wheels before now.
        emit: gets Progress in files.
        cancel: stops within moments.

    Raises:
        Cancelled: somebody asked to stop.
    """
    cancel = cancel or Cancel()
    site_packages = site_packages.absolute()
    places = Places.of(site_packages)
    records, problems = _read_wheels(wheels, places, ahead, cancel)
    tasks = _tasks(records)
    problems += [Problem("unsafe-path", path, record.name) for record in records for path in record.unsafe]
    problems += _compare_all(site_packages, tasks, ahead, emit, cancel)
    for record in records:
        problems += _check_installed_record(site_packages, record)
    problems += _strangers(site_packages, records, {canonicalize_name(name) for name in allowed}, beside, cancel)
    return AuditResult(len(tasks), tuple(problems))


def _read_wheels(
    wheels: Sequence[Path], places: Places, ahead: Ahead | None, cancel: Cancel
) -> tuple[list[WheelRecord], list[Problem]]:
    records, problems = [], []
    for wheel in wheels:
        cancel.check()
        listing = ahead.listings.get(wheel) if ahead is not None else None
        try:
            records.append((listing or read_listing(wheel)).at(places))
        except (OSError, ValueError):
            problems.append(Problem("wheel-unreadable", wheel.name))
    return records, problems


def _tasks(records: Sequence[WheelRecord]) -> list[_Task]:
    """Return what to compare; several wheels may own one file (`nvidia/__init__.py`): either content is right."""
    digests: dict[Path, set[Digest]] = {}
    for record in records:
        for file in record.files:
            if file.digest is not None:
                digests.setdefault(file.places[0], set()).add(file.digest)
    return [
        _Task(record.name, file, frozenset(digests[file.places[0]] if file.digest is not None else ()))
        for record in records
        for file in record.files
    ]


def _compare_all(
    site_packages: Path, tasks: Sequence[_Task], ahead: Ahead | None, emit: Emit, cancel: Cancel
) -> list[Problem]:
    problems: list[Problem] = []
    batches = [tasks[start : start + _BATCH] for start in range(0, len(tasks), _BATCH)]
    folder = str(platforms.extended(site_packages))
    done, told = 0, 0.0

    def compare(batch: Sequence[_Task]) -> list[Problem]:
        cancel.check()
        return [problem for task in batch if (problem := _compare(folder, task, ahead, cancel)) is not None]

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="audit") as pool:
        try:
            for batch, found in zip(batches, pool.map(compare, batches), strict=True):
                problems += found
                done += len(batch)
                if time.monotonic() - told > 0.1 or done == len(tasks):
                    told = time.monotonic()
                    emit(Progress(id="audit", done=done, total=len(tasks), unit="files"))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return problems


def _compare(folder: str, task: _Task, ahead: Ahead | None, cancel: Cancel) -> Problem | None:
    for place in task.file.places:
        path = os.path.join(folder, place)  # noqa: PTH118 - a Path for each of many thousand files takes its time
        try:
            found = os.stat(path)  # noqa: PTH116
            if not stat.S_ISREG(found.st_mode):
                continue
            if not task.digests:
                return None
            if ahead is not None and ahead.digest_of(found) in task.digests:
                return None
            if digests_of(path, {one.algorithm for one in task.digests}, cancel) & task.digests:
                return None
        except OSError:
            continue
        return Problem("changed", task.file.path, task.package)
    return Problem("missing", task.file.path, task.package)


def _check_installed_record(site_packages: Path, record: WheelRecord) -> list[Problem]:
    """Look whether the RECORD in the environment names all files with the right hashes: pip and uv rely on it."""
    path = f"{record.dist_info}/RECORD"
    try:
        installed = dict(installed_record(site_packages / record.dist_info))
    except (OSError, ValueError):
        return [Problem("record-unreadable", path, record.name)]
    for file in record.files:
        if file.places[0].is_absolute():
            continue
        noted = installed.get(file.places[0].as_posix(), ...)
        if noted is ...:
            return [Problem("record-incomplete", path, record.name)]
        same_kind = isinstance(noted, Digest) and file.digest is not None and noted.algorithm == file.digest.algorithm
        if same_kind and noted != file.digest:
            return [Problem("record-wrong", path, record.name)]
    return []


def _strangers(
    site_packages: Path,
    records: Sequence[WheelRecord],
    allowed: Collection[str],
    beside: Collection[Path],
    cancel: Cancel,
) -> list[Problem]:
    """Return packages and files that no wheel brought."""
    ours = {record.dist_info for record in records}
    known = {_key(place) for record in records for file in record.files for place in file.places}
    known |= {_key(Path(dist_info, name)) for dist_info in ours for name in _ADDED_TO_METADATA}
    known |= {_key(path) for path in beside}
    problems = []
    for dist_info in sorted(site_packages.glob("*.dist-info")):
        if dist_info.name in ours:
            continue
        name = package_of(dist_info.name)
        if name not in allowed and _key(Path(dist_info.name, "METADATA")) not in known:
            problems.append(Problem("foreign-package", dist_info.name, name))
        try:
            known |= {_key(Path(path)) for path, _digest in installed_record(dist_info)}
        except (OSError, ValueError):
            continue
        known |= {_key(Path(dist_info.name, name)) for name in _ADDED_TO_METADATA}
    problems += [
        Problem("extra-file", path.as_posix())
        for path in _files_below(site_packages, cancel)
        if _key(path) not in known and not _is_cache(path) and str(path) not in _OF_THE_INSTALLER
    ]
    return problems


def _files_below(folder: Path, cancel: Cancel) -> Iterator[Path]:
    """Go through all files below a folder, and the links to folders, as paths relative to it."""
    top = str(platforms.extended(folder))
    for place, folders, names in os.walk(top):
        cancel.check()
        links = [name for name in folders if Path(place, name).is_symlink()]
        relative = Path(os.path.relpath(place, top))
        for name in (*names, *links):
            yield relative / name


def _is_cache(path: Path) -> bool:
    return path.parent.name == "__pycache__" and ".pyc" in path.name


def _key(path: Path) -> str:
    return os.path.normcase(path)
