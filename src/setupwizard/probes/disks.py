"""The drives that an installation touches, each once, with their room."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

from setupwizard.model.machine import Disk
from setupwizard.platforms import temporary_folder
from setupwizard.probes.roots import Roots, read_text

_NETWORK = frozenset(["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afpfs", "lustre", "beegfs", "gpfs"])
_VIRTUAL = ("vd", "xvd")
"""Disks of virtual machines: what they say about turning is the hypervisor's default, not the truth."""
_ONE_NAME = frozenset(["vfat", "fat", "fat32", "msdos", "exfat"])
_MEMORY = frozenset(["tmpfs", "ramfs"])


def disks(roots: Roots) -> tuple[Disk, ...]:
    """Return the drives of the home folder, of temporary files and of the environments."""
    kinds = _kinds()
    found: dict[Path, Disk] = {}
    for place in (roots.home, temporary_folder(), *roots.environment_roots):
        top = mount_point(place)
        if top is not None and top not in found:
            room = _room(top, place)
            if room is not None:
                found[top] = Disk(path=str(top), free_bytes=room[0], total_bytes=room[1], kind=_kind(top, kinds, roots))
    return tuple(found.values())


def drive_kind(place: Path) -> str | None:
    """Return the kind of the drive that a folder lies on, or will lie on: as `Disk.kind`."""
    top = mount_point(place)
    return _kind(top, _kinds(), Roots()) if top is not None else None


def gives_second_names(place: Path) -> bool:
    """Return whether a file on that drive can have two names: a hard link costs no room, a copy does."""
    top = mount_point(place)
    return top is None or _kinds().get(str(top), ("", ""))[0] not in _ONE_NAME


def mount_point(place: Path) -> Path | None:
    """Return the top of the drive that a folder lies on, or will lie on once it is made."""
    try:
        path = place.resolve()
        while not path.exists():
            path = path.parent
        while not os.path.ismount(path) and path != path.parent:
            path = path.parent
    except OSError:
        return None
    return path


def _room(top: Path, place: Path) -> tuple[int, int] | None:
    """Return the free and all bytes: of the place itself where it is there, as a quota may be its own."""
    for path in (place, top):
        try:
            usage = psutil.disk_usage(str(path))
        except OSError:
            continue
        return usage.free, usage.total
    return None


def _kinds() -> dict[str, tuple[str, str]]:
    """Return mount point -> (file system, options); psutil reads a table and waits for no drive."""
    try:
        return {part.mountpoint: (part.fstype.lower(), part.opts) for part in psutil.disk_partitions(all=True)}
    except (OSError, RuntimeError):
        return {}


def _kind(top: Path, kinds: dict[str, tuple[str, str]], roots: Roots) -> str | None:
    """Return "network", "memory", "removable", "ssd" or "hdd", None when nobody tells."""
    system, options = kinds.get(str(top), ("", ""))
    words = options.split(",")
    if system in _NETWORK or "remote" in words:
        return "network"
    if system in _MEMORY:
        return "memory"
    if "removable" in words:
        return "removable"
    return _rotation(top, roots)


def _rotation(top: Path, roots: Roots) -> str | None:
    """Return what the Linux kernel says about the device: a partition's own folder lacks it, its disk's has it."""
    if sys.platform == "win32":
        return None
    try:
        number = top.stat().st_dev
    except OSError:
        return None
    folder = roots.at(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    if folder.name.startswith(_VIRTUAL):
        return None
    for place in (folder, folder.parent):
        answer = read_text(place / "queue" / "rotational")
        if answer:
            return "hdd" if answer == "1" else "ssd"
    return None
