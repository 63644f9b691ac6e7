"""Brings the window to the front when the program is started once more."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QSocketNotifier, Qt
from PySide6.QtWidgets import QWidget

from setupwizard import platforms


class Doorbell:
    """Listens for later starts, as long as the window is there."""

    def __init__(self, window: QWidget, name: str, folder: Path) -> None:
        """Take the window, the name that all copies share, and the person's folder for the time of the session."""
        self._window = window
        self._line = platforms.await_others(name, folder)
        if self._line is not None:
            self._notifier = QSocketNotifier(self._line.fileno(), QSocketNotifier.Type.Read, window)
            self._notifier.activated.connect(self._on_knock)

    def close(self) -> None:
        """Listen no more."""
        if self._line is not None:
            self._notifier.setEnabled(False)
            platforms.end_waiting(self._line)
            self._line = None

    def _on_knock(self) -> None:
        token = platforms.take_call(self._line) if self._line is not None else None
        if token is None:
            return
        if token:
            os.environ["XDG_ACTIVATION_TOKEN"] = token  # Qt hands it to the compositor with the next wish to be active
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
