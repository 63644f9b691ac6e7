"""Which cards PyTorch is to use, where no single build runs on all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QVBoxLayout

from setupwizard.gui import theme
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Card, Label
from setupwizard.gui.widgets.choices import ChoiceCard
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.wording import build_title, card_name
from setupwizard.i18n import _
from setupwizard.model.format import listed
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Part


class CardChoice(Card):
    """One way for each group of cards that one build serves.

    Signals:
        chosen(object): the indexes of the cards that the person wants served.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        """Lay out an empty choice."""
        super().__init__(spacing=8)
        self._title, self._text = Label("h2"), Label("body")
        self.body.addWidget(self._title)
        self.body.addWidget(self._text)
        column = QVBoxLayout()
        column.setSpacing(theme.current().px(8))
        self.body.addLayout(column)
        self._pool = Pool(column, ChoiceCard)
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._on_clicked)
        self._parts: tuple[Part, ...] = ()

    def show_state(self, state: State, machine: Machine) -> None:
        """Show the groups; the one that will be served is chosen."""
        self._title.show_text(_("Which cards should PyTorch use?"))
        self._text.show_text(
            _("No single build runs on all of them. One environment serves one group; you can make another later.")
        )
        self._parts = state.groups
        served = state.decision.gpus if state.decision is not None else ()
        for button, part in zip(self.ways(), state.groups, strict=True):
            if button not in self._group.buttons():
                self._group.addButton(button)
            button.show_choice(_names(part.gpus, machine), build_title(part.build))
            button.setChecked(part.gpus == served)
        self.setAccessibleName(self._title.plain)

    def ways(self) -> list[ChoiceCard]:
        """Return the ways, in order."""
        return self._pool.take(len(self._parts))

    def _on_clicked(self, button: QAbstractButton) -> None:
        index = next(index for index, way in enumerate(self.ways()) if way is button)
        self.chosen.emit(self._parts[index].gpus)


def _names(gpus: Sequence[int], machine: Machine) -> str:
    return listed(card_name(machine.gpus[index]) for index in gpus if index < len(machine.gpus))
