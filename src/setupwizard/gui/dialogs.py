"""The one question that the window asks: whether an install is to be stopped."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.widgets.basic import Button, Label
from setupwizard.i18n import _


class StopDialog(QDialog):
    """Asked before an install is stopped; closing it by Esc or the frame goes on with the install.

    Signals:
        stop_wanted(bool): stop it; True: delete what was downloaded as well.
    """

    stop_wanted = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        """Lay out the question."""
        super().__init__(parent)
        look = theme.current()
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(_("PyTorch Setup"))
        column = QVBoxLayout(self)
        column.setContentsMargins(look.px(24), look.px(20), look.px(24), look.px(20))
        column.setSpacing(look.px(8))
        title = Label("h2", _("Stop the installation?"))
        column.addWidget(title)
        column.addWidget(Label("body", _("Nothing half-made stays. What you had before is untouched.")))
        column.addSpacing(look.px(8))
        self.go_on = Button("primary", _("Continue installing"))
        self.keep = Button("outline", _("Keep downloads and stop"))
        self.remove = Button("outline", _("Remove everything"))
        self.go_on.setDefault(True)
        self.go_on.clicked.connect(self.reject)
        self.keep.clicked.connect(self._on_keep)
        self.remove.clicked.connect(self._on_remove)
        for button in (self.go_on, self.keep, self.remove):
            column.addWidget(button)
        self.setMinimumWidth(look.px(380))
        self.setAccessibleName(title.plain)
        self.go_on.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_keep(self) -> None:
        self.accept()
        self.stop_wanted.emit(False)

    def _on_remove(self) -> None:
        self.accept()
        self.stop_wanted.emit(True)
