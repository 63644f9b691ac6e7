"""The quiet line about a newer version of the program: asked for once a visit, after the servers were asked anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from setupwizard.gui.backend import Backend
from setupwizard.gui.runner import Runner, nothing

if TYPE_CHECKING:
    from setupwizard.gui.outside import Outside
    from setupwizard.gui.window import SetupWindow
    from setupwizard.model.release import Newer
    from setupwizard.model.settings import Preferences


class News(QObject):
    """Asks, and shows the answer in the step list; whoever presses it reads a page in the browser."""

    def __init__(self, window: SetupWindow, backend: Backend, outside: Outside) -> None:
        """Take the window, the program behind it and the desktop around it."""
        super().__init__(window)
        self._window, self._backend, self._outside = window, backend, outside
        self._runner = Runner(self)
        self._asked = False
        self._newer: Newer | None = None
        window.flow.changed.connect(self._on_changed)
        window.rail.news_wanted.connect(self._on_wanted)
        window.settings.keeper.kept.connect(self._on_kept)

    def end(self) -> None:
        """Leave everything: the window closes."""
        self._runner.leave_all()

    def _on_changed(self) -> None:
        state = self._window.flow.state
        if self._asked or state.plan is None or not state.preferences.settings.tell_new_version:
            return
        self._asked = True
        backend = self._backend
        self._runner.run("news", lambda _emit, cancel: backend.newer_version(cancel), self._on_answer, nothing)

    def _on_answer(self, newer: Newer | None) -> None:
        self._newer = newer
        self._show(self._window.flow.state.preferences)

    def _on_kept(self, held: Preferences) -> None:
        self._show(held)
        self._on_changed()

    def _show(self, held: Preferences) -> None:
        wanted = self._newer is not None and held.settings.tell_new_version
        self._window.rail.show_newer(self._newer.version if self._newer is not None and wanted else "")
        self._window.set_tab_order()

    def _on_wanted(self) -> None:
        if self._newer is not None:
            self._outside.open_url(self._newer.page)
