"""The program around the window: quick to show, and nothing ends without a sentence."""

import gc
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLoggingCategory, qWarning
from PySide6.QtWidgets import QApplication

from gui.conftest import Visit
from setupwizard.errors import SetupError
from setupwizard.gui import app, logs
from setupwizard.gui.desktop import Desktop
from setupwizard.gui.faults import error_document

TESTS = Path(__file__).resolve().parent.parent
# What takes long to import, and what would speak to a network: none of it before the window is on the screen.
HEAVY = [
    "jinja2",
    "findpython",
    "urllib3",
    "wakepy",
    "pynvml",
    "psutil",
    "truststore",
    "uv",
    "torch",
    "pip",
    "PySide6.QtNetwork",
    "setupwizard.workflow",
    "setupwizard.steps",
    "setupwizard.probes",
    "setupwizard.store",
]

_START = """
    import sys, time
    begun = time.perf_counter()
    sys.path[:0] = [{tests!r}]
    from setupwizard.gui import app, window
    {body}
"""


def start(body: str, tmp_path: Path, **more: str) -> subprocess.Popen[str]:
    """Run a small program that starts the window."""
    code = textwrap.dedent(_START).format(tests=str(TESTS), body="\n".join(textwrap.dedent(body).splitlines()))
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(tmp_path),  # else a window of somebody else is taken for the first one
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(tmp_path),  # else platformdirs asks Windows, which knows no variables
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def finish(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=150)
    return child.returncode, out, err


_CLOSE_AFTER_PAINT = """
old = window.SetupWindow.event
painted = []
def event(self, happening):
    if getattr(self, '_started', None) is False and happening.type() == happening.Type.Paint:
        painted.append(1)
        print("painted after", round(time.perf_counter() - begun, 2))
        print("heavy:", *[name for name in {heavy!r} if name in sys.modules])
    answer = old(self, happening)
    if painted and not self.isHidden():
        painted.clear()
        self.close()
    return answer
window.SetupWindow.event = event
print("code", app.main(["setupwizard"]))
"""


def test_the_window_is_painted_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    code, out, err = finish(start(_CLOSE_AFTER_PAINT.format(heavy=HEAVY), tmp_path))
    print(out)
    assert code == 0, err
    assert "painted after" in out
    assert "heavy:\n" in out
    assert "code 0" in out
    assert "Traceback" not in err


@pytest.mark.posix_only("a signal ends a process at once there")
def test_a_signal_closes_the_window_and_the_program_ends_well(tmp_path: Path) -> None:
    body = """
    from gui.fake_backend import FakeBackend
    print("up", flush=True)
    print("code", app.main(["setupwizard"], lambda log: FakeBackend()))
    """
    child = start(body, tmp_path)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "up"
    time.sleep(2)
    child.send_signal(signal.SIGTERM)
    code, out, err = finish(child)
    assert (code, out.strip()) == (0, "code 0"), err


def test_a_fault_in_the_window_ends_in_a_card(tmp_path: Path) -> None:
    body = """
    from PySide6.QtCore import QTimer
    from gui.fake_backend import FakeBackend
    def look():
        shown = window_of()
        if shown is not None and shown.start.error is not None:
            print("card", shown.start.error.code, shown.start.error_card.isVisible(), flush=True)
            shown.close()
        else:
            QTimer.singleShot(100, look)
    def window_of():
        from PySide6.QtWidgets import QApplication
        return next((one for one in QApplication.topLevelWidgets() if isinstance(one, window.SetupWindow)), None)
    def break_it():
        raise ValueError("broken slot")
    class Backend(FakeBackend):
        def __init__(self, log):
            super().__init__()
            QTimer.singleShot(300, break_it)
            QTimer.singleShot(500, look)
    print("code", app.main(["setupwizard"], Backend))
    """
    code, out, err = finish(start(body, tmp_path))
    assert "card internal-error True" in out, err
    assert code == 0
    log = next(tmp_path.rglob(logs.NAME)).read_text("utf-8")
    assert "broken slot" in log
    assert "Traceback" in log


def test_a_window_that_cannot_be_opened_says_where_the_reason_is(tmp_path: Path) -> None:
    body = """
    def broken(log):
        raise OSError("no such program")
    sys.exit(app.main(["setupwizard"], broken))
    """
    code, _out, err = finish(start(body, tmp_path))
    assert code == 1
    assert str(next(tmp_path.rglob(logs.NAME))) in err
    assert "no such program" in next(tmp_path.rglob(logs.NAME)).read_text("utf-8")


def test_a_binding_that_cannot_work_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import PySide6

    monkeypatch.setattr(PySide6, "__version__", "6.12.0")
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    monkeypatch.setenv("SETUPWIZARD_LANG", "en")
    try:
        assert app.main(["setupwizard"]) == 1
    finally:
        gc.enable()  # the other tests of this process need it
    assert "setupwizard --text" in capsys.readouterr().err


# the log


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[logs.CrashCatcher]:
    handlers, propagate = list(logs.root.handlers), logs.root.propagate
    logs.start_log(tmp_path / "logs")
    one = logs.CrashCatcher(tmp_path / "logs")
    yield one
    one.close()
    for handler in logs.root.handlers:
        handler.close()
    logs.root.handlers[:] = handlers
    logs.root.propagate = propagate
    logging.raiseExceptions = True


def test_what_nobody_caught_is_logged_and_kept(catcher: logs.CrashCatcher, tmp_path: Path) -> None:
    error = ValueError("from the window")
    sys.excepthook(ValueError, error, None)

    def break_it() -> None:
        raise KeyError("from a thread")

    thread = threading.Thread(target=break_it)
    thread.start()
    thread.join()
    caught = catcher.take()
    assert caught[0] is error
    assert repr(caught[1]) == "KeyError('from a thread')"
    assert catcher.take() == []
    text = (tmp_path / "logs" / logs.NAME).read_text("utf-8")
    assert "from the window" in text
    assert "from a thread" in text


def test_an_end_that_was_wanted_is_no_crash(catcher: logs.CrashCatcher) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert catcher.take() == []


@pytest.mark.no_qt_log
def test_what_qt_says_goes_to_the_log(catcher: logs.CrashCatcher, tmp_path: Path, qapp: QApplication) -> None:
    QLoggingCategory.setFilterRules("")
    qWarning("a word from Qt")
    assert "a word from Qt" in (tmp_path / "logs" / logs.NAME).read_text("utf-8")


def test_the_log_is_capped(tmp_path: Path, catcher: logs.CrashCatcher) -> None:
    handler = logs.root.handlers[0]
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    assert handler.maxBytes == logs.LOG_BYTES
    assert handler.backupCount == logs.LOG_FILES


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, catcher: logs.CrashCatcher) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    logs.start_log(blocked / "logs")
    logs.root.error("nowhere to go")


def test_any_exception_becomes_an_error_of_the_contract() -> None:
    known = error_document(SetupError("disk-full", path="C:", need="1", free="0"), "/log")
    assert (known.code, known.log) == ("disk-full", None)
    unknown = error_document(ValueError("odd"), "/log")
    assert (unknown.code, unknown.log) == ("internal-error", "/log")
    assert "ValueError: odd" in unknown.detail


def test_a_crash_is_shown_on_the_present_page(visit: Visit) -> None:
    window = visit.open()
    window.show_crash(error_document(ValueError("odd"), "/log"))
    assert window.start.error_card.isVisible()
    visit.desktop.answer = str(visit.ini.with_name("support.zip"))
    window.start.error_card.buttons()[-1].click()
    visit.wait(lambda: visit.ini.with_name("support.zip").is_file())


def test_a_crash_stays_on_the_page_until_it_is_answered(visit: Visit) -> None:
    window = visit.open()
    window.show_crash(error_document(ValueError("odd"), "/log"))
    window.flow.look()  # a job that ends well says nothing about it
    visit.wait(lambda: window.flow.state.machine is not None and not window.flow.state.looking)
    assert window.start.error_card.isVisible()
    window.set_language("zh_CN")
    assert window.start.error is not None
    assert "安装程序" in window.start.error.title
    window.start.error_card.buttons()[0].click()
    visit.wait(lambda: not window.start.error_card.isVisible())


# the desktop


def test_only_safe_addresses_are_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from PySide6.QtGui import QDesktopServices

    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    desktop = Desktop()
    for address in ("file:///etc/passwd", "http://example.org", "javascript:alert(1)", "", "not an address"):
        desktop.open_url(address)
    assert opened == []
    desktop.open_url("https://www.nvidia.com/drivers")
    desktop.open_folder(str(tmp_path / "missing"))
    desktop.open_folder(str(tmp_path))
    assert opened == ["https://www.nvidia.com/drivers", tmp_path.as_uri()]


def test_the_clipboard_is_written(qapp: QApplication) -> None:
    Desktop().copy("some text")
    assert QApplication.clipboard().text() == "some text"
