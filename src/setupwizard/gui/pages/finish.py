"""Page 6: where it is, how it is turned on, and what there is to keep."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.pages.base import Footer, Page
from setupwizard.gui.pages.using import EditorsFold, TryFold
from setupwizard.gui.state import State, environment_at
from setupwizard.gui.widgets.basic import Button, Card, IconTile, Label, show_if
from setupwizard.gui.widgets.layouts import FlowLayout
from setupwizard.gui.widgets.panels import CommandBox
from setupwizard.gui.widgets.rows import CheckRow, Fact, FactGrid
from setupwizard.gui.wording import build_summary
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes, listed


class FinishPage(Page):
    """The end, which is the beginning of the use.

    Signals:
        terminal_wanted(), folder_wanted(), report_wanted(), plan_wanted(), removal_wanted(): what the buttons ask for.
        free_wanted(): the downloads are to be removed.
    """

    name = "finish"
    terminal_wanted = Signal()
    folder_wanted = Signal()
    report_wanted = Signal()
    plan_wanted = Signal()
    removal_wanted = Signal()
    free_wanted = Signal()

    def __init__(self) -> None:
        """Lay out the page."""
        super().__init__()
        look = theme.current()
        use = Card(spacing=10)
        self._use_title = Label("h2")
        self.terminal = Button("primary", icon="terminal")
        self.folder = Button(icon="folder")
        self.report = Button(icon="report")
        self.terminal.clicked.connect(self.terminal_wanted)
        self.folder.clicked.connect(self.folder_wanted)
        self.report.clicked.connect(self.report_wanted)
        holder = QWidget()
        buttons = FlowLayout(holder, spacing=look.px(8))
        self.plan = Button("link", icon="package")
        self.plan.clicked.connect(self.plan_wanted)
        for button in (self.terminal, self.folder, self.report, self.plan):
            buttons.addWidget(button)
        self.saved = CheckRow()
        self._facts = FactGrid()
        use.body.addWidget(self._use_title)
        use.body.addWidget(holder)
        use.body.addWidget(self.saved)
        how = Card(spacing=6)
        self._titles = [Label("strong") for _row in range(2)]
        self.commands = [CommandBox() for _row in range(2)]
        for title, box in zip(self._titles, self.commands, strict=True):
            box.copy_wanted.connect(self.copy_wanted)
            how.body.addWidget(title)
            how.body.addWidget(box)
        facts = Card()
        facts.body.addWidget(self._facts)
        self.downloads = CheckRow()
        self.downloads.pressed.connect(self.free_wanted)
        facts.body.addWidget(self.downloads)
        self.content.addWidget(self.error_card)
        self.content.addWidget(use)
        self.content.addWidget(facts)
        self.content.addWidget(how)
        self.content.addLayout(self._folds())
        self.content.addLayout(self._removal_line())
        self.content.addStretch(1)
        self._how = how

    def _folds(self) -> QVBoxLayout:
        self.editors, self.programs = EditorsFold(), TryFold()
        folds = QVBoxLayout()
        folds.setSpacing(theme.current().px(2))
        for fold in (self.programs, self.editors):
            fold.copy_wanted.connect(self.copy_wanted)
            folds.addWidget(fold)
        return folds

    def _removal_line(self) -> QHBoxLayout:
        look = theme.current()
        self._remove = Label("caption")
        hint = QHBoxLayout()
        hint.setSpacing(look.px(8))
        hint.addWidget(IconTile("info", 16, ink="text3"))
        hint.addWidget(self._remove, 1)
        self.remove = Button("link")
        self.remove.clicked.connect(self.removal_wanted)
        hint.addWidget(self.remove)
        return hint

    def show_state(self, state: State) -> None:
        """Show how the environment is used."""
        outcome = state.outcome
        root = (outcome.root if outcome is not None else None) or state.choices.root
        self.show_problem(state.errors.get("finish"))
        already = outcome is not None and outcome.status == "already-done"
        sentence = (
            _("It was there already, in {folder}. Nothing was changed.")
            if already
            else _("It is installed in {folder}. Your other Python programs were not touched.")
        )
        if outcome is not None and outcome.reboot:
            sentence = _("It is installed in {folder}. Restart the computer before you use it.")
        self.set_heading(_("PyTorch is ready"), sentence.format(folder=root))
        self._use_title.show_text(_("Use it now"))
        self.terminal.setText(_("Open a terminal with PyTorch"))
        self.terminal.set_kind("outline" if self.error is not None else "primary")
        self.folder.setText(_("Open folder"))
        self.report.setText(_("Save report..."))
        self.plan.setText(_("Save plan for other machines..."))
        show_if(self.plan, state.plan is not None)
        show_if(self.saved, bool(state.saved))
        self.saved.show_state("ok", _("Saved: {file}").format(file=state.saved))
        self._remove.show_text(_("Everything lies in {folder}.").format(folder=root))
        self.remove.setText(_("Remove..."))
        show_if(self.remove, environment_at(state, root) is not None)
        self._facts.show_facts(_facts(state))
        self._show_downloads(state)
        usage = state.usage
        for part in (self._how, self.editors, self.programs):
            show_if(part, usage is not None)
        if usage is None:
            return
        names = (
            _("Turn it on in any terminal"),
            _("Check it yourself"),
        )
        values = (usage.activate, usage.check)
        self.editors.show_usage(usage)
        if state.plan is not None:
            self.programs.show_build(state.plan.build)
        for title, box, name, value in zip(self._titles, self.commands, names, values, strict=True):
            title.show_text(name)
            box.show_command(value, name)

    def _show_downloads(self, state: State) -> None:
        """Offer the room that downloads take, once it is known that they are there."""
        show_if(self.downloads, bool(state.freeable or state.freed))
        if state.freeable:
            size = format_bytes(state.freeable)
            kept = _("They stay so that a repair needs no network.")
            self.downloads.show_state("info", _("Downloads"), kept, action=_("Free {size}").format(size=size))
        elif state.freed:
            self.downloads.show_state(
                "ok", _("Downloads"), _("Removed. {size} more is free.").format(size=format_bytes(state.freed))
            )

    def footer(self) -> Footer:
        """Return the one button: its work is done, so it is not the filled one."""
        there = self._state is not None and self._state.visiting
        return Footer(primary=_("Close"), filled=False, back=there)


def _facts(state: State) -> list[Fact]:
    build = state.plan.build if state.plan is not None else state.build
    if build is None:
        return []
    # Two facts and no more: a device is called by its whole name here as on every page, and that needs room.
    facts = [Fact(_("PyTorch"), listed((build_summary(build), f"Python {build.python}")))]
    proof = state.verification
    names = [device.name for device in proof.devices if device.name] if proof is not None else []
    if names:
        facts.append(Fact(_("Runs on"), listed(dict.fromkeys(names)), elide=True))
    return facts
