"""An index on the loopback address: what the plan takes from it, and that a torch that is none is never put in use."""

import hashlib
import json
import platform
import sys
from pathlib import Path

import pytest

from helpers.loopback import Answer, loopback
from helpers.make_wheels import make_wheel
from helpers.program import environment, run

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
PLATFORM = f"manylinux_2_28_{platform.machine()}"
CARD = {"vendor": "nvidia", "name": "GeForce RTX 4090", "pci_id": "10de:2684", "compute_capability": "8.9"}
EVIL = b'raise SystemExit("this torch is none")\n'


@pytest.fixture
def env(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    keep = {name: value for name, value in environment(home).items() if "proxy" not in name.lower()}
    return {**keep, "UV_EXTRA_INDEX_URL": "http://127.0.0.1:9/evil", "UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.fixture
def index(tmp_path):
    """An index of two variants with a torch of each, which needs nothing."""
    with loopback() as server:
        for version in ("2.15.0+cpu", "2.15.0+cu130", "2.14.1+cu126"):
            add(server, tmp_path, version)
        yield server


def add(server, folder, version, name="torch", **files):
    variant = version.partition("+")[2]
    wheel = make_wheel(
        folder / variant,
        name,
        version,
        tag=f"{TAG}-{TAG}-{PLATFORM}",
        files={f"{name}/__init__.py": EVIL, f"{name}/version.py": f'__version__ = "{version}"\n'.encode()},
    )
    server.index(f"/whl/{variant}", name, [wheel.name])
    path = f"/whl/files/{wheel.name.replace('+', '%2B')}"
    server.answers[path] = Answer(wheel.read_bytes(), kind="application/octet-stream")
    page = server.answers[f"/whl/{variant}/{name}/"]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page.body = page.body.replace(b"0" * 64, digest.encode())


def machine(tmp_path, **more):
    path = tmp_path / "machine.json"
    found = json.loads(run("detect", "--json", env=environment(tmp_path)).out)
    path.write_text(json.dumps({**found, **more}))
    return path


@pytest.mark.parametrize("below", ["/whl", "/whl/cu130", "/whl/{variant}"])
def test_the_build_for_the_card_comes_from_the_index_that_was_named(below, env, index, tmp_path):
    pc = machine(tmp_path, gpus=[CARD], nvidia_driver={"version": "580.65.06", "cuda": "13.0"})
    ended = run("plan", "--machine", pc, "--source", index.url + below, "--env", tmp_path / "root", "--json", env=env)
    if "numpy" in ended.err and ended.code in {14, 16}:
        pytest.skip("the general index cannot be reached from here")
    assert ended.code == 0, ended.err
    plan = ended.document
    assert (plan["build"]["torch"], plan["build"]["variant"]) == ("2.15.0", "cu130")
    assert plan["build"]["requirement"] == "torch==2.15.0+cu130"
    torch = next(package for package in plan["packages"] if package["name"] == "torch")
    assert torch["url"].startswith(index.url)
    assert torch["size"] > 0
    others = {package["url"].split("/")[2] for package in plan["packages"] if package["name"] != "torch"}
    assert index.url.split("/")[2] not in others


@pytest.mark.parametrize("more", [{}, {"pythons": [{"path": "C:\\\\Python312\\\\python.exe", "version": "3.12.4"}]}])
def test_the_document_of_another_computer_is_planned_with_the_pythons_of_this_one(env, index, tmp_path, more):
    pc = tmp_path / "pc.json"
    own = {"schema": 1, "os": "linux", "arch": platform.machine().replace("aarch64", "arm64"), "gpus": []}
    pc.write_text(json.dumps({**own, **more}))
    words = ("plan", "--machine", pc, "--source", index.url + "/whl", "--env", tmp_path / "root", "--json")
    ended = run(*words, env=env)
    if ended.code in {14, 16}:
        pytest.skip("the general index cannot be reached from here")
    assert ended.code == 0, ended.err
    assert Path(ended.document["python"]["path"]).exists()


def test_a_card_build_is_never_replaced_by_a_processor_build(env, tmp_path):
    with loopback() as server:
        add(server, tmp_path, "2.15.0+cpu")
        pc = machine(tmp_path, gpus=[CARD], nvidia_driver={"version": "580.65.06", "cuda": "13.0"})
        source = server.url + "/whl"
        ended = run("plan", "--machine", pc, "--source", source, "--env", tmp_path / "root", "--json", env=env)
    assert (ended.code, ended.document["code"]) == (16, "build-not-in-sources")


def test_a_torch_that_does_not_start_is_never_put_in_use(env, index, tmp_path):
    root = tmp_path / "root"
    ended = run("apply", "--yes", "--cpu", "--source", index.url + "/whl", "--env", root, "--json", env=env)
    if ended.code in {14, 16}:
        pytest.skip("the general index cannot be reached from here")
    outcome = ended.document
    assert (ended.code, outcome["status"], outcome["error"]["code"]) == (20, "failed", "torch-import-failed")
    assert outcome["current"] is None
    assert not list((root / "gens").iterdir())
    assert not (root / "current").exists()


def test_a_tampered_wheel_is_refused(env, index, tmp_path):
    plan = run("plan", "--cpu", "--source", index.url + "/whl", "--env", tmp_path / "root", "--json", env=env)
    if plan.code in {14, 16}:
        pytest.skip("the general index cannot be reached from here")
    path = next(path for path in index.answers if path.endswith(".whl") and "cpu" in path)
    body = bytearray(index.answers[path].body)
    body[len(body) // 2] ^= 0xFF
    index.answers[path].body = bytes(body)
    ended = run(
        "apply", "--yes", "--cpu", "--source", index.url + "/whl", "--env", tmp_path / "root", "--json", env=env
    )
    assert (ended.code, ended.document["error"]["code"]) == (17, "hash-mismatch")
    assert not (tmp_path / "root" / "current").exists()


def test_one_plan_for_cards_of_two_generations_gives_each_machine_its_own_build(env, index, tmp_path):
    old = {**CARD, "name": "GeForce GTX 1080 Ti", "pci_id": "10de:1b06", "compute_capability": "6.1"}
    driver = {"version": "580.65.06", "cuda": "13.0"}
    pcs = []
    for name, card in (("new", CARD), ("old", old)):
        (tmp_path / name).mkdir()
        pcs.append(machine(tmp_path / name, gpus=[card], nvidia_driver=driver))
    source = ("--source", index.url + "/whl")
    machines = [word for pc in pcs for word in ("--machine", pc)]
    file = tmp_path / "lab.toml"
    ended = run("plan", *machines, *source, "--export", file, "--quiet", env=env)
    if "numpy" in ended.err and ended.code in {14, 16}:
        pytest.skip("the general index cannot be reached from here")
    assert ended.code == 0, ended.err
    assert len(list(tmp_path.glob("pylock.lab-*.toml"))) == 2
    for pc, variant in zip(pcs, ("cu130", "cu126"), strict=True):
        words = ("--machine", pc, *source, "--env", tmp_path / f"root-{variant}", "--dry-run")
        tried = run("apply", file, *words, env=env)
        assert tried.code == 0, tried.err
        row = next(line for line in tried.err.splitlines() if line.startswith("Install "))
        assert f"({variant})" in row
