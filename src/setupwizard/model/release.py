"""Where a newer version of this program would be announced, and what an announcement may say."""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from setupwizard.codes import SCHEMA
from setupwizard.resources import resource

MAX_BYTES = 4096
"""An announcement is two short lines; whatever is longer is none."""


class ReleaseData(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bundled facts.

    Attributes:
        announcement: the address that is asked; None: nobody is ever asked.
        page: what a person may read about the newest version, in the browser.
    """

    schema: Literal[1] = SCHEMA
    date: str
    about: str
    announcement: str | None
    page: str | None


class Announcement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the address answers with. It names no address of its own: where a person is led comes with the program."""

    schema: Literal[1]
    version: Annotated[str, Meta(pattern=r"^\d{1,4}(\.\d{1,4}){1,3}$")]


class Newer(Struct, frozen=True, kw_only=True):
    """A version that is newer than this one, and the page about it."""

    version: str
    page: str


@cache
def release_data() -> ReleaseData:
    """Return the facts that came with this copy of the program."""
    return msgspec.json.decode(resource("release.json").read_bytes(), type=ReleaseData)


def may_be_asked(address: str) -> bool:
    """Whether an answer from there can be believed: it came over https, or from this computer itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_computer(parts.hostname or ""))


def _is_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
