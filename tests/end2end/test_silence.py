"""Looking at a computer and deciding about it sends nothing anywhere: the system's own list of calls says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.program import environment

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="looks at system calls, which strace shows on Linux"
    ),
    pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace here to watch the system calls"),
]


def connections(tmp_path: Path, *words: str) -> tuple[int, list[str]]:
    """Run a command; return how it ended and every attempt to reach another computer, of it and of all its children."""
    trace = tmp_path / "trace"
    watched = ["strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), *words]
    done = subprocess.run(
        watched,
        env=environment(tmp_path / "home"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    lines = trace.read_text("utf-8", "replace").splitlines()
    return done.returncode, [line for line in lines if "AF_INET" in line]


@pytest.mark.parametrize("verb", ["detect", "recommend"])
def test_looking_at_the_computer_reaches_nobody(tmp_path: Path, verb: str) -> None:
    code, reached = connections(tmp_path, sys.executable, "-m", "setupwizard", verb, "--json")
    assert (code, reached) == (0, [])


def test_a_connection_would_be_seen(tmp_path: Path) -> None:
    call = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    _code, reached = connections(tmp_path, sys.executable, "-c", call)
    assert len(reached) == 1
