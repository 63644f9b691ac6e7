"""Tiny real wheels with right RECORDs, others with one thing wrong, and a plain way to unpack them."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import random
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from setupwizard.model.plan import Package

Broken = Literal["", "lying-record", "truncated-record", "traversal", "absolute", "no-record", "not-a-zip", "weak-hash"]


def record_hash(content: bytes, algorithm: str = "sha256") -> str:
    raw = hashlib.new(algorithm, content).digest()
    return f"{algorithm}=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def random_bytes(count: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(count)


def make_wheel(
    folder: Path,
    name: str = "alpha",
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, bytes] | None = None,
    requires: Iterable[str] = (),
    broken: Broken = "",
) -> Path:
    """Write a wheel and return its path.

    `files` are paths inside the wheel: `NAME.data/scripts/...` and so on work too; `{data}` stands for that folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{version}"
    info = f"{stem}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    content = {f"{name}/__init__.py": f'__version__ = "{version}"\n'.encode()} if files is None else dict(files)
    content = {path.replace("{data}", f"{stem}.data"): data for path, data in content.items()}
    content[f"{info}/METADATA"] = metadata.encode()
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    rows = [(path, record_hash(data), str(len(data))) for path, data in content.items()]
    if broken == "traversal":
        content["../../escaped.py"] = b"out = True\n"
        rows.append(("../../escaped.py", record_hash(b"out = True\n"), "11"))
    elif broken == "absolute":
        rows.append(("/etc/hostname", record_hash(b""), "0"))
    elif broken == "lying-record":
        rows[0] = (rows[0][0], record_hash(b"something else"), rows[0][2])
    elif broken == "truncated-record":
        rows = rows[:1]
    elif broken == "weak-hash":
        rows = [(path, record_hash(content[path], "md5"), size) for path, _digest, size in rows]
    rows.append((f"{info}/RECORD", "", ""))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    if broken != "no-record":
        content[f"{info}/RECORD"] = text.getvalue().encode()
    wheel = folder / f"{stem}-{tag}.whl"
    if broken == "not-a-zip":
        wheel.write_bytes(b"this is no archive")
        return wheel
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_STORED) as archive:
        for path, data in content.items():
            entry = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return wheel


def make_set(folder: Path, *, version: str = "2.15.0+cu130", payload: int = 1 << 20, modules: int = 200) -> list[Path]:
    """Write a small set with the shape of the real one: many files, one big payload, a local version."""
    body = {f"torch/m{number // 50:02d}/f{number:04d}.py": f"X = {number}\n".encode() for number in range(modules)}
    body["torch/__init__.py"] = f'__version__ = "{version}"\n'.encode()
    body["torch/lib/libtorch_cuda.so"] = random_bytes(payload, seed=len(version))
    return [
        make_wheel(folder, "torch", version, files=body, requires=["fakedep>=1"]),
        make_wheel(folder, "fakedep", "1.4", files={"fakedep.py": b"V = 1\n"}),
        make_wheel(
            folder, "nvfake_cublas", "13.0.2", files={"nvidia/cublas/lib/libcublas.so": random_bytes(payload // 2)}
        ),
    ]


def package_of(wheel: Path, url: str = "", *, origin: str = "test") -> Package:
    """Return the line of a plan for a wheel; without an address it is the file itself."""
    name, version = wheel.name.split("-")[:2]
    data = wheel.read_bytes()
    return Package(
        name=name,
        version=version,
        file=wheel.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        url=url or wheel.as_uri(),
        origin=origin,
    )


def unpack(wheel: Path, site_packages: Path) -> None:
    """Put a wheel into an environment as an installer does: data folders mapped, scripts and RECORD rewritten."""
    windows = site_packages.parent.name == "Lib"
    prefix = site_packages.parent.parent if windows else site_packages.parent.parent.parent
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = next(name for name in names if name.endswith(".dist-info/METADATA")).partition("/")[0]
        data = info.removesuffix("dist-info") + "data"
        rows = []
        for name in names:
            content = archive.read(name)
            target = site_packages / name
            if name.startswith(f"{data}/"):
                kind, _sign, rest = name.removeprefix(f"{data}/").partition("/")
                package = info.partition("-")[0]
                base = {
                    "scripts": prefix / ("Scripts" if windows else "bin"),
                    "data": prefix,
                    "headers": prefix / ("Include" if windows else "include/site/python3.11") / package,
                }.get(kind, site_packages)
                target = base / rest
                if kind == "scripts":
                    content = content.replace(b"#!python", b"#!/somewhere/bin/python")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if not name.endswith("/RECORD"):
                place = Path(os.path.relpath(target, site_packages)).as_posix()
                rows.append((place, record_hash(content), str(len(content))))
    (site_packages / info / "INSTALLER").write_bytes(b"tests\n")
    rows.append((f"{info}/INSTALLER", record_hash(b"tests\n"), "6"))
    rows.append((f"{info}/RECORD", "", ""))
    with (site_packages / info / "RECORD").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
