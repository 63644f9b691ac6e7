"""The wheels of an environment, each in a folder named by its sha256: the same bytes are fetched once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.plan import Package
from setupwizard.store.files import disk_errors, hash_file, remove_file, remove_tree, replace_patiently
from setupwizard.tools.concurrency import Cancel

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,250}\.whl\Z")
_ARCHIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,250}\.tar\.gz\Z")
PART = "part"
STATE = "part.json"


def check_package(package: Package) -> None:
    """Refuse a package whose names could lead anywhere but into the store, or are not what they say.

    Raises:
        SetupError: "plan-invalid".
    """
    problem = _problem_of(package)
    if problem is not None:
        raise SetupError("plan-invalid", file=repr(package.file)[1:-1][:120], problem=problem)


def _problem_of(package: Package) -> str | None:
    if not _SHA256.match(package.sha256):
        return _("its sha256 is not one.")
    if package.size <= 0:
        return _("its size is missing.")
    if package.kind == "python":
        return None if _ARCHIVE.match(package.file) else _("it is not the archive of a Python.")
    if not _FILE.match(package.file):
        return _("it is not the name of a wheel.")
    try:
        name, version, _build, _tags = parse_wheel_filename(package.file)
        same = name == canonicalize_name(package.name) and version.public == Version(package.version).public
    except (InvalidWheelFilename, InvalidVersion):
        return _("it is not the name of a wheel.")
    return None if same else _("it is the wheel of another package.")


class WheelStore:
    """Wheels below one folder. What it has was compared with its sha256 when it came in."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, `Root.store`; it need not exist yet."""
        self.folder = folder

    def place_of(self, package: Package) -> Path:
        """Return the folder of a wheel: for the file, and for its part while it is fetched.

        Raises:
            SetupError: "plan-invalid": the names of the package are not plain.
        """
        check_package(package)
        return self.folder / package.sha256

    def path_of(self, package: Package) -> Path:
        """Return where the file of a package is or will be.

        Raises:
            SetupError: "plan-invalid".
        """
        return self.place_of(package) / package.file

    def part_of(self, package: Package) -> Path:
        """Return where the beginning of a file is kept while it is fetched.

        Raises:
            SetupError: "plan-invalid".
        """
        return self.place_of(package) / PART

    def has(self, package: Package) -> bool:
        """Whether the file is there with the right size; its bytes were compared when it came in."""
        path = self.path_of(package)
        try:
            return path.is_file() and path.stat().st_size == package.size
        except OSError:
            return False

    def verify(self, package: Package, *, cancel: Cancel | None = None) -> bool:
        """Whether the file is there and every byte of it is right.

        Raises:
            Cancelled: somebody asked to stop.
        """
        try:
            return self.has(package) and hash_file(self.path_of(package), cancel=cancel) == package.sha256
        except OSError:
            return False

    def part_size(self, package: Package) -> int:
        """Return how many bytes of a file are here already from a fetch that was interrupted."""
        try:
            return min(self.part_of(package).stat().st_size, package.size)
        except OSError:
            return 0

    def adopt(self, package: Package, file: Path, *, sha256: str | None = None, cancel: Cancel | None = None) -> Path:
        """Move a file into the store and return its new path.

        Args:
            package: which wheel it has to be.
            file: on the same drive as the store.
            sha256: what the caller read of its bytes while they were written; None: the file is read here.
            cancel: stops the reading.

        Raises:
            SetupError: "hash-mismatch": it is not that wheel; the file is left where it is. "disk-full",
                "file-in-use" or "root-not-writable".
            Cancelled: somebody asked to stop.
        """
        target = self.path_of(package)
        with disk_errors(self.folder):
            found = sha256 or hash_file(file, cancel=cancel)
            if found != package.sha256 or file.stat().st_size != package.size:
                raise SetupError("hash-mismatch", file=package.file, detail=f"sha256 {found}, not {package.sha256}")
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_patiently(file, target)
            for left in (PART, STATE):
                remove_file(target.with_name(left))
            platforms.flush_folder(target.parent)
            platforms.flush_folder(self.folder)
        return target

    def forget(self, package: Package) -> None:
        """Remove a wheel and its part: it turned out to be wrong.

        Raises:
            SetupError: "file-in-use" or "root-not-writable".
        """
        place = self.place_of(package)
        if place.is_dir():
            remove_tree(place)

    def places(self) -> list[Path]:
        """Return the folders of all wheels, whole or in part; nothing else that lies in the store is ours."""
        try:
            places = sorted(place for place in self.folder.iterdir() if place.is_dir() and not place.is_symlink())
        except OSError:
            return []
        return [place for place in places if _SHA256.match(place.name)]

    def size(self) -> int:
        """Return the bytes of all wheels and parts."""
        return sum(_size_of(place) for place in self.places())

    def size_of(self, wheels: Mapping[str, int]) -> int:
        """Return the bytes that are here of some wheels, whole or in part: given are their sizes by their sha256."""
        here = {place.name: _size_of(place) for place in self.places() if place.name in wheels}
        return sum(min(size, wheels[sha256]) for sha256, size in here.items())

    def remove_unused(self, keep_sha256: Collection[str]) -> int:
        """Remove all wheels and parts but those that are named; return the bytes that this gives back.

        Raises:
            SetupError: "file-in-use" or "root-not-writable".
        """
        given = 0
        for place in self.places():
            if place.name not in keep_sha256:
                size = _size_of(place)
                remove_tree(place)
                given += size
        return given


def _size_of(place: Path) -> int:
    total = 0
    for file in place.iterdir():
        try:
            total += file.lstat().st_size
        except OSError:
            continue
    return total
