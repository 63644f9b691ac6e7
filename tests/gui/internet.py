"""The real program behind the window, on a recorded computer, with a loopback internet and made-up wheels.

Nothing of ours is replaced: detection reads recorded trees, the servers are one loopback server that is the proxy and
every host, and the torch that is installed is a made-up one that lets the benchmark's stages pass, or not.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.visits import Visit
from helpers.computers import computer
from helpers.fault_lab import make_wheels
from helpers.fault_server import FaultServer
from helpers.program import at_home
from setupwizard.gui.dialogs import ConfirmDialog
from setupwizard.gui.program import Program
from setupwizard.gui.widgets.basic import Button, Label
from setupwizard.gui.widgets.environments import EnvironmentCard
from setupwizard.gui.widgets.panels import ErrorCard
from setupwizard.model.events import Emit
from setupwizard.model.machine import Disk, FoundPython, Machine
from setupwizard.model.settings import Preferences
from setupwizard.steps.detect import detect
from setupwizard.tools import preferences, process
from setupwizard.tools.concurrency import Cancel

OFFICIAL = "download.pytorch.org"
SECONDS = 90
_FOREIGN = ("PIP_", "UV_", "XDG_", "SETUPWIZARD", "REQUESTS_", "CURL_", "SSL_", "CONDA", "VIRTUAL_ENV", "LD_")
_CARD = """
def _card(bench, note):
    note.facts.update(kind="cuda", family="cuda", count=1, name="{name}", capability="{capability}", total_mib={memory})


if program is not None:
    program.STAGES["device"] = (_card, *program.STAGES["device"][1:])
"""


def card(name: str, capability: str, memory: int = 8188) -> str:
    """Return the code that makes a made-up torch find a graphics card."""
    return _CARD.format(name=name, capability=capability, memory=memory)


def broken(stage: str, code: str) -> str:
    """Return the code that makes a stage of the benchmark do something else."""
    return (
        f"\ndef _broken(bench, note):\n    {code}\n\n\nif program is not None:\n"
        f'    program.STAGES["{stage}"] = (_broken, *program.STAGES["{stage}"][1:])\n'
    )


def this_python() -> FoundPython:
    """Return the Python that runs the tests: made-up wheels are made for it."""
    return FoundPython(path=sys.executable, version=platform.python_version(), kind="system")


class Computer:
    """A computer that a test can change while the window is open: the next look sees it.

    Attributes:
        machine: what detection says of it; with this computer's Python, as something has to run.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = with_our_python(machine)

    @classmethod
    def recorded(cls, folder: Path, bus: str = "", files: dict[str, str] | None = None, **more: object) -> Computer:
        """Look at a recorded tree, with everything that looks at a real one."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(detect(roots=computer(folder, bus, files, **more)))  # type: ignore[arg-type]  # passed through

    def look(self, _emit: Emit, cancel: Cancel) -> Machine:
        cancel.check()
        return self.machine


def with_our_python(machine: Machine) -> Machine:
    disk = Disk(path="/", free_bytes=80_000_000_000, total_bytes=200_000_000_000, kind="ssd")
    libc = machine.libc or "glibc 2.36"
    return replace(
        machine, pythons=(this_python(),), disks=machine.disks or (disk,), libc=libc, arch=os.uname().machine
    )


class RealVisit(Visit):
    """A visit with the real program behind the window."""

    def __init__(self, qtbot: QtBot, folder: Path, server: FaultServer) -> None:
        super().__init__(qtbot, folder)
        self.folder = folder
        self.server = server
        self.home = folder / "home"
        self.computer = Computer(Machine(os="linux", arch=os.uname().machine, gpus=()))

    def offer(self, release: str, variant: str = "cpu", *, more: str = "", hosts: str = OFFICIAL) -> None:
        """Put a made-up torch on the servers."""
        make_wheels(self.server.folder, release, variant, more=more)
        self.server.holds = {**self.server.holds, hosts: {"torch"}, "": {"numpy", "pip"}}

    def begin(self) -> None:
        """Open the window and wait for what is found."""
        self.backend = Program(self.folder / "setupwizard.log", self.computer.look)  # type: ignore[assignment]
        self.make()
        self.window.show()
        self.window.complete()
        self.qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.wait(lambda: self.state.machine is not None and not self.state.looking)

    def come_back(self) -> None:
        """Close the window and open it again, as on another day."""
        self.window.close()
        self.wait(lambda: not self.window.isVisible())
        self.begin()

    def wait(self, condition: Callable[[], object], seconds: float = SECONDS) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=round(1000 * seconds))

    def only_from(self, source: str) -> None:
        """Have the servers asked that a test is about, and no other."""
        self.window.flow.tell(choices=replace(self.state.choices, source=source))

    def to_build(self) -> None:
        """Come to page 3 and wait for the plan, or for the reason that there is none."""
        while self.page != "build":
            self.press_primary()
        self.wait(lambda: not self.state.planning and (self.state.plan is not None or self.error is not None))

    def install(self) -> None:
        """Press Install and wait for the end, whatever it is."""
        self.to_build()
        assert self.state.plan is not None, self.texts()
        self.press_primary()
        self.wait(self.settled)

    def settled(self) -> bool:
        return self.state.phase in {"done", "stopped"} and not self.state.checking

    @property
    def error(self) -> str | None:
        """The code of the error that the page shows."""
        shown = self.window.page_now().error
        return shown.code if shown is not None else None

    @property
    def card(self) -> ErrorCard:
        return self.window.page_now().error_card

    def fix(self, text: str) -> None:
        """Press a button of the error's card."""
        button = next(one for one in self.card.buttons() if one.text() == text)
        self.click(button)

    def click(self, button: Button) -> None:
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def fixes(self) -> list[str]:
        return [
            one.text() for one in self.card.buttons() if one.text() not in {"Copy details", "Save a support file..."}
        ]

    def texts(self) -> str:
        page = self.window.page_now()
        return "\n".join(label.plain for label in page.findChildren(Label) if label.isVisible())

    def environments(self) -> list[EnvironmentCard]:
        self.wait(lambda: self.state.environments)
        return self.window.start.cards.used()

    def act(self, name: str, index: int = 0) -> None:
        """Press a button of an environment's card."""
        button = self.environments()[index].button(name)  # type: ignore[arg-type]  # a word of the list
        assert button is not None, name
        self.click(button)

    def question(self) -> ConfirmDialog:
        self.wait(lambda: isinstance(QApplication.activeModalWidget(), ConfirmDialog))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ConfirmDialog)
        return dialog

    def agree(self) -> str:
        """Agree to the question; return what it said."""
        dialog = self.question()
        said = "\n".join(label.plain for label in dialog.findChildren(Label))
        self.click(dialog.yes)
        self.wait(lambda: QApplication.activeModalWidget() is None)
        return said

    @property
    def root(self) -> Path:
        return self.home / "pytorch"

    def torch_in_use(self) -> str:
        """Return the torch that is in use, by its own file."""
        (file,) = (self.root / "current").resolve().glob("lib/python3*/site-packages/torch/version.py")
        return file.read_text().split('"')[1]


@pytest.fixture(scope="session")
def guard() -> None:
    """Start the one process that outlives a test: it ends children whose parent was killed."""
    process.run([sys.executable, "-c", ""])


@pytest.fixture
def real(guard: None, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealVisit]:
    """A visit with a home of its own and a loopback internet; nothing is on its servers yet."""
    preferences._before.clear()  # what an earlier visit found in its environment is not this one's
    preferences._state["present"] = Preferences()
    (tmp_path / "home").mkdir()
    (tmp_path / "wheels").mkdir()
    for name in list(os.environ):
        if name.startswith(_FOREIGN) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with FaultServer(tmp_path / "wheels") as server:
        authority = server.write_authority(tmp_path / "authority.pem")
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"):
            monkeypatch.setenv(name, server.base)
        for name, value in at_home(tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("SETUPWIZARD_PATIENCE", "0.1")
        monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "yes")
        visit = RealVisit(qtbot, tmp_path, server)
        yield visit
        if visit.window is not None:
            visit.window.flow.end()


# what most cases of cards share


def begin(real: RealVisit, *, release: str = "2.15.0", more: str = "") -> None:
    """Open the window on a computer without a card, with one server that has what it needs."""
    real.offer(release, more=more)
    real.begin()
    real.only_from("official")


def met(real: RealVisit, code: str, *fixes: str) -> None:
    """See the card, with its sentence, its code and these buttons first."""
    real.wait(lambda: real.error == code)
    assert real.card.isVisible()
    assert real.fixes()[: len(fixes)] == list(fixes), real.fixes()
    assert f"Error code: {code}" in real.texts()
    buttons = [one for one in real.window.findChildren(Button) if one.isVisible() and one.kind == "primary"]
    filled = [one.text() for one in buttons if one.window() is real.window]
    assert len(filled) == 1, filled


def gone(real: RealVisit) -> None:
    """See that the card is gone and that something is there in its place."""
    real.wait(lambda: real.error is None and not real.state.planning and not real.state.looking)
    assert not real.card.isVisible()


def planned(real: RealVisit) -> None:
    gone(real)
    assert real.page == "build"
    assert real.state.plan is not None


def done(real: RealVisit) -> None:
    real.wait(lambda: real.settled() or real.error is not None)
    assert real.state.phase == "done", real.texts()
    gone(real)
