"""Reading a lock (pylock.toml, PEP 751) and writing the one that an installer gets: local paths and hashes only."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

import tomlkit
from msgspec import Struct
from packaging.pylock import PackageWheel, Pylock, PylockValidationError
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from setupwizard.codes import Platform
from setupwizard.errors import SetupError
from setupwizard.model.plan import Package
from setupwizard.tools.addresses import file_of
from setupwizard.tools.strict import MAX_LOCK_BYTES

# Far ahead of what there is: for another computer the system is taken to be new enough.
NEWEST_MACOS = 30
_NEWEST_GLIBC = 60


class LockedWheel(Struct, frozen=True, kw_only=True):
    """A wheel of a lock; `size` is None where the index did not tell."""

    name: str
    version: str
    file: str
    url: str
    sha256: str
    size: int | None


def target_tags(python: str, platform: Platform | None = None) -> frozenset[Tag]:
    """Return the wheel tags that a Python takes; `python` is "3.12" or "3.14t".

    Args:
        python: its version.
        platform: of another computer, whose system is taken to be new enough; None: of this one.
    """
    version = python.removesuffix("t")
    major, minor = (int(part) for part in version.split(".")[:2])
    abi = f"cp{major}{minor}" + ("t" if python.endswith("t") else "")
    platforms = None if platform is None else platform_tags(platform)
    return frozenset(
        (
            *cpython_tags((major, minor), abis=[abi], platforms=platforms),
            *compatible_tags((major, minor), interpreter=f"cp{major}{minor}", platforms=platforms),
        )
    )


def platform_tags(platform: Platform) -> list[str]:
    """Return the platforms of wheels that a computer takes, its system taken to be new enough; the best first."""
    system, _sign, arch = platform.partition("_")
    if system == "win":
        return [platform]
    if system == "macos":
        return list(mac_platforms((NEWEST_MACOS, 0), arch))
    legacy = ["manylinux2014", "manylinux2010", "manylinux1"] if arch == "x86_64" else ["manylinux2014"]
    return [f"{name}_{arch}" for name in (*(f"manylinux_2_{n}" for n in range(_NEWEST_GLIBC, 4, -1)), *legacy)]


def read_lock(path: Path, *, python: str, platform: Platform | None = None) -> tuple[LockedWheel, ...]:
    """Read a lock and choose the wheel of each package that the Python takes.

    Args:
        path: the lock.
        python: its version.
        platform: of another computer; None: of this one.

    Raises:
        SetupError: "plan-invalid": it is no lock, holds something other than wheels, or a wheel without sha256.
    """
    try:
        if path.stat().st_size > MAX_LOCK_BYTES:
            raise SetupError("plan-invalid", file=path.name, problem=f"more than {MAX_LOCK_BYTES} bytes")
        lock = Pylock.from_dict(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError, PylockValidationError) as error:
        raise SetupError("plan-invalid", file=path.name, problem=str(error)) from error
    tags = target_tags(python, platform)
    return tuple(
        _choose(str(package.name), str(package.version), package.wheels or (), tags, path.name)
        for package in lock.packages
    )


def _choose(
    name: str, version: str, wheels: Iterable[PackageWheel], tags: frozenset[Tag], lock_name: str
) -> LockedWheel:
    for wheel in wheels:
        file = wheel.name or file_of(wheel.url or "")
        if not parse_wheel_filename(file)[3] & tags:
            continue
        sha256 = wheel.hashes.get("sha256")
        if sha256 is None or wheel.url is None:
            raise SetupError("plan-invalid", file=lock_name, problem=f"{file}: no address or no sha256")
        return LockedWheel(name=name, version=version, file=file, url=wheel.url, sha256=sha256.lower(), size=wheel.size)
    raise SetupError("plan-invalid", file=lock_name, problem=f"{name} {version}: no wheel for this Python")


def write_lock(path: Path, packages: Sequence[Package], places: Sequence[PurePath | str]) -> None:
    """Write the lock that an installer gets; see `lock_of`."""
    path.write_bytes(lock_of(packages, places))


def lock_of(packages: Sequence[Package], places: Sequence[PurePath | str]) -> bytes:
    """Return a lock that holds exactly these wheels, each with its size and its hash.

    Args:
        packages: the wheels.
        places: where each is: a path, which may be relative to the lock, or an address as text.
    """
    document = tomlkit.document()
    document["lock-version"] = "1.0"
    document["created-by"] = "setupwizard"
    entries = tomlkit.aot()
    for package, place in zip(packages, places, strict=True):
        wheel = tomlkit.inline_table()
        where = {"url": place} if isinstance(place, str) else {"path": place.as_posix()}
        wheel.update({"name": package.file, **where, "size": package.size, "hashes": {"sha256": package.sha256}})
        entry = tomlkit.table()
        entry.update({"name": package.name, "version": package.version})
        entry["wheels"] = tomlkit.array().multiline(multiline=False)
        entry["wheels"].append(wheel)
        entries.append(entry)
    document["packages"] = entries
    return tomlkit.dumps(document).encode()
