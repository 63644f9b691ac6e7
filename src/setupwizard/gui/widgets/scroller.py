"""A scroll area whose bars stand beside it, not in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QScrollBar, QWidget

BAR = 10
"""How wide the style sheet makes a scroll bar."""


class Scroller(QWidget):
    """Scrolls a widget; the room for the upright bar is kept, so that nothing moves sideways when it is needed.

    A bar of QScrollArea's own is one of its parts for assistive tools while it is visible. Asked for a part that has
    just gone, Qt reads beyond a list, and the program ends (measured with PySide6 6.11 on the Linux accessibility bus:
    a page that scrolled was left). A scroll area without bars has one part, always.
    """

    def __init__(self, inside: QWidget) -> None:
        """Take what is to be scrolled."""
        super().__init__()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inside)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self.area, 0, 0)
        upright = _Bar(Qt.Orientation.Vertical, self.area.verticalScrollBar())
        policy = upright.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        upright.setSizePolicy(policy)
        grid.addWidget(upright, 0, 1)
        grid.addWidget(_Bar(Qt.Orientation.Horizontal, self.area.horizontalScrollBar()), 1, 0)


class _Bar(QScrollBar):
    """Stands for the hidden bar that scrolls; shown while there is something to scroll."""

    def __init__(self, orientation: Qt.Orientation, hidden: QScrollBar) -> None:
        super().__init__(orientation)
        self._hidden = hidden
        self.hide()
        hidden.rangeChanged.connect(self._on_range)
        hidden.valueChanged.connect(self.setValue)
        self.valueChanged.connect(hidden.setValue)

    def _on_range(self, low: int, high: int) -> None:
        self.setPageStep(self._hidden.pageStep())
        self.setSingleStep(self._hidden.singleStep())
        self.setRange(low, high)
        self.setVisible(high > low)
