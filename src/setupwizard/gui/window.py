"""The window: the first page joined to the flow, the frame around the pages, and what the person does with both."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from setupwizard import i18n
from setupwizard.gui import place, theme
from setupwizard.gui.backend import Backend
from setupwizard.gui.closing import Closing
from setupwizard.gui.flow import Flow
from setupwizard.gui.later import LaterPages
from setupwizard.gui.news import News
from setupwizard.gui.outside import Outside
from setupwizard.gui.pages.base import Page
from setupwizard.gui.pages.start import StartPage
from setupwizard.gui.qttexts import QtTexts
from setupwizard.gui.shell import Shell
from setupwizard.gui.state import PAGES, PageName
from setupwizard.gui.summary import show_steps
from setupwizard.gui.widgets.basic import Button
from setupwizard.gui.wishes import Wishes
from setupwizard.i18n import _
from setupwizard.model.events import Error

if TYPE_CHECKING:
    from setupwizard.gui.desktop import Desktop
    from setupwizard.gui.pages.build import BuildPage
    from setupwizard.gui.pages.computer import ComputerPage
    from setupwizard.gui.pages.finish import FinishPage
    from setupwizard.gui.pages.install import InstallPage
    from setupwizard.gui.pages.verify import VerifyPage
    from setupwizard.gui.questions import Question


class SetupWindow(Shell):
    """The six pages at work.

    Attributes:
        start: the first page.
        computer, build, install, verify, finish: the others, from `complete` on.
    """

    computer: ComputerPage
    build: BuildPage
    install: InstallPage
    verify: VerifyPage
    finish: FinishPage

    def __init__(
        self,
        backend: Backend,
        settings: QSettings,
        *,
        desktop: Desktop | None = None,
        log_file: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build the window.

        Args:
            backend: the program behind it.
            settings: where the size of the window and the drawer are remembered.
            desktop: what lies outside the window.
            log_file: the log, for errors of ours.
            clock: counts seconds, for what is told about waiting.
        """
        self.start = StartPage()
        super().__init__(self.start)
        self.clock = clock
        self._settings = settings
        self._started = False
        self._qt_texts = QtTexts()
        self.flow = Flow(backend, self, log_file=log_file)
        self._outside = Outside(self, self.flow, desktop, log_file)
        self.settings = Wishes(self, backend, self._outside, log_file)
        self.news = News(self, backend, self._outside)
        self._closing = Closing(self, self.flow)
        self._later = LaterPages(self, self._outside, settings)
        self._join_flow()
        self._join_page(self.start)
        self._join_frame()
        self._restore()
        self._retranslate()

    # the pages after the first

    def take_page(self, page: Page) -> None:
        """Take the next page, and show on it what is known by now."""
        self.add_pages((page,))
        self._join_page(page)
        page.fill(self.flow.state)

    def complete(self) -> None:
        """Build all pages that are not built yet."""
        self._later.complete()

    # what Qt calls

    def event(self, event: QEvent) -> bool:
        """Once the window has been painted, and not before, look at the computer; then build the other pages."""
        result = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._started:
            self._started = True
            self.flow.start(place.take(self._settings))
            self._later.begin()
        return result

    def go_to(self, name: PageName) -> None:
        """Show a page."""
        self.complete()
        super().go_to(name)

    def reject(self) -> None:
        """Close by Esc or Cancel: during an install only after a question."""
        if not self._closing.asks():
            super().reject()

    def done(self, result: int) -> None:
        """Leave the window: remember it, and leave every job."""
        self._leave()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the same question when the frame is closed; the window closes by itself once the install has stopped."""
        if self._closing.asks(close=True):
            event.ignore()
            return
        self._leave()
        super().closeEvent(event)

    # what other parts call

    def show_crash(self, error: Error) -> None:
        """Show a fault of ours on the present page, until the person has answered it or gone on."""
        self.flow.tell(fault=(self.page_now().name, error))

    def interrupt(self) -> None:
        """Close because the system or a terminal wants it: an install is stopped without a question."""
        if not self._closing.stops():
            self.close()

    def set_language(self, language: str) -> None:
        """Speak another language at once, and remember it."""
        i18n.set_language(i18n.system_language() if language == "system" else language)
        self.settings.keeper.keep(language=language)
        theme.current().apply()
        self._retranslate()
        self.flow.retell()

    def set_theme(self, mode: theme.Mode) -> None:
        """Take other colours at once, and remember them."""
        self.settings.keeper.keep(theme=mode)
        theme.current().set_mode(mode)

    def copy_details(self) -> None:
        """Put everything that a bug report needs on the clipboard, without names and passwords."""
        self._outside.copy_details(self.page_now().error)

    def choose_folder(self) -> None:
        """Let the person pick another folder for the environment."""
        self._outside.choose_folder(self._on_folder)

    def verify_again(self, thorough: bool) -> None:
        """Prove the environment once more, or all of it."""
        self.verify.begin()
        self.flow.verify_again(thorough=thorough)

    def show_title(self) -> None:
        """Say in the title, and in the task bar, how far an install is."""
        title, state = _("PyTorch Setup"), self.flow.state
        if state.installing:
            title = _("{percent} % - {title}").format(percent=self.install.percent, title=title)
        self._outside.show_progress(self.install.percent if state.installing else None)
        self.setWindowTitle(title)

    # who hears whom

    def _join_flow(self) -> None:
        flow = self.flow
        flow.changed.connect(self._fill)
        flow.arrived.connect(self.go_to)
        flow.settled.connect(self._on_settled)
        self.start.custom_wanted.connect(flow.set_custom)
        self.start.resume_wanted.connect(self._on_resume)
        self.start.start_over_wanted.connect(flow.start_over)
        self.start.act_wanted.connect(flow.upkeep.wish)
        self.start.stop_wanted.connect(flow.upkeep.stop)
        flow.asked.connect(self._on_asked)

    def _join_page(self, page: Page) -> None:
        self.flow.happened.connect(page.happened)
        page.footer_changed.connect(self.show_footer)
        page.copy_wanted.connect(self._outside.copy)
        page.details_wanted.connect(self.copy_details)
        page.support_wanted.connect(self._outside.save_support)
        page.fix_wanted.connect(self._on_fix)
        page.url_wanted.connect(self._outside.open_url)

    def _join_frame(self) -> None:
        self.footer.primary.clicked.connect(self._on_primary)
        self.footer.back.clicked.connect(self._on_back)
        self.footer.cancel.clicked.connect(self._on_cancel)
        self.rail.step_chosen.connect(self._on_step)
        self.rail.language_wanted.connect(self.set_language)
        self.rail.theme_wanted.connect(self.set_theme)
        self.currentIdChanged.connect(self._on_page)
        theme.current().changed.connect(self._on_theme)
        for keys, act in (
            ("F5", self._on_refresh),
            ("Ctrl+Shift+C", self.copy_details),
            ("Alt+N", partial(_press, self.footer.primary)),
            ("Alt+B", partial(_press, self.footer.back)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    # what the person does

    def _on_primary(self) -> None:
        state = self.flow.state
        name = self.page_now().name
        if name == "start" and any(one.own for one in state.environments):
            self.flow.upkeep.another()
        elif name == "build" or (name in {"install", "verify"} and not state.succeeded):
            self._outside.unless_metered(self._install)
        elif name == "finish":
            self.accept()
        else:
            self.step(1)

    def _install(self) -> None:
        self.go_to("install")
        self.flow.installation.start()

    def _on_resume(self) -> None:
        self._outside.unless_metered(self.flow.installation.resume)

    def _on_back(self) -> None:
        if self.flow.state.visiting:
            self.flow.upkeep.leave()
            self.go_to("start")
        elif self.flow.state.committed:
            self.flow.back_to_build()
            self.go_to("build")
        else:
            self.step(-1)

    def _on_cancel(self) -> None:
        if self.flow.state.checking:
            self.flow.stop_check()
        elif self.flow.state.visiting and self.page_now().busy:
            self.flow.upkeep.stop()
        else:
            self.reject()

    def _on_step(self, index: int) -> None:
        if not self.flow.state.committed and index < self.currentId():
            self.go_to(PAGES[index])

    def _on_refresh(self) -> None:
        if self.page_now().name in {"start", "computer"} and not self.flow.state.looking:
            self.flow.look()

    def _on_fix(self, code: str) -> None:
        """Serve what an error's button says: what lies outside the flow here, the rest there."""
        if code == "choose-folder":
            self.choose_folder()
        elif code == "proxy-settings":
            self.settings.open(then=partial(self.flow.fix, "try-again"))
        elif code in {"open-driver-page", "open-page"}:
            self._outside.open_action()
        else:
            self.flow.fix(code)

    def _on_folder(self, folder: str) -> None:
        if self.flow.state.committed:
            self._on_back()
        self.build.details.take_folder(folder)

    def _on_asked(self, question: Question) -> None:
        """Ask before an environment is changed."""
        from setupwizard.gui.dialogs import ConfirmDialog

        dialog = ConfirmDialog(self, question)
        dialog.accepted.connect(self.flow.upkeep.agree)
        dialog.rejected.connect(self.flow.upkeep.decline)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # closing

    def _leave(self) -> None:
        self._settings.setValue("maximized", self.isMaximized())
        if not self.isMaximized():
            self._settings.setValue("size", self.size())
        place.keep(self._settings, self.flow.state)
        self._settings.sync()
        self.settings.end()
        self.news.end()
        self._outside.end()
        self.flow.end()

    # what the flow says

    def _on_settled(self) -> None:
        """Come to rest after an install: close if that was wanted, else call the person back."""
        state = self.flow.state
        close = self._closing.settle()
        self.show_title()
        if close:
            self.close()
            return
        if state.errors.keys() & {"install", "verify"}:
            self.install.drawer.open()
        page = self.page_now()
        self._outside.alert(page.heading, page.accessibleDescription())

    def _on_page(self, index: int) -> None:
        if index >= 0 and not self.travelling:
            self.arrive()

    def arrive(self) -> None:
        """Greet a page; coming to page 3 asks the servers."""
        fault = self.flow.state.fault
        if fault is not None and fault[0] != self.page_now().name:
            self.flow.tell(fault=None)
        if self.page_now().name == "build":
            self.flow.enter_build()
        self._show_rail()
        super().arrive()

    def _fill(self) -> None:
        state = self.flow.state
        for page in self.pages:
            page.fill(state)
        self._show_rail()
        self.show_title()
        self.set_tab_order()

    def _show_rail(self) -> None:
        show_steps(self.rail, self.flow.state, max(0, self.currentId()))

    # looks

    def _retranslate(self) -> None:
        # Systems append the program's name to the title unless it ends with it, so it comes first.
        QApplication.setApplicationDisplayName(_("PyTorch Setup"))
        self.show_title()
        self._qt_texts.speak(i18n.language())
        self.rail.retranslate(i18n.language())
        state = self.flow.state
        self.settings.retranslate()
        for page in self.pages:
            page.retranslate(state)
        self._show_rail()
        self.show_footer()

    def _on_theme(self) -> None:
        self.rail.retranslate(i18n.language())

    def _restore(self) -> None:
        """Take the size of the last visit."""
        wished = self._settings.value("size")
        if isinstance(wished, QSize):
            self.resize(wished.boundedTo(self.screen().availableSize()).expandedTo(self.minimumSize()))
        if self._settings.value("maximized", False, type=bool) is True:
            self.setWindowState(Qt.WindowState.WindowMaximized)


def _press(button: Button) -> None:
    """Press a button by a key of its own, only where a mouse could press it too."""
    if button.isVisible() and button.isEnabled():
        button.click()
