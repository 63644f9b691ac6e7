"""A computer that was saved once decides, plans and reports on another one, verb by verb, as it did itself."""

import hashlib
import json
import platform
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers import recorded
from helpers.computers import LAPTOP, LOADED, PASCAL, computer
from helpers.loopback import Answer, loopback
from helpers.make_wheels import make_wheel
from helpers.program import environment, run
from setupwizard.codes import APPLY_EXIT, EXIT_CODES, RECOMMEND_EXIT
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.model.wire import to_json
from setupwizard.probes.privacy import redacted
from setupwizard.steps.detect import detect
from setupwizard.steps.recommend import recommend
from setupwizard.steps.report import render_html, report_document

pytestmark = pytest.mark.linux_only("the recorded computers run Linux")

PLATFORM = f"manylinux_2_28_{platform.machine()}"
WSL = {"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2", "/dev/dxg": ""}
AMD = {
    "/dev/kfd": "",
    "/sys/class/kfd/kfd/topology/nodes/1/properties": "gfx_target_version 110000\nvendor_id 4098\ndevice_id 29772\n",
}

RECORDED = {
    "laptop": {"bus": LAPTOP, "files": LOADED, "scenario": "laptop4060_581"},
    "pascal": {"bus": PASCAL, "files": LOADED, "scenario": "gtx1060_580"},
    "mismatch": {"bus": PASCAL, "files": LOADED, "scenario": "version_mismatch"},
    "nouveau": {"bus": recorded.machine("nouveau")},
    "passed through": {"bus": recorded.machine("vfio_passthrough")},
    "wsl": {"bus": recorded.machine("wsl2"), "files": WSL, "scenario": "laptop4060_581"},
    "amd": {"bus": recorded.machine("amd_apu_and_dgpu"), "files": AMD},
    "no card": {"bus": ""},
}
FOREIGN = {
    "windows": Machine(
        os="windows",
        os_version="10.0.26100",
        arch="x86_64",
        gpus=(Gpu(vendor="nvidia", pci_id="10de:2684", driver_sees_it=True, sources=("nvml", "registry")),),
        nvidia_driver=NvidiaDriver(version="581.57", cuda="13.0"),
    ),
    "mac": Machine(os="macos", os_version="15.5", arch="arm64", gpus=(Gpu(vendor="apple", name="Apple M3 Pro"),)),
}
VERDICTS = {
    "laptop": "gpu",
    "pascal": "gpu",
    "mismatch": "fix-driver",
    "nouveau": "fix-driver",
    "passed through": "fix-hardware",
    "wsl": "gpu",
    "amd": "gpu",
    "no card": "cpu",
    "windows": "gpu",
    "mac": "gpu",
}


@pytest.fixture
def env(tmp_path):
    home = tmp_path / "another"
    home.mkdir()
    return {name: value for name, value in environment(home).items() if "proxy" not in name.lower()}


@cache
def pythons():
    """Return the Pythons of this computer that any user has: a plan needs one that is really there."""
    return tuple(python for python in detect().pythons if not Path(python.path).is_relative_to(Path.home()))


def saved(tmp_path, name):
    """Return what a computer is, and the file that was saved of it."""
    here = tmp_path / "computer"
    here.mkdir()
    machine = FOREIGN.get(name) or detect(roots=computer(here, **RECORDED[name]))
    machine = redacted(replace(machine, pythons=() if name in FOREIGN else pythons()))
    file = tmp_path / "machine.json"
    file.write_text(to_json(machine) + "\n")
    return machine, file


@pytest.mark.parametrize("name", VERDICTS)
def test_detect_recommend_and_report(name, env, tmp_path):
    machine, file = saved(tmp_path, name)
    again = run("detect", "--machine", file, "--json", "--save", tmp_path / "again.json", env=env)
    assert (again.code, json.loads(file.read_text())) == (0, again.document)
    assert (tmp_path / "again.json").read_text() == file.read_text()
    assert run("detect", "--machine", file, env=env).code == 0
    mine = recommend(machine)
    decided = run("recommend", "--machine", file, "--json", env=env)
    assert decided.code == EXIT_CODES[RECOMMEND_EXIT[mine.verdict]][0]
    assert decided.document == json.loads(to_json(mine))
    assert mine.verdict == VERDICTS[name]
    page = render_html(report_document(machine, mine))
    assert all(finding.code for finding in machine.findings)
    assert "<html" in page


def test_a_saved_document_names_nobody(tmp_path):
    home = tmp_path / "home" / "alicia-secret"
    recorded.program(home / "miniforge3/bin/conda", "exit 1")
    recorded.write(home / "miniforge3", {"/conda-meta/history": "", "/condabin/x": ""})
    file = tmp_path / "machine.json"
    env = {**environment(home), "USER": "alicia-secret", "LOGNAME": "alicia-secret"}
    assert run("detect", "--save", file, env=env).code == 0
    text = file.read_text()
    assert "~/miniforge3/bin/conda" in text
    assert "alicia" not in text
    assert len(platform.node()) < 4 or platform.node() not in text


def test_a_restart_is_what_a_mismatch_asks_for(env, tmp_path):
    _machine, file = saved(tmp_path, "mismatch")
    decided = run("recommend", "--machine", file, "--json", env=env).document
    assert [action["code"] for action in decided["actions"]][:1] == ["restart"]
    assert decided["after"]["variant"] == "cu126"


def index_of(server, folder, *versions):
    """Fill an index with a torch of each version, which needs nothing."""
    for version in versions:
        variant = version.partition("+")[2]
        body = {"torch/version.py": f'__version__ = "{version}"\n'.encode()}
        tags = [f"{python}-{python}-{PLATFORM}" for python in ("cp311", "cp312", "cp313")]
        wheels = [make_wheel(folder / variant, "torch", version, tag=tag, files=body) for tag in tags]
        server.index(f"/whl/{variant}", "torch", [wheel.name for wheel in wheels])
        page = server.answers[f"/whl/{variant}/torch/"]
        for wheel in wheels:
            path = f"/whl/files/{wheel.name.replace('+', '%2B')}"
            server.answers[path] = Answer(wheel.read_bytes(), kind="application/octet-stream")
            page.body = page.body.replace(b"0" * 64, hashlib.sha256(wheel.read_bytes()).hexdigest().encode(), 1)


@pytest.mark.parametrize("name", VERDICTS)
def test_plan_and_a_dry_run(name, env, tmp_path):
    machine, file = saved(tmp_path, name)
    mine = recommend(machine)
    with loopback() as server:
        newest = load_catalogue().newest.torch
        index_of(server, tmp_path, "2.14.1+cu126", *(f"{newest}+{variant}" for variant in ("cu130", "cpu", "rocm7.14")))
        words = ("--machine", file, "--source", server.url + "/whl", "--env", tmp_path / "root", "--json")
        planned = run("plan", *words, env=env)
        dry = run("apply", "--yes", "--dry-run", *words, env=env)
    assert "Traceback" not in planned.err + dry.err
    assert not (tmp_path / "root").exists()
    if APPLY_EXIT[mine.verdict] != "ok":
        assert planned.code == dry.code == EXIT_CODES[APPLY_EXIT[mine.verdict]][0]
        return
    if name in FOREIGN:  # the plan is made on the computer that runs it: this index has nothing for another system
        assert planned.code in {2, 10, 14, 16}
        assert "id" in planned.document
        return
    if not pythons() and planned.code == 16:
        pytest.skip("this computer has no Python outside the home folder")
    if "numpy" in planned.err and planned.code in {14, 16}:
        pytest.skip("the general index cannot be reached from here")
    assert (planned.code, dry.code) == (0, 0), planned.out + dry.err
    build = planned.document["build"]
    assert (build["torch"], build["variant"]) == (mine.build.torch, mine.build.variant)
    assert (dry.document["status"], dry.document["exit"]) == ("planned", 0)
