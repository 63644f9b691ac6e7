"""The quiet line about a newer version: there once the servers were asked, and away when it is not wanted."""

from msgspec.structs import replace
from PySide6.QtCore import Qt

from gui.visits import Visit
from setupwizard.model.release import Newer
from setupwizard.model.settings import Settings

NEWER = Newer(version="99.1", page="https://example.org/setupwizard")
LEFT = Qt.MouseButton.LeftButton


def test_it_is_asked_for_on_page_3_and_not_before(visit: Visit) -> None:
    visit.backend.newer = NEWER
    window = visit.open()
    visit.press_primary()
    assert "newer_version" not in visit.backend.calls
    assert window.rail.news.isHidden()
    visit.press_primary()
    visit.wait(window.rail.news.isVisible)
    assert visit.backend.calls.count("newer_version") == 1
    assert window.rail.news.text() == "Version 99.1 is there"
    assert window.rail.news in window.rail.order()
    visit.qtbot.mouseClick(window.rail.news, LEFT)
    assert visit.desktop.urls == [NEWER.page]
    window.set_language("zh_CN")
    assert "99.1" in window.rail.news.text() != "Version 99.1 is there"


def test_without_news_nothing_is_shown(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    visit.wait(lambda: "newer_version" in visit.backend.calls)
    assert window.rail.news.isHidden()
    assert window.rail.news not in window.rail.order()


def test_a_fault_of_ours_shows_nothing_either(visit: Visit) -> None:
    visit.backend.failures["newer_version"] = ValueError("a defect")
    window = visit.open()
    visit.go_to_build()
    visit.wait(lambda: "newer_version" in visit.backend.calls)
    assert window.rail.news.isHidden()
    assert visit.state.fault is None


def test_switched_off_it_is_not_asked_for(visit: Visit) -> None:
    visit.backend.newer = NEWER
    visit.backend.held = replace(visit.backend.held, settings=Settings(tell_new_version=False))
    visit.open()
    visit.go_to_build()
    assert "newer_version" not in visit.backend.calls


def test_the_settings_switch_it_off_and_on(visit: Visit) -> None:
    visit.backend.newer = NEWER
    window = visit.open()
    visit.go_to_build()
    visit.wait(window.rail.news.isVisible)
    window.settings.open()
    dialog = window.settings.dialog
    assert dialog is not None
    assert dialog.news.isChecked()
    dialog.news.click()
    visit.wait(window.rail.news.isHidden)
    assert not visit.backend.held.settings.tell_new_version
    dialog.news.click()
    visit.wait(window.rail.news.isVisible)
