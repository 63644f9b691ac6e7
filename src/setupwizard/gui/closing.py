"""One guard for every way to close the window: an install that runs is stopped only after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QWidget

if TYPE_CHECKING:
    from setupwizard.gui.dialogs import StopDialog
    from setupwizard.gui.flow import Flow


class Closing:
    """Asks before an install is stopped, and remembers that the window is to close once it has stopped."""

    def __init__(self, window: QWidget, flow: Flow) -> None:
        """Take the window and what it shows."""
        self._window = window
        self._flow = flow
        self._question: StopDialog | None = None
        self._close_after_stop = False

    def asks(self, *, close: bool = False) -> bool:
        """Ask if an install runs, and return whether one does; with `close` the window is to close afterwards."""
        if self._flow.state.installing:
            self._close_after_stop = self._close_after_stop or close
            self._ask()
        return self._flow.state.installing

    def stops(self) -> bool:
        """Stop an install without a question, to close afterwards; return whether there is one."""
        if self._flow.state.installing:
            self._close_after_stop = True
            self._flow.installation.stop(remove=False)
        return self._flow.state.installing

    def settle(self) -> bool:
        """Take the question back, as the install has ended, and return whether the window is to close now."""
        state = self._flow.state
        close = self._close_after_stop and state.phase == "stopped" and not state.errors
        if self._question is not None:
            self._question.reject()
        self._close_after_stop = False
        return close

    def _ask(self) -> None:
        """Ask once, and not while the install stops already."""
        if self._question is not None or self._flow.state.phase != "running":
            return
        from setupwizard.gui.dialogs import StopDialog

        self._question = StopDialog(self._window)
        self._question.stop_wanted.connect(lambda remove: self._flow.installation.stop(remove=remove))
        self._question.finished.connect(self._on_answered)
        self._question.open()

    def _on_answered(self, result: int) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.deleteLater()
        if result != QDialog.DialogCode.Accepted:
            self._close_after_stop = False
