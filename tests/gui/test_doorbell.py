"""A second start brings the first window to the front and ends."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from setupwizard import platforms
from setupwizard.gui.doorbell import Doorbell

pytestmark = pytest.mark.posix_only("Windows brings it to the front in another way: tests/windows/test_instance.py")

NAME = "window-of-a-test"
ASK = """
import sys
from pathlib import Path
from setupwizard import platforms
print(platforms.another_window(sys.argv[1], "", Path(sys.argv[2])))
"""


def started_again(folder: Path, **more: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", ASK, NAME, str(folder)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, **more})


def answer(child: subprocess.Popen[str]) -> str:
    out, _err = child.communicate(timeout=30)
    return out.strip()


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_a_second_start_raises_the_first_window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "")
    folder = tmp_path / "session"
    window, other = QWidget(), QWidget()
    for one in (window, other):
        qtbot.addWidget(one)
        one.show()
    window.showMinimized()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    bell = Doorbell(window, NAME, folder)
    again = started_again(folder, XDG_ACTIVATION_TOKEN="token-of-the-desktop")
    qtbot.waitUntil(window.isActiveWindow, timeout=20_000)
    assert not window.windowState() & Qt.WindowState.WindowMinimized
    assert answer(again) == "True"
    assert os.environ["XDG_ACTIVATION_TOKEN"] == "token-of-the-desktop"
    elsewhere = started_again(folder, DISPLAY=":other", WAYLAND_DISPLAY="")
    assert answer(elsewhere) == "False", "a window on another screen is not brought here"
    bell.close()
    assert answer(started_again(folder)) == "False"
    assert list(folder.iterdir()) == []


def test_what_a_killed_copy_left_stands_in_nobodys_way(qtbot: QtBot, tmp_path: Path) -> None:
    dead = platforms.await_others(NAME, tmp_path)
    assert dead is not None
    dead.close()
    assert len(list(tmp_path.iterdir())) == 1
    assert not platforms.another_window(NAME, "", tmp_path)
    line = platforms.await_others(NAME, tmp_path)
    assert line is not None
    platforms.end_waiting(line)


def test_a_copy_that_hangs_keeps_nobody_waiting(tmp_path: Path) -> None:
    line = platforms.await_others(NAME, tmp_path)
    assert line is not None
    assert not platforms.another_window(NAME, "", tmp_path)
    platforms.end_waiting(line)


def test_a_caller_that_went_away_raises_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    line = platforms.await_others(NAME, tmp_path)
    assert line is not None
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(line.getsockname())
    assert platforms.take_call(line) is None
    assert platforms.take_call(line) is None
    platforms.end_waiting(line)


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    assert platforms.await_others(NAME, folder) is None
    assert platforms.await_others(NAME, tmp_path / ("long" * 30)) is None
    assert list(folder.iterdir()) == []
