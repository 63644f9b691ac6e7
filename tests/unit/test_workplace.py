"""The folder that a plan is made in goes when it is done, and one that a killed program left a day later."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from setupwizard.tools.workplace import workplace

HOUR = 3600


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the system's."""
    place = tmp_path / "system"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def made(place: Path, hours: float) -> Path:
    """Make a folder with a file in it that is some hours old."""
    place.mkdir()
    (place / "torch.whl").write_bytes(b"half")
    then = time.time() - hours * HOUR
    os.utime(place, (then, then))
    return place


def test_it_is_there_for_the_work_and_gone_afterwards(system: Path) -> None:
    def work() -> None:
        with workplace() as folder:
            (folder / "tmp").mkdir()
            assert folder.parent == system
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        work()
    assert list(system.iterdir()) == []


def test_what_a_killed_program_left_goes_and_what_is_at_work_or_somebody_elses_stays(system: Path) -> None:
    old = made(system / "setupwizard-work-dead", 25)
    young = made(system / "setupwizard-work-busy", 23)
    other = made(system / "of somebody else", 99)
    with workplace():
        pass
    assert not old.exists()
    assert (young / "torch.whl").exists()
    assert (other / "torch.whl").exists()


@pytest.mark.posix_only("links need rights on Windows")
def test_a_link_of_that_name_is_not_followed(system: Path, tmp_path: Path) -> None:
    mine = made(tmp_path / "mine", 99)
    (system / "setupwizard-work-trap").symlink_to(mine)
    inside = made(system / "setupwizard-work-dead", 25)
    (inside / "link").symlink_to(mine)
    then = time.time() - 25 * HOUR
    os.utime(inside, (then, then))
    with workplace():
        pass
    assert (mine / "torch.whl").exists()
    assert not inside.exists()
