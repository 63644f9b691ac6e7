"""Draw the pages with recorded data: python scripts/screenshots.py [--out build/screenshots] [--only verify].

The pages that a person with larger text, a small screen or another direction of writing sees:
--scale 2 --size 1760x1200; --size 880x600; --size 880x1080; --mirrored.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE / "tests"), str(HERE / "src")]
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    screen = Path(os.path.relpath(HERE / "tests" / "gui" / "screen.json")).as_posix()
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"

from msgspec.structs import replace  # noqa: E402
from PySide6.QtCore import QEvent, QSettings, QSize, Qt  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from gui import recorded  # noqa: E402
from gui.fake_backend import FakeBackend, download  # noqa: E402
from gui.recorded_errors import EXAMPLES, example, page_of  # noqa: E402
from setupwizard import i18n  # noqa: E402
from setupwizard.codes import ErrorCode  # noqa: E402
from setupwizard.errors import SetupError  # noqa: E402
from setupwizard.gui import questions, theme  # noqa: E402
from setupwizard.gui.dialogs import ConfirmDialog  # noqa: E402
from setupwizard.gui.state import State, Tending  # noqa: E402
from setupwizard.gui.window import SetupWindow  # noqa: E402
from setupwizard.i18n import _  # noqa: E402
from setupwizard.model.environments import Environment  # noqa: E402
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
        folder = tempfile.mkdtemp(prefix="scene-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        settings = QSettings(str(Path(folder) / "window.ini"), QSettings.Format.IniFormat)
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


def environment(root: str, standing: str, torch: str, text: tuple[str, str], **more: object) -> Environment:
    said = recorded.say(*text)
    facts = {"variant": "cu130", "python": "3.12", **more}
    return Environment(root=root, standing=standing, torch=torch, text=said, **facts)  # type: ignore[arg-type]


def start_again(scene: Scene, *tended: Tending) -> None:
    there = (
        environment(
            recorded.ROOT,
            "update",
            "2.14.1",
            ("A newer one is known: PyTorch 2.15.0+cu130.", "已有更新的版本：PyTorch 2.15.0+cu130。"),
            bytes=7_200_000_000,
            free_bytes=2_440_000_000,
            back_to="2.13.0+cu126",
        ),
        environment(
            "D:\\ml\\vision",
            "checked",
            "2.13.0",
            ("It works. Checked on 2026-10-20.", "可以使用。上次验证：2026-10-20。"),
            bytes=5_900_000_000,
        ),
        environment("C:\\venvs\\old", "unchecked", "2.9.1", ("", ""), own=False),
    )
    scene.state(environments=there, tending=tended[0] if tended else None)


def start_driver(scene: Scene) -> None:
    text = (
        "The graphics driver was 580.97 when it was checked and is 591.44 now.",
        "验证时的显卡驱动是 580.97，现在是 591.44。",
    )
    scene.state(environments=(environment(recorded.ROOT, "driver", "2.15.0", text, bytes=7_200_000_000),))


def start_broken(scene: Scene) -> None:
    text = ("Files of PyTorch are missing.", "PyTorch 的文件有缺失。")
    there = environment(recorded.ROOT, "broken", "2.15.0", text, bytes=7_200_000_000, back_to="2.14.1+cu130")
    scene.state(environments=(there,), tending=Tending(root=recorded.ROOT, act="repair"))


def start_remove(scene: Scene) -> None:
    start_again(scene)
    scene.window._on_asked(questions.remove(scene.window.flow.state.environments[0]))
    scene.shown = scene.window.findChild(ConfirmDialog)


def start_tidied(scene: Scene) -> None:
    told = recorded.say("2.4 GB are free again.", "已腾出 2.4 GB。")
    start_again(scene, Tending(root=recorded.ROOT, act="tidy", running=False, told=told))


def computer_none(scene: Scene) -> None:
    advice = recorded.cpu_recommendation()
    scene.state(machine=recorded.machine(gpus=(), nvidia_driver=None, findings=()), advice=advice, decision=advice)
    scene.window.go_to("computer")


def computer_linux_driver(scene: Scene) -> None:
    advice = recorded.driver_recommendation()
    machine = recorded.machine(os="linux", os_version="Ubuntu 24.04.3 LTS", nvidia_driver=None, findings=())
    scene.state(machine=machine, advice=advice, decision=advice)
    scene.window.go_to("computer")


def verify_failed(scene: Scene) -> None:
    bad = tuple(
        replace(check, status="fail", text=recorded.say("float32 is off.", "float32 的结果有偏差。"))
        if check.id == "correctness"
        else check
        for check in recorded.checks(slow=False)
    )
    proof = recorded.verification(passed=False, verdict="fail", checks=bad)
    error = Error.of(SetupError("wrong-results"))
    outcome = Outcome(status="failed", exit=20, root=recorded.ROOT, error=error, verification=proof)
    scene.state(plan=recorded.plan(), phase="stopped", outcome=outcome, verification=proof, errors={"verify": error})
    scene.window.go_to("verify")


def finish_try(scene: Scene) -> None:
    finish(scene)
    scene.window.finish.programs.button.click()


def finish_editors(scene: Scene) -> None:
    finish(scene)
    scene.window.finish.editors.button.click()


def error_card(code: ErrorCode, scene: Scene) -> None:
    """Show the card of an error on the page on which it is met."""
    page, error = page_of(code), Error.of(example(code))
    state: dict[str, object] = {"plan": recorded.plan(), "errors": {page: error}}
    if code.startswith("conda-"):
        state["choices"] = replace(recorded.choices(), installer="conda")
    if page == "install":
        state |= {"phase": "stopped", "outcome": Outcome(status="failed", exit=14, root=recorded.ROOT, error=error)}
    elif page in {"verify", "finish"}:
        known = code in {"drift", "environment-missing", "tool-failed"}
        ended = recorded.outcome() if known else Outcome(status="failed", exit=20, root=recorded.ROOT, error=error)
        state |= {"phase": "done" if known else "stopped", "outcome": ended, "visiting": known}
        state |= {"environments": (environment(recorded.ROOT, "broken", "2.15.0", ("", ""), back_to="2.14.1+cu130"),)}
        state |= {"usage": recorded.usage()} if page == "finish" else {}
    elif page == "start":
        state |= {"environments": (environment(recorded.ROOT, "checked", "2.15.0", ("", "")),)}
    else:
        state["plan"] = None
    scene.state(**{**state, "errors": {}, "plan": recorded.plan()})
    scene.window.go_to(page)
    scene.state(**state)


SCENES: dict[str, Callable[[Scene], None]] = {
    "1-start-again": start_again,
    "1-start-driver": start_driver,
    "1-start-broken": start_broken,
    "1-start-remove": start_remove,
    "1-start-tidied": start_tidied,
    "2-computer-none": computer_none,
    "2-computer-linux-driver": computer_linux_driver,
    "5-verify-failed": verify_failed,
    "6-finish-try": finish_try,
    "6-finish-editors": finish_editors,
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


MODES: tuple[theme.Mode, ...] = ("light", "dark")
SCENES |= {f"card-{code}": partial(error_card, code) for code in EXAMPLES if code != "cancelled"}


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
    parser.add_argument("--language", choices=i18n.LANGUAGES, help="one language instead of all")
    parser.add_argument("--mode", choices=MODES, help="one theme instead of both")
    parser.add_argument("--mirrored", action="store_true", help="as for a language that is written from right to left")
    args = parser.parse_args(argv)
    application = QApplication.instance() or QApplication(["screenshots", *theme.STYLE])
    assert isinstance(application, QApplication)
    theme.install(application, scale=args.scale)
    if args.mirrored:
        application.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    args.out.mkdir(parents=True, exist_ok=True)
    width, height = (int(number) for number in args.size.split("x"))
    count = 0
    for name in SCENES:
        if args.only in name:
            for language in (args.language,) if args.language else i18n.LANGUAGES:
                for mode in (args.mode,) if args.mode else MODES:
                    draw(name, language, mode, QSize(width, height), args.out)
                    count += 1
    print(f"{count} pictures in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
