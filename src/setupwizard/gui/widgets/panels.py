"""Larger parts: a notice across the page, a part that unfolds, a command to copy, an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.widgets.basic import Button, Card, IconTile, Inset, Label, show_if
from setupwizard.gui.widgets.layouts import FlowLayout, empty
from setupwizard.i18n import _
from setupwizard.model.events import Error

_BANNER_ICONS = {
    "info": ("info", "accent_text"),
    "ok": ("ok", "ok"),
    "warn": ("warning", "warn"),
    "err": ("problem", "err"),
}


def _parents(widget: QWidget) -> Iterator[QWidget]:
    above = widget.parentWidget()
    while above is not None:
        yield above
        above = above.parentWidget()


class Banner(Card):
    """A notice across the page with at most two answers.

    Signals:
        accepted(), declined(): the filled and the quiet answer.
    """

    accepted = Signal()
    declined = Signal()

    def __init__(self) -> None:
        """Make an empty notice."""
        super().__init__()
        look = theme.current()
        row = QHBoxLayout()
        row.setSpacing(look.px(12))
        self._icon = IconTile("info", 24)
        self._title = Label("h2")
        self._text = Label("body")
        words = QVBoxLayout()
        words.setSpacing(look.px(2))
        words.addWidget(self._title)
        words.addWidget(self._text)
        self.second = Button("link")
        self.first = Button("primary")
        self.first.clicked.connect(self.accepted)
        self.second.clicked.connect(self.declined)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        row.addWidget(self.second)
        row.addWidget(self.first)
        self.body.addLayout(row)

    def show_notice(self, tone: str, title: str, text: str = "", *, first: str = "", second: str = "") -> None:
        """Show other words; buttons without a text are hidden."""
        self.set_tone(tone)
        self._icon.show_icon(*_BANNER_ICONS[tone])
        self._title.show_text(title)
        self._text.show_text(text)
        for button, caption in ((self.first, first), (self.second, second)):
            button.setText(caption)
            show_if(button, bool(caption))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)


class Disclosure(QWidget):
    """A part that is folded away until somebody wants it.

    Signals:
        toggled(bool): the person unfolded or folded it.
    """

    toggled = Signal(bool)

    def __init__(self) -> None:
        """Make an empty, folded part; what belongs into it goes into `inside`."""
        super().__init__()
        look = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(6))
        self.button = Button("link", icon="right")
        self.button.setCheckable(True)
        self.button.toggled.connect(self._on_toggled)
        self.button.clicked.connect(self._on_clicked)
        self._panel = QWidget()
        self.inside = QVBoxLayout(self._panel)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(look.px(6))
        self._panel.hide()
        column.addWidget(self.button)
        column.addWidget(self._panel)

    def show_title(self, text: str) -> None:
        """Show other words on the button."""
        self.button.setText(text)

    @property
    def unfolded(self) -> bool:
        """Whether the part is shown."""
        return self.button.isChecked()

    def unfold(self, on: bool = True) -> None:
        """Show or hide the part."""
        self.button.setChecked(on)

    def _on_toggled(self, on: bool) -> None:
        self.button.set_icon("down" if on else "right")
        self._panel.setVisible(on)
        self.updateGeometry()
        self.toggled.emit(on)

    def _on_clicked(self, on: bool) -> None:
        if on:  # the layout has to learn first how tall the part is
            QTimer.singleShot(0, self, self.reveal)

    def reveal(self) -> None:
        """Scroll so far that the part can be read, from its own button on."""
        area = next((one for one in _parents(self) if isinstance(one, QScrollArea)), None)
        inside = area.widget() if area is not None else None
        if area is None or inside is None:
            return
        top = self.mapTo(inside, QPoint(0, 0)).y()
        bar, seen = area.verticalScrollBar(), area.viewport().height()
        if top + self.height() > bar.value() + seen:
            bar.setValue(min(top, top + self.height() - seen))


class CommandBox(Inset):
    """A command or a path to copy.

    Signals:
        copy_wanted(str): the person wants it on the clipboard.
    """

    copy_wanted = Signal(str)

    def __init__(self) -> None:
        """Make an empty box."""
        super().__init__()
        look = theme.current()
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(12), look.px(4), look.px(6), look.px(4))
        row.setSpacing(look.px(12))
        self._command = Label("mono")
        self._command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy = Button("link", icon="copy")
        self.copy.clicked.connect(self._on_copy)
        row.addWidget(self._command, 1)
        row.addWidget(self.copy)

    def show_command(self, command: str, name: str = "") -> None:
        """Show another command; `name` tells a screen reader what the button copies."""
        self._command.show_text(command)
        self.copy.setText(_("Copy"))
        self.copy.setAccessibleName(_("Copy: {what}").format(what=name or command))

    @property
    def command(self) -> str:
        """The command."""
        return self._command.plain

    def _on_copy(self) -> None:
        self.copy_wanted.emit(self.command)


class ErrorCard(Card):
    """What happened, why, what was kept, what to do. One filled button, one outlined, the rest as links; code last.

    Signals:
        fix_chosen(str): the code of the fix that the person chose; "try-again" when the error offers none and may pass.
        details_wanted(): the person wants the details on the clipboard.
        support_wanted(): the person wants a file for a bug report.
    """

    fix_chosen = Signal(str)
    details_wanted = Signal()
    support_wanted = Signal()

    def __init__(self) -> None:
        """Make a hidden card."""
        super().__init__(tone="err", spacing=6)
        look = theme.current()
        head = QHBoxLayout()
        head.setSpacing(look.px(12))
        self._title = Label("h2")
        head.addWidget(IconTile("problem", 22, ink="err"), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(head)
        self._advice = Label("body")
        self._kept = Label("body")
        self._code = Label("caption")
        self.body.addWidget(self._advice)
        self.body.addWidget(self._kept)
        self._holder = QWidget()
        self._buttons = FlowLayout(self._holder, spacing=look.px(8))
        self.body.addWidget(self._holder)
        self.body.addWidget(self._code)
        self._error: Error | None = None
        self._shown: tuple[object, ...] = ()
        self.hide()

    def differs(self, error: Error, kept: str, fixes: Sequence[tuple[str, str]] | None) -> bool:
        """Whether it shows something else than this."""
        return self._shown != (error, kept, fixes)

    @property
    def error(self) -> Error | None:
        """The error that is shown."""
        return self._error

    def show_error(self, error: Error, *, kept: str = "", fixes: Sequence[tuple[str, str]] | None = None) -> None:
        """Show an error.

        Args:
            error: what happened.
            kept: what is safe, in a sentence.
            fixes: (code, text) in the order of their likelihood; the error's own when not given.
        """
        self._error = error
        self._shown = (error, kept, fixes)
        self._title.show_text(error.title)
        self._advice.show_text(error.advice)
        self._kept.show_text(kept)
        self._code.show_text(_("Error code: {code}").format(code=error.code))
        chosen = [(fix.code, fix.text) for fix in error.fixes] if fixes is None else list(fixes)
        if not chosen and error.retryable:
            chosen = [("try-again", _("Try again"))]
        self._show_fixes(chosen, error)
        self.setAccessibleName(error.title)
        self.setAccessibleDescription(error.advice)
        self.show()
        focus.announce(self, f"{error.title}. {error.advice}", urgent=True)

    def clear(self) -> None:
        """Hide the card: the cause is gone, or another try has begun."""
        self._error, self._shown = None, ()
        self.hide()

    @property
    def buttons_shown(self) -> bool:
        """Whether the card offers something to do about the error."""
        return self._error is not None and any(button.kind != "link" for button in self.buttons())

    def buttons(self) -> list[Button]:
        """Return the buttons, in order."""
        found = (self._buttons.itemAt(index) for index in range(self._buttons.count()))
        return [button for item in found if item is not None and isinstance(button := item.widget(), Button)]

    def _show_fixes(self, fixes: Sequence[tuple[str, str]], error: Error) -> None:
        empty(self._buttons)
        for index, (code, text) in enumerate(fixes):
            button = Button(("primary", "outline")[index] if index < 2 else "link", text)
            button.clicked.connect(partial(self._choose, code))
            self._buttons.addWidget(button)
        copy = Button("link", _("Copy details"), icon="copy")
        copy.clicked.connect(self.details_wanted)
        self._buttons.addWidget(copy)
        if error.id == "internal":
            support = Button("link", _("Save a support file..."), icon="report")
            support.clicked.connect(self.support_wanted)
            self._buttons.addWidget(support)
        self._holder.updateGeometry()

    def _choose(self, code: str, _checked: bool = False) -> None:
        self.fix_chosen.emit(code)
