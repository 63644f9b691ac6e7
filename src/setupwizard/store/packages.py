"""Which packages an environment holds, as their metadata tell; nothing of them is imported."""

from __future__ import annotations

from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name


def packages_in(site_packages: Path) -> list[Distribution]:
    """Return the packages of a folder of packages; what has no name is none."""
    return [dist for dist in distributions(path=[str(site_packages)]) if dist.metadata["Name"]]


def versions_in(site_packages: Path) -> dict[str, str]:
    """Return the version of each package by its canonical name, sorted, as `pip list` tells them."""
    return dict(sorted((canonicalize_name(dist.name), dist.version) for dist in packages_in(site_packages)))
