"""What is loaded when the window is there: what nobody needs yet would only make people wait."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QWizard

from gui.conftest import Visit
from setupwizard.gui.pages.start import StartPage
from setupwizard.gui.shell import Shell
from setupwizard.gui.state import PAGES

TESTS = Path(__file__).resolve().parent.parent

# At the end of its first painting the window would begin to look at the computer; here it tells and closes instead.
PROGRAM = """
import gc, json, linecache, sys
from PySide6.QtCore import QTimer
from setupwizard.gui.flow import Flow
def first(self, _waited_at=None):
    window = self.parent()
    told = {"modules": sorted(sys.modules), "visible": window.isVisible(), "heading": window.page_now().heading}
    told["pages"], told["collects"] = len(window.pages), gc.isenabled()
    told["sources"] = len(linecache.cache)
    print(json.dumps(told))
    QTimer.singleShot(0, window.close)
Flow.start = first
sys.argv = ["setupwizard"]
from setupwizard.__main__ import console
console()
"""

NOT_YET = (
    "asyncio",
    "click",
    "email",
    "filelock",
    "findpython",
    "http",
    "jinja2",
    "markupsafe",
    "numpy",
    "packaging",
    "pip",
    "psutil",
    "pynvml",
    "sqlite3",
    "ssl",
    "tomlkit",
    "torch",
    "truststore",
    "urllib.request",
    "urllib3",
    "uv",
    "wakepy",
    "PySide6.QtNetwork",
    "PySide6.QtOpenGL",
    "PySide6.QtQml",
    "setupwizard.cli",
    "setupwizard.child",
    "setupwizard.gui.command",
    "setupwizard.gui.desktop",
    "setupwizard.gui.details",
    "setupwizard.gui.dialogs",
    "setupwizard.gui.pages.build",
    "setupwizard.gui.pages.computer",
    "setupwizard.gui.pages.details",
    "setupwizard.gui.pages.finish",
    "setupwizard.gui.pages.install",
    "setupwizard.gui.pages.verify",
    "setupwizard.gui.widgets.environments",
    "setupwizard.gui.widgets.figures",
    "setupwizard.gui.widgets.log",
    "setupwizard.gui.widgets.progress",
    "setupwizard.model.catalogue",
    "setupwizard.model.doctor",
    "setupwizard.model.environments",
    "setupwizard.model.machine",
    "setupwizard.model.plan",
    "setupwizard.model.recommendation",
    "setupwizard.model.release",
    "setupwizard.probes",
    "setupwizard.sentences",
    "setupwizard.steps",
    "setupwizard.store",
    "setupwizard.workflow",
) + (("ctypes", "locale", "subprocess") if sys.platform != "win32" else ())


def told_by(program: str, tmp_path: Path, **more: str) -> dict:
    """Run the program until its window is there, and return what it told then."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SETUPWIZARD"))}
    env = {**own, "HOME": str(tmp_path), "LANG": "C.UTF-8", "DISPLAY": ":none", "QT_QPA_PLATFORM": "offscreen", **more}
    env["XDG_RUNTIME_DIR"] = str(tmp_path)  # else a window of somebody else is taken for the first one
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("start", ["console", "windowed"])
def test_a_language_can_be_asked_for_on_the_command_line(tmp_path: Path, start: str) -> None:
    program = PROGRAM.replace('["setupwizard"]', '["setupwizard", "--lang", "zh_CN"]').replace("console", start)
    assert told_by(program, tmp_path)["heading"] == "让 PyTorch 用上你的显卡"


def test_nothing_heavy_is_loaded_before_the_window_is_there(tmp_path: Path) -> None:
    told = told_by(PROGRAM, tmp_path, SETUPWIZARD_LANG="en")
    assert told["visible"]
    assert told["heading"] == "Get PyTorch running on your graphics card"
    assert told["pages"] == 1
    assert not told["collects"]
    assert told["sources"] < 10, "PySide's search keeps the source of more than a hundred modules"
    modules = set(told["modules"])
    assert {"setupwizard.gui.window", "setupwizard.gui.program", "PySide6.QtWidgets"} <= modules
    loaded = {name for name in NOT_YET if any(one == name or one.startswith(f"{name}.") for one in modules)}
    assert not loaded


def test_the_other_pages_come_after_the_first_painting_and_after_detection_has_begun(visit: Visit) -> None:
    visit.backend.hold("detect")
    window = visit.make()
    assert len(window.pages) == 1
    assert visit.backend.calls == []
    window.show()
    visit.wait(lambda: len(window.pages) == len(PAGES))
    visit.wait(lambda: "detect" in visit.backend.calls)
    assert [page.name for page in window.pages] == list(PAGES)
    assert "Looking at your computer" in window.computer.heading


def test_the_window_answers_between_one_page_and_the_next(visit: Visit) -> None:
    visit.backend.hold("detect")
    window = visit.make()
    seen: set[int] = set()
    person = QTimer()
    person.timeout.connect(lambda: seen.add(len(window.pages)))
    person.start(0)
    window.show()
    visit.wait(lambda: len(window.pages) == len(PAGES))
    person.stop()
    assert seen >= set(range(2, len(PAGES))), "what is not in it was built without the window being able to answer"


def test_a_click_that_comes_before_the_other_pages_leads_to_the_next_one(visit: Visit) -> None:
    visit.backend.hold("detect")
    window = visit.make()
    window._started = True  # nothing happens by itself
    window.show()
    visit.qtbot.waitExposed(window)
    assert len(window.pages) == 1
    visit.qtbot.mouseClick(window.footer.primary, Qt.MouseButton.LeftButton)
    assert visit.page == "computer"
    assert len(window.pages) == len(PAGES)


def test_garbage_is_collected_by_the_thread_of_the_window_alone(tmp_path: Path) -> None:
    """A worker that looked for some would meet objects of Qt while the window makes and destroys them."""
    code = """
import gc, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gui.fake_backend import FakeBackend
from setupwizard.gui import app
walkers, stop = set(), threading.Event()
class Garbage:
    gone = 0
    def __init__(self):
        self.me = self
    def __del__(self):
        Garbage.gone += 1
def make():
    while not stop.wait(0.001):
        [Garbage() for _one in range(100)]
def look():
    if Garbage.gone > 10_000:
        stop.set()
        print("main", walkers == {threading.main_thread().name}, len(gc.get_objects()) < gc.get_freeze_count())
        QApplication.closeAllWindows()
    else:
        QTimer.singleShot(50, look)
class Backend(FakeBackend):
    def __init__(self, log):
        super().__init__()
        gc.callbacks.append(lambda phase, _info: walkers.add(threading.current_thread().name))
        threading.Thread(target=make).start()
        QTimer.singleShot(0, look)
print("code", app.main(["setupwizard"], Backend))
"""
    env = {**os.environ, "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["main", "True", "True", "code", "0"], done.stderr


def test_windows_may_resize_a_window_that_is_not_whole_yet(visit: Visit) -> None:
    class Hasty(Shell):
        def setWizardStyle(self, style: QWizard.WizardStyle) -> None:
            super().setWizardStyle(style)
            QApplication.sendEvent(self, QResizeEvent(QSize(900, 600), QSize(0, 0)))

    one = Hasty(StartPage())
    QApplication.sendEvent(one, QResizeEvent(QSize(900, 600), QSize(0, 0)))
    assert one.rail.width() > 0
    one.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
