"""The questions that the window asks: whether an install is to be stopped, and whether an environment may change."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.questions import Question
from setupwizard.gui.widgets.basic import Button, Inset, Label
from setupwizard.i18n import _


class _QuestionDialog(QDialog):
    """A question over the window, from above to below: `column` takes its parts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        look = theme.current()
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(_("PyTorch Setup"))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(look.px(24), look.px(20), look.px(24), look.px(20))
        self.column.setSpacing(look.px(8))


class ConfirmDialog(_QuestionDialog):
    """Asked before anything of an environment is deleted or changed, with the names of what it is about.

    Closing it by Esc or the frame leaves everything as it is; so does Return where something would be deleted.
    """

    def __init__(self, parent: QWidget, question: Question) -> None:
        """Lay out the question."""
        super().__init__(parent)
        look, column = theme.current(), self.column
        column.addWidget(Label("h2", question.title))
        column.addWidget(Label("body", question.text))
        if question.items:
            inset = Inset()
            items = QVBoxLayout(inset)
            items.setContentsMargins(look.px(12), look.px(8), look.px(12), look.px(8))
            items.setSpacing(look.px(3))
            for item in question.items:
                items.addWidget(Label("mono", item))
            column.addWidget(inset)
        column.addSpacing(look.px(8))
        row = QHBoxLayout()
        row.setSpacing(look.px(8))
        self.no = Button("primary" if question.deletes else "outline", question.no or _("Leave it as it is"))
        self.yes = Button("outline" if question.deletes else "primary", question.yes)
        row.addStretch(1)
        for button in (self.no, self.yes):
            row.addWidget(button)
        column.addLayout(row)
        self.yes.clicked.connect(self.accept)
        self.no.clicked.connect(self.reject)
        safe = self.no if question.deletes else self.yes
        safe.setDefault(True)
        self.setMinimumWidth(look.px(440))
        self.setAccessibleName(question.title)
        self.setAccessibleDescription(question.text)
        safe.setFocus(Qt.FocusReason.OtherFocusReason)


class StopDialog(_QuestionDialog):
    """Asked before an install is stopped; closing it by Esc or the frame goes on with the install.

    Signals:
        stop_wanted(bool): stop it; True: delete what was downloaded as well.
    """

    stop_wanted = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        """Lay out the question."""
        super().__init__(parent)
        look, column = theme.current(), self.column
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
