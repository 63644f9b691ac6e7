"""Rows that say how something stands: checks, steps, facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QRectF, QSize, Qt, QTimerEvent, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QSizePolicy, QVBoxLayout, QWidget

from setupwizard.gui import focus, icons, theme
from setupwizard.gui.widgets.basic import Button, ElidedLabel, IconTile, Label, mirrored, show_if
from setupwizard.gui.widgets.layouts import ColumnsLayout
from setupwizard.gui.widgets.pool import Pool
from setupwizard.i18n import N_, _
from setupwizard.model.format import listed

RowState = Literal["waiting", "checking", "ok", "warn", "problem", "stopped", "skipped", "info"]

# state -> (drawing, colour, the word that stands for it)
_SIGNS: dict[RowState, tuple[str, str, str]] = {
    "waiting": ("waiting", "stroke2", N_("waiting")),
    "checking": ("working", "accent", N_("working on it")),
    "ok": ("ok", "ok", N_("OK")),
    "warn": ("warning", "warn", N_("Warning")),
    "problem": ("problem", "err", N_("Problem")),
    "stopped": ("skipped", "text3", N_("stopped")),
    "skipped": ("skipped", "text3", N_("skipped")),
    "info": ("info", "accent_text", N_("Note")),
}
_TURN_MS = 40
_TURN_DEGREES = 16.0


def state_word(state: RowState) -> str:
    """Return the word for a state, for who does not see its sign."""
    return _(_SIGNS[state][2])


class RowText(Struct, frozen=True, kw_only=True):
    """What a row shows; see `CheckRow.show_state`."""

    state: RowState
    name: str
    detail: str = ""
    note: str = ""


class CheckRow(QWidget):
    """One thing that is looked at or done: its sign, its name, what was found, and what can be done about it.

    The sign is painted inside the row, so a screen reader meets one named thing and no nameless picture.

    Signals:
        pressed(): the person pressed the row's own action.
    """

    pressed = Signal()

    def __init__(self, *, name_width: int = 0, dense: bool = False) -> None:
        """Make a waiting row.

        Args:
            name_width: lines up what follows the names of several rows; 0: not at all.
            dense: for long lists.
        """
        super().__init__()
        self._state: RowState = "waiting"
        self._shown: tuple[str, ...] = ()
        self._angle = 0.0
        self._timer = 0
        look = theme.current()
        row = QHBoxLayout(self)
        edge = look.px(1 if dense else 4)
        sign = look.px(30)
        row.setContentsMargins(*((0, edge, sign, edge) if self.isRightToLeft() else (sign, edge, 0, edge)))
        row.setSpacing(look.px(10))
        self._name = Label("body")
        self._name.setMinimumHeight(look.px(22))
        self._detail = Label("body")
        self._note = Label("caption", wrap=False)
        self._action = Button("link")
        self._action.clicked.connect(self.pressed)
        self._action.hide()
        if name_width:
            self._name.setFixedWidth(look.px(name_width))
            self._detail.setMinimumHeight(self._name.minimumHeight())
            row.addWidget(self._name, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(self._detail, 1, Qt.AlignmentFlag.AlignTop)
        else:
            words = QVBoxLayout()
            words.setSpacing(look.px(1))
            words.addWidget(self._name)
            words.addWidget(self._detail)
            row.addLayout(words, 1)
        row.addWidget(self._note, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._action, 0, Qt.AlignmentFlag.AlignVCenter)
        self.show_state("waiting", "")

    @property
    def state(self) -> RowState:
        """How it stands."""
        return self._state

    @property
    def action(self) -> Button:
        """The row's own button, hidden until it has a text."""
        return self._action

    def show_state(self, state: RowState, name: str, detail: str = "", *, note: str = "", action: str = "") -> None:
        """Show how it stands.

        Args:
            state: the sign.
            name: what it is about.
            detail: what was found.
            note: a short word at the end: a duration, a percentage.
            action: the text of a button; it emits `pressed`.
        """
        shown = (state, name, detail, note, action)
        if shown == self._shown:
            return
        self._shown, self._state = shown, state
        self._name.setProperty("role", "strong" if state == "checking" or detail else "body")
        for label, text in ((self._name, name), (self._detail, detail), (self._note, note)):
            label.show_text(text)
            label.style().unpolish(label)
            label.style().polish(label)
        self._note.set_tone({"problem": "err", "warn": "warn"}.get(state, ""))
        self._action.setText(action)
        show_if(self._action, bool(action))
        words = _("{name}: {state}").format(name=name, state=state_word(state))
        self.setAccessibleName(listed((words, detail, note if note != state_word(state) else "")))
        self._animate()
        self.update()

    def minimumSizeHint(self) -> QSize:
        look = theme.current()
        return super().minimumSizeHint().expandedTo(QSize(look.px(120), look.px(23)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        drawing, token, _word = _SIGNS[self._state]
        size = look.px(20)
        line = self._name.fontMetrics().height() if self._name.text() else self.height()
        one = max(line, self._name.minimumHeight())  # the height of the first line of the name
        top = self._name.y() + (one - size) / 2 if self._name.height() <= line * 1.9 else look.px(4)
        painter = QPainter(self)
        sign = mirrored(self, QRectF(0, top, size, size))
        icons.paint(painter, drawing, sign, look.color(token), turned=self._angle)
        if focus.ring_shown(self):
            painter.setPen(look.color("focus"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def showEvent(self, event: QShowEvent) -> None:
        """Turn the sign only while somebody can see it."""
        super().showEvent(event)
        focus.make_readable(self)
        self._animate()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop turning the sign."""
        super().hideEvent(event)
        self._animate()

    def timerEvent(self, event: QTimerEvent) -> None:
        """Turn the sign a little further."""
        if event.timerId() == self._timer:
            self._angle = (self._angle + _TURN_DEGREES) % 360
            self.update(mirrored(self, QRectF(0, 0, theme.current().px(24), self.height())).toRect())

    def _animate(self) -> None:
        wanted = self._state == "checking" and self.isVisible() and animations_wanted(self)
        if wanted and not self._timer:
            self._timer = self.startTimer(_TURN_MS)
        elif not wanted and self._timer:
            self.killTimer(self._timer)
            self._timer = 0
        if self._state != "checking":
            self._angle = 0.0


def animations_wanted(widget: QWidget) -> bool:
    """Return whether the system wants things to move."""
    if theme.current().still:
        return False
    from PySide6.QtWidgets import QStyle  # its many names take as long as a page; the first page needs none

    return widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, widget) > 0


class CheckRows:
    """A list of rows in a layout; a row stays while its words change."""

    def __init__(self, layout: QLayout, *, name_width: int = 0, dense: bool = False) -> None:
        """Take the layout, and what all rows share; see `CheckRow`."""
        self._pool = Pool(layout, lambda: CheckRow(name_width=name_width, dense=dense))

    def show_rows(self, texts: Sequence[RowText]) -> list[CheckRow]:
        """Show other rows, and return them."""
        rows = self._pool.take(len(texts))
        for row, text in zip(rows, texts, strict=True):
            row.show_state(text.state, text.name, text.detail, note=text.note)
        return rows


class Fact(Struct, frozen=True):
    """A short fact: "Memory" and "8 GB". `icon` names a drawing; `elide` is for paths, which lose their middle."""

    name: str
    value: str
    icon: str = ""
    elide: bool = False


class FactCell(QWidget):
    """One fact."""

    def __init__(self, *, value_first: bool) -> None:
        """Make an empty cell; with `value_first` its value stands above its name."""
        super().__init__()
        look = theme.current()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.px(12))
        grid.setVerticalSpacing(look.px(1))
        self._value, self._path = Label("strong", wrap=False), ElidedLabel("strong")
        self._name = Label("caption", wrap=False)
        self._icon = IconTile("info", 20)
        values = 0 if value_first else 1
        grid.addWidget(self._value, values, 1)
        grid.addWidget(self._path, values, 1)
        grid.addWidget(self._name, 1 - values, 1)
        grid.addWidget(self._icon, 0, 0, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(1, 1)

    def show_fact(self, fact: Fact) -> None:
        """Show another fact."""
        self._value.show_text("" if fact.elide else fact.value)
        self._path.show_text(fact.value if fact.elide else "")
        self._name.show_text(fact.name)
        show_if(self._icon, bool(fact.icon))
        if fact.icon:
            self._icon.show_icon(fact.icon, "accent_text")
        self.setAccessibleName(f"{fact.name}: {fact.value}")


class FactGrid(QWidget):
    """Facts beside each other in equal columns; in a narrow window two by two.

    `value_first` puts the value above its name: for a strip of promises rather than a table of facts.
    """

    def __init__(self, *, value_first: bool = False) -> None:
        """Make an empty grid."""
        super().__init__()
        look = theme.current()
        self._grid = ColumnsLayout(self, spacing=look.px(16), row_spacing=look.px(12))
        self._pool = Pool(self._grid, lambda: FactCell(value_first=value_first))
        self._shown: tuple[Fact, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show other facts."""
        if tuple(facts) == self._shown:
            return
        self._shown = tuple(facts)
        for cell, fact in zip(self._pool.take(len(facts)), facts, strict=True):
            cell.show_fact(fact)
        self.updateGeometry()
