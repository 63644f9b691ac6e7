"""A window with everything that a test needs around it: a desktop that only takes notes, and a program behind it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from gui.fake_backend import FakeBackend
from setupwizard.gui.desktop import Desktop
from setupwizard.gui.state import State
from setupwizard.gui.window import SetupWindow


class FakeDesktop(Desktop):
    """Notes what would have left the window."""

    def __init__(self) -> None:
        self.copied: list[str] = []
        self.urls: list[str] = []
        self.folders: list[str] = []
        self.alerts: list[tuple[str, str]] = []
        self.progress: list[tuple[int | None, bool]] = []
        self.by_volume = False
        self.answer = ""

    def copy(self, text: str) -> None:
        self.copied.append(text)

    def open_url(self, url: str) -> None:
        self.urls.append(url)

    def open_folder(self, folder: str) -> None:
        self.folders.append(folder)

    def ask_folder(self, parent: object, start: str, answer: Callable[[str], None]) -> None:
        if self.answer:
            answer(self.answer)

    def metered(self) -> bool:
        return self.by_volume

    def ask_file(self, parent: object, title: str, answer: Callable[[str], None]) -> None:
        if self.answer:
            answer(self.answer)

    def ask_save(self, parent: object, title: str, proposal: str, answer: Callable[[str], None]) -> None:
        if self.answer:
            answer(self.answer)

    def alert(self, window: object, title: str, text: str) -> None:
        self.alerts.append((title, text))

    def show_progress(self, window: object, percent: int | None, *, paused: bool = False) -> None:
        self.progress.append((percent, paused))


class Visit:
    """A window with everything that a test needs around it."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.backend = FakeBackend()
        self.desktop = FakeDesktop()
        self.ini = folder / "window.ini"
        self.now = 0.0
        self.window: SetupWindow = None  # type: ignore[assignment]  # made by open

    def clock(self) -> float:
        return self.now

    def make(self) -> SetupWindow:
        """Make the window and show nothing yet."""
        settings = QSettings(str(self.ini), QSettings.Format.IniFormat)
        self.window = SetupWindow(
            self.backend, settings, desktop=self.desktop, log_file="/logs/setupwizard.log", clock=self.clock
        )
        self.qtbot.addWidget(self.window)
        return self.window

    def open(self, *, start: bool = True) -> SetupWindow:
        """Show the window; with `start` wait until the computer was looked at."""
        self.make()
        self.window._started = not start
        self.window.show()
        self.window.complete()
        self.qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow)
        if start and "detect" not in self.backend.gates:
            self.wait(lambda: "detect" in self.backend.calls and not self.state.looking)
        return self.window

    @property
    def state(self) -> State:
        return self.window.flow.state

    @property
    def page(self) -> str:
        return self.window.page_now().name

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=5000)

    def press_primary(self) -> None:
        from PySide6.QtCore import Qt

        self.wait(self.window.footer.primary.isEnabled)
        self.qtbot.mouseClick(self.window.footer.primary, Qt.MouseButton.LeftButton)

    def go_to_build(self) -> None:
        self.press_primary()
        self.press_primary()
        self.wait(lambda: self.state.plan is not None and not self.state.planning)

    def go_to_install(self) -> None:
        """Come to a running install that waits in the middle of its download."""
        self.gate = self.backend.hold("apply")
        self.go_to_build()
        self.press_primary()
        self.wait(lambda: "apply" in self.backend.calls and "torch" in self.window.install.line.words)

    def finish_install(self) -> None:
        self.go_to_install()
        self.gate.set()
        self.wait(lambda: self.state.phase == "done")
