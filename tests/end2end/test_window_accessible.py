"""The window through the accessibility bus alone, as somebody uses it who does not see it: read, press, listen.

No mouse, no key, no pixel. Every part that can have the focus must have a name, on every page and in every state that
is met on the way, and what happens without the person's doing must be announced.
"""

import pytest

from helpers.desktop import wait_for

INSTALL_S = 300
pytestmark = [
    pytest.mark.linux_only("AT-SPI is the accessibility bus of Linux"),
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]

# What is announced on the way, in this order; other announcements may stand between.
ANNOUNCED = (
    "We recommend this build. ",
    "Installing PyTorch. ",
    "Downloading",
    "Unpacking the packages",
    "Comparing every file with its package",
    "Checking that PyTorch works. ",
    "100 %",
    "PyTorch works on your processor. ",
    "PyTorch is ready. ",
)


class Listener:
    """Somebody who reads everything that is there, and notes what has no name."""

    def __init__(self, wizard):
        self.wizard = wizard
        self.met = set()
        self.nameless = set()

    def read(self):
        nodes = self.wizard.reader.look()
        for node in nodes:
            if "focusable" in node.states:
                self.met.add((node.role, node.name))
                if not node.name.strip():
                    self.nameless.add((node.role, nodes[node.above].name, node.box))
        return nodes

    def wait_for(self, name, role="push button", seconds=60):
        """Read until something under this name is there and can be used."""

        def look():
            assert self.wizard.process.poll() is None, self.wizard.told()
            for node in self.read():
                if (node.name, node.role) == (name, role) and "enabled" in node.states:
                    return node
            return None

        try:
            return wait_for(name, look, seconds, every=0.3)
        except TimeoutError as error:
            pytest.fail(f"{error}; there is {self.wizard.shown()}")

    def hear(self, begin):
        """Return everything that was announced, once something with this beginning was.

        The label stands in the window before the announcement of it has crossed the bus.
        """
        wait_for(begin, lambda: any(text.startswith(begin) for text in self.wizard.reader.heard()), 20)
        return self.wizard.reader.heard()

    def press(self, name, role="push button", seconds=60):
        assert self.wizard.reader.press(self.wait_for(name, role, seconds)), f"{name} cannot be pressed"

    def press_last(self, name):
        """Press what ends the program: the bus may be gone before it has answered."""
        self.wizard.reader.press(self.wait_for(name))


def test_the_whole_way_without_seeing_it(wizard, home, assert_installed, assert_gone):
    listener = Listener(wizard)
    listener.press("Check my computer")
    listener.press("Choose a build")
    listener.wait_for("Install", seconds=120)
    for fold in ("Change the details", "Show everything that will happen"):
        listener.press(fold, "check box")
    listener.wait_for("Folder", "text")
    assert not (home / "pytorch").exists(), "nothing is written before Install is pressed"
    listener.press("Install")
    listener.wait_for("Installing PyTorch", "label")
    listener.press("Show details", "check box")
    listener.wait_for("What the tools print", "text")
    listener.wait_for("Checking that PyTorch works", "label", INSTALL_S)
    listener.press("Continue", seconds=INSTALL_S)
    listener.wait_for("PyTorch is ready", "label")
    for name in ("Open a terminal with PyTorch", "Open folder", "Save report..."):
        listener.wait_for(name)
    heard = listener.hear(ANNOUNCED[-1])
    listener.press_last("Close")
    assert wizard.wait() == 0, wizard.told()
    assert_gone(wizard)

    assert not listener.nameless
    assert len(listener.met) > 20, listener.met
    places = [next((place for place, text in enumerate(heard) if text.startswith(told)), -1) for told in ANNOUNCED]
    assert -1 not in places, heard
    assert places == sorted(places), heard
    assert_installed()


def test_the_question_can_be_read_and_answered(wizard, home, assert_gone):
    listener = Listener(wizard)
    for name in ("Check my computer", "Choose a build", "Install", "Cancel installation"):
        listener.press(name, seconds=120)
    listener.wait_for("Stop the installation?", "label")
    question = next(node for node in listener.read() if node.name == "Stop the installation?" and node.role != "label")
    assert "modal" in question.states or question.role == "dialog"
    listener.press("Continue installing")
    listener.press("Cancel installation")
    listener.press("Keep downloads and stop")
    listener.wait_for("The installation was stopped", "label")
    listener.hear("The installation was stopped")
    listener.press_last("Close")
    assert wizard.wait() == 0, wizard.told()
    assert_gone(wizard)
    assert not listener.nameless
    assert not list((home / "pytorch").glob("gens/*"))
