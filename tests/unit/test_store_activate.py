"""ROOT/activate and its kin: whatever the path is called, and whichever generation is in use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from helpers.generations import build
from setupwizard import platforms
from setupwizard.store import generation
from setupwizard.store.activate import activation_line, write_activation
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root

SHELLS = (
    [] if sys.platform == "win32" else [name for name in ("sh", "dash", "bash", "zsh", "ksh") if shutil.which(name)]
)
WINDOWS = sys.platform == "win32"
NAMES = ["pytorch", "my torch", "Übung 火炬", "a & b", "(x86)", "x^y!"]
NAMES += [] if WINDOWS else ["100%", 'it\'s "quoted"', "$HOME `id` $(id) \\n *"]


@pytest.fixture(params=NAMES)
def root(request, tmp_path):
    made = Root(tmp_path / request.param)
    made.prepare()
    for name in ("0001", "0002"):
        folder = build(made, name)
        tool = platforms.python_in(folder).with_name("which-generation" + ".bat" * WINDOWS)
        tool.write_text(f"@echo {name}\n" if WINDOWS else f"#!/bin/sh\necho {name}\n")
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


@pytest.mark.posix_only("POSIX shells")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_generation_in_use_is_on_the_path(root, shell):
    script = '. "$1"; which-generation; say "$VIRTUAL_ENV"; deactivate; say "$PATH"; say "${VIRTUAL_ENV-none}"'
    assert run(shell, script, root) == ["0001", str(root.current), "/usr/bin:/bin", "none"]
    generation.switch(root, "0002")
    assert run(shell, script, root)[0] == "0002"


@pytest.mark.posix_only("POSIX shells")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_line_that_people_are_told_turns_it_on(root, shell):
    assert run(shell, f"{activation_line(root)}; which-generation", root) == ["0001"]


@pytest.mark.posix_only("POSIX shells")
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
    way = root.in_use.relative_to(root.path).as_posix().replace("/", "\\")
    assert f"%~dp0{way}".encode() in (root.path / "activate.bat").read_bytes()
    assert f"$PSScriptRoot '{way}'".encode() in (root.path / "activate.ps1").read_bytes()


@pytest.mark.windows_only("the command prompt of Windows")
def test_the_command_prompt_turns_the_environment_on_and_off_again(root, tmp_path):
    script = tmp_path / "try.bat"
    lines = [
        "@call activate.bat",
        "@call which-generation",
        "@call activate.bat",
        '@echo "%PATH%"',
        "@echo [%PYTHONHOME%]",
    ]
    script.write_bytes("\r\n".join([*lines, ""]).encode())
    environment = {**os.environ, "PATH": "C:\\windows\\system32", "PYTHONHOME": "C:\\x"}

    def said():
        done = subprocess.run(
            ["cmd", "/c", str(script)], cwd=root.path, env=environment, capture_output=True, timeout=60, check=True
        )
        return [line.strip() for line in done.stdout.splitlines() if line.strip()]

    first = said()
    assert first[0] == b"0001"
    assert first[1].endswith(b';C:\\windows\\system32"')
    assert first[1].count(b"Scripts") == 1
    assert first[2] == b"[]"
    generation.switch(root, "0002")
    write_activation(root)
    assert said()[0] == b"0002"


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
    assert "spoiled" not in (root.path / "activate").read_text("utf-8")
