"""The window by keys alone, from its start to a finished install, on a slow and simple screen.

The screen is what a remote desktop without a compositor is: no shared memory, no layers, no graphics library; and both
cores are busy with other work all the time (SETUPWIZARD_BUSY=full, as `make test-end2end` has it; in `make test` that
work is the tests beside this one). What has the keyboard is read from the accessibility bus; every key is a
real one.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.desktop import Desktop, Wizard, missing, wizard_on

INSTALL_S = 400
PLAIN_SCREEN = ("-extension", "MIT-SHM", "-extension", "Composite", "-extension", "GLX", "-extension", "RENDER")
BUSY = "while True: pass"
pytestmark = [
    pytest.mark.linux_only("xdotool presses the keys of an X server"),
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(900),
]


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core that we may use busy, where that is wished."""
    cores = os.sched_getaffinity(0) if os.environ.get("SETUPWIZARD_BUSY") == "full" else ()
    children = [subprocess.Popen([sys.executable, "-c", BUSY]) for _core in cores]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


@pytest.fixture
def slow_wizard(cpu_build: str, tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Wizard]:
    """Start the wizard on a slow and simple screen."""
    if reason := missing():
        pytest.skip(reason)
    desktop = Desktop(tmp_path_factory.mktemp("slow"), more=PLAIN_SCREEN)  # short: it holds sockets
    try:
        with busy_cores(), wizard_on(desktop, home) as one:
            yield one
    finally:
        desktop.close()


def tab_to(wizard: Wizard, name: str, role: str = "push button") -> None:
    """Press Tab until something of this name has the keyboard."""
    met = []
    for _press in range(25):
        focused = wizard.focused()
        if focused is not None and (focused.name, focused.role) == (name, role):
            return
        met.append(focused.name if focused else None)
        wizard.keys("Tab")
    pytest.fail(f"Tab never reaches {name!r}: {met}")


def await_focus(wizard: Wizard, name: str, seconds: float = 120) -> None:
    """Wait until a button is there and has the keyboard, as it has on every page."""
    button = wizard.await_node(name, "push button", seconds=seconds)
    if "focused" not in button.states:
        button = wizard.await_node(name, "push button")
    assert "focused" in button.states, wizard.focused()


def test_from_the_start_to_a_finished_install(slow_wizard, home, assert_installed, assert_gone):
    wizard = slow_wizard
    await_focus(wizard, "Check my computer")
    tab_to(wizard, "Recommended", "radio button")
    wizard.keys("Right")
    custom = wizard.await_node("Custom", "radio button")
    assert {"focused", "checked"} <= custom.states, "arrows choose among the ways"
    wizard.keys("Return")

    await_focus(wizard, "Choose a build")
    wizard.keys("alt+b")
    await_focus(wizard, "Check my computer")
    wizard.keys("Return")
    await_focus(wizard, "Choose a build")
    wizard.keys("Return")

    await_focus(wizard, "Install")
    assert "checked" in wizard.await_node("Change the details", "check box").states, "that is what Custom is"
    tab_to(wizard, "Show everything that will happen", "check box")
    wizard.keys("space")
    assert "checked" in wizard.await_node("Show everything that will happen", "check box").states
    assert not (home / "pytorch").exists(), "nothing is written before Install is pressed"
    wizard.keys("alt+n")

    wizard.await_node("Installing PyTorch", "label")
    wizard.keys("ctrl+l")
    wizard.await_node("Hide details", "check box")
    wizard.keys("Escape")
    await_focus(wizard, "Continue installing")
    wizard.keys("Escape")

    await_focus(wizard, "Continue", seconds=INSTALL_S)
    wizard.keys("Return")
    await_focus(wizard, "Close")
    assert wizard.find("PyTorch is ready", "label")
    wizard.keys("Return")
    assert wizard.wait() == 0, wizard.told()
    assert_gone(wizard)
    assert_installed()
