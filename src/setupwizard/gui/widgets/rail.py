"""The step list at the left: where we are, what was chosen, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from setupwizard import __version__
from setupwizard.gui import focus, icons, theme
from setupwizard.gui.widgets.basic import Button, IconTile, Label, mirrored, show_if
from setupwizard.i18n import LANGUAGES, N_, _

StepState = Literal["upcoming", "current", "done", "problem"]
WIDTH = 224
_TITLE = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap

_WORDS: dict[StepState, str] = {
    "upcoming": N_("to do"),
    "current": N_("now"),
    "done": N_("done"),
    "problem": N_("Problem"),
}


class StepItem(QAbstractButton):
    """One step. It can be pressed while going back to it is possible."""

    def __init__(self, number: int) -> None:
        """Take the number, from 1."""
        super().__init__()
        self._number = number
        self._summary = ""
        self.state: StepState = "upcoming"
        self.here = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        focus.watch(self)

    def show_step(self, title: str, summary: str, state: StepState, *, here: bool, reachable: bool) -> None:
        """Show the step.

        Args:
            title: its name.
            summary: what was chosen or found in it, in a few words.
            state: how it stands.
            here: whether its page is shown; a step with a problem is usually the one that is shown.
            reachable: whether the person can go there now.
        """
        self._summary, self.state, self.here = summary, state, here
        self.setText(title)
        self.setEnabled(reachable)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if reachable else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if reachable else Qt.CursorShape.ArrowCursor)
        words = _("Step {number}: {title}, {state}").format(number=self._number, title=title, state=_(_WORDS[state]))
        self.setAccessibleName(f"{words}, {summary}" if summary else words)
        self.setToolTip(summary if self._too_long(summary) else "")
        self.updateGeometry()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Return go to the step, and not on from the page that is shown."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        else:
            super().keyPressEvent(event)

    @property
    def summary(self) -> str:
        """The line below the title."""
        return self._summary

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(WIDTH - 32), self._title_height() + look.px(27 if self._summary else 15))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_surface(painter)
        font = look.font(14, QFont.Weight.DemiBold if self.here else QFont.Weight.Normal)
        top = look.px(4) if self._summary else look.px(7)
        # The sign stands beside the first line, however high the language's letters are.
        middle = top + QFontMetrics(font).height() / 2
        sign = mirrored(self, QRectF(look.px(10), middle - look.px(10), look.px(20), look.px(20)))
        if self.state in {"done", "problem"}:
            ok = self.state == "done"
            icons.paint(painter, "ok" if ok else "problem", sign, look.color("ok" if ok else "err"))
        else:
            self._paint_number(painter, sign)
        left, room = look.px(42), self.width() - look.px(42 + 8)
        ink = "text" if self.here or self.state != "upcoming" else "text3"
        painter.setFont(font)
        painter.setPen(look.color(ink))
        painter.drawText(mirrored(self, QRect(left, top, room, self._title_height())), _TITLE, self.text())
        if self._summary:
            below = mirrored(self, QRect(left, self.height() - look.px(20), room, look.px(16)))
            self._paint_line(painter, below, look.font(12), look.color("text3"), self._summary)

    def _title_height(self) -> int:
        """Return how high the title is: two lines for a language with long words."""
        look = theme.current()
        font = look.font(14, QFont.Weight.DemiBold)
        room = QRect(0, 0, look.px(WIDTH - 32 - 50), 1 << 12)
        return max(look.px(17), QFontMetrics(font).boundingRect(room, _TITLE, self.text()).height())

    def _paint_surface(self, painter: QPainter) -> None:
        look = theme.current()
        ringed = focus.ring_shown(self)
        if not (self.here or ringed or (self.underMouse() and self.isEnabled())):
            return
        if ringed:
            painter.setPen(QPen(look.color("focus"), 2))
        elif look.high_contrast and self.here:
            painter.setPen(QPen(look.color("accent"), 2))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("card") if self.here else QColor(Qt.GlobalColor.transparent))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), look.px(6), look.px(6))

    def _paint_number(self, painter: QPainter, sign: QRectF) -> None:
        look = theme.current()
        now = self.state == "current"
        painter.setPen(Qt.PenStyle.NoPen if now else QPen(look.color("stroke2"), 1.4))
        painter.setBrush(look.color("accent") if now else Qt.BrushStyle.NoBrush)
        radius = sign.width() / 2 - (0 if now else 0.7)
        painter.drawEllipse(QPointF(sign.center()), radius, radius)
        painter.setPen(look.color("on_accent" if now else "text3"))
        painter.setFont(look.font(12, QFont.Weight.Bold if now else QFont.Weight.DemiBold))
        painter.drawText(sign, Qt.AlignmentFlag.AlignCenter, str(self._number))

    @staticmethod
    def _paint_line(painter: QPainter, place: QRectF, font: QFont, ink: QColor, text: str) -> None:
        painter.setFont(font)
        painter.setPen(ink)
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _too_long(self, summary: str) -> bool:
        look = theme.current()
        return QFontMetrics(look.font(12)).horizontalAdvance(summary) > look.px(WIDTH - 32 - 50)


class Rail(QWidget):
    """The step list with the product's name above, and language, theme and version below.

    Signals:
        step_chosen(int): the person wants to go back to a step, by its index from 0.
        language_wanted(str): the person wants the other language.
        theme_wanted(str): the person wants "light" or "dark".
        settings_wanted(): the person wants to see the settings.
        news_wanted(): the person wants to read about the newer version.
    """

    step_chosen = Signal(int)
    language_wanted = Signal(str)
    theme_wanted = Signal(str)
    settings_wanted = Signal()
    news_wanted = Signal()

    def __init__(self, steps: int, parent: QWidget | None = None) -> None:
        """Take the number of steps and the window; without an owner the list would be collected."""
        super().__init__(parent)
        look = theme.current()
        self.setFixedWidth(look.px(WIDTH))
        column = QVBoxLayout(self)
        column.setContentsMargins(look.px(16), look.px(20), look.px(16), look.px(10))
        column.setSpacing(look.px(2))
        head = QHBoxLayout()
        head.setContentsMargins(look.px(2), 0, look.px(2), 0)
        head.setSpacing(look.px(8))
        self._name = Label("h2")
        head.addWidget(IconTile("mark", 22, ink="accent"))
        head.addWidget(self._name, 1)
        column.addLayout(head)
        column.addSpacing(look.px(22))
        self.items = [StepItem(number) for number in range(1, steps + 1)]
        for index, item in enumerate(self.items):
            item.clicked.connect(partial(self._choose, index))
            column.addWidget(item)
        column.addStretch(1)
        self._newer = ""
        self.news = Button("quiet", icon="info")
        self.news.clicked.connect(self.news_wanted)
        self.news.hide()
        column.addWidget(self.news)
        self.settings = Button("quiet", icon="gear")
        self.settings.clicked.connect(self.settings_wanted)
        column.addWidget(self.settings)
        column.addLayout(self._switches())
        self._version = Label("caption", wrap=False)
        self._version.setIndent(look.px(8))
        column.addWidget(self._version)
        self.retranslate("en")

    def _switches(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.current().px(4))
        self.language = Button("quiet", icon="globe")
        self.language.clicked.connect(self._on_language)
        self.theme = Button("quiet", icon="moon")
        self.theme.clicked.connect(self._on_theme)
        row.addWidget(self.language)
        row.addWidget(self.theme)
        row.addStretch(1)
        return row

    def show_step(self, index: int, title: str, summary: str, state: StepState, *, here: bool, reachable: bool) -> None:
        """Show how a step stands; see `StepItem.show_step`."""
        self.items[index].show_step(title, summary, state, here=here, reachable=reachable)

    def retranslate(self, language: str) -> None:
        """Use the present language: the switch offers the next one, by its own name."""
        spoken = list(LANGUAGES)
        self._next_language = spoken[(spoken.index(language) + 1) % len(spoken)] if language in LANGUAGES else "en"
        name = LANGUAGES[self._next_language]
        self.language.setText(name)
        self.language.setAccessibleName(_("Language: {name}").format(name=name))
        dark = theme.current().dark
        self.theme.setText(_("Light") if dark else _("Dark"))
        self.theme.set_icon("sun" if dark else "moon")
        self.theme.setAccessibleName(_("Use light colours") if dark else _("Use dark colours"))
        self.settings.setText(_("Settings"))
        self._name.show_text(_("PyTorch Setup"))
        self._version.show_text(_("Version {version}").format(version=__version__))
        self.show_newer(self._newer)

    def show_newer(self, version: str) -> None:
        """Say that there is a newer version of the program; empty: nothing is said."""
        self._newer = version
        self.news.setText(_("Version {version} is there").format(version=version))
        self.news.setToolTip(_("Opens its page in your browser. Nothing is installed."))
        show_if(self.news, bool(version))

    def lock(self, *, language: bool, theme: bool, why: str) -> None:
        """Let the switches be pressed only where the administrator left the choice to the person."""
        for button, locked in ((self.language, language), (self.theme, theme)):
            button.setEnabled(not locked)
            button.setToolTip(why if locked else "")

    def order(self, steps: Sequence[QWidget] = ()) -> list[QWidget]:
        """Return what Tab reaches here, in order."""
        news = [self.news] if self._newer else []
        return [*(steps or self.items), *news, self.settings, self.language, self.theme]

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.color("rail"))
        painter.fillRect(mirrored(self, QRect(self.width() - 1, 0, 1, self.height())), look.color("stroke"))

    def _choose(self, index: int, _checked: bool = False) -> None:
        self.step_chosen.emit(index)

    def _on_language(self) -> None:
        self.language_wanted.emit(self._next_language)

    def _on_theme(self) -> None:
        self.theme_wanted.emit("light" if theme.current().dark else "dark")
