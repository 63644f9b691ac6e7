"""Page 4: what is being done, how far, how fast, how long still; never a silent bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from setupwizard.gui import focus, theme
from setupwizard.gui.pages.base import Footer, Page
from setupwizard.gui.pages.lesson import LessonPanel
from setupwizard.gui.pages.pace import PaceControls
from setupwizard.gui.progress import GROUPS, GroupName, Overall, group_of
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Rule, show_if
from setupwizard.gui.widgets.log import LogDrawer
from setupwizard.gui.widgets.progress import ProgressLine
from setupwizard.gui.widgets.rows import CheckRow, RowState
from setupwizard.gui.wording import limit_sentence, package_of, packages_sentence, step_doing
from setupwizard.i18n import _
from setupwizard.model.events import Event, Progress, StepFinished, StepStarted
from setupwizard.model.format import format_bytes, format_duration, format_part, format_rate, format_time_left, listed

STALL_S = 20
"""Seconds without a byte after which we say that we wait."""
OFFER_S = 120
"""Seconds without a byte after which another server is offered; nothing is ever ended by itself."""
QUIET_S = 10
"""Seconds at the beginning in which no time left is shown: nobody can know it yet."""
SLOW_S = 30
"""Seconds of unpacking after which we say why it takes long."""
_ANNOUNCE_EVERY = 25
_WORTH_TELLING = 1_000_000


class InstallPage(Page):
    """The job while it runs, and how it stopped if it did.

    Signals:
        log_folder_wanted(): the person wants to see the folder of the logs.
        drawer_opened(bool): the drawer was unfolded or folded, to be remembered.
        percent_changed(int): how much of the whole job is done.
        lesson_skipped(): the person does not want to see what PyTorch is.
    """

    name = "install"
    log_folder_wanted = Signal()
    drawer_opened = Signal(bool)
    percent_changed = Signal(int)
    lesson_skipped = Signal()

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Lay out the page; `clock` counts seconds."""
        super().__init__()
        look = theme.current()
        self._clock = clock
        self.line = ProgressLine()
        self.rows: dict[GroupName, CheckRow] = {name: CheckRow() for name in GROUPS}
        self.other_server = Button("outline")
        self.other_server.clicked.connect(self._on_other_server)
        self.other_server.hide()
        self.pace = PaceControls()
        self.lesson = LessonPanel()
        self.lesson_wanted = True
        self.lesson.skipped.connect(self._on_skip)
        self.drawer = LogDrawer()
        self.drawer.copy_wanted.connect(self.copy_wanted)
        self.drawer.folder_wanted.connect(self.log_folder_wanted)
        self.drawer.opened.connect(self.drawer_opened)
        self.drawer.opened.connect(self._show_lesson)
        card = Card(spacing=10)
        self.line.add_beside_note(self.pace.line)
        card.body.addWidget(self.line)
        offer = QHBoxLayout()
        offer.addWidget(self.other_server)
        offer.addStretch(1)
        card.body.addLayout(offer)
        card.body.addWidget(self.pace)
        card.body.addWidget(Rule())
        steps = QVBoxLayout()
        steps.setSpacing(0)
        for row in self.rows.values():
            steps.addWidget(row)
        card.body.addLayout(steps)
        self.content.addWidget(self.error_card)
        self.content.addWidget(card)
        self.content.addWidget(self.lesson)
        self.content.addWidget(self.drawer, 1)
        self.content.addStretch(0)
        self.content.setSpacing(look.px(10))
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._on_second)
        self.begin()

    @property
    def percent(self) -> int:
        """How much of the whole job is done."""
        return self._percent

    def begin(self) -> None:
        """Forget the job before: another one begins."""
        self._overall = Overall()
        self._progress: Progress | None = None
        self._started: dict[str, float] = {}
        self._seconds: dict[GroupName, float] = {}
        self._moved = self._clock()
        self._told = 0
        self._percent = 0
        self._stalled = False
        self._fetched = 0
        self.line.bar.restart()
        self.pace.fold()
        self.drawer.clear()

    def show_state(self, state: State) -> None:
        """Show how the job stands."""
        self.busy = state.installing
        error = state.errors.get("install")
        self.valid = state.succeeded
        self.show_problem(error, kept=self._kept() if error is not None else "")
        if state.phase == "stopping":
            self.set_heading(_("Stopping the installation"), _("This takes a few seconds."))
        elif state.phase == "stopped" and error is None:
            stopped = state.outcome is not None and bool(state.outcome.removed)
            self.set_heading(
                _("The installation was stopped"),
                _("Everything that it had downloaded is deleted.") if stopped else _("What was downloaded is kept."),
            )
        elif error is not None:
            self.set_heading(
                _("The installation stopped"), _("What you had before is untouched. You can go on from here.")
            )
        else:
            self.set_heading(_("Installing PyTorch"), _awake_sentence(state.awake))
        self.other_server.setText(_("Continue from another server"))
        self.drawer.retranslate()
        self.pace.show_state(state)
        self.lesson.retranslate()
        if state.paused:
            self._moved = self._clock()
        self._tick(state)
        self._refresh()

    def happened(self, event: Event) -> None:
        """Take an event of the job."""
        if self._state is None:
            return
        self._overall.take(event)
        if isinstance(event, StepStarted):
            self._started[event.id] = self._moved = self._clock()
            self._progress = None
            focus.announce(self, step_doing(event.id))
        elif isinstance(event, Progress):
            self._take_progress(event)
        elif isinstance(event, StepFinished):
            group = group_of(event.id)
            spent = self._clock() - self._started.get(event.id, self._clock())
            self._seconds[group] = self._seconds.get(group, 0.0) + spent
            self._progress = None
        self._refresh()

    def take_lines(self, lines: Sequence[str], skipped: int) -> None:
        """Take what the tools printed."""
        self._moved = self._clock()
        self.drawer.append(lines, skipped)

    def footer(self) -> Footer:
        """Return the buttons: while it runs there is only the one that stops it."""
        state = self._state
        if state is None or state.installing:
            stopping = state is not None and state.phase == "stopping"
            return Footer(
                cancel="" if stopping else _("Cancel installation"), reason=_("Stopping...") if stopping else ""
            )
        if state.succeeded:
            return Footer(primary=_("Continue"))
        go_on = "" if self.error_card.buttons_shown else _("Continue setup")
        return Footer(primary=go_on, back=True, cancel=_("Close"))

    def showEvent(self, event: QShowEvent) -> None:
        """Count seconds only while somebody can see it."""
        super().showEvent(event)
        if self._state is not None:
            self._tick(self._state)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop counting."""
        super().hideEvent(event)
        self._timer.stop()

    def _tick(self, state: State) -> None:
        if state.phase == "running" and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def _take_progress(self, event: Progress) -> None:
        before = self._progress
        if before is None or event.done != before.done or event.file != before.file:
            self._moved = self._clock()
        self._progress = event
        if event.id == "fetch" and event.unit == "bytes":
            self._fetched = event.done

    def _on_second(self) -> None:
        self._refresh()

    def _on_other_server(self) -> None:
        self.fix_wanted.emit("other-source")

    def _refresh(self) -> None:
        state = self._state
        if state is None:
            return
        fraction = 1.0 if state.succeeded else min(self._overall.fraction(), 0.99)
        self.line.bar.advance(fraction)
        self.line.bar.set_tone("err" if self.error is not None else "")
        self.line.bar.set_busy(state.phase == "running" and self._progress is None)
        self.pace.offer(state.phase == "running" and self._overall.running == "fetch")
        self._show_lesson()
        self._show_line(state, round(100 * fraction))
        self._show_rows(state)
        self._show_note(state)
        self._tell(round(100 * fraction))

    def _show_line(self, state: State, percent: int) -> None:
        shown = _("{percent} %").format(percent=percent)
        if self.error is not None or state.phase == "stopped":
            self.line.show_line(_("Stopped at {percent} %").format(percent=percent))
            return
        progress = self._progress
        step = self._overall.running
        # Between two steps what the one before needed is removed: thousands of files, minutes on a slow disk.
        between = step_doing("clean") if self._overall.status else _("Getting ready")
        headline = step_doing(step) if step is not None else between
        if state.succeeded:
            headline = _("Done")
        elif self._resting(state):
            headline = _("Paused")
        if progress is None or step is None:
            self.line.show_line(headline, percent=shown)
            return
        if progress.file and step == "fetch" and not self._resting(state):
            headline = _("Downloading {file}").format(file=package_of(progress.file))
        self.line.show_line(headline, amount=_amount(progress), speed=self._speed(progress), percent=shown)

    def _speed(self, progress: Progress) -> str:
        resting = self._state is not None and self._resting(self._state)
        if resting or self._waiting() >= STALL_S or progress.unit != "bytes":
            return ""
        parts = [format_rate(progress.rate)] if progress.rate else []
        young = self._clock() - self._started.get(progress.id, self._clock()) < QUIET_S
        if progress.seconds_left is not None and not young:
            parts.append(format_time_left(progress.seconds_left))
        return listed(parts)

    def _show_rows(self, state: State) -> None:
        names: dict[GroupName, str] = {
            "prepare": _("Get ready"),
            "fetch": packages_sentence(state.plan),
            "install": _("Install the packages"),
            "verify": _("Check that PyTorch works"),
            "finish": _("Put it in use"),
        }
        running = self._overall.running
        for name, row in self.rows.items():
            how = "done" if state.succeeded else self._overall.group_status(name)
            if how == "running" and not state.installing:
                how = "failed" if self.error is not None else "cancelled"
            sign = _ROW_STATES[how]
            detail, note = "", ""
            if how == "running":
                detail = step_doing(running) if running is not None and name == "install" else ""
                note = self._percent_of(name)
            elif how in {"done", "skipped"} and self._seconds.get(name, 0.0) >= 1:
                note = format_duration(self._seconds[name])
            elif how in {"failed", "cancelled"}:
                note = _("stopped")
            row.show_state(sign, names[name], detail, note=note)

    def _percent_of(self, name: GroupName) -> str:
        progress = self._progress
        if progress is None or not progress.total or group_of(progress.id) != name or len(GROUPS[name][0]) > 1:
            return ""
        return _("{percent} %").format(percent=min(99, 100 * progress.done // progress.total))

    def _show_note(self, state: State) -> None:
        waiting = self._waiting()
        step = self._overall.running
        stalled = False
        show_if(self.other_server, False)
        self.line.bar.set_tone("err" if self.error is not None else "")
        if state.phase != "running" or self.error is not None:
            self.line.show_note("")
        elif self._resting(state):
            self._moved = self._clock()
            self.line.show_note(_("What is here is kept. Nothing is downloaded until you go on."))
        elif step in {"probe", "resolve", "fetch"} and waiting >= STALL_S:
            text = _("Waiting for the server... ({seconds} s without data)").format(seconds=round(waiting))
            if not self._stalled:
                focus.announce(self, text)
            stalled = True
            self.line.show_note(text, "warn")
            self.line.bar.set_tone("warn")
            show_if(self.other_server, step == "fetch" and waiting >= OFFER_S)
        elif step == "install" and self._spent(step) >= SLOW_S:
            self.line.show_note(_slow_sentence(state, self._spent(step)))
        elif step == "fetch" and state.preferences.settings.speed_limit:
            rate = format_rate(state.preferences.settings.speed_limit)
            self.line.show_note(_("Your own limit of {rate} sets the speed.").format(rate=rate))
        elif self._progress is not None and self._progress.limited_by is not None:
            self.line.show_note(limit_sentence(self._progress.limited_by))
        else:
            self.line.show_note("")
        self._stalled = stalled

    def _resting(self, state: State) -> bool:
        return state.paused and state.phase == "running" and self._overall.running == "fetch"

    def _show_lesson(self, _opened: bool = False) -> None:
        """Show what PyTorch is while there is nothing else to look at."""
        state = self._state
        calm = state is not None and state.phase == "running" and not self.drawer.toggle.isChecked()
        show_if(self.lesson, calm and self.lesson_wanted and self._overall.running != "verify")

    def _on_skip(self) -> None:
        self.lesson_wanted = False
        self._show_lesson()
        self.lesson_skipped.emit()

    def _waiting(self) -> float:
        return self._clock() - self._moved

    def _spent(self, step: str) -> float:
        return self._clock() - self._started.get(step, self._clock())

    def _kept(self) -> str:
        """Return how much of the download is safe, when something is."""
        if self._fetched < _WORTH_TELLING:
            return ""
        return _("{size} is saved and will be reused.").format(size=format_bytes(self._fetched))

    def _tell(self, percent: int) -> None:
        """Tell the window every percent, and a screen reader every quarter."""
        if percent != self._percent:
            self._percent = percent
            self.percent_changed.emit(percent)
        reached = percent // _ANNOUNCE_EVERY
        if reached > self._told:
            self._told = reached
            focus.announce(self, _("{percent} %").format(percent=reached * _ANNOUNCE_EVERY))


_ROW_STATES: dict[str, RowState] = {
    "waiting": "waiting",
    "running": "checking",
    "done": "ok",
    "skipped": "skipped",
    "failed": "problem",
    "cancelled": "stopped",
}


def _awake_sentence(promised: bool | None) -> str:
    """Return what the person can count on: that the PC stays awake is said only once the system has promised it."""
    if promised is None:
        return _("You can keep using your PC.")
    if promised:
        return _("You can keep using your PC. It will stay awake until we are done.")
    return _("You can keep using your PC. Do not let it fall asleep until we are done.")


def _amount(progress: Progress) -> str:
    if progress.unit == "bytes":
        return format_part(progress.done, progress.total) if progress.total else format_bytes(progress.done)
    if not progress.total:
        return str(progress.done)
    return _("{done} of {total}").format(done=progress.done, total=progress.total)


def _slow_sentence(state: State, seconds: float) -> str:
    size = format_bytes(state.plan.stored_bytes) if state.plan is not None else ""
    return _(
        "Unpacking {size}. Your antivirus may check every file, so this can take a few minutes (running {time})."
    ).format(size=size, time=format_duration(seconds))
