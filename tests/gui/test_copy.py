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


def chinese(text: str) -> str:
    catalogue = gettext.translation(DOMAIN, resource("locale"), languages=["zh_CN"])
    many = catalogue.ngettext(text, text, 2)
    return many if many != text else catalogue.gettext(text)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_there_are_texts() -> None:
    assert len(TEXTS) > 200


@pytest.mark.parametrize("text", TEXTS)
def test_the_tone_is_plain(text: str) -> None:
    assert not _BANNED.search(text)
    assert "…" not in text, "three full stops: the translator's language decides about the sign"


@pytest.mark.parametrize("text", TEXTS)
def test_chinese_keeps_the_facts_and_the_typography(text: str) -> None:
    said = chinese(text)
    if said == text:
        pytest.skip("not translated yet, or the same in both languages")
    assert placeholders(said) - {"count"} <= placeholders(text)  # one form serves one and many
    assert not re.search(f"{_HAN}[,;:!?]|[,;:!?]{_HAN}", said), said
    assert not re.search(r"[·您！]", said), said
    plain = re.sub(r"\{(why|first|second)\}", "", said)  # whole sentences
    assert not re.search(f"{_HAN}[A-Za-z0-9{{]|[A-Za-z0-9}}]{_HAN}", plain), f"a space is missing: {said}"


# The design's own words are the longest that fit beside another button in the smallest window.
_LONGEST = {"en": 28.0, "zh_CN": 10.0}


def width(text: str, language: str) -> float:
    """Return how long a text is: in letters, or in Chinese signs, of which a letter is half a one."""
    if language == "en":
        return len(text)
    return sum(1.0 if re.match(r"[\u3000-\u9fff\uff00-\uffef]", sign) else 0.5 for sign in text)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
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


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_acts_of_an_environment_are_short(language: str) -> None:
    i18n.set_language(language)
    try:
        words = [i18n._(text).format(size="2.4 GB") for text in ACT_WORDS.values()]
    finally:
        i18n.set_language("en")
    assert all(width(text, language) <= 14 for text in words), words
