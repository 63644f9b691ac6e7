"""The Visual C++ runtime: what this Windows lacks is named, and laid where torch's own search finds it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from setupwizard.model.install_data import install_data
from setupwizard.model.plan import Package
from setupwizard.resources import benchmark_program
from setupwizard.steps.runtime import place_runtime
from setupwizard.tools.process import run
from setupwizard.tools.variables import clean_environment

if sys.platform == "win32":
    from setupwizard.platforms.windows_places import known_folder
    from setupwizard.probes import windows

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="only Windows has this runtime")

# Loads a library as torch does: its folders are added, then they and the system are searched.
LOAD = """
import ctypes, os, sys
os.add_dll_directory(sys.argv[1])
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.LoadLibraryExW.restype = ctypes.c_void_p
print(bool(kernel.LoadLibraryExW(sys.argv[2], None, 0x1000)), ctypes.get_last_error())
"""


def test_missing_files_are_those_that_system32_lacks() -> None:
    system = known_folder("System")
    missing = windows.vc_missing()
    for name in install_data().vc_runtime.files:
        assert (name in missing) == (not (system / name).is_file())
    assert windows.facts().vc_missing == missing


def test_what_is_missing_is_placed_and_found(tmp_path: Path) -> None:
    missing = windows.vc_missing()
    if not missing:
        pytest.skip("this Windows lacks no file of the runtime")
    scripts, beside = tmp_path / "Scripts", tmp_path / "Library" / "bin"
    scripts.mkdir()
    stand_in = (known_folder("System") / "version.dll").read_bytes()  # any library that loads
    for name in missing:
        (scripts / name).write_bytes(stand_in)
    beside.mkdir(parents=True)
    before = run([sys.executable, "-c", LOAD, beside, missing[0]], timeout=60)
    assert before.stdout.split() == ["False", "126"], before.stderr
    runtime = Package(name="msvc-runtime", version="1", file="", sha256="", size=1, url="", origin="general")
    assert place_runtime((runtime,), tmp_path) == missing
    after = run([sys.executable, "-c", LOAD, beside, missing[0]], timeout=60)
    assert after.stdout.split()[0] == "True", after.stderr


def test_a_failed_import_names_what_is_missing(tmp_path: Path) -> None:
    missing = windows.vc_missing()
    if not missing:
        pytest.skip("this Windows lacks no file of the runtime")
    torch = tmp_path / "torch"
    torch.mkdir()
    (torch / "__init__.py").write_text(
        'raise OSError(22, "Error loading torch_cpu.dll or one of its dependencies.", None, 126)', encoding="utf-8"
    )
    environment = clean_environment({"PYTHONPATH": str(tmp_path)})
    result = run([sys.executable, "-B", "-u", benchmark_program(), "--device", "cpu"], env=environment, timeout=120)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    (stage,) = [line for line in lines if line["event"] == "stage" and line["stage"] == "import"]
    assert stage["status"] == "fail"
    assert stage["facts"]["winerror"] == 126
    assert stage["facts"]["missing"] == list(missing)
