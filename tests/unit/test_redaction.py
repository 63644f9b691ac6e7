"""Home folders and passwords stay on the computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from setupwizard.tools.redaction import redacted, without_home, without_login


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("/home/maria/pytorch", "~/pytorch"),
        ("/Users/maria", "~"),
        (r"C:\Users\Maria Müller\pytorch", r"~\pytorch"),
        (r"c:\users\maria\x and D:\Users\li.wei\y", r"~\x and ~\y"),
        ("File '/home/maria/env/lib/torch.so': too short", "File '~/env/lib/torch.so': too short"),
        ("/opt/home/x", "/opt~"),
        ("nothing here", "nothing here"),
        ("C:\\pytorch", "C:\\pytorch"),
    ],
)
def test_homes_read_as_a_tilde(text: str, safe: str) -> None:
    assert without_home(text) == safe


def test_the_own_home_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(tmp_path))
    assert without_home(f"{tmp_path / 'pytorch'} {tmp_path}") == f"~{os.sep}pytorch ~"
    assert without_home(f"{tmp_path}2") == f"{tmp_path}2"
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", "/")
    assert without_home("/opt/x") == "/opt/x"
    assert (
        without_login("see https://a:b@c.example/d and https://c.example")
        == "see https://c.example/d and https://c.example"
    )
    assert redacted({"a": [("https://u:p@x", 1, None)]}) == {"a": [["https://x", 1, None]]}
