"""pip as the installer: its own copy of itself."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from setupwizard.tools.pip_install import Pip

ADD = """
import sys
from pathlib import Path
from setupwizard.tools.pip_install import Pip
Pip(Path(sys.argv[1])).add(Path(sys.executable), Path(sys.argv[2]))
"""


def files_below(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


@pytest.mark.parametrize("copied", [1, 40, 300])
def test_a_copy_of_pip_that_a_kill_cut_off_is_made_anew(tmp_path: Path, copied: int) -> None:
    lock, work = tmp_path / "lock.txt", tmp_path / "work"
    lock.write_text("")
    work.mkdir()
    child = subprocess.Popen([sys.executable, "-c", ADD, str(work), str(lock)], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while files_below(work) < copied and child.poll() is None and time.monotonic() < end:
        pass
    child.kill()
    child.wait()
    assert files_below(work) >= copied
    Pip(work).add(Path(sys.executable), lock)


def test_a_copy_of_pip_that_a_kill_while_cleaning_up_left_is_made_anew(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    Pip(tmp_path).add(Path(sys.executable), lock)
    (main,) = tmp_path.rglob("pip/__main__.py")
    main.unlink()
    Pip(tmp_path).add(Path(sys.executable), lock)
    assert main.is_file()


def test_pip_writes_nothing_into_its_own_copy(tmp_path: Path) -> None:
    """One that outlives a kill for a moment would else be in the way of the next job, which makes the copy anew."""
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    Pip(tmp_path).add(Path(sys.executable), lock)
    assert not list(tmp_path.rglob("__pycache__"))
