"""Whether the person asked the system for less motion: then nothing of ours moves."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject

from setupwizard.gui import theme
from setupwizard.gui.runner import Runner, nothing

_SPI_GETCLIENTAREAANIMATION = 0x1042


def ask(parent: QObject) -> Runner:
    """Ask the system, in the background as it may take its time, and hold to the answer; return what asks.

    Qt 6.11 knows no wish of this kind: its own hint follows the animation of Windows' menus, which is another setting.
    """
    runner = Runner(parent)
    runner.run("motion", lambda _emit, _cancel: wants_stillness(), theme.current().set_still, nothing)
    return runner


def wants_stillness() -> bool:
    """Return whether less motion is wished for; False where the system does not tell."""
    still = False
    if sys.platform == "win32":
        import ctypes

        moves = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(_SPI_GETCLIENTAREAANIMATION, 0, ctypes.byref(moves), 0)
        still = not moves.value
    elif sys.platform == "linux":
        from setupwizard.tools import linux_desktop

        still = linux_desktop.wants_stillness()
    return still
