"""Shows where the keyboard is, only while the keyboard is used, and speaks to screen readers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

PROPERTY = "kf"
"""The property that style sheet and painting look at: true while the focus came by a key."""


class FocusRing(QObject):
    """Sets a property on the widgets that it watches while they have the focus because of a key.

    Qt has no `:focus-visible`, and a ring that follows the mouse is noise. Qt also moves the focus "by Tab" when the
    widget that had it is disabled or hidden: only a Tab that was really pressed counts.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        """Start with no key pressed."""
        super().__init__(parent)
        self._tab_pressed = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note how the focus came or went; the event itself goes on."""
        if not isinstance(watched, QWidget):
            return False
        kind = event.type()
        if kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            by_tab = event.reason() in {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}
            _mark(watched, event.reason() == Qt.FocusReason.ShortcutFocusReason or (by_tab and self._tab_pressed))
            self._tab_pressed = False
        elif kind == QEvent.Type.FocusOut:
            _mark(watched, False)
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and watched.hasFocus():
            self._tab_pressed = event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}
            _mark(watched, True)
        return False


def _mark(widget: QWidget, by_key: bool) -> None:
    if bool(widget.property(PROPERTY)) == by_key:
        return
    widget.setProperty(PROPERTY, by_key)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


_ring: dict[str, FocusRing] = {}


def watch(widget: QWidget) -> None:
    """Show a ring on this widget while it has the focus because of a key."""
    if "ring" not in _ring:
        _ring["ring"] = FocusRing(QApplication.instance())
    widget.installEventFilter(_ring["ring"])


def ring_shown(widget: QWidget) -> bool:
    """Return whether a widget that paints itself is to paint the ring."""
    return bool(widget.property(PROPERTY))


def announce(widget: QWidget, text: str, *, urgent: bool = False) -> None:
    """Have a screen reader say something that happened without the person's doing; without one, do nothing."""
    if not QAccessible.isActive() or not text:
        return
    event = QAccessibleAnnouncementEvent(widget, text)
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if urgent else politeness.Polite)
    QAccessible.updateAccessibility(event)


def make_readable(widget: QWidget) -> None:
    """Let Tab reach a widget that only shows something, while a screen reader is there to read it."""
    reachable = Qt.FocusPolicy.TabFocus if QAccessible.isActive() else Qt.FocusPolicy.NoFocus
    if widget.focusPolicy() != reachable:
        widget.setFocusPolicy(reachable)
