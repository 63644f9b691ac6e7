"""The pages after the first: built one at a time once that one is on the screen, and joined to those who serve them."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QTimer
from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from setupwizard.gui.outside import Outside
    from setupwizard.gui.window import SetupWindow


class LaterPages(QObject):
    """Builds the pages that nobody can see yet, without keeping the window from answering in between."""

    def __init__(self, window: SetupWindow, outside: Outside, settings: QSettings) -> None:
        """Take the window, the desktop around it, and where small wishes about a page are remembered."""
        super().__init__(window)
        self._window = window
        self._flow = window.flow
        self._outside = outside
        self._settings = settings
        self._left = deque((self._computer, self._build, self._install, self._verify, self._finish))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)

    def begin(self) -> None:
        """Build them from now on, each when the window has nothing else to do."""
        self._timer.start(0)

    def complete(self) -> None:
        """Build all that are left: somebody wants to see one."""
        while self._left:
            self._next()

    def _next(self) -> None:
        if self._left:
            self._left.popleft()()
        if not self._left:
            self._timer.stop()

    def _computer(self) -> None:
        from setupwizard.gui.pages.computer import ComputerPage

        page = self._window.computer = ComputerPage()
        page.look_wanted.connect(self._flow.look)
        page.cards_wanted.connect(self._flow.choose_cards)
        self._window.take_page(page)

    def _build(self) -> None:
        from setupwizard.gui.pages.build import BuildPage

        page = self._window.build = BuildPage()
        page.choices_wanted.connect(self._flow.choose)
        page.folder_wanted.connect(self._window.choose_folder)
        page.wheels_wanted.connect(partial(self._outside.choose_wheels, page.details.take_source))
        self._window.take_page(page)

    def _install(self) -> None:
        from setupwizard.gui.pages.install import InstallPage

        installation, settings = self._flow.installation, self._settings
        page = self._window.install = InstallPage(self._window.clock)
        page.drawer.toggle.setChecked(settings.value("details", False, type=bool) is True)
        QShortcut(QKeySequence("Ctrl+L"), self._window).activated.connect(page.drawer.toggle.toggle)
        page.drawer_opened.connect(partial(settings.setValue, "details"))
        page.lesson_wanted = settings.value("lesson", True, type=bool) is True
        page.lesson_skipped.connect(partial(settings.setValue, "lesson", False))
        page.log_folder_wanted.connect(self._outside.open_logs)
        page.percent_changed.connect(lambda _percent: self._window.show_title())
        page.pace.pause_wanted.connect(installation.pause)
        page.pace.limit_wanted.connect(lambda rate: self._window.settings.keeper.keep(speed_limit=rate))
        page.pace.source_wanted.connect(installation.take_source)
        self._flow.lines.connect(page.take_lines)
        self._flow.begun.connect(page.begin)
        self._window.take_page(page)

    def _verify(self) -> None:
        from setupwizard.gui.pages.verify import VerifyPage

        page = self._window.verify = VerifyPage()
        page.again_wanted.connect(self._window.verify_again)
        page.removal_wanted.connect(self._flow.installation.take_back)
        page.keep_wanted.connect(self._flow.installation.keep)
        self._flow.begun.connect(page.begin)
        self._window.take_page(page)

    def _finish(self) -> None:
        from setupwizard.gui.pages.finish import FinishPage

        flow, outside = self._flow, self._outside
        page = self._window.finish = FinishPage()
        page.terminal_wanted.connect(flow.open_terminal)
        page.folder_wanted.connect(outside.open_folder)
        page.report_wanted.connect(outside.save_report)
        page.plan_wanted.connect(outside.save_plan)
        page.removal_wanted.connect(lambda: flow.upkeep.wish("remove", flow.root))
        page.free_wanted.connect(flow.free_downloads)
        self._window.take_page(page)
