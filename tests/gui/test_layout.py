"""Nothing is cut off and nothing has to be scrolled sideways: every scene, every language, the smallest window."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "scripts"))

from screenshots import SCENES, Scene

from gui import recorded
from setupwizard.gui import theme
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Chip, ElidedLabel, Label
from setupwizard.gui.widgets.choices import CheckBox, ChoiceCard
from setupwizard.gui.widgets.pills import Pill
from setupwizard.i18n import LANGUAGES

_CALM = ["1-start", "1-start-resume", "2-computer", "3-build", "4-install", "5-verify", "5-verify-slow", "6-finish"]

_PAGES = [name for name in SCENES if not name.startswith("card-")]
FULL = os.environ.get("SETUPWIZARD_LAYOUT") == "full"
"""Every page in every look (make test-layout); without it in looks that hold each language, theme and size of text."""
_LOOKS = (
    list(itertools.product((*LANGUAGES, "pseudo"), ("light", "dark"), (1.0, 1.5, 2.0)))
    if FULL
    else [
        ("en", "light", 1.0),
        ("zh_CN", "dark", 1.0),
        ("pseudo", "light", 1.0),
        ("pseudo", "dark", 1.5),
        ("zh_CN", "light", 2.0),
        ("pseudo", "light", 2.0),
    ]
)

needs_fonts = pytest.mark.skipif(
    sys.platform == "win32" and os.environ["QT_QPA_PLATFORM"].startswith("offscreen"),
    reason="on Windows, Qt's offscreen platform has none of its fonts",
)


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Callable[[str, QSize], Scene]]:
    made: list[Scene] = []

    def make(name: str, size: QSize) -> Scene:
        one = Scene()
        made.append(one)
        qtbot.addWidget(one.window)
        one.window.resize(size)
        one.window.show()
        SCENES[name](one)
        _settle()
        return one

    yield make
    for one in made:
        one.window.flow.state = State(choices=recorded.choices())


def _settle() -> None:
    for _turn in range(6):
        QApplication.processEvents()


@pytest.fixture
def scaled() -> Callable[[float], None]:
    """Return a function that makes the text larger, for what is built afterwards."""
    return theme.current().set_scale


@pytest.fixture
def mirrored(qapp: QApplication) -> Iterator[None]:
    """Write from right to left."""
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def visible(scene: Scene, kind: type) -> list:
    return [widget for widget in scene.window.findChildren(kind) if widget.isVisible()]


def problems(scene: Scene) -> list[str]:
    """Return everything that is cut off."""
    page = scene.window.page_now()
    viewport = page.scroll_area.viewport()
    found = []
    if page.inner.minimumSizeHint().width() > viewport.width():
        found.append(f"page needs {page.inner.minimumSizeHint().width()} of {viewport.width()} px")
    if page.scroll_area.horizontalScrollBar().maximum() > 0:
        found.append("page scrolls sideways")
    for label in visible(scene, QLabel):
        found += _label_problems(label)
    for kind in (Button, Chip, Pill, CheckBox):
        found += [
            f"{kind.__name__} {widget.text()!r}: {widget.size()} of {widget.sizeHint()}"
            for widget in visible(scene, kind)
            if widget.sizeHint().boundedTo(widget.size()) != widget.sizeHint()
        ]
    for card in visible(scene, ChoiceCard):
        if card.height() < card.heightForWidth(card.width()):
            found.append(f"card {card.text()!r}: {card.height()} of {card.heightForWidth(card.width())}")
    return found + [f"{widget} stands out of its parent" for widget in _outside(page)] + _step_problems(scene)


def _label_problems(label: QLabel) -> list[str]:
    if isinstance(label, ElidedLabel | Chip):
        return []
    if label.wordWrap():
        wanted = label.heightForWidth(label.width())
        return [f"text {label.text()[:40]!r}: {label.height()} of {wanted} px high"] if label.height() < wanted else []
    wanted = label.sizeHint().width()
    return [f"text {label.text()[:40]!r}: {label.width()} of {wanted} px wide"] if label.width() < wanted else []


def _outside(page: QWidget) -> list[QWidget]:
    """Return parts that stand out of their parents sideways."""
    inside = page.scroll_area.widget()
    return [
        widget
        for widget in inside.findChildren(QWidget)
        if widget.isVisible()
        and isinstance(widget.parentWidget(), QWidget)
        and (widget.x() < 0 or widget.geometry().right() > widget.parentWidget().width())
    ]


def _step_problems(scene: Scene) -> list[str]:
    bold = QFontMetrics(theme.current().font(14, QFont.Weight.DemiBold))
    room = theme.current().px(224 - 32 - 50)
    return [
        f"step {item.text()!r} is cut"
        for item in scene.window.rail.items
        if item.height() < item.sizeHint().height()
        or max(bold.horizontalAdvance(word) for word in item.text().split()) > room
    ]


@needs_fonts
@pytest.mark.parametrize(("language", "mode", "scale"), _LOOKS)
@pytest.mark.parametrize("name", _PAGES)
def test_nothing_of_a_page_is_cut_off(
    scene: Callable[[str, QSize], Scene],
    speak: Callable[[str], None],
    scaled: Callable[[float], None],
    name: str,
    language: str,
    mode: theme.Mode,
    scale: float,
) -> None:
    speak(language)
    theme.current().set_mode(mode)
    scaled(scale)
    smallest, usual = QSize(880, 600) * scale, QSize(960, 640) * scale
    made = scene(name, smallest)
    for size in (smallest, usual, QSize(1400, 900)) if scale == 1 else (smallest, usual):
        made.window.resize(size)
        _settle()
        assert problems(made) == [], size


@needs_fonts
@pytest.mark.parametrize("language", [*LANGUAGES, "pseudo"] if FULL else ["pseudo"])
@pytest.mark.parametrize("name", [name for name in SCENES if name.startswith("card-")])
def test_nothing_of_a_card_is_cut_off(
    scene: Callable[[str, QSize], Scene], speak: Callable[[str], None], name: str, language: str
) -> None:
    speak(language)
    assert problems(scene(name, QSize(880, 600))) == []


@needs_fonts
@pytest.mark.parametrize("name", _PAGES)
def test_nothing_is_cut_off_from_right_to_left(
    scene: Callable[[str, QSize], Scene], speak: Callable[[str], None], mirrored: None, name: str
) -> None:
    speak("pseudo")
    made = scene(name, QSize(880, 600))
    window = made.window
    assert problems(made) == []
    assert window.rail.geometry() == QRect(880 - 224, 0, 224, 600)
    assert window.footer.primary.x() < window.footer.cancel.x()
    page = window.page_now()
    assert QRect(page.mapTo(window, QPoint(0, 0)), page.size()) == QRect(0, 0, 880 - 224, 600 - 70)


@needs_fonts
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", _CALM)
def test_the_usual_pages_need_no_scrolling(
    scene: Callable[[str, QSize], Scene], speak: Callable[[str], None], name: str, language: str
) -> None:
    speak(language)
    page = scene(name, QSize(960, 640)).window.page_now()
    assert page.scroll_area.verticalScrollBar().maximum() == 0


def test_cards_line_up_with_the_buttons(scene: Callable[[str, QSize], Scene]) -> None:
    for size in (QSize(880, 600), QSize(960, 640), QSize(1400, 900)):
        made = scene("1-start", size)
        window = made.window
        left = window.start.recommended.mapTo(window, window.start.recommended.rect().topLeft()).x()
        right = window.start.custom.mapTo(window, window.start.custom.rect().topRight()).x()
        assert left == window.footer.cancel.mapTo(window, window.footer.cancel.rect().topLeft()).x()
        assert right == window.footer.primary.mapTo(window, window.footer.primary.rect().topRight()).x()


def test_every_label_of_ours_is_plain_text(scene: Callable[[str, QSize], Scene]) -> None:
    made = scene("3-build-details", QSize(960, 640))
    assert all(isinstance(label, Label | Chip) for label in made.window.page_now().findChildren(QLabel))
