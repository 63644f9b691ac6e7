"""A whole install by the real program against a loopback internet: made-up wheels, a root, and what was kept."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.fault_server import FaultServer
from helpers.make_wheels import make_wheel, random_bytes
from helpers.program import Ended, environment

PAYLOAD = 3 << 20
"""Bytes of the made-up torch: enough for a line to break in the middle."""
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cp{MINOR.replace('.', '')}"

# The benchmark runs in the environment and finds this torch: it lets every stage after the import be passed.
_TORCH = """
import sys
import types

__version__ = "{version}"
version = types.SimpleNamespace(cuda=None, hip=None, xpu=None)


class Tensor:
    pass


def get_num_threads():
    return 2


program = sys.modules.get("benchmark.program")
for name, row in getattr(program, "STAGES", {{}}).items():
    if name != "import":
        program.STAGES[name] = (lambda bench, note: None, *row[1:])
if program is not None:
    program.Bench.tidy = lambda bench: None
"""


def make_wheels(
    folder: Path, release: str, variant: str = "cpu", *, more: str = "", payload: int = PAYLOAD, tag: str = TAG
) -> list[Path]:
    """Write the wheels of an install: torch, and what comes along with every torch.

    `more` is run by the import of that torch: it may change what the stages of the benchmark find.
    """
    return [
        make_torch(folder, f"{release}+{variant}", more=more, payload=payload, tag=tag),
        make_wheel(folder, "numpy", "2.3.0", files={"numpy/__init__.py": b"__version__ = '2.3.0'\n"}),
        make_wheel(folder, "pip", "26.3", files={"pip/__init__.py": b"__version__ = '26.3'\n"}),
    ]


def make_torch(
    folder: Path, version: str, *, more: str = "", payload: int = PAYLOAD, tag: str = TAG, requires: Sequence[str] = ()
) -> Path:
    """Write the wheel of a torch; `version` is "2.15.0+cu126", `payload` the bytes of its largest file."""
    body = {f"torch/m{number:03d}.py": f"X = {number}\n".encode() for number in range(60)}
    body["torch/__init__.py"] = (_TORCH.format(version=version) + more).encode()
    body["torch/version.py"] = f'__version__ = "{version}"\n'.encode()
    body["torch/lib/libtorch_cpu.so"] = random_bytes(payload, seed=3)
    return make_wheel(
        folder, "torch", version, tag=f"{tag}-{tag}-manylinux_2_28_{os.uname().machine}", files=body, requires=requires
    )


def look(folder: Path) -> tuple[Path, str]:
    """Return a Machine document of this computer with one Python, and the torch that is recommended for it."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    env = environment(home)
    machine = json.loads(_program(["detect", "--json"], env).out)
    own = [python for python in machine["pythons"] if python["version"].startswith(f"{MINOR}.")]
    machine.update(pythons=own[:1], torches=[], gpus=[], nvidia_driver=None)
    file = folder / "machine.json"
    file.write_text(json.dumps(machine), encoding="utf-8")
    decided = _program(["recommend", "--machine", str(file), "--cpu", "--json"], env)
    return file, str(json.loads(decided.out)["build"]["torch"])


def _program(
    words: list[str],
    env: Mapping[str, str],
    timeout: float = 120,
    *,
    cwd: Path | None = None,
    before: tuple[str, ...] = (),
) -> Ended:
    # -I: a variable for Python itself is the business of who starts the program; its children are what is tested
    done = subprocess.run(
        [*before, sys.executable, "-I", "-m", "setupwizard", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
        env=dict(env),
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Lab:
    """One install: where it goes, what it sees of the network, and how patient it is.

    Attributes:
        root: the environment's root; a row may move it.
        env: the variables that the program gets; all requests go to the server.
        source: the words that say from where; none: all known ones.
        cwd: the current folder of the program.
        at_end: called after the test, last one first.
    """

    def __init__(self, folder: Path, server: FaultServer, machine: Path) -> None:
        self.folder, self.server, self.machine = folder, server, machine
        self.root = folder / "root"
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        authority = server.write_authority(folder / "authority.pem")
        clean = {
            name: value
            for name, value in environment(home).items()
            if not name.lower().endswith("_proxy") and not name.startswith(("PIP_", "UV_", "REQUESTS_", "CURL_"))
        }
        self.env = {
            **clean,
            "HTTP_PROXY": server.base,
            "HTTPS_PROXY": server.base,
            "http_proxy": server.base,
            "SSL_CERT_FILE": str(authority),
            "SETUPWIZARD_PATIENCE": "0.05",
        }
        self.cwd = folder
        self.at_end: list[Callable[[], object]] = []
        self.source: tuple[str, ...] = ("--source", "official")

    def argv(self, *more: str) -> list[str]:
        return ["apply", "--yes", "--cpu", "--machine", str(self.machine), *self.source, "--env", str(self.root), *more]

    def apply(self, *more: str, before: tuple[str, ...] = (), timeout: float = 120) -> Ended:
        """Install, with events; `before` is a program that starts ours."""
        return _program(self.argv("--events", *more), self.env, timeout, cwd=self.cwd, before=before)

    def start(self, *more: str) -> subprocess.Popen[str]:
        """Start an install with events and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "setupwizard", *self.argv("--events", *more)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.env,
        )

    def say(self, *words: str, timeout: float = 60) -> Ended:
        """Run any other verb."""
        return _program(list(words), self.env, timeout)

    @property
    def current(self) -> str | None:
        """The generation that the pointer leads to, if it can be used."""
        pointer = self.root / "current"
        return pointer.resolve().name if (pointer / "bin" / "python").exists() else None

    @property
    def generations(self) -> list[str]:
        folder = self.root / "gens"
        return sorted(place.name for place in folder.glob("[0-9]" * 4)) if folder.is_dir() else []

    def kept(self) -> dict[str, int]:
        """Return what the store holds: "part" or the name of a wheel, and how many bytes; a program may be at work."""
        found = {}
        for place in self.root.glob("store/*/*"):
            if not place.name.endswith((".json", ".json.tmp")):
                with contextlib.suppress(FileNotFoundError):  # a part that is whole is given its name
                    found[place.name] = place.stat().st_size
        return found

    def works(self) -> bool:
        """Whether the environment in use starts its torch."""
        python = self.root / "current" / "bin" / "python"
        words = [str(python), "-I", "-c", "import torch; print(torch.__version__)"]
        return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0


def outcome_of(ended: Ended) -> dict[str, Any]:
    """Return the last event: how it ended."""
    lines = ended.out.splitlines()
    assert lines, f"no line on standard output; exit {ended.code}: {ended.err}"
    last: dict[str, Any] = json.loads(lines[-1])
    assert last["event"] == "outcome", last
    return last


def notes_of(ended: Ended) -> list[str]:
    """Return what the fetcher told on its way."""
    return [event["text"] for event in ended.events if event["event"] == "output" and event["id"] == "fetch"]
