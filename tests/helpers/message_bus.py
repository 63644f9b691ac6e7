"""A message bus of our own, with stand-ins on it that note what is asked of them."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SERVICES = Path(__file__).with_name("bus_services.py")
SECONDS = 20


class MessageBus:
    """The bus; `env` is what a program needs to find it, as that of its session and of its computer."""

    def __init__(self, folder: Path, address: str) -> None:
        self.env = {"DBUS_SESSION_BUS_ADDRESS": address, "DBUS_SYSTEM_BUS_ADDRESS": address}
        self._file = folder / "asked.jsonl"

    def asked(self, name: str = "") -> list[dict[str, Any]]:
        """Return what was asked of the stand-ins so far, or only one function of it."""
        rows = self._file.read_text("utf-8").splitlines() if self._file.exists() else []
        return [row for row in map(json.loads, rows) if not name or row["call"] == name]

    def await_asked(self, name: str) -> dict[str, Any]:
        """Wait until a function was called, and return the last call."""
        end = time.monotonic() + SECONDS
        while not (found := self.asked(name)):
            assert time.monotonic() < end, f"{name} was never called: {self.asked()}"
            time.sleep(0.05)
        return found[-1]


def missing() -> str:
    """Return why no bus can be started here; empty when it can."""
    return "" if shutil.which("dbus-daemon") else "dbus-daemon is not installed (scripts/set_up_tests.sh)"


@contextlib.contextmanager
def bus_with(folder: Path, *names: str, env: Mapping[str, str]) -> Iterator[MessageBus]:
    """Run a bus with stand-ins that have these names on it."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = ("dbus-daemon", "--session", "--nofork", "--print-address=1", f"--address=unix:dir={folder}")
    with contextlib.ExitStack() as running:
        daemon = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=dict(env))
        running.callback(_end, daemon)
        assert daemon.stdout is not None
        bus = MessageBus(folder, daemon.stdout.readline().strip())
        words = (sys.executable, str(SERVICES), str(folder / "asked.jsonl"), *names)
        services = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**env, **bus.env})
        running.callback(_end, services)
        assert services.stdout is not None
        assert services.stdout.readline().strip() == "ready"
        yield bus


def _end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait(SECONDS)
    if child.stdout is not None:
        child.stdout.close()
