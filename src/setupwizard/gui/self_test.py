"""Opens the window where nobody sees it, looks whether something is painted, and closes it again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QTimer, qVersion
from PySide6.QtWidgets import QApplication

from setupwizard.gui import app, garbage, logs, theme
from setupwizard.gui.backend import Backend
from setupwizard.gui.program import Program
from setupwizard.gui.window import SetupWindow

_EVERY_MS = 50
_FEWEST_COLOURS = 20
"""A window without text and drawings has fewer; the first page has hundreds, as letters have soft edges."""


def main(folder: Path) -> int:
    """Open the window, print what was seen, and return 0 when it is painted.

    Args:
        folder: takes its settings and its log, and is thrown away afterwards.
    """
    garbage.hold_back()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QApplication(["setupwizard", *theme.STYLE])
    seen: list[int] = []

    def look() -> None:
        windows = [one for one in application.topLevelWidgets() if isinstance(one, SetupWindow) and one.isVisible()]
        for window in windows:
            seen.append(_colours(window))
            window.close()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(_EVERY_MS)
    app.run(application, _program, folder, logs.start_log(folder))
    parts = (f"Qt {qVersion()}", application.platformName(), f"{max(seen, default=0)} colours", _network())
    sys.stdout.write(", ".join(parts) + "\n")
    return 0 if seen and max(seen) >= _FEWEST_COLOURS else 1


def _program(log_file: Path) -> Backend:
    return Program(log_file)


def _network() -> str:
    """Return what Qt would ask whether the line is paid by volume; a package may lack the library and its plugins."""
    try:
        from PySide6.QtNetwork import QNetworkInformation
    except ImportError:
        return "no QtNetwork"
    return "network: " + " ".join(sorted(QNetworkInformation.availableBackends()))


def _colours(window: SetupWindow) -> int:
    """Return how many colours a window has, counted on a grid that meets every letter."""
    image = window.grab().toImage()
    points = ((x, y) for y in range(0, image.height(), 2) for x in range(0, image.width(), 2))
    return len({image.pixel(x, y) for x, y in points})
