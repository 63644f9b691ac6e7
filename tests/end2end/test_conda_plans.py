"""A plan's file and an offline folder, carried out by conda: its own Python and pip, the wheels of the lock."""

import json
import sys

import pytest

from helpers.bundle_lab import edit_lock, sha256, write_plan
from helpers.conda_channel import PIP, add_pip, add_pure, add_torch
from helpers.conda_lab import CondaLab
from helpers.fault_lab import look, make_wheels
from helpers.make_wheels import make_wheel
from helpers.program import no_namespace, run, without_uv
from helpers.wheel_server import WheelServer

pytest.importorskip("rattler", reason="py-rattler has no wheel for this Python")


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    document, _torch = look(tmp_path_factory.mktemp("machine"))
    return json.loads(document.read_text())


@pytest.fixture
def lab(machine, tmp_path):
    """Return a lab with a plan of its wheels, pip among them, on a computer whose only Python is an old one."""
    (tmp_path / "channel").mkdir()
    wheels = tmp_path / "wheels"
    make_wheels(wheels, "2.13.0")
    with WheelServer(tmp_path / "channel") as server:
        made = CondaLab(tmp_path, server, wheels, machine)
        made.machine(gpus=[], pythons=[{"path": "/nowhere/python3.9", "version": "3.9.1"}])
        made.file_of_plan = write_plan(tmp_path, sorted(wheels.iterdir()))
        made.bundle = tmp_path / "bundle 文件夹"
        yield made


def _apply(lab, *words):
    return run(*lab.words("apply", *words, "--json"), env=lab.env)


def _of_plan(lab, *words):
    return _apply(lab, lab.file_of_plan, "--source", lab.wheels, *words)


def _pack(lab):
    words = ("bundle", lab.file_of_plan, lab.bundle, "--source", lab.wheels, "--json")
    packed = run(*words, env={**lab.env, "UV_PYTHON_INSTALL_MIRROR": "http://127.0.0.1:9/mirror"})
    assert packed.code == 0, packed.err


def _planned(lab):
    # By time, not by name: of two reports of one second, "-2.json" comes before ".json".
    newest = max((lab.root / "reports").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text("utf-8"))["plan"]


def test_a_rehearsal_counts_both_and_changes_nothing(lab):
    dry = _of_plan(lab, "--dry-run")
    assert (dry.code, dry.document["status"]) == (0, "planned"), dry.err
    wheels = {path.name: path.stat().st_size for path in lab.wheels.iterdir() if not path.name.startswith("pip-")}
    packages = [path.stat().st_size for path in lab.server.folder.glob("*.bz2") if not path.name.startswith("cuda")]
    assert dry.document["fetched_bytes"] == sum(wheels.values()) + sum(packages)
    assert not lab.root.exists()
    assert not list(lab.pkgs.iterdir())


def test_the_locks_wheels_go_into_condas_environment(lab):
    digest = f"sha256:{sha256(lab.file_of_plan)}"
    done = _of_plan(lab, "--expect-plan", digest)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    assert done.document["verification"]["passed"]
    plan = _planned(lab)
    assert (plan["backend"], plan["python"]["source"]) == ("conda", "conda")
    by_conda = {row["name"]: row for row in plan["packages"] if row["origin"] == "conda-forge"}
    assert sorted(by_conda) == ["openssl", "pip", "python"]
    assert all(len(row["sha256"]) == 64 for row in by_conda.values())
    locked = {sha256(path) for path in lab.wheels.iterdir() if not path.name.startswith("pip-")}
    assert {row["sha256"] for row in plan["packages"] if row["origin"] != "conda-forge"} == locked
    assert list((lab.root / "current" / "conda-meta").glob("python-*.json"))
    assert run("verify", "--level", "files", "--env", lab.root, env=lab.env).code == 0
    again = _of_plan(lab, "--expect-plan", digest)
    assert (again.document["status"], again.document["changed"], again.document["fetched_bytes"]) == (
        "already-done",
        False,
        0,
    )
    same = run("verify", "--plan", lab.file_of_plan, "--env", lab.root, "--json", env=lab.env)
    assert (same.code, same.document["verdict"]) == (0, "pass"), same.err


def test_another_plan_than_the_expected_one_is_not_carried_out(lab):
    ended = _of_plan(lab, "--expect-plan", "sha256:" + "0" * 64)
    assert (ended.code, ended.document["error"]["code"]) == (18, "plan-unexpected")
    assert not lab.root.exists()


def test_a_wheel_that_is_not_the_locks_stops_it(lab):
    wheel = next(lab.wheels.glob("numpy-*"))
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 0xFF
    wheel.write_bytes(bytes(content))
    ended = _of_plan(lab)
    assert (ended.code, ended.document["error"]["code"]) == (17, "hash-mismatch"), ended.err
    assert not (lab.root / "current").exists()


def test_a_package_of_condas_that_is_damaged_stops_it(lab):
    lab.server.fault("corrupt", match="openssl")
    ended = _of_plan(lab)
    assert (ended.code, ended.document["error"]["code"]) == (17, "conda-checksum"), ended.err
    assert not (lab.root / "current").exists()


def test_an_offline_folder_gives_the_wheels_and_conda_the_python(lab):
    _pack(lab)
    done = _apply(lab, "--bundle", lab.bundle)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    plan = _planned(lab)
    assert (plan["source"]["kind"], plan["python"]["source"]) == ("bundle", "conda")
    assert all(row["url"].startswith("file:") for row in plan["packages"] if row["origin"] == "bundle")
    assert _apply(lab, "--bundle", lab.bundle).document["status"] == "already-done"


def test_without_a_network_conda_takes_what_it_has_kept_or_says_why_not(lab):
    _pack(lab)
    ended = _apply(lab, "--bundle", lab.bundle, "--offline")
    assert (ended.code, ended.document["error"]["code"]) == (14, "conda-offline"), ended.err
    assert "--backend conda" in ended.document["error"]["advice"]
    assert lab.server.requests == []
    assert not lab.root.exists()
    assert _apply(lab, "--bundle", lab.bundle).code == 0
    asked = len(lab.server.requests)
    gone = run("remove", "--env", lab.root, env=lab.env)
    assert gone.code == 0, gone.err
    kept = _apply(lab, "--bundle", lab.bundle, "--offline")
    assert (kept.code, kept.document["status"]) == (0, "done"), kept.err
    assert len(lab.server.requests) == asked


def test_a_folder_that_is_not_what_it_was_is_refused_by_every_road(lab):
    _pack(lab)
    edit_lock(lab.bundle, lambda text: text.replace("wheels/", "../wheels/", 1))
    assert _apply(lab, "--bundle", lab.bundle).code == 18
    assert not lab.root.exists()


def test_another_road_makes_another_environment_of_the_same_plan(lab):
    """The same wheels on another Python are another environment, also where both have the same pip."""
    next(lab.wheels.glob("pip-*")).unlink()
    make_wheel(lab.wheels, "pip", PIP)
    lab.file_of_plan = write_plan(lab.folder, sorted(lab.wheels.iterdir()))
    version = ".".join(map(str, sys.version_info[:3]))
    lab.machine(pythons=[{"path": sys.executable, "version": version}])
    assert _of_plan(lab).document["status"] == "done"
    for backend, python in (("uv", "found"), ("conda", "conda")):
        words = ("--source", lab.wheels, "--env", lab.root, "--machine", lab.file, "--json", "--backend", backend)
        done = run("apply", lab.file_of_plan, *words, env=lab.env)
        assert (done.code, done.document["status"]) == (0, "done"), done.err
        assert _planned(lab)["python"]["source"] == python
        assert run("apply", lab.file_of_plan, *words, env=lab.env).document["status"] == "already-done"


def test_what_conda_chooses_itself_is_no_plan(lab):
    """conda-forge's own PyTorch cannot be what a lock of wheels says: it is refused, and the way is named."""
    add_torch(lab.channel, "2.13.0", "")
    ended = _apply(lab, lab.file_of_plan, "--source", "conda-forge", "--cpu")
    assert (ended.code, ended.document["error"]["code"]) == (2, "usage")
    assert "--backend conda alone" in ended.document["error"]["title"]
    file = lab.folder / "forge.toml"
    saved = run(*lab.words("plan", "--source", "conda-forge", "--cpu", "--export", file, "--json"), env=lab.env)
    assert saved.code == 2, saved.err
    assert "apply FILE --backend conda" in saved.err
    assert not file.exists()


def test_a_python_that_conda_forge_does_not_have_is_named(lab):
    for path in lab.server.folder.glob("*-repodata.json"):
        document = json.loads(path.read_text())
        document["packages"] = {name: row for name, row in document["packages"].items() if row["name"] != "python"}
        path.write_text(json.dumps(document))
    ended = _of_plan(lab)
    assert (ended.code, ended.document["error"]["code"]) == (16, "conda-package-missing"), ended.err
    assert not lab.root.exists()


@pytest.mark.parametrize("with_uv", [True, False], ids=["uv", "pip"])
def test_a_wheel_takes_the_place_of_condas_own_package_of_the_same_version(lab, with_uv):
    """conda's pip brings setuptools, and torch asks for it: the lock's file counts, not one that is called alike."""
    if not with_uv and (why := no_namespace()) is not None:
        pytest.skip(f"no mount namespace: {why}")
    body = {"setuptools/__init__.py": b"__version__ = '80.9.0'\n"}
    make_wheel(lab.wheels, "setuptools", "80.9.0", files={**body, "setuptools/vendored.py": b"X = 1\n"})
    add_pure(lab.channel, "setuptools", "80.9.0", body)
    add_pip(lab.channel, depends=["setuptools"])
    lab.file_of_plan = write_plan(lab.folder, sorted(lab.wheels.iterdir()))
    words = lab.words("apply", lab.file_of_plan, "--source", lab.wheels, "--json")
    done = run(*words, env=lab.env) if with_uv else without_uv(*words, env=lab.env, scratch=lab.folder)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    assert next((lab.root / "current").glob("lib/python3.*/site-packages/setuptools/vendored.py")).is_file()
    assert run("verify", "--level", "files", "--env", lab.root, env=lab.env).code == 0
    assert _of_plan(lab).document["status"] == "already-done"
