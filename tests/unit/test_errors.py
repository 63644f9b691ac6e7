"""Errors and exit codes: closed lists that agree with each other, and sentences in both languages."""

import re
import string

import msgspec
import pytest

from setupwizard import codes, i18n
from setupwizard.errors import SetupError
from setupwizard.model.events import Error
from setupwizard.model.wire import to_json
from setupwizard.sentences import SENTENCES
from setupwizard.sentences.computer import COMPUTER
from setupwizard.sentences.conda import CONDA
from setupwizard.sentences.network import NETWORK
from setupwizard.sentences.work import WORK

BANNED = re.compile(r"!|please|failed|fatal|invalid|abort|illegal", re.IGNORECASE)


@pytest.fixture(autouse=True)
def english():
    i18n.set_language("en")
    yield
    i18n.set_language("en")


def test_every_code_has_its_sentence_and_every_sentence_its_code():
    assert set(SENTENCES) == set(codes.ERROR_CODES)
    assert {row.exit_id for row in SENTENCES.values()} <= set(codes.EXIT_CODES)
    assert len(WORK) + len(COMPUTER) + len(NETWORK) + len(CONDA) == len(SENTENCES), "a code stands in two tables"


@pytest.mark.parametrize("code", codes.ERROR_CODES)
def test_sentences_are_plain_and_survive_missing_facts(code):
    error = SetupError(code)
    for text in (error.title, error.advice, *(text for _code, text in error.fixes)):
        assert text
        assert not BANNED.search(text)
        assert "{" not in text


@pytest.mark.parametrize("code", codes.ERROR_CODES)
def test_every_sentence_is_translated_with_the_same_facts(code):
    def facts(text):
        return {name for _lit, name, _spec, _conv in string.Formatter().parse(text) if name}

    row = SENTENCES[code]
    i18n.set_language("zh_CN")
    for text in (row.title, row.advice, *(text for _code, text in row.fixes)):
        assert i18n._(text) != text
        assert facts(i18n._(text)) == facts(text)


def test_facts_are_in_the_sentence_and_in_the_document():
    error = SetupError("disk-full", path="/data", need="7 GB", free="3 GB", detail="raw")
    document = Error.of(error)
    assert "/data" in document.title
    assert "7 GB" in document.advice
    assert (document.id, document.code, document.detail) == ("disk", "disk-full", "raw")
    assert error.exit_code() == 12
    assert error.exit_code("windows") == 112


@pytest.mark.parametrize("code", codes.ERROR_CODES)
def test_a_document_can_be_told_in_another_language(code):
    row = SENTENCES[code]
    texts = (row.title, row.advice, *(text for _code, text in row.fixes))
    names = {name for text in texts for _lit, name, _spec, _conv in string.Formatter().parse(text) if name}
    raised = SetupError(code, log="a.log", detail="x", **{name: f"<{name}>" for name in names - {"log"}}, secret="s")
    english = msgspec.json.decode(to_json(Error.of(raised)), type=Error)
    assert "secret" not in english.facts
    i18n.set_language("zh_CN")
    chinese = english.retold()
    assert chinese == Error.of(raised)
    assert chinese.title != english.title
    i18n.set_language("en")
    assert chinese.retold() == english


def test_a_document_of_an_older_copy_keeps_what_it_cannot_tell_anew():
    old = Error(id="disk", code="disk-full", title="No room in /data", advice="Free 3 GB.")
    i18n.set_language("zh_CN")
    assert (old.retold().title, old.retold().advice) == (old.title, old.advice)
    stranger = Error(id="network", code="network-off", title="x", advice="y", facts={"code": "z", "self": "z"})
    assert stranger.retold().title == SetupError("network-off").title


def test_a_brace_in_a_fact_does_no_harm():
    assert "{0}" in SetupError("usage", what="{0} {x}").title


def test_exit_codes_are_those_of_the_contract():
    assert codes.exit_code("network", "windows") == 1618
    assert [codes.exit_code(name) for name in ("ok", "unsupported", "driver", "verify-failed", "reboot")] == [
        0,
        10,
        11,
        20,
        23,
    ]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW"}, "zh_CN"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"SETUPWIZARD_LANG": "zh_CN", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh_CN"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"}, "zh_CN"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}, "en"),
        ({"LANG": "zh-Hans"}, "zh_CN"),
    ],
)
def test_the_language_of_the_system(environment, language, monkeypatch):
    for name in ("SETUPWIZARD_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert i18n.system_language() == language


def test_a_further_language_needs_no_more_than_its_name(monkeypatch):
    monkeypatch.setitem(i18n.LANGUAGES, "zh_TW", "繁體中文")
    monkeypatch.setitem(i18n.LANGUAGES, "fr", "français")
    spoken = {name: i18n.wished_language(["--lang", name]) for name in ("fr_CA", "zh-TW", "zh_HK", "en_GB", "de")}
    assert spoken == {"fr_CA": "fr", "zh-TW": "zh_TW", "zh_HK": "zh_CN", "en_GB": "en", "de": ""}


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (["setupwizard"], ""),
        (["setupwizard", "--lang", "zh_CN"], "zh_CN"),
        (["setupwizard", "--lang=en"], "en"),
        (["setupwizard", "--lang"], ""),
        (["setupwizard", "--lang", "xx"], ""),
    ],
)
def test_the_language_of_a_command_line(words, language):
    assert i18n.wished_language(words) == language
