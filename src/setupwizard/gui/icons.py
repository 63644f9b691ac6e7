"""Our own drawings, in the colour of a token and sharp on every display."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from setupwizard.resources import resource


@cache
def _drawing(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))


def paint(painter: QPainter, name: str, place: QRectF, colour: QColor, *, turned: float = 0.0) -> None:
    """Draw an icon into a square.

    Args:
        painter: draws on the widget, so the device's own resolution is used.
        name: the file's name in resources/icons, without its ending.
        place: the square, in logical pixels.
        colour: the colour of its lines.
        turned: degrees, clockwise: for what turns while it works.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if turned:
        painter.translate(place.center())
        painter.rotate(turned)
        painter.translate(-place.center())
    _renderer(name, colour.name()).render(painter, place)
    painter.restore()


def icon(name: str, size: int, colour: QColor, disabled: QColor, ratio: float) -> QIcon:
    """Return an icon for a button.

    Args:
        name: the drawing.
        size: edge in logical pixels.
        colour: the colour of its lines.
        disabled: their colour while the button cannot be pressed.
        ratio: device pixels for one logical pixel.
    """
    result = QIcon()
    result.addPixmap(_drawn(name, size, colour.name(), ratio), QIcon.Mode.Normal)
    result.addPixmap(_drawn(name, size, disabled.name(), ratio), QIcon.Mode.Disabled)
    return result


@lru_cache(maxsize=128)
def _drawn(name: str, size: int, colour: str, ratio: float) -> QPixmap:
    pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint(painter, name, QRectF(0, 0, size, size), QColor(colour))
    painter.end()
    return pixmap


def window_icon() -> QIcon:
    """Return the icon of the program's window: the mark, in the accent's colour, in the sizes that systems ask for."""
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 128):
        result.addPixmap(_drawn("mark", size, "#2f55d4", 1.0))
    return result
