"""Every text of the product goes through here: gettext, for the core, the command line and the window alike."""

from __future__ import annotations

import gettext as _gettext
import locale
import os
from collections.abc import Callable

from setupwizard.resources import resource_root

DOMAIN = "setupwizard"
LANGUAGES = ("en", "zh_CN")

_state: dict[str, _gettext.NullTranslations] = {"catalog": _gettext.NullTranslations()}
_language: dict[str, str] = {"name": "en"}


def set_language(name: str) -> None:
    """Speak this language from now on: "en" or "zh_CN". Texts made before keep their language."""
    if name not in LANGUAGES:
        name = "en"
    if name == "en":
        _state["catalog"] = _gettext.NullTranslations()
    else:
        _state["catalog"] = _gettext.translation(DOMAIN, resource_root() / "locale", languages=[name], fallback=True)
    _language["name"] = name


def language() -> str:
    """Return the language that is spoken now."""
    return _language["name"]


def system_language() -> str:
    """Return the language to speak when nobody has chosen one: SETUPWIZARD_LANG, else the locale of the system."""
    wished = os.environ.get("SETUPWIZARD_LANG") or ""
    for name in (wished, *_locale_names()):
        if name in LANGUAGES:
            return name
        if name.lower().startswith("zh"):
            return "zh_CN"
        if name:
            return "en"
    return "en"


def _locale_names() -> list[str]:
    names = [os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG")]
    names.append(locale.getlocale()[0] or "")
    return [name for name in names if name]


def _(text: str) -> str:
    """Translate a text now."""
    return _state["catalog"].gettext(text)


def N_(text: str) -> str:  # noqa: N802 - the name that every extractor knows
    """Mark a text for the translators and leave it as it is: for tables that are translated when they are shown."""
    return text


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a text that depends on a number."""
    return _state["catalog"].ngettext(one, many, count)


def in_language(name: str, make: Callable[[], str]) -> str:
    """Return what `make` says in another language, and come back to the present one."""
    before = language()
    set_language(name)
    try:
        return make()
    finally:
        set_language(before)
