"""Below the last page: how editors and notebooks find the environment, and five short programs to try it with."""

from __future__ import annotations

from PySide6.QtCore import Signal

from setupwizard.gui.backend import Usage
from setupwizard.gui.widgets.basic import Card, Label
from setupwizard.gui.widgets.panels import CommandBox, Disclosure
from setupwizard.gui.widgets.pills import PillRow, Value
from setupwizard.i18n import _
from setupwizard.model.recommendation import Build
from setupwizard.model.snippets import Snippet, device_word, snippets


class EditorsFold(Disclosure):
    """What to press in VS Code, in PyCharm and for Jupyter.

    Signals:
        copy_wanted(str): a path or a command for the clipboard.
    """

    copy_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out the three."""
        super().__init__()
        card = Card(spacing=4)
        self._titles = [Label("strong") for _row in range(3)]
        self._texts = [Label("body") for _row in range(3)]
        self.boxes = [CommandBox() for _row in range(3)]
        for title, text, box in zip(self._titles, self._texts, self.boxes, strict=True):
            box.copy_wanted.connect(self.copy_wanted)
            for part in (title, text, box):
                card.body.addWidget(part)
        self.inside.addWidget(card)

    def show_usage(self, usage: Usage) -> None:
        """Show how this environment is found."""
        self.show_title(_("Use it in VS Code, PyCharm or Jupyter"))
        rows = (
            (
                "VS Code",
                _('Press Ctrl+Shift+P, choose "Python: Select Interpreter", then enter this path:'),
                usage.python,
            ),
            (
                "PyCharm",
                _("In Settings, Python Interpreter, add a local interpreter that exists, with this path:"),
                usage.python,
            ),
            ("Jupyter", _("In a terminal in which it is on, once:"), "python -m pip install jupyterlab"),
        )
        for (name, how, value), title, text, box in zip(rows, self._titles, self._texts, self.boxes, strict=True):
            title.show_text(name)
            text.show_text(how)
            box.show_command(value, name)


class TryFold(Disclosure):
    """Five short programs for the device that was proved.

    Signals:
        copy_wanted(str): a program for the clipboard.
    """

    copy_wanted = Signal(str)

    def __init__(self) -> None:
        """Lay out the choice and the program."""
        super().__init__()
        card = Card(spacing=6)
        self.choice = PillRow()
        self.choice.chosen.connect(self._show)
        self._about = Label("body")
        self.box = CommandBox()
        self.box.copy_wanted.connect(self.copy_wanted)
        for part in (self.choice, self._about, self.box):
            card.body.addWidget(part)
        self.inside.addWidget(card)
        self._programs: dict[str, Snippet] = {}

    def show_build(self, build: Build) -> None:
        """Show the programs for the device of a build."""
        self.show_title(_("Try it: five short programs"))
        self._programs = {one.id: one for one in snippets(device_word(build.variant, build.platform))}
        here = self.choice.value() or next(iter(self._programs))
        self.choice.set_name(_("Try it: five short programs"))
        self.choice.show_values([Value(one.id, one.title) for one in self._programs.values()], here, _("More"))
        self._show(here)

    def _show(self, name: str) -> None:
        program = self._programs[name]
        self._about.show_text(program.about)
        self.box.show_command(program.code.strip(), program.title)
