"""Paths and documents that a stranger may have made."""

import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setupwizard.errors import SetupError
from setupwizard.model.planfile import PlanFile
from setupwizard.tools import network, strict
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.transport import Connections, FetchSettings
from setupwizard.tools.variables import clean_environment

BAD = (
    "", ".", "..", "a/..", "../a", "a/../b", "/a", "//a", "a//b", "a/", "./a", "C:/a", "C:a", "a:b", "a\\b", "\\\\s\\a",
    "NUL", "nul.txt", "a/COM1", "com9.whl", "LPT¹", "aux.tar.gz", "CONIN$", "a.", "a ", " a", "a\x00b", "a\nb", "a\x7f",
    "a*", "a?", 'a"', "a<b", "a|b", "x" * 201, "/".join("a" * 13),
)  # fmt: skip


@pytest.mark.parametrize("path", BAD)
def test_a_path_that_is_not_plain_on_every_system_is_refused(path, tmp_path):
    with pytest.raises(SetupError) as caught:
        strict.parts_of(path)
    assert caught.value.code == "plan-invalid"


@pytest.mark.parametrize(
    "path", ["a", "wheels/torch-2.13.0+cpu-cp311-cp311-win_amd64.whl", "conda", "nulls", "文件/a b"]
)
def test_a_plain_path_is_taken(path):
    assert "/".join(strict.parts_of(path)) == path


@given(st.text(alphabet=string.printable + "./\\:\x00é", max_size=30))
def test_whatever_is_taken_stays_inside(path):
    try:
        parts = strict.parts_of(path)
    except SetupError:
        return
    inside = os.path.normpath("/folder/" + "/".join(parts))
    assert inside.replace(os.sep, "/") == "/folder/" + path


def test_links_are_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("x")
    assert strict.member(tmp_path, "real/file").read_text() == "x"
    (tmp_path / "way").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "link").symlink_to(tmp_path / "real" / "file")
    for path in ("way/file", "real/link", "real", "real/none"):
        with pytest.raises(SetupError):
            strict.member(tmp_path, path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_plan_or_refused(data):
    with pytest.raises(SetupError) as caught:
        strict.from_toml(PlanFile, data, "plan.toml")
    assert caught.value.code == "plan-invalid"


def test_nobody_is_asked_while_the_network_is_closed(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with network.forbidden(True):
        with pytest.raises(SetupError) as caught:
            Connections(FetchSettings()).open("http://127.0.0.1:9/x", {}, Cancel())
        assert caught.value.code == "offline"
        child = clean_environment({"PIP_INDEX_URL": "http://127.0.0.1/x"}, network=True)
        assert (child["UV_OFFLINE"], child["PIP_NO_INDEX"], child["HTTPS_PROXY"]) == ("1", "1", "http://127.0.0.1:9")
        with network.forbidden(False):
            assert network.is_forbidden(), "what is inside cannot open it again"
    assert not network.is_forbidden()
    assert "UV_OFFLINE" not in clean_environment(network=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": "b\\nc"}', "control"),
        (b'{"a": ["b", {"c\\u0000": 1}]}', "control"),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
    ],
)
def test_json_that_says_two_things_or_hides_something_is_refused(data, words):
    with pytest.raises(SetupError) as caught:
        strict.from_json(PlanFile, data, "bundle.json")
    assert caught.value.code == "plan-invalid"
    assert words in str(caught.value)


def test_toml_with_absurdly_many_keys_is_refused_before_it_is_read():
    data = "".join(f"k{number}=1\n" for number in range(30_000)).encode()
    with pytest.raises(SetupError) as caught:
        strict.from_toml(PlanFile, data, "plan.toml")
    assert "too many keys" in str(caught.value)


def test_only_small_plain_files_are_read(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe") if hasattr(os, "mkfifo") else (tmp_path / "pipe").mkdir()
    for name, words in (("large", "larger than"), ("pipe", "no plain file"), ("absent", "not there")):
        with pytest.raises(SetupError) as caught:
            strict.read_bytes(tmp_path / name, 10)
        assert words in str(caught.value)
    (tmp_path / "large").write_bytes(b"x" * 10)
    assert len(strict.read_bytes(tmp_path / "large", 10)) == 10
