"""Files that somebody put among the packages of an environment: in no RECORD, so no package's, so the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from setupwizard import platforms
from setupwizard.store.conda_prefix import records_in
from setupwizard.store.wheel_record import installed_record

# What venv and uv put into an environment themselves, by the folder: their names begin so.
_OF_SCRIPTS = ("activate", "Activate", "deactivate", "python", "pydoc", "pip")
_OF_PACKAGES = frozenset(("_virtualenv.py", "_virtualenv.pth", "README.txt", "distutils-precedence.pth"))
_OURS = frozenset(("bin", "Scripts", "lib", "lib64", "Lib", "share", "etc", "include", "Include"))


def loose_files(environment: Path) -> list[Path]:
    """Return the files below the folders of packages and scripts that no package of the environment owns.

    Compiled caches belong to nobody. What lies beside those folders is not looked at here.
    """
    site = platforms.site_packages_in(environment)
    scripts = platforms.python_in(environment).parent
    known = _owned(site) | _of_conda(environment)
    return [
        path
        for path in _files(environment)
        if os.path.normcase(path) not in known
        and not (path.parent == scripts and path.name.startswith(_OF_SCRIPTS))
        and not (path.parent == site and path.name in _OF_PACKAGES)
        and not (path.parent.parent == site and path.parent.name.endswith(".dist-info"))
    ]


def _owned(site: Path) -> set[str]:
    known: set[str] = set()
    for dist_info in site.glob("*.dist-info"):
        try:
            known.update(
                os.path.normcase(os.path.normpath(site / path)) for path, _digest in installed_record(dist_info)
            )
        except (OSError, ValueError):
            continue
    return known


def _of_conda(environment: Path) -> set[str]:
    """Return the files that conda notes of an environment; nothing where it did not make it."""
    return {
        os.path.normcase(os.path.normpath(environment / file.path))
        for record in records_in(environment)
        for file in record.files
    }


def _files(environment: Path) -> Iterator[Path]:
    for top in sorted(environment.iterdir()):
        if top.name not in _OURS or top.is_symlink() or not top.is_dir():
            continue
        for place, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                yield Path(place, name)


def remove_all_but(folder: Path, keep: frozenset[Path]) -> None:
    """Remove what is below a folder, and the folder, but these files and the way to them.

    Raises:
        OSError: something cannot be removed.
    """
    for place, folders, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(place, name)
            if path not in keep:
                path.unlink()
        for name in folders:
            path = Path(place, name)
            if path.is_symlink():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()
