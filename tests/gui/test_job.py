"""The bridge between a thread and the window."""

import itertools
import logging
import logging.handlers
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from setupwizard.errors import Cancelled, SetupError
from setupwizard.gui.job import MAX_LINES, Job, _Mailbox, output_log
from setupwizard.gui.runner import Runner
from setupwizard.gui.widgets.log import LogDrawer
from setupwizard.model.events import CheckDone, Emit, Output, Progress, StepFinished, StepStarted
from setupwizard.tools.concurrency import Cancel

FLOOD = 100_000
FROZEN_MS = 2000
"""A window that answers nothing for so long is frozen, however busy the machine is; the gap itself is only printed."""


class Heard(QObject):
    """Collects what a job says."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.events: list[object] = []
        self.lines: list[str] = []
        self.skipped = 0
        self.ends: list[tuple[str, object]] = []
        self.threads: set[int] = set()
        job.happened.connect(self._on_event)
        job.lines.connect(self._on_lines)
        job.finished.connect(self._on_finished)
        job.crashed.connect(self._on_crashed)

    def _on_event(self, event: object) -> None:
        self.threads.add(threading.get_ident())
        self.events.append(event)

    def _on_lines(self, lines: list[str], skipped: int) -> None:
        self.threads.add(threading.get_ident())
        self.lines += lines
        self.skipped += skipped

    def _on_finished(self, value: object) -> None:
        self.threads.add(threading.get_ident())
        self.ends.append(("finished", value))

    def _on_crashed(self, error: object) -> None:
        self.ends.append(("crashed", error))


def run(qtbot: QtBot, work: Callable[[Emit, Cancel], object]) -> Heard:
    parent = QObject()
    job = Job(work, parent)
    heard = Heard(job)
    job.start()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=20_000)
    assert not job.running
    return heard


def test_a_job_hands_over_events_lines_and_result_in_the_windows_thread(qtbot: QtBot) -> None:
    def work(emit: Emit, cancel: Cancel) -> str:
        emit(StepStarted(id="fetch", title="Download"))
        emit(Output(id="fetch", text="one"))
        emit(Progress(id="fetch", done=1, total=2))
        emit(StepFinished(id="fetch", status="done"))
        emit(CheckDone(id="import", status="pass"))
        return "result"

    heard = run(qtbot, work)
    assert [type(event) for event in heard.events] == [StepStarted, Progress, StepFinished, CheckDone]
    assert heard.lines == ["one"]
    assert heard.ends == [("finished", "result")]
    assert heard.threads == {threading.get_ident()}


@pytest.mark.parametrize(
    "error", [ValueError("broken"), SetupError("disk-full", path="C:"), Cancelled(), SystemExit(3)]
)
def test_whatever_the_worker_raises_arrives_once(qtbot: QtBot, error: BaseException) -> None:
    def work(emit: Emit, cancel: Cancel) -> None:
        raise error

    heard = run(qtbot, work)
    assert heard.ends == [("crashed", error)]


def test_cancel_reaches_the_worker(qtbot: QtBot) -> None:
    parent = QObject()
    job = Job(lambda _emit, cancel: cancel.wait(10), parent)
    heard = Heard(job)
    job.start()
    assert job.running
    job.cancel()
    assert job.cancelling
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=3000)
    assert heard.ends == [("finished", True)]


def test_a_job_runs_once(qtbot: QtBot) -> None:
    parent = QObject()
    job = Job(lambda _emit, _cancel: None, parent)
    heard = Heard(job)
    job.start()
    with pytest.raises(RuntimeError):
        job.start()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=3000)
    qtbot.wait(100)
    assert len(heard.ends) == 1


def test_an_abandoned_job_says_nothing_more(qtbot: QtBot) -> None:
    release = threading.Event()

    def work(emit: Emit, cancel: Cancel) -> None:
        release.wait(5)
        emit(StepStarted(id="fetch", title=""))

    parent = QObject()
    job = Job(work, parent)
    heard = Heard(job)
    job.start()
    job.abandon()
    release.set()
    qtbot.wait(150)
    assert heard.events == []
    assert heard.ends == []


def test_a_worker_outlives_the_window_without_harm(qtbot: QtBot) -> None:
    release, done = threading.Event(), threading.Event()

    def work(emit: Emit, cancel: Cancel) -> None:
        release.wait(5)
        for _number in range(100):
            emit(Output(id="fetch", text="still here"))
        done.set()

    parent = QObject()
    job = Job(work, parent)
    job.start()
    del job
    parent.deleteLater()
    qtbot.wait(50)
    release.set()
    assert done.wait(3)


def test_the_mailbox_keeps_every_step_and_the_latest_progress() -> None:
    box = _Mailbox()
    box.put(StepStarted(id="fetch", title=""))
    for done in range(1000):
        box.put(Progress(id="fetch", done=done, total=1000))
        box.put(Progress(id="verify", done=done, total=1000))
    box.put(CheckDone(id="import", status="pass"))
    box.put(StepFinished(id="fetch", status="done"))
    box.put(StepStarted(id="fetch", title="again"))
    box.put(Progress(id="fetch", done=1, total=2))
    events, lines, skipped, end = box.take()
    assert [type(event).__name__ for event in events] == [
        "StepStarted",
        "Progress",
        "Progress",
        "CheckDone",
        "StepFinished",
        "StepStarted",
        "Progress",
    ]
    assert isinstance(events[1], Progress)
    assert events[1].done == 999
    assert (lines, skipped, end) == ([], 0, None)
    assert box.take() == ([], [], 0, None)


def test_the_mailbox_is_bounded() -> None:
    box = _Mailbox()
    for number in range(MAX_LINES * 3):
        box.put(Output(id="fetch", text=f"line {number}"))
    _events, lines, skipped, _end = box.take()
    assert len(lines) == MAX_LINES
    assert skipped == MAX_LINES * 2
    assert lines[-1] == f"line {MAX_LINES * 3 - 1}"


def test_a_very_long_line_is_cut() -> None:
    box = _Mailbox()
    box.put(Output(id="fetch", text="x" * 1_000_000))
    _events, lines, _skipped, _end = box.take()
    assert len(lines[0]) == 4000


def test_a_flood_does_not_stop_the_window(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    # as in the program: every line goes to a capped file, and to no other listener
    handler = logging.handlers.RotatingFileHandler(
        tmp_path / "log", maxBytes=2_000_000, backupCount=1, encoding="utf-8"
    )
    monkeypatch.setattr(output_log, "propagate", False)
    monkeypatch.setattr(output_log, "handlers", [handler])
    output_log.setLevel(logging.INFO)
    drawer = LogDrawer()
    qtbot.addWidget(drawer)
    drawer.open()
    drawer.show()
    beats: list[float] = []
    heart = QTimer()
    heart.setInterval(5)
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))
    heart.start()

    def work(emit: Emit, cancel: Cancel) -> None:
        for number in range(FLOOD):
            emit(Output(id="install", text=f"{number:06d} " + "x" * 110))

    parent = QObject()
    job = Job(work, parent)
    heard = Heard(job)
    job.lines.connect(drawer.append)
    job.start()
    qtbot.waitUntil(lambda: bool(heard.ends), timeout=60_000)
    qtbot.wait(100)
    heart.stop()
    handler.close()
    gaps = [1000 * (after - before) for before, after in itertools.pairwise(beats)]
    print(f"worst gap {max(gaps):.0f} ms over {len(beats)} beats, {heard.skipped} lines left out")
    record_property("worst_gap_ms", round(max(gaps)))
    assert len(heard.lines) + heard.skipped == FLOOD
    assert f"{FLOOD - 1:06d}" in drawer.text()
    assert drawer.view.blockCount() <= 5000
    assert max(gaps) < FROZEN_MS


def test_a_runner_lets_only_the_newest_of_a_name_answer(qtbot: QtBot) -> None:
    runner = Runner()
    answers: list[object] = []
    gate = threading.Event()

    def slow(_emit: Emit, cancel: Cancel) -> str:
        gate.wait(5)
        return "old"

    runner.run("look", slow, answers.append, answers.append)
    runner.run("look", lambda _emit, _cancel: "new", answers.append, answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=3000)
    gate.set()
    qtbot.wait(100)
    assert answers == ["new"]
    assert not runner.cancel("look")
    runner.leave_all()
