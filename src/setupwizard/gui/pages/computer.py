"""Page 2: the cards, the driver, and everything else that decides."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from setupwizard.codes import Verdict
from setupwizard.gui import theme
from setupwizard.gui.pages.base import Footer, Page
from setupwizard.gui.pages.cardchoice import CardChoice
from setupwizard.gui.pages.driver import DriverCard
from setupwizard.gui.pages.toolkit import ToolkitFold
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Chip, IconTile, Label, show_if
from setupwizard.gui.widgets.layouts import HeadLayout, empty
from setupwizard.gui.widgets.panels import Banner
from setupwizard.gui.widgets.rows import CheckRows, Fact, FactGrid, RowState, RowText
from setupwizard.gui.wording import action_button, card_kind, card_name, system_line
from setupwizard.i18n import N_, _, ngettext
from setupwizard.model.driver_help import driver_help
from setupwizard.model.format import format_bytes, format_memory, listed, sentences
from setupwizard.model.machine import Disk, Gpu, Machine
from setupwizard.model.naming import vendor_name
from setupwizard.model.recommendation import Recommendation

# verdict -> title and sentence; for "gpu" the sentence counts the cards
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    "gpu": (N_("Your graphics card can run PyTorch"), ""),
    "cpu": (
        N_("This PC has no graphics card that PyTorch can use"),
        N_("You can still install the CPU version. It runs everywhere but is slower."),
    ),
    "fix-driver": (
        N_("Your graphics card needs a driver first"),
        N_("With the driver in place PyTorch can use the card. You can also go on with the CPU version for now."),
    ),
    "fix-hardware": (
        N_("Your graphics card cannot be reached"),
        N_("Check that it is plugged in and awake. You can also go on with the CPU version for now."),
    ),
    "change-python": (
        N_("This Python has no fitting PyTorch build"),
        N_("Leave the choice of Python to us, or take another version."),
    ),
    "other-route": (
        N_("Another publisher's builds serve this computer"),
        N_("The link below leads to them. You can also go on with the CPU version."),
    ),
    "split": (
        N_("No single build serves all of your cards"),
        N_("We go on with the build that serves the most of them."),
    ),
    "unsupported-os": (
        N_("PyTorch has no build for this system"),
        N_("Use a newer system, or another computer."),
    ),
}
_NAME_WIDTH = 160
_LEVELS: dict[str, RowState] = {"info": "info", "warn": "warn", "problem": "problem"}


class CardFacts(Struct, frozen=True, kw_only=True):
    """What is shown of one graphics card.

    Attributes:
        tone: of the chip.
        word: in the chip.
        sentence: below the name.
        large: whether it is shown with its facts.
    """

    name: str
    tone: str
    word: str
    sentence: str
    large: bool
    facts: tuple[Fact, ...] = ()


class GpuCard(Card):
    """One graphics card: large when PyTorch uses it, one line when not."""

    def __init__(self, shown: CardFacts) -> None:
        """Show a card."""
        super().__init__(spacing=12)
        look = theme.current()
        row = QHBoxLayout()
        row.setSpacing(look.px(12))
        if shown.large:
            row.addWidget(IconTile("card", 28, ink="ok" if shown.tone == "ok" else "text2", tile=48))
        else:
            row.addWidget(IconTile("chip", 22, ink="text2"))
        words = QVBoxLayout()
        words.setSpacing(look.px(2))
        words.addWidget(Label("h2" if shown.large else "strong", shown.name))
        words.addWidget(Label("body" if shown.large else "caption", shown.sentence))
        row.addLayout(words, 1)
        row.addWidget(Chip(shown.tone, shown.word), 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(row)
        self.setAccessibleName(listed((shown.name, shown.word, shown.sentence)))
        if shown.facts:
            grid = FactGrid()
            grid.show_facts(shown.facts)
            self.body.addWidget(grid)


class ComputerPage(Page):
    """What was found, what it means, and what can be done about it.

    Signals:
        look_wanted(): the person wants the computer looked at again.
        folder_wanted(): the person wants another folder.
        cards_wanted(object): the indexes of the cards that the person wants served.
    """

    name = "computer"
    look_wanted = Signal()
    folder_wanted = Signal()
    cards_wanted = Signal(object)

    def __init__(self) -> None:
        """Lay out the page."""
        super().__init__()
        look = theme.current()
        self.notice = Banner()
        self.notice.accepted.connect(self._on_notice)
        self.notice.hide()
        self._notice_url = ""
        self._shown_cards: list[CardFacts] = []
        self.card_choice = CardChoice()
        self.card_choice.chosen.connect(self.cards_wanted)
        self.toolkit = ToolkitFold()
        self.toolkit.url_wanted.connect(self.url_wanted)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(look.px(12))
        checks = Card(spacing=2)
        head = HeadLayout()
        self._checks_title = Label("h2", wrap=False)
        self.copy = Button("link", icon="copy")
        self.copy.clicked.connect(self.details_wanted)
        self.again = Button("link", icon="refresh")
        self.again.clicked.connect(self.look_wanted)
        for part in (self._checks_title, self.copy, self.again):
            head.addWidget(part)
        checks.body.addLayout(head)
        looking, found, findings = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for rows in (looking, found, findings):
            rows.setSpacing(0)
            checks.body.addLayout(rows)
        self._looking_rows, self._finding_rows = CheckRows(looking), CheckRows(findings)
        self._rows = CheckRows(found, name_width=_NAME_WIDTH)
        self.content.addWidget(self.error_card)
        self.driver = DriverCard()
        self.driver.copy_wanted.connect(self.copy_wanted)
        self.driver.again_wanted.connect(self.look_wanted)
        self.content.addWidget(self.notice)
        self.content.addWidget(self.driver)
        self.content.addWidget(self.card_choice)
        self.content.addLayout(self._cards)
        below = QVBoxLayout()
        below.setSpacing(0)
        below.addWidget(checks)
        below.addWidget(self.toolkit)
        self.content.addLayout(below)
        self.content.addStretch(1)

    def show_state(self, state: State) -> None:
        """Show the computer, or that it is looked at."""
        self.busy = state.looking and state.machine is None
        self.show_problem(state.errors.get("computer"))
        decision = state.judged
        self.valid = decision is not None and decision.build is not None
        self._checks_title.show_text(_("Checks"))
        self.copy.setText(_("Copy details"))
        self.copy.setEnabled(state.machine is not None)
        self.again.setText(_("Looking...") if state.looking else _("Check again"))
        self.again.setEnabled(not state.looking)
        self._show_heading(state)
        self._show_notice(state, decision)
        self._show_cards(state.machine, decision)
        machine = state.machine
        show_if(self.card_choice, machine is not None and len(state.groups) > 1)
        if machine is not None:
            self.card_choice.show_state(state, machine)
        after = decision.after or decision.build if decision is not None else None
        self.toolkit.show_machine(machine, after)
        looking = machine is None and self.error is None
        names = (_("Graphics cards"), _("Drivers"), _("System and disks")) if looking else ()
        self._looking_rows.show_rows([RowText(state="checking", name=name) for name in names])
        self._rows.show_rows(_rows(state, machine) if machine is not None else [])
        self._finding_rows.show_rows(
            [RowText(state=_LEVELS[finding.level], name=finding.text) for finding in machine.findings]
            if machine is not None
            else []
        )

    def footer(self) -> Footer:
        """Return the buttons, with the reason while there is nothing to choose."""
        reason = ""
        if self.busy:
            reason = _("Looking at your computer...")
        elif not self.valid and self.error is None:
            reason = _("There is no build for this computer.")
        return Footer(
            primary=_("Choose a build"),
            enabled=self.isComplete(),
            reason=reason,
            filled=self.error is None and not self.notice.first.isVisibleTo(self) and not self.driver.leads,
            back=True,
            cancel=_("Cancel"),
        )

    def _show_heading(self, state: State) -> None:
        if state.machine is None:
            title = _("Looking at your computer")
            self.set_heading(title, _("This takes a few seconds and changes nothing."))
            return
        if state.judged is None:
            self.set_heading(_("Your computer"), "")
            return
        title, sentence = _VERDICTS[state.judged.verdict]
        text = _(sentence) if sentence else _counted(state.machine, state.judged)
        self.set_heading(_(title), text)

    def _show_notice(self, state: State, decision: Recommendation | None) -> None:
        action = decision.actions[0] if decision is not None and decision.actions else None
        show_if(self.notice, action is not None)
        self._notice_url = (action.url if action is not None else None) or ""
        waits = decision is not None and decision.verdict == "fix-driver"
        found = driver_help(action, state.machine) if action is not None and state.machine is not None else None
        self.driver.show_help(found if waits else None, looking=state.looking)
        if action is None or decision is None:
            return
        brought = found is not None and bool(found.commands)
        button = action_button(action.code) if self._notice_url and not brought else ""
        self.notice.show_notice("info" if decision.verdict in {"gpu", "cpu"} else "warn", action.text, first=button)
        # Where a GPU build runs anyway the page's own button stays the filled one.
        self.notice.first.set_kind("outline" if decision.verdict in {"gpu", "cpu"} else "primary")

    def _show_cards(self, machine: Machine | None, decision: Recommendation | None) -> None:
        """Show the cards; those of before stay where nothing has changed."""
        wanted = _card_facts(machine, decision) if machine is not None else []
        if wanted == self._shown_cards:
            return
        self._shown_cards = wanted
        empty(self._cards)
        for facts in wanted:
            self._cards.addWidget(GpuCard(facts))

    def _on_notice(self) -> None:
        if self._notice_url:
            self.url_wanted.emit(self._notice_url)


def _card_facts(machine: Machine, decision: Recommendation | None) -> list[CardFacts]:
    """Return what is shown of the cards: first those that PyTorch uses."""
    used = [index for index in (decision.gpus if decision is not None else ()) if index < len(machine.gpus)]
    shown = []
    for index in sorted(range(len(machine.gpus)), key=lambda index: (index not in used, index)):
        gpu = machine.gpus[index]
        tone, word = _standing(gpu, used=index in used, decision=decision)
        large = index in used or tone == "warn"
        shown.append(
            CardFacts(
                name=card_name(gpu),
                tone=tone,
                word=word,
                sentence=card_kind(gpu) if large else _unused_sentence(gpu, machine, used),
                large=large,
                facts=tuple(_facts(gpu, machine)) if large else (),
            )
        )
    return shown


def _counted(machine: Machine, decision: Recommendation) -> str:
    """Return how many cards are used, of which makers, and whether anything is worth a look."""
    used = [machine.gpus[index] for index in decision.gpus if index < len(machine.gpus)]
    makers = listed(dict.fromkeys(vendor_name(gpu.vendor) for gpu in used if vendor_name(gpu.vendor)))
    found = ngettext(
        "We found one {vendor} graphics card.", "We found {count} {vendor} graphics cards.", len(used)
    ).format(vendor=makers, count=len(used))
    if any(finding.level != "info" for finding in machine.findings):
        return sentences(found, _("Something below is worth a look."))
    return sentences(found, _("Everything we need is in place."))


def _standing(gpu: Gpu, *, used: bool, decision: Recommendation | None) -> tuple[str, str]:
    if used and decision is not None and decision.verdict in {"gpu", "split"}:
        return "ok", _("Ready for PyTorch")
    discrete = gpu.vendor in {"nvidia", "amd"} and not gpu.integrated
    if decision is not None and discrete:
        if decision.verdict == "fix-driver":
            return "warn", _("Needs a driver")
        if decision.verdict == "fix-hardware" or gpu.driver_sees_it is False:
            return "warn", _("Not reachable")
    return "neutral", _("Not used")


def _unused_sentence(gpu: Gpu, machine: Machine, used: list[int]) -> str:
    if not used:
        return card_kind(gpu)
    first = machine.gpus[used[0]]
    if gpu.vendor == first.vendor:
        return _("PyTorch will use {card}.").format(card=card_name(first))
    other = vendor_name(first.vendor)
    if gpu.integrated:
        return _("Drives your screen. PyTorch will use the {vendor} card.").format(vendor=other)
    return _("PyTorch will use the {vendor} card.").format(vendor=other)


def _facts(gpu: Gpu, machine: Machine) -> list[Fact]:
    facts = []
    if gpu.memory_mib:
        facts.append(Fact(_("Graphics memory"), format_memory(gpu.memory_mib)))
    driver = machine.nvidia_driver if gpu.vendor == "nvidia" else None
    if driver is not None:
        facts.append(Fact(_("Driver"), driver.version))
        if driver.cuda:
            facts.append(Fact(_("Driver supports up to"), f"CUDA {driver.cuda}"))
    if gpu.compute_capability:
        facts.append(Fact(_("Compute capability"), gpu.compute_capability))
    if gpu.gfx:
        facts.append(Fact(_("Architecture"), gpu.gfx))
    return facts


def _rows(state: State, machine: Machine) -> list[RowText]:
    rows = [_driver_row(state, machine), _disk_row(state, machine), _row("ok", _("System"), system_line(machine))]
    if machine.memory_mib:
        rows.append(_row("ok", _("Memory"), format_memory(machine.memory_mib)))
    for torch in machine.torches[:2]:
        words = " ".join(word for word in (torch.version, torch.variant) if word)
        text = _("{version} in {folder}. It stays as it is.").format(version=words, folder=torch.env)
        rows.append(_row("info", _("PyTorch is here"), text))
    return [row for row in rows if row is not None]


def _row(state: RowState, name: str, detail: str) -> RowText:
    return RowText(state=state, name=name, detail=detail)


def _driver_row(state: State, machine: Machine) -> RowText | None:
    if not any(gpu.vendor == "nvidia" for gpu in machine.gpus):
        return None
    name = _("NVIDIA driver")
    driver = machine.nvidia_driver
    if driver is None:
        return _row("problem", name, _("not found"))
    text = driver.version
    if driver.cuda:
        text = _("{version}, supports CUDA up to {cuda}").format(version=driver.version, cuda=driver.cuda)
    blocked = state.judged is not None and state.judged.verdict == "fix-driver"
    return _row("warn" if blocked else "ok", name, text)


def _disk_row(state: State, machine: Machine) -> RowText | None:
    disk = disk_of(state.choices.root, machine)
    if disk is None:
        return None
    free = _("{size} free on {place}").format(size=format_bytes(disk.free_bytes), place=disk.path)
    estimate = state.estimate
    need = estimate.download_bytes + estimate.stored_bytes if estimate is not None else 0
    if disk.free_bytes < need:
        words = _("{free}, about {need} needed").format(free=free, need=format_bytes(need))
        return _row("problem", _("Free space"), words)
    return _row("ok", _("Free space"), free)


def disk_of(root: str, machine: Machine) -> Disk | None:
    """Return the place of the machine that a folder lies in, as far as their paths tell."""
    inside = [disk for disk in machine.disks if root.lower().startswith(disk.path.rstrip("/\\").lower())]
    return max(inside, key=lambda disk: len(disk.path), default=machine.disks[0] if machine.disks else None)
