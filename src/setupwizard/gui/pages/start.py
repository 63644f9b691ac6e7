"""Page 1: what will happen, the choice of the way, and what was found already."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout

from setupwizard.gui import theme
from setupwizard.gui.pages.base import Footer, Page
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Chip, IconTile, Label, show_if
from setupwizard.gui.widgets.choices import ChoiceCard
from setupwizard.gui.widgets.panels import Banner, Disclosure
from setupwizard.gui.widgets.pool import Pool
from setupwizard.gui.widgets.rows import Fact, FactGrid
from setupwizard.gui.wording import card_name, step_doing
from setupwizard.i18n import _, ngettext
from setupwizard.model.format import format_bytes, format_estimate, format_part

if TYPE_CHECKING:
    from setupwizard.gui.widgets.environments import EnvironmentCard

_LINE_BYTES_PER_S = 50_000_000 / 8
"""A common home line, to say how long a download takes before any server was asked."""
_UNPACK_BYTES_PER_S = 40_000_000


class StartPage(Page):
    """The first page, and a working one: the computer is looked at while it is read.

    Signals:
        custom_wanted(bool): the person wants to see every choice, or none.
        hosts_wanted(): the person wants to know who is asked, and when.
        resume_wanted(), start_over_wanted(): the answer to a setup that stopped.
        act_wanted(str, str): the person wants something done with an environment: a word of `Act`, and its folder.
        stop_wanted(): the person wants to stop what is being done with one.
    """

    name = "start"
    custom_wanted = Signal(bool)
    hosts_wanted = Signal()
    resume_wanted = Signal()
    start_over_wanted = Signal()
    act_wanted = Signal(str, str)
    stop_wanted = Signal()

    def __init__(self) -> None:
        """Lay out the page."""
        super().__init__()
        look = theme.current()
        self.banner = Banner()
        self.banner.accepted.connect(self.resume_wanted)
        self.banner.declined.connect(self.start_over_wanted)
        self.banner.hide()
        self.recommended, self.custom = ChoiceCard(), ChoiceCard()
        self._ways = QButtonGroup(self)
        ways = QHBoxLayout()
        ways.setSpacing(look.px(12))
        for card in (self.recommended, self.custom):
            self._ways.addButton(card)
            ways.addWidget(card, 1)
        self._ways.buttonClicked.connect(self._on_way)
        self._promises = Card()
        self._facts = FactGrid(value_first=True)
        self._promises.body.addWidget(self._facts)
        own = QVBoxLayout()
        own.setSpacing(look.px(12))
        self.cards = Pool(own, self._environment_card)
        self._another = Label("h2")
        self.others_fold = Disclosure()
        self.other_cards = Pool(self.others_fold.inside, self._environment_card)
        self.content.addWidget(self.error_card)
        self.content.addWidget(self.banner)
        self.content.addLayout(own)
        self.content.addWidget(self._another)
        self.content.addLayout(ways)
        self.content.addWidget(self._promises)
        self.content.addWidget(self._found_card())
        self.content.addWidget(self.others_fold)
        self.content.addLayout(self._privacy_line())
        self.content.addStretch(1)

    def show_state(self, state: State) -> None:
        """Show the choice of the way, what was found, and what an install takes."""
        again = self._is_second_visit(state)
        if again:
            self.set_heading(
                _("Your PyTorch environments"),
                _("Use, check or update what is here, or install another one beside it."),
            )
        else:
            self.set_heading(
                _("Get PyTorch running on your graphics card"),
                _(
                    "We check your PC, pick the build that fits, install it and prove that it works. "
                    "Nothing changes on your PC until you press Install."
                ),
            )
        self.recommended.show_choice(
            _("Recommended"),
            _(
                "We choose the version, the folder and the download server for you. "
                "You can change every choice before installing."
            ),
        )
        self.custom.show_choice(
            _("Custom"),
            _("You choose the PyTorch and CUDA version, pip or conda, the folder and the download server."),
        )
        self.show_problem(state.errors.get("start"))
        (self.custom if state.custom else self.recommended).setChecked(True)
        self.hosts.setText(_("Which hosts are contacted, and when"))
        self._privacy.show_text(_("Detection runs on this PC only. Nothing is sent anywhere."))
        self._show_banner(state)
        self._show_environments(state)
        self._another.show_text(_("Install another one") if again else "")
        show_if(self._promises, not again)
        self._show_found(state)
        self._facts.show_facts(_promises(state))

    def footer(self) -> Footer:
        """Return the buttons: another filled one is on the page while a stopped setup is offered."""
        if self._state is not None and self._is_second_visit(self._state):
            return Footer(primary=_("Install another"), filled=False, cancel=_("Close"))
        return Footer(primary=_("Check my computer"), filled=self.banner.isHidden(), cancel=_("Cancel"))

    @staticmethod
    def _is_second_visit(state: State) -> bool:
        return any(one.own for one in state.environments)

    def _environment_card(self) -> EnvironmentCard:
        from setupwizard.gui.widgets.environments import EnvironmentCard  # which are there is told after the window is

        card = EnvironmentCard()
        card.wanted.connect(partial(self._on_act, card))
        card.stop_wanted.connect(self.stop_wanted)
        return card

    def _show_environments(self, state: State) -> None:
        """Show our environments, and folded away those of other programs."""
        own = [one for one in state.environments if one.own]
        others = [one for one in state.environments if not one.own]
        plain = state.unfinished is None and self.error is None
        for pool, rows in ((self.cards, own), (self.other_cards, others)):
            for index, (card, one) in enumerate(zip(pool.take(len(rows)), rows, strict=True)):
                tending = state.tending if state.tending is not None and state.tending.root == one.root else None
                card.show_environment(one, tending, first=plain and one.own and index == 0)
                card.setProperty("root", one.root)
        title = ngettext("{count} other PyTorch on this PC", "{count} other PyTorch on this PC", len(others))
        self.others_fold.show_title(title.format(count=len(others)))
        show_if(self.others_fold, bool(others))

    def _on_act(self, card: EnvironmentCard, act: str) -> None:
        self.act_wanted.emit(act, str(card.property("root")))

    def _found_card(self) -> Card:
        look = theme.current()
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(look.px(12))
        self._found_icon = IconTile("card", 24, ink="text2", tile=40)
        self._found_caption = Label("caption")
        self._found_name = Label("strong")
        self._found_chip = Chip()
        words = QVBoxLayout()
        words.setSpacing(look.px(2))
        words.addWidget(self._found_caption)
        words.addWidget(self._found_name)
        row.addWidget(self._found_icon)
        row.addLayout(words, 1)
        row.addWidget(self._found_chip, 0, Qt.AlignmentFlag.AlignVCenter)
        card.body.addLayout(row)
        return card

    def _privacy_line(self) -> QHBoxLayout:
        look = theme.current()
        row = QHBoxLayout()
        row.setSpacing(look.px(8))
        self._privacy = Label("caption")
        row.addWidget(IconTile("shield", 16, ink="text3"))
        row.addWidget(self._privacy, 1)
        self.hosts = Button("link")
        self.hosts.clicked.connect(self.hosts_wanted)
        row.addWidget(self.hosts)
        return row

    def _show_banner(self, state: State) -> None:
        left = state.unfinished
        show_if(self.banner, left is not None)
        if left is None:
            return
        step = step_doing(left.step)
        title = _("Your last setup stopped: {step}").format(step=step)
        kept = _("{size} is already on this PC and will be reused.").format(size=format_bytes(left.kept_bytes))
        if left.total_bytes and left.kept_bytes < left.total_bytes:
            percent = min(99, 100 * left.kept_bytes // left.total_bytes)
            title = _("Your last setup stopped: {step} ({percent} %)").format(step=step, percent=percent)
            part = format_part(left.kept_bytes, left.total_bytes)
            kept = _("{part} is already on this PC and will be reused.").format(part=part)
        self.banner.show_notice(
            "info", title, kept if left.kept_bytes else "", first=_("Continue setup"), second=_("Start over")
        )

    def _show_found(self, state: State) -> None:
        self._found_caption.show_text(_("Found on this PC"))
        machine, decision = state.machine, state.decision
        if machine is None:
            looking = state.looking
            self._found_icon.show_icon("card", "text2")
            self._found_name.show_text(_("Looking for your graphics card...") if looking else _("Not looked at yet"))
            self._found_chip.show_chip("info", _("Checking") if looking else "")
            return
        names = [card_name(gpu) for gpu in machine.gpus]
        if decision is not None and decision.gpus:
            names = [names[index] for index in decision.gpus if index < len(names)]
        if not names:
            self._found_name.show_text(_("No graphics card"))
            self._found_chip.show_chip("neutral", _("CPU version"))
            return
        rest = len(names) - 1
        more = ngettext("{name} and {count} more", "{name} and {count} more", rest)
        self._found_name.show_text(more.format(name=names[0], count=rest) if rest else names[0])
        ready = decision is not None and decision.verdict == "gpu"
        self._found_icon.show_icon("card", "ok" if ready else "text2")
        if ready:
            self._found_chip.show_chip("ok", _("Ready for PyTorch"))
        elif decision is not None and decision.verdict in {"fix-driver", "fix-hardware"}:
            self._found_chip.show_chip("warn", _("Needs attention"))
        else:
            self._found_chip.show_chip("neutral", _("CPU version") if decision is not None else "")

    def _on_way(self, card: ChoiceCard) -> None:
        self.custom_wanted.emit(card is self.custom)


def _promises(state: State) -> list[Fact]:
    """Return what an install takes, as far as it is known; what is not known is not promised."""
    no_rights = Fact(_("all in one folder"), _("No admin rights"), "shield")
    if state.estimate is None:
        return [
            Fact(_("shown before anything starts"), _("Size and time"), "download"),
            Fact(_("goes on where it stopped"), _("Safe to interrupt"), "clock"),
            no_rights,
        ]
    estimate = state.estimate
    room = estimate.download_bytes + estimate.stored_bytes
    seconds = estimate.download_bytes / _LINE_BYTES_PER_S + estimate.stored_bytes / _UNPACK_BYTES_PER_S
    return [
        Fact(_("to download"), format_bytes(estimate.download_bytes), "download"),
        Fact(_("of free space"), _("about {size}").format(size=format_bytes(room)), "disk"),
        Fact(_("on a 50 Mbit/s line"), _("about {time}").format(time=format_estimate(seconds)), "clock"),
        no_rights,
    ]
