"""Widgets that stay when nobody needs them for a while.

A screen reader remembers what it has met and asks for it again. What was deleted meanwhile it asks for in vain, and
Qt writes a warning for every question; what is only hidden answers that it is hidden.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtWidgets import QLayout, QWidget

from setupwizard.gui.widgets.basic import show_if

W = TypeVar("W", bound=QWidget)


class Pool(Generic[W]):
    """As many widgets of one kind as were ever needed at a time; the others are hidden."""

    def __init__(self, layout: QLayout, make: Callable[[], W]) -> None:
        """Take the layout that they stand in, in order, and the function that makes one."""
        self._layout = layout
        self._make = make
        self._all: list[W] = []
        self._used = 0

    def take(self, count: int) -> list[W]:
        """Return so many widgets, those of before first; they are shown, and all others are hidden."""
        while len(self._all) < count:
            widget = self._make()
            self._layout.addWidget(widget)
            self._all.append(widget)
        self._used = count
        for index, widget in enumerate(self._all):
            show_if(widget, index < count)
        return self.used()

    def used(self) -> list[W]:
        """Return the widgets that were taken last."""
        return self._all[: self._used]
