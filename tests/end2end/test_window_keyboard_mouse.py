"""The window as a person uses it: a real mouse and real keys on a real screen, real torch at the end.

Where to click is read from the accessibility bus, so that no test knows a pixel; what happens is done by the X server.
Pictures of every page stay in the test's folder.
"""

import signal

import pytest

from helpers.desktop import wait_for, wizard_on

INSTALL_S = 300
pytestmark = [
    pytest.mark.linux_only("xdotool moves the mouse of an X server"),
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


def test_from_the_first_page_to_the_last(wizard, desktop, home, tmp_path, assert_installed, assert_gone):
    pictures = tmp_path / "pictures"
    start = wizard.await_node("Check my computer", "push button")
    desktop.screenshot(pictures / "1-start.png")
    wizard.click(start)

    build = wizard.await_node("Choose a build", "push button")
    desktop.screenshot(pictures / "2-computer.png")
    assert "focused" in build.states, "Return goes on from here"
    wizard.keys("Return")

    wizard.await_node("Install", "push button", seconds=120)
    desktop.screenshot(pictures / "3-build.png")
    assert not (home / "pytorch").exists(), "nothing is written before Install is pressed"
    wizard.click(wizard.await_node("Install", "push button"))

    wizard.await_node("Installing PyTorch", "label")
    wizard.keys("ctrl+l")
    wizard.await_node("Hide details", "check box")
    desktop.screenshot(pictures / "4-install.png")
    wizard.keys("ctrl+l")

    wizard.await_node("Checking that PyTorch works", "label", seconds=INSTALL_S)
    desktop.screenshot(pictures / "5-checking.png")
    proved = wizard.await_node("Continue", "push button", seconds=INSTALL_S)
    desktop.screenshot(pictures / "5-checked.png")
    assert "focused" in proved.states, "Return goes on from here"
    wizard.keys("Return")

    close = wizard.await_node("Close", "push button")
    desktop.screenshot(pictures / "6-finish.png")
    assert wizard.find("PyTorch is ready", "label")
    wizard.click(close)
    assert wizard.wait() == 0, wizard.told()
    assert_gone(wizard)
    assert wizard.printed.read_bytes() == b"", "a window has nothing to say on the terminal"
    assert_installed()


def _go_to_install(wizard):
    """Press nothing but Return: the main button has the focus on every page."""
    for name in ("Check my computer", "Choose a build", "Install"):
        button = wizard.await_node(name, "push button", seconds=120)
        assert "focused" in button.states, name
        wizard.keys("Return")
    wizard.await_node("Cancel installation", "push button")


def _await_question(wizard):
    wizard.await_node("Stop the installation?", "label")
    go_on = wizard.await_node("Continue installing", "push button")
    assert "focused" in go_on.states, "Return and Esc both go on"


def _await_no_question(wizard):
    wait_for("the end of the question", lambda: not wizard.find("Stop the installation?"))
    assert wizard.process.poll() is None
    wizard.await_node("Cancel installation", "push button")


def _focus(wizard, name):
    """Go to a button with Tab."""
    for _press in range(12):
        focused = wizard.focused()
        if focused is not None and focused.name == name:
            return
        wizard.keys("Tab")
    pytest.fail(f"Tab never reaches {name!r}: {wizard.shown()}")


def _nothing_half_made(root):
    assert not list(root.glob("gens/*"))
    assert not (root / "work").exists()
    assert not (root / "current").is_symlink()


def test_nothing_closes_a_running_install_without_a_question(wizard, desktop, home, assert_gone):
    _go_to_install(wizard)
    wizard.keys("Escape")
    _await_question(wizard)
    wizard.keys("Escape")
    _await_no_question(wizard)

    _focus(wizard, "Cancel installation")
    wizard.keys("Return")
    _await_question(wizard)
    wizard.keys("Return")
    _await_no_question(wizard)

    wizard.keys("alt+F4")
    _await_question(wizard)
    wizard.click(wizard.await_node("Keep downloads and stop", "push button"))
    assert wizard.wait() == 0, wizard.told()
    assert_gone(wizard)
    _nothing_half_made(home / "pytorch")
    kept = list((home / "pytorch" / "store").rglob("*"))
    assert any(file.is_file() for file in kept), "the downloads were to be kept"

    # The next visit says so and offers to go on; nothing runs yet, so Return on Cancel may end it.
    with wizard_on(desktop, home) as again:
        again.await_node("Continue setup", "push button")
        _focus(again, "Cancel")
        again.keys("Return")
        assert again.wait() == 0, again.told()
        assert_gone(again)
    assert kept == list((home / "pytorch" / "store").rglob("*"))


def test_a_killed_install_is_offered_again_and_can_be_removed(wizard, desktop, home, assert_gone):
    _go_to_install(wizard)
    wizard.await_node("Unpacking the packages", "label", enabled=False, seconds=INSTALL_S)
    wizard.process.kill()
    assert wizard.wait() == -signal.SIGKILL
    assert_gone(wizard, seconds=120)  # what it had started comes to its own end
    assert not (home / "pytorch" / "current").exists()

    with wizard_on(desktop, home) as again:
        again.click(again.await_node("Continue setup", "push button"))
        again.await_node("Installing PyTorch", "label")
        again.keys("Escape")
        _await_question(again)
        again.click(again.await_node("Remove everything", "push button"))
        again.await_node("The installation was stopped", "label")
        assert again.find("Everything that it had downloaded is deleted.", "label"), again.shown()
        again.click(again.await_node("Close", "push button"))
        assert again.wait() == 0, again.told()
        assert_gone(again)
    assert not (home / "pytorch").exists()
