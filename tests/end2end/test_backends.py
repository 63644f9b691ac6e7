"""The same install by every backend: made-up wheels from a folder, and the real torch for the processor."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.fault_lab import look, make_wheels
from helpers.loopback import loopback
from helpers.program import environment, no_namespace, run, without_uv

HERE = ("--cpu", "--source", "pip-config")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return a folder of made-up wheels, and the document of this computer that they are the right ones for."""
    folder = tmp_path_factory.mktemp("wheels")
    machine, torch = look(folder)
    made = folder / "wheels of a lab 轮子"
    for wheel in make_wheels(made, torch):
        assert wheel.is_file()
    return made, machine


@pytest.fixture
def env(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return {name: value for name, value in environment(home).items() if not name.startswith(("PIP_", "UV_", "CONDA_"))}


def from_folder(wheels, *words):
    made, machine = wheels
    return (*words, "--cpu", "--machine", machine, "--source", made)


# ---- pip in the place of uv ----


def test_pip_makes_the_same_environment(wheels, env, tmp_path):
    root = tmp_path / "py torch 测试"
    plan = run(*from_folder(wheels, "plan"), "--backend", "pip", "--json", "--env", root, env=env)
    assert plan.code == 0, plan.err
    document = plan.document
    assert document["backend"] == "pip"
    assert all("uv" not in step["title"] for step in document["steps"])
    argv = {step["id"]: step["argv"] for step in document["steps"]}
    assert argv["create"][1:6] == ["-I", "-X", "utf8", "-m", "venv"]
    assert {"--isolated", "--no-input", "--no-compile", "--no-index", "--require-hashes"} <= set(argv["install"])
    assert argv["install"][0] == str(root / "gens" / "0001" / "bin" / "python")
    assert not any("uv" in Path(word).name for words in argv.values() for word in words)
    done = run(*from_folder(wheels, "apply", "--yes"), "--backend", "pip", "--json", "--env", root, env=env)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    assert run("verify", "--level", "files", "--env", root, env=env).code == 0
    note = next((root / "current").glob("lib/python*/site-packages/torch-*.dist-info/INSTALLER"))
    assert note.read_text().strip() == "pip"
    assert not list((root / "current").rglob("*.pyc")) or not list((root / "current").rglob("torch/__pycache__/m0*"))
    again = run(*from_folder(wheels, "apply", "--yes"), "--backend", "pip", "--json", "--env", root, env=env)
    assert again.document["status"] == "already-done"


WHY_NOT = no_namespace()


@pytest.mark.skipif(WHY_NOT is not None, reason=f"no mount namespace: {WHY_NOT}")
def test_pip_takes_over_where_uv_may_not_run_and_the_plan_says_so(wheels, env, tmp_path):
    root = tmp_path / "root"
    plan = without_uv(*from_folder(wheels, "plan"), "--json", "--env", root, env=env, scratch=tmp_path)
    assert plan.code == 0, plan.err
    document = plan.document
    assert document["backend"] == "pip"
    assert any("uv cannot be run" in step["title"] for step in document["steps"])
    done = without_uv(*from_folder(wheels, "apply", "--yes"), "--env", root, env=env, scratch=tmp_path)
    assert done.code == 0, done.err
    assert "Installed by  " in done.err
    assert run("verify", "--level", "files", "--env", root, env=env).code == 0


# ---- settings of the user's: honoured where they are a source, and never seen where they are not ----


@pytest.fixture
def planted(env, tmp_path):
    """Plant settings for every tool, in every place where one looks, which all lead to a server that takes notes."""
    with loopback() as server:
        evil = f"{server.url}/evil"
        here = tmp_path / "cwd"
        home = Path(env["HOME"])
        for folder in (home / ".config/uv", home / ".config/pip", home / ".pip", here):
            folder.mkdir(parents=True)
        uv_toml = f'extra-index-url = ["{evil}/uv"]\nindex-url = "{evil}/uv"\n'
        (home / ".config/uv/uv.toml").write_text(uv_toml)
        (here / "uv.toml").write_text(uv_toml)
        (home / ".config/pip/pip.conf").write_text(f"[global]\nindex-url = {evil}/pip\nno-compile = false\n")
        (home / ".condarc").write_text(f"channels: ['{evil}/conda']\ndefault_channels: ['{evil}/conda']\n")
        (here / ".python-version").write_text("3.99\n")
        (here / "torch.py").write_text("raise SystemExit('the wrong torch')\n")
        variables = {
            "UV_INDEX_URL": f"{evil}/uv",
            "UV_DEFAULT_INDEX": f"{evil}/uv",
            "UV_EXTRA_INDEX_URL": f"{evil}/uv",
            "UV_FIND_LINKS": f"{evil}/uv",
            "UV_PYTHON": "3.99",
            "UV_PROJECT_ENVIRONMENT": str(here / "elsewhere"),
            "PIP_EXTRA_INDEX_URL": f"{evil}/pip",
            "PIP_TARGET": str(here / "elsewhere"),
            "PIP_USER": "1",
            "PIP_NO_DEPS": "0",
            "PIP_REQUIRE_VIRTUALENV": "1",
            "CONDA_CHANNELS": f"{evil}/conda",
            "CONDA_DEFAULT_CHANNELS": f"{evil}/conda",
            "CONDA_OVERRIDE_CUDA": "abc",
            "PYTHONPATH": str(here),
            "VIRTUAL_ENV": str(here / "elsewhere"),
        }
        yield {**env, **variables}, here, server


@pytest.mark.parametrize("backend", ["uv", "pip"])
def test_settings_never_leak_into_an_install_from_a_folder(backend, planted, wheels, tmp_path):
    env, here, server = planted
    root = tmp_path / "root"
    words = (*from_folder(wheels, "apply", "--yes"), "--backend", backend, "--json", "--env", root)
    done = subprocess.run(
        [sys.executable, "-I", "-m", "setupwizard", *map(str, words)],
        capture_output=True,
        text=True,
        env=env,
        cwd=here,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "done"
    assert server.asked == []
    assert not (here / "elsewhere").exists()
    assert run("verify", "--level", "files", "--env", root, env=env).code == 0


@pytest.mark.parametrize("backend", ["uv", "pip"])
def test_pips_own_settings_are_a_source_and_uvs_are_none(backend, planted, wheels, tmp_path):
    env, here, server = planted
    made, machine = wheels
    env = {name: value for name, value in env.items() if name != "PIP_EXTRA_INDEX_URL"}
    (tmp_path / "links").symlink_to(made)
    env |= {"PIP_FIND_LINKS": str(tmp_path / "links")}
    words = ("plan", "--cpu", "--machine", machine, "--source", "pip-config", "--backend", backend, "--json")
    ended = run(*words, "--env", tmp_path / "root", env=env, cwd=here)
    assert ended.code == 0, ended.err
    settings = {row["name"]: row["value"] for row in ended.document["source"]["settings"]}
    assert settings["find-links"] == str(tmp_path / "links")
    asked = [path for _verb, path in server.asked]
    assert any("/evil/pip/" in path for path in asked), "pip's own index is asked"
    assert not any("/evil/uv" in path or "/evil/conda" in path for path in asked)


# ---- the real torch ----


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ["pip"])
def test_each_installer_installs_and_proves_the_real_torch(backend, tmp_path):
    env = environment(tmp_path / "home")
    root = tmp_path / "root"
    done = run("apply", "--yes", *HERE, "--backend", backend, "--json", "--env", root, env=env, timeout=600)
    if done.code in {14, 16}:
        pytest.skip(f"no processor build of torch can be reached from here: {done.err.strip()}")
    assert done.code == 0, done.err
    assert done.document["verification"]["passed"]
    code = "import torch; print(torch.ones(2).sum().item())"
    python = root / "current" / "bin" / "python"
    used = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert used.stdout.strip() == "2.0"
    assert run("verify", "--level", "files", "--env", root, env=env).code == 0
