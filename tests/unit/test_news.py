"""A newer version is asked for quietly, believed only in its strict form, and never where it is not wanted."""

import json
import sys

import pytest

from helpers.loopback import Answer, loopback
from setupwizard import __version__, workflow
from setupwizard.model.release import ReleaseData, may_be_asked, release_data
from setupwizard.model.settings import Preferences, Settings
from setupwizard.tools import network, preferences

PAGE = "https://example.org/setupwizard"


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    yield
    preferences.use(Preferences())


@pytest.fixture
def server():
    with loopback() as one:
        yield one


def data(address):
    return ReleaseData(date="2026-11-29", about="", announcement=address, page=PAGE)


def announce(server, document):
    text = document if isinstance(document, str) else json.dumps(document)
    return data(server.page("/newest.json", text, kind="application/json"))


def test_a_newer_version_is_told_with_the_page_that_came_with_the_program(server):
    newer = workflow.newer_version(data=announce(server, {"schema": 1, "version": "99.1"}))
    assert (newer.version, newer.page) == ("99.1", PAGE)
    assert server.asked == [("GET", "/newest.json")]


@pytest.mark.parametrize("version", [__version__, "0.0.1"])
def test_the_same_or_an_older_one_is_no_news(server, version):
    assert workflow.newer_version(data=announce(server, {"schema": 1, "version": version})) is None
    assert len(server.asked) == 1


def test_where_no_address_is_known_nobody_is_asked(server):
    assert workflow.newer_version(data=data(None)) is None
    assert server.asked == []


def test_this_copy_knows_an_address_and_a_page_or_neither():
    known = release_data()
    assert (known.announcement is None) == (known.page is None)
    assert known.announcement is None or known.announcement.startswith("https://")


def test_nothing_about_the_person_is_sent(server, tmp_path):
    """Not even a login that the person keeps for every server."""
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    workflow.newer_version(data=announce(server, {"schema": 1, "version": "99"}))
    (heard,) = server.heard
    assert set(heard) <= {"Host", "User-Agent", "Accept", "Accept-Encoding"}
    assert heard["User-Agent"] == f"setupwizard/{__version__}"


@pytest.mark.parametrize(
    "document",
    [
        {"schema": 2, "version": "99"},
        {"version": "99"},
        {"schema": 1, "version": "99", "run": "this"},
        {"schema": 1, "version": "99rc1"},
        {"schema": 1, "version": "99\n"},
        {"schema": 1, "version": ["99"]},
        '{"schema": 1, "version": "99"}' + " " * 5000,
        "<html>Please log in</html>",
        "",
    ],
)
def test_whatever_is_not_exactly_an_announcement_is_none(server, document):
    assert workflow.newer_version(data=announce(server, document)) is None
    assert len(server.asked) == 1


def test_a_server_that_fails_is_asked_once(server):
    server.answers["/newest.json"] = Answer(b"busy", 503)
    assert workflow.newer_version(data=data(f"{server.url}/newest.json")) is None
    assert len(server.asked) == 1


def test_a_redirect_to_an_open_way_is_not_believed(server):
    """It leads to a name, which stands for any server: only https proves which one answers."""
    elsewhere = server.url.replace("127.0.0.1", "localhost") + "/newest.json"
    announce(server, {"schema": 1, "version": "99"})
    server.answers["/moved"] = Answer(b"", 302, headers={"Location": elsewhere})
    assert workflow.newer_version(data=data(f"{server.url}/moved")) is None


def test_an_open_way_to_another_computer_is_never_asked(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    assert workflow.newer_version(data=data("http://example.org/newest.json")) is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://example.org/newest.json", True),
        ("http://127.0.0.1:8000/newest.json", True),
        ("http://[::1]/newest.json", True),
        ("http://example.org/newest.json", False),
        ("http://127.0.0.1.example.org/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_which_address_may_be_asked(address, fine):
    assert may_be_asked(address) == fine


def test_who_switches_it_off_is_not_served_by_a_question(server):
    preferences.use(Preferences(settings=Settings(tell_new_version=False)))
    assert workflow.newer_version(data=announce(server, {"schema": 1, "version": "99"})) is None
    assert server.asked == []


def test_offline_nobody_is_asked(server):
    with network.forbidden(wanted=True):
        assert workflow.newer_version(data=announce(server, {"schema": 1, "version": "99"})) is None
    assert server.asked == []


@pytest.mark.parametrize(
    ("policy", "tells"),
    [
        ("", True),
        ('reason = "IT department"\n', False),
        ('[settings]\nsource = "sjtu"\n', False),
        ("[settings]\ntell_new_version = true\n", True),
    ],
)
def test_on_a_computer_that_an_administrator_looks_after_it_is_off_unless_they_say_so(tmp_path, policy, tells):
    file = tmp_path / "policy.toml"
    file.write_text(policy)
    held = preferences.load(tmp_path / "settings.toml", file)
    assert held.settings.tell_new_version == tells
    assert ("tell_new_version" in held.locked) == bool(policy)


def test_in_a_copy_that_was_installed_for_everybody_it_is_off(tmp_path, monkeypatch):
    (tmp_path / "managed.txt").write_text("The administrator of this computer brings new versions.\n")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "setupwizard"))
    nothing = (tmp_path / "settings.toml", tmp_path / "policy.toml")
    assert preferences.load(*nothing).settings.tell_new_version  # a Python of everybody's is no copy of ours
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    held = preferences.load(*nothing)
    assert not held.settings.tell_new_version
    assert held.locked == {"tell_new_version"}


def test_who_is_asked_about_it_is_named(server):
    told = workflow.contacts(data("https://news.example/newest.json"))
    assert told[-1].hosts == ("news.example",)
    preferences.use(Preferences(settings=Settings(tell_new_version=False)))
    assert "news" not in {one.id for one in workflow.contacts(data("https://news.example/newest.json"))}
