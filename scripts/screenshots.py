"""Draw the pages with recorded data: python scripts/screenshots.py [--out build/screenshots] [--only verify]."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE / "tests"), str(HERE / "src")]
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    screen = Path(os.path.relpath(HERE / "tests" / "gui" / "screen.json")).as_posix()
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"

from msgspec.structs import replace  # noqa: E402
from PySide6.QtCore import QEvent, QSettings, QSize  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from gui import recorded  # noqa: E402
from gui.fake_backend import FakeBackend, download  # noqa: E402
from setupwizard import i18n  # noqa: E402
from setupwizard.errors import SetupError  # noqa: E402
from setupwizard.gui import theme  # noqa: E402
from setupwizard.gui.state import State  # noqa: E402
from setupwizard.gui.window import SetupWindow  # noqa: E402
from setupwizard.i18n import _  # noqa: E402
from setupwizard.model.events import (  # noqa: E402
    CheckDone,
    Error,
    Outcome,
    Progress,
    StepFinished,
    StepStarted,
)
from setupwizard.model.settings import Preferences, Settings  # noqa: E402

LOG = [
    "Using CPython 3.12.4 interpreter at: C:\\Python312\\python.exe",
    "Asking https://download.pytorch.org/whl/cu130",
    "Resolved 14 packages in 812 ms",
    "Downloading torch-2.15.0+cu130 (2.24 GiB)",
    "Downloading torchvision-0.30.0+cu130 (9.1 MiB)",
    "torchvision-0.30.0+cu130: sha256 is right",
    "torch-2.15.0+cu130: 62 % (1.51 GiB of 2.43 GiB)",
]


class Clock:
    """A clock that a scene moves on by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A window in a given state; nothing runs behind it."""

    def __init__(self) -> None:
        self.clock = Clock()
        file = Path(tempfile.mkdtemp()) / "window.ini"
        settings = QSettings(str(file), QSettings.Format.IniFormat)
        self.window = SetupWindow(FakeBackend(), settings, clock=self.clock)
        self.window._started = True  # the scene is set by hand
        self.window.complete()
        self.shown: QWidget = self.window
        self.window.install.drawer.stamp = lambda: "14:04:38"

    def state(self, **values: object) -> None:
        """Set the state, on top of a computer that was looked at."""
        looked = {
            "choices": recorded.choices(),
            "machine": recorded.machine(),
            "options": recorded.options(),
            "cells": recorded.cells(),
            "advice": recorded.recommendation(),
            "decision": recorded.recommendation(),
            "estimate": None,
        }
        self.window.flow.state = State(**{**looked, **values})  # type: ignore[arg-type]
        self.window._fill()

    def happened(self, *events: object) -> None:
        for event in events:
            for page in self.window.pages:
                page.happened(event)  # type: ignore[arg-type]


def start(scene: Scene) -> None:
    scene.state()


def start_looking(scene: Scene) -> None:
    scene.state(machine=None, options=None, advice=None, decision=None, looking=True)


def start_resume(scene: Scene) -> None:
    scene.state(unfinished=recorded.unfinished())


def computer(scene: Scene) -> None:
    scene.state()
    scene.window.go_to("computer")


def computer_driver(scene: Scene) -> None:
    advice = recorded.driver_recommendation()
    machine = recorded.machine(nvidia_driver=None, findings=())
    scene.state(machine=machine, advice=advice, decision=advice)
    scene.window.go_to("computer")


def computer_split(scene: Scene) -> None:
    advice = recorded.split_recommendation()
    scene.state(machine=recorded.split_machine(), advice=advice, decision=advice, groups=advice.parts)
    scene.window.go_to("computer")


def computer_toolkit(scene: Scene) -> None:
    scene.state(machine=recorded.machine(toolkits=recorded.toolkits(), findings=()))
    scene.window.go_to("computer")
    scene.window.computer.toolkit.unfold()
    QApplication.processEvents()
    scene.window.computer.scroll_area.ensureWidgetVisible(scene.window.computer.toolkit.link)


def build(scene: Scene) -> None:
    scene.state(plan=recorded.plan())
    scene.window.go_to("build")


def build_details(scene: Scene) -> None:
    scene.state(plan=recorded.plan(), custom=True)
    scene.window.go_to("build")


def build_barred(scene: Scene) -> None:
    build_details(scene)
    scene.window.build.details.platform.pills()[3].click()


def build_driver(scene: Scene) -> None:
    advice = recorded.later_recommendation()
    scene.state(plan=recorded.plan(advice.build), advice=advice, decision=advice)
    scene.window.go_to("build")
    scene.window.build.others_fold.unfold()


def install(scene: Scene) -> None:
    scene.state(plan=recorded.plan(), phase="running", awake=True)
    scene.window.go_to("install")
    scene.happened(StepStarted(id="python", title=""))
    scene.clock.now += 3
    scene.happened(StepFinished(id="python", status="done"), StepStarted(id="fetch", title=""))
    scene.clock.now += 140
    scene.happened(download())
    scene.window.install.take_lines(LOG, 0)
    scene.window.install.drawer.open()


def install_lesson(scene: Scene) -> None:
    install(scene)
    scene.window.install.drawer.toggle.setChecked(False)


def install_paused(scene: Scene) -> None:
    install_lesson(scene)
    scene.window.flow.state = replace(scene.window.flow.state, paused=True)
    scene.window.install.lesson.place = 3
    scene.window.install.pace.slower.setChecked(True)
    scene.window._fill()


def install_stalled(scene: Scene) -> None:
    install(scene)
    scene.window.install.drawer.toggle.setChecked(False)
    scene.clock.now += 125
    scene.window.install._refresh()


def install_error(scene: Scene) -> None:
    install(scene)
    scene.window.install.drawer.toggle.setChecked(False)
    error = Error.of(SetupError("network-timeout", host="download.pytorch.org"))
    scene.happened(StepFinished(id="fetch", status="failed", error=error))
    failed = Outcome(status="failed", exit=14, root=recorded.ROOT, error=error)
    scene.state(plan=recorded.plan(), phase="stopped", outcome=failed, errors={"install": error})


def install_stopped(scene: Scene) -> None:
    install(scene)
    scene.window.install.drawer.toggle.setChecked(False)
    scene.happened(StepFinished(id="fetch", status="cancelled"))
    stopped = Outcome(status="cancelled", exit=22, root=recorded.ROOT)
    scene.state(plan=recorded.plan(), phase="stopped", outcome=stopped)


def verify_running(scene: Scene) -> None:
    scene.state(plan=recorded.plan(), phase="running")
    scene.window.go_to("verify")
    scene.happened(StepStarted(id="verify", title=""))
    checks = recorded.checks()
    for number, check in enumerate(checks[:6]):
        scene.happened(Progress(id="verify", done=number, total=len(checks), unit="stages", file=check.id))
        scene.happened(CheckDone.of(check))
    scene.happened(Progress(id="verify", done=6, total=len(checks), unit="stages", file=checks[6].id))


def verify(scene: Scene) -> None:
    done = recorded.outcome()
    scene.state(plan=recorded.plan(), phase="done", outcome=done, verification=done.verification, install_seconds=372.0)
    scene.window.go_to("verify")


def verify_slow(scene: Scene) -> None:
    done = recorded.outcome(verification=recorded.verification(slow=True))
    scene.state(plan=recorded.plan(), phase="done", outcome=done, verification=done.verification, install_seconds=372.0)
    scene.window.go_to("verify")


def verify_late(scene: Scene) -> None:
    done = recorded.outcome()
    scene.state(plan=recorded.plan(), phase="done", removal=True, outcome=done, verification=done.verification)
    scene.window.go_to("verify")


def finish(scene: Scene) -> None:
    done = recorded.outcome()
    scene.state(
        plan=recorded.plan(),
        phase="done",
        outcome=done,
        verification=done.verification,
        install_seconds=372.0,
        usage=recorded.usage(),
    )
    scene.window.go_to("finish")


def settings(scene: Scene) -> None:
    start(scene)
    scene.window.settings.open()
    dialog = scene.window.settings.dialog
    assert dialog is not None
    scene.shown = dialog


def settings_locked(scene: Scene) -> None:
    """Show the parts below, with what an administrator fixed."""
    held = Preferences(
        settings=Settings(proxy="http://proxy.example:3128"),
        locked=frozenset({"proxy", "certificates"}),
        reason=recorded.say("IT department, room 12", "信息中心，12 室"),
    )
    scene.window.settings.keeper.held = held
    settings(scene)
    dialog = scene.window.settings.dialog
    assert dialog is not None
    dialog.answer.show_state("ok", _("{host} answered. This way works.").format(host="download.pytorch.org"))
    dialog.answer.show()
    dialog.contacts.unfold()
    dialog._on_told(recorded.contacts())
    QApplication.processEvents()
    dialog.scroll_area.verticalScrollBar().setValue(dialog.scroll_area.verticalScrollBar().maximum())


SCENES: dict[str, Callable[[Scene], None]] = {
    "1-start": start,
    "1-start-looking": start_looking,
    "1-start-resume": start_resume,
    "1-settings": settings,
    "1-settings-locked": settings_locked,
    "2-computer": computer,
    "2-computer-driver": computer_driver,
    "2-computer-split": computer_split,
    "2-computer-toolkit": computer_toolkit,
    "3-build": build,
    "3-build-details": build_details,
    "3-build-barred": build_barred,
    "3-build-driver": build_driver,
    "4-install": install,
    "4-install-lesson": install_lesson,
    "4-install-paused": install_paused,
    "4-install-stalled": install_stalled,
    "4-install-error": install_error,
    "4-install-stopped": install_stopped,
    "5-verify-running": verify_running,
    "5-verify": verify,
    "5-verify-slow": verify_slow,
    "5-verify-late": verify_late,
    "6-finish": finish,
}


def draw(name: str, language: str, mode: theme.Mode, size: QSize, out: Path) -> Path:
    """Draw one scene to a file."""
    i18n.set_language(language)
    theme.current().set_mode(mode)
    scene = Scene()
    window = scene.window
    window.resize(size)
    window.show()
    SCENES[name](scene)
    end = time.monotonic() + 0.3  # the bar eases to its value
    while time.monotonic() < end:
        QApplication.processEvents()
    file = out / f"{name}-{mode}-{language}.png"
    scene.shown.grab().save(str(file))
    window.flow.state = State(choices=recorded.choices())
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return file


def main(argv: list[str]) -> int:
    """Draw every scene in both languages and both themes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "build" / "screenshots")
    parser.add_argument("--only", default="", help="draw scenes whose name contains this")
    parser.add_argument("--size", default="960x640")
    parser.add_argument("--scale", type=float, default=1.0, help="text size, as a factor")
    args = parser.parse_args(argv)
    application = QApplication.instance() or QApplication(["screenshots", *theme.STYLE])
    assert isinstance(application, QApplication)
    theme.install(application, scale=args.scale)
    args.out.mkdir(parents=True, exist_ok=True)
    width, height = (int(number) for number in args.size.split("x"))
    count = 0
    for name in SCENES:
        if args.only in name:
            for language in i18n.LANGUAGES:
                for mode in ("light", "dark"):
                    draw(name, language, mode, QSize(width, height), args.out)  # type: ignore[arg-type]
                    count += 1
    print(f"{count} pictures in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
