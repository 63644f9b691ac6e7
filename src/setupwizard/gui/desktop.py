"""What lies outside our window: clipboard, browser, file manager, file dialogs. Tests put another one in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from setupwizard.gui.system_shell import SystemShell
from setupwizard.i18n import _


class Desktop:
    """The desktop that the program runs on. No call blocks: dialogs answer through a function."""

    _system: SystemShell | None = None
    """The task bar and the notifications, from the first use on."""

    def copy(self, text: str) -> None:
        """Put a text on the clipboard."""
        QGuiApplication.clipboard().setText(text)

    def open_url(self, url: str) -> None:
        """Open a page in the browser; anything but https is not opened, wherever it came from."""
        address = QUrl(url, QUrl.ParsingMode.StrictMode)
        if address.isValid() and address.scheme() == "https":
            QDesktopServices.openUrl(address)

    def open_folder(self, folder: str) -> None:
        """Show a folder in the file manager, when it is there."""
        if Path(folder).is_dir():
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))

    def ask_folder(self, parent: QWidget, start: str, answer: Callable[[str], None]) -> None:
        """Let the person pick a folder; nothing is answered when they change their mind."""
        dialog = QFileDialog(parent, _("Choose a folder"), start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._ask(dialog, answer)

    def metered(self) -> bool:
        """Return whether the line to the internet is paid by volume; False as well where the system does not tell."""
        try:
            from PySide6.QtNetwork import QNetworkInformation  # a library of its own, wanted once before a download
        except ImportError:
            return False
        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Metered):
            return False
        return QNetworkInformation.instance().isMetered()

    def ask_file(self, parent: QWidget, title: str, answer: Callable[[str], None]) -> None:
        """Let the person pick a file that is there."""
        dialog = QFileDialog(parent, title)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, answer)

    def ask_save(self, parent: QWidget, title: str, proposal: str, answer: Callable[[str], None]) -> None:
        """Let the person name a file to write; an existing one is asked about by the dialog."""
        dialog = QFileDialog(parent, title, proposal)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        self._ask(dialog, answer)

    def alert(self, window: QWidget, title: str, text: str) -> None:
        """Call the person back when they work in another window: by task bar and notification, without a sound."""
        if window.isActiveWindow():
            return
        QApplication.alert(window)
        self._shell(window).notify(title, text)

    def show_progress(self, window: QWidget, percent: int | None, *, paused: bool = False) -> None:
        """Show in the task bar or the dock how far a job is; None: there is none."""
        icon = self._shell(window).icon
        if icon is not None and percent is not None:
            icon.show(percent, paused=paused)
        elif icon is not None:
            icon.clear()

    def close(self) -> None:
        """Leave what the desktop shows of us."""
        if self._system is not None:
            self._system.close()

    def _shell(self, window: QWidget) -> SystemShell:
        if self._system is None:
            self._system = SystemShell(window)
        return self._system

    @staticmethod
    def _ask(dialog: QFileDialog, answer: Callable[[str], None]) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(answer)
        dialog.open()
