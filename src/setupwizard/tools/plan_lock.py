"""The locks of a plan: PEP 751 read strictly, wheels alone, and the portable form in which they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from setupwizard.codes import Platform
from setupwizard.i18n import _
from setupwizard.tools import strict
from setupwizard.tools.addresses import file_of
from setupwizard.tools.pylock import target_tags

Text = Annotated[str, Meta(max_length=2000)]


class Wheel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One wheel: at an address, or at a path beside the lock."""

    name: Text | None = None
    url: Text | None = None
    path: Text | None = None
    size: Annotated[int, Meta(ge=1, le=1 << 40)] | None = None
    hashes: dict[str, Text]
    upload_time: Any = None

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.name or file_of(self.url or self.path or "")


class LockedPackage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """One package with its wheels. A source archive beside them is passed over: nothing is ever built."""

    name: Text
    version: Text
    requires_python: Text | None = None
    dependencies: tuple[dict[str, Any], ...] = ()
    index: Text | None = None
    sdist: dict[str, Any] | None = None
    wheels: Annotated[tuple[Wheel, ...], Meta(min_length=1, max_length=200)]


class LockDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole lock, as far as an environment of wheels needs it."""

    lock_version: Annotated[str, Meta(pattern=r"^1\.[0-9]$")]
    created_by: Text
    environments: tuple[Text, ...] = ()
    requires_python: Text | None = None
    extras: tuple[Text, ...] = ()
    dependency_groups: tuple[Text, ...] = ()
    default_groups: tuple[Text, ...] = ()
    packages: Annotated[tuple[LockedPackage, ...], Meta(min_length=1, max_length=1000)]


class PlannedWheel(Struct, frozen=True, kw_only=True):
    """The wheel of a lock for one Python of one platform; `size` is None where the lock does not tell."""

    name: str
    version: str
    file: str
    sha256: str
    size: int | None
    url: str | None
    path: str | None


def read(data: bytes, name: str, *, python: str, platform: Platform | None) -> tuple[PlannedWheel, ...]:
    """Read a lock and choose the wheel of each package for a Python and a platform; None: this computer's.

    Raises:
        SetupError: "plan-invalid".
    """
    lock = strict.from_toml(LockDocument, data, name)
    tags = target_tags(python, platform)
    wheels = tuple(_chosen(package, tags, name) for package in lock.packages)
    names = [wheel.name for wheel in wheels]
    if len(set(names)) != len(names):
        raise strict.refused(name, _("it holds a package twice."))
    return wheels


def _chosen(package: LockedPackage, tags: Iterable[object], lock: str) -> PlannedWheel:
    taken = frozenset(tags)
    for wheel in package.wheels:
        try:
            name, version, _build, own = parse_wheel_filename(wheel.file)
            same = name == canonicalize_name(package.name) and version == Version(package.version)
        except (InvalidWheelFilename, InvalidVersion) as error:
            raise strict.refused(lock, _("{file} is not the name of a wheel.").format(file=wheel.file[:80])) from error
        if not same:
            raise strict.refused(lock, _("{file} is the wheel of another package.").format(file=wheel.file[:80]))
        if own & taken:
            return _planned(package, wheel, str(name), lock)
    raise strict.refused(lock, _("{name} has no wheel for this platform and Python.").format(name=package.name[:80]))


def _planned(package: LockedPackage, wheel: Wheel, name: str, lock: str) -> PlannedWheel:
    sha256 = wheel.hashes.get("sha256", "").lower()
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise strict.refused(lock, _("{file} has no sha256.").format(file=wheel.file[:80]))
    if wheel.path is None and wheel.url is None:
        raise strict.refused(lock, _("{file} has neither an address nor a path.").format(file=wheel.file[:80]))
    if wheel.path is not None:
        strict.parts_of(wheel.path)
    if file_of(wheel.path or wheel.url or "") != wheel.file:
        raise strict.refused(lock, _("{file} is the wheel of another package.").format(file=wheel.file[:80]))
    return PlannedWheel(
        name=name,
        version=package.version,
        file=wheel.file,
        sha256=sha256,
        size=wheel.size,
        url=wheel.url,
        path=wheel.path,
    )
