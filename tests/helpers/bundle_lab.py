"""A plan of made-up wheels, an offline folder made of it by the real program, and ways to spoil both."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit

from helpers.fault_lab import MINOR, make_wheels
from helpers.make_wheels import package_of
from helpers.program import Ended, environment, run
from setupwizard.tools.pylock import lock_of

PLATFORM = {"x86_64": "linux_x86_64", "aarch64": "linux_aarch64"}.get(os.uname().machine, "linux_x86_64")
LOCK = "pylock.lab.toml"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_plan(folder: Path, wheels: list[Path], **more: Any) -> Path:
    """Write a plan of one build for the processor with its lock; the wheels are named by the folder they lie in."""
    lock = folder / LOCK
    packages = [package_of(wheel) for wheel in wheels]
    lock.write_bytes(lock_of(packages, [package.url for package in packages]))
    version = next(wheel.name.split("-")[1] for wheel in wheels if wheel.name.startswith("torch-"))
    build = {
        "platform": PLATFORM,
        "torch": version.partition("+")[0],
        "variant": version.partition("+")[2],
        "python": MINOR,
        "companions": [],
        "lock": LOCK,
        "lock_sha256": sha256(lock),
        "for": "cpu",
    }
    document = {"schema": 1, "name": "lab", "build": [build], "verify": {"level": "import"}, **more}
    file = folder / "lab.toml"
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return file


class BundleLab:
    """One computer with the program, made-up wheels in a folder, and a plan of them."""

    def __init__(self, folder: Path, release: str = "2.13.0") -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        kept = {name: value for name, value in environment(self.home).items() if not name.startswith(("PIP_", "UV_"))}
        self.env = {**kept, "PIP_CONFIG_FILE": os.devnull}
        self.wheels = folder / "wheels"
        self.plan = write_plan(folder, make_wheels(self.wheels, release))
        self.machine = folder / "machine.json"
        python = {"path": sys.executable, "version": ".".join(map(str, sys.version_info[:3]))}
        self.machine.write_text(json.dumps({**_here(), "gpus": [], "pythons": [python]}), encoding="utf-8")
        self.bundle = folder / "bundle"
        self.root = folder / "root"

    def run(self, *words: object, **more: Any) -> Ended:
        return run(*words, env=self.env, **more)

    def make(self, *more: object) -> Ended:
        return self.run("bundle", self.plan, self.bundle, "--source", self.wheels, "--json", *more)

    def apply(self, *more: object) -> Ended:
        return self.run("apply", *more, "--machine", self.machine, "--env", self.root, "--json")


def _here() -> dict[str, Any]:
    return {"schema": 1, "os": "linux", "arch": os.uname().machine}


def tree(folder: Path) -> dict[str, str]:
    """Return every name below a folder with its kind and content, so that any write shows."""
    found = {}
    for place in sorted(folder.rglob("*")):
        name = place.relative_to(folder).as_posix()
        if place.is_symlink():
            found[name] = f"link to {place.readlink()}"
        elif place.is_file():
            found[name] = sha256(place)
        else:
            found[name] = "folder" if place.is_dir() else "other"
    return found


def reseal(bundle: Path, change: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Write the list of a folder anew after something in it was changed, as somebody would who wants it believed."""
    manifest = bundle / "bundle.json"
    document = json.loads(manifest.read_text("utf-8"))
    for row in document["files"]:
        place = bundle / row["path"]
        if place.is_file():
            row.update(size=place.stat().st_size, sha256=sha256(place))
    document["plan_sha256"] = sha256(bundle / "plan.toml")
    if change is not None:
        change(document)
    manifest.write_text(json.dumps(document), encoding="utf-8")


def edit_lock(bundle: Path, change: Callable[[str], str]) -> None:
    """Change the lock of a folder, and everything that holds its hash."""
    lock = bundle / LOCK
    lock.write_text(change(lock.read_text("utf-8")), encoding="utf-8")
    edit_plan(bundle, lambda plan: plan["build"][0].update(lock_sha256=sha256(lock)))


def edit_plan(bundle: Path, change: Callable[[Any], object]) -> None:
    """Change the plan of a folder, and the list."""
    file = bundle / "plan.toml"
    plan = tomlkit.parse(file.read_text("utf-8"))
    change(plan)
    file.write_text(tomlkit.dumps(plan), encoding="utf-8")
    reseal(bundle)
