"""conda and its kin, found by their files in recorded home folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import recorded
from setupwizard.probes import condas
from setupwizard.probes.roots import Roots

pytestmark = pytest.mark.posix_only("the recorded folders are those of Linux and macOS")


def installation(prefix: Path, *, mamba: bool = False) -> Path:
    """Make what an installer of Miniforge leaves behind, as far as it is looked at."""
    recorded.program(prefix / "bin/conda", "exit 1")
    recorded.program(prefix / "condabin/conda", "exit 1")
    recorded.write(prefix, {"/conda-meta/history": "", "/conda-meta/conda-24.7.1-py312h7900ff3_0.json": "{}"})
    recorded.write(prefix, {"/conda-meta/conda-libmamba-solver-24.7.0-pyhd8ed1ab_0.json": "{}"})
    if mamba:
        recorded.program(prefix / "bin/mamba", "exit 1")
        recorded.write(prefix, {"/conda-meta/mamba-2.0.5-h49b8a8d_0.json": "{}"})
    return prefix


def environment(prefix: Path, history: str = "") -> Path:
    recorded.write(prefix, {"/conda-meta/history": history})
    return prefix


def seen(roots: Roots) -> list[tuple[str, str | None, str | None]]:
    return [(one.path, one.version, one.kind) for one in condas.condas(roots)]


def test_an_installation_that_is_not_in_path(tmp_path: Path) -> None:
    prefix = installation(tmp_path / "home/miniforge3", mamba=True)
    assert seen(recorded.roots(tmp_path)) == [
        (str(prefix / "bin/conda"), "24.7.1", "conda"),
        (str(prefix / "bin/mamba"), "2.0.5", "mamba"),
    ]


@pytest.mark.parametrize("place", ["opt/conda", "opt/miniconda3", "usr/local/anaconda3", "anaconda3"])
def test_a_conda_for_everybody_is_found_in_its_usual_places(tmp_path: Path, place: str) -> None:
    prefix = installation(tmp_path / "root" / place)
    assert seen(recorded.roots(tmp_path)) == [(str(prefix / "bin/conda"), "24.7.1", "conda")]


@pytest.mark.parametrize(
    ("name", "below"),
    [("CONDA_EXE", "bin/conda"), ("CONDA_ROOT", ""), ("CONDA_PREFIX", ""), ("MAMBA_EXE", "bin/mamba")],
)
def test_variables_name_an_installation(tmp_path: Path, name: str, below: str) -> None:
    prefix = installation(tmp_path / "somewhere/else", mamba=True)
    roots = recorded.roots(tmp_path, environ={name: str(prefix / below)})
    assert (str(prefix / "bin/conda"), "24.7.1", "conda") in seen(roots)


def test_the_list_of_environments_leads_to_installations(tmp_path: Path) -> None:
    below = installation(tmp_path / "data/forge")
    made = installation(tmp_path / "data/other")
    environment(below / "envs/torch")
    elsewhere = environment(tmp_path / "project/.conda", f"==> 2026-01-02 <==\n# cmd: {made}/bin/conda create -p x\n")
    text = f"{below}/envs/torch\n{elsewhere}\nrelative/path\n\n/absent\n"
    recorded.write(tmp_path / "home", {"/.conda/environments.txt": text})
    roots = recorded.roots(tmp_path)
    assert [path for path, _version, _kind in seen(roots)] == [str(below / "bin/conda"), str(made / "bin/conda")]
    assert set(condas.environments(roots)) == {below, below / "envs/torch", made, elsewhere}


def test_a_micromamba_that_stands_alone(tmp_path: Path) -> None:
    path = recorded.program(tmp_path / "home/.local/bin/micromamba", "exit 1")
    torch = environment(tmp_path / "home/micromamba/envs/torch")
    roots = recorded.roots(tmp_path)
    assert seen(roots) == [(str(path), None, "micromamba")]
    assert condas.environments(roots) == (torch,)


def test_one_installation_counts_once(tmp_path: Path) -> None:
    prefix = installation(tmp_path / "home/miniforge3")
    (tmp_path / "link").symlink_to(prefix)
    path = f"{prefix}/condabin:{tmp_path}/link/bin"
    roots = recorded.roots(tmp_path, environ={"CONDA_EXE": f"{tmp_path}/link/bin/conda", "PATH": path})
    assert len(seen(roots)) == 1


def test_what_is_no_installation(tmp_path: Path) -> None:
    pixi = installation(tmp_path / "home/miniconda3")
    (pixi / "conda-meta/pixi").write_text("")
    environment(tmp_path / "home/anaconda3")
    recorded.program(tmp_path / "home/.pyenv/shims/conda", "exit 1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/conda").write_text("not executable")
    environ = {"PATH": f"{tmp_path}/home/.pyenv/shims:{tmp_path}/bin", "CONDA_ROOT": "relative"}
    assert seen(recorded.roots(tmp_path, environ=environ)) == []


def test_nothing_is_an_answer(tmp_path: Path) -> None:
    assert seen(recorded.roots(tmp_path)) == []
    assert condas.environments(recorded.roots(tmp_path)) == ()
