"""That the computer stays awake is asked of the one who can promise it, and given back."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers.message_bus import bus_with, missing

pytestmark = [
    pytest.mark.linux_only("a message bus is how Linux is asked"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

LOGIND, GNOME = "org.freedesktop.login1", "org.gnome.SessionManager"
# In a process of its own: wakepy leaves its socket to the garbage collector.
PROGRAM = """
import sys
from setupwizard.tools.awake import awake
with awake() as told:
    print(told, flush=True)
    sys.stdin.readline()
print("slept", flush=True)
"""


class Awake:
    """A program that is kept awake until it is told to go on."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.child.stdout is not None
        self.promised = self.child.stdout.readline().strip()

    def end(self) -> None:
        out, _err = self.child.communicate("\n", timeout=30)
        assert (out.strip(), self.child.returncode) == ("slept", 0)


@pytest.mark.parametrize(
    ("names", "promised"),
    [((LOGIND, GNOME), True), ((LOGIND,), True), ((GNOME,), True), ((), False)],
    ids=["both", "logind alone", "desktop alone", "nobody"],
)
def test_sleep_is_held_off_while_the_body_runs(names: tuple[str, ...], promised: bool, tmp_path: Path) -> None:
    with bus_with(tmp_path / "bus", *names, env=os.environ) as bus:
        one = Awake({**os.environ, **bus.env, "LANG": "C"})
        assert one.promised == str(promised)
        asked = {row["interface"]: row["words"] for row in bus.asked("Inhibit")}
        assert bus.asked("released") == bus.asked("Uninhibit") == []
        one.end()
        if LOGIND in names:
            assert asked[f"{LOGIND}.Manager"] == ["sleep:idle", "PyTorch Setup", "Installing PyTorch", "block"]
            bus.await_asked("released")
        if GNOME in names:
            assert asked[GNOME][-1] & 4, "suspend is what is held off"
            assert len(bus.await_asked("Uninhibit")["words"]) == 1


def test_a_program_that_is_killed_holds_nothing_off(tmp_path: Path) -> None:
    with bus_with(tmp_path / "bus", LOGIND, env=os.environ) as bus:
        one = Awake({**os.environ, **bus.env})
        one.child.kill()
        one.child.communicate(timeout=30)
        bus.await_asked("released")


def test_without_a_bus_nothing_is_promised_and_nothing_breaks(tmp_path: Path) -> None:
    nobody = f"unix:path={tmp_path}/nobody"
    one = Awake({**os.environ, "DBUS_SESSION_BUS_ADDRESS": nobody, "DBUS_SYSTEM_BUS_ADDRESS": nobody})
    assert one.promised == "False"
    one.end()
