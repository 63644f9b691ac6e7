"""What all tests share: English to begin with, and the one place that turns a mark for a system into a skip."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.program import at_home
from setupwizard.i18n import set_language


def in_wine() -> bool:
    """Whether this Windows is Wine; its core library has a function that Microsoft's lacks."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


# For each mark: how its reason begins, and whether a test that carries it cannot run here.
_MARKS: dict[str, tuple[str, Callable[[], bool]]] = {
    "posix_only": ("not for Windows", lambda: sys.platform == "win32"),
    "linux_only": ("for Linux alone", lambda: sys.platform != "linux"),
    "windows_only": ("for Windows alone", lambda: sys.platform != "win32"),
    "not_in_wine": ("not in Wine", in_wine),
}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Speak English at the beginning, whatever language the test before ended in."""
    set_language("en")
    yield
    set_language("en")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of the test's own: what the program keeps for a person lies in there, on every system."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    for name, value in at_home(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = {name: words for name, (words, cannot) in _MARKS.items() if cannot()}
    for item in items:
        for mark in item.iter_markers():
            if mark.name in _MARKS and not (len(mark.args) == 1 and isinstance(mark.args[0], str) and mark.args[0]):
                raise pytest.UsageError(f"{item.nodeid}: the mark {mark.name} needs a reason")
            if mark.name in here:
                item.add_marker(pytest.mark.skip(reason=f"{here[mark.name]}: {mark.args[0]}"))
