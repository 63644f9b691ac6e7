"""What leaves the window on Linux: progress on the icon in the dock, and a notification for who looks elsewhere."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.conftest import Visit
from helpers.message_bus import MessageBus, bus_with, missing
from setupwizard.gui.desktop import Desktop

pytestmark = [
    pytest.mark.linux_only("a message bus is how Linux' desktops are spoken to"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessageBus]:
    with bus_with(tmp_path / "bus", "org.freedesktop.Notifications", env=os.environ) as one:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", one.env["DBUS_SESSION_BUS_ADDRESS"])
        yield one


def test_an_install_shows_on_the_icon_and_calls_back_who_left(bus: MessageBus, visit: Visit) -> None:
    visit.desktop = Desktop()  # type: ignore[assignment]  # the real one
    other = QWidget()
    visit.qtbot.addWidget(other)
    window = visit.open()
    visit.go_to_install()
    other.show()
    other.activateWindow()
    visit.qtbot.waitUntil(lambda: not window.isActiveWindow())
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    told = bus.await_asked("Notify")["words"]
    assert told[0] == "PyTorch Setup"
    assert told[3] == "PyTorch works on your GPU"
    assert "compared the results" in told[4]
    assert told[6]["desktop-entry"] == ["s", "setupwizard"]
    shown = [row["words"] for row in bus.asked("Update")]
    assert {uri for uri, _properties in shown} == {"application://setupwizard.desktop"}
    parts = [properties["progress"][1] for _uri, properties in shown[:-1]]
    assert parts == sorted(parts)
    assert parts[0] < 0.1
    assert parts[-1] > 0.9
    assert shown[-1][1] == {"progress-visible": ["b", False]}


def test_who_looks_at_the_window_is_not_called(bus: MessageBus, visit: Visit) -> None:
    visit.desktop = Desktop()  # type: ignore[assignment]
    window = visit.open()
    visit.finish_install()
    assert window.isActiveWindow()
    bus.await_asked("Update")
    assert bus.asked("Notify") == []


def test_without_a_bus_nothing_breaks(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    window, desktop = QWidget(), Desktop()
    qtbot.addWidget(window)
    desktop.show_progress(window, 40)
    desktop.alert(window, "title", "text")
    desktop.show_progress(window, None)
    desktop.close()
