"""Colours that can be read, one style sheet that Qt understands, and Qt itself being whole."""

import re
import sys

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from setupwizard.gui import icons, theme
from setupwizard.gui.app import unfit
from setupwizard.gui.stylesheet import stylesheet
from setupwizard.gui.tokens import DARK, LIGHT, PAIRS, Tokens, contrast, of_palette
from setupwizard.resources import resource


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_every_pair_can_be_read(tokens: Tokens, front: str, back: str, least: float) -> None:
    ratio = contrast(getattr(tokens, front), getattr(tokens, back))
    assert ratio >= least, f"{front} on {back}: {ratio:.2f}"


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_style_sheet_has_no_gaps_and_scales(scale: float) -> None:
    text = stylesheet(DARK, scale, ("Mono",))
    assert "$" not in text
    assert text.count("{") == text.count("}")
    assert ("font-size: 12px" in text) == (scale == 1.0)
    assert "border: 1px solid" in text
    named = set(re.findall(r"#[0-9A-F]{6}", text))
    assert DARK.accent in named


def test_high_contrast_uses_the_systems_colours_and_no_others() -> None:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, "#000000"),
        (role.WindowText, "#ffff00"),
        (role.Highlight, "#00ff00"),
        (role.HighlightedText, "#010101"),
    ):
        palette.setColor(which, QColor(colour))
    tokens = of_palette(palette)
    shown = {getattr(tokens, name) for name in tokens.__struct_fields__}
    assert shown <= {
        "#000000",
        "#ffff00",
        "#00ff00",
        "#010101",
        palette.color(QPalette.ColorGroup.Disabled, role.WindowText).name(),
    }
    assert tokens.stroke == tokens.text == "#ffff00"


def test_switching_colours_changes_palette_and_sheet(qapp: QApplication) -> None:
    look = theme.current()
    told: list[int] = []
    look.changed.connect(lambda: told.append(1))
    look.set_mode("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.bg
    assert DARK.accent in qapp.styleSheet()
    look.set_mode("light")
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == LIGHT.bg
    assert len(told) == 2


def test_text_scale_is_between_once_and_two_and_a_quarter() -> None:
    assert 1.0 <= theme.text_scale() <= 2.25


def test_every_drawing_is_small_and_in_the_colour_of_a_token() -> None:
    files = sorted(resource("icons").glob("*.svg"))
    assert len(files) > 20
    for file in files:
        text = file.read_text("utf-8")
        assert 'stroke="currentColor"' in text, file.name
        assert len(text) < 1500, file.name
        assert not re.search(r"#[0-9a-fA-F]{3,6}", text), file.name


def test_icons_are_drawn_in_their_colour_at_the_devices_resolution(qapp: QApplication) -> None:
    icon = icons.icon("ok", 20, QColor("#ff0000"), QColor("#00ff00"), 2.0)
    image = icon.pixmap(20).toImage()
    assert image.width() >= 20
    colours = {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
    assert colours == {"#ff0000"}


def test_the_binding_counts_references_rightly() -> None:
    """PySide6 6.12 on Python 3.11 loses one reference of True in every emit, until the process ends."""

    class Speaker(QObject):
        said = Signal(int)

    speaker = Speaker()
    before = sys.getrefcount(True)
    for number in range(200):
        speaker.said.emit(number)
    assert abs(sys.getrefcount(True) - before) < 50 or sys.version_info >= (3, 12)


def test_a_binding_that_loses_references_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import PySide6

    monkeypatch.setattr(PySide6, "__version__", "6.12.0")
    sentence = unfit((3, 11))
    assert sentence is not None
    assert "6.12.0" in sentence
    assert unfit((3, 12)) is None
    monkeypatch.setattr(PySide6, "__version__", "6.11.3")
    assert unfit((3, 11)) is None
