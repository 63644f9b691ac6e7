"""The details of page 3: every choice as a row of values, and the plan as a list of everything that will happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.backend import Choices
from setupwizard.gui.command import command, shell_line
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Inset, Label
from setupwizard.gui.widgets.choices import PillRow
from setupwizard.gui.widgets.panels import CommandBox
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.wording import installer_name, step_doing, variant_name
from setupwizard.i18n import _
from setupwizard.model.format import format_bytes
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Build

if TYPE_CHECKING:
    from packaging.version import Version

AUTOMATIC = ""
"""The value of a row that leaves the choice to the program."""
COMPANIONS, ALONE = "companions", "alone"


class Details(Card):
    """A grid of choices. What the person takes is sent as new choices; the page shows what became of it.

    Signals:
        choices_wanted(object): the new Choices: something else was chosen.
        folder_wanted(): the person wants to pick the folder.
        copy_wanted(str): the command, for the clipboard.
    """

    choices_wanted = Signal(object)
    folder_wanted = Signal()
    copy_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out the grid."""
        super().__init__()
        look = theme.current()
        self._choices: Choices | None = None
        self._builds: list[Build] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(look.px(16))
        grid.setVerticalSpacing(look.px(4))
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.torch, self.platform = PillRow(), PillRow()
        self.companions, self.installer = PillRow(), PillRow()
        self.python, self.source = PillRow(), PillRow()
        self.folder = QLineEdit()
        focus.watch(self.folder)
        self.folder.editingFinished.connect(self._on_folder)
        self.browse = Button()
        self.browse.setMinimumWidth(look.px(88))
        self.browse.clicked.connect(self.folder_wanted)
        folder = QHBoxLayout()
        folder.setContentsMargins(0, 0, 0, 0)
        folder.setSpacing(look.px(8))
        folder.addWidget(self.folder, 1)
        folder.addWidget(self.browse)
        self.command = CommandBox()
        self.command.copy_wanted.connect(self.copy_wanted)
        self._names = [Label("body", wrap=False) for _row in range(8)]
        folder_row = QWidget()
        folder_row.setLayout(folder)
        self._choice_rows = (
            self.torch,
            self.platform,
            self.companions,
            self.installer,
            self.python,
            self.source,
        )
        rows = (*self._choice_rows, folder_row, self.command)
        for index, (name, row) in enumerate(zip(self._names, rows, strict=True)):
            grid.addWidget(name, index, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(row, index, 1)
        self.torch.chosen.connect(self._on_torch)
        self.platform.chosen.connect(self._on_platform)
        self.companions.chosen.connect(self._on_companions)
        self.installer.chosen.connect(self._on_installer)
        self.python.chosen.connect(self._on_python)
        self.source.chosen.connect(self._on_source)

    def show_state(self, state: State) -> None:
        """Show what can be chosen and what is chosen."""
        self._choices = state.choices
        self._builds = _builds(state)
        build = state.build
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
        torch = build.torch if build is not None else None
        versions = sorted({one.torch for one in self._builds}, key=_version, reverse=True)
        self.torch.show_values([(version, version) for version in versions], torch, more)
        variants = dict.fromkeys(one.variant for one in self._builds if one.torch == torch)
        platform = build.platform if build is not None else ""
        self.platform.show_values(
            [(variant, variant_name(variant, platform)) for variant in variants],
            build.variant if build is not None else None,
            more,
        )
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

    def _show_companions(self, state: State, more: str) -> None:
        """Offer what goes with the build, where somebody knows what that is: the plan, else the decision."""
        known = state.build if state.choices.companions else state.decision.build if state.decision else None
        vision = known.torchvision if known is not None else None
        values = [(COMPANIONS, f"torchvision {vision}"), (ALONE, _("Nothing else"))]
        self.companions.show_values(values if vision else [], COMPANIONS if state.choices.companions else ALONE, more)
        for part in (self._names[2], self.companions):
            part.setVisible(vision is not None)

    def _show_options(self, state: State, more: str) -> None:
        options = state.options
        choices = state.choices
        installers = options.installers if options is not None else ()
        self.installer.show_values([(one, installer_name(one)) for one in installers], choices.installer, more)
        for part in (self._names[3], self.installer):
            part.setVisible(len(installers) > 1)
        pythons = [(AUTOMATIC, _("Automatic"))] + [(one, one) for one in (options.pythons if options else ())]
        self.python.show_values(pythons, choices.python or AUTOMATIC, more)
        sources = [(AUTOMATIC, _("Automatic"))] + [
            (one.value, one.text) for one in (options.sources if options else ())
        ]
        self.source.show_values(sources, choices.source or AUTOMATIC, more)

    def _choose(self, choices: Choices) -> None:
        if choices != self._choices:
            self.choices_wanted.emit(choices)

    def _on_torch(self, torch: str) -> None:
        """Take another release: with the platform of before where it has that, else with its best one."""
        if self._choices is None:
            return
        here = self.platform.value()
        variants = [build.variant for build in self._builds if build.torch == torch]
        variant = here if here in variants else variants[0]
        self._choose(replace(self._choices, torch=torch, variant=variant))

    def _on_platform(self, variant: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, torch=self.torch.value(), variant=variant))

    def _on_companions(self, value: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, companions=value == COMPANIONS))

    def _on_installer(self, installer: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, installer=installer))

    def _on_python(self, python: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, python=python or None))

    def _on_source(self, source: str) -> None:
        if self._choices is not None:
            self._choose(replace(self._choices, source=source or None))

    def take_folder(self, folder: str) -> None:
        """Take a folder that was picked elsewhere."""
        if self._choices is not None and folder:
            self._choose(replace(self._choices, root=folder))

    def _on_folder(self) -> None:
        self.take_folder(self.folder.text().strip())


class PlanList(Inset):
    """Everything that an install will do: the steps with their programs, the packages, where they come from."""

    def __init__(self) -> None:
        """Lay out an empty list."""
        super().__init__()
        look = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(look.px(12), look.px(10), look.px(12), look.px(10))
        column.setSpacing(look.px(3))
        self._labels = Pool(column, lambda: Label("body"))

    def show_plan(self, plan: Plan) -> None:
        """Show another plan."""
        lines = _plan_lines(plan)
        for label, (role, text) in zip(self._labels.take(len(lines)), lines, strict=True):
            label.set_role(role)
            label.show_text(text)


def _plan_lines(plan: Plan) -> list[tuple[str, str]]:
    """Return everything that a plan says, each line with its role."""
    lines = [("strong", _("Steps"))]
    for number, step in enumerate(plan.steps, 1):
        lines.append(("body", f"{number}. {step.title or step_doing(step.id)}"))
        if step.argv:
            lines.append(("mono", shell_line(step.argv)))
    lines.append(("strong", _("Packages")))
    total = sum(package.size for package in plan.packages)
    rows = [f"{package.name} {package.version}  {format_bytes(package.size)}" for package in plan.packages]
    lines.append(("mono", "\n".join(rows)))
    lines.append(("caption", _("{size} in all").format(size=format_bytes(total))))
    if plan.source.settings:
        settings = [f"{row.name} = {row.value}  ({row.origin})" for row in plan.source.settings]
        lines += [("strong", _("Settings of this computer that take part")), ("mono", "\n".join(settings))]
    if plan.tried:
        texts = "\n".join(tried.text for tried in plan.tried)
        lines += [("strong", _("Download servers that were asked")), ("body", texts)]
    return lines


def _builds(state: State) -> list[Build]:
    """Return every build that can be chosen, best first, and the chosen one."""
    advice = state.advice
    builds = [] if advice is None else [build for build in (advice.build, *advice.alternatives) if build is not None]
    mine = state.build
    known = {(build.torch, build.variant) for build in builds}
    if mine is not None and (mine.torch, mine.variant) not in known:
        builds.append(mine)
    return builds


def _version(text: str) -> Version:
    from packaging.version import InvalidVersion, Version  # needed once there are builds; the window comes first

    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")
