"""A folder to work in while a plan is made, which nothing of ours outlives for long."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setupwizard import platforms

log = logging.getLogger(__name__)

_NAME = "setupwizard-work-"
_OLD_SECONDS = 24 * 3600
"""No plan takes that long: who made such a folder was killed, or the computer lost its power."""


@contextmanager
def workplace() -> Iterator[Path]:
    """Give a folder below the system's temporary one and remove it afterwards; what a killed program left goes as well.

    A file that another program still holds, an antivirus for one, does not spoil the work: it goes a day later.
    """
    above = platforms.temporary_folder()
    _clear_old(above)
    with tempfile.TemporaryDirectory(prefix=_NAME, dir=above, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _clear_old(above: Path) -> None:
    """Remove the folders of this name that are a day old, as far as this person may; a link is not followed."""
    try:
        found = [place for place in above.glob(f"{_NAME}*") if place.is_dir() and not place.is_symlink()]
        old = [place for place in found if time.time() - place.stat().st_mtime > _OLD_SECONDS]
    except OSError as error:
        log.info("the temporary folder cannot be looked through: %s", error)
        return
    for place in old:
        log.info("removing what an earlier run left: %s", place.name)
        shutil.rmtree(place, ignore_errors=True)
