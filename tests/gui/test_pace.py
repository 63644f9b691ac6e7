"""A download can rest, be slower, come from elsewhere, and is asked about where it costs; meanwhile one can learn."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from gui import recorded
from gui.conftest import Visit
from gui.fake_backend import download
from gui.test_choosing import pill, texts
from setupwizard.gui.dialogs import ConfirmDialog
from setupwizard.gui.pages.install import OFFER_S
from setupwizard.gui.pages.lesson import EACH_MS, LESSONS, LessonPanel
from setupwizard.gui.state import State
from setupwizard.model.events import StepFinished, StepStarted
from setupwizard.model.settings import Preferences, Settings

LEFT = Qt.MouseButton.LeftButton


def happened(visit: Visit, *events: object) -> None:
    for event in events:
        visit.window.install.happened(event)  # type: ignore[arg-type]


# pause


def test_a_download_rests_and_goes_on(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    controls, pace = window.install.pace, visit.backend.pace
    assert controls.pause.text() == "Pause"
    visit.qtbot.mouseClick(controls.pause, LEFT)
    assert (pace.paused, visit.state.paused) == (True, True)
    assert visit.desktop.progress[-1] == (window.install.percent, True)
    assert controls.pause.text() == "Go on"
    said = texts(visit)
    assert "Paused" in said
    assert "What is here is kept." in said
    assert "MB/s" not in window.install.line.words
    visit.now += OFFER_S + 1
    window.install._refresh()
    assert "Waiting for the server" not in texts(visit)
    assert not window.install.other_server.isVisible()
    visit.qtbot.mouseClick(controls.pause, LEFT)
    assert (pace.paused, visit.state.paused) == (False, False)
    happened(visit, download())
    assert "Waiting for the server" not in texts(visit), "the time of the rest does not count as silence"
    assert "MB/s" in window.install.line.words


def test_what_cannot_rest_offers_no_rest(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    assert window.install.pace.pause.isVisible()
    happened(visit, StepFinished(id="fetch", status="done"), StepStarted(id="install", title=""))
    assert not window.install.pace.pause.isVisible()


def test_an_install_begins_without_the_rest_of_the_one_before(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    visit.qtbot.mouseClick(window.install.pace.pause, LEFT)
    window.flow.installation.stop(remove=False)
    visit.wait(lambda: visit.state.phase == "stopped")
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "running")
    assert (visit.backend.pace.paused, visit.state.paused) == (False, False)


# slower, and from elsewhere


def test_a_limit_is_kept_and_told_as_what_sets_the_speed(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    controls = window.install.pace
    assert not controls.limit.isVisible()
    visit.qtbot.mouseClick(controls.slower, LEFT)
    visit.qtbot.mouseClick(pill(controls.limit, "1000000"), LEFT)
    visit.wait(lambda: visit.backend.pace.limit == 1_000_000 and not window.settings.keeper.busy)
    assert visit.backend.held.settings.speed_limit == 1_000_000
    visit.wait(lambda: "Your own limit of 1.0 MB/s sets the speed." in texts(visit))
    visit.qtbot.mouseClick(pill(controls.limit, "0"), LEFT)
    visit.wait(lambda: visit.backend.pace.limit is None)


def test_another_server_is_taken_by_hand(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    controls = window.install.pace
    visit.qtbot.mouseClick(controls.slower, LEFT)
    visit.qtbot.mouseClick(controls.other, LEFT)
    assert controls.source.isVisible()
    assert not controls.limit.isVisible()
    assert controls.source.value() == "official"
    visit.backend.gates.pop("apply")
    visit.qtbot.mouseClick(pill(controls.source, "nju"), LEFT)
    visit.wait(lambda: len(visit.backend.applied) == 2 and visit.state.phase == "done")
    assert visit.backend.planned[-1].source == "nju"


def test_what_the_administrator_fixed_is_not_offered_here(visit: Visit) -> None:
    visit.backend.held = Preferences(locked=frozenset({"source", "speed_limit"}), place="/etc/policy.toml")
    window = visit.open()
    visit.go_to_install()
    assert not window.install.pace.other.isVisible()
    assert not window.install.pace.slower.isVisible()
    assert window.install.pace.pause.isVisible()


# a line that is paid by volume


def question(visit: Visit) -> ConfirmDialog | None:
    return next((one for one in visit.window.findChildren(ConfirmDialog) if one.isVisible()), None)


def asked(visit: Visit) -> ConfirmDialog:
    visit.wait(lambda: question(visit) is not None)
    dialog = question(visit)
    assert dialog is not None
    return dialog


def test_a_metered_line_is_asked_about_before_anything_comes(visit: Visit) -> None:
    visit.desktop.by_volume = True
    visit.open()
    visit.go_to_build()
    visit.press_primary()
    dialog = asked(visit)
    assert "2.4 GB would be downloaded." in dialog.accessibleDescription()
    assert visit.backend.applied == []
    visit.qtbot.mouseClick(dialog.no, LEFT)
    assert (visit.page, visit.backend.applied) == ("build", [])
    visit.press_primary()
    visit.qtbot.mouseClick(asked(visit).yes, LEFT)
    visit.wait(lambda: visit.state.phase == "done")


def test_a_setup_that_stopped_is_asked_about_too(visit: Visit) -> None:
    visit.desktop.by_volume = True
    visit.backend.left = recorded.unfinished()
    window = visit.open()
    visit.wait(lambda: window.start.banner.isVisible())
    visit.qtbot.mouseClick(window.start.banner.first, LEFT)
    assert asked(visit).isVisible()
    assert visit.backend.applied == []


@pytest.mark.parametrize("why", ["not metered", "not wished", "small"])
def test_a_question_that_nobody_needs_is_not_asked(visit: Visit, why: str) -> None:
    visit.desktop.by_volume = why != "not metered"
    visit.backend.held = Preferences(settings=Settings(ask_metered=why != "not wished"))
    window = visit.open()
    visit.go_to_build()
    if why == "small":
        window.flow._set(plan=recorded.plan(download_bytes=1_000_000))
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "done")
    assert not [one for one in window.findChildren(QDialog) if one.isVisible()]


# what PyTorch is


def lesson(visit: Visit) -> LessonPanel:
    QApplication.processEvents()
    return visit.window.install.lesson


def test_what_pytorch_is_can_be_read_while_it_comes(visit: Visit) -> None:
    visit.open()
    visit.go_to_install()
    panel = lesson(visit)
    assert panel.isVisible()
    seen = []
    for _number in LESSONS:
        seen.append(panel.accessibleDescription())
        visit.qtbot.mouseClick(panel.following, LEFT)
    assert len(set(seen)) == len(LESSONS) == 5
    assert panel.place == 0
    assert EACH_MS * len(LESSONS) == 60_000


def test_it_goes_on_by_itself_only_where_things_may_move(visit: Visit) -> None:
    visit.open()
    visit.go_to_install()
    panel = lesson(visit)
    assert panel._timer.isActive()
    panel.hide()
    panel.setStyleSheet("* { widget-animation-duration: 0 }")
    panel.show()
    assert not panel._timer.isActive()
    visit.qtbot.mouseClick(panel.following, LEFT)
    assert (panel.place, panel._timer.isActive()) == (1, False)


def test_it_makes_room_for_the_log_and_for_what_went_wrong(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    assert lesson(visit).isVisible()
    window.install.drawer.toggle.setChecked(True)
    assert not lesson(visit).isVisible()
    window.install.drawer.toggle.setChecked(False)
    assert lesson(visit).isVisible()
    happened(visit, StepFinished(id="fetch", status="done"), StepStarted(id="verify", title=""))
    assert not lesson(visit).isVisible()


def test_who_hides_it_is_not_shown_it_again(visit: Visit) -> None:
    visit.open()
    visit.go_to_install()
    visit.qtbot.mouseClick(lesson(visit).skip, LEFT)
    assert not lesson(visit).isVisible()
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    visit.window.close()
    window = visit.make()
    window.complete()
    assert not window.install.lesson_wanted
    window.flow.state = State(choices=recorded.choices())
