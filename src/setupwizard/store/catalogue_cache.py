"""Where it is kept what the download servers said: one file in the user's cache folder, read strictly or not at all.

The file never says where anything is downloaded from: the addresses of the servers come with the program.
"""

from __future__ import annotations

import logging
from pathlib import Path

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue, load_catalogue
from setupwizard.model.merging import in_use, merge
from setupwizard.model.refreshed import Refreshed
from setupwizard.model.wire import read_document, to_json
from setupwizard.store.files import disk_errors, write_atomic
from setupwizard.tools import userdirs

log = logging.getLogger(__name__)


class Known(Struct, frozen=True, kw_only=True):
    """All that is known of PyTorch's builds.

    Attributes:
        catalogue: the bundled facts, with what the servers listed since.
        bundled: the bundled facts alone.
        refreshed: what the servers listed; None: they were never asked, or the bundled facts are newer.
        note: a sentence when something was kept and could not be used.
    """

    catalogue: Catalogue
    bundled: Catalogue
    refreshed: Refreshed | None = None
    note: str | None = None


def cache_file() -> Path:
    """Return where it is kept what the servers said."""
    return userdirs.cache() / "catalogue.json"


def known_catalogue(bundled: Catalogue | None = None, path: Path | None = None) -> Known:
    """Return the bundled facts with what the servers said when they were asked last; no network.

    Args:
        bundled: the facts that came with the program when None.
        path: where it is kept; the user's cache folder when None.
    """
    bundled = bundled or load_catalogue()
    path = path or cache_file()
    if not path.is_file():
        return Known(catalogue=bundled, bundled=bundled)
    try:
        refreshed = read_document(Refreshed, path)
        if not in_use(bundled, refreshed):
            return Known(catalogue=bundled, bundled=bundled)
        return Known(catalogue=merge(bundled, refreshed), bundled=bundled, refreshed=refreshed)
    except (SetupError, ValueError) as error:
        log.warning("what the servers said is not used: %s", getattr(error, "detail", "") or error)
        note = _("{file} is damaged and is not used; `setupwizard catalog --refresh` makes it anew.")
        return Known(catalogue=bundled, bundled=bundled, note=note.format(file=path))


def keep(refreshed: Refreshed, path: Path | None = None) -> None:
    """Keep what the servers said.

    Raises:
        SetupError: "disk-full", "root-not-writable" ...
    """
    path = path or cache_file()
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, to_json(refreshed, pretty=False).encode())
