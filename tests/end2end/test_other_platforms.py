"""A plan for computers of other platforms than this one: exported here, with a lock for each, carried out there."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from helpers.make_wheels import make_wheel
from helpers.program import environment, run

# What a wheel of torch is called on each platform, as the indexes name them.
PLATFORMS = {
    "win_amd64": ("windows", "x86_64", "win_amd64"),
    "linux_aarch64": ("linux", "arm64", "manylinux_2_28_aarch64"),
    "linux_x86_64": ("linux", "x86_64", "manylinux_2_28_x86_64"),
}


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Return a folder with the processor build of the recommended torch for every platform."""
    folder = tmp_path / "wheels"
    for name, (_os, _arch, tag) in PLATFORMS.items():
        for python in ("cp311", "cp312", "cp313"):
            files = {"torch/__init__.py": f"# {name}".encode()}
            make_wheel(folder, "torch", f"{newest(tmp_path)}+cpu", tag=f"{python}-{python}-{tag}", files=files)
    make_wheel(folder, "numpy", "2.3.0")
    make_wheel(folder, "pip", "26.3")
    return folder


def document(folder: Path, platform: str) -> Path:
    system, arch, _tag = PLATFORMS[platform]
    file = folder / f"{platform}.json"
    found: dict[str, Any] = {"schema": 1, "os": system, "arch": arch, "gpus": []}
    file.write_text(json.dumps(found), encoding="utf-8")
    return file


def newest(folder: Path) -> str:
    decided = run("recommend", "--machine", document(folder, "win_amd64"), "--json", env=environment(folder))
    return str(decided.document["build"]["torch"])


def exported(folder: Path, wheels: Path, *platforms: str) -> dict[str, Any]:
    words = [word for name in platforms for word in ("--machine", document(folder, name))]
    ended = run("plan", *words, "--source", wheels, "--export", folder / "lab.toml", "--quiet", env=environment(folder))
    assert ended.code == 0, ended.err
    return tomllib.loads((folder / "lab.toml").read_text("utf-8"))


def locked(folder: Path, build: dict[str, Any]) -> dict[str, str]:
    lock = tomllib.loads((folder / build["lock"]).read_text("utf-8"))
    return {package["name"]: package["wheels"][0]["name"] for package in lock["packages"]}


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_plan_is_exported_for_another_platform(tmp_path: Path, wheels: Path, platform: str) -> None:
    (build,) = exported(tmp_path, wheels, platform)["build"]
    assert build["platform"] == platform
    files = locked(tmp_path, build)
    assert files["torch"].endswith(f"-{PLATFORMS[platform][2]}.whl")
    assert set(files) == {"torch", "numpy", "pip"}


def test_one_plan_holds_a_lock_for_each_platform(tmp_path: Path, wheels: Path) -> None:
    builds = exported(tmp_path, wheels, *PLATFORMS)["build"]
    assert [build["platform"] for build in builds] == list(PLATFORMS)
    assert len({build["lock"] for build in builds}) == len(PLATFORMS)
    for build in builds:
        assert locked(tmp_path, build)["torch"].endswith(f"-{PLATFORMS[build['platform']][2]}.whl")


@pytest.mark.linux_only("the made-up plan is carried out on this computer as far as its plan")
def test_each_computer_takes_the_build_of_its_own_platform(tmp_path: Path, wheels: Path) -> None:
    exported(tmp_path, wheels, *PLATFORMS)
    words = ("apply", tmp_path / "lab.toml", "--source", wheels, "--env", tmp_path / "env", "--dry-run", "--json")
    here = run(*words, env=environment(tmp_path))
    assert here.code == 0, here.err
    exported(tmp_path, wheels, "win_amd64")
    refused = run(*words, env=environment(tmp_path))
    assert refused.code == 10, refused.err
    assert "win_amd64" in refused.document["error"]["advice"] + refused.document["error"]["title"]


def test_without_export_nothing_is_planned_for_another_platform(tmp_path: Path, wheels: Path) -> None:
    """A plan that is not saved is one that this computer could carry out."""
    other = next(name for name, (system, _arch, _tag) in PLATFORMS.items() if system != _system())
    ended = run("plan", "--machine", document(tmp_path, other), "--source", wheels, "--json", env=environment(tmp_path))
    assert ended.code != 0


def _system() -> str:
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
