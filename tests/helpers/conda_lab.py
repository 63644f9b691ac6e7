"""A computer with a conda: a channel on the loopback address, an installation that knows it, and made-up wheels."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.conda_channel import Channel, fill
from helpers.conda_shim import install_shim
from helpers.program import Ended, environment, run
from helpers.wheel_server import WheelServer


class CondaLab:
    """A channel, an installation of conda that knows it, made-up wheels, and a machine that has both."""

    def __init__(self, folder: Path, server: WheelServer, wheels: Path, machine: dict) -> None:
        self.folder, self.server, self.wheels, self.document = folder, server, wheels, machine
        self.channel = fill(Channel(server.folder))
        self.root = folder / "root 环境"
        home = folder / "home"
        home.mkdir()
        self.env = {
            name: value
            for name, value in environment(home).items()
            if not name.startswith(("PIP_", "UV_", "CONDA_")) and "proxy" not in name.lower()
        }
        self.home = home
        self.conda()

    def conda(self, kind: str = "conda", **settings: object) -> Path:
        self.program = install_shim(self.folder / "miniforge3", self.server.base, kind=kind, **settings)
        condas = [{"path": str(self.program), "version": "26.7.1", "kind": kind}]
        self.machine(condas=condas)
        return self.program

    def machine(self, **more: object) -> None:
        self.document = {**self.document, **more}
        self.file = self.folder / "machine.json"
        self.file.write_text(json.dumps(self.document))

    def words(self, *words: object) -> list[str]:
        where = ("--machine", self.file, "--backend", "conda", "--env", self.root)
        return [*map(str, words), *map(str, where)]

    def folder_words(self, *words: object) -> list[str]:
        return self.words(*words, "--cpu", "--source", self.wheels)

    def plan(self, *words: object) -> Ended:
        return run(*self.folder_words("plan", "--json", *words), env=self.env)

    def apply(self, *words: object) -> Ended:
        return run(*self.folder_words("apply", "--yes", "--json", *words), env=self.env)

    @property
    def pkgs(self) -> Path:
        return self.folder / "miniforge3" / "pkgs"
