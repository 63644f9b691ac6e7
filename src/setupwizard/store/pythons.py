"""The Pythons that were brought: below the root, one for all generations that use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from setupwizard.codes import Platform
from setupwizard.model.plan import Package, Plan
from setupwizard.model.pythons import key_of, words_of
from setupwizard.store.files import disk_errors, remove_tree
from setupwizard.store.layout import Root

FOLDER = "pythons"


def folder_of(root: Root) -> Path:
    """Return the folder that uv keeps them in."""
    return root.path / FOLDER


def interpreter(root: Root, python: str, platform: Platform, archive: Package) -> Path:
    """Return where the interpreter of an archive is, or will be."""
    home = folder_of(root) / key_of(python, archive.version, platform)
    return home / "python.exe" if os.name == "nt" else home / "bin" / f"python{python}"


def interpreter_of(root: Root, plan: Plan) -> Path | None:
    """Return where the Python that a plan brings is or will be; None: it brings none."""
    archive = plan.archive
    return None if archive is None else interpreter(root, plan.python.version, plan.build.platform, archive)


def kept_archive(root: Root, made: Plan | None, python: str) -> Package | None:
    """Return the archive of a Python that an earlier plan brought here and that is still in place."""
    place = interpreter_of(root, made) if made is not None and made.build.python == python else None
    return made.archive if made is not None and place is not None and place.is_file() else None


def write_list(path: Path, python: str, platform: Platform, archive: Package, file: Path) -> str:
    """Write the list that tells uv of one Python, in the file that was fetched; return what it is called there.

    Raises:
        SetupError: "disk-full" or "root-not-writable".
    """
    system, processor, libc = words_of(platform)
    major, minor, patch = (int(part) for part in archive.version.split("."))
    key = key_of(python, archive.version, platform)
    row = {
        "name": "cpython",
        "arch": {"family": processor, "variant": None},
        "os": system,
        "libc": libc,
        "major": major,
        "minor": minor,
        "patch": patch,
        "prerelease": "",
        "url": file.as_uri(),
        "sha256": archive.sha256,
        "variant": "freethreaded" if python.endswith("t") else None,
        "build": None,
    }
    with disk_errors(path):
        path.write_text(json.dumps({key: row}), encoding="utf-8")
    return key


def remove_unused(root: Root, plans: list[Plan]) -> tuple[Path, ...]:
    """Remove the Pythons that no generation uses any more; return their folders.

    Raises:
        SetupError: "file-in-use" or "root-not-writable".
    """
    going = unused(root, plans)
    for place in going:
        if place.is_symlink():
            place.unlink()
        else:
            remove_tree(place)
    return going


def unused(root: Root, plans: list[Plan]) -> tuple[Path, ...]:
    """Return the folders of Pythons that none of these plans uses, and the names that uv gave to them beside."""
    folder = folder_of(root)
    if not folder.is_dir():
        return ()
    used = {place for plan in plans if (place := interpreter_of(root, plan)) is not None}
    places = [place for place in folder.iterdir() if place.name.startswith("cpython-")]
    keys = {place.name for place in places if any(place in python.parents for python in used)}
    links = {place for place in places if place.is_symlink() and Path(os.path.realpath(place)).name in keys}
    return tuple(sorted(place for place in places if place.name not in keys and place not in links))
