"""The folders of environments that this user has made elsewhere than in the default place, for the next visit."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from setupwizard import platforms
from setupwizard.codes import SCHEMA
from setupwizard.errors import SetupError
from setupwizard.model.wire import to_json
from setupwizard.store.documents import is_newer_file, read_or_none
from setupwizard.store.files import disk_errors, write_atomic
from setupwizard.store.layout import Root
from setupwizard.tools import userdirs

log = logging.getLogger(__name__)

_MOST = 50


class _Roots(Struct, frozen=True, kw_only=True):
    schema: Literal[1] = SCHEMA
    roots: tuple[str, ...] = ()


def _file() -> Path:
    return userdirs.state() / "environments.json"


def known_roots() -> tuple[Root, ...]:
    """Return the roots that are ours and still there: the default place first, then the others, oldest first."""
    noted = read_or_none(_Roots, _file())
    places = (platforms.default_root(), *map(Path, noted.roots if noted is not None else ()))
    roots = dict.fromkeys(Root(place) for place in places if place.is_absolute())
    return tuple(root for root in roots if root.is_ours())


def remember(root: Root) -> None:
    """Note a root that got an environment; the default place needs no note. Never raises.

    The list of a newer version of this program stays as it is.
    """
    if root.path == Root(platforms.default_root()).path or is_newer_file(_file()):
        return
    noted = read_or_none(_Roots, _file())
    before = [place for place in (noted.roots if noted is not None else ()) if Path(place) != root.path]
    _write((*before, str(root.path)))


def _write(roots: Iterable[str]) -> None:
    kept = tuple(place for place in roots if Path(place).is_dir())[-_MOST:]
    try:
        with disk_errors(_file().parent):
            _file().parent.mkdir(parents=True, exist_ok=True)
            write_atomic(_file(), (to_json(_Roots(roots=kept)) + "\n").encode())
    except SetupError as error:
        log.warning("the folder of the environment is not noted: %s", error.detail or error)
