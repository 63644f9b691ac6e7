"""The way to the driver on page 2: what to fetch or to run, what will happen, and the way back to us."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from setupwizard.gui import theme
from setupwizard.gui.widgets.basic import Button, Card, Label, show_if
from setupwizard.gui.widgets.layouts import HeadLayout
from setupwizard.gui.widgets.panels import CommandBox
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.widgets.rows import CheckRow
from setupwizard.i18n import _
from setupwizard.model.driver_help import DriverHelp


class DriverCard(Card):
    """The steps to a driver that works.

    Signals:
        copy_wanted(str): a command for the clipboard.
        again_wanted(): the person has done it and wants the computer looked at again.
    """

    copy_wanted = Signal(str)
    again_wanted = Signal()

    def __init__(self) -> None:
        """Make an empty card."""
        super().__init__(spacing=6)
        look = theme.current()
        head = HeadLayout()
        self._title = Label("h2", wrap=False)
        self.again = Button("outline", icon="refresh")
        self.again.clicked.connect(self.again_wanted)
        head.addWidget(self._title)
        head.addWidget(self.again)
        self.body.addLayout(head)
        commands = QVBoxLayout()
        commands.setSpacing(look.px(4))
        self.commands = Pool(commands, self._command)
        self.body.addLayout(commands)
        notes = QVBoxLayout()
        notes.setSpacing(0)
        self._notes = Pool(notes, CheckRow)
        self.body.addLayout(notes)

    def show_help(self, found: DriverHelp | None, *, looking: bool) -> None:
        """Show another way, or none."""
        show_if(self, found is not None)
        if found is None:
            return
        self._title.show_text(_("How it gets there"))
        self.again.setText(_("Check again"))
        self.again.setEnabled(not looking)
        self.again.set_kind("primary" if found.commands else "outline")
        for box, command in zip(self.commands.take(len(found.commands)), found.commands, strict=True):
            box.show_command(command, _("Command"))
        last = _("After the restart, open this program again: it comes back to this page.")
        notes = [*found.notes, last]
        for row, text in zip(self._notes.take(len(notes)), notes, strict=True):
            row.show_state("info", text)

    @property
    def leads(self) -> bool:
        """Whether the one filled button of the page is here."""
        return not self.isHidden() and self.again.kind == "primary"

    def _command(self) -> CommandBox:
        box = CommandBox()
        box.copy_wanted.connect(self.copy_wanted)
        return box
