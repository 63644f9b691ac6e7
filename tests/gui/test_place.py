"""The driver round trip: the way to it, a restart, and the page on which it stopped."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import QSettings, Qt

from gui import recorded
from gui.conftest import Visit
from setupwizard.gui import place
from setupwizard.gui.backend import Choices
from setupwizard.gui.state import State
from setupwizard.model.machine import Machine, Surroundings
from setupwizard.model.recommendation import Recommendation


def without_driver(visit: Visit) -> Machine:
    """Let the computer be one whose driver is missing."""
    surroundings = Surroundings(secure_boot=True)
    machine = recorded.machine(
        nvidia_driver=None, findings=(), os="linux", os_version="Ubuntu 24.04.3 LTS", environment=surroundings
    )
    visit.backend.machine = machine

    def advise(choices: Choices) -> Recommendation:
        if choices.variant == "cpu":
            return replace(recorded.cpu_recommendation(), verdict="cpu")
        return recorded.driver_recommendation()

    visit.backend.advice = advise
    return machine


def with_driver(visit: Visit) -> None:
    visit.backend.machine = None
    visit.backend.advice = visit.backend._advise


def texts(visit: Visit) -> str:
    from setupwizard.gui.widgets.basic import Label

    page = visit.window.page_now()
    return "\n".join(label.plain for label in page.findChildren(Label) if label.isVisible())


def test_linux_is_shown_its_command_and_nothing_is_run(visit: Visit) -> None:
    without_driver(visit)
    window = visit.open()
    visit.press_primary()
    card = window.computer.driver
    assert card.isVisible()
    (box,) = card.commands.used()
    assert box.command == "sudo ubuntu-drivers install"
    visit.qtbot.mouseClick(box.copy, Qt.MouseButton.LeftButton)
    assert visit.desktop.copied == ["sudo ubuntu-drivers install"]
    notes = "\n".join(row.accessibleName() for row in card._notes.used())
    assert "Enroll MOK" in notes
    assert "two graphics processors" in notes
    assert "it comes back to this page" in notes


def test_check_again_sees_the_driver_although_a_stop_gap_was_looked_at(visit: Visit) -> None:
    without_driver(visit)
    window = visit.open()
    visit.go_to_build()
    assert visit.backend.planned[-1].variant == "cpu"
    visit.qtbot.mouseClick(window.footer.back, Qt.MouseButton.LeftButton)
    assert "Your graphics card needs a driver first" in texts(visit)
    with_driver(visit)
    visit.qtbot.mouseClick(window.computer.driver.again, Qt.MouseButton.LeftButton)
    visit.wait(lambda: "Your graphics card can run PyTorch" in texts(visit))
    assert not window.computer.driver.isVisible()
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None and not visit.state.planning)
    assert visit.backend.planned[-1].variant is None
    assert visit.state.plan.build.variant == "cu130"  # type: ignore[union-attr]  # just waited for


def test_after_a_restart_the_window_is_back_on_its_page(visit: Visit) -> None:
    without_driver(visit)
    window = visit.open()
    window.flow.set_custom(True)
    window.flow.choose(replace(visit.state.choices, root="D:\\torch"))
    visit.wait(lambda: not visit.state.planning)
    window.close()
    with_driver(visit)
    visit.make()
    visit.window.show()
    visit.wait(lambda: visit.page == "computer" and visit.state.machine is not None)
    assert "Your graphics card can run PyTorch" in texts(visit)
    assert visit.state.custom
    assert visit.state.choices.root == "D:\\torch"
    visit.window.close()
    visit.make()
    visit.window.show()
    visit.wait(lambda: visit.state.machine is not None and not visit.state.looking)
    assert visit.page == "start", "it waits for nothing any more"


def test_a_place_is_not_waited_at_for_ever(visit: Visit) -> None:
    settings = QSettings(str(visit.ini), QSettings.Format.IniFormat)
    waiting = State(
        choices=recorded.choices(),
        advice=recorded.driver_recommendation(),
        decision=recorded.driver_recommendation(),
        custom=True,
    )
    place.keep(settings, waiting, lambda: 1000.0)
    assert place.take(settings, lambda: 1000.0 + place.KEPT_SECONDS + 1) is None
    place.keep(settings, waiting, lambda: 1000.0)
    assert place.take(settings, lambda: 5000.0) == place.Place(custom=True, root=recorded.ROOT)
    assert place.take(settings, lambda: 5000.0) is None, "once"
    settings.setValue("waiting/since", "soon")
    assert place.take(settings) is None
