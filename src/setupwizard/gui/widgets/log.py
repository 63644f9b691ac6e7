"""The drawer with what the tools print: fed in batches, capped, and never in the way of the window."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.widgets.basic import Button
from setupwizard.i18n import _

MAX_BLOCKS = 5000
"""Lines that the drawer keeps; the file has all."""
NEWEST = 500
"""Lines of one batch that are shown: measured, 100 000 lines in one flood stop the window for less than 20 ms so."""
MAX_LETTERS = 2000
"""Letters of one line that are shown."""
_HAS_PROGRESS = re.compile(r"\d\s*%|\d+(?:\.\d+)?\s*(?:[kMG]i?B)?\s*(?:/|of)\s*\d")
_FILLING = re.compile(r"[\d\s.,:#=>|\-/\\%\u2500-\u259f]+|[kMG]i?B(?:/s)?")


def _clock() -> str:
    return time.strftime("%H:%M:%S")


class LogDrawer(QWidget):
    """Folded by default. A line of progress takes the place of the one before, as on a terminal.

    Signals:
        copy_wanted(str): the person wants the text on the clipboard.
        folder_wanted(): the person wants to see the folder of the logs.
        opened(bool): the drawer was unfolded or folded.
    """

    copy_wanted = Signal(str)
    folder_wanted = Signal()
    opened = Signal(bool)

    def __init__(self) -> None:
        """Make an empty, folded drawer; `stamp` says the time that stands before a line."""
        super().__init__()
        self.stamp: Callable[[], str] = _clock
        self._last_shape = ""
        look = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(4))
        head = QHBoxLayout()
        head.setSpacing(look.px(8))
        self.toggle = Button("link", icon="right")
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self._on_toggled)
        self.copy = Button("link", icon="copy")
        self.copy.clicked.connect(self._on_copy)
        self.folder = Button("link", icon="folder")
        self.folder.clicked.connect(self.folder_wanted)
        head.addWidget(self.toggle)
        head.addStretch(1)
        head.addWidget(self.copy)
        head.addWidget(self.folder)
        column.addLayout(head)
        self.view = QPlainTextEdit()
        self.view.setReadOnly(True)
        self.view.setUndoRedoEnabled(False)
        self.view.setMaximumBlockCount(MAX_BLOCKS)
        self.view.setTabChangesFocus(True)
        self.view.setFont(look.fixed_font())
        self.view.setMinimumHeight(look.px(96))
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        focus.watch(self.view)
        column.addWidget(self.view, 1)
        self.retranslate()
        self._on_toggled(False)

    def retranslate(self) -> None:
        """Use the present language for the buttons; what tools printed stays as they wrote it."""
        self.toggle.setText(_("Hide details") if self.toggle.isChecked() else _("Show details"))
        self.copy.setText(_("Copy log"))
        self.folder.setText(_("Open log folder"))
        self.view.setAccessibleName(_("What the tools print"))

    def clear(self) -> None:
        """Forget all lines: for another job."""
        self.view.clear()
        self._last_shape = ""

    def text(self) -> str:
        """Return what is shown."""
        return self.view.toPlainText()

    def append(self, lines: Sequence[str], skipped: int = 0) -> None:
        """Show a batch of lines in one go.

        Args:
            lines: what was printed since the last batch; only the newest 500 are shown.
            skipped: how many lines were left out before them already.
        """
        newest: deque[str] = deque(lines, maxlen=NEWEST)
        left_out = skipped + len(lines) - len(newest)
        if not newest:
            return
        at_end = self._at_end()
        replace, shown = self._fold(newest)
        if left_out:
            notice = _("... {count} lines left out here; the log file has them").format(count=left_out)
            shown.insert(0, notice)
            replace = False
        if replace:
            self._replace_last(shown.pop(0))
        if shown:
            self.view.appendPlainText("\n".join(shown))
        if at_end:
            bar = self.view.verticalScrollBar()
            bar.setValue(bar.maximum())

    def open(self) -> None:
        """Unfold the drawer and go to its end: when something went wrong."""
        self.toggle.setChecked(True)
        bar = self.view.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _fold(self, lines: Iterable[str]) -> tuple[bool, list[str]]:
        """Keep the last of several lines of the same progress; say whether the first replaces the last shown line."""
        stamp = self.stamp()
        shown: list[str] = []
        replace = False
        for raw in lines:
            line = raw.rstrip("\r\n").rsplit("\r", 1)[-1][:MAX_LETTERS]
            shape = _FILLING.sub("", line) if _HAS_PROGRESS.search(line) else ""
            same = bool(shape) and shape == self._last_shape
            self._last_shape = shape
            text = f"{stamp}  {line}"
            if same and shown:
                shown[-1] = text
            else:
                replace = replace or (same and not shown)
                shown.append(text)
        return replace, shown

    def _replace_last(self, line: str) -> None:
        cursor = QTextCursor(self.view.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
        first = self.view.document().blockCount() == 1
        cursor.insertText(line if first else f"\n{line}")

    def _at_end(self) -> bool:
        bar = self.view.verticalScrollBar()
        return bar.value() >= bar.maximum() - 1

    def _on_toggled(self, on: bool) -> None:
        self.toggle.set_icon("down" if on else "right")
        for part in (self.view, self.copy, self.folder):
            part.setVisible(on)
        tall = QSizePolicy.Policy.Expanding if on else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Expanding, tall)
        self.retranslate()
        self.opened.emit(on)

    def _on_copy(self) -> None:
        self.copy_wanted.emit(self.text())
