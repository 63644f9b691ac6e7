"""A QWizard tamed: our own step list, heading and buttons around its pages, one order for Tab, no layout of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QWidget, QWizard

from setupwizard.gui import focus, icons, theme
from setupwizard.gui.footer import HEIGHT, FooterBar
from setupwizard.gui.pages.base import Page
from setupwizard.gui.state import PAGES, PageName
from setupwizard.gui.widgets.rail import WIDTH, Rail

DEFAULT = QSize(960, 640)
SMALLEST = QSize(theme.SMALLEST_WIDTH, 600)


class Shell(QWizard):
    """The frame of the pages.

    What QWizard does itself is pages, history, completeness and keys. Its header, its buttons and its side widget are
    not used: their layout is private, differs between styles, and cannot be reached by a style sheet.
    """

    def __init__(self, first: Page) -> None:
        """Take the first page; the others come with `add_pages`, once that one is on the screen."""
        self._whole = False
        super().__init__()
        # Before the first show: another style paints a header of its own, and AeroStyle knows no dark colours.
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOptions(QWizard.WizardOption.IndependentPages | QWizard.WizardOption.NoDefaultButton)
        self.setButtonLayout([])
        self.setWindowFlags(
            Qt.WindowType.Window
            | Qt.WindowType.WindowTitleHint
            | Qt.WindowType.WindowSystemMenuHint
            | Qt.WindowType.WindowMinimizeButtonHint
            | Qt.WindowType.WindowMaximizeButtonHint
            | Qt.WindowType.WindowCloseButtonHint
        )
        self.setWindowIcon(icons.window_icon())
        self.pages: list[Page] = []
        self.travelling = False
        self.add_pages([first])
        # QWizard's frame and the widget that it resizes with itself have no accessor: a page's parent, and the child
        # that holds the page; on Windows a button for going back lies beside it. To ask the frame for its parent would
        # load every class of widget that Qt has.
        self._frame = _parent(first)
        children = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        (self._body,) = (child for child in children if child.isAncestorOf(first))
        self._frame.setObjectName("pageFrame")
        self.rail = Rail(len(PAGES), self)
        self.footer = FooterBar(self)
        self._whole = True
        self._fit_screen()

    def add_pages(self, pages: Iterable[Page]) -> None:
        """Take the next pages, in order."""
        for page in pages:
            self.setPage(len(self.pages), page)
            self.pages.append(page)

    def nextId(self) -> int:
        """Return the page behind the present one; where to go is decided by the flow."""
        return self.currentId() + 1 if 0 <= self.currentId() < len(self.pages) - 1 else -1

    def page_now(self) -> Page:
        """Return the page that is shown."""
        return self.pages[max(0, self.currentId())]

    def go_to(self, name: PageName) -> None:
        """Show a page, step by step, so that QWizard's history stays true; pages on the way are not arrived at.

        All ways lead through here: QWizard moves the focus after it has told of the change, so we greet after it.
        """
        wanted = PAGES.index(name)
        if self.currentId() == wanted:
            return
        self.travelling = True
        while self.currentId() < wanted:
            self.next()
        while self.currentId() > wanted:
            self.back()
        self.travelling = False
        self.arrive()

    def step(self, by: int) -> None:
        """Go forward or back by a number of pages."""
        self.go_to(PAGES[self.currentId() + by])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Return press the main button from anywhere but a line of text, whose Return only ends the writing."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)
        elif not isinstance(self.focusWidget(), QLineEdit):
            self.footer.press_primary()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the pages the room between step list and buttons; Windows resizes before there are any."""
        super().resizeEvent(event)
        if self._whole:
            self._lay_out()

    def showEvent(self, event: QShowEvent) -> None:
        """Lay out once the style is known."""
        super().showEvent(event)
        self._lay_out()

    def show_footer(self) -> None:
        """Show the buttons that the present page wants, without letting the focus fall on a stranger."""
        if self.currentId() < 0:
            return
        wanted = self.page_now().footer()
        gone = [
            button
            for button, stays in (
                (self.footer.primary, bool(wanted.primary) and wanted.enabled),
                (self.footer.back, wanted.back),
                (self.footer.cancel, bool(wanted.cancel)),
            )
            if not stays
        ]
        if self.focusWidget() in gone:
            self.page_now().setFocus(Qt.FocusReason.OtherFocusReason)
        self.footer.show_footer(wanted)
        if self.focusWidget() in {None, self, self.page_now()}:
            self.focus_primary()

    def focus_primary(self) -> None:
        """Put the focus on the main button, or on the page while that cannot be pressed."""
        primary = self.footer.primary
        target = primary if primary.isVisibleTo(self) and primary.isEnabled() else self.page_now()
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def arrive(self) -> None:
        """Greet a page: its buttons, its words for screen readers, its keys."""
        page = self.page_now()
        self.show_footer()
        focus.announce(page, f"{page.accessibleName()}. {page.accessibleDescription()}")
        self.set_tab_order()
        self.focus_primary()

    def set_tab_order(self) -> None:
        """Let Tab go through the page, then the buttons, then the step list; QWizard's own order begins below."""
        page = self.page_now()
        content = [
            widget
            for widget in page.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(page)
        ]
        content.sort(key=lambda widget: _place(widget, page))
        order = [*content, *self.footer.order(), *self.rail.order()]
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)

    def _lay_out(self) -> None:
        look = theme.current()
        rail, foot = look.px(WIDTH), look.px(HEIGHT)
        width, height = self.width(), self.height()
        # The step list stands where one begins to read.
        first, beside = (width - rail, 0) if self.isRightToLeft() else (0, rail)
        self.rail.setGeometry(first, 0, rail, height)
        self.footer.setGeometry(beside, height - foot, width - rail, foot)
        # QWizard keeps a margin around the page, and a ruler and an empty row of buttons below it: measure how much
        # that is, and let it lie behind our own parts.
        room = QRect(beside, 0, width - rail, height - foot)
        self._body.setGeometry(room)
        page = self.page_now()
        inside = QRect(page.mapTo(self._body, QPoint(0, 0)), page.size())
        right, bottom = room.width() - inside.right() - 1, room.height() - inside.bottom() - 1
        self._body.setGeometry(room.adjusted(-inside.left(), -inside.top(), right, bottom))
        self.rail.raise_()
        self.footer.raise_()

    def _fit_screen(self) -> None:
        """Never be larger than the screen; the smallest size is the design's where the screen has it."""
        look = theme.current()
        screen = QGuiApplication.primaryScreen().availableSize()
        smallest = QSize(look.px(SMALLEST.width()), look.px(SMALLEST.height())).boundedTo(screen)
        self.setMinimumSize(smallest)
        self.resize(QSize(look.px(DEFAULT.width()), look.px(DEFAULT.height())).boundedTo(screen))


def _parent(widget: QWidget) -> QWidget:
    parent = widget.parentWidget()
    assert parent is not None  # noqa: S101 - a page that was added has QWizard's frame as its parent
    return parent


def _place(widget: QWidget, page: QWidget) -> tuple[int, int]:
    """Return where a widget stands as one reads: rows from above, in a row from the left."""
    centre = widget.mapTo(page, widget.rect().center())
    return round(centre.y() / 24), centre.x()
