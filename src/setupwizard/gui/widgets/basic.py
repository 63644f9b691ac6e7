"""Text, buttons, cards: the smallest parts."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from setupwizard.gui import focus, icons, theme

_ZERO_WIDTH = "\u200b"
_LONG_RUN = re.compile(r"\S{25,}")
_BREAK_AFTER = re.compile(r"(?<=[\\/._=&?-])(?=\w)")
_ANY_PLACE = re.compile(r"(\S{24})(?=\S)")


def breakable(text: str) -> str:
    """Return a text that can be wrapped inside paths, addresses and versions too: it looks the same."""

    def cut(run: re.Match[str]) -> str:
        parts = _BREAK_AFTER.sub(_ZERO_WIDTH, run[0]).split(_ZERO_WIDTH)
        return _ZERO_WIDTH.join(_ANY_PLACE.sub(rf"\1{_ZERO_WIDTH}", part) for part in parts)

    return _LONG_RUN.sub(cut, text)


def show_if(widget: QWidget, wanted: bool) -> None:
    """Show or hide a part; one that has no parent yet is shown with its parent and never as a window of its own."""
    if wanted and widget.parentWidget() is None:
        widget.setAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
    else:
        widget.setVisible(wanted)


def mirrored(widget: QWidget, place: QRectF | QRect) -> QRectF:
    """Return where a part of a widget is painted: at the other side where one writes from right to left.

    `QStyle.visualRect` does the same; that class takes as long to load as a page takes to build.
    """
    left = widget.width() - place.x() - place.width() if widget.isRightToLeft() else place.x()
    return QRectF(left, place.y(), place.width(), place.height())


class Label(QLabel):
    """A text in one of the design's sizes: title, h2, strong, body, caption or mono. Never read as HTML."""

    def __init__(self, role: str, text: str = "", parent: QWidget | None = None, *, wrap: bool = True) -> None:
        """Take the role and the text; `wrap` lets it take more than one line."""
        super().__init__(parent)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self._plain = ""
        if wrap:
            # Wrapping labels claim a golden-ratio width otherwise, and lines break early.
            policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self.show_text(text)

    @property
    def plain(self) -> str:
        """The text as it was given."""
        return self._plain

    def show_text(self, text: str) -> None:
        """Show another text; an empty one hides the label."""
        self._plain = text
        self.setText(breakable(text) if self.wordWrap() else text)
        self.setAccessibleName(text)
        show_if(self, bool(text))

    def minimumSizeHint(self) -> QSize:
        """Return the widest word and one line: how high it has to be depends on the width that it gets."""
        hint = super().minimumSizeHint()
        return QSize(hint.width(), self.fontMetrics().height()) if self.wordWrap() else hint

    def set_tone(self, tone: str) -> None:
        """Colour the text: "ok", "warn", "err", or "" for its usual colour."""
        self._set("tone", tone)

    def set_role(self, role: str) -> None:
        """Show the text in another of the design's sizes."""
        self._set("role", role)

    def _set(self, name: str, value: str) -> None:
        if self.property(name) == value:
            return
        self.setProperty(name, value)
        self.style().unpolish(self)
        self.style().polish(self)


class ElidedLabel(Label):
    """One line that loses its middle when there is no room: for folders and files."""

    def __init__(self, role: str, text: str = "", parent: QWidget | None = None) -> None:
        """Take the role and the text."""
        super().__init__(role, text, parent, wrap=False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str) -> None:
        """Show another text; the whole of it is the tool tip and what a screen reader says."""
        super().show_text(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        wanted = self.fontMetrics().horizontalAdvance(self.plain) + 4
        return QSize(min(wanted, theme.current().px(136)), hint.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(48), super().minimumSizeHint().height())

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self.plain, Qt.TextElideMode.ElideMiddle, self.width())
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(self.plain if shown != self.plain else "")


class Button(QPushButton):
    """A button of one of four kinds: "primary" (filled), "outline", "link", "quiet" (in the rail)."""

    def __init__(self, kind: str = "outline", text: str = "", *, icon: str = "", parent: QWidget | None = None) -> None:
        """Take kind, text and the name of a drawing."""
        super().__init__(text, parent)
        self._icon = icon
        self.setProperty("kind", kind)
        self.setAutoDefault(True)  # Enter presses the button that has the focus, not another one
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look = theme.current()
        if kind in {"link", "quiet"}:
            self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self.setIconSize(QSize(look.px(16), look.px(16)))
        else:
            self.setMinimumWidth(look.px(112))
            self.setIconSize(QSize(look.px(18), look.px(18)))
        focus.watch(self)
        self._draw_icon()

    @property
    def kind(self) -> str:
        """Which kind it is now."""
        return str(self.property("kind"))

    def set_kind(self, kind: str) -> None:
        """Turn a filled button into an outlined one, or back: one filled button is visible at a time."""
        if kind == self.kind:
            return
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self._draw_icon()

    def set_icon(self, name: str) -> None:
        """Show another drawing."""
        if name != self._icon:
            self._icon = name
            self._draw_icon()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the new colours when they change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._draw_icon()

    def _draw_icon(self) -> None:
        if not self._icon:
            return
        look = theme.current()
        token = {"primary": "on_accent", "link": "accent_text", "quiet": "text2"}.get(self.kind, "text")
        size = self.iconSize().width()
        disabled = look.color("disabled_fg")
        self.setIcon(icons.icon(self._icon, size, look.color(token), disabled, self.devicePixelRatioF()))


class Card(QFrame):
    """A rounded surface. `tone` is "" (plain), "accent" (chosen), "info", "ok", "warn" or "err"."""

    def __init__(self, parent: QWidget | None = None, *, tone: str = "", spacing: int = 8) -> None:
        """Take the tone and the distance between its parts."""
        super().__init__(parent)
        look = theme.current()
        self.setProperty("tone", tone)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(look.px(18), look.px(14), look.px(18), look.px(14))
        self.body.setSpacing(look.px(spacing))

    def set_tone(self, tone: str) -> None:
        """Change the surface."""
        if self.property("tone") == tone:
            return
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)


class Inset(QFrame):
    """A quieter surface inside a card; styled by its class."""


class Rule(QFrame):
    """A hairline between two parts; styled by its class."""


class IconTile(QWidget):
    """A drawing, on a quiet square when it is large. Decoration: it says nothing that is not written beside it."""

    def __init__(self, icon: str, size: int, *, ink: str = "accent_text", tile: int = 0) -> None:
        """Take the drawing, its size, its colour, and the edge of the square behind it (0: none)."""
        super().__init__()
        self._icon, self._ink, self._tile = icon, ink, tile
        look = theme.current()
        self._size = look.px(size)
        edge = look.px(tile) if tile else self._size
        self.setFixedSize(edge, edge)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_icon(self, icon: str, ink: str) -> None:
        """Show another drawing in another colour."""
        self._icon, self._ink = icon, ink
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme.current()
        if self._tile:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("card2"))
            painter.drawRoundedRect(QRectF(self.rect()), look.px(6), look.px(6))
        place = QRectF(0, 0, self._size, self._size)
        place.moveCenter(QRectF(self.rect()).center())
        icons.paint(painter, self._icon, place, look.color(self._ink))


_CHIP_TONES = {
    "ok": ("ok", "ok_soft", "check"),
    "warn": ("warn", "warn_soft", "warning"),
    "err": ("err", "err_soft", "problem"),
    "info": ("accent_text", "accent_soft", ""),
    "neutral": ("text2", "card2", ""),
}


class Chip(QLabel):
    """A word in a pill: "Ready for PyTorch". Its tone shows as colour and as a sign, never as colour alone."""

    def __init__(self, tone: str = "neutral", text: str = "") -> None:
        """Take the tone (ok, warn, err, info, neutral) and the word."""
        super().__init__()
        self._tone = tone
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_chip(tone, text)

    def show_chip(self, tone: str, text: str) -> None:
        """Show another word in another tone; an empty word hides it."""
        self._tone = tone
        self.setText(text)
        show_if(self, bool(text))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        look = theme.current()
        sign = look.px(16) if _CHIP_TONES[self._tone][2] else 0
        return QSize(self._metrics_width() + sign + 2 * look.px(10), look.px(22))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        ink, ground, sign = _CHIP_TONES[self._tone]
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect())
        painter.setPen(look.color("stroke2") if look.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(look.color(ground))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), place.height() / 2, place.height() / 2)
        left = look.px(10)
        if sign:
            size = look.px(13)
            there = mirrored(self, QRectF(left, (place.height() - size) / 2, size, size))
            icons.paint(painter, sign, there, look.color(ink))
            left += look.px(16)
        painter.setPen(look.color(ink))
        painter.setFont(self._font())
        words = mirrored(self, QRectF(left, 0, place.width() - left - look.px(10), place.height()))
        painter.drawText(words.adjusted(-2, 0, 2, 0), Qt.AlignmentFlag.AlignVCenter, self.text())

    def _font(self) -> QFont:
        return theme.current().font(12, QFont.Weight.DemiBold)

    def _metrics_width(self) -> int:
        return QFontMetrics(self._font()).horizontalAdvance(self.text())
