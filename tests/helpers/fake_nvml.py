"""Puts a stand-in for NVIDIA's library into a folder: built from fake_nvml.c once, with a scenario beside it."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("fake_nvml.c")
_SCENARIOS = Path(__file__).parent.parent / "fixtures" / "nvml"
LIBRARY = "libnvidia-ml.so.1"
CUDA_LIBRARY = "libcuda.so.1"


@cache
def _built() -> Path | None:
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="fake-nvml-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / LIBRARY
    words = [compiler, "-shared", "-fPIC", f"-Wl,-soname,{LIBRARY}", "-o", library, _SOURCE, "-ldl"]
    subprocess.run(words, check=True, timeout=120)
    return library


def install(folder: Path, scenario: str, *, nvml: bool = True) -> Path:
    """Return a folder for LD_LIBRARY_PATH that holds the stand-in with a scenario, as NVML and as CUDA's library.

    Args:
        folder: is made.
        scenario: the name of a file in fixtures/nvml, or the text of a scenario.
        nvml: False for a computer where NVML cannot be loaded.
    """
    library = _built()
    if library is None:
        pytest.skip("the stand-in for NVIDIA's library needs a C compiler (gcc, cc or clang)")
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LIBRARY, CUDA_LIBRARY) if nvml else (CUDA_LIBRARY,):
        shutil.copy2(library, folder / name)
    if not nvml:
        (folder / LIBRARY).write_text("no library")
    (folder / "scenario.ini").write_text(_text(scenario))
    return folder


def fact(scenario: str | None, name: str) -> str | None:
    """Return a fact of the driver that a scenario gives, None when it gives none."""
    for line in _text(scenario or "\n").partition("[gpu]")[0].splitlines():
        key, _sign, value = line.partition("=")
        if key.strip() == name:
            return value.strip()
    return None


def _text(scenario: str) -> str:
    return scenario if "\n" in scenario else (_SCENARIOS / f"{scenario}.ini").read_text()
