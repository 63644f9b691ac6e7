"""Compares what conda put into a folder with the plan, and every file with what conda notes of it."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging.utils import canonicalize_name

from setupwizard import platforms
from setupwizard.model.plan import Package
from setupwizard.store.audit import AuditResult, Problem
from setupwizard.store.files import hash_file
from setupwizard.tools.concurrency import Cancel


class CondaFile(Struct, frozen=True):
    """A file that a package of conda put there; `sha256` is None for links and for what is made while installing."""

    path: str
    sha256: str | None


class CondaRecord(Struct, frozen=True, kw_only=True):
    """What conda notes of one installed package in `conda-meta`."""

    name: str
    version: str
    sha256: str
    files: tuple[CondaFile, ...]


def records_in(prefix: Path) -> list[CondaRecord]:
    """Return the packages that conda notes of an environment; what cannot be read is none."""
    return [record for path in sorted((prefix / "conda-meta").glob("*.json")) if (record := _read(path)) is not None]


def _read(path: Path) -> CondaRecord | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        rows = list(_files(found))
        return CondaRecord(
            name=str(found["name"]),
            version=str(found["version"]),
            sha256=str(found.get("sha256") or "").lower(),
            files=tuple(rows),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _files(found: dict[str, Any]) -> Iterator[CondaFile]:
    noted = {str(row["_path"]): row for row in (found.get("paths_data") or {}).get("paths") or ()}
    for path in dict.fromkeys((*map(str, found.get("files") or ()), *noted)):
        row = noted.get(path, {})
        plain = row.get("path_type") == "hardlink" and not path.endswith(".pyc")
        digest = row.get("sha256_in_prefix") or row.get("sha256")
        yield CondaFile(path, str(digest).lower() if plain and digest else None)


def files_beside(prefix: Path, site_packages: Path) -> frozenset[Path]:
    """Return the files that conda put into the folder of packages, relative to it."""
    inside = Path(os.path.relpath(site_packages, prefix))
    places = (Path(file.path) for record in records_in(prefix) for file in record.files)
    return frozenset(place.relative_to(inside) for place in places if place.is_relative_to(inside))


def compare_with_plan(
    prefix: Path, planned: Sequence[Package], *, replaced: Collection[str] = (), cancel: Cancel | None = None
) -> AuditResult:
    """Compare an environment of conda's with a plan: the same packages by sha256, and every file as conda noted it.

    Args:
        prefix: the environment.
        planned: the packages of conda in the plan.
        replaced: canonical names of packages that a wheel took the place of: conda's own files of them are gone.
        cancel: stops within moments.

    Raises:
        Cancelled: somebody asked to stop.
    """
    cancel = cancel or Cancel()
    records = {record.name: record for record in records_in(prefix)}
    problems, count = [], 0
    for package in planned:
        record = records.pop(package.name, None)
        if record is None:
            problems.append(Problem("missing", f"conda-meta/{package.name}", package.name))
            continue
        if (record.version, record.sha256) != (package.version, package.sha256):
            problems.append(Problem("record-wrong", f"conda-meta/{package.name}", package.name))
        if canonicalize_name(package.name) in replaced:
            continue
        for file in record.files:
            cancel.check()
            count += 1
            problem = _compare(prefix, file, package.name, cancel)
            if problem is not None:
                problems.append(problem)
    problems += [Problem("foreign-package", f"conda-meta/{name}", name) for name in records]
    return AuditResult(count, tuple(problems))


def _compare(prefix: Path, file: CondaFile, name: str, cancel: Cancel) -> Problem | None:
    if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
        return Problem("unsafe-path", file.path, name)
    if file.path.endswith(".pyc"):
        return None
    place = platforms.extended(prefix / file.path)
    if not os.path.lexists(place):
        return Problem("missing", file.path, name)
    if file.sha256 is None:
        return None
    try:
        same = hash_file(place, cancel=cancel) == file.sha256
    except OSError:
        return Problem("missing", file.path, name)
    return None if same else Problem("changed", file.path, name)
