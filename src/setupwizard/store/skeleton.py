"""What is kept of a wheel when the wheel itself goes: its RECORD, so that the files in use can still be compared."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from setupwizard.model.plan import Package
from setupwizard.store.files import disk_errors, replace_patiently
from setupwizard.store.layout import Root
from setupwizard.store.removal import SKELETONS
from setupwizard.store.wheels import WheelStore


def references(root: Root, name: str, packages: Sequence[Package]) -> list[Path] | None:
    """Return what to compare a generation with: its wheels, or what was kept of them; None when neither is here."""
    store = WheelStore(root.store)
    if all(store.has(package) for package in packages):
        return [store.path_of(package) for package in packages]
    kept = [root.generation(name) / SKELETONS / package.file for package in packages]
    return kept if all(path.is_file() for path in kept) else None


def keep_skeletons(root: Root, name: str, packages: Sequence[Package]) -> bool:
    """Write what is kept of the wheels beside a generation; return whether all of it is there.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    store = WheelStore(root.store)
    folder = root.generation(name) / SKELETONS
    for package in packages:
        target = folder / package.file
        if target.is_file():
            continue
        if not store.has(package):
            return False
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
            fresh = target.with_suffix(".tmp")
            try:
                _write(store.path_of(package), fresh)
            except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, csv.Error):
                return False
            replace_patiently(fresh, target)
    return True


def _write(wheel: Path, target: Path) -> None:
    """Copy RECORD and WHEEL, and each file that RECORD has no hash of."""
    with zipfile.ZipFile(wheel) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        record = next(name for name in names if name.endswith(".dist-info/RECORD") and name.count("/") == 1)
        rows = csv.reader(io.StringIO(archive.read(record).decode("utf-8")))
        hashed = {row[0] for row in rows if len(row) > 1 and row[1].startswith("sha")}
        for name in names:
            if name not in hashed or name.endswith(".dist-info/WHEEL"):
                out.writestr(name, archive.read(name))
