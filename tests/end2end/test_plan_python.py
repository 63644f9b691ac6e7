"""A plan's file on a computer that has no Python of its kind: the plan brings one, counted, checked, and only once."""

import json
import subprocess
from pathlib import Path

import pytest

from helpers.bundle_lab import BundleLab, sha256
from helpers.python_mirror import (
    MINOR,
    PUBLISHER,
    VERSION,
    archive,
    give_another_python,
    interpreter_home,
    listing,
    mirrored,
)

HOME = interpreter_home()
pytestmark = pytest.mark.skipif(isinstance(HOME, str), reason=str(HOME))


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return archive(tmp_path_factory.mktemp("python"))


@pytest.fixture
def lab(tmp_path, packed):
    """Return a lab whose computer has another Python than the plan's, and a mirror that has the plan's."""
    made = BundleLab(tmp_path)
    with mirrored(made, packed) as server:
        made.server = server
        give_another_python(made)
        yield made


def _apply(lab, *more):
    return lab.apply(lab.plan, "--source", lab.wheels, *more)


def test_a_rehearsal_counts_it_and_writes_nothing(lab, packed):
    dry = _apply(lab, "--dry-run")
    assert (dry.code, dry.document["status"], dry.document["changed"]) == (0, "planned", True), dry.err
    wheels = sum(path.stat().st_size for path in lab.wheels.iterdir())
    assert dry.document["fetched_bytes"] == wheels + packed.stat().st_size
    assert not lab.root.exists()
    assert not [path for verb, path in lab.server.asked if verb == "GET" and "mirror" in path]


@pytest.mark.parametrize("backend", ["uv", "pip"])
def test_it_is_brought_named_in_the_plan_and_asked_for_only_once(lab, packed, backend):
    digest = f"sha256:{sha256(lab.plan)}"
    done = _apply(lab, "--backend", backend, "--expect-plan", digest)
    assert (done.code, done.document["status"]) == (0, "done"), done.err
    plan = json.loads(next((lab.root / "reports").glob("*.json")).read_text("utf-8"))["plan"]
    row = next(row for row in plan["packages"] if row["name"] == "cpython")
    assert (row["version"], row["sha256"], row["size"]) == (VERSION, sha256(packed), packed.stat().st_size)
    assert row["url"].startswith(lab.server.url)
    assert plan["python"] == {"version": MINOR, "source": "managed", "path": None}
    assert {row["name"] for row in plan["source"]["settings"]} == {
        "UV_PYTHON_DOWNLOADS_JSON_URL",
        "UV_PYTHON_INSTALL_MIRROR",
    }
    told = subprocess.run(
        [lab.root / "current" / "bin" / "python", "-I", "-c", "import sys; print(sys.base_prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(told.stdout.strip()).parent == lab.root / "pythons"
    asked = len(lab.server.asked)
    again = _apply(lab, "--backend", backend, "--expect-plan", digest, "--offline")
    assert (again.code, again.document["status"], again.document["fetched_bytes"]) == (0, "already-done", 0), again.err
    same = lab.run("verify", "--plan", lab.plan, "--env", lab.root, "--json")
    assert same.code == 0, same.err
    assert len(lab.server.asked) == asked


def test_it_comes_again_when_somebody_took_it_away(lab):
    assert _apply(lab).code == 0
    subprocess.run(["rm", "-r", lab.root / "pythons"], check=True)
    healed = _apply(lab)
    assert (healed.code, healed.document["status"], healed.document["changed"]) == (0, "done", True), healed.err


def test_an_archive_that_is_not_the_listed_one_is_never_unpacked(lab, packed):
    lab.server.page("/list.json", listing(packed, PUBLISHER, sha256="0" * 64), kind="application/json")
    ended = _apply(lab)
    assert (ended.code, ended.document["error"]["code"]) == (17, "hash-mismatch"), ended.err
    assert not list(lab.root.glob("pythons/cpython*"))
    assert not (lab.root / "current").exists()


@pytest.mark.parametrize("how", [(), ("--offline",)])
def test_the_truth_where_it_cannot_be_had(lab, how):
    lab.env["UV_PYTHON_INSTALL_MIRROR"] = "http://127.0.0.1:9/mirror"
    ended = _apply(lab, *how)
    assert (ended.code, ended.document["error"]["code"]) == (16, "python-missing"), ended.err
    assert ended.document["error"]["title"] == f"No Python {MINOR} was found, and none could be brought"
    assert not lab.root.exists()


def test_an_offline_folder_without_one_asks_nobody(lab):
    """Its promise is that everything comes from the folder: what is not in it is not fetched behind its back."""
    lab.env["UV_PYTHON_INSTALL_MIRROR"] = "http://127.0.0.1:9/mirror"
    made = lab.make()
    assert (made.code, made.document["python"]) == (0, []), made.err
    lab.env["UV_PYTHON_INSTALL_MIRROR"] = f"{lab.server.url}/mirror"
    asked = len(lab.server.asked)
    ended = lab.apply("--bundle", lab.bundle)
    assert (ended.code, ended.document["error"]["code"]) == (16, "python-missing"), ended.err
    assert len(lab.server.asked) == asked
