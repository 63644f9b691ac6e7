"""Layouts that fold instead of growing out of the window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


def empty(layout: QLayout) -> None:
    """Take all widgets out of a layout and delete them when the present event is over."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class _List(QLayout):
    """What both layouts share: an ordered list of items."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = spacing
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, place: QRect) -> None:
        super().setGeometry(place)
        self._place(place, move=True)

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._visible():
            size = size.expandedTo(item.minimumSize())
        return size

    def _put(self, item: QLayoutItem, place: QRect, inside: QRect) -> None:
        """Put an item into its place, counted from the side where one begins to read."""
        parent = self.parentWidget()
        if parent is not None and parent.isRightToLeft():
            place.moveLeft(inside.left() + inside.right() + 1 - place.x() - place.width())
        item.setGeometry(place)

    def _visible(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, place: QRect, *, move: bool) -> int:
        """Put the items into the place; return the height that they take."""
        raise NotImplementedError


class FlowLayout(_List):
    """A row of items that goes on in the next line when there is no more room."""

    def sizeHint(self) -> QSize:
        items = self._visible()
        width = sum(item.sizeHint().width() for item in items) + self._gap * max(0, len(items) - 1)
        return QSize(width, max((item.sizeHint().height() for item in items), default=0))

    def _place(self, place: QRect, *, move: bool) -> int:
        rows: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        used = 0
        for item in self._visible():
            size = item.sizeHint().boundedTo(QSize(max(place.width(), item.minimumSize().width()), 1 << 20))
            if rows[-1] and used + size.width() > place.width():
                rows.append([])
                used = 0
            rows[-1].append((item, size))
            used += size.width() + self._gap
        y = place.y()
        for row in rows:
            height = max((size.height() for _item, size in row), default=0)
            x = place.x()
            for item, size in row:
                if move:
                    self._put(item, QRect(QPoint(x, y + (height - size.height()) // 2), size), place)
                x += size.width() + self._gap
            y += height + self._gap
        return max(0, y - self._gap - place.y())


class HeadLayout(_List):
    """A title at the left and what can be pressed at the right; without room for both the latter goes below."""

    def sizeHint(self) -> QSize:
        items = self._visible()
        width = sum(item.sizeHint().width() for item in items) + self._gap * max(0, len(items) - 1)
        return QSize(width, max((item.sizeHint().height() for item in items), default=0))

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._visible():
            size = size.expandedTo(item.sizeHint())
        return size

    def _place(self, place: QRect, *, move: bool) -> int:
        items = self._visible()
        if not items:
            return 0
        title, buttons = items[0], items[1:]
        hints = [button.sizeHint() for button in buttons]
        taken = sum(hint.width() for hint in hints) + self._gap * max(0, len(hints) - 1)
        high = max((hint.height() for hint in hints), default=0)
        beside = title.sizeHint().width() + self._gap + taken <= place.width()
        first = max(title.sizeHint().height(), high if beside else 0)
        if move:
            width = place.width() - taken - self._gap if beside else place.width()
            self._put(title, QRect(place.x(), place.y(), width, first), place)
        if beside:
            self._row(buttons, hints, QPoint(place.right() + 1 - taken, place.y()), first, place, move=move)
            return first
        used = self._lines(buttons, hints, place, place.y() + first, high, move=move)
        return first + used

    def _row(
        self, items: list[QLayoutItem], hints: list[QSize], start: QPoint, height: int, inside: QRect, *, move: bool
    ) -> None:
        x, y = start.x(), start.y()
        for item, hint in zip(items, hints, strict=True):
            if move:
                self._put(item, QRect(QPoint(x, y + (height - hint.height()) // 2), hint), inside)
            x += hint.width() + self._gap

    def _lines(
        self, items: list[QLayoutItem], hints: list[QSize], place: QRect, y: int, height: int, *, move: bool
    ) -> int:
        """Put items into as many lines as they need; return the height of them all."""
        top, x = y, place.x()
        for item, hint in zip(items, hints, strict=True):
            if x > place.x() and x + hint.width() > place.right() + 1:
                x, y = place.x(), y + height
            self._row([item], [hint], QPoint(x, y), height, place, move=move)
            x += hint.width() + self._gap
        return y + height - top


class ColumnsLayout(_List):
    """Items in equal columns: all beside each other if they fit, else half as many, at last one under the other."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 16, row_spacing: int = 12) -> None:
        """Take the distances in logical pixels."""
        super().__init__(parent, spacing=spacing)
        self._row_gap = row_spacing

    def sizeHint(self) -> QSize:
        items = self._visible()
        width = max((item.sizeHint().width() for item in items), default=0)
        total = width * len(items) + self._gap * max(0, len(items) - 1)
        return QSize(total, max((item.sizeHint().height() for item in items), default=0))

    def columns(self, width: int) -> int:
        """Return how many columns fit into a width."""
        items = self._visible()
        wanted = max((item.sizeHint().width() for item in items), default=1)
        count = max(1, len(items))
        while count > 1 and count * wanted + (count - 1) * self._gap > width:
            count = -(-count // 2) if count > 2 else 1
        return count

    def _place(self, place: QRect, *, move: bool) -> int:
        items = self._visible()
        if not items:
            return 0
        columns = self.columns(place.width())
        width = max(1, (place.width() - (columns - 1) * self._gap) // columns)
        y = place.y()
        for start in range(0, len(items), columns):
            row = items[start : start + columns]
            height = max(self._height(item, width) for item in row)
            if move:
                for column, item in enumerate(row):
                    self._put(item, QRect(place.x() + column * (width + self._gap), y, width, height), place)
            y += height + self._row_gap
        return y - self._row_gap - place.y()

    @staticmethod
    def _height(item: QLayoutItem, width: int) -> int:
        return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
