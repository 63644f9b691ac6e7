"""What a copy of the program says of itself, whole and with parts missing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from helpers.program import environment, run
from setupwizard.codes import SelfTestId
from setupwizard.resources import resource

TOP = Path(__file__).resolve().parents[2]
CHECKS = list(SelfTestId.__args__)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the program and its data; it starts its own children from the true one."""
    folder = tmp_path / "copy"
    for name in ("src", "resources"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def examine(copy: Path, tmp_path: Path) -> tuple[int, dict[str, dict[str, str]]]:
    file = tmp_path / "said.json"
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from setupwizard.__main__ import console; console()"
    done = subprocess.run(
        [sys.executable, "-c", code, copy / "src", "--self-test", "--json", file],
        env={**os.environ, **environment(tmp_path / "home")},
        capture_output=True,
        timeout=200,
        check=False,
    )
    said = json.loads(file.read_text("utf-8"))
    assert said["passed"] is (done.returncode == 0), done.stderr
    return done.returncode, {check["id"]: check for check in said["checks"]}


def test_a_whole_copy_says_what_it_is_made_of(tmp_path):
    file = tmp_path / "said.json"
    ended = run("--self-test", "--json", file, env=environment(tmp_path / "home"))
    assert ended.code == 0, ended.out + ended.err
    said = json.loads(file.read_text("utf-8"))
    jsonschema.validate(said, json.loads(resource("schema", "selftest.schema.json").read_text("utf-8")))
    assert said["passed"]
    assert not said["packaged"]
    assert [check["id"] for check in said["checks"]] == CHECKS
    assert {check["status"] for check in said["checks"]} == {"pass"}
    parts = {part["name"]: part["version"] for part in said["parts"]}
    assert {"uv", "pip", "msgspec", "pyside6_essentials"} <= {name.replace("-", "_") for name in parts}
    assert parts["uv"] in next(check["text"] for check in said["checks"] if check["id"] == "uv")


def test_it_speaks_to_people_in_both_languages(tmp_path):
    english = run("--self-test", env=environment(tmp_path / "home"))
    assert "This copy of the program is complete." in english.out
    assert all(check in english.out for check in CHECKS)
    chinese = run("--self-test", "--lang", "zh_CN", env=environment(tmp_path / "home"))
    assert chinese.code == 0
    assert "complete" not in chinese.out


@pytest.mark.parametrize(
    ("gone", "check"),
    [
        ("resources/gpus.json", "resources"),
        ("resources/report.html.j2", "resources"),
        ("src/setupwizard/child/__main__.py", "resources"),
        ("src/setupwizard/child/benchmark/training.py", "resources"),
        ("resources/locale/zh_CN/LC_MESSAGES/setupwizard.mo", "languages"),
    ],
)
def test_a_copy_that_lacks_a_part_says_which(gone, check, copy, tmp_path):
    (copy / gone).unlink()
    code, checks = examine(copy, tmp_path)
    assert code == 1
    assert [name for name, one in checks.items() if one["status"] == "fail"] == [check]


def test_a_copy_that_lacks_nothing_passes(copy, tmp_path):
    code, _checks = examine(copy, tmp_path)
    assert code == 0


def test_a_document_that_cannot_be_written_is_told(tmp_path):
    ended = run("--self-test", "--json", tmp_path / "no" / "folder.json", env=environment(tmp_path / "home"))
    assert ended.code == 13
