"""What a person, or the administrator of the computer, has set for every visit."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from setupwizard.i18n import _

Language = Literal["system", "en", "zh_CN"]
Theme = Literal["system", "light", "dark"]
Downloads = Literal["auto", "keep", "remove"]
"""Whether wheels stay after an install: always, never, or where there is ample room (resources/install.json)."""
SettingName = Literal[
    "language",
    "theme",
    "text_size",
    "source",
    "proxy",
    "certificates",
    "downloads",
    "speed_limit",
    "ask_metered",
    "tell_new_version",
]

SYSTEM, DIRECT = "system", "none"
"""Words for a proxy: what the system and the environment say, and none at all."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds until somebody changes it. The defaults are what holds while there is no file.

    Attributes:
        text_size: percent of the size that the system wants.
        source: the id or the address of a download server, or a folder; empty: the best one is found.
        proxy: "system", "none" or an address.
        certificates: a file of certificates that are trusted beside the system's; empty: none.
        downloads: whether the packages' files stay after an install.
        speed_limit: bytes a second, 0 for none.
        ask_metered: ask before much is downloaded over a line that is paid by volume.
        tell_new_version: ask, while servers are asked anyway, whether this program has a newer version, and tell.
    """

    language: Language = "system"
    theme: Theme = "system"
    text_size: Annotated[int, Meta(ge=75, le=200)] = 100
    source: Annotated[str, Meta(max_length=2000)] = ""
    proxy: Annotated[str, Meta(max_length=2000)] = SYSTEM
    certificates: Annotated[str, Meta(max_length=2000)] = ""
    downloads: Downloads = "auto"
    speed_limit: Annotated[int, Meta(ge=0, le=10_000_000_000)] = 0
    ask_metered: bool = True
    tell_new_version: bool = True


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator fixed for everybody on a computer.

    Attributes:
        reason: why, as the administrator wrote it.
        settings: the values that hold and cannot be changed; what is not named is free.
    """

    reason: Annotated[str, Meta(max_length=300)] = ""
    settings: dict[SettingName, object] = field(default_factory=dict)


class Preferences(Struct, frozen=True, kw_only=True):
    """What holds now.

    Attributes:
        settings: the person's, with the administrator's over them.
        locked: the settings that the administrator fixed.
        reason: why, in the administrator's words.
        place: the file of the administrator; empty: there is none.
        problem: why the person's own file was passed over; empty when it was not.
    """

    settings: Settings = field(default_factory=Settings)
    locked: frozenset[SettingName] = frozenset()
    reason: str = ""
    place: str = ""
    problem: str = ""


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody who may be asked over the network.

    Attributes:
        hosts: their names; empty where only the tool that asks knows them.
        when: what they are asked for, and when, as a sentence.
    """

    id: str
    name: str
    hosts: tuple[str, ...]
    when: str


def problem_of(settings: Settings) -> str:
    """Return what is wrong with values that have the right form; empty when nothing is."""
    if settings.proxy not in {SYSTEM, DIRECT} and not _is_address(settings.proxy):
        return _("proxy: an address such as http://proxy.example:3128 is wanted")
    if settings.certificates and not PurePath(settings.certificates).is_absolute():
        return _("certificates: the whole path of a file is wanted")
    return ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
