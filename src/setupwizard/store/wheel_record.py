"""What a verified wheel says that it installs: its own RECORD, mapped to the places in an environment."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from packaging.utils import canonicalize_name, parse_wheel_filename

from setupwizard.store.journal import stays_inside
from setupwizard.tools.concurrency import Cancel

_MAX_RECORD = 64 << 20
_CHUNK = 1 << 20
_ALGORITHMS = {"sha256": 32, "sha384": 48, "sha512": 64}
# Installers write these anew, or add them.
_REWRITTEN = frozenset(("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"))
_SIGNATURES = frozenset(("RECORD.jws", "RECORD.p7s"))


class Digest(NamedTuple):
    """A hash of a file: which one, and its value."""

    algorithm: str
    value: bytes


class Expected(NamedTuple):
    """One file of a wheel and where it has to be.

    Attributes:
        places: one of these holds it, relative to site-packages; the first that exists counts.
        digest: of its content; None: an installer changes it (the first line of a script), so it only has to exist.
    """

    path: str
    places: tuple[Path, ...]
    digest: Digest | None


class WheelRecord(NamedTuple):
    """The files of one wheel.

    Attributes:
        name: of the package, in the canonical form.
        dist_info: the name of its folder of metadata.
        unsafe: paths that would lead out of the environment: never followed.
    """

    name: str
    dist_info: str
    files: tuple[Expected, ...]
    unsafe: tuple[str, ...]


class Listing(NamedTuple):
    """What a wheel lists, before anybody says into which environment it goes.

    Attributes:
        name: of the package, in the canonical form.
        dist_info: the name of its folder of metadata.
        digests: the hash of each file by its path in the wheel; None: an installer changes it.
        unsafe: paths that would lead out of the environment.
    """

    name: str
    dist_info: str
    digests: dict[str, Digest | None]
    unsafe: tuple[str, ...]

    def at(self, places: Places) -> WheelRecord:
        """Return where each of the files has to be in an environment."""
        data = self.dist_info.removesuffix(".dist-info") + ".data"
        files, unsafe = [], list(self.unsafe)
        for path, digest in self.digests.items():
            mapped = _places_of(path, data, self.name, places)
            if mapped is None:
                unsafe.append(path)
            else:
                files.append(Expected(path, mapped, digest))
        return WheelRecord(self.name, self.dist_info, tuple(files), tuple(unsafe))


class Places(NamedTuple):
    """Where an environment keeps what does not go to site-packages."""

    prefix: Path
    scripts: Path
    headers: tuple[Path, ...]

    @classmethod
    def of(cls, site_packages: Path) -> Places:
        """Return the places of the environment that a site-packages folder belongs to."""
        library = site_packages.parent
        windows = library.name.lower() == "lib"
        prefix = library.parent if windows else library.parent.parent
        headers = (*prefix.glob("include/site/python*"), prefix / "include", prefix / "Include")
        return cls(prefix, prefix / ("Scripts" if windows else "bin"), headers)


def package_of(dist_info: str) -> str:
    """Return the canonical name of the package that a folder of metadata, "torch-2.15.0.dist-info", belongs to."""
    return canonicalize_name(dist_info.partition("-")[0])


def read_listing(wheel: Path) -> Listing:
    """Read the RECORD of a wheel whose sha256 was verified.

    Raises:
        ValueError: it is not a wheel, or its metadata cannot be read.
        OSError: it cannot be read.
    """
    try:
        name = canonicalize_name(parse_wheel_filename(wheel.name)[0])
        with zipfile.ZipFile(wheel) as archive:
            dist_info = _dist_info(archive, name)
            info = archive.getinfo(f"{dist_info}/RECORD")
            if info.file_size > _MAX_RECORD:
                raise ValueError(f"RECORD has {info.file_size} bytes")
            rows = list(csv.reader(io.StringIO(archive.read(info).decode("utf-8"))))
            recorded = {row[0]: row[1] if len(row) > 1 else "" for row in rows if row}
            return _list(archive, name, dist_info, recorded)
    except (zipfile.BadZipFile, KeyError, csv.Error, UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        raise ValueError(str(error)) from error


def _dist_info(archive: zipfile.ZipFile, name: str) -> str:
    folders = {path.partition("/")[0] for path in archive.namelist() if "/" in path}
    found = [folder for folder in folders if folder.endswith(".dist-info") and package_of(folder) == name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} folders of metadata")
    return found[0]


def _list(archive: zipfile.ZipFile, name: str, dist_info: str, recorded: dict[str, str]) -> Listing:
    scripts = dist_info.removesuffix(".dist-info") + ".data/scripts/"
    stored = (path for path in archive.namelist() if not path.endswith("/"))
    digests: dict[str, Digest | None] = {}
    unsafe = []
    for path in dict.fromkeys((*recorded, *stored)):
        if path.startswith(f"{dist_info}/") and path.rpartition("/")[2] in _REWRITTEN | _SIGNATURES:
            continue
        if not stays_inside(path):
            unsafe.append(path)
        elif path.startswith(scripts):
            digests[path] = None
        else:
            digests[path] = parse_digest(recorded.get(path, "")) or _digest_in(archive, path)
    return Listing(name, dist_info, digests, tuple(unsafe))


def _places_of(path: str, data: str, name: str, places: Places) -> tuple[Path, ...] | None:
    """Return where a path of a wheel goes (Binary distribution format, "Installing a wheel"); None: nowhere known."""
    if not path.startswith(f"{data}/"):
        return (Path(path),)
    parts = PurePosixPath(path).parts
    if len(parts) < 3:
        return None
    rest = Path(*parts[2:])
    return {
        "purelib": (rest,),
        "platlib": (rest,),
        "scripts": (places.scripts / rest,),
        "data": (places.prefix / rest,),
        "headers": tuple(folder / name / rest for folder in places.headers)
        + tuple(folder / data.partition("-")[0] / rest for folder in places.headers),
    }.get(parts[1])


def parse_digest(text: str) -> Digest | None:
    """Return the hash of a line of RECORD; None: there is none, or it is of a kind that proves nothing."""
    algorithm, sign, value = text.partition("=")
    if not sign or algorithm not in _ALGORITHMS:
        return None
    try:
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return None
    return Digest(algorithm, raw) if len(raw) == _ALGORITHMS[algorithm] else None


def _digest_in(archive: zipfile.ZipFile, path: str) -> Digest | None:
    """Return the hash of a file inside the wheel that RECORD has no usable hash of."""
    try:
        info = archive.getinfo(path)
    except KeyError:
        # RECORD names a file that the wheel does not hold: nothing can have this hash
        return Digest("sha256", bytes(32))
    digest = hashlib.sha256()
    with archive.open(info) as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return Digest("sha256", digest.digest())


def installed_record(dist_info: Path) -> Iterator[tuple[str, Digest | None]]:
    """Go through the RECORD in an environment: path and hash as the installer noted them.

    Raises:
        ValueError: it cannot be read as one.
        OSError: it is not there.
    """
    path = dist_info / "RECORD"
    if path.stat().st_size > _MAX_RECORD:
        raise ValueError("RECORD is too large")
    try:
        for row in csv.reader(io.StringIO(path.read_bytes().decode("utf-8"))):
            if row:
                yield row[0], parse_digest(row[1]) if len(row) > 1 else None
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def digests_of(path: Path | str, algorithms: Collection[str], cancel: Cancel | None = None) -> set[Digest]:
    """Return the hashes of a file.

    Raises:
        OSError: it cannot be read.
        Cancelled: somebody asked to stop.
    """
    digests = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path for each of many thousand files takes its time
        while chunk := file.read(_CHUNK):
            if cancel is not None:
                cancel.check()
            for digest in digests.values():
                digest.update(chunk)
    return {Digest(algorithm, digest.digest()) for algorithm, digest in digests.items()}
