"""The words of the window: their tone, and what both languages have to share."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import setupwizard.gui
from gui.recorded_errors import EXAMPLES, example
from setupwizard import i18n
from setupwizard.codes import ERROR_CODES, ErrorCode
from setupwizard.gui.widgets.environments import ACT_WORDS
from setupwizard.i18n import DOMAIN
from setupwizard.resources import resource

_MARKS = {"_", "N_", "ngettext"}
_BANNED = re.compile(r"\b(please|fail(ed|ure)?|fatal|invalid|abort(ed)?|wizard|error occurred|oops)\b|!", re.IGNORECASE)
_HAN = r"[\u4e00-\u9fff]"


def texts() -> Iterator[str]:
    """Return every text that the window's code marks for translation."""
    for file in sorted(Path(setupwizard.gui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS:
                for word in node.args:
                    if isinstance(word, ast.Constant) and isinstance(word.value, str):
                        yield word.value


TEXTS = sorted(set(texts()))


def test_there_are_texts() -> None:
    assert len(TEXTS) > 200


def test_the_tone_is_plain() -> None:
    assert [text for text in TEXTS if _BANNED.search(text)] == []
    dots = [text for text in TEXTS if "…" in text]
    assert dots == [], "three full stops: the translator's language decides about the sign"


def catalogue() -> dict[str, str]:
    """Return every text of the program, English to Chinese; of those with a number the form for many."""
    with (resource("locale") / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    found = compiled._catalog  # type: ignore[attr-defined]
    return {(key[0] if isinstance(key, tuple) else key): said for key, said in found.items() if key}


CATALOGUE = catalogue()


@pytest.mark.posix_only("the texts are those of every system, and what reads them is none of the lab's packages")
@pytest.mark.parametrize("language", [name for name in i18n.LANGUAGES if name != "en"])
def test_every_text_is_translated_with_the_same_placeholders(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).resolve().parent.parent.parent / "scripts")
    import translations

    catalog = translations.updated(language, [])
    assert len(catalog) > 1000
    assert translations.problems(catalog) == []


_IN_CHINESE = re.compile(r"\{(why|first|second|problem|what)\}")
"""Placeholders that take Chinese words: no space stands beside them."""
# What Chinese typography forbids; 你 and not 您 is the tone of the program.
_TYPOGRAPHY = {
    "half-width punctuation": re.compile(f"{_HAN}[,;:!?]|[,;:!?]{_HAN}"),
    "a sign that is not used": re.compile(r"[·您！]"),
    "three full stops": re.compile(r"\.\.\."),
    "straight quotation marks": re.compile(f'"[^"]*{_HAN}[^"]*"'),
    "a space beside a full-width sign": re.compile(r"[，。；：？]\s|\s[，。；：？]"),
}
_UNSPACED = re.compile(f"{_HAN}[A-Za-z0-9{{]|[A-Za-z0-9}}]{_HAN}")


@pytest.mark.parametrize("rule", sorted(_TYPOGRAPHY))
def test_chinese_keeps_the_rules_of_its_typography(rule: str) -> None:
    assert [said for said in CATALOGUE.values() if _TYPOGRAPHY[rule].search(said)] == []


def test_a_space_stands_between_chinese_and_latin() -> None:
    assert [said for said in CATALOGUE.values() if _UNSPACED.search(_IN_CHINESE.sub("", said))] == []


# 24 letters are the design's aim; two of its own answers are longer ("Continue from another server", "Use the CPU
# version for now"), and fit beside another button in the smallest window: test_layout.py draws every card.
_LONGEST = dict.fromkeys(i18n.LANGUAGES, 28.0) | {"zh_CN": 10.0}


def width(text: str, language: str) -> float:
    """Return how long a text is: in letters, or in Chinese signs, of which a letter is half a one."""
    if not language.startswith("zh"):
        return len(text)
    return sum(1.0 if re.match(r"[\u3000-\u9fff\uff00-\uffef]", sign) else 0.5 for sign in text)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_the_buttons_of_a_card_are_short(code: ErrorCode, language: str) -> None:
    i18n.set_language(language)
    try:
        fixes = example(code).fixes
    finally:
        i18n.set_language("en")
    for _code, text in fixes[:2]:
        assert width(text, language) <= _LONGEST[language], text


def test_every_error_has_an_example_for_its_picture() -> None:
    assert set(ERROR_CODES) == set(EXAMPLES)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_acts_of_an_environment_are_short(language: str) -> None:
    i18n.set_language(language)
    try:
        words = [i18n._(text).format(size="2.4 GB") for text in ACT_WORDS.values()]
    finally:
        i18n.set_language("en")
    assert all(width(text, language) <= 14 for text in words), words
