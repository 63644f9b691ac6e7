"""The list of environments on the first page: one card each, with how it stands and what can be done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from setupwizard.gui import theme
from setupwizard.gui.questions import environment_name
from setupwizard.gui.state import Act, Tending
from setupwizard.gui.widgets.basic import Button, Card, Chip, ElidedLabel, IconTile, Label
from setupwizard.gui.widgets.layouts import FlowLayout
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.widgets.rows import CheckRow
from setupwizard.i18n import N_, _
from setupwizard.model.format import format_bytes, listed

if TYPE_CHECKING:
    from setupwizard.model.environments import Environment, Standing

# standing -> tone of the chip, its word, and what is most likely wanted
_STANDINGS: dict[Standing, tuple[str, str, Act]] = {
    "checked": ("ok", N_("Works"), "use"),
    "warned": ("warn", N_("Works, with a remark"), "use"),
    "unchecked": ("neutral", N_("Not checked"), "check"),
    "update": ("info", N_("Update there"), "update"),
    "driver": ("warn", N_("Driver changed"), "check"),
    "broken": ("err", N_("Needs repair"), "repair"),
}
ACT_WORDS: dict[Act, str] = {
    "use": N_("Use it"),
    "check": N_("Check again"),
    "update": N_("Update"),
    "repair": N_("Repair"),
    "go-back": N_("Go back..."),
    "tidy": N_("Free {size}..."),
    "remove": N_("Remove..."),
}
_DOING: dict[Act, str] = {
    "use": N_("Reading its record"),
    "check": N_("Reading its record"),
    "update": N_("Reading its record"),
    "repair": N_("Finding the cause and working on the cure"),
    "go-back": N_("Putting the one before in use"),
    "tidy": N_("Tidying up"),
    "remove": N_("Removing it"),
}


class EnvironmentCard(Card):
    """One environment.

    Signals:
        wanted(str): the person wants something done with it: a word of `Act`.
        stop_wanted(): the person wants to stop what is being done.
    """

    wanted = Signal(str)
    stop_wanted = Signal()

    def __init__(self) -> None:
        """Make an empty card."""
        super().__init__(spacing=8)
        look = theme.current()
        head = QHBoxLayout()
        head.setSpacing(look.px(12))
        self._icon = IconTile("package", 22, ink="text2", tile=40)
        self._name = Label("strong")
        self._folder = ElidedLabel("caption")
        words = QVBoxLayout()
        words.setSpacing(look.px(1))
        words.addWidget(self._name)
        words.addWidget(self._folder)
        self._chip = Chip()
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        head.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(head)
        self._text = Label("body")
        self.body.addWidget(self._text)
        self._doing = CheckRow()
        self._doing.pressed.connect(self.stop_wanted)
        self.body.addWidget(self._doing)
        self._holder = QWidget()
        row = FlowLayout(self._holder, spacing=look.px(6))
        self._first = Button("outline")
        row.addWidget(self._first)
        self._rest = Pool(row, lambda: Button("link"))
        self.body.addWidget(self._holder)

    def show_environment(self, there: Environment, tending: Tending | None, *, first: bool) -> None:
        """Show an environment; the likeliest act of the `first` one is the filled button of the page."""
        tone, word, likeliest = _STANDINGS[there.standing]
        name = environment_name(there)
        self._icon.show_icon("package", {"ok": "ok", "err": "err", "warn": "warn"}.get(tone, "text2"))
        self._name.show_text(listed((name, f"Python {there.python}" if there.python else "")))
        self._folder.show_text(listed((there.root, format_bytes(there.bytes) if there.bytes else "")))
        self._chip.show_chip(tone, _(word))
        self._text.show_text(there.text)
        self._show_tending(tending)
        running = tending is not None and tending.running
        acts = acts_for(there)
        acts.sort(key=lambda act: act != likeliest)
        self._first.set_kind("primary" if first else "outline")
        self._rest.take(len(acts) - 1)
        for button, act in zip(self._buttons(), acts, strict=True):
            button.setText(_(ACT_WORDS[act]).format(size=format_bytes(there.free_bytes)))
            button.setAccessibleName(listed((button.text(), name)))
            button.setEnabled(not running)
            button.setProperty("act", act)
            self._connect(button)
        self._holder.updateGeometry()
        self.setAccessibleName(listed((name, _(word), there.text)))

    def button(self, act: Act) -> Button | None:
        """Return the button for an act, None when it is not offered."""
        return next((one for one in self._buttons() if one.property("act") == act), None)

    def _buttons(self) -> list[Button]:
        return [self._first, *self._rest.used()]

    def _show_tending(self, tending: Tending | None) -> None:
        self._doing.setVisible(tending is not None)
        if tending is None:
            return
        if tending.running:
            stop = _("Stop") if tending.act == "repair" else ""
            self._doing.show_state("checking", _(_DOING[tending.act]), action=stop)
        else:
            self._doing.show_state("ok" if tending.good else "warn", tending.told)

    def _connect(self, button: Button) -> None:
        if not button.property("joined"):
            button.setProperty("joined", True)
            button.clicked.connect(partial(self._on_pressed, button))

    def _on_pressed(self, button: Button, _checked: bool = False) -> None:
        self.wanted.emit(str(button.property("act")))


def acts_for(there: Environment) -> list[Act]:
    """Return what can be done with an environment; with another program's only what leaves it in its hands."""
    if not there.own:
        return ["check", "repair"]
    acts: list[Act] = ["check", "update", "repair"]
    if there.standing != "broken":
        acts.insert(0, "use")
    if there.back_to is not None:
        acts.append("go-back")
    if there.free_bytes >= _WORTH_FREEING:
        acts.append("tidy")
    return [*acts, "remove"]


_WORTH_FREEING = 1_000_000
