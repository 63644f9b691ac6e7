"""What the person sets for every visit: kept, tried, told, and let hold in the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from setupwizard.errors import Cancelled
from setupwizard.gui.backend import Backend
from setupwizard.gui.faults import error_document
from setupwizard.gui.runner import Runner, nothing
from setupwizard.gui.wording import locked_sentence
from setupwizard.model.events import Error
from setupwizard.model.settings import Preferences, Settings

if TYPE_CHECKING:
    from setupwizard.gui.outside import Outside
    from setupwizard.gui.settings import SettingsDialog
    from setupwizard.gui.window import SetupWindow


class Wishes(QObject):
    """The settings of one window: their dialog, and what the administrator leaves to the person."""

    def __init__(self, window: SetupWindow, backend: Backend, outside: Outside, log_file: str) -> None:
        """Take the window, the program behind it, the desktop around it and the log."""
        super().__init__(window)
        self._window = window
        self._outside = outside
        self.keeper = Keeper(backend, self, log_file)
        self.keeper.kept.connect(window.flow.take_preferences)
        self.keeper.kept.connect(lambda _held: self._go_on())
        self.keeper.refused.connect(lambda _error: self._go_on())
        self.dialog: SettingsDialog | None = None
        self._then: Callable[[], None] | None = None
        window.rail.settings_wanted.connect(self.open)
        window.start.hosts_wanted.connect(self.open_hosts)

    def open(self, then: Callable[[], None] | None = None) -> None:
        """Show the settings over whatever page is shown; with `then` those of the network, and it is done then."""
        from setupwizard.gui.settings import SettingsDialog  # what is rarely wanted is loaded when it is

        window = self._window
        if self.dialog is None:
            self.dialog = SettingsDialog(self.keeper, lambda: window.flow.state, window)
            self.dialog.language_wanted.connect(window.set_language)
            self.dialog.theme_wanted.connect(window.set_theme)
            self.dialog.file_wanted.connect(self._outside.choose_file)
            self.dialog.finished.connect(self._on_closed)
            self._then = then
            self.dialog.open()
            if then is not None:
                self.dialog.show_network()

    def open_hosts(self) -> None:
        """Show who is asked, and when."""
        self.open()
        if self.dialog is not None:
            self.dialog.show_contacts()

    def retranslate(self) -> None:
        """Say in the present language which switches of the step list are fixed."""
        held = self.keeper.held
        why = locked_sentence(held)
        self._window.rail.lock(language="language" in held.locked, theme="theme" in held.locked, why=why)

    def end(self) -> None:
        """Leave everything: the window closes."""
        self.keeper.end()

    def _on_closed(self, _result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()
        self._go_on()

    def _go_on(self) -> None:
        """Do what the settings were opened for, once they are closed and kept."""
        if self.dialog is None and not self.keeper.busy and self._then is not None:
            then, self._then = self._then, None
            then()


class Keeper(QObject):
    """Keeps settings in the background.

    Signals:
        kept(object): the Preferences that hold now.
        refused(object): the Error why settings could not be kept.
        tried(str, object): the server that answered, or "" and the Error why none did.
        told(object): everybody whom the program may ask, as Contacts.
    """

    kept = Signal(object)
    refused = Signal(object)
    tried = Signal(str, object)
    told = Signal(object)

    def __init__(self, backend: Backend, parent: QObject, log_file: str) -> None:
        """Take the program behind the window, the window, and the log that an error of ours points to."""
        super().__init__(parent)
        self._backend = backend
        self._runner = Runner(self)
        self._log_file = log_file
        self._wanted: Settings | None = None
        self.held = backend.preferences()

    @property
    def busy(self) -> bool:
        """Whether something is being kept."""
        return self._wanted is not None

    def keep(self, **values: object) -> None:
        """Keep other values; what the administrator fixed stays. While some are being kept, the next ones wait."""
        free = {name: value for name, value in values.items() if name not in self.held.locked}
        wanted = replace(self._wanted or self.held.settings, **free)
        busy, self._wanted = self.busy, wanted
        if not busy:
            self._write(wanted)

    def try_connection(self, settings: Settings) -> None:
        """Ask a server by the way of settings; an answer that is still awaited is not wanted any more."""
        backend = self._backend
        self._runner.run(
            "try", lambda _emit, cancel: backend.try_connection(settings, cancel), self._on_tried, self._on_silent
        )

    def ask_contacts(self) -> None:
        """Ask whom the program may ask."""
        backend = self._backend
        self._runner.run("contacts", lambda _emit, _cancel: backend.contacts(), self.told.emit, nothing)

    def end(self) -> None:
        """Leave everything: nothing more is told."""
        self._runner.leave_all()

    def _write(self, settings: Settings) -> None:
        backend = self._backend
        kept, refused = partial(self._on_kept, settings), partial(self._on_refused, settings)
        self._runner.run("keep", lambda _emit, _cancel: backend.keep(settings), kept, refused)

    def _on_kept(self, settings: Settings, held: Preferences) -> None:
        self.held = held
        if self._nothing_waits(settings):
            self.kept.emit(held)

    def _on_refused(self, settings: Settings, error: BaseException) -> None:
        if self._nothing_waits(settings):
            self.refused.emit(self._told(error))

    def _nothing_waits(self, settings: Settings) -> bool:
        """Return whether these were the last settings that were wished; keep the next ones if not."""
        wanted = self._wanted
        if wanted is not None and wanted != settings:
            self._write(wanted)
            return False
        self._wanted = None
        return True

    def _on_tried(self, host: str) -> None:
        self.tried.emit(host, None)

    def _on_silent(self, error: BaseException) -> None:
        if not isinstance(error, Cancelled):
            self.tried.emit("", self._told(error))

    def _told(self, error: BaseException) -> Error:
        return error_document(error, self._log_file)
