"""Keyboards and screen readers reach everything, in the order in which it is read."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.conftest import Visit
from gui.test_layout import SCENES, Scene, scene  # noqa: F401 - the fixture
from setupwizard.gui import focus
from setupwizard.gui.widgets.figures import FigureBar
from setupwizard.gui.widgets.rows import CheckRow

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def reader() -> Iterator[None]:
    """Have a screen reader around."""
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


def walk(node: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    yield node
    for number in range(node.childCount()):
        child = node.child(number)
        if child is not None and child.isValid():
            yield from walk(child)


@pytest.mark.parametrize("name", SCENES)
def test_everything_that_can_have_the_focus_has_a_name(
    scene: Callable[[str, QSize], Scene],  # noqa: F811
    reader: None,
    name: str,
) -> None:
    made = scene(name, QSize(960, 640))
    nameless, nodes = [], 0
    shown = {id(one): one for one in (made.window, made.shown)}.values()  # a dialog is a tree of its own
    for node in itertools.chain.from_iterable(walk(QAccessible.queryAccessibleInterface(one)) for one in shown):
        nodes += 1
        state = node.state()
        if state.focusable and not state.invisible and not node.text(QAccessible.Text.Name):
            nameless.append(f"{node.object()} {node.role()}")
        assert node.role() != QAccessible.Role.Graphic, f"a nameless picture: {node.object()}"
    assert nodes > 30
    assert nameless == []


def test_rows_and_figures_are_reached_only_with_a_screen_reader(
    scene: Callable[[str, QSize], Scene],  # noqa: F811
) -> None:
    def reachable(made: Scene) -> set[type]:
        page = made.window.page_now()
        return {
            type(widget)
            for kind in (CheckRow, FigureBar)
            for widget in page.findChildren(kind)
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        }

    assert reachable(scene("5-verify", QSize(960, 640))) == set()
    QAccessible.setActive(True)
    try:
        assert reachable(scene("5-verify", QSize(960, 640))) == {CheckRow, FigureBar}
    finally:
        QAccessible.setActive(False)


def names_by_tab(window: QWidget, first: QWidget, count: int) -> list[str]:
    """Press Tab again and again; return what has the focus, by name."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    names = []
    for _step in range(count):
        widget = QApplication.focusWidget()
        names.append(widget.accessibleName() or widget.text())  # type: ignore[attr-defined]
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    return names


def test_tab_goes_through_page_buttons_and_step_list(visit: Visit) -> None:
    window = visit.open()
    assert names_by_tab(window, window.start.recommended, 5) == [
        "Recommended",
        "Which hosts are contacted, and when",
        "Check my computer",
        "Cancel",
        "Settings",
    ]
    visit.press_primary()
    assert names_by_tab(window, window.computer.copy, 8) == [
        "Copy details",
        "Check again",
        "No CUDA Toolkit is here, and PyTorch does not need one",
        "Choose a build",
        "Back",
        "Cancel",
        "Step 1: Start, done, Recommended",
        "Settings",
    ]
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None)
    assert names_by_tab(window, window.build.details_fold.button, 6) == [
        "Change the details",
        "Show everything that will happen",
        "Install",
        "Back",
        "Cancel",
        "Step 1: Start, done, Recommended",
    ]


def test_tab_goes_through_the_last_pages_too(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    first = window.install.pace.pause
    names = names_by_tab(window, first, 10)
    assert names[:3] == ["Pause", "Another server", "Speed limit"]
    assert names.index("Show details") < names.index("Cancel installation") < names.index("Settings")
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    names = names_by_tab(window, window.verify.again, 6)
    assert names.index("Run again") < names.index("Continue") < names.index("Settings")
    visit.press_primary()
    names = names_by_tab(window, window.finish.terminal, 14)
    assert names[:3] == ["Open a terminal with PyTorch", "Open folder", "Save report..."]
    assert names.index("Save report...") < names.index("Close") < names.index("Settings")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_return_presses_the_main_button_from_anywhere_but_a_line_of_text(visit: Visit, key: Qt.Key) -> None:
    window = visit.open()
    window.start.custom.click()
    window.start.custom.setFocus()
    visit.qtbot.keyClick(window.start.custom, key)
    assert visit.page == "computer"
    step = window.rail.items[0]
    step.setFocus()
    visit.qtbot.keyClick(step, key)
    assert visit.page == "start", "on a step it goes there"
    visit.press_primary()
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None and not visit.state.planning)
    folder = window.build.details.folder
    folder.setFocus()
    visit.qtbot.keyClick(folder, key)
    assert visit.page == "build", "to end the writing of a folder installs nothing"
    fold = window.build.plan_fold.button
    fold.setFocus()
    visit.qtbot.keyClick(fold, key)
    assert (visit.page, window.build.plan_fold.unfolded) == ("build", True), "another button presses itself"


def test_what_appears_later_stands_in_its_place(visit: Visit) -> None:
    from setupwizard.errors import SetupError

    visit.backend.failures["plan"] = SetupError("network-off")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    visit.wait(window.build.error_card.isVisible)
    QApplication.processEvents()
    window.set_tab_order()
    assert names_by_tab(window, window.build.error_card.buttons()[0], 6)[:4] == [
        "Try again",
        "Proxy settings...",
        "Copy details",
        "Change the details",
    ]


def test_a_page_says_its_title_and_its_sentence(visit: Visit) -> None:
    window = visit.open()
    for page in window.pages:
        if page.accessibleName():
            assert page.accessibleName() == page.heading
    assert window.start.accessibleDescription().startswith("We check your PC")


def test_what_happens_by_itself_is_announced(visit: Visit, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    said: list[tuple[str, bool]] = []

    def note(_widget: QWidget, text: str, *, urgent: bool = False) -> None:
        said.append((text, urgent))

    monkeypatch.setattr(focus, "announce", note)
    window = visit.open()
    visit.go_to_install()
    assert any("Get PyTorch running" in text for text, _urgent in said) or visit.page == "install"
    assert any(text.startswith("Installing PyTorch") for text, _urgent in said)
    assert ("Downloading", False) in said
    assert ("25 %", False) in said
    visit.now += 30
    window.install._on_second()
    assert any(text.startswith("Waiting for the server") for text, _urgent in said)
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    assert any(text.startswith("PyTorch works on your GPU") for text, _urgent in said)


def test_an_error_is_announced_urgently(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    from setupwizard.errors import SetupError

    said: list[tuple[str, bool]] = []
    monkeypatch.setattr(focus, "announce", lambda _widget, text, *, urgent=False: said.append((text, urgent)))
    visit.backend.failures["plan"] = SetupError("network-off")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    visit.wait(window.build.error_card.isVisible)
    error = window.build.error
    assert error is not None
    assert (f"{error.title}. {error.advice}", True) in said


def test_an_announcement_without_a_reader_does_nothing(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    QAccessible.setActive(False)
    focus.announce(widget, "text")
    QAccessible.setActive(True)
    try:
        focus.announce(widget, "text", urgent=True)
    finally:
        QAccessible.setActive(False)


def test_what_a_screen_reader_has_met_can_be_asked_again(visit: Visit, reader: None) -> None:
    """A part that is not shown any more is hidden, and answers so; one that was deleted would be asked in vain."""
    gone: list[str] = []
    met: set[int] = set()

    def meet() -> None:
        for widget in visit.window.findChildren(QWidget):
            if id(widget) not in met:
                met.add(id(widget))
                kept.append(widget)
                words = f"{type(widget).__name__} {widget.accessibleName()!r}"
                widget.destroyed.connect(lambda _object=None, words=words: gone.append(words))

    kept: list[QWidget] = []
    window = visit.open()
    meet()
    visit.press_primary()
    visit.qtbot.mouseClick(window.computer.again, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.backend.calls.count("detect") == 2 and not visit.state.looking)
    meet()
    visit.gate = visit.backend.hold("prove")
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None and not visit.state.planning)
    window.build.details_fold.unfold()
    window.build.plan_fold.unfold()
    meet()
    pills = window.build.details.torch.pills()
    visit.qtbot.mouseClick(pills[1], Qt.MouseButton.LeftButton)
    visit.wait(lambda: not visit.state.planning)
    meet()
    visit.press_primary()
    visit.wait(lambda: "prove" in visit.backend.calls)
    meet()
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    meet()
    visit.qtbot.mouseClick(window.verify.again, Qt.MouseButton.LeftButton)
    visit.wait(lambda: "verify" in visit.backend.calls and not visit.state.checking)
    visit.press_primary()
    meet()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert len(met) > 300
    assert gone == []
    kept.clear()
