"""The real thing: torch for the processor, exported as a plan, packed, and installed where no network is at all."""

import json
import shutil
import subprocess
import sys

import pytest

from helpers.program import PROGRAM, environment, run

HERE = ("--cpu", "--source", "pip-config")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Export a plan of what this computer would install, and make a folder of it."""
    place = tmp_path_factory.mktemp("packed")
    env = environment(place / "home")
    plan = place / "lab.toml"
    planned = run("plan", *HERE, "--export", plan, "--env", place / "env", "--json", env=env)
    if planned.code in {14, 16}:
        pytest.skip(f"no processor build of torch can be reached from here: {planned.err.strip()}")
    assert planned.code == 0, planned.err
    made = run("bundle", plan, place / "bundle", "--json", env=env)
    assert made.code == 0, made.err
    return planned.document, plan, place / "bundle", made.document


def test_the_plan_names_the_build_and_the_bundle_holds_its_wheels(packed):
    planned, _plan, bundle, listed = packed
    sizes = {row["sha256"]: row["size"] for row in listed["files"]}
    assert {package["sha256"]: package["size"] for package in planned["packages"]}.items() <= sizes.items()
    assert listed["platforms"] == [planned["build"]["platform"]]
    assert (bundle / "README.txt").read_text("utf-8").count(planned["build"]["torch"]) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes the network away as Linux can")
def test_real_torch_installs_without_any_network_for_another_user_in_a_chinese_folder(packed, tmp_path):
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip("taking the network away needs root")
    planned, plan, bundle, _listed = packed
    home = tmp_path / "张三"
    place = home / "离线 文件夹"
    shutil.copytree(bundle, place)
    root = home / "环境"
    env = {name: value for name, value in environment(home).items() if not name.startswith(("PIP_", "UV_"))}
    words = ["unshare", "-n", *PROGRAM, "apply", "--bundle", place, "--offline", "--env", root, "--json"]

    def apply():
        return subprocess.run(words, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    ended = apply()
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert (outcome["status"], outcome["verification"]["passed"]) == ("done", True)
    assert outcome["verification"]["torch"]["version"].startswith(planned["build"]["torch"])
    assert outcome["fetched_bytes"] == sum(package["size"] for package in planned["packages"])
    again = json.loads(apply().stdout)
    assert (again["status"], again["changed"], again["fetched_bytes"]) == ("already-done", False, 0)
    same = run("verify", "--plan", plan, "--env", root, "--level", "files", "--json", env=env)
    assert same.code == 0, same.err
    recorded = json.loads((root / "gens" / "0001" / "COMPLETE.json").read_text("utf-8"))
    assert recorded["plan"] == planned["id"], "the same bytes, whichever road they came"
