"""Nothing moves where the person asked the desktop for less motion."""

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QTimerEvent
from pytestqt.qtbot import QtBot

from helpers.message_bus import bus_with, missing
from setupwizard.gui import motion, theme
from setupwizard.gui.widgets.progress import ProgressBar
from setupwizard.gui.widgets.rows import CheckRow

pytestmark = [
    pytest.mark.linux_only("a message bus is how Linux' desktops are asked"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]


@pytest.mark.parametrize(
    ("settings", "still"),
    [
        ({"reduced-motion": ["u", 1]}, True),
        ({"reduced-motion": ["u", 0], "enable-animations": ["b", False]}, False),
        ({"enable-animations": ["b", False]}, True),
        ({"enable-animations": ["b", True]}, False),
        ({}, False),
    ],
)
def test_the_desktop_is_asked_and_held_to(
    settings: dict[str, object], still: bool, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {**os.environ, "PORTAL_SETTINGS": json.dumps(settings)}
    with bus_with(tmp_path / "bus", "org.freedesktop.portal.Desktop", env=env) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.env["DBUS_SESSION_BUS_ADDRESS"])
        assert motion.wants_stillness() is still


def test_a_wish_for_stillness_stops_what_turns_and_wanders(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    turned: list[str] = []

    class Row(CheckRow):
        def timerEvent(self, event: QTimerEvent) -> None:
            turned.append("row")

    class Bar(ProgressBar):
        def timerEvent(self, event: QTimerEvent) -> None:
            turned.append("bar")

    def shown() -> set[str]:
        row, bar = Row(), Bar()
        for widget in (row, bar):
            qtbot.addWidget(widget)
            widget.show()
        row.show_state("checking", "torch")
        bar.set_busy(True)
        bar.advance(0.5)
        turned.clear()
        qtbot.wait(200)
        return {*turned, "eased"} if bar._shown != bar.value() else set(turned)

    assert {"row", "bar"} <= shown()
    monkeypatch.setattr(theme.current(), "still", True)
    assert shown() == set()
