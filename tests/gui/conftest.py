"""Every test here has one program, one look, and leaves nothing behind."""

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    # The offscreen screen is 800 x 800 otherwise, smaller than our window; a colon of a drive would end the path.
    _screen = Path(os.path.relpath(Path(__file__).with_name("screen.json"))).as_posix()
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={_screen}"

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from gui.internet import guard, real  # noqa: F401 - fixtures
from gui.visits import FakeDesktop, Visit  # noqa: F401 - for the tests
from setupwizard import i18n
from setupwizard.gui import tasks, theme

# The offscreen platform says so whenever a window has a smallest size.
_HARMLESS = "This plugin does not support propagateSizeHints"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore(_HARMLESS, extend=True))


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Make the program as the window makes it."""
    return ["tests", *theme.STYLE]


@pytest.fixture(scope="session", autouse=True)
def _only_the_new_is_searched(qapp: QApplication) -> None:
    """Leave what the modules hold out of the search for garbage after each test: it is most of the objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a thread, a timer, a window or a process behind."""
    before = set(threading.enumerate())
    started_before = psutil.Process().children(recursive=True)
    yield
    _settle()
    end = time.monotonic() + 3
    while (threads := _new_threads(before)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not threads, f"threads left: {threads}"
    timers = [one for one in gc.get_objects() if type(one) is QTimer and isValid(one) and one.isActive()]
    assert not timers, f"timers left: {timers}"
    windows = [widget for widget in QApplication.topLevelWidgets() if isValid(widget)]
    assert not windows, f"windows left: {windows}"
    processes = [one for one in psutil.Process().children(recursive=True) if one not in started_before]
    assert not processes, f"processes left: {processes}"


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread not in before]


def _settle() -> None:
    for _turn in range(2):
        QApplication.processEvents()
        _delete()
    gc.collect()
    _delete()


def _delete() -> None:
    """Delete now what is to be deleted later."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def plain_look(qapp: QApplication, nothing_left: None) -> Iterator[None]:
    """Begin every test in English, in light colours and with text of the usual size."""
    look = theme.install(qapp, scale=1.0)
    i18n.set_language("en")
    if look.mode != "light":
        look.set_mode("light")
    yield
    i18n.set_language("en")
    _delete()  # a style sheet is worked out again for every widget that is still there
    look.set_scale(1.0)


@pytest.fixture
def visit(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A visit that has not begun; looking at the computer takes no longer than it has to."""
    monkeypatch.setattr(tasks, "SHORTEST_LOOK_S", 0.0)
    one = Visit(qtbot, tmp_path)
    yield one
    for gate in one.backend.gates.values():
        gate.set()
    if one.window is not None:
        one.window.flow.end()


class Pseudo(i18n._gettext.NullTranslations):
    """A language with signs on its letters and 35 % longer than English: what breaks in it, breaks in German."""

    _letters = str.maketrans("aeiouyncsAEIOUYNCS", "áéíóúýñçšÁÉÍÓÚÝÑÇŠ")

    def gettext(self, message: str) -> str:
        parts = message.split("{")
        shown = [parts[0].translate(self._letters)]
        for part in parts[1:]:
            name, _brace, rest = part.partition("}")
            shown.append("{" + name + "}" + rest.translate(self._letters))
        return "".join(shown) + " " + "~" * max(1, round(len(message) * 0.35))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def speak() -> Callable[[str], None]:
    """Return a function that makes the program speak a language: "en", "zh_CN" or "pseudo"."""

    def change(language: str) -> None:
        i18n.set_language("en" if language == "pseudo" else language)
        if language == "pseudo":
            i18n._state["catalog"] = Pseudo()
        theme.current().apply()

    return change
