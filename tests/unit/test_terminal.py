"""Opening a terminal in which an environment is on, with a stand-in for the terminal."""

import os
import time

import pytest

from helpers.recorded import program
from setupwizard.errors import SetupError
from setupwizard.tools.terminal import open_terminal, terminal_argv

pytestmark = pytest.mark.linux_only("other systems have one terminal that is always there")


def content(path, patience=20.0):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if path.is_file() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.02)
    return None


def test_the_systems_own_choice_goes_before_the_terminals_of_desktops(tmp_path, monkeypatch):
    for name in ("xterm", "gnome-terminal", "x-terminal-emulator"):
        program(tmp_path / "bin" / name, "true")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    argv = terminal_argv(tmp_path)
    assert argv is not None
    assert argv[:2] == (str(tmp_path / "bin" / "x-terminal-emulator"), "-e")
    assert argv[-1] == str(tmp_path / "activate")


def test_the_environment_is_turned_on_inside_whatever_its_path_is_called(tmp_path, monkeypatch):
    root, said = tmp_path / "my $(env) 'x'", tmp_path / "said"
    root.mkdir()
    (root / "activate").write_text("MARK=on\nexport MARK\n")
    program(tmp_path / "bin" / "xterm", 'shift; exec "$@"')
    program(tmp_path / "bin" / "shell", f'echo "$MARK $1" >"{said}"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("SHELL", str(tmp_path / "bin" / "shell"))
    for other in ("xdg-terminal-exec", "x-terminal-emulator", "gnome-terminal", "konsole", "xfce4-terminal"):
        program(tmp_path / "bin" / other, 'shift; exec "$@"' if other != "xdg-terminal-exec" else 'exec "$@"')
    open_terminal(root)
    assert content(said) == "on -i\n"


def test_a_system_without_a_terminal_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError) as caught:
        open_terminal(tmp_path)
    assert caught.value.code == "tool-failed"
    assert caught.value.facts["tool"] == "terminal"
