"""A Python that is not on the computer: uv brings it, from a mirror on the loopback address, counted and checked."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from helpers.fault_lab import Lab as FaultLab
from helpers.fault_lab import look, make_torch, make_wheels
from helpers.fault_server import FaultServer
from helpers.loopback import Answer, loopback
from helpers.make_wheels import make_wheel
from helpers.program import environment, run
from helpers.python_mirror import MINOR, PUBLISHER, VERSION, another_home, archive, interpreter_home, listing
from helpers.wheel_server import WheelServer

HOME = interpreter_home()
pytestmark = pytest.mark.skipif(isinstance(HOME, str), reason=str(HOME))


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return archive(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return made-up wheels, and a computer without any Python."""
    folder = tmp_path_factory.mktemp("wheels")
    machine, torch = look(folder)
    document = json.loads(machine.read_text())
    made = folder / "wheels"
    make_wheels(made, torch)
    # a Python of another version is there, so that the document is not taken for another computer's
    document["pythons"] = [{**document["pythons"][0], "version": "3.9.1"}]
    machine.write_text(json.dumps(document))
    return made, machine


class Lab:
    def __init__(self, folder, wheels, server, packed):
        self.made, self.machine = wheels
        self.root = folder / "root 环境"
        self.server = server
        self.packed = packed
        home = folder / "home"
        home.mkdir()
        clean = {name: value for name, value in environment(home).items() if not name.startswith(("PIP_", "UV_"))}
        server.answers[f"/mirror/20261110/{packed.name.replace('+', '%2B')}"] = Answer(
            packed.read_bytes(), kind="application/gzip"
        )
        server.page("/list.json", listing(packed, PUBLISHER), kind="application/json")
        self.env = {
            **{name: value for name, value in clean.items() if "proxy" not in name.lower()},
            "UV_PYTHON_DOWNLOADS_JSON_URL": f"{server.url}/list.json",
            "UV_PYTHON_INSTALL_MIRROR": f"{server.url}/mirror",
        }

    def run(self, *words, python=MINOR):
        where = ("--machine", self.machine, "--cpu", "--source", self.made, "--env", self.root)
        return run(*words, "--python", python, *where, env=self.env)


@pytest.fixture
def lab(tmp_path, wheels, packed):
    with loopback() as server:
        yield Lab(tmp_path, wheels, server, packed)


def test_the_plan_names_the_python_counts_its_bytes_and_changes_nothing(lab):
    ended = lab.run("plan", "--json")
    assert ended.code == 0, ended.err
    plan = ended.document
    assert plan["python"] == {"version": MINOR, "source": "managed", "path": None}
    row = next(row for row in plan["packages"] if row["name"] == "cpython")
    assert (row["version"], row["size"]) == (VERSION, lab.packed.stat().st_size)
    assert row["url"].startswith(f"{lab.server.url}/mirror/20261110/cpython-")
    assert plan["download_bytes"] == sum(row["size"] for row in plan["packages"])
    step = next(step for step in plan["steps"] if step["id"] == "python")
    assert step["bytes"] == row["size"]
    assert step["argv"][1:3] == ["python", "install"]
    assert {row["name"] for row in plan["source"]["settings"]} == {
        "UV_PYTHON_DOWNLOADS_JSON_URL",
        "UV_PYTHON_INSTALL_MIRROR",
    }
    assert not lab.root.exists()


@pytest.mark.parametrize("backend", ["uv", "pip"])
def test_it_is_brought_used_and_goes_with_the_environment(lab, backend):
    done = lab.run("apply", "--yes", "--events", "--backend", backend)
    assert done.code == 0, done.err
    outcome = done.events[-1]
    assert outcome["verification"]["passed"]
    told = [event for event in done.events if event["event"] == "progress" and event["id"] == "python"]
    assert told[-1]["done"] == told[-1]["total"] == lab.packed.stat().st_size
    python = lab.root / "current" / "bin" / "python"
    said = subprocess.run(
        [python, "-I", "-c", "import sys, ssl, sqlite3; print(sys.base_prefix)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(said).parent == lab.root / "pythons"
    asked = len(lab.server.asked)
    again = lab.run("apply", "--yes", "--json", "--backend", backend)
    assert (again.code, again.document["status"], again.document["fetched_bytes"]) == (0, "already-done", 0)
    assert [path for verb, path in lab.server.asked[asked:] if verb == "GET" and "mirror" in path] == []
    gone = run("remove", "--json", "--env", lab.root, env=lab.env)
    assert gone.code == 0
    assert not lab.root.exists()


def test_a_python_that_is_used_stays_and_an_unused_one_goes(lab):
    assert lab.run("apply", "--yes").code == 0
    old = lab.root / "pythons" / "cpython-3.10.1-linux-x86_64-gnu"
    old.mkdir()
    (old / "bin").mkdir()
    would = run("gc", "--dry-run", "--json", "--env", lab.root, env=lab.env)
    assert str(old) in would.out
    assert run("gc", "--env", lab.root, env=lab.env).code == 0
    assert not old.exists()
    assert subprocess.run([lab.root / "current" / "bin" / "python", "-c", ""], check=False).returncode == 0


def test_an_archive_that_is_not_the_listed_one_is_never_unpacked(lab):
    lab.server.page("/list.json", listing(lab.packed, PUBLISHER, sha256="0" * 64), kind="application/json")
    ended = lab.run("apply", "--yes", "--json")
    assert (ended.code, ended.document["error"]["code"]) == (17, "hash-mismatch"), ended.err
    assert not (lab.root / "pythons").exists() or not list((lab.root / "pythons").glob("cpython*"))


@pytest.mark.parametrize("what", ["mirror", "list", "version"])
def test_the_truth_where_none_can_be_brought(lab, what):
    python = MINOR
    if what == "mirror":
        lab.env["UV_PYTHON_INSTALL_MIRROR"] = "http://127.0.0.1:9/mirror"
    elif what == "list":
        lab.env["UV_PYTHON_DOWNLOADS_JSON_URL"] = f"{lab.server.url}/nowhere.json"
    else:
        python = f"{MINOR}.999"
    ended = lab.run("plan", "--json", python=python)
    assert (ended.code, ended.document["code"]) == (16, "python-missing"), ended.err
    assert ended.document["title"] == f"No Python {python} was found, and none could be brought"
    told = {"mirror": "http://127.0.0.1:9/mirror/20261110", "list": "127.0.0.1", "version": "no list of Pythons"}
    assert told[what] in ended.document["detail"]


def test_a_python_on_the_computer_is_never_brought(lab):
    document = json.loads(lab.machine.read_text())
    own = {**document["pythons"][0], "version": VERSION}
    lab.machine = lab.root.parent / "own.json"
    lab.machine.write_text(json.dumps({**document, "pythons": [own]}))
    plan = lab.run("plan", "--json").document
    assert plan["python"]["source"] == "found"
    assert lab.server.asked == []


# ---- of another version than any Python here ----

OTHER = another_home()


@pytest.fixture
def elsewhere(tmp_path, wheels):
    """Return a computer whose pip alone knows where torch is, and that wants a Python which none here is like."""
    if isinstance(OTHER, str):
        pytest.skip(OTHER)
    home, version = OTHER
    minor = ".".join(version.split(".")[:2])
    packed = archive(tmp_path, home, version)
    index = tmp_path / "index"
    torch = next(wheels[0].glob("torch-*")).name.split("-")[1]
    this = f'python_version == "{minor}"'
    conditions = (f"newer; {this}", f"older; {this.replace('==', '!=')}")
    make_torch(index, torch, tag=f"cp{minor.replace('.', '')}", requires=conditions)
    for name, number in (("numpy", "2.2.0"), ("numpy", "2.3.0"), ("pip", "26.3"), ("newer", "1.0"), ("older", "1.0")):
        make_wheel(index, name, number)
    with loopback() as mirror, WheelServer(index) as server:
        made = Lab(tmp_path, wheels, mirror, packed)
        mirror.page("/list.json", listing(packed, PUBLISHER, version=version), kind="application/json")
        limits = tmp_path / "limits.txt"
        limits.write_text("numpy<2.3\n")
        config = tmp_path / "pip.conf"
        config.write_text(
            f"[global]\nindex-url = http://maria:hush-4711@{server.base[7:]}/simple/\nconstraint = {limits}\n"
        )
        made.env["PIP_CONFIG_FILE"] = str(config)
        made.made, made.minor = "pip-config", minor
        yield made


@pytest.mark.parametrize("backend", ["uv", "pip"])
def test_where_pips_settings_alone_have_the_build_it_is_resolved_for_the_python_to_come(elsewhere, backend):
    """pip itself resolves for the interpreter that runs it: asked so, the conditions would be those of this Python."""
    plan = elsewhere.run("plan", "--json", "--backend", backend, python=elsewhere.minor)
    assert plan.code == 0, plan.err
    document = plan.document
    assert document["python"] == {"version": elsewhere.minor, "source": "managed", "path": None}
    assert document["source"]["kind"] == "pip-config"
    names = {row["name"]: row["version"] for row in document["packages"]}
    assert "newer" in names
    assert "older" not in names
    assert names["numpy"] == "2.2.0", "pip's constraints hold"
    assert "hush-4711" not in plan.out + plan.err
    done = elsewhere.run("apply", "--yes", "--json", "--backend", backend, python=elsewhere.minor)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    said = subprocess.run(
        [elsewhere.root / "current" / "bin" / "python", "-I", "-c", "import sys, newer; print(sys.version)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith(f"{elsewhere.minor}.")
    again = elsewhere.run("apply", "--yes", "--json", "--backend", backend, python=elsewhere.minor)
    assert (again.code, again.document["status"]) == (0, "already-done"), again.err
    kept = [path for path in elsewhere.root.rglob("*") if path.is_file() and b"hush-4711" in path.read_bytes()]
    assert kept == []


def test_the_proxy_and_the_certificates_of_pip_alone_lead_to_a_build_for_it(tmp_path, wheels):
    """Planned and not installed: the Python may be any file, and the index answers by pip's proxy over TLS alone."""
    minor = "3.12" if MINOR != "3.12" else "3.13"
    (tmp_path / "20261110").mkdir()
    file = tmp_path / "20261110" / f"cpython-{minor}.1.tar.gz"
    file.write_bytes(b"a Python")
    (tmp_path / "list.json").write_text(listing(file, tmp_path.as_uri(), sha256="0" * 64, version=f"{minor}.1"))
    release = next(wheels[0].glob("torch-*")).name.split("-")[1].partition("+")[0]
    make_wheels(tmp_path / "index", release, tag=f"cp{minor.replace('.', '')}")
    with FaultServer(tmp_path / "index") as server:
        server.holds = {r"^plain\.example$": {"torch", "numpy", "pip"}}
        lab = FaultLab(tmp_path, server, wheels[1])
        authority = lab.env.pop("SSL_CERT_FILE")
        lab.env = {name: value for name, value in lab.env.items() if "proxy" not in name.lower()}
        lab.env |= {
            "UV_PYTHON_DOWNLOADS_JSON_URL": (tmp_path / "list.json").as_uri(),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "https://plain.example/simple",
            "PIP_PROXY": server.base.replace("//", "//me:hush-4711@"),
            "PIP_CERT": authority,
        }
        words = ("plan", "--cpu", "--python", minor, "--machine", str(wheels[1]), "--source", "pip-config", "--json")
        ended = lab.say(*words, "--env", str(lab.root), timeout=300)
    assert ended.code == 0, ended.err
    assert (ended.document["python"]["source"], ended.document["build"]["python"]) == ("managed", minor)
    assert {row["name"] for row in ended.document["packages"]} == {"torch", "numpy", "pip", "cpython"}
    assert "hush-4711" not in ended.out + ended.err
