"""Python interpreters: stubs that answer as recorded, and the ones that run these tests."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from helpers import recorded
from setupwizard.errors import Cancelled
from setupwizard.probes import pythons
from setupwizard.tools.concurrency import Cancel

pytestmark = pytest.mark.posix_only("stub interpreters are shell scripts")


def stub(path: Path, **said: object) -> Path:
    """Write an interpreter that says what it is."""
    answer = {
        "implementation": "CPython",
        "version": "3.12.4",
        "bits": 64,
        "free_threaded": False,
        "platform": "linux-x86_64",
        "prefix": str(path.parent.parent),
        "base_prefix": str(path.parent.parent),
        "site_packages": [str(path.parent.parent / "lib/python3.12/site-packages")],
        **said,
    }
    return recorded.program(path, f"echo '{json.dumps(answer)}'")


def found(tmp_path: Path, *folders: Path, **environ: str) -> list[tuple[str, str | None]]:
    environ["PATH"] = os.pathsep.join(map(str, folders))
    return [
        (one.python.version, one.python.kind) for one in pythons.interpreters(recorded.roots(tmp_path, environ=environ))
    ]


def test_pyenv_uv_and_the_systems_own(tmp_path: Path) -> None:
    home = tmp_path / "home"
    stub(home / ".pyenv/versions/3.11.7/bin/python3.11", version="3.11.7")
    stub(home / ".local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3", version="3.13.1")
    stub(tmp_path / "root/usr/bin/python3.12", version="3.12.3")
    assert found(tmp_path) == [("3.13.1", "uv"), ("3.12.3", None), ("3.11.7", "pyenv")]


def test_one_file_under_many_names_counts_once(tmp_path: Path) -> None:
    real = stub(tmp_path / "opt/bin/python3.12")
    (real.parent / "python3").symlink_to("python3.12")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(real)
    assert found(tmp_path, tmp_path / "bin", real.parent) == [("3.12.4", None)]


def test_two_files_of_one_installation_count_once(tmp_path: Path) -> None:
    stub(tmp_path / "opt/bin/python3.7m", version="3.7.16")
    stub(tmp_path / "opt/bin/python3.7", version="3.7.16")
    roots = recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "opt/bin")})
    (only,) = pythons.interpreters(roots)
    assert only.python.path.endswith("python3.7")


def test_conda_is_told_by_its_folder(tmp_path: Path) -> None:
    stub(tmp_path / "miniforge3/bin/python3.12")
    (tmp_path / "miniforge3/conda-meta").mkdir()
    assert found(tmp_path, tmp_path / "miniforge3/bin") == [("3.12.4", "conda")]


@pytest.mark.parametrize(
    "said",
    [
        {"implementation": "PyPy"},
        {"version": "2.7.18"},
        {"base_prefix": "/usr"},
        {"bits": "many"},
    ],
)
def test_what_no_environment_can_grow_from_is_left_out(tmp_path: Path, said: dict[str, object]) -> None:
    stub(tmp_path / "bin/python3", **said)
    assert found(tmp_path, tmp_path / "bin") == []


def test_free_threaded_and_32_bit(tmp_path: Path) -> None:
    path = stub(tmp_path / "bin/python3.14t", version="3.14.0rc2+", free_threaded=True, bits=32)
    one = pythons.inspect(path)
    assert one is not None
    assert (one.python.version, one.python.free_threaded, one.python.bits) == ("3.14.0rc2", True, 32)


@pytest.mark.parametrize("body", ["exit 9009", "echo nonsense", "echo '{}'", "kill -9 $$"])
def test_programs_that_are_none(tmp_path: Path, body: str) -> None:
    assert pythons.inspect(recorded.program(tmp_path / "bin/python3", body)) is None


def test_a_file_that_does_not_start(tmp_path: Path) -> None:
    path = tmp_path / "bin/python3"
    path.parent.mkdir()
    path.write_bytes(b"\x7fELF of another processor")
    path.chmod(0o755)
    assert pythons.inspect(path) is None


def test_one_that_hangs_does_not_hide_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "SECONDS", 0.5)
    recorded.program(tmp_path / "bin/python3.9", "sleep 60")
    stub(tmp_path / "bin/python3.12")
    assert found(tmp_path, tmp_path / "bin") == [("3.12.4", None)]


@pytest.mark.parametrize("folder", ["home/.pyenv/shims", "home/.asdf/shims", "AppData/Local/Microsoft/WindowsApps"])
def test_shims_and_the_stores_stub_are_never_started(tmp_path: Path, folder: str) -> None:
    proof = tmp_path / "started"
    recorded.program(tmp_path / folder / "python3", f"touch '{proof}'")
    assert found(tmp_path, tmp_path / folder) == []
    assert not proof.exists()


@pytest.mark.parametrize("name", ["python.sh", "python3.py", "pypy3"])
def test_scripts_and_other_pythons_are_never_started(tmp_path: Path, name: str) -> None:
    proof = tmp_path / "started"
    recorded.program(tmp_path / "bin" / name, f"touch '{proof}'")
    assert found(tmp_path, tmp_path / "bin") == []
    assert not proof.exists()


def test_a_python_of_the_store_below_that_folder_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "AppData/Local/Microsoft/WindowsApps/PythonSoftwareFoundation.Python.3.12_qbz5n2kfra8p0"
    stub(folder / "python3.12")
    assert found(tmp_path, folder) == [("3.12.4", "store")]


def test_relative_folders_are_never_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(tmp_path / "here/python3")
    monkeypatch.chdir(tmp_path / "here")
    assert pythons.candidates(recorded.roots(tmp_path, environ={"PATH": f".{os.pathsep}{os.pathsep}here"})) == []


def test_windows_drives_under_wsl_are_not_searched(tmp_path: Path) -> None:
    environ = {"PATH": "/mnt/c/Windows", "WSL_DISTRO_NAME": "Ubuntu"}
    assert pythons.candidates(recorded.roots(tmp_path, environ=environ)) == []


def test_the_interpreter_of_these_tests() -> None:
    base = Path(os.path.realpath(sys.executable))
    one = pythons.inspect(base)
    if one is None:
        pytest.skip(f"{base} is not the base of an environment")
    assert one.python.version.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert one.python.bits == 64
    assert any(Path(folder).name in {"site-packages", "dist-packages"} for folder in one.site_packages)


def test_cancel_ends_the_search(tmp_path: Path) -> None:
    recorded.program(tmp_path / "bin/python3", "sleep 60")
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        pythons.interpreters(recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")}), cancel=cancel)
