"""What can be done about a download while it runs: let it rest, take another server, leave room for others."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, show_if
from setupwizard.gui.widgets.layouts import FlowLayout
from setupwizard.gui.widgets.pills import PillRow, Value
from setupwizard.gui.wording import limit_texts
from setupwizard.i18n import _


class PaceControls(QWidget):
    """What unfolds below a quiet line of words to press; the line itself stands where the page puts it.

    Attributes:
        line: the words to press.

    Signals:
        pause_wanted(bool): let the download rest; False: go on.
        limit_wanted(int): so many bytes a second at most; 0: as fast as they come.
        source_wanted(str): go on from this server; empty: the program chooses.
    """

    pause_wanted = Signal(bool)
    limit_wanted = Signal(int)
    source_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out the line."""
        super().__init__()
        look = theme.current()
        self._paused = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(4))
        self.line = QWidget()
        row = FlowLayout(self.line, spacing=look.px(4))
        self.pause = Button("link", icon="pause")
        self.other, self.slower = Button("link", icon="globe"), Button("link", icon="clock")
        self.pause.clicked.connect(self._on_pause)
        for button in (self.other, self.slower):
            button.setCheckable(True)
            button.toggled.connect(self._unfold)
        for button in (self.pause, self.other, self.slower):
            row.addWidget(button)
        self.source, self.limit = PillRow(shown=8), PillRow(shown=6)
        self.source.chosen.connect(self._on_source)
        self.limit.chosen.connect(self._on_limit)
        for part in (self.source, self.limit):
            column.addWidget(part)
        show_if(self, False)
        self.source.hide()
        self.limit.hide()

    def show_state(self, state: State) -> None:
        """Show what can be done now; what the administrator fixed cannot."""
        locked, settings = state.preferences.locked, state.preferences.settings
        self._paused = state.paused
        self.pause.setText(_("Go on") if state.paused else _("Pause"))
        self.pause.set_icon("play" if state.paused else "pause")
        self.other.setText(_("Another server"))
        self.slower.setText(_("Speed limit"))
        sources = state.options.sources if state.options is not None else ()
        present = state.plan.source.id if state.plan is not None else state.choices.source
        show_if(self.other, "source" not in locked and len(sources) > 1)
        show_if(self.slower, "speed_limit" not in locked)
        self.source.set_name(_("Another server"))
        self.source.show_values([Value(one.value, one.text) for one in sources], present, _("More"))
        self.limit.set_name(_("Speed limit"))
        limits = [Value(*one) for one in limit_texts(settings.speed_limit)]
        self.limit.show_values(limits, str(settings.speed_limit), _("More"))

    def offer(self, on: bool) -> None:
        """Show the line, or nothing at all."""
        show_if(self.line, on)
        if not on:
            self.fold()

    def fold(self) -> None:
        """Show the line alone."""
        self.other.setChecked(False)
        self.slower.setChecked(False)

    def _unfold(self) -> None:
        pressed = self.sender()
        if pressed is self.other and self.other.isChecked():
            self.slower.setChecked(False)
        elif pressed is self.slower and self.slower.isChecked():
            self.other.setChecked(False)
        self.source.setVisible(self.other.isChecked())
        self.limit.setVisible(self.slower.isChecked())
        self.setVisible(self.other.isChecked() or self.slower.isChecked())

    def _on_pause(self) -> None:
        self.pause_wanted.emit(not self._paused)

    def _on_source(self, source: str) -> None:
        self.fold()
        self.source_wanted.emit(source)

    def _on_limit(self, rate: str) -> None:
        self.limit_wanted.emit(int(rate))
