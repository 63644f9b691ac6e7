"""A mirror of python-build-standalone for tests: an archive of this computer's own Python, and its list."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.bundle_lab import BundleLab
from helpers.loopback import Answer, Loopback, loopback

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSION = ".".join(map(str, sys.version_info[:3]))
_HEAVY = ("test", "idlelib", "turtledemo", "site-packages", "__pycache__", "ensurepip", "tkinter", "lib2to3", "config-")
PUBLISHER = "https://github.com/astral-sh/python-build-standalone/releases/download"


def interpreter_home() -> Path | str:
    """Return the folder of a whole Python, or why this one cannot be moved to another folder."""
    home = Path(sys.base_prefix)
    if home in {Path("/usr"), Path("/usr/local")}:
        return f"the Python of these tests belongs to the system ({home}): it cannot be packed as a folder of its own"
    return home if (home / "bin" / f"python{MINOR}").exists() else f"no python{MINOR} in {home}"


def another_home() -> tuple[Path, str] | str:
    """Return the folder and the version of a whole Python of another minor version beside this one, or why none."""
    own = interpreter_home()
    if isinstance(own, str):
        return own
    for home in sorted(own.parent.glob("3.1*"), reverse=True):
        minor = ".".join(home.name.split(".")[:2])
        if minor != MINOR and home.name.count(".") == 2 and (home / "bin" / f"python{minor}").exists():
            return home, home.name
    return f"no whole Python of another version stands beside {own}"


def archive(folder: Path, home: Path | str | None = None, version: str = VERSION) -> Path:
    """Pack this Python, or the one in `home`, as python-build-standalone does, without what no test needs."""
    home = home or interpreter_home()
    assert isinstance(home, Path), home
    file = folder / f"cpython-{version}+20261110-{platform.machine()}-unknown-linux-gnu-install_only_stripped.tar.gz"

    def light(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = Path(entry.name).parts
        heavy = any(part.startswith(_HEAVY) for part in parts) or entry.name.endswith((".a", ".pyc"))
        return None if heavy else entry

    with tarfile.open(file, "w:gz", compresslevel=1) as tar:
        for name in ("bin", "lib", "include"):
            tar.add(home / name, f"python/{name}", filter=light)
    return file


def listing(file: Path, where: str, *, sha256: str | None = None, version: str = VERSION) -> str:
    """Return a list of Pythons as uv reads it; `where` is the folder that the publisher's address stands for."""
    digest = sha256 or hashlib.sha256(file.read_bytes()).hexdigest()
    major, minor, patch = map(int, version.split("."))
    row = {
        "name": "cpython",
        "arch": {"family": platform.machine(), "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": major,
        "minor": minor,
        "patch": patch,
        "prerelease": "",
        "url": f"{where}/20261110/{file.name.replace('+', '%2B')}",
        "sha256": digest,
        "variant": None,
        "build": "20261110",
    }
    return json.dumps({f"cpython-{version}-linux-{platform.machine()}-gnu": row})


@contextmanager
def mirrored(lab: BundleLab, packed: Path) -> Iterator[Loopback]:
    """Let a lab's computer know of one mirror with one archive, and go there without a proxy."""
    with loopback() as server:
        place = f"/mirror/20261110/{packed.name.replace('+', '%2B')}"
        server.answers[place] = Answer(packed.read_bytes(), kind="application/gzip")
        server.page("/list.json", listing(packed, PUBLISHER), kind="application/json")
        lab.env = {
            **{name: value for name, value in lab.env.items() if "proxy" not in name.lower()},
            "UV_PYTHON_DOWNLOADS_JSON_URL": f"{server.url}/list.json",
            "UV_PYTHON_INSTALL_MIRROR": f"{server.url}/mirror",
        }
        yield server


def give_another_python(lab: BundleLab) -> None:
    """Let the lab's computer have a Python that no plan names, and no other."""
    document = json.loads(lab.machine.read_text("utf-8"))
    document["pythons"] = [{**document["pythons"][0], "version": "3.9.1"}]
    lab.machine.write_text(json.dumps(document), encoding="utf-8")
