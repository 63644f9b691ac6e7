"""ROOT/activate and its kin: whatever the path is called, and whichever generation is in use."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from helpers.generations import build
from setupwizard.store import generation
from setupwizard.store.activate import write_activation
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root

SHELLS = [name for name in ("sh", "dash", "bash", "zsh", "ksh") if shutil.which(name)]
NAMES = ["pytorch", "my torch", "Übung 火炬", 'it\'s "quoted"', "$HOME `id` $(id) \\n *"]


@pytest.fixture(params=NAMES)
def root(request, tmp_path):
    made = Root(tmp_path / request.param)
    made.prepare()
    for name in ("0001", "0002"):
        folder = build(made, name)
        tool = folder / "bin" / "which-generation"
        tool.write_text(f"#!/bin/sh\necho {name}\n")
        tool.chmod(0o755)
    generation.switch(made, "0001")
    write_activation(made)
    return made


def run(shell, script, root, **environment):
    return subprocess.run(
        [shell, "-eu", "-c", f"say() {{ printf '%s\\n' \"$1\"; }}; {script}", shell, str(root.path / "activate")],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd="/",
    ).stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_generation_in_use_is_on_the_path(root, shell):
    script = '. "$1"; which-generation; say "$VIRTUAL_ENV"; deactivate; say "$PATH"; say "${VIRTUAL_ENV-none}"'
    assert run(shell, script, root) == ["0001", str(root.current), "/usr/bin:/bin", "none"]
    generation.switch(root, "0002")
    assert run(shell, script, root)[0] == "0002"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize("shell", SHELLS)
def test_twice_is_once_and_all_comes_back(root, shell):
    script = (
        "PS1='$ '; "
        '. "$1"; . "$1"; say "$PATH"; say "$PS1"; say "${PYTHONHOME-none}"; '
        'deactivate; say "$PATH"; say "$PS1"; say "$PYTHONHOME"'
    )
    lines = run(shell, script, root, PYTHONHOME="/opt/python")
    assert lines == [
        f"{root.current}/bin:/usr/bin:/bin",
        "(pytorch) $ ",
        "none",
        "/usr/bin:/bin",
        "$ ",
        "/opt/python",
    ]


def test_the_files_of_windows_hold_no_path_at_all(root):
    for name in ("activate.bat", "activate.ps1"):
        data = (root.path / name).read_bytes()
        assert data.isascii()
        assert b"\r\n" in data
        assert b"\n" not in data.replace(b"\r\n", b"")
        assert root.path.name.encode() not in data or root.path.name == "pytorch"
    assert b"%~dp0current" in (root.path / "activate.bat").read_bytes()
    assert b"$PSScriptRoot" in (root.path / "activate.ps1").read_bytes()


def test_they_are_written_once_and_noted(root):
    before = {path: path.stat().st_mtime_ns for path in root.path.glob("activate*")}
    lines = len(Journal(root.journal).read())
    write_activation(root)
    assert {path: path.stat().st_mtime_ns for path in root.path.glob("activate*")} == before
    assert len(Journal(root.journal).read()) == lines
    assert {root.path / name for name in ("activate", "activate.bat", "activate.ps1")} <= set(
        Journal(root.journal).made_paths()
    )
    (root.path / "activate").write_text("spoiled")
    write_activation(root)
    assert "spoiled" not in (root.path / "activate").read_text()
