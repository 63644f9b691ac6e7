"""Asking to stop, and asking several questions side by side with one deadline."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from setupwizard.errors import Cancelled

T = TypeVar("T")
log = logging.getLogger(__name__)


class Cancel:
    """A wish to stop, passed down to everything that takes time. Once it is requested it stays so."""

    def __init__(self) -> None:
        """Start with no wish to stop."""
        self._event = threading.Event()

    @property
    def requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask to stop; safe from any thread, and more than once."""
        self._event.set()

    def check(self) -> None:
        """Raise Cancelled if somebody asked to stop."""
        if self.requested:
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake as soon as somebody asks to stop; return whether they did."""
        return self._event.wait(seconds)


def side_by_side(
    questions: Mapping[str, Callable[[], T]],
    *,
    deadline: float,
    cancel: Cancel | None = None,
) -> dict[str, T | Exception | None]:
    """Ask all questions at once and return what is there when the last has answered or the deadline is over.

    A question that does not answer in time is left behind in its daemon thread: nothing that hangs can hang us.

    Args:
        questions: name to function; each runs in a thread of its own.
        deadline: seconds for all of them together.
        cancel: stops the waiting.

    Returns:
        Name to answer, to the exception that it raised, or to None when it did not answer in time.

    Raises:
        Cancelled: somebody asked to stop while we waited.
    """
    answers: dict[str, T | Exception | None] = dict.fromkeys(questions)

    def ask(name: str, question: Callable[[], T]) -> None:
        try:
            answers[name] = question()
        except Exception as error:  # noqa: BLE001 - the caller gets it as the answer
            log.debug("question %s ended with %r", name, error)
            answers[name] = error

    threads = [
        threading.Thread(target=ask, args=(name, question), name=f"ask-{name}", daemon=True)
        for name, question in questions.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + deadline
    for thread in threads:
        while thread.is_alive() and time.monotonic() < end:
            if cancel is not None:
                cancel.check()
            thread.join(min(0.05, max(0.0, end - time.monotonic())))
    if cancel is not None:
        cancel.check()  # the questions heard of the wish too: what they answered then is no answer
    return dict(answers)
