"""Ansible as an administrator runs it: the collection built and installed, a play in the network of the lab."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fleet.lab import Lab

TOP = Path(__file__).resolve().parent.parent.parent
PLAYBOOK = Path(__file__).with_name("site.yml")
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
        seconds: of the wall, and of the processor for Ansible itself.
        recap: for each host the counts of Ansible: ok, changed, unreachable, failed.
        results: for each host what the task torch_env returned.
    """

    code: int
    out: str
    seconds: tuple[float, float]
    recap: dict[str, dict[str, int]]
    results: dict[str, dict[str, Any]]

    def changed(self) -> set[str]:
        return {host for host, counts in self.recap.items() if counts["changed"]}

    def broken(self) -> set[str]:
        return {host for host, counts in self.recap.items() if counts["failed"] or counts["unreachable"]}


class Running(NamedTuple):
    """A play that has begun."""

    process: subprocess.Popen[str]
    began: float
    spent: float


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

    def start(self, wanted: Mapping[str, Any], *words: str) -> Running:
        """Begin the play of the tests, with what torch_env is asked for on every host."""
        folder = self.lab.folder / "results"
        return self._begin(PLAYBOOK, {"wanted": dict(wanted), "results": str(folder)}, *words)

    def playbook(self, name: str, variables: Mapping[str, Any], *words: str) -> Played:
        """Run a playbook of the collection to its end."""
        return self.finish(self._begin(COLLECTION / "playbooks" / name, variables, *words))

    def _begin(self, playbook: Path, variables: Mapping[str, Any], *words: str) -> Running:
        folder = self.lab.folder / "results"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        given = json.dumps(dict(variables))
        argv = [ANSIBLE / "ansible-playbook", "-i", self.inventory, playbook, "-e", given, *words]
        process = subprocess.Popen(
            self.lab.inside(argv),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Running(process, time.monotonic(), _children_seconds())

    def finish(self, running: Running, timeout: float = 900) -> Played:
        """Wait for a play."""
        out = running.process.communicate(timeout=timeout)[0]
        seconds = (time.monotonic() - running.began, _children_seconds() - running.spent)
        recap = {
            match[1]: {name: int(count) for name, count in (pair.split("=") for pair in match[2].split())}
            for match in _RECAP.finditer(out)
        }
        kept = (self.lab.folder / "results").glob("*.json")
        results = {path.stem: json.loads(path.read_text("utf-8")) for path in kept}
        return Played(running.process.returncode, out, seconds, recap, results)

    def play(self, wanted: Mapping[str, Any], *words: str) -> Played:
        """Run a play to its end."""
        return self.finish(self.start(wanted, *words))


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
