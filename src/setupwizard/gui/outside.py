"""What the window asks of the desktop around it, loaded when it is asked for the first time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from setupwizard.i18n import _
from setupwizard.model.events import Error

if TYPE_CHECKING:
    from setupwizard.gui.desktop import Desktop
    from setupwizard.gui.flow import Flow


SMALL_BYTES = 20_000_000
"""So much is downloaded over any line without a question."""


class Outside(QObject):
    """Clipboard, browser, file manager and file dialogs, for one window."""

    def __init__(self, window: QWidget, flow: Flow, desktop: Desktop | None, log_file: str) -> None:
        """Take the window, what it shows, the desktop (None: the one that the program runs on) and the log."""
        super().__init__(window)
        self._flow = flow
        self._given = desktop
        self._log_file = log_file
        self._progress: tuple[int | None, bool] = (None, False)

    @cached_property
    def _desktop(self) -> Desktop:
        from setupwizard.gui.desktop import Desktop

        return self._given or Desktop()

    def _window(self) -> QWidget:
        window = self.parent()
        assert isinstance(window, QWidget)  # noqa: S101 - given when it was made
        return window

    def copy(self, text: str) -> None:
        """Put a text on the clipboard."""
        self._desktop.copy(text)

    def copy_details(self, error: Error | None) -> None:
        """Put everything that a bug report needs on the clipboard, without names and passwords."""
        from setupwizard.gui.details import details_text

        self.copy(self._flow.redact(details_text(self._flow.state, self._flow.printed, error)))

    def open_url(self, url: str) -> None:
        """Open a page in the browser."""
        self._desktop.open_url(url)

    def open_action(self) -> None:
        """Open the page that an error names, else that of the first thing that has to be done on this computer."""
        state = self._flow.state
        actions = [action for one in (state.decision, state.advice) if one is not None for action in one.actions]
        urls = [self._flow.fact("build", "url"), *(action.url or "" for action in actions)]
        self.open_url(next(filter(None, urls), ""))

    def open_folder(self) -> None:
        """Show the environment in the file manager."""
        self._desktop.open_folder(self._flow.root)

    def open_logs(self) -> None:
        """Show the logs in the file manager."""
        self._desktop.open_folder(str(PurePath(self._log_file).parent))

    def choose_folder(self, answer: Callable[[str], None]) -> None:
        """Let the person pick a folder for the environment."""
        self._desktop.ask_folder(self._window(), self._flow.state.choices.root, answer)

    def choose_file(self, title: str, answer: Callable[[str], None]) -> None:
        """Let the person pick a file to read."""
        self._desktop.ask_file(self._window(), title, answer)

    def choose_wheels(self, answer: Callable[[str], None]) -> None:
        """Let the person pick a folder that holds packages."""
        self._desktop.ask_folder(self._window(), self._flow.state.choices.source or "", answer)

    def unless_metered(self, act: Callable[[], None]) -> None:
        """Begin a download; over a line that is paid by volume only when the person agrees."""
        state = self._flow.state
        download = state.plan.download_bytes if state.plan is not None else None
        small = download is not None and download < SMALL_BYTES
        if small or not state.preferences.settings.ask_metered or not self._desktop.metered():
            act()
            return
        from setupwizard.gui import questions
        from setupwizard.gui.dialogs import ConfirmDialog

        dialog = ConfirmDialog(self._window(), questions.metered(download or 0))
        dialog.accepted.connect(act)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_report(self) -> None:
        """Let the person name a file for the report, and write it."""
        self._desktop.ask_save(self._window(), _("Save report..."), "pytorch-report.html", self._flow.save_report)

    def save_plan(self) -> None:
        """Let the person name a file for a plan, and write it."""
        title = _("Save plan for other machines...")
        self._desktop.ask_save(self._window(), title, "pytorch-plan.toml", self._flow.save_plan)

    def save_support(self) -> None:
        """Let the person name a file for a bug report, and write it."""
        title = _("Save a support file...")
        self._desktop.ask_save(self._window(), title, "setupwizard-support.zip", self._flow.save_support)

    def alert(self, title: str, text: str) -> None:
        """Call the person back when they work in another window."""
        self._desktop.alert(self._window(), title, text)

    def show_progress(self, percent: int | None) -> None:
        """Show outside the window how far an install is; None: there is none."""
        shown = (percent, self._flow.state.paused)
        if shown != self._progress:
            self._progress = shown
            self._desktop.show_progress(self._window(), percent, paused=shown[1])

    def end(self) -> None:
        """Take back what the desktop shows of us; one that was never asked for anything is not loaded for it."""
        if "_desktop" in vars(self):
            self._desktop.close()
