"""Progress on the button in the task bar of Windows."""

import ctypes
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="the task bar with progress is Windows' own")


def test_the_shell_takes_every_state() -> None:
    """What it looks like only a real Windows shows; here the calls find their functions and nothing breaks."""
    from setupwizard.platforms.windows_taskbar import TaskbarButton

    ctypes.windll.ole32.OleInitialize(None)
    try:
        button = TaskbarButton(0)
        assert button.there
        button.show(40)
        button.show(41, paused=True)
        button.clear()
        button.close()
        assert not button.there
        button.show(42)
    finally:
        ctypes.windll.ole32.OleUninitialize()
