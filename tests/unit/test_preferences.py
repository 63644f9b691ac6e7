"""The settings: read strictly, kept in one file, and what an administrator fixed goes before the rest."""

import os
import textwrap
from pathlib import Path
from typing import get_args
from urllib.request import getproxies

import pytest

from setupwizard import i18n
from setupwizard.cli.main import main
from setupwizard.errors import SetupError
from setupwizard.model.settings import Language, Preferences, Settings
from setupwizard.store import settings_file
from setupwizard.tools import preferences
from setupwizard.tools.variables import clean_environment
from setupwizard.workflow import ApplyOptions, Choices

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE")


class Files:
    """The two files, in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.own, self.policy = folder / "config" / "settings.toml", folder / "policy.toml"

    def write(self, own: str = "", policy: str = "") -> None:
        self.own.parent.mkdir(exist_ok=True)
        for file, text in ((self.own, own), (self.policy, policy)):
            file.write_text(textwrap.dedent(text), encoding="utf-8")

    def load(self) -> Preferences:
        return preferences.load(self.own, self.policy)

    def save(self, settings: Settings) -> Preferences:
        return settings_file.save(settings, self.own, self.policy)


def test_the_file_may_name_every_language_that_is_spoken() -> None:
    assert get_args(Language) == ("system", *i18n.LANGUAGES)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """Let nothing of a test hold afterwards, and nothing of this computer's environment in it."""
    for name in (*NAMES, *(name.lower() for name in NAMES)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SETUPWIZARD_LANG", raising=False)
    yield
    preferences.use(Preferences())
    i18n.set_language("en")


def test_without_files_the_defaults_hold(files):
    assert files.load() == Preferences()


def test_what_is_saved_is_read_again_and_comments_stay(files):
    files.write("# the proxy of our school\nproxy = 'http://10.0.0.1:8080'\ntext_size = 125\n")
    wanted = Settings(proxy="http://10.0.0.2:8080", downloads="keep")
    held = files.save(wanted)
    assert held.settings == wanted == files.load().settings
    text = files.own.read_text("utf-8")
    assert "# the proxy of our school" in text
    assert "text_size" not in text, "what is as by default is not written"


def test_a_broken_file_is_replaced_by_what_is_saved(files):
    files.write("proxy = ")
    assert files.save(Settings(theme="dark")).settings.theme == "dark"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("proxi = 'none'", "proxi"),
        ("proxy = 3", "proxy"),
        ("proxy = 'ftp://old'", "proxy"),
        ("proxy = 'http://'", "proxy"),
        ("proxy = 'http://[::1'", "proxy"),
        ("text_size = 1000", "text_size"),
        ("text_size = '100'", "text_size"),
        ("downloads = 'sometimes'", "downloads"),
        ("speed_limit = -1", "speed_limit"),
        ("certificates = 'ca.pem'", "certificates"),
        ("proxy = ", ""),
        ("[proxy]\nhost = 'a'", "proxy"),
    ],
)
def test_what_is_not_a_setting_is_an_error_with_its_file(files, text, told):
    files.write(text)
    with pytest.raises(SetupError) as caught:
        files.load()
    assert (caught.value.code, caught.value.exit_code()) == ("document-invalid", 2)
    assert told in str(caught.value.facts["problem"])
    assert caught.value.facts["file"] == str(files.own)


def test_bytes_that_are_no_text_and_a_huge_file_are_refused(files):
    files.write()
    files.own.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SetupError) as caught:
        files.load()
    assert caught.value.code == "document-unreadable"
    files.own.write_text("# " + "x" * 200_000)
    with pytest.raises(SetupError) as caught:
        files.load()
    assert caught.value.code == "document-invalid"


def test_what_the_administrator_fixed_goes_before_the_persons_value(files):
    files.write(
        "proxy = 'none'\ntheme = 'dark'\n",
        """
        reason = "IT department, room 12"
        [settings]
        proxy = "http://proxy.example:3128"
        """,
    )
    held = files.load()
    assert held.settings.proxy == "http://proxy.example:3128"
    assert held.settings.theme == "dark"
    assert (held.locked, held.reason, held.place) == (
        {"proxy", "tell_new_version"},
        "IT department, room 12",
        str(files.policy),
    )


def test_a_locked_setting_keeps_the_persons_own_value_for_later(files):
    files.write("proxy = 'none'\n", "[settings]\nproxy = 'http://proxy.example:3128'\n")
    files.save(Settings(proxy="http://other:1", theme="light"))
    assert files.load().settings == Settings(proxy="http://proxy.example:3128", theme="light", tell_new_version=False)
    files.policy.unlink()
    assert files.load().settings == Settings(proxy="none", theme="light")


@pytest.mark.parametrize(
    "text", ["[settings]\nproxi = 'none'\n", "[settings]\ntext_size = 900\n", "proxy = 'none'\n", "reason = 3\n", "x"]
)
def test_a_policy_that_is_not_understood_is_never_passed_over(files, text):
    files.write("", text)
    for act in (files.load, lambda: files.save(Settings())):
        with pytest.raises(SetupError) as caught:
            act()
        assert caught.value.facts["file"] == str(files.policy)


def test_a_window_opens_with_the_defaults_where_the_persons_own_file_is_broken(files):
    files.write("proxi = 'none'\n", "[settings]\ndownloads = 'keep'\n")
    held = preferences.load_or_defaults(files.own, files.policy)
    assert held.settings == Settings(downloads="keep", tell_new_version=False)
    assert str(files.own) in held.problem
    files.write("proxy = 'none'\n", "[settings]\ndownloads = 'sometimes'\n")
    with pytest.raises(SetupError):
        preferences.load_or_defaults(files.own, files.policy)


def test_a_proxy_holds_for_ourselves_and_for_children(files, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://of-the-environment:1")
    preferences.use(Preferences(settings=Settings(proxy="http://10.0.0.2:8080")))
    assert getproxies()["https"] == getproxies()["http"] == "http://10.0.0.2:8080"
    child = clean_environment(network=True)
    assert child["HTTPS_PROXY"] == "http://10.0.0.2:8080"
    assert "https_proxy" not in child
    preferences.use(Preferences(settings=Settings(proxy="none")))
    assert "https" not in getproxies()
    assert os.environ["NO_PROXY"] == "*"
    preferences.use(Preferences())
    assert getproxies()["https"] == "http://of-the-environment:1"
    assert "NO_PROXY" not in os.environ


def test_certificates_hold_for_ourselves_and_for_children():
    preferences.use(Preferences(settings=Settings(certificates="/etc/company.pem")))
    assert clean_environment(network=True)["SSL_CERT_FILE"] == "/etc/company.pem"
    preferences.use(Preferences())
    assert "SSL_CERT_FILE" not in os.environ


def test_both_faces_take_the_server_and_the_downloads_that_are_set():
    preferences.use(Preferences(settings=Settings(source="sjtu", downloads="remove")))
    assert Choices().sources == ("sjtu",)
    assert ApplyOptions().downloads == "remove"


def test_the_language_of_the_environment_goes_before_the_one_that_is_set(monkeypatch):
    preferences.use(Preferences(settings=Settings(language="zh_CN")))
    assert preferences.language() == "zh_CN"
    monkeypatch.setenv("SETUPWIZARD_LANG", "en")
    assert preferences.language() == "en"


def test_what_is_asked_for_on_the_command_line_goes_before_what_is_set_but_not_before_a_policy():
    own = Preferences(settings=Settings(source="sjtu"))
    preferences.use(own)
    assert preferences.wish("source", None) == "sjtu"
    assert preferences.wish("source", "nju") == "nju"
    preferences.use(Preferences(settings=own.settings, locked=frozenset({"source"}), place="/etc/policy.toml"))
    assert preferences.wish("source", "sjtu") == "sjtu"
    with pytest.raises(SetupError) as caught:
        preferences.wish("source", "nju")
    assert caught.value.exit_code() == 2
    assert "/etc/policy.toml" in str(caught.value.facts["what"])


def test_the_command_line_refuses_a_broken_file(home, capsys):
    file = preferences.settings_file()
    assert home in file.parents
    file.parent.mkdir(parents=True)
    file.write_text("proxi = 'none'\n")
    assert main(["catalog", "--json"], lambda: 0) == 2
    assert "document-invalid" in capsys.readouterr().out
    file.write_text("language = 'zh_CN'\n")
    assert main(["catalog"], lambda: 0) == 0
    assert i18n.language() == "zh_CN"
