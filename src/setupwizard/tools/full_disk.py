"""What it means when another program says that the disk is full: it tells neither where nor how much."""

from __future__ import annotations

import shutil
from pathlib import Path

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes


def disk_full(folder: Path, detail: str) -> SetupError:
    """Return the error for a program that found no room below a folder, with the room that there is now."""
    place = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    free = format_bytes(shutil.disk_usage(place).free)
    return SetupError(
        "disk-full", path=str(place), need=_("More than {size}").format(size=free), free=free, detail=detail
    )
