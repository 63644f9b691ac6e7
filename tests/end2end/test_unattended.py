"""The contract for programs that call ours: scope, exit codes in both styles, and documents."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from helpers.bundle_lab import BundleLab
from helpers.program import PROGRAM
from setupwizard.codes import EXIT_CODES, STEP_IDS
from setupwizard.errors import SetupError
from setupwizard.resources import resource
from setupwizard.sentences import SENTENCES

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return BundleLab(tmp_path_factory.mktemp("lab"))


CONTRACT = {
    "ok": (0, 0), "internal": (1, 1603), "not-built": (1, 1603), "usage": (2, 87), "unsupported": (10, 1633),
    "driver": (11, 1603), "disk": (12, 112), "access": (13, 5), "network": (14, 1618), "proxy-tls": (15, 1603),
    "not-found": (16, 1603), "integrity": (17, 1603), "plan": (18, 1603), "busy": (19, 1618),
    "verify-failed": (20, 1603), "drift": (21, 1603), "cancelled": (22, 1602), "reboot": (23, 3010),
}  # fmt: skip


def test_every_exit_code_is_the_contracts_in_both_styles():
    assert EXIT_CODES == CONTRACT


@pytest.mark.parametrize("code", SENTENCES)
def test_every_error_ends_in_a_code_of_the_contract(code):
    error = SetupError(code)
    assert (error.exit_code(), error.exit_code("windows")) == CONTRACT[error.exit_id]


# what a call ends with: POSIX keeps the last eight bits of a number of Windows, so the document tells it whole
CALLS = {
    "usage": (2, 87, ("apply", "--yes", "--events", "--json")),
    "usage: unknown verb": (2, 87, ("dance",)),
    "plan": (18, 1603, ("apply", "/nowhere/plan.toml", "--json")),
    "unsupported": (10, 1633, ("apply", "--yes", "--torch", "==9.9", "--json")),
    "network": (14, 1618, ("apply", "--yes", "--cpu", "--offline", "--source", "official", "--json")),
    "nothing there": (2, 87, ("verify", "--env", "/nowhere/env")),
    "remove of nothing": (0, 0, ("remove", "--env", "/nowhere/env")),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_ends_with_the_number_of_its_style(name, lab):
    posix, windows, words = CALLS[name]
    machine = ("--machine", lab.machine) if words[0] == "apply" else ()
    env = () if "--env" in words or words[0] == "dance" else ("--env", lab.root)
    assert lab.run(*words, *machine, *env).code == posix
    ended = lab.run(*words, *machine, *env, "--exit-codes", "windows")
    assert ended.code == windows % 256
    if words[0] == "apply" and ended.out.strip():
        document = json.loads(ended.out)
        if "exit" in document:
            assert document["exit"] == windows


@pytest.mark.skipif(not ROOT, reason="an environment for everybody is made by root")
@pytest.mark.skipif(sys.platform == "win32", reason="asks for the rights of files as POSIX has them")
def test_what_is_for_everybody_can_be_read_by_everybody(lab):
    root = lab.folder / "for-all"
    words = ["apply", lab.plan, "--source", lab.wheels, "--machine", lab.machine, "--env", root, "--scope", "machine"]
    program = [sys.executable, "-c", "import os, sys; os.umask(0o077); os.execv(sys.argv[1], sys.argv[1:])"]
    ended = subprocess.run(
        [*program, *PROGRAM, *map(str, words)],
        env=lab.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    for place in (
        root,
        root / "activate",
        root / "gens" / "0001",
        *root.glob("gens/0001/lib/python3*/site-packages/torch/*.py"),
    ):
        mode = place.stat().st_mode
        assert mode & stat.S_IROTH, place
        assert not mode & stat.S_IWOTH, place
        assert not place.is_dir() or mode & stat.S_IXOTH, place


@pytest.mark.skipif(sys.platform == "win32", reason="asks for the rights of files as POSIX has them")
def test_a_folder_in_which_everybody_writes_is_not_for_everybody(lab):
    shared = lab.folder / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    ended = lab.run("apply", lab.plan, "--scope", "machine", "--env", shared / "pytorch", "--machine", lab.machine)
    assert ended.code == 13
    assert str(shared) in ended.err
    assert list(shared.iterdir()) == []


def test_the_scope_decides_where_it_goes_when_nobody_says(lab):
    words = ("plan", "--bundle", lab.bundle, "--machine", lab.machine, "--json")
    assert lab.make().code == 0
    own = lab.run(*words)
    assert Path(own.document["root"]) == lab.home / "pytorch"
    everybody = lab.run("--scope", "machine", *words) if ROOT else None
    if everybody is not None:
        assert everybody.document["root"] == "/opt/pytorch", everybody.err


def test_every_line_of_a_real_run_fits_the_schema(lab):
    words = ("apply", lab.plan, "--source", lab.wheels, "--machine", lab.machine, "--env", lab.folder / "lines")
    ended = lab.run(*words, "--events")
    assert ended.code == 0, ended.err
    schema = json.loads(resource("schema", "event.schema.json").read_text("utf-8"))
    for line in ended.events:
        jsonschema.validate(line, schema)
    started = [line["id"] for line in ended.events if line["event"] == "step-started"]
    assert started == [line["id"] for line in ended.events if line["event"] == "step-finished"]
    assert started == [step for step in STEP_IDS if step in started]
    assert ended.events[-1]["event"] == "outcome"
