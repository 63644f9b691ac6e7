"""Page 5: the proof, stage by stage while it runs, then as a verdict with figures."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from setupwizard.codes import CHECK_IDS, CheckId, CheckStatus
from setupwizard.gui import theme
from setupwizard.gui.pages.base import Footer, Page
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Label, show_if
from setupwizard.gui.widgets.figures import BandLegend, FigureList, FigureView
from setupwizard.gui.widgets.layouts import HeadLayout
from setupwizard.gui.widgets.panels import Banner
from setupwizard.gui.widgets.progress import ProgressBar
from setupwizard.gui.widgets.rows import CheckRows, RowState, RowText
from setupwizard.i18n import _
from setupwizard.model import stages
from setupwizard.model.events import CheckDone, Event, Progress, StepStarted
from setupwizard.model.format import format_duration, listed
from setupwizard.model.verification import Check, Verification

_STATES: dict[CheckStatus, RowState] = {
    "pass": "ok",
    "warn": "warn",
    "fail": "problem",
    "skip": "skipped",
    "not-run": "skipped",
}
_TONES = {"pass": "ok", "warn": "warn", "fail": "err", "not-verified": "info"}
# verdict -> the status of the stage that the banner tells about
_TOLD = {"warn": "warn", "fail": "fail", "not-verified": "not-run"}
# The figures that say how fast a device is; the others stand in the report.
_SPEEDS: dict[CheckId, tuple[str, ...]] = {
    "matmul": ("fp32", "tf32", "fp16", "bf16"),
    "copy-device": ("bandwidth",),
    "copy-host": ("to-device.pinned",),
    "train": ("images",),
}


class _Stage(Struct, frozen=True):
    """One row: a stage on one device."""

    id: CheckId
    device: int | None


class VerifyPage(Page):
    """The proof.

    Signals:
        again_wanted(bool): the person wants it run again; True: the thorough one.
        removal_wanted(), keep_wanted(): the answer to an install that was done before it could be stopped.
    """

    name = "verify"
    again_wanted = Signal(bool)
    removal_wanted = Signal()
    keep_wanted = Signal()

    def __init__(self) -> None:
        """Lay out the page."""
        super().__init__()
        look = theme.current()
        self._live: dict[_Stage, CheckDone | None] = {}
        self.bar = ProgressBar()
        self.late = Banner()
        self.late.accepted.connect(self.removal_wanted)
        self.late.declined.connect(self.keep_wanted)
        self.late.hide()
        self.banner = Banner()
        self.figures = FigureList()
        self._legend = BandLegend()
        self._speed_title = Label("h2")
        self._speed = Card(spacing=4)
        head = QHBoxLayout()
        head.addWidget(self._speed_title, 1)
        head.addWidget(self._legend)
        self._speed.body.addLayout(head)
        self._speed.body.addWidget(self.figures)
        self._checks = self._checks_card()
        self.banner.body.setContentsMargins(look.px(18), look.px(10), look.px(18), look.px(10))
        self.content.addWidget(self.error_card)
        self.content.addWidget(self.late)
        self.content.addWidget(self.banner)
        self.content.addWidget(self._speed)
        self.content.addWidget(self._checks)
        self.content.addStretch(1)
        self.content.setSpacing(look.px(8))

    def _checks_card(self) -> Card:
        look = theme.current()
        card = Card(spacing=2)
        self._checks_title = Label("h2", wrap=False)
        self.copy = Button("link", icon="copy")
        self.copy.clicked.connect(self._on_copy)
        self.again = Button("link", icon="refresh")
        self.again.clicked.connect(self._on_again)
        self.thorough = Button("link", icon="clock")
        self.thorough.clicked.connect(self._on_thorough)
        row = HeadLayout()
        for part in (self._checks_title, self.copy, self.again, self.thorough):
            row.addWidget(part)
        card.body.addLayout(row)
        wide = QVBoxLayout()
        wide.setSpacing(0)
        self._wide = CheckRows(wide, dense=True)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(look.px(24))
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._narrow = CheckRows(self._grid, dense=True)
        self._bar_row = QWidget()
        bar = QVBoxLayout(self._bar_row)
        bar.setContentsMargins(0, look.px(4), 0, look.px(6))
        bar.addWidget(self.bar)
        card.body.addWidget(self._bar_row)
        card.body.addLayout(wide)
        card.body.addLayout(self._grid)
        self._skipped = Label("caption")
        card.body.addWidget(self._skipped)
        return card

    def begin(self) -> None:
        """Forget the proof before: another one begins."""
        self._live = {}
        self.bar.restart()

    def show_state(self, state: State) -> None:
        """Show the proof while it runs, or what it says."""
        proof = state.verification
        mending = state.visiting and state.tending is not None and state.tending.running
        running = state.checking or state.installing or mending
        self.busy = running
        self.show_problem(state.errors.get("verify"))
        self.valid = state.succeeded
        self._checks_title.show_text(_("Checks"))
        self.copy.setText(_("Copy results"))
        self.again.setText(_("Run again"))
        self.thorough.setText(_("Test thoroughly"))
        self.thorough.setToolTip(_("About two minutes: more memory, a steady load, compiled models."))
        for button in (self.copy, self.again, self.thorough):
            show_if(button, not running and proof is not None)
        for button in (self.again, self.thorough):
            button.setEnabled(state.succeeded)
        show_if(self._bar_row, running)
        show_if(self.banner, not running and proof is not None and self.error is None)
        show_if(self._speed, False)
        self._show_late(state)
        if not running and proof is None and self.error is not None:
            self._show_nothing(state)
        elif running or proof is None:
            self._show_running(state)
        else:
            self._show_proof(proof)

    def happened(self, event: Event) -> None:
        """Take an event of the job: a stage began, or ended."""
        if isinstance(event, StepStarted) and event.id == "verify":
            self.begin()
        elif isinstance(event, CheckDone):
            stage = _Stage(event.id, event.device)
            self._live = {key: value for key, value in self._live.items() if value is not None or key.id != event.id}
            self._live[stage] = event
        elif isinstance(event, Progress) and event.id == "verify":
            if event.total:
                self.bar.advance(event.done / event.total)
            self._begin_stage(event.file)
        if self._state is not None and self.busy:
            self._show_live()

    def footer(self) -> Footer:
        """Return the buttons."""
        state = self._state
        if state is not None and self.busy:
            stopping = state.phase == "stopping"
            cancel = _("Cancel installation") if state.installing else _("Stop the check")
            return Footer(cancel="" if stopping else cancel, reason=_("Stopping...") if stopping else "")
        if state is not None and state.succeeded:
            calm = not self.error_card.buttons_shown and self.late.isHidden()
            return Footer(primary=_("Continue"), filled=calm, back=state.visiting)
        go_on = "" if self.error_card.buttons_shown else _("Continue setup")
        return Footer(primary=go_on, back=True, cancel=_("Close"))

    def _show_late(self, state: State) -> None:
        """Offer to remove what was done before the wish to stop it had reached it."""
        wanted = state.removal and state.phase == "done" and self.error is None
        show_if(self.late, wanted)
        if wanted:
            self.late.show_notice(
                "info",
                _("The installation was done before it could be stopped"),
                _("It is in use now. You can still remove everything that it brought."),
                first=_("Remove it"),
                second=_("Keep it"),
            )

    def _begin_stage(self, name: str | None) -> None:
        if name not in CHECK_IDS or any(stage.id == name for stage in self._live):
            return
        check_id: CheckId = name  # type: ignore[assignment]  # one of the closed list, as just checked
        self._live[_Stage(check_id, None)] = None

    def _show_nothing(self, state: State) -> None:
        """Show that no check was made: the card above says why."""
        kept = (
            _("Nothing was changed.") if state.visiting else _("It was not put in use; what you had before still is.")
        )
        self.set_heading(_("PyTorch was not checked"), kept)
        self._skipped.show_text("")
        self._show_rows([], [RowText(state="skipped", name=_("Not run"))])

    def _show_running(self, state: State) -> None:
        device = state.decision is not None and bool(state.decision.gpus)
        if state.visiting and not state.checking and self.busy:
            self.set_heading(_("Repairing the environment"), _("What is in use stays until the new one is proved."))
            self._show_live()
            return
        self.set_heading(
            _("Checking that PyTorch works"),
            _("We run real calculations on your graphics card and compare the results.")
            if device
            else _("We run real calculations and compare the results."),
        )
        self._show_live()

    def _show_live(self) -> None:
        self._skipped.show_text("")
        rows = [_live_row(stage, event) for stage, event in self._live.items()]
        self._show_rows([], rows or [RowText(state="checking", name=_("Starting the check..."))])

    def _show_proof(self, proof: Verification) -> None:
        title, sentence = stages.headline(proof)
        if self.error is None:
            self.set_heading(title, _tested_sentence(proof))
            self._show_banner(proof, sentence)
        else:
            there = self._state is not None and self._state.visiting
            kept = _("Nothing was changed.") if there else _("It was not put in use; what you had before still is.")
            self.set_heading(title, kept)
        views = figure_views(proof)
        show_if(self._speed, bool(views))
        if views:
            self._speed_title.show_text(_("Speed"))
            self._legend.show_text(_("usual for this card"))
            show_if(self._legend, any(view.high is not None for view in views))
            self.figures.show_figures(views)
        wide: list[RowText] = []
        narrow: list[RowText] = []
        remarks = [check for check in proof.checks if check.status in {"warn", "fail"}]
        skipped = [check for check in proof.checks if check.status == "skip"]
        self._skipped.show_text(
            _("Not needed here: {names}").format(
                names=listed(_stage_name(_Stage(one.id, one.device)) for one in skipped)
            )
            if skipped
            else ""
        )
        for check in (one for one in proof.checks if one not in skipped):
            remark = check.status in {"warn", "fail"}
            detail = stages.check_sentence(check) if remark and (check is not remarks[0] or self.error) else ""
            note = _took(check.seconds) if check.status == "pass" else stages.status_word(check.status)
            name = _stage_name(_Stage(check.id, check.device))
            row = RowText(state=_STATES[check.status], name=name, detail=detail, note=note)
            (wide if detail else narrow).append(row)
        self._show_rows(wide, narrow)

    def _show_banner(self, proof: Verification, sentence: str) -> None:
        speedup = stages.find_figure(proof, "matmul", "speedup")
        size = round(proof.numbers().get("matmul.speedup.size", 0))
        if proof.verdict != "pass" or speedup is None or speedup.value < 1.05 or not size:
            told = next((check for check in proof.checks if check.status == _TOLD.get(proof.verdict)), None)
            if told is not None and told.text:
                self.banner.show_notice(_TONES[proof.verdict], told.text, told.advice)
            else:
                self.banner.show_notice(_TONES[proof.verdict], sentence)
            return
        self.banner.show_notice(
            "ok",
            _("{times} times faster than your CPU").format(times=stages.times_text(speedup.value)),
            _("Matrix multiplication, {size} x {size}. The results match the CPU.").format(size=size),
        )

    def _show_rows(self, wide: list[RowText], narrow: list[RowText]) -> None:
        """Show rows over the whole width, and below them rows in two columns."""
        self._wide.show_rows(wide)
        rows = self._narrow.show_rows(narrow)
        half = -(-len(rows) // 2)
        for index, row in enumerate(rows):
            column, line = divmod(index, half)
            self._grid.addWidget(row, line, column, Qt.AlignmentFlag.AlignTop)

    def _on_copy(self) -> None:
        if self._state is not None and self._state.verification is not None:
            self.copy_wanted.emit(as_text(self._state.verification))

    def _on_again(self) -> None:
        self.again_wanted.emit(False)

    def _on_thorough(self) -> None:
        self.again_wanted.emit(True)


def _live_row(stage: _Stage, event: CheckDone | None) -> RowText:
    """Return the row of a stage that runs, or of one that ended."""
    if event is None:
        return RowText(state="checking", name=stages.stage_title(stage.id))
    return RowText(state=_STATES[event.status], name=_stage_name(stage), note=_took(event.seconds))


def _stage_name(stage: _Stage) -> str:
    title = stages.stage_title(stage.id)
    return _("{stage} (GPU {number})").format(stage=title, number=stage.device) if stage.device else title


def _took(seconds: float) -> str:
    """Return how long a stage took; what took no time says nothing."""
    return format_duration(seconds) if seconds >= 0.05 else ""


def _tested_sentence(proof: Verification) -> str:
    if proof.level != "device":
        return ""
    names = listed(dict.fromkeys(device.name for device in proof.devices if device.name))
    if not names:
        return _("We ran real calculations and compared the results.")
    return _("We ran real calculations on {device} and compared the results.").format(device=names)


def figure_views(proof: Verification) -> list[FigureView]:
    """Return the figures that say how fast the devices are."""
    several = len(proof.devices) > 1
    views = []
    for check in proof.checks:
        for figure in check.figures:
            if figure.name not in _SPEEDS.get(check.id, ()):
                continue
            name = stages.figure_title(figure.name)
            if several and check.device is not None:
                name = _("{stage} (GPU {number})").format(stage=name, number=check.device)
            views.append(
                FigureView(
                    name=name,
                    text=stages.figure_text(figure),
                    value=figure.value,
                    low=figure.low,
                    high=figure.high,
                    range_text=stages.band_text(figure) or "",
                )
            )
    return views


def as_text(proof: Verification) -> str:
    """Return the proof as plain lines, for a message to somebody."""
    lines = [listed(stages.headline(proof))]
    if proof.torch is not None:
        lines.append(" ".join(word for word in ("torch", proof.torch.version, proof.torch.variant) if word))
    lines += [f"{_check_line(check)}" for check in proof.checks]
    lines += [f"{view.name}: {view.text}" for view in figure_views(proof)]
    return "\n".join(lines)


def _check_line(check: Check) -> str:
    name = _stage_name(_Stage(check.id, check.device))
    sentence = f" - {stages.check_sentence(check)}" if check.status in {"warn", "fail"} else ""
    return f"[{stages.status_word(check.status)}] {name}{sentence}"
