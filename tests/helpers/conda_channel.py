"""A channel of conda with the standard library alone: real packages, small ones, and a Python that really runs.

The `python` package is a `pyvenv.cfg` and links to the interpreter of the tests: 800 bytes that make an environment in
which `python -m pip`, wheels and imports work as in one of conda-forge.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.make_wheels import random_bytes, record_hash

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}.get(platform.machine(), "linux-64")
PIP = "26.1"


class Channel:
    """Writes packages and their lists into a folder that a WheelServer serves as /conda-forge."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lists: dict[str, dict[str, Any]] = {SUBDIR: {}, "noarch": {}}

    def add(
        self,
        name: str,
        version: str,
        *,
        build: str = "h0_0",
        depends: Sequence[str] = (),
        constrains: Sequence[str] = (),
        files: Mapping[str, bytes] | None = None,
        links: Mapping[str, str] | None = None,
        noarch: bool = False,
    ) -> Path:
        """Write a package and name it in the list; `noarch`: pure Python, its files begin with site-packages/."""
        subdir = "noarch" if noarch else SUBDIR
        row: dict[str, Any] = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": 0,
            "depends": list(depends),
            "constrains": list(constrains),
            "subdir": subdir,
            "timestamp": 1_760_000_000_000,
        }
        if noarch:
            row["noarch"] = "python"
        content = dict(files or {})
        paths = [
            {
                "_path": path,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(data).hexdigest(),
                "size_in_bytes": len(data),
            }
            for path, data in content.items()
        ]
        paths += [{"_path": path, "path_type": "softlink", "size_in_bytes": 0} for path in links or {}]
        info = {
            "info/index.json": json.dumps(row).encode(),
            "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
            "info/files": "\n".join((*content, *(links or {}))).encode(),
        }
        if noarch:
            info["info/link.json"] = json.dumps(
                {"noarch": {"type": "python", "entry_points": []}, "package_metadata_version": 1}
            ).encode()
        archive = self.folder / f"{name}-{version}-{build}.tar.bz2"
        with tarfile.open(archive, "w:bz2") as tar:
            for path, data in (info | content).items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(data), 0o755 if path.startswith("bin/") else 0o644
                tar.addfile(entry, io.BytesIO(data))
            for path, target in (links or {}).items():
                entry = tarfile.TarInfo(path)
                entry.type, entry.linkname = tarfile.SYMTYPE, target
                tar.addfile(entry)
        data = archive.read_bytes()
        row |= {"sha256": hashlib.sha256(data).hexdigest(), "md5": hashlib.md5(data).hexdigest(), "size": len(data)}
        self._lists[subdir][archive.name] = row
        self._write()
        return archive

    def _write(self) -> None:
        for subdir, rows in self._lists.items():
            document = {"info": {"subdir": subdir}, "packages": rows, "packages.conda": {}, "repodata_version": 1}
            (self.folder / f"{subdir}-repodata.json").write_text(json.dumps(document))


def fill(channel: Channel, *, payload: int = 300_000) -> Channel:
    """Add what conda-forge has of Python, pip and PyTorch, in its shape; `payload`: bytes of what is loaded longest."""
    base = Path(sys.base_prefix, "bin", f"python{MINOR}")
    real = Path(getattr(sys, "_base_executable", "") or base).resolve()
    config = f"home = {real.parent}\ninclude-system-site-packages = false\nversion = {MINOR}\n"
    channel.add(
        "python",
        f"{MINOR}.7",
        depends=["openssl"],
        files={"pyvenv.cfg": config.encode()},
        links={
            "bin/python": str(real),
            f"bin/python{MINOR}": "python",
            "bin/python3": "python",
            "lib/python3.1": f"python{MINOR}",
        },
    )
    channel.add("openssl", "3.5.0", files={"lib/libcrypto.so": random_bytes(payload, seed=5)})
    add_pip(channel)
    for cuda in ("12.9", "13.0"):
        channel.add("cuda-version", cuda, constrains=[f"__cuda >={cuda.partition('.')[0]}"], files={})
    return channel


def add_pip(channel: Channel, depends: Sequence[str] = ()) -> None:
    """Add pip; that of conda-forge needs setuptools on many Pythons."""
    add_pure(channel, "pip", PIP, {"pip/__init__.py": f"__version__ = '{PIP}'\n".encode()}, depends)


def add_pure(
    channel: Channel, name: str, version: str, content: Mapping[str, bytes], depends: Sequence[str] = ()
) -> None:
    """Add a package of pure Python as conda-forge makes it of the same sources that the wheel comes from."""
    info = f"{name}-{version}.dist-info"
    inside = {
        **content,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/INSTALLER": b"conda\n",
    }
    rows = [f"{path},{record_hash(data)},{len(data)}" for path, data in inside.items()]
    inside[f"{info}/RECORD"] = ("\n".join([*rows, f"{info}/RECORD,,"]) + "\n").encode()
    files = {f"site-packages/{path}": data for path, data in inside.items()}
    channel.add(name, version, build="pyh8b19718_0", depends=[f"python >={MINOR}", *depends], files=files, noarch=True)


def add_torch(channel: Channel, version: str, source: str) -> None:
    """Add PyTorch as conda-forge has it: builds for CUDA 12.9, CUDA 13.0 and the processor, and the names to ask for.

    Args:
        channel: filled.
        version: of torch.
        source: text of torch/__init__.py.
    """
    for word in ("cuda129", "cuda130", "cpu"):
        cuda = f"{word[4:6]}.{word[6]}" if word != "cpu" else None
        site = f"lib/python{MINOR}/site-packages"
        info = f"{site}/torch-{version}.dist-info"
        files = {
            f"{site}/torch/__init__.py": source.encode(),
            f"{site}/torch/version.py": f"__version__ = '{version}'\n".encode(),
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n".encode(),
            f"{info}/INSTALLER": b"conda\n",
            f"{info}/RECORD": f"torch/__init__.py,{record_hash(source.encode())},{len(source)}\n".encode(),
        }
        needs = [f"python {MINOR}.*", *([f"cuda-version {cuda}.*", "__cuda"] if cuda else [])]
        build = f"{word}_py{MINOR.replace('.', '')}_0"
        channel.add("pytorch", version, build=build, depends=needs, files=files)
        if cuda:
            channel.add("pytorch-gpu", version, build=f"{word}_0", depends=[f"pytorch {version} {word}*"])
    channel.add("pytorch-cpu", version, build="cpu_0", depends=[f"pytorch {version} cpu*"])
