"""A desktop of its own for a test: virtual screen, window manager, session bus and accessibility bus.

Everything that is started here leads a process group of its own and carries a mark in its environment. At the end the
groups are ended, then whatever else carries the mark: the buses start helpers themselves. No other process is touched.
The home folder and all of XDG lie in the test's folder, so that no setting of the tester takes part.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from helpers.program import environment

SYSTEM_PYTHON = "/usr/bin/python3"
LAUNCHERS = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
PROGRAMS = ("Xvfb", "openbox", "xdotool", "xprop", "dbus-daemon", "import")
MARK = "TEST_DESKTOP"
SECONDS = 30
_FOREIGN = ("DBUS_", "QT_", "GTK_", "AT_SPI", "WAYLAND_", "DISPLAY", "SESSION_MANAGER", "XAUTHORITY", "LANGUAGE")


def missing() -> str:
    """Return what is needed and not installed, as a sentence; empty when everything is there."""
    gone = [name for name in PROGRAMS if shutil.which(name) is None]
    if not any(Path(launcher).exists() for launcher in LAUNCHERS):
        gone.append("at-spi-bus-launcher")
    if subprocess.run([SYSTEM_PYTHON, "-c", "import pyatspi"], capture_output=True, check=False).returncode:
        gone.append("python3-pyatspi")
    return f"not installed: {', '.join(gone)} (scripts/set_up_tests.sh)" if gone else ""


def wait_for(what: str, look: Callable[[], Any], seconds: float = SECONDS, every: float = 0.1) -> Any:
    """Look again and again until there is something, and return it; tell what was awaited when it does not come."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every)
    return found


@dataclass(frozen=True)
class Node:
    """A part of a window as the accessibility bus tells it; `box` is left, top, width, height on the screen."""

    index: int
    above: int
    role: str
    name: str
    description: str
    states: frozenset[str]
    box: tuple[int, int, int, int] | None
    actions: tuple[str, ...]

    @property
    def centre(self) -> tuple[int, int]:
        assert self.box is not None, self
        left, top, width, height = self.box
        return left + width // 2, top + height // 2


class Desktop:
    """The desktop while it runs."""

    def __init__(self, folder: Path, size: str = "1280x800x24", more: Sequence[str] = ()) -> None:
        """Start everything below a folder, with more options for the screen; `close` ends it."""
        self.folder = folder
        self.mark = secrets.token_hex(8)
        self._started: list[subprocess.Popen[bytes]] = []
        runtime = folder / "run"
        runtime.mkdir(mode=0o700, parents=True)
        own = {name: value for name, value in environment(folder).items() if not name.startswith(_FOREIGN)}
        self.env = {**own, MARK: self.mark, "XDG_RUNTIME_DIR": str(runtime)}
        try:
            self._start_screen(size, more)
            self._start_buses()
        except BaseException:
            self.close()
            raise

    def client(self, home: Path, **more: str) -> dict[str, str]:
        """Return the environment of a program on this desktop, with a home of its own."""
        return {**self.env, "HOME": str(home), **more}

    def xdotool(self, *words: object) -> str:
        """Move the mouse, press keys, find windows."""
        argv = ["xdotool", *map(str, words)]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"{argv}: {done.stderr}"
        return done.stdout

    def screenshot(self, file: Path) -> Path:
        """Write a picture of the whole screen."""
        file.parent.mkdir(parents=True, exist_ok=True)
        argv = ["import", "-window", "root", str(file)]
        subprocess.run(argv, env=self.env, check=True, capture_output=True, timeout=SECONDS)
        return file

    def close(self) -> None:
        """End what was started here and everything that it started: groups first, then what carries the mark."""
        for child in reversed(self._started):
            end_group(child)
        for process in self._marked():
            with contextlib.suppress(psutil.Error):
                process.kill()
        wait_for("the end of the desktop", lambda: not self._marked())

    def start(self, *argv: str, env: Mapping[str, str] | None = None, **more: Any) -> subprocess.Popen[bytes]:
        """Start a program in a process group of its own."""
        child = subprocess.Popen(
            argv,
            env=dict(self.env if env is None else env),
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **more},
        )
        self._started.append(child)
        return child

    def _start_screen(self, size: str, more: Sequence[str]) -> None:
        read, write = os.pipe()
        argv = ("Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset", *more)
        with os.fdopen(read, "rb") as answer:
            self.start(*argv, pass_fds=(write,))
            os.close(write)
            number = _line(answer, "the number of the display")
        self.env["DISPLAY"] = f":{number}"
        self.start("openbox", "--sm-disable")
        wait_for("the window manager", self._has_manager)

    def _has_manager(self) -> bool:
        argv = ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False)
        return "window id" in done.stdout

    def _start_buses(self) -> None:
        argv = (
            "dbus-daemon",
            "--session",
            "--nofork",
            "--print-address=1",
            f"--address=unix:dir={self.folder / 'run'}",
        )
        bus = self.start(*argv, stdout=subprocess.PIPE)
        assert bus.stdout is not None
        self.env["DBUS_SESSION_BUS_ADDRESS"] = _line(bus.stdout, "the address of the session bus")
        launcher = next(launcher for launcher in LAUNCHERS if Path(launcher).exists())
        self.start(launcher, "--launch-immediately")

    def _marked(self) -> list[psutil.Process]:
        """Return every living process that was started on this desktop."""
        return [process for process in psutil.process_iter() if _environment_of(process).get(MARK) == self.mark]


class Reader:
    """Looks at one program through the accessibility bus; see `atspi_driver.py`."""

    def __init__(self, desktop: Desktop, pid: int) -> None:
        script = Path(__file__).with_name("atspi_driver.py")
        self._errors = (desktop.folder / f"reader-{pid}.log").open("wb")
        self._child = desktop.start(
            *(SYSTEM_PYTHON, str(script), str(pid)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def look(self) -> list[Node]:
        """Return everything that the program shows now."""
        rows = self._ask(do="look")["nodes"]
        return [
            Node(
                index=index,
                above=row["above"],
                role=row["role"],
                name=row["name"],
                description=row["description"],
                states=frozenset(row["states"]),
                box=tuple(row["box"]) if row["box"] else None,
                actions=tuple(row["actions"]),
            )
            for index, row in enumerate(rows)
        ]

    def press(self, node: Node) -> bool:
        """Do what a node of the last look does first."""
        return bool(self._ask(do="press", node=node.index)["done"])

    def heard(self) -> list[str]:
        """Return everything that was announced."""
        return list(self._ask(do="heard")["heard"])

    def close(self) -> None:
        end_group(self._child)
        self._errors.close()

    def _ask(self, **question: object) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(question).encode() + b"\n")
        self._child.stdin.flush()
        answer: dict[str, Any] = json.loads(_line(self._child.stdout, "an answer of the accessibility bus"))
        return answer


class Wizard:
    """The wizard as a user starts it, on a desktop, with a home of its own; and everything that it may leave."""

    def __init__(self, desktop: Desktop, home: Path, **more: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.desktop = desktop
        self.home = home
        self.printed = home.with_name(f"{home.name}-printed.txt")
        env = desktop.client(home, QT_QPA_PLATFORM="xcb", QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1", **more)
        with self.printed.open("wb") as stream:
            argv = (sys.executable, "-m", "setupwizard")
            self.process = desktop.start(*argv, env=env, stdout=stream, stderr=subprocess.STDOUT)
        self.reader = Reader(desktop, self.process.pid)

    def find(self, name: str, *roles: str) -> Node | None:
        """Return what is shown under a name, enabled or not; None when there is nothing."""
        for node in self.reader.look():
            if node.name == name and (not roles or node.role in roles):
                return node
        return None

    def await_node(self, name: str, *roles: str, enabled: bool = True, seconds: float = 60) -> Node:
        """Wait until something is shown under a name, and can be used."""

        def look() -> Node | None:
            if self.process.poll() is not None:
                raise AssertionError(f"the wizard ended with {self.process.returncode}: {self.told()}")
            node = self.find(name, *roles)
            return node if node is not None and (not enabled or "enabled" in node.states) else None

        try:
            found: Node = wait_for(f"{name!r} on the screen", look, seconds, every=0.3)
        except TimeoutError as error:
            raise AssertionError(f"{error}; shown: {self.shown()}") from None
        return found

    def click(self, node: Node) -> None:
        """Click it with the mouse, where the accessibility bus says that it is."""
        self.desktop.xdotool("mousemove", *node.centre, "sleep", 0.1, "click", 1)

    def keys(self, *names: str) -> None:
        """Press keys, one after the other."""
        self.desktop.xdotool("key", "--delay", 80, *names)

    def focused(self) -> Node | None:
        """Return what has the keyboard."""
        return next((node for node in self.reader.look() if "focused" in node.states), None)

    def shown(self) -> list[str]:
        """Return what is on the screen, for a message."""
        return [f"{node.role} {node.name!r}" for node in self.reader.look() if node.name]

    def told(self) -> str:
        """Return what it printed, and its log."""
        texts = [self.printed.read_text("utf-8", "replace")]
        texts += [log.read_text("utf-8", "replace")[-4000:] for log in self.home.rglob("setupwizard.log")]
        return "\n".join(texts)

    def wait(self, seconds: float = SECONDS) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(timeout=seconds)

    def left(self) -> list[str]:
        """Return every process that still works in its home or for it."""
        return [" ".join(words) for words in _working_in(str(self.home))]

    def close(self) -> None:
        """End it and whatever it left, also when a test went wrong."""
        self.reader.close()
        end_group(self.process)
        for process in _processes_of(str(self.home)):
            with contextlib.suppress(psutil.Error):
                process.kill()


@contextlib.contextmanager
def wizard_on(desktop: Desktop, home: Path, **more: str) -> Iterator[Wizard]:
    """Start a wizard and end it, whatever happens."""
    wizard = Wizard(desktop, home, **more)
    try:
        yield wizard
    finally:
        wizard.close()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and the group: kindly, then not."""
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=seconds)
            break
    # The leader has ended; whoever is left in its group has had the same signal and time.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _line(stream: Any, what: str) -> str:
    """Read one line, or tell that it does not come."""
    kept = b""
    end = time.monotonic() + SECONDS
    while not kept.endswith(b"\n"):
        ready, _write, _error = select.select([stream], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            raise TimeoutError(f"{what}: not within {SECONDS} s")
        data = os.read(stream.fileno(), 1 << 20)
        if not data:
            raise EOFError(f"{what}: the program ended")
        kept += data
    return kept.decode().strip()


def _environment_of(process: psutil.Process) -> dict[str, str]:
    with contextlib.suppress(psutil.Error, OSError):
        if process.status() != psutil.STATUS_ZOMBIE:
            return dict(process.environ())
    return {}


def _processes_of(home: str) -> list[psutil.Process]:
    """Return the processes that have this home, work in it or were called with a path in it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = [*process.cmdline(), process.cwd(), process.environ().get("HOME", "")]
            if any(home in word for word in words):
                found.append(process)
    return found


def _working_in(home: str) -> list[list[str]]:
    rows = []
    for process in _processes_of(home):
        with contextlib.suppress(psutil.Error):
            rows.append(process.cmdline())
    return rows
