"""Every text of the product goes through here: gettext, for the core, the command line and the window alike."""

from __future__ import annotations

import gettext as _gettext
import os
import sys
from collections.abc import Callable, Sequence

from setupwizard.resources import resource_root

DOMAIN = "setupwizard"
LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
"""What the program speaks, and what each language calls itself; English is what the code is written in."""

_state: dict[str, _gettext.NullTranslations] = {"catalog": _gettext.NullTranslations()}
_language: dict[str, str] = {"name": "en"}


def set_language(name: str) -> None:
    """Speak one of our languages from now on, English for any other. Texts made before keep their language."""
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
    """Return the language to speak when nobody has chosen one: SETUPWIZARD_LANG, else what the system speaks."""
    names = (os.environ.get("SETUPWIZARD_LANG") or "", *_locale_names())
    return next((_spoken(name) or "en" for name in names if name), "en")


def wished_language(words: Sequence[str]) -> str:
    """Return the language that a command line asks for with --lang; empty when it asks for none that is spoken."""
    for place, word in enumerate(words):
        option, _equals, value = word.partition("=")
        if option == "--lang":
            return _spoken(value or "".join(words[place + 1 : place + 2]))
    return ""


def _spoken(name: str) -> str:
    """Return the language of ours that a name of the system stands for, of the same country if we can; empty: none."""
    wished = name.replace("-", "_").lower()
    same = [one for one in LANGUAGES if wished.startswith(one.lower())]
    near = [one for one in LANGUAGES if wished.startswith(one.partition("_")[0])]
    return next(iter((*same, *near)), "")


def _locale_names() -> list[str]:
    """Return the names of the locale; a list of wishes (LANGUAGE) goes before it, but not before "C"."""
    names = [os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG")]
    names = [name for name in (names if any(names) else [_name_of_system()]) if name]
    if names and names[0].partition(".")[0] not in {"C", "POSIX"}:
        names[:0] = [name for name in os.environ.get("LANGUAGE", "").split(":") if _spoken(name)]
    return names


def _name_of_system() -> str:
    """Return what the system itself speaks; on Windows the locale only says how numbers and dates are written."""
    import locale  # a large table, which a name in the environment makes needless

    if sys.platform == "win32":
        import ctypes

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    return locale.getlocale()[0] or ""


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
