"""Draw the program's icon for desktops: PNG files in the sizes that they ask for, and one .ico for Windows.

Usage: icon.py FOLDER, by a Python that has the wizard.
"""

import os
import struct
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter

from setupwizard.gui import icons

SIZES = (16, 24, 32, 48, 64, 128, 256)
GROUND, MARK = "#2f55d4", "#ffffff"


def draw(size: int) -> QImage:
    """Return the mark in white on a rounded square in the colour of the accent."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(GROUND))
    painter.drawRoundedRect(QRectF(0, 0, size, size), size * 0.22, size * 0.22)
    edge = size * 0.16
    icons.paint(painter, "mark", QRectF(edge, edge, size - 2 * edge, size - 2 * edge), QColor(MARK))
    painter.end()
    return image


def png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """Return a Windows icon of PNG pictures (the format of ICONDIR: a count, then size, place and bytes of each)."""
    head, body = struct.pack("<HHH", 0, 1, len(pictures)), b""
    place = len(head) + 16 * len(pictures)
    for size, data in pictures.items():
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), place + len(body))
        body += data
    return head + body


def main(folder: Path) -> None:
    _application = QGuiApplication(["icon"])
    pictures = {size: png(draw(size)) for size in SIZES}
    folder.mkdir(parents=True, exist_ok=True)
    for size, data in pictures.items():
        (folder / f"{size}.png").write_bytes(data)
    (folder / "setupwizard.ico").write_bytes(ico(pictures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
