"""What the person chooses with: cards and boxes that keep the roles and keys of Qt's own buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QRadioButton, QSizePolicy, QWidget

from setupwizard.gui import focus, icons, theme
from setupwizard.gui.widgets.basic import mirrored

_WRAP = Qt.TextFlag.TextWordWrap
_TOP = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


class ChoiceCard(QRadioButton):
    """One of several ways, with a title and a sentence. A radio button in all but its looks: arrows, space, role."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty card; `show_choice` fills it."""
        self._heights: dict[int, int] = {}  # by width: layouts ask for the same thirty times before the first painting
        super().__init__(parent)
        self._sentence = ""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        focus.watch(self)

    def show_choice(self, title: str, sentence: str) -> None:
        """Show other words."""
        self._sentence = sentence
        self._heights.clear()
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.updateGeometry()
        self.update()

    def hitButton(self, position: QPoint) -> bool:
        """Let the whole card be pressed."""
        return self.rect().contains(position)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            left, top, right = self._margins()
            title = self._bounds(self._title_font(), self.text(), width - left - right)
            sentence = self._bounds(theme.current().font(), self._sentence, width - left - right)
            self._heights[width] = top + title + theme.current().px(6) + sentence + top
        return self._heights[width]

    def changeEvent(self, event: QEvent) -> None:
        """Measure anew when the fonts may be others."""
        self._heights.clear()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        width = theme.current().px(320)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        width = theme.current().px(200)
        return QSize(width, self.heightForWidth(max(width, self.width())))

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_surface(painter)
        left, top, right = self._margins()
        width = self.width() - left - right
        painter.setFont(self._title_font())
        painter.setPen(look.color("text"))
        height = self._bounds(self._title_font(), self.text(), width)
        painter.drawText(mirrored(self, QRect(left, top, width, height)), _TOP | _WRAP, self.text())
        painter.setFont(look.font())
        painter.setPen(look.color("text2"))
        below = top + height + look.px(6)
        rest = mirrored(self, QRect(left, below, width, self.height() - below))
        painter.drawText(rest, _TOP | _WRAP, self._sentence)
        sign = mirrored(self, QRectF(look.px(18), top, look.px(18), QFontMetrics(self._title_font()).height()))
        paint_radio(painter, sign.center(), self)

    def _paint_surface(self, painter: QPainter) -> None:
        look = theme.current()
        chosen, ringed = self.isChecked(), focus.ring_shown(self)
        wide = chosen or ringed
        edge = "focus" if ringed else "accent" if chosen else "stroke2" if self.underMouse() else "stroke"
        inset = 1.0 if wide else 0.5
        painter.setPen(QPen(look.color(edge), 2 if wide else 1))
        painter.setBrush(look.color("accent_soft" if chosen else "card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), look.px(8), look.px(8))

    def _margins(self) -> tuple[int, int, int]:
        look = theme.current()
        return look.px(46), look.px(16), look.px(16)

    def _title_font(self) -> QFont:
        return theme.current().font(16, QFont.Weight.DemiBold)

    @staticmethod
    def _bounds(font: QFont, text: str, width: int) -> int:
        return QFontMetrics(font).boundingRect(QRect(0, 0, max(1, width), 1 << 16), _TOP | _WRAP, text).height()


def paint_radio(painter: QPainter, centre: QPointF, button: QRadioButton) -> None:
    """Draw the round sign of a radio button in the design's colours."""
    look = theme.current()
    radius = look.px(9)
    painter.setPen(QPen(look.color("accent" if button.isChecked() else "stroke2"), 1.6))
    painter.setBrush(look.color("card"))
    painter.drawEllipse(centre, radius, radius)
    if button.isChecked():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent"))
        painter.drawEllipse(centre, radius * 0.55, radius * 0.55)


class CheckBox(QCheckBox):
    """A box with a tick, drawn by ourselves: Fusion's outline is lost on dark grounds."""

    def __init__(self, text: str = "") -> None:
        """Take the words beside the box."""
        super().__init__(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        focus.watch(self)

    def hitButton(self, position: QPoint) -> bool:
        """Let the words be pressed too."""
        return self.rect().contains(position)

    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(QFontMetrics(look.font()).horizontalAdvance(self.text()) + look.px(18 + 8 + 8), look.px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(look.px(4), (self.height() - look.px(18)) / 2, look.px(18), look.px(18))
        box = mirrored(self, box.adjusted(0.5, 0.5, -0.5, -0.5))
        on = self.isChecked()
        enabled = self.isEnabled()
        painter.setPen(QPen(look.color(("accent" if on else "stroke2") if enabled else "disabled_fg"), 1))
        painter.setBrush(look.color(("accent" if on else "card") if enabled else "disabled_bg"))
        painter.drawRoundedRect(box, look.px(4), look.px(4))
        if on:
            icons.paint(
                painter, "check", box.adjusted(2, 2, -2, -2), look.color("on_accent" if enabled else "disabled_fg")
            )
        painter.setFont(look.font())
        painter.setPen(look.color("text" if enabled else "disabled_fg"))
        words = mirrored(self, QRect(look.px(30), 0, self.width() - look.px(30), self.height()))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        if focus.ring_shown(self):
            painter.setPen(QPen(look.color("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), look.px(5), look.px(5))
