"""The task bar and the notifications of each system, behind one name."""

from __future__ import annotations

import sys
from typing import Protocol

from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from setupwizard.gui import icons
from setupwizard.i18n import _
from setupwizard.tools.linux_desktop import LinuxDesktop

_SHOWN_MS = 10_000


class JobIcon(Protocol):
    """Where a system shows how far a job is: a button in the task bar, an icon in the dock."""

    def show(self, percent: int, *, paused: bool = False) -> None:
        """Show how much is done."""

    def clear(self) -> None:
        """Show that there is no job."""

    def close(self) -> None:
        """Leave it."""


class SystemShell:
    """What is outside the window and speaks of it."""

    def __init__(self, window: QWidget) -> None:
        """Take the window. macOS has no dock icon for a program without a bundle."""
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        self._linux = LinuxDesktop() if sys.platform == "linux" else None
        self.icon: JobIcon | None = self._linux
        if sys.platform == "win32":
            from setupwizard.platforms.windows_taskbar import TaskbarButton

            self.icon = TaskbarButton(int(window.winId()))

    def notify(self, title: str, text: str) -> None:
        """Show a notification, without a sound."""
        if self._linux is not None:
            self._linux.notify(_("PyTorch Setup"), title, text)
        elif QSystemTrayIcon.isSystemTrayAvailable():
            self._notify_by_qt(title, text)

    def close(self) -> None:
        """Leave the system's bars."""
        if self._tray is not None:
            self._tray.hide()
        if self.icon is not None:
            self.icon.close()

    def _notify_by_qt(self, title: str, text: str) -> None:
        """Show a notification of an icon beside the clock, which goes with the window."""
        if self._tray is None:
            self._tray = QSystemTrayIcon(icons.window_icon(), self._window)
            self._tray.messageClicked.connect(self._window.activateWindow)
        self._tray.show()
        self._tray.showMessage(title, text, icons.window_icon(), _SHOWN_MS)
