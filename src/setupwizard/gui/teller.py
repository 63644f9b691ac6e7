"""Keeps the state of the visit and tells the window of every change."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from setupwizard.errors import Cancelled, SetupError
from setupwizard.gui.faults import error_document
from setupwizard.gui.state import PageName, State
from setupwizard.model.events import Error


class Teller(QObject):
    """The state, and the signals by which the window hears of it.

    Attributes:
        state: how far the visit is.
        log_file: the log that an error of ours points to.

    Signals:
        changed(): the state is another one.
        happened(object): an event of the running install or proof.
        lines(list, int): what the tools printed.
        begun(): an install begins: what the pages hold of the one before is to be forgotten.
        arrived(str): the page to show now, without the person having asked for it.
        settled(): an install ended, one way or the other.
        asked(object): a Question; the answer goes to the upkeep.
    """

    changed = Signal()
    happened = Signal(object)
    lines = Signal(list, int)
    begun = Signal()
    arrived = Signal(str)
    settled = Signal()
    asked = Signal(object)

    def __init__(self, state: State, parent: QObject | None = None, *, log_file: str = "") -> None:
        """Take the first state, and the log that an error of ours points to."""
        super().__init__(parent)
        self.state = state
        self.log_file = log_file
        self._raised: dict[PageName, BaseException] = {}

    def tell(self, **values: Any) -> None:
        """Change the state and tell the window; for those who work for the flow."""
        self._set(**values)

    def note(self, **values: Any) -> None:
        """Change the state; the window hears of it with the next change, so that it shows nothing half."""
        self.state = replace(self.state, **values)

    def fail(self, page: PageName, error: BaseException | None, **values: Any) -> None:
        """Show an error on a page, or take it away; with other changes of the state."""
        self._set(errors=self._errors(page, error), **values)

    def fact(self, page: PageName, name: str) -> str:
        """Return a fact of the error that a page shows, empty when it has none of that name."""
        raised = self._raised.get(page)
        return str(raised.facts.get(name, "")) if isinstance(raised, SetupError) else ""

    def _set(self, **values: Any) -> None:
        self.note(**values)
        self.changed.emit()

    def _errors(self, page: PageName, error: BaseException | None) -> dict[PageName, Error]:
        """Return the errors with another one for a page, or with none; a wish to stop is none."""
        rest: dict[PageName, Error] = {name: one for name, one in self.state.errors.items() if name != page}
        if error is None or isinstance(error, Cancelled):
            return rest
        self._raised[page] = error
        return {**rest, page: error_document(error, self.log_file)}

    def _retold_errors(self) -> dict[PageName, Error]:
        """Return the errors in the language that is spoken now: from what was raised, else as far as a code tells."""
        told: dict[PageName, Error] = {}
        for page, error in self.state.errors.items():
            raised = self._raised.get(page)
            known = isinstance(raised, SetupError) and raised.code == error.code
            told[page] = Error.of(raised) if isinstance(raised, SetupError) and known else error.retold()
        return told
