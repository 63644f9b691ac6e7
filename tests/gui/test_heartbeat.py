"""The window while the worst installer runs behind it: it never stands still, never grows, and tells of the silence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
LINES = 100_000
SILENCE_S = 30
MOST_GROWTH_MIB = 20
"""A few copies of what is kept of a tool's output, and what the drawer shows; every line would take far more."""
FROZEN_MS = 2000
"""A window that answers nothing for so long is frozen, however busy the machine is; goals of speed are no assertion."""

# The whole window in a process of its own; the installer behind it is a process too, run as uv and pip are run.
PROGRAM = """
import json, sys, time
from pathlib import Path
tests, folder, lines, silence = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
sys.path.insert(0, tests)
from PySide6.QtCore import QElapsedTimer, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication
from gui.fake_backend import FakeBackend
from setupwizard.gui import logs, theme
from setupwizard.gui.app import forget_sources
from setupwizard.gui.window import SetupWindow
from setupwizard.model.events import Output, StepStarted
from setupwizard.tools.process import run
from setupwizard.tools.reader import LAST_WORDS

def memory(what):
    return int(Path("/proc/self/status").read_text().split(what)[1].split()[0]) / 1024

class Noisy(FakeBackend):
    before = 0.0
    def apply(self, plan, machine, recommendation, emit, cancel):
        emit(StepStarted(id="fetch", title="Download"))
        self.before = memory("VmRSS:")
        argv = [sys.executable, str(Path(tests) / "helpers" / "noisy_installer.py"), lines, silence]
        heard = lambda line: emit(Output(id="fetch", text=line))
        run(argv, timeout=200, cancel=cancel, on_line=heard, keep=LAST_WORDS)
        return super().apply(plan, machine, recommendation, emit, cancel)

application = QApplication(["heartbeat", *theme.STYLE])
log_file = logs.start_log(folder)
theme.install(application)
settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
backend = Noisy()
window = SetupWindow(backend, settings, log_file=str(log_file))
window.show()
forget_sources()
clock, gaps, notes = QElapsedTimer(), [], set()

def beat():
    if clock.isValid() and window.page_now().name == "install":
        gaps.append(clock.nsecsElapsed() / 1e6)
    clock.start()

heart = QTimer()
heart.setTimerType(Qt.TimerType.PreciseTimer)
heart.timeout.connect(beat)

def go():
    state, name = window.flow.state, window.page_now().name
    ready = state.machine is not None and not state.looking and not state.planning and not state.committed
    if name == "install":
        notes.add(window.install.line.note)
    elif name == "verify" and state.phase == "done":
        driver.stop()
        view = window.install.drawer.view
        print(json.dumps({"gap": max(gaps), "over": sum(gap > 50 for gap in gaps), "beats": len(gaps),
                          "before": backend.before, "peak": memory("VmHWM:"), "notes": sorted(notes),
                          "kept": view.blockCount(), "text": view.toPlainText()[-6000:]}))
        window.close()
    elif ready and (name != "build" or state.plan is not None):
        if name == "build":
            window.install.drawer.toggle.setChecked(True)
            QTimer.singleShot(300, lambda: heart.start(5))
        window.footer.primary.click()

driver = QTimer()
driver.timeout.connect(go)
driver.start(50)
application.exec()
"""


@pytest.mark.linux_only("the peak of the memory is read from /proc")
@pytest.mark.slow
def test_the_worst_installer_neither_stops_nor_swells_the_window(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    words = [sys.executable, "-c", PROGRAM, str(TESTS), str(tmp_path), str(LINES), str(SILENCE_S)]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env = {**own, "HOME": str(tmp_path), "SETUPWIZARD_LANG": "en"}  # an installation has its bytecode, and so have we
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"worst gap {told['gap']:.0f} ms, {told['over']} of {told['beats']} over 50 ms")
    print(f"{told['before']:.0f} MiB before, {told['peak']:.0f} MiB at the most")
    record_property("worst_gap_ms", round(told["gap"]))
    record_property("peak_mib", round(told["peak"]))
    assert any(note.startswith("Waiting for the server... (2") for note in told["notes"]), told["notes"]
    assert told["kept"] <= 5000
    assert "now it is quiet" in told["text"]
    assert "it goes on" in told["text"]
    assert "broken" in told["text"]
    assert told["text"].count("of 2000 MB") <= 1, "progress takes the place of the progress before"
    assert "x" * 1900 in told["text"]
    assert len(max(told["text"].splitlines(), key=len)) < 2100
    assert told["peak"] - told["before"] <= MOST_GROWTH_MIB
    assert told["gap"] < FROZEN_MS
