"""Ansible as an administrator runs it: the collection built and installed, a play in the network of the lab."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.lab import Lab

TOP = Path(__file__).resolve().parent.parent.parent
COLLECTION = TOP / "packaging" / "ansible"
ANSIBLE = Path(os.environ.get("SETUPWIZARD_ANSIBLE", TOP / "build" / "ansible")) / "bin"
_RECAP = re.compile(r"^(\S+)\s+: (ok=.*)$", re.MULTILINE)


def ansible(name: str, *words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run one of Ansible's programs, which has to succeed; return what it printed."""
    done = subprocess.run(
        [str(ANSIBLE / name), *map(str, words)],
        capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **(env or {})}, cwd=cwd,
    )  # fmt: skip
    assert done.returncode == 0, f"{name} {words}: {done.stdout}{done.stderr}"
    return done.stdout


def install_collection(folder: Path) -> Path:
    """Build the collection and install it; return the folder for ANSIBLE_COLLECTIONS_PATH."""
    ansible("ansible-galaxy", "collection", "build", COLLECTION, "--output-path", folder / "built")
    (archive,) = (folder / "built").glob("*.tar.gz")
    ansible("ansible-galaxy", "collection", "install", "--offline", archive, "-p", folder / "collections")
    return folder / "collections"


@dataclass(frozen=True)
class Played:
    """How a play ended.

    Attributes:
        recap: for each host the counts of Ansible: ok, changed, unreachable, failed.
        results: for each host what the task torch_env returned.
    """

    code: int
    out: str
    recap: dict[str, dict[str, int]]
    results: dict[str, dict[str, Any]]

    def changed(self) -> set[str]:
        return {host for host, counts in self.recap.items() if counts["changed"]}

    def broken(self) -> set[str]:
        return {host for host, counts in self.recap.items() if counts["failed"] or counts["unreachable"]}


class Player:
    """Runs plays against a lab."""

    def __init__(self, lab: Lab, collections: Path, inventory: Path) -> None:
        self.lab = lab
        self.inventory = inventory
        self.env = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_HOME": str(lab.folder / "ansible"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(lab.folder / "cp"),
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "PATH": f"{ANSIBLE}:{os.environ['PATH']}",
        }

    def start(self, playbook: Path, *words: str) -> subprocess.Popen[str]:
        """Begin a play."""
        return subprocess.Popen(
            self.lab.inside([ANSIBLE / "ansible-playbook", "-i", self.inventory, playbook, *words]),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, running: subprocess.Popen[str], timeout: float = 600) -> Played:
        """Wait for a play."""
        out = running.communicate(timeout=timeout)[0]
        recap = {
            match[1]: {name: int(count) for name, count in (pair.split("=") for pair in match[2].split())}
            for match in _RECAP.finditer(out)
        }
        folder = self.lab.folder / "results"
        results = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
        return Played(running.returncode, out, recap, results)

    def play(self, playbook: Path, *words: str) -> Played:
        """Run a play to its end."""
        return self.finish(self.start(playbook, *words))
