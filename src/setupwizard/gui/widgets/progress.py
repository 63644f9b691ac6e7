"""The one bar of a job, which never goes back, and the line of text above it."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QRectF, QSize, Qt, QTimerEvent, QVariantAnimation
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QProgressBar, QSizePolicy, QWidget

from setupwizard.gui import theme
from setupwizard.gui.widgets.basic import Label, mirrored
from setupwizard.gui.widgets.rows import animations_wanted
from setupwizard.model.format import listed

_STEPS = 1000
_EASE_MS = 200
_PULSE_MS = 33
_TOKENS = {"": "accent", "err": "err", "warn": "warn_fill"}


class ProgressBar(QProgressBar):
    """A thin bar. It eases to its new value, and while nobody knows how much there is, a part of it wanders."""

    def __init__(self) -> None:
        """Make an empty bar."""
        super().__init__()
        self._tone = ""
        self._shown = 0.0
        self._pulse = 0.0
        self._busy = False
        self._timer = 0
        self.setRange(0, _STEPS)
        self.setTextVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._ease = QVariantAnimation(self)
        self._ease.setDuration(_EASE_MS)
        self._ease.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._ease.valueChanged.connect(self._on_eased)

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""
        return self.value() / _STEPS

    def restart(self) -> None:
        """Begin at nothing: for another job."""
        self._ease.stop()
        self._shown = 0.0
        self.setValue(0)
        self.set_tone("")
        self.update()

    def advance(self, fraction: float) -> None:
        """Show how much is done; less than before is not shown."""
        value = max(self.value(), min(_STEPS, round(fraction * _STEPS)))
        if value == self.value():
            return
        self.setValue(value)
        if self.isVisible() and animations_wanted(self):
            self._ease.stop()
            self._ease.setStartValue(self._shown)
            self._ease.setEndValue(float(value))
            self._ease.start()
        else:
            self._shown = float(value)
            self.update()

    def set_tone(self, tone: str) -> None:
        """Colour the bar: "" (it goes on), "warn" (it waits) or "err" (it stopped)."""
        self._tone = tone
        self.update()

    def set_busy(self, busy: bool) -> None:
        """Let a part wander because the end is not known."""
        if self._busy != busy:
            self._busy = busy
            self._animate()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(200), theme.current().px(6))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(60), theme.current().px(6))

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.color("stroke2") if look.high_contrast else Qt.PenStyle.NoPen)
        place = QRectF(self.rect())
        radius = place.height() / 2
        painter.setBrush(look.color("track"))
        painter.drawRoundedRect(place, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color(_TOKENS[self._tone]))
        done = QRectF(place)
        done.setWidth(place.width() * self._shown / _STEPS)
        if done.width() > 0:
            done.setWidth(max(done.width(), place.height()))
            painter.drawRoundedRect(mirrored(self, done), radius, radius)
        if self._busy:
            part = place.width() * 0.18
            left = done.width() + (place.width() - done.width() + part) * self._pulse - part
            wander = QRectF(left, 0, part, place.height()).intersected(place.adjusted(done.width(), 0, 0, 0))
            painter.setOpacity(0.45)
            painter.drawRoundedRect(mirrored(self, wander), radius, radius)

    def showEvent(self, event: QShowEvent) -> None:
        """Wander only while somebody can see it."""
        super().showEvent(event)
        self._animate()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop wandering."""
        super().hideEvent(event)
        self._ease.stop()
        self._shown = float(self.value())
        self._animate()

    def timerEvent(self, event: QTimerEvent) -> None:
        """Wander a little further."""
        if event.timerId() == self._timer:
            self._pulse = (self._pulse + 0.012) % 1.0
            self.update()

    def _animate(self) -> None:
        wanted = self._busy and self.isVisible() and animations_wanted(self)
        if wanted and not self._timer:
            self._timer = self.startTimer(_PULSE_MS)
        elif not wanted and self._timer:
            self.killTimer(self._timer)
            self._timer = 0

    def _on_eased(self, value: float) -> None:
        self._shown = float(value)
        self.update()


class ProgressLine(QWidget):
    """What is being done, how much of it, how fast, how long still; and a line below for what slows it down."""

    def __init__(self) -> None:
        """Make an empty line."""
        super().__init__()
        look = theme.current()
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.px(16))
        grid.setVerticalSpacing(look.px(6))
        self._headline = Label("strong")
        self._percent = Label("strong", wrap=False)
        self.bar = ProgressBar()
        self._amount = Label("body", wrap=False)
        self._speed = Label("body", wrap=False)
        self._note = Label("caption")
        grid.addWidget(self._headline, 0, 0)
        grid.addWidget(self._percent, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.bar, 1, 0, 1, 2)
        grid.addWidget(self._amount, 2, 0)
        grid.addWidget(self._speed, 2, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self._note, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def add_beside_note(self, part: QWidget) -> None:
        """Put something to press at the end of the line for what slows it down."""
        self._grid.addWidget(self._note, 3, 0)
        self._grid.addWidget(part, 3, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    def show_line(self, headline: str, *, amount: str = "", speed: str = "", percent: str = "") -> None:
        """Show what is done now, how much of it, and speed with time left; empty parts take no room."""
        self._headline.show_text(headline)
        self._percent.show_text(percent)
        self._amount.show_text(amount)
        self._speed.show_text(speed)
        words = listed((headline, percent, amount, speed))
        self.bar.setAccessibleName(words)

    def show_note(self, text: str, tone: str = "") -> None:
        """Show a line below the bar: what limits the speed, or that we wait ("warn")."""
        self._note.set_tone(tone)
        self._note.show_text(text)

    @property
    def note(self) -> str:
        """The line below the bar."""
        return self._note.plain

    @property
    def words(self) -> str:
        """All that the line says now, for tests and screen readers."""
        return self.bar.accessibleName()
