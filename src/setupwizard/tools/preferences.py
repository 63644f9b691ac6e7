"""The settings in their one file, with the administrator's over them: both faces of the program hold to the same.

Proxy and certificates hold for our own requests and for every program that we start by way of the variables that all
of them read; the rest is asked for where it is needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from setupwizard import i18n
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.settings import DIRECT, SYSTEM, Policy, Preferences, SettingName, Settings, problem_of
from setupwizard.resources import managed_copy
from setupwizard.tools import userdirs

T = TypeVar("T")

MAX_BYTES = 100_000
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_VARIABLES = (*_PROXIES, "NO_PROXY", "SSL_CERT_FILE")

_state: dict[str, Preferences] = {"present": Preferences()}
_before: dict[str, str] = {}  # what the environment said before any setting was put over it


def settings_file() -> Path:
    """Return the file of the person's settings."""
    return userdirs.settings() / "settings.toml"


def policy_file() -> Path:
    """Return the file of the administrator's settings."""
    return userdirs.policy() / "policy.toml"


def load(settings: Path | None = None, policy: Path | None = None) -> Preferences:
    """Return what is set, read strictly: an unknown key or an impossible value is an error and never passed over.

    Args:
        settings: the person's file; the usual one when None.
        policy: the administrator's file; the usual one when None.

    Raises:
        SetupError: "document-unreadable" or "document-invalid", with the file that it is about.
    """
    own = read(Settings, settings or settings_file())
    return with_policy(own, policy)


def load_or_defaults(settings: Path | None = None, policy: Path | None = None) -> Preferences:
    """Return what is set, for a window that can mend it: a broken file of the person's own counts as empty.

    Raises:
        SetupError: the administrator's file is not what it has to be: nobody may pass over it.
    """
    fixed = with_policy(Settings(), policy)
    try:
        return load(settings, policy)
    except SetupError as error:
        return replace(fixed, problem=f"{error.title}. {error.advice}")


def with_policy(own: Settings, policy: Path | None = None) -> Preferences:
    """Return settings with the administrator's over them.

    Raises:
        SetupError: "document-unreadable" or "document-invalid": the administrator's file is not what it has to be.
    """
    place = policy or policy_file()
    fixed = read(Policy, place)
    mark = place if fixed != Policy() else managed_copy()
    # Who looks after the program for others brings its new versions, and tells of them.
    given = fixed.settings if mark is None else {"tell_new_version": False, **fixed.settings}
    return Preferences(
        settings=_checked(Settings, {**msgspec.to_builtins(own), **given}, place) if given else own,
        locked=frozenset(given),
        reason=fixed.reason,
        place=str(mark) if mark is not None else "",
    )


def use(preferences: Preferences) -> None:
    """Let preferences hold from now on, in this process and in the children that speak to servers."""
    if not _variables(present().settings):  # nothing of ours is in the environment now
        _before.update({name: os.environ.get(name, "") for name in _all_names()})
    _state["present"] = preferences
    for name, value in {**_before, **_variables(preferences.settings)}.items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


def present() -> Preferences:
    """Return what holds now; the defaults until `use` was called."""
    return _state["present"]


def environment_before() -> dict[str, str]:
    """Return the variables about proxies as they were before any setting was put over them; empty: not set."""
    return {name: _before.get(name.lower(), "") or _before.get(name, "") for name in _PROXIES}


def language() -> str:
    """Return the language to speak: SETUPWIZARD_LANG goes before what is set, and that before the system's."""
    chosen = present().settings.language
    return chosen if chosen != "system" and not os.environ.get("SETUPWIZARD_LANG") else i18n.system_language()


def wish(name: SettingName, asked: T | None) -> T:
    """Return what was asked for just now, else what is set.

    Raises:
        SetupError: "usage": the administrator fixed something else.
    """
    held = present()
    fixed: T = getattr(held.settings, name)
    if asked is None:
        return fixed
    if name in held.locked and asked != fixed:
        what = _("{value} was asked for, and the administrator of this computer fixed {fixed} in {file}")
        raise SetupError("usage", what=what.format(value=asked, fixed=fixed, file=held.place))
    return asked


def _variables(settings: Settings) -> dict[str, str]:
    """Return the variables that stand for settings; an empty one is taken away."""
    variables: dict[str, str] = {}
    if settings.proxy != SYSTEM:
        through = "" if settings.proxy == DIRECT else settings.proxy
        variables |= dict.fromkeys(_all_names(_PROXIES), "")
        variables |= {"HTTP_PROXY": through, "HTTPS_PROXY": through}
        # "*" keeps a proxy of Windows' or macOS' settings out as well
        variables |= dict.fromkeys(_all_names(("NO_PROXY",)), "")
        variables |= {"NO_PROXY": "localhost,127.0.0.1,::1" if through else "*"}
    if settings.certificates:
        variables["SSL_CERT_FILE"] = settings.certificates
    return variables


def _all_names(names: tuple[str, ...] = _VARIABLES) -> tuple[str, ...]:
    """Return variables in both ways to write them: where the system knows the difference both are read."""
    return names if os.name == "nt" else (*names, *(name.lower() for name in names if name != "SSL_CERT_FILE"))


def read(kind: type[T], file: Path) -> T:
    """Return what a file says, the defaults where there is none.

    Raises:
        SetupError: "document-unreadable" or "document-invalid".
    """
    text = text_of(file)
    if not text.strip():
        return kind()
    import tomllib  # most people have no such file, and wait for their window

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError("document-invalid", file=str(file), problem=str(error)) from error
    return _checked(kind, document, file)


def _checked(kind: type[T], values: object, file: Path) -> T:
    try:
        found = msgspec.convert(values, type=kind)
    except msgspec.ValidationError as error:
        raise SetupError("document-invalid", file=str(file), problem=str(error)) from error
    problem = problem_of(found) if isinstance(found, Settings) else ""
    if problem:
        raise SetupError("document-invalid", file=str(file), problem=problem)
    return found


def text_of(file: Path) -> str:
    """Return the text of a file, an empty one where there is none.

    Raises:
        SetupError: "document-unreadable", or "document-invalid" for one that is far too large.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SetupError("document-invalid", file=str(file), problem=f"more than {MAX_BYTES} bytes")
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError("document-unreadable", file=str(file), detail=str(error)) from error
