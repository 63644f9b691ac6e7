"""Offline folders of made-up wheels: made, carried to where no network is, installed, proved, and done again."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from helpers.bundle_lab import BundleLab, sha256, tree, write_plan
from helpers.make_wheels import make_wheel, unpack
from helpers.program import PROGRAM

NO_ROUTE = ("unshare", "-n")


def without_network() -> str:
    """Return why no network can be taken away here, "" where it can."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return "there is no unshare here to take the network away"
    tried = subprocess.run([*NO_ROUTE, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "taking the network away needs root"


@pytest.fixture
def lab(tmp_path):
    return BundleLab(tmp_path)


def test_a_bundle_is_written_and_lists_everything(lab):
    made = lab.make()
    assert made.code == 0, made.err
    listed = {row["path"]: row for row in made.document["files"]}
    assert made.document == json.loads((lab.bundle / "bundle.json").read_text("utf-8"))
    assert set(listed) == set(tree(lab.bundle)) - {"bundle.json", "wheels", "tools"}
    assert {"plan.toml", "pylock.lab.toml", "README.txt", "run.sh", "run.cmd"} <= set(listed)
    assert all(
        (row["size"], row["sha256"]) == ((lab.bundle / path).stat().st_size, sha256(lab.bundle / path))
        for path, row in listed.items()
    )
    assert sum(path.startswith("wheels/") for path in listed) == 3
    assert "url" not in (lab.bundle / "pylock.lab.toml").read_text("utf-8")
    before = tree(lab.bundle)
    again = lab.make()
    assert again.code == 0, again.err
    assert tree(lab.bundle) == before


def test_it_installs_where_there_is_no_network_for_another_user_in_a_chinese_folder(lab, tmp_path):
    if reason := without_network():
        pytest.skip(reason)
    assert lab.make().code == 0
    home = tmp_path / "另一个用户"
    place = home / "离线 文件夹"
    shutil.copytree(lab.bundle, place)
    shutil.rmtree(lab.bundle)
    shutil.rmtree(lab.wheels)
    root = home / "环境"
    env = {**lab.env, "HOME": str(home), "LANG": "C.UTF-8"}
    words = ("apply", "--bundle", place, "--offline", "--machine", lab.machine, "--env", root, "--json")
    ended = subprocess.run(
        [*NO_ROUTE, *PROGRAM, *map(str, words)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert (outcome["status"], outcome["changed"]) == ("done", True)
    before = tree(place)
    again = subprocess.run(
        [*NO_ROUTE, *PROGRAM, *map(str, words)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    second = json.loads(again.stdout)
    assert (again.returncode, second["status"], second["changed"], second["fetched_bytes"]) == (
        0,
        "already-done",
        False,
        0,
    )
    assert tree(place) == before, "the folder is only read"
    version = subprocess.run(
        [root / "current" / "bin" / "python", "-I", "-c", "import torch; print(torch.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.strip() == "2.13.0+cpu"


def test_its_script_needs_nothing_but_a_python(lab, tmp_path):
    if reason := without_network():
        pytest.skip(reason)
    assert lab.make().code == 0
    tools = tmp_path / "path"
    tools.mkdir()
    (tools / f"python{sys.version_info.major}.{sys.version_info.minor}").symlink_to(os.path.realpath(sys.executable))
    env = {"HOME": str(lab.home), "LANG": "C.UTF-8", "PATH": f"{tools}:/usr/bin:/bin"}
    words = ["sh", lab.bundle / "run.sh", "--env", lab.root, "--machine", lab.machine, "--json"]
    ended = subprocess.run(
        [*NO_ROUTE, *words], env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["status"] == "done"


def test_a_plan_is_applied_from_the_folder_that_was_named_and_then_there_is_nothing_to_do(lab):
    words = (lab.plan, "--source", lab.wheels)
    dry = lab.apply(*words, "--dry-run")
    assert (dry.code, dry.document["status"], dry.document["changed"]) == (0, "planned", True)
    assert dry.document["fetched_bytes"] == sum(path.stat().st_size for path in lab.wheels.iterdir())
    assert not lab.root.exists()
    first = lab.apply(*words)
    assert (first.code, first.document["status"]) == (0, "done"), first.err
    assert first.document["verification"]["level"] == "import", "as deep as the plan says"
    second = lab.apply(*words)
    assert (second.document["status"], second.document["changed"], second.document["fetched_bytes"]) == (
        "already-done",
        False,
        0,
    )


def test_the_plan_that_is_expected_is_named_by_its_file_or_by_its_id(lab):
    words = (lab.plan, "--source", lab.wheels, "--dry-run")
    assert lab.apply(*words, "--expect-plan", f"sha256:{sha256(lab.plan)}").code == 0
    assert lab.make().code == 0
    planned = lab.run("plan", "--bundle", lab.bundle, "--machine", lab.machine, "--env", lab.root, "--json")
    assert planned.code == 0, planned.err
    assert planned.document["source"]["kind"] == "bundle"
    assert lab.apply(*words, "--expect-plan", f"sha256:{planned.document['id']}").code == 0, (
        "the same bytes by any road"
    )
    wrong = lab.apply(*words, "--expect-plan", "sha256:" + "0" * 64)
    assert (wrong.code, wrong.document["error"]["code"]) == (18, "plan-unexpected")


def test_a_folder_and_the_plan_that_it_was_made_of_go_together(lab, tmp_path):
    assert lab.make().code == 0
    words = ("--bundle", lab.bundle, "--offline", "--dry-run")
    digest = f"sha256:{sha256(lab.plan)}"
    assert lab.apply(lab.plan, *words, "--expect-plan", digest).code == 0
    other = BundleLab(tmp_path / "other", release="2.14.0")
    strange = lab.apply(other.plan, *words)
    assert (strange.code, strange.document["error"]["code"]) == (18, "plan-unexpected")
    rebuilt = BundleLab(tmp_path / "rebuilt")
    wheel = next(iter(rebuilt.wheels.glob("numpy-*")))
    wheel.write_bytes(wheel.read_bytes() + b"more")
    again = write_plan(rebuilt.folder, sorted(rebuilt.wheels.iterdir()))
    assert lab.apply(again, *words).code == 18, "the same names, other bytes"


def test_offline_asks_nobody_though_the_index_would_answer(lab):
    """The index is there and would answer; --offline does not even try."""
    from helpers.loopback import loopback

    with loopback() as server:
        server.index("/whl/cpu", "torch", ["torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"])
        ended = lab.apply("--yes", "--cpu", "--offline", "--source", server.url + "/whl")
        assert (ended.code, ended.document["error"]["code"]) == (14, "offline")
        assert server.asked == []
    assert not lab.root.exists()


def test_a_web_server_in_the_room_is_enough(lab):
    """Any listing of the wheels serves a plan whose addresses are elsewhere: the hashes are the plan's."""
    from helpers.loopback import Answer, loopback

    with loopback() as server:
        files = sorted(lab.wheels.iterdir())
        server.page("/room/", "".join(f'<a href="{file.name.replace("+", "%2B")}">{file.name}</a>' for file in files))
        for file in files:
            server.answers[f"/room/{file.name.replace('+', '%2B')}"] = Answer(file.read_bytes(), kind="application/zip")
        ended = lab.apply(lab.plan, "--source", server.url + "/room")
    assert (ended.code, ended.document["status"]) == (0, "done"), ended.err


def test_a_folder_of_somebody_else_is_left_alone(lab):
    lab.bundle.mkdir()
    (lab.bundle / "thesis.txt").write_text("all of it")
    ended = lab.make()
    assert ended.code == 13
    assert tree(lab.bundle) == {"thesis.txt": sha256(lab.bundle / "thesis.txt")}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here to sign with")
def test_a_signature_counts_when_the_administrator_names_who_may_sign(lab, tmp_path):
    keys = {name: tmp_path / name for name in ("admin", "stranger")}
    for name, path in keys.items():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"admin@lab {(tmp_path / 'admin.pub').read_text()}")
    words = ("--bundle", lab.bundle, "--offline", "--dry-run", "--allowed-signers", signers)
    assert lab.make().code == 0
    assert lab.apply(*words).code == 18, "nobody signed it"
    assert lab.make("--sign", keys["stranger"]).code == 0
    assert lab.apply(*words).code == 17, "a stranger signed it"
    assert lab.make("--sign", keys["admin"]).code == 0
    assert lab.apply(*words).code == 0
    manifest = lab.bundle / "bundle.json"
    manifest.write_text(manifest.read_text() + " ")
    assert lab.apply(*words).code == 17, "it was changed after it was signed"


def test_the_environment_is_compared_with_the_plan(lab):
    def verify(*more):
        return lab.run("verify", "--plan", lab.plan, "--env", lab.root, "--json", *more)

    nothing = verify()
    assert (nothing.code, nothing.document["passed"]) == (21, False), nothing.err
    assert lab.apply(lab.plan, "--source", lab.wheels).code == 0
    same = verify()
    assert (same.code, same.document["verdict"], same.document["level"]) == (0, "pass", "import"), same.err
    assert verify("--level", "files").code == 0
    site = next(iter(lab.root.glob("gens/0001/lib/python3*/site-packages")))
    shutil.rmtree(site / "numpy-2.3.0.dist-info")
    missing = verify()
    assert missing.code == 21
    assert any(row["status"] == "fail" and "numpy" in row["text"] for row in missing.document["checks"])
    assert lab.run("verify", "--plan", lab.plan, "--env", lab.root, "--exit-codes", "windows").code == 1603 % 256
    healed = lab.apply(lab.plan, "--source", lab.wheels)
    assert (healed.code, healed.document["status"], healed.document["changed"]) == (0, "done", True)
    assert verify().code == 0


def test_another_release_in_the_plan_is_drift(lab, tmp_path):
    assert lab.apply(lab.plan, "--source", lab.wheels).code == 0
    other = BundleLab(tmp_path / "next", release="2.14.0")
    ended = lab.run("verify", "--plan", other.plan, "--env", lab.root, "--level", "files", "--json")
    assert ended.code == 21
    assert any("2.14.0" in row["text"] for row in ended.document["checks"])


def test_what_the_user_added_comes_along_where_the_plan_holds_what_it_needs(lab, tmp_path):
    """A plan of somebody's is not added to: who needs more than it holds is named, and stays behind only by a word."""
    assert lab.apply(lab.plan, "--source", lab.wheels).code == 0
    site = next(iter(lab.root.glob("gens/0001/lib/python3*/site-packages")))
    for name, needs in (
        ("fits", "numpy>=2"),
        ("elsewhere", 'absent; sys_platform == "win32"'),
        ("needs_more", "absent"),
    ):
        unpack(make_wheel(tmp_path / "own", name, "1.0", requires=[needs]), site)
    other = BundleLab(tmp_path / "next", release="2.14.0")
    words = (other.plan, "--source", other.wheels)
    stopped = lab.apply(*words)
    assert (stopped.code, stopped.document["error"]["code"]) == (18, "not-carried")
    assert "needs-more 1.0" in stopped.document["error"]["title"]
    assert (lab.root / "current").readlink().name == "0001"
    moved = lab.apply(*words, "--leave-out")
    assert (moved.code, moved.document["status"]) == (0, "done"), moved.err
    there = {path.name for path in lab.root.glob("gens/0002/lib/python3*/site-packages/*")}
    assert {"fits", "elsewhere"} <= there
    assert "needs_more" not in there
