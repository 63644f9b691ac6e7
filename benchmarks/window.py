"""How fast the window is there, what it holds in memory, and whether a flood of log lines stops it.

The wizard, a bare QWidget and a bare QWizard with six plain pages take turns, so that a change of load meets all; the
figures are medians, and the ratios compare only what was measured in this run. The time runs from the start of the
process to the end of the first painting of the window; the processor time is that of the whole process until then.
Nothing is asserted: the goals stand beside the figures.

Usage: python benchmarks/window.py [--rounds 9] [--only start|flood]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TESTS = HERE / "tests"
SCREEN = TESTS / "gui" / "screen.json"
LINES = 100_000
GOALS = {"wall": 1.3, "cpu": 1.5, "rss": 90.0, "gap": 50.0}

# Told at the end of the first painting: seconds of the system's clock and of the processor, MiB of memory.
TELL = """
import json, resource, sys, time
def rss():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
def tell(**more):
    used = resource.getrusage(resource.RUSAGE_SELF)
    row = {'at': time.monotonic(), 'cpu': used.ru_utime + used.ru_stime, 'rss': rss(), **more}
    sys.stdout.write(json.dumps(row) + chr(10))
    sys.stdout.flush()
"""

_SHOW = """
class Bare({base}):
    told = False
    def event(self, event):
        result = super().event(event)
        if event.type() == QEvent.Type.Paint and not self.told:
            self.told = True
            tell()
            QTimer.singleShot(0, self.close)
        return result
application = QApplication(['bare'])
window = Bare()
{fill}
window.resize(960, 640)
window.show()
application.exec()
"""
WIDGET = (
    TELL
    + "from PySide6.QtCore import QEvent, QTimer\nfrom PySide6.QtWidgets import QApplication, QWidget"
    + _SHOW.format(base="QWidget", fill="")
)
WIZARD_BARE = (
    TELL
    + """
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage
"""
    + _SHOW.format(
        base="QWizard",
        fill="""
for number in range(6):
    page = QWizardPage()
    page.setTitle(f'Page {number}')
    QVBoxLayout(page).addWidget(QLabel('Some words on a plain page'))
    window.addPage(page)
""",
    )
)

# The real program; what it does after its first painting is put off until that has been told.
WIZARD = (
    TELL
    + """
from setupwizard.gui.flow import Flow
from PySide6.QtCore import Qt, QTimer
start, looked = Flow.start, Flow._on_looked
heart, beats = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer), []
heart.timeout.connect(lambda: beats.append(time.monotonic()))
def first(self, *words):
    tell()
    if 'stay' in sys.argv:
        start(self, *words)
        heart.start()
        beats.append(time.monotonic())
    else:
        QTimer.singleShot(0, self.parent().close)
def last(self, value):
    looked(self, value)
    tell(looked=True)
    QTimer.singleShot(500, lambda: end(self.parent()))
def end(window):
    tell(gap=1000 * max(after - before for before, after in zip(beats, beats[1:])))
    window.close()
Flow.start, Flow._on_looked = first, last
from setupwizard.__main__ import windowed
windowed()
"""
)


def started(code: str, env: Mapping[str, str], *words: str) -> list[dict[str, float]]:
    """Start a program, let it tell, and return the rows with the seconds since its start."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [{**row, "wall": row.get("at", began) - began} for row in rows]


def clean(home: Path) -> dict[str, str]:
    """Return the environment of every program measured here: its own home, and bytecode kept as an installation has it.

    Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each start would compile the whole wizard and nothing
    of Qt: a person pays that once at most, when the program was just installed.
    """
    left_out = ("QT_", "XDG_", "SETUPWIZARD", "PYTHONDONTWRITEBYTECODE")
    keep = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    own = {"HOME": str(home), "LANG": "C.UTF-8", "PYTHONPATH": str(HERE / "src")}
    return {**keep, **own, "PYTHONPYCACHEPREFIX": str(home / "bytecode")}


@contextlib.contextmanager
def platforms(folder: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Give the environments to measure in: Qt's offscreen platform, and a virtual screen where that is installed."""
    env = clean(folder)
    places = {"offscreen": {**env, "QT_QPA_PLATFORM": f"offscreen:configfile={SCREEN}"}}
    sys.path.insert(0, str(TESTS))
    from helpers.desktop import Desktop, missing

    if reason := missing():
        print(f"no virtual screen: {reason}")
        yield places
        return
    desktop = Desktop(folder / "desktop")
    try:
        yield {**places, "Xvfb": {**env, "DISPLAY": desktop.env["DISPLAY"], "QT_QPA_PLATFORM": "xcb"}}
    finally:
        desktop.close()


def verdict(value: float, goal: float) -> str:
    return f"goal <= {goal:g}: {'reached' if value <= goal else 'MISSED'}"


def measure_start(rounds: int, folder: Path) -> None:
    print(f"From the start of the process to the first painting, medians of {rounds} rounds that take turns")
    with platforms(folder) as places:
        for name, env in places.items():
            programs = {"wizard": WIZARD, "QWidget": WIDGET, "QWizard": WIZARD_BARE}
            rows: dict[str, list[dict[str, float]]] = {who: [] for who in programs}
            for number in range(rounds + 1):
                for who, code in programs.items():
                    row = started(code, env)[0]
                    if number:  # the first round fills the disk cache and writes the bytecode
                        rows[who].append(row)
            middle = {
                who: {part: statistics.median(row[part] for row in rows[who]) for part in ("wall", "cpu", "rss")}
                for who in rows
            }
            stays = [started(WIZARD, env, "stay") for _number in range(max(1, rounds // 3))]
            looked = statistics.median(rows[-2]["rss"] for rows in stays)
            show_start(name, middle, looked, statistics.median(rows[-1]["gap"] for rows in stays))


def show_start(name: str, middle: Mapping[str, Mapping[str, float]], looked_rss: float, gap: float) -> None:
    wizard, bare, six = middle.values()
    print(f"\n{name:<12}{'wizard':>8}{'QWidget':>9}{'ratio':>7}{'QWizard':>9}{'ratio':>7}")
    for part, unit, factor in (("wall", "ms", 1000), ("cpu", "ms", 1000), ("rss", "MiB", 1)):
        ratio, other = wizard[part] / bare[part], wizard[part] / six[part]
        goal = verdict(wizard[part], GOALS[part]) if part == "rss" else verdict(ratio, GOALS[part])
        print(
            f"{part + ', ' + unit:<12}{wizard[part] * factor:>8.0f}{bare[part] * factor:>9.0f}{ratio:>7.2f}"
            f"{six[part] * factor:>9.0f}{other:>7.2f}  {goal}"
        )
    print(f"{'rss, MiB':<12}{looked_rss:>8.0f}{'':>32}  once the computer was looked at")
    print(f"{'gap, ms':<12}{gap:>8.0f}{'':>32}  the worst of a 5 ms heartbeat until half a second later")


FLOOD = """
import json, sys, time
from pathlib import Path
tests, folder, lines, rate = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
sys.path.insert(0, tests)
from PySide6.QtCore import QElapsedTimer, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication
from gui.fake_backend import FakeBackend
from setupwizard.gui import logs, theme
from setupwizard.gui.window import SetupWindow
from setupwizard.model.events import Output

class Flood(FakeBackend):
    seconds = 0.0
    def apply(self, plan, machine, recommendation, emit, cancel):
        began = time.perf_counter()
        for number in range(lines):
            name = 'torch/lib/a_file_with_a_name_of_common_length.so'
            emit(Output(id='install', text=f'{number:06} Comparing {name} with its package, its sha256 is right'))
            if rate and number % 100 == 99:
                time.sleep(max(0.0, began + number / rate - time.perf_counter()))
        self.seconds = time.perf_counter() - began
        time.sleep(0 if lines else 3)
        return super().apply(plan, machine, recommendation, emit, cancel)

application = QApplication(['flood', *theme.STYLE])
log_file = logs.start_log(folder)
theme.install(application)
backend = Flood()
window = SetupWindow(backend, QSettings(str(folder / 'window.ini'), QSettings.Format.IniFormat), log_file=str(log_file))
window.show()
clock, gaps = QElapsedTimer(), []
def beat():
    if clock.isValid() and window.page_now().name == 'install':
        gaps.append(clock.nsecsElapsed() / 1e6)
    clock.start()
heart = QTimer()
heart.setTimerType(Qt.TimerType.PreciseTimer)
heart.setInterval(5)
heart.timeout.connect(beat)
def go():
    state = window.flow.state
    name = window.page_now().name
    if name == 'build' and state.plan is not None and not state.planning and not state.committed:
        window.install.drawer.toggle.setChecked(True)
        window.footer.primary.click()
        QTimer.singleShot(300, heart.start)
    elif name in ('start', 'computer') and state.machine is not None and not state.looking:
        window.footer.primary.click()
    elif name == 'verify':
        heart.stop()
        with open('/proc/self/statm') as file:
            pages = int(file.read().split()[1])
        row = {'gap': max(gaps), 'over': sum(gap > 50 for gap in gaps), 'seconds': backend.seconds,
               'rss': pages * 4096 / 2**20, 'kept': window.install.drawer.view.blockCount()}
        print(json.dumps(row))
        window.flow.end()
        application.quit()
driver = QTimer()
driver.setInterval(20)
driver.timeout.connect(go)
driver.start()
application.exec()
"""


def measure_flood(rounds: int, folder: Path) -> None:
    print(f"\nWorst gap of a 5 ms heartbeat while {LINES:,} log lines come through the bridge, with the details open")
    env = {**clean(folder), "QT_QPA_PLATFORM": f"offscreen:configfile={SCREEN}"}
    cases = (("no line, 3 s", 0, 0), ("20,000 lines a second", LINES, 20_000), ("as fast as they come", LINES, 0))
    print(f"{'':<24}{'worst':>9}{'> 50 ms':>9}{'seconds':>9}{'MiB':>6}")
    rows: dict[str, list[dict[str, float]]] = {name: [] for name, *_case in cases}
    for number in range(rounds):
        for name, lines, rate in cases:
            place = folder / f"flood-{number}-{lines}-{rate}"
            place.mkdir()
            rows[name].append(started(FLOOD, env, str(TESTS), str(place), str(lines), str(rate))[0])
    for name, told in rows.items():
        worst = statistics.median(row["gap"] for row in told)
        over, seconds, rss = (statistics.median(row[part] for row in told) for part in ("over", "seconds", "rss"))
        goal = verdict(worst, GOALS["gap"])
        most = max(row["gap"] for row in told)
        print(
            f"{name:<24}{worst:>6.0f} ms{over:>9.0f}{seconds:>9.1f}{rss:>6.0f}  {goal} (largest of all {most:.0f} ms)"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="rounds of the start; a third of them for the flood")
    parser.add_argument("--only", choices=("start", "flood"), help="one of the two")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="window-benchmark-", ignore_cleanup_errors=True) as folder:
        if args.only != "flood":
            measure_start(args.rounds, Path(folder))
        if args.only != "start":
            measure_flood(max(1, args.rounds // 3), Path(folder))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\nload average {load} on {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
