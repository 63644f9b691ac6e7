"""A lab with the server of its room at work: what the tests and the benchmark of a lab stand on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fleet.lab import CENTRE, Host, Lab, lab

PORT = 8321
SECRET = "canary-3f9c"
"""The password of the room's proxy: it must never be seen anywhere."""
_AUTHORITY = "etc/ssl/room.pem"
TESTS = Path(__file__).resolve().parent.parent


class Room:
    """The lab, its server, and how a host is told about it."""

    def __init__(self, made: Lab, folder: Path) -> None:
        self.lab = made
        self.authority = folder / "authority.pem"
        self._requests = folder / "requests.jsonl"

    @property
    def environment(self) -> dict[str, str]:
        """What a login finds: the proxy with its password, its authority, and short patience."""
        proxy = f"http://lab:{SECRET}@{CENTRE}:{PORT}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
        return {**dict.fromkeys(names, proxy), "SSL_CERT_FILE": f"/{_AUTHORITY}", "SETUPWIZARD_PATIENCE": "0.3"}

    def add(self, name: str, *, disk: str = "600m", **more: str) -> Host:
        """Add a host that knows the room; `more` is what else its logins find in their environment."""
        files = {_AUTHORITY: self.authority.read_bytes()}
        return self.lab.add(name, disk=disk, environment={**self.environment, **more}, files=files)

    def requests(self) -> list[dict[str, Any]]:
        """Return what the server was asked so far, without what the resolvers read."""
        time.sleep(0.2)  # the server writes its list twenty times a second
        lines = [json.loads(line) for line in self._requests.read_text("utf-8").splitlines()]
        return [line for line in lines if "/files/" in line["path"] and not line["path"].endswith(".metadata")]


@contextmanager
def room(folder: Path, wheels: Path) -> Iterator[Room]:
    """A lab with a server that has these wheels; all is gone afterwards."""
    with lab(folder / "lab") as made:
        found = Room(made, folder)
        requests = folder / "requests.jsonl"
        argv = [sys.executable, "-m", "fleet.room", wheels, CENTRE, str(PORT), found.authority, requests]
        server = subprocess.Popen(made.inside(argv), env={**os.environ, "PYTHONPATH": str(TESTS)})
        try:
            end = time.monotonic() + 30
            while not found.authority.exists() or not requests.exists():
                assert server.poll() is None, "the server of the room did not start"
                assert time.monotonic() < end, "the server of the room did not start in time"
                time.sleep(0.05)
            yield found
        finally:
            server.kill()
            server.wait()
