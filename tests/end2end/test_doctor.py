"""The doctor on real environments: a cause is named, cured, and gone; what was there before comes back on failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.program import environment, run

NAME = "SETUPWIZARD_TORCH_PYTHON"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get(NAME), reason=f"{NAME} names no interpreter with torch"),
]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    return {**environment(home), "VIRTUAL_ENV": "", "CONDA_PREFIX": ""}


@pytest.fixture
def somebodys(tmp_path: Path) -> Path:
    """An environment that somebody made with venv, and that holds a real torch."""
    real = Path(os.environ[NAME]).parent.parent
    folder = tmp_path / "我的 env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    source = next(real.glob("lib/python3.*/site-packages"))
    target = next(folder.glob("lib/python3.*/site-packages"))
    assert source.parent.name == target.parent.name, "the tests and the torch have the same Python"
    shutil.copytree(source, target, dirs_exist_ok=True, copy_function=os.link)
    for script in (real / "bin").iterdir():
        if not (folder / "bin" / script.name).exists() and script.is_file() and not script.is_symlink():
            shutil.copy2(script, folder / "bin")
    if (real / "share").is_dir():
        shutil.copytree(real / "share", folder / "share")
    return folder


def packages(folder: Path) -> Path:
    return next(folder.glob("lib/python3.*/site-packages"))


def codes(document: dict) -> list[str]:
    return [cause["code"] for cause in document["causes"]]


def test_what_works_is_healthy(somebodys: Path, env: dict[str, str], tmp_path: Path) -> None:
    done = run("doctor", "--env", somebodys, "--json", env=env, cwd=tmp_path)
    assert (done.code, done.document["healthy"], codes(done.document)) == (0, True, []), done.err
    assert done.document["torch"]["variant"] == "cpu"
    (tmp_path / "torch.py").write_text("mine = 1\n")
    hidden = run("doctor", "--env", somebodys, "--json", env=env, cwd=tmp_path)
    assert (hidden.code, codes(hidden.document)) == (21, ["module-shadowed"])
    assert hidden.document["causes"][0]["fix"] is None


@pytest.mark.full
def test_a_damaged_torch_is_exchanged_in_place(somebodys: Path, env: dict[str, str], tmp_path: Path) -> None:
    site = packages(somebodys)
    own = site / "torch" / "my_patch.py"
    own.write_text("the person's own\n")
    for name in ("functional.py", "nn/functional.py"):
        (site / "torch" / name).unlink()
    found = run("doctor", "--env", somebodys, "--json", env=env, cwd=tmp_path)
    assert (found.code, codes(found.document)) == (21, ["files-damaged"])
    assert found.document["causes"][0]["fix"]["code"] == "repair"
    tried = run("doctor", "--env", somebodys, "--fix", "--json", env=env, cwd=tmp_path)
    if tried.code in {14, 16}:
        pytest.skip(f"this torch can be had nowhere: {tried.err}")
    assert tried.code == 21, tried.err
    fix = tried.document["causes"][0]["fix"]
    assert len(fix["changes"]) == 1
    assert fix["changes"][0].startswith("torch ")
    assert fix["download_bytes"] > 100_000_000
    assert not (site / "torch" / "functional.py").exists(), "nobody agreed yet"
    cured = run("doctor", "--env", somebodys, "--fix", "--yes", "--json", env=env, cwd=tmp_path)
    assert (cured.code, cured.document["healthy"], cured.document["fixed"]) == (0, True, ["files-damaged"]), cured.err
    assert own.read_text() == "the person's own\n"
    kept = list((somebodys / ".setupwizard-kept").glob("*/note.json"))
    assert len(kept) == 1
    again = run("doctor", "--env", somebodys, "--json", env=env, cwd=tmp_path)
    assert again.code == 0


def test_a_torch_that_nobody_recorded_and_that_does_not_start_comes_anew(
    somebodys: Path, env: dict[str, str], tmp_path: Path
) -> None:
    site = packages(somebodys)
    (next(site.glob("torch-*.dist-info")) / "RECORD").unlink()
    (site / "torch" / "__init__.py").unlink()
    leftover = site / "torch" / "nn" / "functional.py"
    leftover.unlink()
    leftover.write_text("what a half-made install left\n")
    found = run("doctor", "--env", somebodys, "--json", env=env, cwd=tmp_path)
    assert found.code == 21, found.err
    assert "proof-failed" in codes(found.document)
    cured = run("doctor", "--env", somebodys, "--fix", "--yes", "--json", env=env, cwd=tmp_path)
    if cured.code in {14, 16}:
        pytest.skip(f"this torch can be had nowhere: {cured.err}")
    assert (cured.code, cured.document["healthy"]) == (0, True), cured.err
    assert "proof-failed" in cured.document["fixed"]
    (kept,) = (somebodys / ".setupwizard-kept").glob("*/lib/python3*/site-packages/torch/nn/functional.py")
    assert kept.read_text() == "what a half-made install left\n"


def test_no_python_is_said_at_once(env: dict[str, str], tmp_path: Path) -> None:
    done = run("doctor", "--env", tmp_path / "nothing", "--json", env=env, cwd=tmp_path)
    assert (done.code, done.document["code"]) == (2, "environment-missing")
    nobody = run("doctor", "--json", env=env, cwd=tmp_path)
    assert nobody.document["code"] == "environment-missing"
    both = run("doctor", "--yes", "--json", env=env, cwd=tmp_path)
    assert both.code == 2


@pytest.mark.full
def test_an_environment_of_ours_gets_a_new_generation(env: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "root"
    made = run("apply", "--yes", "--cpu", "--env", root, "--json", env=env, cwd=tmp_path)
    if made.code in {14, 16}:
        pytest.skip(f"no torch can be had: {made.err}")
    assert made.code == 0, made.err
    place = packages(root / "gens" / "0001") / "torch" / "functional.py"
    place.unlink()
    found = run("doctor", "--env", root, "--json", env=env, cwd=tmp_path)
    assert (found.code, codes(found.document)) == (21, ["files-damaged"])
    assert found.document["causes"][0]["fix"]["code"] == "new-generation"
    cured = run("doctor", "--env", root, "--fix", "--yes", "--json", env=env, cwd=tmp_path)
    assert (cured.code, cured.document["fixed"]) == (0, ["files-damaged"]), cured.err
    assert (root / "current").resolve().name == "0002"


def test_the_numbers_of_windows_for_files_that_differ(somebodys: Path, env: dict[str, str], tmp_path: Path) -> None:
    (packages(somebodys) / "torch" / "functional.py").unlink()
    words = ("verify", "--env", somebodys, "--level", "files", "--exit-codes", "windows", "--json")
    done = run(*words, env=env, cwd=tmp_path)
    assert done.code in {1603, 1603 % 256}
    assert done.document["checks"][0]["id"] == "files"
