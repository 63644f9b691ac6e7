"""What is installed already: PyTorch by its files, CUDA Toolkits by their lists of parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import recorded
from helpers.recorded import fixture
from setupwizard.model.machine import FoundPython, FoundTorch, Toolkit
from setupwizard.probes import toolkits, torches
from setupwizard.probes.pythons import Interpreter
from setupwizard.steps.detect import detect

posix = pytest.mark.posix_only("the recorded folders are those of Linux")

CUDA_BUILD = """from typing import Optional

__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'rocm', 'xpu']
__version__ = '{version}'
debug = False
cuda: Optional[str] = {cuda}
git_version = 'abc'
hip: Optional[str] = {hip}
"""


def put(folder: Path, version: str, cuda: str = "None", hip: str = "None") -> Path:
    recorded.write(folder, {"/torch/version.py": CUDA_BUILD.format(version=version, cuda=cuda, hip=hip)})
    return folder


@pytest.mark.parametrize(
    ("version", "cuda", "hip", "variant"),
    [
        ("2.13.0+cu130", "'13.0'", "None", "cu130"),
        ("2.13.0+cpu", "None", "None", "cpu"),
        ("2.9.1+rocm6.4", "None", "'6.4.43482-0f2d60242'", "rocm6.4"),
        ("2.13.0+xpu", "None", "None", "xpu"),
        ("2.5.1", "'12.4'", "None", "cu124"),
        ("2.5.1", "None", "'6.2.41133-dd7f95766'", "rocm6.2"),
        ("2.5.1", "None", "None", "cpu"),
        ("2.9.0a0+gitabc", "'12.8'", "None", "cu128"),
    ],
)
def test_the_variant_of_an_installed_torch_is_read_without_importing_it(
    tmp_path: Path, version: str, cuda: str, hip: str, variant: str
) -> None:
    folder = put(tmp_path / "lib/python3.12/site-packages", version, cuda, hip)
    assert torches.look(folder, tmp_path, "3.12") == FoundTorch(
        env=str(tmp_path), version=version, variant=variant, python="3.12"
    )


@pytest.mark.parametrize("text", [None, "", "nonsense", "__version__ = 7"])
def test_a_folder_without_a_readable_torch_holds_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        recorded.write(tmp_path, {"/torch/version.py": text})
    assert torches.look(tmp_path, tmp_path, None) is None


@posix
def test_where_it_is_looked_for(tmp_path: Path) -> None:
    ours = put(tmp_path / "pytorch/gens/0001/lib/python3.12/site-packages", "2.13.0+cu130")
    (tmp_path / "pytorch/current").symlink_to("gens/0001")
    put(tmp_path / "forge/envs/ai/lib/python3.11/site-packages", "2.5.1+cu124")
    put(tmp_path / "venv/lib/python3.13/site-packages", "2.14.0+cpu")
    system = put(tmp_path / "usr/lib/python3/dist-packages", "2.1.0", "'12.1'")
    user = put(tmp_path / "home/.local/lib/python3.12/site-packages", "2.9.0+cu129")
    python = FoundPython(path=str(tmp_path / "usr/bin/python3"), version="3.12.3")
    interpreter = Interpreter(python=python, prefix=str(tmp_path / "usr"), site_packages=(str(system), str(user)))
    roots = recorded.roots(tmp_path, environ={"VIRTUAL_ENV": str(tmp_path / "venv")})
    found = torches.torches(roots, [tmp_path / "pytorch/current"], [tmp_path / "forge/envs/ai"], [interpreter])
    assert [(Path(one.env).relative_to(tmp_path).as_posix(), one.version, one.python) for one in found] == [
        ("pytorch/current", "2.13.0+cu130", "3.12"),
        ("venv", "2.14.0+cpu", "3.13"),
        ("forge/envs/ai", "2.5.1+cu124", "3.11"),
        ("usr", "2.1.0", "3.12"),
        ("home/.local", "2.9.0+cu129", "3.12"),
    ]
    assert ours.is_dir()


@posix
def test_of_our_own_roots_the_environment_in_use_is_found(tmp_path: Path) -> None:
    root = tmp_path / "pytorch"
    put(root / "gens/0001/lib/python3.12/site-packages", "2.13.0+cpu")
    put(root / "gens/0002/lib/python3.12/site-packages", "2.14.1+cu126")
    (root / "current.json").write_text('{"schema": 1, "generation": "0002", "previous": "0001"}')
    (torch,) = detect(roots=recorded.roots(tmp_path)).torches
    assert (torch.version, torch.env) == ("2.14.1+cu126", str(root / "gens/0002"))


@posix
def test_an_environment_of_windows_is_told_by_its_settings(tmp_path: Path) -> None:
    put(tmp_path / "pytorch/current/Lib/site-packages", "2.13.0+cpu")
    (tmp_path / "pytorch/current/pyvenv.cfg").write_text("home = C:\\Python312\nversion = 3.12.4\n")
    (torch,) = torches.torches(recorded.roots(tmp_path), [tmp_path / "pytorch/current"], [], [])
    assert (torch.version, torch.python) == ("2.13.0+cpu", "3.12")


@posix
def test_a_toolkit_by_its_list_of_parts(tmp_path: Path) -> None:
    recorded.write(tmp_path / "root/usr/local/cuda-12.8", {"/version.json": fixture("linux/cuda_version.json")})
    (tmp_path / "root/usr/local/cuda").symlink_to("cuda-12.8")
    place = str((tmp_path / "root/usr/local/cuda-12.8").resolve())
    roots = recorded.roots(tmp_path, environ={"CUDA_PATH": place, "CUDA_PATH_V12_8": place, "CUDA_HOME": "relative"})
    assert toolkits.toolkits(roots) == (Toolkit(version="12.8.1", path=place),)


@posix
def test_an_old_toolkit_and_one_with_a_compiler_alone(tmp_path: Path) -> None:
    top = tmp_path / "root/usr/local"
    recorded.write(top / "cuda-10.2", {"/version.txt": "CUDA Version 10.2.89\n"})
    text = fixture("linux/nvcc_version_13_0.txt")
    recorded.write(top / "cuda-13.0", {"/said": text})
    recorded.program(top / "cuda-13.0/bin/nvcc", f"cat '{top}/cuda-13.0/said'")
    recorded.write(top / "cuda-empty", {"/readme": ""})
    found = toolkits.toolkits(recorded.roots(tmp_path))
    assert [toolkit.version for toolkit in found] == ["10.2.89", "13.0.88"]


@posix
def test_a_compiler_in_path_counts_when_its_version_is_new(tmp_path: Path) -> None:
    recorded.write(tmp_path / "root/usr/local/cuda-13.0", {"/version.json": '{"cuda": {"version": "13.0.88"}}'})
    recorded.program(tmp_path / "wrapped/bin/nvcc", "echo 'Cuda compilation tools, release 13.0, V13.0.88'")
    recorded.program(tmp_path / "other/bin/nvcc", "echo 'Cuda compilation tools, release 11.8, V11.8.89'")
    environ = {"PATH": f"{tmp_path}/wrapped/bin:{tmp_path}/other/bin"}
    found = toolkits.toolkits(recorded.roots(tmp_path, environ=environ))
    assert [toolkit.version for toolkit in found] == ["13.0.88", "11.8.89"]


def test_a_computer_without_a_toolkit_has_none(tmp_path: Path) -> None:
    assert toolkits.toolkits(recorded.roots(tmp_path)) == ()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"cuda": {}}', '{"cuda": {"version": 12}}', '{"cudart": {"version": "12.8"}}']
)
def test_lists_of_parts_without_a_version(text: str) -> None:
    assert toolkits.parse_version_json(text) is None


def test_what_a_compiler_says() -> None:
    assert toolkits.parse_compiler(fixture("linux/nvcc_version_13_0.txt")) == "13.0.88"
    assert toolkits.parse_compiler("nvcc fatal: no such option") is None
