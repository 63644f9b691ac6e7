"""Opening a plan.toml or an offline folder that came from somewhere else: read strictly, compared, nothing used yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.bundle import Bundle, BundleFile
from setupwizard.model.planfile import PlanFile
from setupwizard.store.files import hash_file
from setupwizard.tools import plan_lock, signatures, strict

PLAN, MANIFEST, SIGNATURE = "plan.toml", "bundle.json", "bundle.json.sig"
WHEELS = "wheels"


class Opened(Struct, frozen=True, kw_only=True):
    """A plan whose own file and locks are what they should be.

    Attributes:
        name: of the file, for people.
        folder: where its locks lie.
        sha256: of the plan's file.
        locks: the bytes of each lock, by its name.
        bundle: what the folder holds; None: the plan came without wheels.
    """

    name: str
    folder: Path
    plan: PlanFile
    sha256: str
    locks: dict[str, bytes]
    bundle: Bundle | None = None

    def wheel(self, path: str, sha256: str) -> Path:
        """Return the file of a wheel in the folder.

        Raises:
            SetupError: "plan-invalid": the folder's own list does not hold it so; "bundle-damaged": it is gone.
        """
        place, row = self.file(path)
        if row.sha256 != sha256:
            raise _unlisted(path)
        return place

    def file(self, path: str) -> tuple[Path, BundleFile]:
        """Return a file in the folder, and its row in the folder's own list.

        Raises:
            SetupError: "plan-invalid": the list does not hold it; "bundle-damaged": it is gone.
        """
        row = next((row for row in self.bundle.files if row.path == path), None) if self.bundle is not None else None
        if row is None:
            raise _unlisted(path)
        return _present(self.folder, row), row


def _unlisted(path: str) -> SetupError:
    return strict.refused(path, _("the list of the offline folder does not hold it."))


def open_plan(path: Path) -> Opened:
    """Read a plan and its locks; a plan.toml beside a bundle.json is opened as the offline folder that it belongs to.

    Args:
        path: the file.

    Raises:
        SetupError: "plan-invalid"; "bundle-damaged": a lock is not the one that the plan was made with.
    """
    if path.name == PLAN and (path.parent / MANIFEST).exists():
        return open_bundle(path.parent)
    data = strict.read_bytes(path, strict.MAX_PLAN_BYTES)
    plan = strict.from_toml(PlanFile, data, path.name)
    return Opened(
        name=path.name,
        folder=path.parent,
        plan=plan,
        sha256=hashlib.sha256(data).hexdigest(),
        locks={build.lock: _lock(path.parent, build.lock, build.lock_sha256) for build in plan.build},
    )


def open_bundle(folder: Path, *, signers: Path | None = None) -> Opened:
    """Read an offline folder: signature, list, sizes, then the sha256 of all but the wheels, then plan and locks.

    The wheels are compared while they are taken: each byte is read once.

    Args:
        folder: where it lies.
        signers: ssh's file of allowed signers; None: nobody needs to have signed it.

    Raises:
        SetupError: "plan-invalid"; "bundle-damaged".
    """
    if not folder.is_dir():
        raise strict.refused(str(folder), _("it is not there or cannot be read."))
    manifest = strict.member(folder, MANIFEST)
    data = strict.read_bytes(manifest, strict.MAX_BUNDLE_BYTES)
    if signers is not None:
        signatures.verify(manifest, strict.member(folder, SIGNATURE), signers)
    bundle = strict.from_json(Bundle, data, MANIFEST)
    rows = _rows(bundle.files)
    for row in rows.values():
        place = _present(folder, row)
        if not row.path.startswith(f"{WHEELS}/") and hash_file(place) != row.sha256:
            raise damaged(row.path)
    if PLAN not in rows or rows[PLAN].sha256 != bundle.plan_sha256:
        raise strict.refused(MANIFEST, _("its plan is another one than its list says."))
    plan = strict.from_toml(PlanFile, strict.read_bytes(folder / PLAN, strict.MAX_PLAN_BYTES), PLAN)
    _must_be_listed(rows, [build.lock for build in plan.build])
    _must_be_listed(rows, [python.path for python in bundle.python])
    if {build.platform for build in plan.build} != set(bundle.platforms):
        raise strict.refused(MANIFEST, _("its platforms are not those of its plan."))
    return Opened(
        name=folder.name,
        folder=folder,
        plan=plan,
        sha256=bundle.plan_sha256,
        locks={build.lock: _lock(folder, build.lock, build.lock_sha256) for build in plan.build},
        bundle=bundle,
    )


def is_made_of(folder: Opened, other: Opened) -> bool:
    """Whether an offline folder was made of a plan: the same builds, and no wheel that the plan's locks do not name.

    The digests of the two files differ, as the folder's locks name paths where the plan's name addresses.
    """
    plans = [
        replace(one.plan, build=tuple(replace(row, lock_sha256="") for row in one.plan.build))
        for one in (folder, other)
    ]
    if plans[0] != plans[1]:
        return False
    return all(_hashes(content, name) <= _hashes(other.locks[name], name) for name, content in folder.locks.items())


def _hashes(content: bytes, name: str) -> set[tuple[str, str]]:
    lock = strict.from_toml(plan_lock.LockDocument, content, name)
    return {(row.name, wheel.hashes.get("sha256", "")) for row in lock.packages for wheel in row.wheels}


def damaged(file: str, problem: str = "") -> SetupError:
    """Return the error for a file that is not the one that was packed."""
    return SetupError("bundle-damaged", file=file, problem=problem or _("Its content is not what the list says."))


def _rows(files: Iterable[BundleFile]) -> dict[str, BundleFile]:
    rows: dict[str, BundleFile] = {}
    seen = set()
    for row in files:
        strict.parts_of(row.path)
        if row.path.casefold() in seen:
            raise strict.refused(MANIFEST, _("it names a file twice."))
        seen.add(row.path.casefold())
        rows[row.path] = row
    return rows


def _must_be_listed(rows: dict[str, BundleFile], names: Iterable[str]) -> None:
    for name in names:
        if name not in rows:
            raise _unlisted(name)


def _present(folder: Path, row: BundleFile) -> Path:
    if not folder.joinpath(row.path).exists():
        raise damaged(row.path, _("It is not there."))
    place = strict.member(folder, row.path)
    if place.stat().st_size != row.size:
        raise damaged(row.path)
    return place


def _lock(folder: Path, name: str, sha256: str) -> bytes:
    data = strict.read_bytes(strict.member(folder, name), strict.MAX_LOCK_BYTES)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise damaged(name, _("It is not the lock that the plan was made with."))
    return data
