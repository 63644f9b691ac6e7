"""Esc, Cancel and the frame lead to one question, and nothing is left running."""

import pytest
from PySide6.QtCore import Qt

from gui import recorded
from gui.conftest import Visit
from setupwizard.errors import SetupError
from setupwizard.gui.dialogs import StopDialog
from setupwizard.gui.widgets.basic import Button


def question(visit: Visit) -> StopDialog:
    """Return the question, which has to be on the screen."""
    dialog = visit.window.findChild(StopDialog)
    assert dialog is not None
    assert dialog.isVisible()
    return dialog


def close_by(visit: Visit, way: str) -> None:
    window = visit.window
    if way == "escape":
        visit.qtbot.keyClick(window, Qt.Key.Key_Escape)
    elif way == "cancel":
        visit.qtbot.mouseClick(window.footer.cancel, Qt.MouseButton.LeftButton)
    else:
        window.close()


@pytest.mark.parametrize("way", ["escape", "cancel", "frame"])
def test_before_install_the_window_closes_at_once(visit: Visit, way: str) -> None:
    visit.open()
    close_by(visit, way)
    assert not visit.window.isVisible()
    assert visit.window.findChild(StopDialog) is None


@pytest.mark.parametrize("way", ["escape", "frame"])
def test_closing_while_the_computer_is_looked_at_leaves_the_job(visit: Visit, way: str) -> None:
    visit.backend.hold("detect")
    visit.open()
    visit.wait(lambda: "detect" in visit.backend.calls)
    close_by(visit, way)
    assert not visit.window.isVisible()


@pytest.mark.parametrize("way", ["escape", "cancel", "frame"])
def test_during_an_install_there_is_a_question_and_going_on_is_its_default(visit: Visit, way: str) -> None:
    visit.open()
    visit.go_to_install()
    close_by(visit, way)
    assert visit.window.isVisible()
    dialog = question(visit)
    assert dialog.go_on.isDefault()
    visit.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert visit.window.findChild(StopDialog) is None or not dialog.isVisible()
    assert visit.state.phase == "running"
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    assert visit.window.isVisible()


def test_asking_twice_shows_one_question(visit: Visit) -> None:
    visit.open()
    visit.go_to_install()
    for way in ("frame", "cancel", "escape"):
        if visit.window.findChild(StopDialog) is None:
            close_by(visit, way)
    visit.window.close()
    visit.window.reject()
    assert len(visit.window.findChildren(StopDialog)) == 1
    question(visit).reject()


def test_keeping_the_downloads_stops_and_stays_open(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    close_by(visit, "cancel")
    visit.qtbot.mouseClick(question(visit).keep, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.phase == "stopped")
    assert window.isVisible()
    assert visit.page == "install"
    assert window.install.heading == "The installation was stopped"
    assert visit.backend.discarded == []
    assert window.footer.primary.text() == "Continue setup"
    assert window.footer.cancel.text() == "Close"
    visit.backend.gates.clear()
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "done")


def test_removing_everything_discards(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    close_by(visit, "escape")
    visit.qtbot.mouseClick(question(visit).remove, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.phase == "stopped")
    assert visit.backend.discarded == [recorded.ROOT]
    labels = [button.text() for button in window.findChildren(Button) if button.isVisible()]
    assert "Continue setup" in labels
    assert "Everything that it had downloaded is deleted." in window.install.accessibleDescription()


def stop_a_deaf_install(visit: Visit, *, remove: bool = True) -> None:
    """Ask to stop an install that hears nothing any more; the gate decides when it ends by itself."""
    visit.open()
    visit.backend.deaf = True
    visit.go_to_install()
    close_by(visit, "cancel")
    dialog = question(visit)
    visit.qtbot.mouseClick(dialog.remove if remove else dialog.keep, Qt.MouseButton.LeftButton)
    assert visit.state.phase == "stopping"


@pytest.mark.parametrize("error", [SetupError("network-timeout", host="x"), ZeroDivisionError("odd")])
def test_everything_is_removed_even_when_something_else_ends_the_install_first(visit: Visit, error: Exception) -> None:
    stop_a_deaf_install(visit)
    visit.backend.failures["apply"] = error
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "stopped")
    assert visit.backend.discarded == [recorded.ROOT]
    assert visit.window.install.error is None
    assert visit.window.install.heading == "The installation was stopped"
    assert "Everything that it had downloaded is deleted." in visit.window.install.accessibleDescription()


def test_a_stop_stays_a_stop_when_something_else_ends_the_install_first(visit: Visit) -> None:
    stop_a_deaf_install(visit, remove=False)
    visit.backend.failures["apply"] = SetupError("network-timeout", host="x")
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "stopped")
    assert visit.window.install.error is None
    assert visit.window.install.heading == "The installation was stopped"
    assert visit.backend.discarded == []


def test_a_removal_that_did_not_work_is_told_and_tried_again(visit: Visit) -> None:
    window = visit.open()
    visit.backend.failures["discard"] = SetupError("busy", root=recorded.ROOT)
    visit.go_to_install()
    window.close()
    visit.qtbot.mouseClick(question(visit).remove, Qt.MouseButton.LeftButton)
    visit.wait(window.install.error_card.isVisible)
    assert window.isVisible(), "a window that closed could not say that the downloads are still there"
    assert visit.state.outcome is None or not visit.state.outcome.removed
    visit.qtbot.mouseClick(window.install.error_card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: len(visit.backend.discarded) == 2 and visit.state.phase == "stopped")
    assert not window.install.error_card.isVisible()
    assert visit.backend.calls.count("apply") == 1
    assert "Everything that it had downloaded is deleted." in window.install.accessibleDescription()


def test_an_install_that_was_done_before_it_could_be_stopped_can_be_taken_back(visit: Visit) -> None:
    stop_a_deaf_install(visit)
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    window = visit.window
    assert visit.page == "verify"
    assert window.verify.late.isVisible()
    assert visit.backend.taken_back == []
    visit.qtbot.mouseClick(window.verify.late.first, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.phase == "stopped")
    assert visit.backend.taken_back == [recorded.ROOT]
    assert visit.page == "install"
    assert "Everything that it had downloaded is deleted." in window.install.accessibleDescription()
    assert not visit.state.succeeded


def test_an_install_that_was_done_before_it_could_be_stopped_can_be_kept(visit: Visit) -> None:
    stop_a_deaf_install(visit)
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    visit.qtbot.mouseClick(visit.window.verify.late.second, Qt.MouseButton.LeftButton)
    assert not visit.window.verify.late.isVisible()
    assert visit.backend.taken_back == []
    assert visit.window.footer.primary.text() == "Continue"


def test_taking_back_that_did_not_work_is_told_and_tried_again(visit: Visit) -> None:
    stop_a_deaf_install(visit)
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    visit.backend.failures["take_back"] = SetupError("file-in-use", path=recorded.ROOT)
    visit.qtbot.mouseClick(visit.window.verify.late.first, Qt.MouseButton.LeftButton)
    card = visit.window.verify.error_card
    visit.wait(card.isVisible)
    assert visit.page == "verify"
    visit.qtbot.mouseClick(card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.phase == "stopped")
    assert visit.backend.taken_back == [recorded.ROOT, recorded.ROOT]


def test_a_stop_that_keeps_the_downloads_and_comes_too_late_asks_nothing(visit: Visit) -> None:
    stop_a_deaf_install(visit, remove=False)
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    assert not visit.window.verify.late.isVisible()


@pytest.mark.parametrize("remove", [False, True])
def test_closing_by_the_frame_closes_once_the_install_has_stopped(visit: Visit, remove: bool) -> None:
    window = visit.open()
    visit.go_to_install()
    window.close()
    dialog = question(visit)
    visit.qtbot.mouseClick(dialog.remove if remove else dialog.keep, Qt.MouseButton.LeftButton)
    visit.wait(lambda: not window.isVisible())
    assert visit.backend.discarded == ([recorded.ROOT] if remove else [])


def test_an_install_that_ends_under_the_question_takes_it_away(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    window.close()
    question(visit)
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    visit.wait(lambda: window.findChild(StopDialog) is None)
    assert window.isVisible()
    window.close()
    assert not window.isVisible()


def test_a_signal_stops_the_install_without_a_question(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    window.interrupt()
    visit.wait(lambda: not window.isVisible())
    assert window.findChild(StopDialog) is None


def test_a_signal_closes_an_idle_window(visit: Visit) -> None:
    window = visit.open()
    window.interrupt()
    assert not window.isVisible()


def test_enter_on_cancel_presses_cancel_and_not_install(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.footer.cancel.setFocus(Qt.FocusReason.TabFocusReason)
    visit.wait(window.footer.cancel.hasFocus)
    visit.qtbot.keyClick(window.footer.cancel, Qt.Key.Key_Return)
    assert visit.backend.applied == []
    assert not window.isVisible()
