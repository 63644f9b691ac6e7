"""Recorded computers: trees of files that stand for /sys, /proc, /dev and /etc, and stub programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from setupwizard.probes.roots import Roots

FIXTURES = Path(__file__).parent.parent / "fixtures"

CUDA_CHILD = (
    sys.executable,
    "-I",
    "-c",
    "import sys; from setupwizard.probes.cuda_child import DEVICES, main; sys.exit(main(devices=DEVICES in sys.argv))",
)
"""The same for the child that asks the CUDA library."""

CHILD = (
    sys.executable,
    "-I",
    "-c",
    "import sys; from setupwizard.probes.nvml_child import main; sys.exit(main(sys.argv[1:]))",
)
"""Starts the true child that asks NVML, without the command line around it."""


def fixture(name: str) -> str:
    """Return a recorded text with its line ends as they were."""
    return (FIXTURES / name).read_bytes().decode("utf-8")


def roots(tmp_path: Path, **more: object) -> Roots:
    """Return roots in which there is nothing: no file, no variable, no program, no home."""
    top = tmp_path / "root"
    home = tmp_path / "home"
    top.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    usual: dict[str, object] = {
        "root": top,
        "environ": {},
        "home": home,
        "nvml_program": CHILD,
        "cuda_program": CUDA_CHILD,
        "environment_roots": (tmp_path / "pytorch",),
        "as_root": False,
    }
    return Roots(**{**usual, **more})  # type: ignore[arg-type]


def write(top: Path, files: Mapping[str, str]) -> None:
    """Write files of a recorded tree, given by their absolute paths."""
    for name, text in files.items():
        path = top / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def machine(name: str) -> str:
    """Return the section of a machine in fixtures/sysfs/machines.txt."""
    sections = fixture("sysfs/machines.txt").split("[")
    return next(text for text in sections if text.startswith(f"{name}]")).partition("]")[2]


def build_bus(top: Path, lines: str) -> None:
    """Build /sys/bus/pci from lines of `address vendor device class driver`, where - is no driver."""
    devices = top / "sys/bus/pci/devices"
    devices.mkdir(parents=True, exist_ok=True)
    for line in lines.split("\n"):
        if not line.strip():
            continue
        address, vendor, device, kind, driver = line.split()
        folder = devices / address
        folder.mkdir()
        for file, value in (("vendor", vendor), ("device", device), ("class", kind)):
            (folder / file).write_text(value + "\n")
        if driver != "-":
            target = top / "sys/bus/pci/drivers" / driver
            target.mkdir(parents=True, exist_ok=True)
            (folder / "driver").symlink_to(target)


def program(path: Path, body: str) -> Path:
    """Write a shell program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def nvidia_smi(folder: Path, *, query: str, banner: str = "", code: int = 0, unknown: str = "pci.device_id") -> Path:
    """Write an nvidia-smi that prints a recorded table for --query-gpu and a recorded banner otherwise.

    Args:
        folder: where the program goes.
        query, banner: what it prints.
        code: its exit status.
        unknown: a field that this version does not know: it says so and prints no table.
    """
    said = folder / "smi"
    said.mkdir(parents=True, exist_ok=True)
    (said / "query").write_bytes(query.encode())
    (said / "banner").write_bytes(banner.encode())
    (said / "unknown").write_text(f'Field "{unknown}" is not a valid field to query.\n\n')
    cases = [
        f'--query-gpu=*{unknown}*) cat "{said}/unknown"; exit 2;;',
        f'--query-gpu=*) cat "{said}/query";;',
        f'*) cat "{said}/banner";;',
    ]
    return program(folder / "nvidia-smi", f'case "$1" in {" ".join(cases)} esac; exit {code}')
