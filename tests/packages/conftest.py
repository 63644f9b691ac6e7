"""What the tests of the packages share: where these lie, and a Windows of the lab to run them on.

Only what was built is tested: `make package-linux` and `make package-windows` build all of it, `make test` the folders.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.desktop import Desktop, missing
from setupwizard import __version__

TOP = Path(__file__).resolve().parents[2]
DIST = TOP / "dist"
LINUX = TOP / "build" / "packages" / "linux" / "setupwizard"
WINDOWS = TOP / "build" / "packages" / "windows" / "setupwizard"
LAB = Path(os.environ.get("SETUPWIZARD_LAB") or TOP / "build" / "lab")
SECONDS = 400
FULL = pytest.mark.full
"""Runs in `make test-packages`; `make test` has the time for the folders alone."""

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]  # Linux builds and drives all of it


def built(path: Path, how: str) -> Path:
    """Return a package, or skip the test that needs one which nobody built."""
    if not path.exists():
        pytest.skip(f"{path.relative_to(TOP)} is not built: {how} builds it")
    return path


@pytest.fixture
def linux_folder() -> Path:
    return built(LINUX, "packaging/linux/build.sh .venv/bin/python folder")


@pytest.fixture
def windows_folder() -> Path:
    return built(WINDOWS, "packaging/windows/build.sh .venv/bin/python stage")


@pytest.fixture
def installer() -> Path:
    return built(DIST / f"setupwizard-{__version__}-windows-x64-setup.exe", "make package-windows")


@pytest.fixture
def msi() -> Path:
    return built(DIST / f"setupwizard-{__version__}-windows-x64.msi", "make package-windows")


def seen_by_windows(path: Path) -> str:
    """Return the name that a file of the checkout has in the lab."""
    return "Z:\\project\\" + str(path.relative_to(TOP)).replace("/", "\\")


Run = Callable[..., str]


@pytest.fixture
def on_pc() -> Run:
    """Return a function that runs a script of bash on a fresh PC of packaging/lab/pcs and returns what it prints."""
    if not (LAB / "python.done").is_file():
        pytest.skip(f"no lab stands in {LAB}: packaging/lab/make.sh builds one")

    def run(script: str, *, pc: str = "office-no-gpu", **variables: str) -> str:
        done = subprocess.run(
            [TOP / "packaging" / "lab" / "pcs" / "pc.sh", pc, "bash", "-c", script],
            env={**os.environ, "SETUPWIZARD_LAB": str(LAB), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        text = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, text + done.stderr.decode("utf-8", "replace")
        return text

    return run


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    if reason := missing():
        pytest.skip(reason)
    one = Desktop(tmp_path_factory.mktemp("desktop"))
    try:
        yield one
    finally:
        one.close()
