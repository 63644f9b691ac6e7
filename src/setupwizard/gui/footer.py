"""The row of buttons below the page: cancel at the left; back and the one main button at the right."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.pages.base import Footer, centred
from setupwizard.gui.widgets.basic import Button, Label, show_if
from setupwizard.i18n import _

HEIGHT = 70


class FooterBar(QWidget):
    """Our own row instead of QWizard's: its margins are private, and it cannot line up with the cards."""

    def __init__(self, parent: QWidget) -> None:
        """Lay out the buttons; the window connects them."""
        super().__init__(parent)
        look = theme.current()
        self.setFixedHeight(look.px(HEIGHT))
        self.cancel, self.back = Button(), Button()
        self.primary = Button("primary")
        self._reason = Label("caption")
        self._reason.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(8))
        row.addWidget(self.cancel)
        row.addWidget(self._reason, 1)
        row.addStretch(0)
        row.addWidget(self.back)
        row.addWidget(self.primary)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(centred(content))

    def show_footer(self, footer: Footer) -> None:
        """Show what a page wants."""
        self.primary.setText(footer.primary)
        self.primary.setEnabled(footer.enabled)
        self.primary.set_kind("primary" if footer.filled else "outline")
        self.primary.setAccessibleDescription(footer.reason)
        show_if(self.primary, bool(footer.primary))
        self.back.setText(_("Back"))
        show_if(self.back, footer.back)
        self.cancel.setText(footer.cancel)
        show_if(self.cancel, bool(footer.cancel))
        self._reason.show_text(footer.reason)

    def press_primary(self) -> None:
        """Press the main button by a key, only where a mouse could press it too."""
        if self.primary.isVisible() and self.primary.isEnabled():
            self.primary.click()

    @property
    def reason(self) -> str:
        """Why the main button cannot be pressed."""
        return self._reason.plain

    def order(self) -> list[QWidget]:
        """Return what Tab reaches here, in order."""
        return [self.primary, self.back, self.cancel]

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), look.color("bg"))
        painter.fillRect(QRect(0, 0, self.width(), 1), look.color("stroke"))
