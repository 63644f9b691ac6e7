"""Five small drawings of what PyTorch is made of, in the colours of the theme."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from setupwizard.gui import theme

_WIDE, _HIGH = 120.0, 84.0


class LessonPicture(QWidget):
    """One of the drawings. Decoration: the sentence beside it says what it shows."""

    def __init__(self) -> None:
        """Show the first drawing."""
        super().__init__()
        self._name = "tensors"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_lesson(self, name: str) -> None:
        """Show another drawing: tensors, autograd, nn, optim or data."""
        self._name = name
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(look.px(96), look.px(67))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.color("stroke2") if look.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(look.color("card2"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), look.px(6), look.px(6))
        painter.scale(self.width() / _WIDE, self.height() / _HIGH)
        _DRAWINGS[self._name](painter)


def _ink(name: str) -> QColor:
    return theme.current().color(name)


def _pen(name: str = "text2", width: float = 1.4) -> QPen:
    pen = QPen(_ink(name), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


def _tensors(painter: QPainter) -> None:
    """Draw a number, a row, a table, and tables behind each other."""
    for left, columns, rows, depth in ((12, 1, 1, 1), (30, 1, 4, 1), (50, 3, 4, 1), (86, 2, 3, 3)):
        for layer in reversed(range(depth)):
            for column in range(columns):
                for row in range(rows):
                    place = QRectF(left + 9.0 * column + 4 * layer, 26 + 9.0 * row - 4 * layer, 8, 8)
                    strong = (column + 2 * row + layer) % 3 == 0
                    painter.setPen(_pen("stroke2", 0.8))
                    painter.setBrush(_ink("accent" if strong else "accent_soft"))
                    painter.drawRect(place)


def _arrow(painter: QPainter, start: QPointF, end: QPointF, ink: str) -> None:
    painter.setPen(_pen(ink))
    painter.drawLine(start, end)
    step = QPointF(-4.5 if end.x() >= start.x() else 4.5, 0)
    for side in (-3.0, 3.0):
        painter.drawLine(end, end + step + QPointF(0, side))


def _dot(painter: QPainter, centre: QPointF, radius: float, fill: str, edge: str = "text2") -> None:
    painter.setPen(_pen(edge))
    painter.setBrush(_ink(fill))
    painter.drawEllipse(centre, radius, radius)


def _autograd(painter: QPainter) -> None:
    """Draw a calculation that goes forward, and its way back below it."""
    places = (22.0, 60.0, 98.0)
    for start, end in itertools.pairwise(places):
        _arrow(painter, QPointF(start + 10, 30), QPointF(end - 10, 30), "text2")
        _arrow(painter, QPointF(end - 4, 60), QPointF(start + 6, 60), "accent")
    for place in places:
        _dot(painter, QPointF(place, 30), 8, "card")
        painter.setPen(_pen("accent", 1.2))
        painter.drawLine(QPointF(place, 41), QPointF(place, 55))
    _dot(painter, QPointF(98, 30), 8, "accent_soft", "accent")


def _nn(painter: QPainter) -> None:
    """Draw layers of points, each joined with the next."""
    layers = ((24.0, 3), (60.0, 4), (96.0, 2))
    points = [[QPointF(x, 42 + 17 * (row - (count - 1) / 2)) for row in range(count)] for x, count in layers]
    painter.setPen(_pen("stroke2", 0.9))
    for before, after in itertools.pairwise(points):
        for one in before:
            for other in after:
                painter.drawLine(one, other)
    for index, layer in enumerate(points):
        for point in layer:
            _dot(painter, point, 5.5, "accent" if index == 1 else "card", "accent")


def _optim(painter: QPainter) -> None:
    """Draw a valley, and a point that comes down in steps."""
    valley = QPainterPath(_in_valley(14))
    for x in range(16, 112, 2):
        valley.lineTo(_in_valley(x))
    painter.setPen(_pen("text2", 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(valley)
    for number, place in enumerate((22.0, 34.0, 45.0, 55.0, 63.0)):
        _dot(painter, _in_valley(place) - QPointF(0, 6), 4, "accent" if number == 4 else "accent_soft", "accent")


def _in_valley(x: float) -> QPointF:
    return QPointF(x, 68 - 46 * abs((x - 64) / 52) ** 2)


def _data(painter: QPainter) -> None:
    """Draw pictures that are handed over in small batches."""
    for number in range(4):
        _sheet(painter, QPointF(12 + 4 * number, 24 + 4 * number), "accent_soft")
    _arrow(painter, QPointF(56, 44), QPointF(72, 44), "accent")
    for number in range(3):
        _sheet(painter, QPointF(80, 12 + 21 * number), "card")


def _sheet(painter: QPainter, corner: QPointF, fill: str) -> None:
    painter.setPen(_pen("text2", 1.2))
    painter.setBrush(_ink(fill))
    painter.drawRoundedRect(QRectF(corner.x(), corner.y(), 26, 18), 2, 2)
    painter.setBrush(_ink("accent"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(corner + QPointF(7, 6), 2.2, 2.2)
    hill = QPainterPath(corner + QPointF(3, 15.5))
    hill.lineTo(corner + QPointF(12, 8))
    hill.lineTo(corner + QPointF(17, 12))
    hill.lineTo(corner + QPointF(20, 10))
    hill.lineTo(corner + QPointF(23, 15.5))
    painter.drawPath(hill)


_DRAWINGS: dict[str, Callable[[QPainter], None]] = {
    "tensors": _tensors,
    "autograd": _autograd,
    "nn": _nn,
    "optim": _optim,
    "data": _data,
}
