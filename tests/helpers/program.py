"""The program as a user runs it: a process of its own, with arguments, standard streams and an exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "setupwizard")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def at_home(home: object) -> dict[str, str]:
    """Return the variables that make a folder a person's home; platformdirs, not Windows, heeds the last one."""
    return {"HOME": str(home), "USERPROFILE": str(home), "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(home)}


def environment(home: object, **more: str) -> dict[str, str]:
    """Return our environment with another home, so that no log or setting of the tester takes part.

    Nor do the other Pythons that pyenv gave the tester: asking pip what it can get for each is half the time of a plan.
    """
    not_ours = ("SETUPWIZARD", "XDG_", "PYENV_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(not_ours)}
    path = {"PATH": os.pathsep.join((str(Path(sys.base_prefix, "bin")), own["PATH"]))} if os.name == "posix" else {}
    return {**own, **path, **at_home(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **more}


def start(*words: object, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the program with its streams in our hands."""
    return subprocess.Popen(
        [*PROGRAM, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=dict(env),
    )


def run(
    *words: object, env: Mapping[str, str], given: str | None = None, timeout: float = 300, cwd: object = None
) -> Ended:
    """Run the program to its end."""
    done = subprocess.run(
        [*PROGRAM, *map(str, words)],
        input=given if given is not None else "",
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=dict(env),
        timeout=timeout,
        cwd=None if cwd is None else str(cwd),
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def without_uv(*words: object, env: Mapping[str, str], scratch: Path) -> Ended:
    """Run the program where uv is a file that may not be executed, as a policy for programs leaves it."""
    import uv

    blocked = scratch / "blocked"
    blocked.write_bytes(b"")
    script = 'mount --bind "$1" "$2" || exit 99; shift 2; exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(blocked), uv.find_uv_bin(), *PROGRAM, *map(str, words)],
        capture_output=True,
        text=True,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def no_namespace() -> str | None:
    """Return why no folder can be mounted for one program alone here, None where it can."""
    if shutil.which("unshare") is None:
        return "no unshare"
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, check=False)
    return probe.stderr.strip() if probe.returncode else None
