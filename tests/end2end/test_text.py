"""The wizard in a terminal: a real pseudo-terminal, real answers."""

import os
import re
import sys
import time

import pytest

from helpers.program import PROGRAM, environment, run

pty = pytest.importorskip("pty", reason="a pseudo-terminal is POSIX")


class Terminal:
    def __init__(self, env):
        self.text = ""
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [*PROGRAM, "--text"], env)

    def wait_for(self, pattern, seconds=120):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"{pattern} never came:\n{self.text}"
            try:
                self.text += os.read(self.screen, 65536).decode("utf-8", "replace")
            except OSError:
                break
        assert re.search(pattern, self.text), self.text

    def answer(self, text):
        self.text = ""
        os.write(self.screen, text.encode() + b"\n")

    def end(self):
        while True:
            try:
                chunk = os.read(self.screen, 65536)
            except OSError:
                break
            if not chunk:
                break
            self.text += chunk.decode("utf-8", "replace")
        os.close(self.screen)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def env(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return {name: value for name, value in environment(home, TERM="xterm").items() if name != "DISPLAY"}


@pytest.mark.usefixtures("cpu_build")
def test_saying_no_changes_nothing(env, tmp_path):
    terminal = Terminal(env)
    terminal.wait_for(r"Folder \[")
    terminal.answer(str(tmp_path / "mine"))
    terminal.wait_for("Install this now")
    assert "2.13.0" in terminal.text or "PyTorch" in terminal.text
    terminal.answer("n")
    assert terminal.end() == 22
    assert not (tmp_path / "mine").exists()


@pytest.mark.usefixtures("cpu_build")
def test_from_the_first_question_to_the_proof(env, tmp_path):
    root = tmp_path / "mine"
    terminal = Terminal({**env, "SETUPWIZARD_LANG": "zh_CN"})
    terminal.wait_for("安装位置")
    terminal.answer(str(root))
    terminal.wait_for("现在安装吗")
    terminal.answer("y")
    terminal.wait_for("PyTorch 准备好了", 300)
    assert terminal.end() == 0
    assert (root / "current" / "bin" / "python").exists()


def test_without_a_terminal_it_says_what_to_use(env):
    ended = run("--text", env=env)
    assert ended.code == 2
    assert "apply --yes" in ended.err
