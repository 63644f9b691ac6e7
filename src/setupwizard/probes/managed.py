"""A Python that uv can bring: which one, from where, its size; the user's own mirror and list of Pythons come first."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from setupwizard.codes import Platform
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.plan import Package, Setting
from setupwizard.model.pythons import Row, minor_of, pythons_data, words_of
from setupwizard.tools import http
from setupwizard.tools.addresses import local_path
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.redaction import without_login

SECONDS = 30
ORIGIN = "python-build-standalone"
_LIST = "UV_PYTHON_DOWNLOADS_JSON_URL"
_MIRROR = "UV_PYTHON_INSTALL_MIRROR"
_MOST_BYTES = 32 << 20
_PUBLISHER = "https://github.com/astral-sh/python-build-standalone/releases/download/"


class Managed(Struct, frozen=True, kw_only=True):
    """A Python that can be brought. `python` is "3.12" or "3.14t"; `settings` are the user's that name the place."""

    python: str
    archive: Package
    settings: tuple[Setting, ...] = ()


def managed(wanted: str, platform: Platform, *, cancel: Cancel) -> Managed:
    """Return the Python of a version that can be brought here, with its size, from the first place that has it.

    Args:
        wanted: "3.12", "3.12.4" or "3.14t".
        platform: of this computer.
        cancel: a wish to stop.

    Raises:
        SetupError: "python-missing": there is none, or no place that has it can be reached; the details say why.
        Cancelled: somebody asked to stop.
    """
    python = minor_of(wanted)
    try:
        row = _listed(python, platform, cancel) if _LIST in os.environ else pythons_data().row(python, platform)
    except Cancelled:
        raise
    except SetupError as error:
        raise SetupError("python-missing", python=wanted, detail=f"{error}\n{error.detail}") from error
    number = wanted.removesuffix("t")
    if row is None or (number.count(".") > 1 and row.version != number):
        raise SetupError("python-missing", python=wanted, detail="no list of Pythons that can be brought has it")
    url, size = _first_place(row, wanted, cancel)
    archive = Package(
        name="cpython",
        version=row.version,
        file=unquote(row.path.rpartition("/")[2]),
        sha256=row.sha256,
        size=size,
        url=url,
        origin=ORIGIN,
    )
    names = (name for name in (_LIST, _MIRROR) if os.environ.get(name))
    settings = (Setting(name=name, value=without_login(os.environ[name]), origin="environment") for name in names)
    return Managed(python=python, archive=archive, settings=tuple(settings))


def _first_place(row: Row, wanted: str, cancel: Cancel) -> tuple[str, int]:
    """Return address and size of the first place that has an archive; all are asked side by side."""
    urls = list(dict.fromkeys(_addresses(row)))
    answers = side_by_side(
        {url: partial(http.file_size, url, cancel=cancel) for url in urls}, deadline=SECONDS, cancel=cancel
    )
    for url in urls:
        size = answers.get(url)
        if isinstance(size, int) and size > 0:
            return url, size
    causes = [f"{without_login(url)}: {answers.get(url) or 'no answer in time'}" for url in urls]
    raise SetupError("python-missing", python=wanted, detail="\n".join(causes))


def _addresses(row: Row) -> Iterator[str]:
    if "://" in row.path:
        mirror = os.environ.get(_MIRROR)
        ours = mirror and row.path.startswith(_PUBLISHER)
        yield f"{str(mirror).rstrip('/')}/{row.path.removeprefix(_PUBLISHER)}" if ours else row.path
        return
    mirror = os.environ.get(_MIRROR)
    places = (mirror,) if mirror else pythons_data().places
    for place in places:
        yield f"{place.rstrip('/')}/{row.path}"


def _listed(python: str, platform: Platform, cancel: Cancel) -> Row | None:
    """Return the newest Python of a version in the list that the user's setting names, in the form of uv's own list."""
    place = os.environ[_LIST]
    path = local_path(place) or (None if "://" in place else Path(place))
    try:
        text = path.read_bytes()[:_MOST_BYTES] if path is not None else http.get(place, cancel=cancel).body
        rows = [row for row in json.loads(text).values() if _fits(row, python, platform)]
        best = max(rows, key=lambda row: int(row["patch"]), default=None)
        if best is None:
            return None
        number = f"{best['major']}.{best['minor']}.{best['patch']}"
        return Row(
            python=python, platform=platform, version=number, path=str(best["url"]), sha256=str(best["sha256"]).lower()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError("document-unreadable", file=without_login(place), detail=repr(error)) from error


def _fits(row: dict[str, Any], python: str, platform: Platform) -> bool:
    free = row.get("variant") == "freethreaded"
    same = f"{row['major']}.{row['minor']}" + ("t" if free else "") == python
    arch = row["arch"] if isinstance(row["arch"], dict) else {"family": row["arch"]}
    words = (row["os"], arch.get("family"), row["libc"])
    plain = row["name"] == "cpython" and not row.get("prerelease") and not arch.get("variant")
    known = row.get("variant") in {None, "freethreaded"}
    return same and plain and known and words == words_of(platform) and bool(row.get("sha256"))
