"""What all pages share: heading, scroll area, footer wishes, and how they are filled."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget, QWizardPage

from setupwizard.gui import cards, focus, theme
from setupwizard.gui.state import PageName, State
from setupwizard.gui.widgets.basic import Label
from setupwizard.gui.widgets.panels import ErrorCard
from setupwizard.gui.widgets.scroller import BAR, Scroller
from setupwizard.model.events import Error, Event

MAX_CONTENT = 760
MARGIN = 32


class Footer(Struct, frozen=True, kw_only=True):
    """What the row of buttons below the page shows.

    Attributes:
        primary: the text of the main button; empty: there is none.
        enabled: whether it can be pressed; `reason` says why not.
        filled: False while another filled button is on the page.
        back: whether there is a way back.
        cancel: the text of the button that ends it; empty: there is none.
    """

    primary: str = ""
    enabled: bool = True
    reason: str = ""
    filled: bool = True
    back: bool = False
    cancel: str = ""


def centred(content: QWidget, *, top: int = 0, bottom: int = 0, beside: int = 0) -> QHBoxLayout:
    """Return a row that keeps a column of text readable in a wide window: never wider than the design, centred.

    Args:
        content: the column.
        top: the room above it.
        bottom: the room below it.
        beside: how much of the right margin is taken by something that stands beside the row.
    """
    look = theme.current()
    row = QHBoxLayout()
    left, right = look.px(MARGIN), look.px(MARGIN) - beside
    if content.isRightToLeft():
        left, right = right, left
    row.setContentsMargins(left, top, right, bottom)
    row.setSpacing(0)
    content.setMaximumWidth(look.px(MAX_CONTENT))
    row.addStretch(0)
    row.addWidget(content, 1)
    row.addStretch(0)
    return row


class _Inner(QWidget):
    """What scrolls: as high as its text needs at the width that it gets, not as at its smallest width."""

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)


class Page(QWizardPage):
    """One page of the window.

    Attributes:
        name: its name in the flow.
        valid: whether what it shows is enough to go on.
        busy: whether it waits for something.
        error: what went wrong, when it shows that.

    Signals:
        footer_changed(): the row of buttons is to be asked for again.
        copy_wanted(str): a text for the clipboard.
        details_wanted(): the details for a bug report, on the clipboard.
        support_wanted(): the file for a bug report.
        fix_wanted(str): the person chose what to do about an error or a verdict, by its code.
        url_wanted(str): a page to open in the browser.
    """

    name: PageName = "start"

    footer_changed = Signal()
    copy_wanted = Signal(str)
    details_wanted = Signal()
    support_wanted = Signal()
    fix_wanted = Signal(str)
    url_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out heading and scroll area; `build_content` adds the rest."""
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.valid = True
        self.busy = False
        self.error: Error | None = None
        self._state: State | None = None
        self._announced = ""
        look = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        header = QWidget()
        words = QVBoxLayout(header)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(look.px(4))
        self._title = Label("title")
        self._subtitle = Label("body")
        words.addWidget(self._title)
        words.addWidget(self._subtitle)
        column.addLayout(centred(header, top=look.px(26), bottom=look.px(12)))
        self.inner = _Inner()
        self.content_widget = QWidget()
        self.content_widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.content = QVBoxLayout(self.content_widget)
        self.content.setContentsMargins(0, 0, 0, 0)
        self.content.setSpacing(look.px(12))
        bar = look.px(BAR)
        self.inner.setLayout(centred(self.content_widget, top=look.px(4), bottom=look.px(4), beside=bar))
        scroller = Scroller(self.inner)
        self.scroll_area = scroller.area
        column.addWidget(scroller, 1)
        self.error_card = ErrorCard()  # each page puts it above its own content
        self.error_card.fix_chosen.connect(self.fix_wanted)
        self.error_card.details_wanted.connect(self.details_wanted)
        self.error_card.support_wanted.connect(self.support_wanted)

    def isComplete(self) -> bool:
        """Return whether the wizard may go on."""
        return self.valid and not self.busy and self.error is None

    def fill(self, state: State) -> None:
        """Show a state. Called whenever anything changed, and again after a change of language.

        QWizard's completeChanged stays silent: at it QWizard takes the focus away from the page, for buttons that we
        do not show.
        """
        self._state = state
        self.show_state(state)
        self.footer_changed.emit()

    def retranslate(self, state: State) -> None:
        """Show a state in the present language."""
        self.error_card.clear()
        self.fill(state)

    def show_state(self, state: State) -> None:
        """Show a state: each page in its own way."""
        raise NotImplementedError

    def happened(self, event: Event) -> None:
        """Take an event of the running job; most pages have no use for it."""

    def footer(self) -> Footer:
        """Return what the row of buttons shows."""
        raise NotImplementedError

    @property
    def heading(self) -> str:
        """The title that is shown."""
        return self._title.plain

    def set_heading(self, title: str, subtitle: str) -> None:
        """Show the title and the sentence below it; a screen reader reads both with the page."""
        self._title.show_text(title)
        self._subtitle.show_text(subtitle)
        self.setAccessibleName(title)
        self.setAccessibleDescription(subtitle)
        if self.isVisible() and title != self._announced:
            focus.announce(self, f"{title}. {subtitle}")
        self._announced = title

    def show_problem(self, error: Error | None, *, kept: str = "", fixes: list[tuple[str, str]] | None = None) -> None:
        """Show an error in the page's card, or take it away."""
        state = self._state
        if error is None and state is not None and state.fault is not None and state.fault[0] == self.name:
            error = state.fault[1]
        self.error = error
        if error is None:
            self.error_card.clear()
            return
        if state is not None:
            kept = kept or cards.kept(error, self.name, state)
            fixes = fixes or cards.offered(error, self.name, state)
        if self.error_card.differs(error, kept, fixes) or not self.error_card.isVisibleTo(self):
            self.error_card.show_error(error, kept=kept, fixes=fixes)
            self.scroll_area.verticalScrollBar().setValue(0)
