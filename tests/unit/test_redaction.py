"""Home folders and passwords stay on the computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from setupwizard.tools.redaction import redact_text, redacted, without_login


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("/home/maria/pytorch", "/home/user/pytorch"),
        ("/Users/maria", "/Users/user"),
        (r"C:\Users\Maria Müller\pytorch", r"C:\Users\user\pytorch"),
        (r"C:\Users\maria\x and D:\Users\li.wei\y", r"C:\Users\user\x and D:\Users\user\y"),
        ("File '/home/maria/env/lib/torch.so': too short", "File '/home/user/env/lib/torch.so': too short"),
        ("/opt/home/x", "/opt/home/x"),
        ("nothing here", "nothing here"),
        ("C:\\pytorch", "C:\\pytorch"),
    ],
)
def test_other_peoples_homes_lose_the_name(text: str, safe: str) -> None:
    assert redact_text(text) == safe


def test_the_own_home_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(tmp_path))
    assert redact_text(f"{tmp_path / 'pytorch'} {tmp_path}") == f"~{os.sep}pytorch ~"
    assert redact_text(f"{tmp_path}2") == f"{tmp_path}2"
    assert "~" not in redact_text(f"/srv{tmp_path}/x"), "the home folder of nobody, in the midst of a path"
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", "/")
    assert redact_text("/opt/x") == "/opt/x"
    assert (
        without_login("see https://a:b@c.example/d and https://c.example")
        == "see https://c.example/d and https://c.example"
    )
    assert without_login("https://c.example/simple?a=1&access_token=abc.D-e&b=2") == (
        "https://c.example/simple?a=1&access_token=***&b=2"
    )
    assert without_login("Authorization: Bearer abc.def, more") == "Authorization: Bearer ***, more"
    assert without_login("proxy-authorization: Basic YTpi") == "proxy-authorization: Basic ***"
    assert (
        without_login("https://c.example/?page=keyboard the key=value")
        == "https://c.example/?page=keyboard the key=value"
    )
    assert redacted({"a": [("https://u:p@x", 1, None)]}) == {"a": [["https://x", 1, None]]}
