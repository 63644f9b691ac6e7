"""A row of values of which one is chosen; what cannot be chosen is greyed out and says why."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.widgets.basic import Button, Label
from setupwizard.gui.widgets.layouts import FlowLayout
from setupwizard.gui.widgets.pool import Pool
from setupwizard.i18n import _


class Value(Struct, frozen=True):
    """One value of a row.

    Attributes:
        value: what it stands for.
        text: what is shown.
        reason: why it cannot be chosen, as a sentence; empty where it can.
    """

    value: str
    text: str
    reason: str = ""


class Pill(QRadioButton):
    """One value of a row of values. A chosen one has a soft ground: it never outshines the one filled button.

    A value that cannot be chosen can still be reached and pressed: then its row says why.
    """

    def __init__(self, text: str = "", value: str = "") -> None:
        """Take what is shown and what it stands for."""
        super().__init__(text)
        self.value = value
        self.reason = ""
        self.setAutoExclusive(False)  # the row's group sees to that, and to the pills that wait beside it
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        focus.watch(self)

    def show_value(self, value: Value) -> None:
        """Stand for another value."""
        self.value, self.reason = value.value, value.reason
        self.setText(value.text)
        self.setToolTip(value.reason)
        self.setAccessibleDescription(value.reason)
        barred = bool(value.reason)
        self.setCursor(Qt.CursorShape.WhatsThisCursor if barred else Qt.CursorShape.PointingHandCursor)
        self.updateGeometry()
        self.update()

    def nextCheckState(self) -> None:
        """Stay as it is where it cannot be chosen."""
        if not self.reason:
            super().nextCheckState()

    def hitButton(self, position: QPoint) -> bool:
        """Let the whole pill be pressed."""
        return self.rect().contains(position)

    def sizeHint(self) -> QSize:
        look = theme.current()
        font = look.font(14, QFont.Weight.DemiBold)
        return QSize(QFontMetrics(font).horizontalAdvance(self.text()) + 2 * look.px(12), look.px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, ringed = self.isChecked(), focus.ring_shown(self)
        edge = "focus" if ringed else "accent" if chosen else "stroke2" if self.underMouse() else "stroke"
        inset = 1.0 if ringed else 0.5
        ground = "accent_soft" if chosen else "card2"
        ink = "accent_text" if chosen else "text"
        barred = bool(self.reason) or not self.isEnabled()
        if barred:
            ground, ink, edge = "disabled_bg", "disabled_fg", edge if ringed else "disabled_bg"
        painter.setPen(QPen(look.color(edge), 2 if ringed else 1))
        painter.setBrush(look.color(ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), look.px(6), look.px(6))
        font = look.font(14, QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)
        font.setStrikeOut(bool(self.reason))
        painter.setFont(font)
        painter.setPen(look.color(ink))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class PillRow(QWidget):
    """A choice of one value; the first few are shown, the rest on request.

    Signals:
        chosen(str): the person took another value.
    """

    chosen = Signal(str)

    def __init__(self, name: str = "", *, shown: int = 5) -> None:
        """Take the name that screen readers say, and how many values are shown at first."""
        super().__init__()
        self._shown = shown
        self._unfolded = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.current().px(4))
        self._row = FlowLayout(spacing=theme.current().px(6))
        column.addLayout(self._row)
        self._reason = Label("caption")
        column.addWidget(self._reason)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonClicked.connect(self._on_clicked)
        self._more = Button("link")
        self._more.clicked.connect(self._unfold)
        self._row.addWidget(self._more)
        self._pool = Pool(self._row, Pill)
        self._pills: list[Pill] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        """Set the name that screen readers say for the row."""
        self.setAccessibleName(name)

    def show_values(self, values: Iterable[Value], chosen: str | None, more: str) -> None:
        """Show values, the chosen one, and the word that shows the rest."""
        wanted = list(values)
        if [Value(pill.value, pill.text(), pill.reason) for pill in self._pills] != wanted:
            self._rebuild(wanted)
            self._reason.show_text("")
        for pill in self._pills:
            pill.setChecked(pill.value == chosen)
        self._more.setText(more)
        self._fold()

    def value(self) -> str | None:
        """Return the chosen value."""
        return next((pill.value for pill in self._pills if pill.isChecked()), None)

    def pills(self) -> list[Pill]:
        """Return the pills, in order."""
        return list(self._pills)

    @property
    def reason(self) -> str:
        """Why the value that was pressed last cannot be chosen; empty where it can."""
        return self._reason.plain

    def _rebuild(self, values: list[Value]) -> None:
        focused = next((pill.value for pill in self._pills if pill.hasFocus()), None)
        self._row.removeWidget(self._more)
        self._group.setExclusive(False)
        for pill in self._pills:
            pill.setChecked(False)
            self._group.removeButton(pill)
        self._pills = self._pool.take(len(values))
        for pill, value in zip(self._pills, values, strict=True):
            pill.show_value(value)
            self._group.addButton(pill)
            name = _("{name}, not for this PC").format(name=value.text) if value.reason else value.text
            pill.setAccessibleName(f"{self.accessibleName()}: {name}" if self.accessibleName() else name)
            if value.value == focused:
                pill.setFocus(Qt.FocusReason.OtherFocusReason)
        self._group.setExclusive(True)
        self._row.addWidget(self._more)

    def _fold(self) -> None:
        for index, pill in enumerate(self._pills):
            pill.setVisible(self._unfolded or index < self._shown or pill.isChecked())
        self._more.setVisible(not self._unfolded and len(self._pills) > self._shown)
        self.updateGeometry()

    def _unfold(self) -> None:
        self._unfolded = True
        self._fold()
        if len(self._pills) > self._shown:
            self._pills[self._shown].setFocus(Qt.FocusReason.TabFocusReason)

    def _on_clicked(self, pill: Pill) -> None:
        self._reason.show_text(pill.reason)
        if pill.reason:
            focus.announce(pill, pill.reason)
        else:
            self.chosen.emit(pill.value)
