"""Windows' registry while others write in it: drivers come, and Wine registers its own adapter, at any moment."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

if sys.platform == "win32":
    import winreg

    from setupwizard.probes import windows_registry

pytestmark = pytest.mark.windows_only("only Windows has a registry")

STAYING = tuple(f"{number:04d}" for number in range(1, 9))
ROUNDS = 300


@pytest.fixture
def place() -> Iterator[str]:
    """Return a key with other keys and values, beside which something comes and goes all the time."""
    path = rf"Software\setupwizard-test-{uuid.uuid4()}"
    stop = threading.Event()
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, path) as top:
        for name in STAYING:
            winreg.CreateKey(top, name).Close()
            winreg.SetValueEx(top, name, 0, winreg.REG_SZ, name)

        def come_and_go() -> None:
            while not stop.is_set():
                winreg.CreateKey(top, "0000").Close()
                winreg.SetValueEx(top, "0000", 0, winreg.REG_SZ, "")
                winreg.DeleteKey(top, "0000")
                winreg.DeleteValue(top, "0000")
                time.sleep(0.001)

        other = threading.Thread(target=come_and_go, daemon=True)
        other.start()
        try:
            yield path
        finally:
            stop.set()
            other.join()
            for name in STAYING:
                winreg.DeleteKey(top, name)
    winreg.DeleteKey(winreg.HKEY_CURRENT_USER, path)


def test_what_stays_is_found_whatever_comes_and_goes(place: str) -> None:
    for _round in range(ROUNDS):
        assert set(STAYING) <= set(windows_registry.keys(place, hive=winreg.HKEY_CURRENT_USER))
        assert set(STAYING) <= set(windows_registry.values(place, hive=winreg.HKEY_CURRENT_USER))


def test_what_is_absent_is_empty() -> None:
    assert windows_registry.keys(r"Software\nobody made this") == []
    assert windows_registry.values(r"Software\nobody made this") == {}
