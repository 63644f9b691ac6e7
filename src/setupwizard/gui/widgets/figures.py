"""Measured figures as bars over the range that was to be expected."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.widgets.basic import mirrored
from setupwizard.gui.widgets.pool import Pool
from setupwizard.i18n import _


class FigureView(Struct, frozen=True, kw_only=True):
    """One figure as it is shown.

    Attributes:
        name: what was measured, in plain words.
        text: the value with its unit.
        value, low, high: the value and the expected range, in one unit; without a range there is no bar.
        range_text: the range with its unit.
    """

    name: str
    text: str
    value: float
    low: float | None = None
    high: float | None = None
    range_text: str = ""

    @property
    def below(self) -> bool:
        """Whether the value is less than expected."""
        return self.low is not None and self.value < self.low


NOTHING = FigureView(name="", text="", value=0.0)


def paint_ground(painter: QPainter, ink: str) -> None:
    """Fill with a colour; the band is an outline where the system's few colours leave none for it."""
    look = theme.current()
    outlined = look.high_contrast and ink == "band"
    painter.setPen(look.color("text") if outlined else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if outlined else look.color(ink))


class FigureBar(QWidget):
    """One figure: its name, a bar over the expected band, its value. Below the band the bar warns."""

    def __init__(self, figure: FigureView = NOTHING) -> None:
        """Take the figure."""
        super().__init__()
        self._name_width = 0
        self._text_width = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_figure(figure)

    def show_figure(self, figure: FigureView) -> None:
        """Show another figure."""
        self.figure = figure
        verdict = _("below usual") if figure.below else _("OK")
        words = f"{figure.name}: {figure.text}"
        if figure.range_text:
            words = _("{figure}, usual {range}, {verdict}").format(
                figure=words, range=figure.range_text, verdict=verdict
            )
        self.setAccessibleName(words)
        self.setToolTip(_("Usual: {range}").format(range=figure.range_text) if figure.range_text else "")

    def widths(self) -> tuple[int, int]:
        """Return how much room name and value need."""
        look = theme.current()
        name = QFontMetrics(look.font()).horizontalAdvance(self.figure.name)
        spare = look.px(4)
        value = QFontMetrics(self._value_font()).horizontalAdvance(self.figure.text)
        return name + spare, value + spare

    def line_up(self, name: int, text: int) -> None:
        """Take the room that the longest name and the longest value of the list need."""
        self._name_width, self._text_width = name, text
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(420), look.px(24))

    def minimumSizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(240), look.px(24))

    def showEvent(self, event: QShowEvent) -> None:
        """Let Tab reach it while a screen reader is there."""
        super().showEvent(event)
        focus.make_readable(self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height, width = self.height(), self.width()
        name_width = min(self._name_width, width * 45 // 100)
        painter.setFont(look.font())
        painter.setPen(look.color("text"))
        name = painter.fontMetrics().elidedText(self.figure.name, Qt.TextElideMode.ElideRight, name_width)
        painter.drawText(mirrored(self, QRect(0, 0, name_width, height)), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(self._value_font())
        place = mirrored(self, QRect(width - self._text_width, 0, self._text_width, height))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.figure.text)
        gap = look.px(16)
        room = QRectF(name_width + gap, 0, width - name_width - self._text_width - 2 * gap, height)
        if self.figure.high and room.width() > look.px(40):
            self._paint_bar(painter, room)
        if focus.ring_shown(self):
            painter.setPen(look.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_bar(self, painter: QPainter, room: QRectF) -> None:
        look = theme.current()
        figure = self.figure
        high, low = figure.high or 0.0, figure.low or 0.0
        full = max(high, figure.value) * 1.12
        middle, thick, tall = room.center().y(), look.px(6), look.px(16)
        painter.setPen(Qt.PenStyle.NoPen)

        def bar(start: float, end: float, height: float, ink: str) -> None:
            left = room.left() + room.width() * start / full
            right = room.left() + room.width() * end / full
            paint_ground(painter, ink)
            place = mirrored(self, QRectF(left, middle - height / 2, right - left, height))
            painter.drawRoundedRect(place, height / 4, height / 4)

        bar(0, full, thick, "track" if look.high_contrast else "card2")
        bar(low, high, tall, "band")
        bar(0, figure.value, thick, "warn_fill" if figure.below else "accent")

    @staticmethod
    def _value_font() -> QFont:
        return theme.current().font(14, QFont.Weight.DemiBold)


class FigureList(QWidget):
    """Several figures with their names, bars and values lined up."""

    def __init__(self) -> None:
        """Make an empty list."""
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._bars = Pool(column, FigureBar)

    def show_figures(self, figures: Sequence[FigureView]) -> None:
        """Show other figures."""
        bars = self._bars.take(len(figures))
        for bar, figure in zip(bars, figures, strict=True):
            bar.show_figure(figure)
        widths = [bar.widths() for bar in bars]
        for bar in bars:
            bar.line_up(max(width for width, _text in widths), max(text for _width, text in widths))

    def bars(self) -> list[FigureBar]:
        """Return the bars, in order."""
        return self._bars.used()


class BandLegend(QWidget):
    """The sign and the word for the expected range."""

    def __init__(self) -> None:
        """Make the legend."""
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        """Show the word."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(QFontMetrics(look.font(12)).horizontalAdvance(self._text) + look.px(32), look.px(20))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, "band")
        sign = mirrored(self, QRectF(1, (self.height() - look.px(12)) / 2, look.px(22), look.px(12)))
        painter.drawRoundedRect(sign, 3, 3)
        painter.setPen(look.color("text3"))
        painter.setFont(look.font(12))
        words = mirrored(self, self.rect().adjusted(look.px(30), 0, 0, 0))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._text)
