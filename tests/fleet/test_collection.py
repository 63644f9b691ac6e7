"""The collection for Ansible: it builds, its words are whole, and Windows gets the right command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fleet.play import ANSIBLE, COLLECTION, ansible

APPLY = {
    "status": "done",
    "changed": True,
    "generation": "0001",
    "fetched_bytes": 7,
    "verification": {"verdict": "pass"},
}


def on_windows(
    collections: Path, options: dict[str, Any], document: object, *, code: int | None = 0, check: bool = False
) -> dict[str, Any]:
    """Return what the task sent to a computer with Windows, and what it made of the answer."""
    answer = {"rc": code, "stdout": json.dumps(document) if document is not None else "", "stderr": ""}
    script = Path(__file__).with_name("windows_target.py")
    done = subprocess.run(
        [ANSIBLE / "python", script, json.dumps(options), json.dumps(answer), json.dumps(check)],
        capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(collections), "ANSIBLE_COLLECTIONS_PATH": str(collections)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("name", ["torch_env", "torch_facts"])
def test_every_option_of_a_task_has_its_words(collections: Path, name: str) -> None:
    env = {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    document = json.loads(ansible("ansible-doc", "--json", f"setupwizard.lab.{name}", env=env))
    words = set(document[f"setupwizard.lab.{name}"]["doc"]["options"])
    code = (
        f"from ansible_collections.setupwizard.lab.plugins.action import {name} as p\n"
        "import json; print(json.dumps(sorted(getattr(p, 'SPEC', {'exe': 0, 'recommend': 0}))))"
    )
    done = subprocess.run(
        [ANSIBLE / "python", "-c", code], capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(collections)},
    )  # fmt: skip
    assert words == set(json.loads(done.stdout))


def test_windows_gets_a_list_of_words_and_no_shell(collections: Path) -> None:
    options = {
        "plan": r"C:\my lab\plan.toml",
        "root": r"C:\pytorch",
        "scope": "machine",
        "exe": [r"C:\a b\setupwizard.exe"],
    }
    told = on_windows(collections, options, APPLY)
    (sent,) = told["sent"]
    assert sent["module"] == "ansible.windows.win_command"
    assert sent["args"] == {
        "argv": [
            r"C:\a b\setupwizard.exe", "apply", r"C:\my lab\plan.toml", "--env", r"C:\pytorch", "--scope", "machine",
            "--json", "--quiet",
        ]
    }  # fmt: skip
    assert told["result"]["changed"]
    assert told["result"]["verdict"] == "pass"


def test_check_mode_asks_the_program_for_its_own_dry_run(collections: Path) -> None:
    planned = {"status": "planned", "changed": False, "current": "0001", "generation": "0002"}
    told = on_windows(collections, {"recommended": True}, planned, check=True)
    (sent,) = told["sent"]
    assert "--dry-run" in sent["args"]["argv"]
    assert not sent["check_mode"]  # else Ansible would not run it at all
    assert told["check_mode"]  # and it is as it was afterwards
    assert told["result"]["changed"]
    assert told["result"]["diff"]["before"] == "environment 0001\n"


def test_a_restart_that_is_needed_is_no_failure(collections: Path) -> None:
    told = on_windows(collections, {"recommended": True}, {**APPLY, "reboot": True}, code=23)
    assert told["result"]["reboot_required"]
    assert "failed" not in told["result"]


@pytest.mark.parametrize(
    ("document", "code", "says"),
    [
        ({"status": "failed", "error": {"title": "No room", "advice": "Free some."}}, 12, "No room. Free some."),
        ({"id": "usage", "title": "The plan is damaged", "advice": ""}, 2, "The plan is damaged"),
        (None, 1, "exit code 1"),
        (None, None, "did not start"),
    ],
)  # fmt: skip
def test_a_failure_says_what_the_program_said(collections: Path, document: object, code: int | None, says: str) -> None:
    told = on_windows(collections, {"recommended": True}, document, code=code)
    assert told["result"]["failed"]
    assert says in told["result"]["msg"]


def test_what_was_not_proved_is_never_green(collections: Path) -> None:
    proof = {
        "verdict": "not-verified",
        "checks": [{"status": "not-run", "text": "No card was seen.", "advice": "Log on."}],
    }
    told = on_windows(collections, {"plan": "p", "state": "verified"}, proof, code=20)
    assert told["result"]["failed"]
    assert told["result"]["msg"] == "No card was seen. Log on."
    assert told["sent"][0]["args"]["argv"][:2] == ["setupwizard", "verify"]


@pytest.mark.slow
def test_ansible_lint_has_nothing_to_say(collections: Path, tmp_path: Path) -> None:
    place = tmp_path / "ansible_collections" / "setupwizard" / "lab"
    shutil.copytree(COLLECTION, place)
    subprocess.run(
        ["git", "init", "--quiet", str(place)], check=True, timeout=60
    )  # lint looks for the top of a project
    env = {
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path),
        "PATH": f"{ANSIBLE}:{os.environ['PATH']}",
        "ANSIBLE_HOME": str(tmp_path / "home"),
    }
    ansible("ansible-lint", "--offline", "--nocolor", cwd=place, env=env)
