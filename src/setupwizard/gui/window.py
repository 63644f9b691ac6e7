"""The window: the pages joined to the flow, and one guard for every way to close it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import PurePath

from PySide6.QtCore import QEvent, QLibraryInfo, QSettings, QSize, QTranslator
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from setupwizard import i18n
from setupwizard.gui import theme
from setupwizard.gui.backend import Backend
from setupwizard.gui.desktop import Desktop
from setupwizard.gui.details import details_text
from setupwizard.gui.dialogs import StopDialog
from setupwizard.gui.flow import Flow
from setupwizard.gui.pages.build import BuildPage
from setupwizard.gui.pages.computer import ComputerPage
from setupwizard.gui.pages.finish import FinishPage
from setupwizard.gui.pages.install import InstallPage
from setupwizard.gui.pages.start import StartPage
from setupwizard.gui.pages.verify import VerifyPage
from setupwizard.gui.shell import Shell
from setupwizard.gui.state import PAGES
from setupwizard.gui.summary import standing, summary
from setupwizard.gui.widgets.basic import Button
from setupwizard.gui.wording import page_name
from setupwizard.i18n import _
from setupwizard.model.events import Error


class SetupWindow(Shell):
    """The six pages at work."""

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
            settings: where size, language, colours and the drawer are remembered.
            desktop: what lies outside the window.
            log_file: the log, for errors of ours.
            clock: counts seconds, for what is told about waiting.
        """
        self.start, self.computer, self.build = StartPage(), ComputerPage(), BuildPage()
        self.install, self.verify, self.finish = InstallPage(clock), VerifyPage(), FinishPage()
        super().__init__([self.start, self.computer, self.build, self.install, self.verify, self.finish])
        self._settings = settings
        self._desktop = desktop or Desktop()
        self._log_file = log_file
        self._question: StopDialog | None = None
        self._close_after_stop = False
        self._started = False
        self._translator = QTranslator(self)
        self.flow = Flow(backend, self, log_file=log_file)
        self._join_flow()
        self._join_pages()
        self._join_frame()
        self._restore()
        self._retranslate()

    # what Qt calls

    def event(self, event: QEvent) -> bool:
        """Start to look at the computer once the window has been painted, not before."""
        result = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._started:
            self._started = True
            self.flow.start()
        return result

    def reject(self) -> None:
        """Close by Esc or Cancel: during an install only after a question."""
        if self.flow.state.installing:
            self._ask()
        else:
            super().reject()

    def done(self, result: int) -> None:
        """Leave the window: remember it, and leave every job."""
        self._leave()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the same question when the frame is closed; the window closes by itself once the install has stopped."""
        if self.flow.state.installing:
            self._close_after_stop = True
            event.ignore()
            self._ask()
            return
        self._leave()
        super().closeEvent(event)

    # what other parts call

    def show_crash(self, error: Error) -> None:
        """Show a fault of ours on the present page."""
        self.page_now().show_problem(error)
        self.show_footer()

    def interrupt(self) -> None:
        """Close because the system or a terminal wants it: an install is stopped without a question."""
        if self.flow.state.installing:
            self._close_after_stop = True
            self.flow.stop(remove=False)
        else:
            self.close()

    def set_language(self, language: str) -> None:
        """Speak another language at once, and remember it."""
        i18n.set_language(language)
        self._settings.setValue("language", language)
        theme.current().apply()
        self._retranslate()
        self.flow.retell()

    def set_theme(self, mode: theme.Mode) -> None:
        """Take other colours at once, and remember them."""
        self._settings.setValue("theme", mode)
        theme.current().set_mode(mode)

    def copy_details(self) -> None:
        """Put everything that a bug report needs on the clipboard, without names and passwords."""
        text = details_text(self.flow.state, self.flow.printed, self.page_now().error)
        self._desktop.copy(self.flow.redact(text))

    # who hears whom

    def _join_flow(self) -> None:
        flow = self.flow
        flow.changed.connect(self._fill)
        flow.arrived.connect(self.go_to)
        flow.begun.connect(self._on_begun)
        flow.settled.connect(self._on_settled)
        flow.lines.connect(self.install.take_lines)
        for page in self.pages:
            flow.happened.connect(page.happened)
            page.footer_changed.connect(self.show_footer)
            page.copy_wanted.connect(self._desktop.copy)
            page.details_wanted.connect(self.copy_details)
            page.support_wanted.connect(self._on_support)
            page.fix_wanted.connect(self._on_fix)
            page.url_wanted.connect(self._desktop.open_url)

    def _join_pages(self) -> None:
        flow = self.flow
        self.start.custom_wanted.connect(flow.set_custom)
        self.start.resume_wanted.connect(flow.resume)
        self.start.start_over_wanted.connect(flow.start_over)
        self.computer.look_wanted.connect(flow.look)
        self.build.choices_wanted.connect(flow.choose)
        self.build.folder_wanted.connect(self._on_choose_folder)
        self.install.log_folder_wanted.connect(self._on_log_folder)
        self.install.drawer_opened.connect(self._on_drawer)
        self.install.percent_changed.connect(self._show_title)
        self.verify.again_wanted.connect(self._on_verify_again)
        self.verify.removal_wanted.connect(flow.take_back)
        self.verify.keep_wanted.connect(flow.keep)
        self.finish.terminal_wanted.connect(flow.open_terminal)
        self.finish.folder_wanted.connect(self._on_open_folder)
        self.finish.report_wanted.connect(self._on_report)

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
            ("Ctrl+L", self.install.drawer.toggle.toggle),
            ("Ctrl+Shift+C", self.copy_details),
            ("Alt+N", partial(_press, self.footer.primary)),
            ("Alt+B", partial(_press, self.footer.back)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    # what the person does

    def _on_primary(self) -> None:
        state = self.flow.state
        name = self.page_now().name
        if name == "build":
            self.step(1)
            self.flow.install()
        elif name in {"install", "verify"} and not state.succeeded:
            self.go_to("install")
            self.flow.install()
        elif name == "finish":
            self.accept()
        else:
            self.step(1)

    def _on_back(self) -> None:
        if self.flow.state.committed:
            self.flow.back_to_build()
            self.go_to("build")
        else:
            self.step(-1)

    def _on_cancel(self) -> None:
        if self.flow.state.checking:
            self.flow.stop_check()
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
            self._on_choose_folder()
        elif code == "open-driver-page":
            decision = self.flow.state.decision
            for action in decision.actions[:1] if decision is not None else ():
                self._desktop.open_url(action.url or "")
        else:
            self.flow.fix(code)

    def _on_choose_folder(self) -> None:
        self._desktop.ask_folder(self, self.flow.state.choices.root, self._on_folder)

    def _on_folder(self, folder: str) -> None:
        if self.flow.state.committed:
            self._on_back()
        self.build.details.take_folder(folder)

    def _on_verify_again(self, thorough: bool) -> None:
        self.verify.begin()
        self.flow.verify_again(thorough=thorough)

    def _on_open_folder(self) -> None:
        self._desktop.open_folder(self.flow.root)

    def _on_log_folder(self) -> None:
        self._desktop.open_folder(str(PurePath(self._log_file).parent))

    def _on_drawer(self, opened: bool) -> None:
        self._settings.setValue("details", opened)

    def _on_report(self) -> None:
        self._desktop.ask_save(self, _("Save report..."), "pytorch-report.html", self.flow.save_report)

    def _on_support(self) -> None:
        self._desktop.ask_save(self, _("Save a support file..."), "setupwizard-support.zip", self.flow.save_support)

    # closing

    def _ask(self) -> None:
        """Ask whether the install is to be stopped; once, and not while it stops already."""
        if self._question is not None or self.flow.state.phase != "running":
            return
        self._question = StopDialog(self)
        self._question.stop_wanted.connect(self._on_stop)
        self._question.finished.connect(self._on_answered)
        self._question.open()

    def _on_stop(self, remove: bool) -> None:
        self.flow.stop(remove=remove)

    def _on_answered(self, result: int) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.deleteLater()
        if result != StopDialog.DialogCode.Accepted:
            self._close_after_stop = False

    def _leave(self) -> None:
        if not self.isMaximized():
            self._settings.setValue("size", self.size())
        self._settings.sync()
        self.flow.end()

    # what the flow says

    def _on_begun(self) -> None:
        self.install.begin()
        self.verify.begin()

    def _on_settled(self) -> None:
        """Come to rest after an install: close if that was wanted, else call the person back."""
        state = self.flow.state
        close = self._close_after_stop and state.phase == "stopped" and not state.errors
        if self._question is not None:
            self._question.reject()
        self._close_after_stop = False
        self._show_title()
        if close:
            self.close()
            return
        if self.install.error is not None or self.verify.error is not None:
            self.install.drawer.open()
        self._desktop.alert(self)

    def _on_page(self, index: int) -> None:
        if index >= 0 and not self.travelling:
            self.arrive()

    def arrive(self) -> None:
        """Greet a page; coming to page 3 asks the servers."""
        if self.page_now().name == "build":
            self.flow.enter_build()
        self._show_rail()
        super().arrive()

    def _fill(self) -> None:
        state = self.flow.state
        for page in self.pages:
            page.fill(state)
        self._show_rail()
        self.set_tab_order()

    def _show_rail(self) -> None:
        state, here = self.flow.state, max(0, self.currentId())
        for index, name in enumerate(PAGES):
            self.rail.show_step(
                index,
                page_name(name),
                summary(name, state) if index < here else "",
                standing(index, here, name, state),
                here=index == here,
                reachable=index < here and not state.committed,
            )

    # looks

    def _retranslate(self) -> None:
        # Systems append the program's name to the title unless it ends with it, so it comes first.
        QApplication.setApplicationDisplayName(_("PyTorch Setup"))
        self._show_title()
        application = QApplication.instance()
        if application is not None:
            application.removeTranslator(self._translator)
            folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            if self._translator.load(f"qtbase_{i18n.language()}", folder):
                application.installTranslator(self._translator)
        self.rail.retranslate(i18n.language())
        state = self.flow.state
        for page in self.pages:
            page.fill(state)
            page.retranslate()
        self._show_rail()
        self.show_footer()

    def _show_title(self, percent: int = 0) -> None:
        """Say in the title, and so in the task bar, how far an install is."""
        title = _("PyTorch Setup")
        if self.flow.state.installing:
            title = _("{percent} % - {title}").format(percent=percent, title=title)
        self.setWindowTitle(title)

    def _on_theme(self) -> None:
        self.rail.retranslate(i18n.language())

    def _restore(self) -> None:
        """Take the size and the drawer of the last visit."""
        wished = self._settings.value("size")
        if isinstance(wished, QSize):
            self.resize(wished.boundedTo(self.screen().availableSize()).expandedTo(self.minimumSize()))
        self.install.drawer.toggle.setChecked(self._settings.value("details", False, type=bool) is True)


def _press(button: Button) -> None:
    """Press a button by a key of its own, only where a mouse could press it too."""
    if button.isVisible() and button.isEnabled():
        button.click()
