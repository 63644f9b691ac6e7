"""Installing into an environment of conda's: by a conda-shaped program that solves, loads and links for real."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from helpers.conda_channel import MINOR, add_torch, fill
from helpers.conda_lab import CondaLab
from helpers.fault_lab import _TORCH, look, make_wheels
from helpers.program import run, start
from helpers.waiting import wait_for
from helpers.wheel_server import WheelServer

pytest.importorskip("rattler", reason="py-rattler has no wheel for this Python")
PACKAGES = r"\.tar\.bz2"
CARD = {"vendor": "nvidia", "name": "GeForce RTX 4090", "pci_id": "10de:2684", "compute_capability": "8.9"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    machine, torch = look(folder)
    made = folder / "wheels"
    make_wheels(made, torch)
    return made, json.loads(machine.read_text())


@pytest.fixture
def lab(wheels, tmp_path):
    (tmp_path / "channel").mkdir()
    with WheelServer(tmp_path / "channel") as server:
        yield CondaLab(tmp_path, server, *wheels)


def test_the_plan_shows_what_conda_would_bring_and_changes_nothing(lab):
    before = sorted(lab.folder.glob("miniforge3/[!l]*/**/*"))
    ended = lab.plan()
    assert ended.code == 0, ended.err
    plan = ended.document
    assert plan["backend"] == "conda"
    assert plan["python"] == {"version": MINOR, "source": "conda", "path": None}
    by_conda = {row["name"]: row for row in plan["packages"] if row["origin"] == "conda-forge"}
    assert sorted(by_conda) == ["openssl", "pip", "python"]
    for row in by_conda.values():
        assert row["url"].startswith(f"{lab.server.base}/conda-forge/")
        assert len(row["sha256"]) == 64
        assert row["size"] == (lab.server.folder / row["file"]).stat().st_size
    assert plan["download_bytes"] == sum(row["size"] for row in plan["packages"])
    assert "pip" not in {row["name"] for row in plan["packages"] if row["origin"] != "conda-forge"}
    create = next(step for step in plan["steps"] if step["id"] == "create")
    assert create["argv"] == [
        *(str(lab.program), "create", "--prefix", str(lab.root / "gens" / "0001"), "--yes", "--json"),
        *("--override-channels", "--channel", "conda-forge", "--strict-channel-priority", "--no-default-packages"),
        *(f"python={MINOR}", "pip"),
    ]
    assert create["bytes"] == sum(row["size"] for row in by_conda.values())
    assert not lab.root.exists()
    assert sorted(lab.folder.glob("miniforge3/[!l]*/**/*")) == before


def test_the_environment_is_condas_and_every_file_is_compared(lab):
    lab.server.fault("slow", 400_000, match=PACKAGES)
    done = run(*lab.folder_words("apply", "--yes", "--events"), env=lab.env)
    assert done.code == 0, done.err
    outcome = done.events[-1]
    assert outcome["verification"]["passed"]
    told = [event for event in done.events if event["event"] == "progress" and event["id"] == "create"]
    counts = [event["done"] for event in told]
    assert len(counts) > 2
    assert counts == sorted(counts)
    assert counts[-1] == told[-1]["total"] > 300_000
    assert any(event["file"] and event["file"].startswith("openssl") for event in told)
    current = lab.root / "current"
    assert (current / "conda-meta" / "history").is_file() or list((current / "conda-meta").glob("python-*.json"))
    answer = subprocess.run(
        [current / "bin" / "python", "-I", "-c", "import sys, pip; print(sys.prefix, pip.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split()[-1] == "26.1"
    assert run("verify", "--level", "files", "--env", lab.root, env=lab.env).code == 0
    assert lab.apply().document["status"] == "already-done"
    library = current / "lib" / "libcrypto.so"
    library.chmod(0o644)
    data = library.read_bytes()
    library.unlink()
    library.write_bytes(data[:-1] + b"x")
    proof = run("verify", "--level", "files", "--json", "--env", lab.root, env=lab.env)
    assert proof.code == 21
    assert "lib/libcrypto.so" in proof.out
    again = lab.apply()
    assert (again.code, again.document["status"]) == (0, "done"), again.err
    assert run("verify", "--level", "files", "--env", lab.root, env=lab.env).code == 0


def test_old_generations_go_and_all_of_it_goes_in_the_end(lab):
    """Nothing that conda put there is taken for a file of the user's, and what is the user's stays."""
    for _generation in range(3):
        assert lab.apply().code == 0
        next((lab.root / "current").glob("lib/python*/site-packages/torch/version.py")).unlink()
    assert sorted(path.name for path in (lab.root / "gens").iterdir()) == ["0002", "0003"]
    mine = lab.root / "current" / "lib" / "mine.txt"
    mine.write_text("keep")
    gone = run("remove", "--json", "--env", lab.root, env=lab.env)
    assert gone.code == 0, gone.err
    assert [path.name for path in lab.root.rglob("mine.txt")] == ["mine.txt"]
    assert not list(lab.root.rglob("libcrypto.so"))


def test_what_was_added_with_conda_is_named(lab):
    assert lab.apply().code == 0
    record = lab.root / "current" / "conda-meta" / "extra-1.0-0.json"
    record.write_text(json.dumps({"name": "extra", "version": "1.0", "sha256": "0" * 64, "files": []}))
    assert run("verify", "--level", "files", "--env", lab.root, env=lab.env).code == 0, "the user's own is no damage"
    assert lab.plan().document["not_carried"] == ["extra 1.0"]


def test_nothing_of_anothers_is_ever_touched(lab):
    """The folder that conda gets is new: what lies where the generation would be is removed by nobody but us."""
    other = lab.folder / "miniforge3" / "envs" / "mine"
    (other / "conda-meta").mkdir(parents=True)
    (other / "conda-meta" / "history").write_text("")
    lab.root = other
    ended = lab.apply()
    assert ended.code == 13
    assert [path.name for path in other.rglob("*")] == ["conda-meta", "history"]


@pytest.mark.parametrize("kind", ["mamba", "micromamba"])
def test_its_kin_speak_the_same(lab, kind):
    (lab.folder / "miniforge3" / "bin" / "conda").unlink()
    lab.conda(kind)
    done = lab.apply()
    assert (done.code, done.document["status"]) == (0, "done"), done.err


# ---- what conda may end with: each its own code ----


FAILURES = {
    "404": ("status", 404, "conda-file-missing", 16),
    "broken": ("corrupt", None, "conda-checksum", 17),
    "dropped": ("drop", 5000, "conda-link-dropped", 14),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_download_of_condas_that_fails(lab, name):
    mode, arg, code, exit_code = FAILURES[name]
    lab.server.fault(mode, arg, match="openssl")
    ended = lab.apply()
    assert (ended.code, ended.document["error"]["code"]) == (exit_code, code), ended.err
    assert not list((lab.root / "gens").iterdir()) if (lab.root / "gens").is_dir() else True
    assert not (lab.root / "current").exists()
    lab.server.mend()
    assert lab.apply().code == 0


def test_a_channel_that_cannot_be_reached(lab):
    (lab.home / ".condarc").write_text("channel_alias: http://127.0.0.1:9\n")
    ended = lab.plan()
    assert (ended.code, ended.document["code"]) == (14, "conda-network"), ended.err
    assert ended.document["title"] == "conda cannot reach 127.0.0.1"


@pytest.mark.parametrize(
    ("settings", "code", "exit_code"),
    [({"defect": "no-hash"}, "conda-plan-unclear", 17), ({"defect": "unexpected"}, "tool-failed", 1)],
)
def test_a_conda_with_a_defect(lab, settings, code, exit_code):
    lab.conda(**settings)
    ended = lab.plan()
    assert (ended.code, ended.document["code"]) == (exit_code, code), ended.err


def test_an_old_conda_that_does_not_know_the_words(lab):
    lab.conda("mamba")
    lab.machine(condas=[{"path": str(lab.program), "version": "1.0", "kind": "conda"}])
    ended = lab.plan()
    assert (ended.code, ended.document["code"]) == (10, "conda-usage"), ended.err


def test_no_conda_at_all(lab):
    lab.machine(condas=[])
    ended = lab.plan()
    assert (ended.code, ended.document["code"]) == (16, "conda-missing")
    lab.machine(condas=[{"path": "/nowhere/bin/conda", "version": "26", "kind": "conda"}])
    assert lab.plan().document["code"] == "conda-missing"


def test_a_python_that_conda_forge_does_not_have(lab):
    (lab.server.folder / f"python-{MINOR}.7-h0_0.tar.bz2").unlink()
    for path in lab.server.folder.glob("*-repodata.json"):
        document = json.loads(path.read_text())
        document["packages"] = {name: row for name, row in document["packages"].items() if row["name"] != "python"}
        path.write_text(json.dumps(document))
    ended = lab.plan()
    assert (ended.code, ended.document["code"]) == (16, "conda-package-missing"), ended.err


def test_a_disk_that_is_full(lab):
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"no mount namespace: {probe.stderr}")
    fill(lab.channel, payload=4 << 20)
    script = 'mount -t tmpfs -o size=1m tmpfs "$1" || exit 99; shift; exec "$@"'
    words = [sys.executable, "-m", "setupwizard", *lab.folder_words("apply", "--yes", "--json")]
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(lab.pkgs), *words],
        capture_output=True,
        text=True,
        env=lab.env,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 12, ended.stderr
    assert json.loads(ended.stdout)["error"]["code"] == "conda-disk-full"


# ---- stopping ----


def _wait_for_bytes(child):
    for line in child.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["id"] == "create" and event["done"] > 50_000:
            return
    pytest.fail(child.stderr.read())


def _at_work(lab):
    """Whether anything of conda's still runs."""
    folder = str(lab.folder / "miniforge3")
    return subprocess.run(["pgrep", "-f", folder], capture_output=True, check=False).returncode != 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopping_leaves_nothing_and_the_next_run_goes_on(lab, how):
    lab.server.fault("slow", 150_000, match="openssl")
    child = start(*lab.folder_words("apply", "--yes", "--events"), env=lab.env)
    _wait_for_bytes(child)
    child.send_signal(how)
    out, _err = child.communicate(timeout=30)
    if how != signal.SIGKILL:
        assert child.returncode == 22
        assert json.loads(out.splitlines()[-1])["status"] == "cancelled"
        assert not list((lab.root / "gens").iterdir()) if (lab.root / "gens").is_dir() else True
    wait_for(lambda: not _at_work(lab))
    lab.server.mend()
    done = lab.apply()
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    ranges = [request.range for request in lab.server.requests if "openssl" in request.path and request.range]
    assert ranges, "conda goes on where it was stopped"
    assert [path.name for path in (lab.root / "gens").iterdir()] == [done.document["generation"]]


def test_a_stop_while_the_wheels_come_in_leaves_the_environment_before(lab):
    assert lab.apply().code == 0
    next((lab.root / "current").glob("lib/python*/site-packages/torch/version.py")).unlink()
    child = start(*lab.folder_words("apply", "--yes", "--events"), env=lab.env)
    for line in child.stdout:
        event = json.loads(line)
        if (event["event"], event.get("id")) == ("step-started", "install"):
            break
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, json.loads(out.splitlines()[-1])["status"]) == (22, "cancelled"), err
    assert [path.name for path in (lab.root / "gens").iterdir()] == ["0001"]
    assert (lab.root / "current").resolve().name == "0001"
    assert not (lab.root / "work").exists()
    again = lab.apply()
    assert (again.code, again.document["generation"]) == (0, "0002"), again.err


@pytest.mark.parametrize(
    ("deaf", "heard"),
    [([], ["SIGINT"]), (["SIGINT"], ["SIGINT", "SIGTERM"]), (["SIGINT", "SIGTERM"], ["SIGINT", "SIGTERM"])],
    ids=["follows Ctrl+C", "follows SIGTERM", "follows nothing"],
)
def test_conda_is_asked_as_by_ctrl_c_first_and_is_gone_in_every_case(lab, deaf, heard):
    """On SIGINT conda takes its transaction back; whoever does not follow is asked once more, and then ended."""
    lab.conda(deaf=deaf)
    lab.server.fault("slow", 50_000, match="openssl")
    child = start(*lab.folder_words("apply", "--yes", "--events"), env=lab.env)
    _wait_for_bytes(child)
    below = psutil.Process(child.pid).children(recursive=True)
    assert any(str(lab.folder / "miniforge3") in " ".join(one.cmdline()) for one in below)
    child.send_signal(signal.SIGTERM)
    _gone, alive = psutil.wait_procs(below, timeout=10)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, json.loads(out.splitlines()[-1])["status"], alive) == (22, "cancelled", []), err
    assert (lab.folder / "miniforge3" / "signals").read_text().split() == heard
    assert not list((lab.root / "gens").iterdir()) if (lab.root / "gens").is_dir() else True
    assert not (lab.root / "current").exists()


# ---- conda-forge's own PyTorch ----


def _with_driver(lab, cuda):
    driver = {"version": "580.65.06", "cuda": cuda} if cuda else {"version": "580.65.06", "cuda": None}
    lab.machine(gpus=[CARD], nvidia_driver=driver)


def _forge(lab, *words):
    return run(*lab.words("plan", "--json", "--source", "conda-forge", *words), env=lab.env)


@pytest.mark.parametrize(("cuda", "variant"), [("13.1", "cu130"), ("12.8", "cu129")])
def test_the_build_for_the_driver_is_asked_for_by_its_name(lab, cuda, variant):
    add_torch(lab.channel, "2.13.0", "__version__ = '2.13.0'\n")
    _with_driver(lab, cuda)
    ended = _forge(lab)
    assert ended.code == 0, ended.err
    plan = ended.document
    assert (plan["build"]["torch"], plan["build"]["variant"]) == ("2.13.0", variant)
    assert plan["source"]["id"] == "conda-forge"
    assert plan["source"]["settings"][0] == {
        "name": "CONDA_OVERRIDE_CUDA",
        "value": cuda,
        "from": "the graphics driver",
    }
    create = next(step for step in plan["steps"] if step["id"] == "create")["argv"]
    assert "pytorch-gpu" in create
    assert not any(word == "pytorch" or word.startswith("pytorch=") for word in create)
    assert {row["origin"] for row in plan["packages"]} == {"conda-forge"}


def test_no_processor_build_is_slipped_in_where_the_driver_is_too_old(lab):
    add_torch(lab.channel, "2.13.0", "")
    _with_driver(lab, "11.8")
    ended = _forge(lab, "--variant", "cu126")
    assert (ended.code, ended.document["code"]) == (11, "conda-no-cuda"), ended.err


def test_conda_forges_processor_build_is_installed_and_proved(lab):
    add_torch(lab.channel, "2.13.0", _TORCH.format(version="2.13.0"))
    words = lab.words("apply", "--yes", "--json", "--cpu", "--source", "conda-forge")
    done = run(*words, env=lab.env)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    assert done.document["verification"]["torch"]["version"] == "2.13.0"
    assert run("verify", "--level", "files", "--env", lab.root, env=lab.env).code == 0
    assert run(*words, env=lab.env).document["status"] == "already-done"


def test_conda_forge_needs_conda(lab):
    words = ["plan", "--json", "--machine", str(lab.file), "--source", "conda-forge", "--cpu"]
    ended = run(*words, "--env", lab.root, env=lab.env)
    assert (ended.code, ended.document["code"]) == (2, "usage")


# ---- settings of the user's ----


def test_settings_for_the_source_are_honoured_and_others_never_leak(lab):
    with WheelServer(lab.server.folder) as mirror:
        (lab.home / ".condarc").write_text(
            f"channel_alias: {mirror.base}\ncreate_default_packages: cuda-version\nchannels: evil\n"
        )
        env = {
            **lab.env,
            "CONDA_CHANNELS": "evil",
            "CONDA_OVERRIDE_CUDA": "abc",
            "CONDA_PREFIX": "/nowhere",
            "CONDA_CREATE_DEFAULT_PACKAGES": "cuda-version",
            "CONDA_SUBDIR": "win-64",
            "PYTHONHOME": "",
        }
        plan = run(*lab.folder_words("plan", "--json"), env=env)
        assert plan.code == 0, plan.err
        by_conda = [row for row in plan.document["packages"] if row["origin"] == "conda-forge"]
        assert {row["name"] for row in by_conda} == {"openssl", "pip", "python"}
        assert all(row["url"].startswith(f"{mirror.base}/conda-forge/") for row in by_conda)
        setting = {"name": "channel_alias", "value": mirror.base, "from": str(lab.home / ".condarc")}
        assert setting in plan.document["source"]["settings"]
        assert run(*lab.folder_words("apply", "--yes"), env=env).code == 0
        assert not any("evil" in request.path for request in mirror.requests)
    assert lab.server.requests == []


# ---- the real torch ----


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(900)
def test_the_real_torch_in_an_environment_of_condas(lab, tmp_path):
    env = {**lab.env, **{name: value for name, value in os.environ.items() if name.startswith("PIP_")}}
    words = lab.words("apply", "--yes", "--json", "--cpu", "--source", "pip-config")
    done = run(*words, env=env, timeout=600)
    if done.code in {14, 16}:
        pytest.skip(f"no processor build of torch can be reached from here: {done.err.strip()}")
    assert done.code == 0, done.err
    assert done.document["verification"]["passed"]
    assert list((lab.root / "current" / "conda-meta").glob("python-*.json"))
    assert run("verify", "--level", "files", "--env", lab.root, env=env).code == 0
