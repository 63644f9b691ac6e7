"""The only bridge between a thread and Qt: a plain function runs in one thread, a timer collects what it says.

No signal is ever emitted from the thread: it puts events into a mailbox, and the timer takes them out in the thread of
the window. Measured with 100 000 lines in one flood: the window stands still for less than 50 ms, one signal a line
froze it for 23 s.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from setupwizard.model.events import Output, Progress, StepFinished, StepStarted
from setupwizard.tools.concurrency import Cancel

log = logging.getLogger(__name__)
output_log = logging.getLogger("setupwizard.output")

TICK_MS = 33
MAX_LINES = 500
"""Lines that wait for one tick; older ones are counted and left to the log file."""
MAX_LETTERS = 4000
"""Letters of one line that go to the window and to the log."""

Tell = Callable[[object], None]
"""Takes the events of the contract, and what a job of the window tells beside them."""
Work = Callable[[Tell, Cancel], Any]


class _Mailbox:
    """What the thread has said and the window has not read yet. Its size is bounded, whatever the thread does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[object] = []
        self._progress: dict[str, int] = {}
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._skipped = 0
        self._end: tuple[str, Any] | None = None

    def put(self, event: object) -> None:
        """Take an event: of one step's progress only the latest, of output only the newest lines, all else in order."""
        if isinstance(event, Output):
            self._put_line(event.text[:MAX_LETTERS])
            return
        with self._lock:
            if isinstance(event, Progress):
                place = self._progress.get(event.id)
                if place is not None:
                    self._events[place] = event
                    return
                self._progress[event.id] = len(self._events)
            elif isinstance(event, StepStarted | StepFinished):
                self._progress.pop(event.id, None)
            self._events.append(event)

    def _put_line(self, text: str) -> None:
        output_log.info("%s", text)
        with self._lock:
            if len(self._lines) == MAX_LINES:
                self._skipped += 1
            self._lines.append(text)

    def end(self, how: str, value: object) -> None:
        """Note that nothing more will come, and how it ended."""
        with self._lock:
            self._end = (how, value)

    def take(self) -> tuple[list[object], list[str], int, tuple[str, Any] | None]:
        """Take out everything: events, lines, how many lines were left out before them, and the end if it is there."""
        with self._lock:
            events, lines, skipped, end = self._events, list(self._lines), self._skipped, self._end
            self._events = []
            self._progress.clear()
            self._lines.clear()
            self._skipped = 0
        return events, lines, skipped, end


def _run(work: Work, mailbox: _Mailbox, cancel: Cancel) -> None:
    """Run the work in its thread; it knows the mailbox and no object of Qt, so the window may be gone meanwhile."""
    try:
        result = work(mailbox.put, cancel)
    except BaseException as error:  # noqa: BLE001 - even an exit ends the job, and the window says what it was
        mailbox.end("crashed", error)
    else:
        mailbox.end("finished", result)


class Job(QObject):
    """One function in one thread. It ends exactly once, as `finished` or as `crashed`.

    Signals:
        happened(object): an event of the contract, Output excepted.
        lines(list, int): lines that tools printed since the last time, and how many were left out before them.
        finished(object): what the function returned.
        crashed(object): the exception that it raised; a wish to stop arrives as Cancelled.
    """

    happened = Signal(object)
    lines = Signal(list, int)
    finished = Signal(object)
    crashed = Signal(object)

    def __init__(self, work: Work, parent: QObject | None = None, *, name: str = "job") -> None:
        """Take the function; nothing runs before `start`."""
        super().__init__(parent)
        self._work: Work | None = work
        self._name = name
        self._mailbox = _Mailbox()
        self._cancel = Cancel()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._drain)
        self._ended = False

    @property
    def running(self) -> bool:
        """Whether it was started and its end has not been told yet."""
        return self._work is None and not self._ended

    @property
    def cancelling(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._cancel.requested

    def start(self) -> None:
        """Start the thread. A job runs once."""
        work, self._work = self._work, None
        if work is None:
            raise RuntimeError("a job runs once")
        log.debug("job %s starts", self._name)
        thread = threading.Thread(
            target=_run, args=(work, self._mailbox, self._cancel), name=f"job-{self._name}", daemon=True
        )
        self._timer.start()
        thread.start()

    def cancel(self) -> None:
        """Ask it to stop; its end is told when it has stopped."""
        self._cancel.request()

    def abandon(self) -> None:
        """Ask it to stop and never hear of it again: its result is not wanted any more."""
        self._cancel.request()
        self._timer.stop()
        self._ended = True

    def _drain(self) -> None:
        events, lines, skipped, end = self._mailbox.take()
        for event in events:
            self.happened.emit(event)
        if lines:
            self.lines.emit(lines, skipped)
        if end is None or self._ended:
            return
        self._timer.stop()
        self._ended = True
        how, value = end
        log.debug("job %s %s", self._name, how)
        (self.finished if how == "finished" else self.crashed).emit(value)
