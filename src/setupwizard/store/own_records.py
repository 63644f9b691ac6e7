"""Looks at an environment that somebody else made: what its own records say, compared with what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setupwizard import platforms
from setupwizard.store.audit import AuditResult, Problem
from setupwizard.store.wheel_record import Digest, Places, digests_of, installed_record, package_of
from setupwizard.tools.concurrency import Cancel

_THREADS = 4
_LEFTOVER = "~"


def audit_own_records(site_packages: Path, cancel: Cancel | None = None) -> AuditResult:
    """Compare every file of an environment with the RECORD of its package; compiled caches do not count.

    A record proves less than a wheel, as who changes a file can change its record too; it finds what broke by itself:
    half-made installs, a full disk, an antivirus program.

    Args:
        site_packages: the folder of packages in the environment.
        cancel: stops within moments.

    Returns:
        "missing" and "changed" files; "record-unreadable" for a package without one; "extra-file" for the folders that
        pip leaves behind when it breaks off ("~orch").

    Raises:
        Cancelled: somebody asked to stop.
    """
    cancel = cancel or Cancel()
    folder = platforms.extended(site_packages.absolute())
    prefix = Path(os.path.realpath(Places.of(site_packages.absolute()).prefix))
    problems: list[Problem] = []
    tasks: list[tuple[str, str, Path, Digest | None]] = []
    for dist_info in sorted(site_packages.glob("*.dist-info")):
        cancel.check()
        name = package_of(dist_info.name)
        try:
            rows = list(installed_record(dist_info))
        except (OSError, ValueError):
            problems.append(Problem("record-unreadable", f"{dist_info.name}/RECORD", name))
            continue
        tasks += _tasks(name, rows, folder, prefix)
    problems += [Problem("extra-file", path.name) for path in sorted(site_packages.glob(f"{_LEFTOVER}*"))]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="audit") as pool:
        try:
            for found in pool.map(lambda task: _compare(task, cancel), tasks):
                if found is not None:
                    problems.append(found)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return AuditResult(len(tasks), tuple(problems))


def _tasks(
    name: str, rows: list[tuple[str, Digest | None]], folder: Path, prefix: Path
) -> Iterator[tuple[str, str, Path, Digest | None]]:
    for path, digest in rows:
        if path.endswith((".pyc", "/RECORD")):
            continue
        place = Path(os.path.normpath(folder / path))
        inside = place.is_relative_to(folder) or Path(os.path.realpath(place)).is_relative_to(prefix)
        if inside:  # a record may name anything; what lies elsewhere is not this environment's
            yield name, path, place, digest


def _compare(task: tuple[str, str, Path, Digest | None], cancel: Cancel) -> Problem | None:
    name, path, place, digest = task
    cancel.check()
    try:
        if digest is None:
            return None if place.exists() else Problem("missing", path, name)
        same = digest in digests_of(place, (digest.algorithm,), cancel)
        return None if same else Problem("changed", path, name)
    except OSError:
        return Problem("missing", path, name)
