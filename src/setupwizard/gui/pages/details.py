"""The details of page 3: every choice as a row of values; what does not run here is greyed out with the reason."""

from __future__ import annotations

from pathlib import PurePath

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.backend import Choices
from setupwizard.gui.command import command
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Label
from setupwizard.gui.widgets.panels import CommandBox
from setupwizard.gui.widgets.pills import PillRow, Value
from setupwizard.gui.wording import companions_of, installer_name, locked_sentence, torch_name
from setupwizard.i18n import _
from setupwizard.model.format import listed
from setupwizard.model.naming import variant_name
from setupwizard.model.recommendation import Build, Cell

AUTOMATIC = ""
"""The value of a row that leaves the choice to the program."""
OTHER_FOLDER = "?"
"""The value that asks for a folder of wheels; no server has this id, and no folder this path."""
CONDA_FORGE = "conda-forge"
"""The source that conda alone can take PyTorch itself from."""
COMPANIONS, ALONE = "companions", "alone"


class Details(Card):
    """A grid of choices. What the person takes is sent as new choices; the page shows what became of it.

    Signals:
        choices_wanted(object): the new Choices: something else was chosen.
        folder_wanted(): the person wants to pick the folder.
        wheels_wanted(): the person wants to pick a folder that holds the packages.
        copy_wanted(str): the command, for the clipboard.
    """

    choices_wanted = Signal(object)
    folder_wanted = Signal()
    wheels_wanted = Signal()
    copy_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out the grid."""
        super().__init__()
        look = theme.current()
        self._choices: Choices | None = None
        self._state: State | None = None
        grid = QGridLayout()
        grid.setHorizontalSpacing(look.px(16))
        grid.setVerticalSpacing(look.px(4))
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.torch, self.platform = PillRow(), PillRow()
        self.companions, self.installer = PillRow(), PillRow()
        self.python, self.source = PillRow(), PillRow(shown=7)
        self.folder = QLineEdit()
        focus.watch(self.folder)
        self.folder.editingFinished.connect(self._on_folder)
        self.browse = Button()
        self.browse.setMinimumWidth(look.px(88))
        self.browse.clicked.connect(self.folder_wanted)
        self.command = CommandBox()
        self.command.copy_wanted.connect(self.copy_wanted)
        self._names = [Label("body", wrap=False) for _row in range(8)]
        self._choice_rows = (
            self.torch,
            self.platform,
            self.companions,
            self.installer,
            self.python,
            self.source,
        )
        rows = (*self._choice_rows, self._folder_row(), self.command)
        for index, (name, row) in enumerate(zip(self._names, rows, strict=True)):
            name.setMinimumHeight(look.px(28))
            grid.addWidget(name, index, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(row, index, 1)
        self.torch.chosen.connect(self._on_torch)
        self.platform.chosen.connect(self._on_platform)
        self.companions.chosen.connect(self._on_companions)
        self.installer.chosen.connect(self._on_installer)
        self.python.chosen.connect(self._on_python)
        self.source.chosen.connect(self._on_source)

    def show_state(self, state: State) -> None:
        """Show what can be chosen and what is chosen."""
        self._choices, self._state = state.choices, state
        names = (
            _("PyTorch"),
            _("Compute platform"),
            _("Also install"),
            _("Installer"),
            _("Python"),
            _("Download server"),
            _("Folder"),
            _("Command"),
        )
        for label, name in zip(self._names, names, strict=True):
            label.show_text(name)
        for row, name in zip(self._choice_rows, names, strict=False):
            row.set_name(name)
        more = _("More")
        self._show_builds(state, more)
        self._show_companions(state, more)
        self._show_options(state, more)
        if not self.folder.hasFocus():
            self.folder.setText(state.choices.root)
        self.folder.setAccessibleName(names[6])
        self.browse.setText(_("Browse..."))
        plan = state.plan
        shown = command(plan) if plan is not None and not state.planning else ""
        self._names[7].show_text(names[7] if shown else "")
        self.command.setVisible(bool(shown))
        self.command.show_command(shown, _("Command"))

    def _folder_row(self) -> QWidget:
        row = QWidget()
        folder = QHBoxLayout(row)
        folder.setContentsMargins(0, 0, 0, 0)
        folder.setSpacing(theme.current().px(8))
        folder.addWidget(self.folder, 1)
        folder.addWidget(self.browse)
        return row

    def _show_builds(self, state: State, more: str) -> None:
        """Show every release, and of the present one every platform; what runs on no card of this PC says why."""
        build = state.build
        rows = _by_release(state.cells, build)
        present = build.torch if build is not None else next(iter(rows), None)
        self.torch.show_values(
            [Value(torch, torch_name(torch), _reason(cells)) for torch, cells in rows.items()], present, more
        )
        platform = build.platform if build is not None else None
        self.platform.show_values(
            [
                Value(variant, variant_name(variant, platform), why)
                for variant, why in rows.get(present or "", {}).items()
            ],
            build.variant if build is not None else None,
            more,
        )

    def _show_companions(self, state: State, more: str) -> None:
        """Offer what goes with the build, where somebody knows what that is: the plan, else the decision."""
        known = state.build if state.choices.companions else state.decision.build if state.decision else None
        named = companions_of(known) if known is not None else []
        values = [Value(COMPANIONS, listed(named)), Value(ALONE, _("Nothing else"))]
        self.companions.show_values(values if named else [], COMPANIONS if state.choices.companions else ALONE, more)
        for part in (self._names[2], self.companions):
            part.setVisible(bool(named))

    def _show_options(self, state: State, more: str) -> None:
        options = state.options
        choices = state.choices
        installers = options.installers if options is not None else ()
        self.installer.show_values([Value(one, installer_name(one)) for one in installers], choices.installer, more)
        for part in (self._names[3], self.installer):
            part.setVisible(len(installers) > 1)
        pythons = [Value(AUTOMATIC, _("Automatic"))] + [Value(one, one) for one in (options.pythons if options else ())]
        self.python.show_values(pythons, choices.python or AUTOMATIC, more)
        sources = [Value(AUTOMATIC, _("Automatic"))]
        sources += [Value(one.value, one.text) for one in (options.sources if options else ())]
        if choices.installer == "conda":
            sources.append(Value(CONDA_FORGE, CONDA_FORGE))
        if choices.source is not None and choices.source not in {one.value for one in sources}:
            sources.append(Value(choices.source, PurePath(choices.source).name or choices.source))
        sources.append(Value(OTHER_FOLDER, _("A folder...")))
        locked = "source" in state.preferences.locked
        reason = locked_sentence(state.preferences) if locked else ""
        present = choices.source or AUTOMATIC
        self.source.show_values(
            [one if one.value == present else Value(one.value, one.text, reason) for one in sources], present, more
        )

    def _choose(self, choices: Choices) -> None:
        if choices != self._choices:
            self.choices_wanted.emit(choices)

    def _on_torch(self, torch: str) -> None:
        """Take another release: with the platform of before where it runs there, else with its best one."""
        if self._choices is None or self._state is None:
            return
        rows = _by_release(self._state.cells, self._state.build)
        running = [variant for variant, why in rows.get(torch, {}).items() if not why]
        here = self.platform.value()
        if running:
            variant = here if here in running else running[0]
            self._choose(replace(self._choices, torch=torch, variant=variant))

    def _on_platform(self, variant: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, torch=self.torch.value(), variant=variant))

    def _on_companions(self, value: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, companions=value == COMPANIONS))

    def _on_installer(self, installer: str) -> None:
        if self._choices is not None:
            conda_alone = self._choices.source == CONDA_FORGE and installer != "conda"
            source = None if conda_alone else self._choices.source
            self._choose(replace(self._choices, installer=installer, source=source))

    def _on_python(self, python: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, python=python or None))

    def _on_source(self, source: str) -> None:
        if source == OTHER_FOLDER:
            self.wheels_wanted.emit()
            if self._state is not None:
                self._show_options(self._state, _("More"))  # what is chosen stays so until a folder is picked
        else:
            self.take_source(source)

    def take_source(self, source: str) -> None:
        """Take a server by its id, or a folder of packages; empty leaves it to the program."""
        if self._choices is not None:
            self._choose(replace(self._choices, source=source or None))

    def take_folder(self, folder: str) -> None:
        """Take a folder that was picked elsewhere."""
        if self._choices is not None and folder:
            self._choose(replace(self._choices, root=folder))

    def _on_folder(self) -> None:
        self.take_folder(self.folder.text().strip())


def _by_release(cells: tuple[Cell, ...], build: Build | None) -> dict[str, dict[str, str]]:
    """Return each release with its variants, and for each of them why it does not run here; empty where it does.

    The chosen build is among them even where a server lists it and the grid does not know it yet.
    """
    rows: dict[str, dict[str, str]] = {}
    if build is not None and all((cell.torch, cell.variant) != (build.torch, build.variant) for cell in cells):
        rows[build.torch] = {build.variant: ""}
    for cell in cells:
        rows.setdefault(cell.torch, {})[cell.variant] = cell.text if cell.build is None else ""
    return rows


def _reason(variants: dict[str, str]) -> str:
    """Return why a whole release cannot be chosen: what keeps its preferred variant; empty where one of them runs."""
    reasons = list(variants.values())
    return reasons[0] if reasons and all(reasons) else ""
