"""Where the files of NVIDIA's driver lie on Windows: not in PATH, and with some drivers in the driver store alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from setupwizard.probes.roots import Roots, entries, exists

NVML = "nvml.dll"
SMI = "nvidia-smi.exe"
CUDA = "nvcuda.dll"


def system_folder(roots: Roots) -> Path:
    """Return Windows' folder of its own libraries."""
    return (roots.folder("WINDIR") or Path("C:/Windows")) / "System32"


def places(roots: Roots, name: str) -> Iterator[Path]:
    """Yield where a file of the driver may lie, the likeliest first; of several in the driver store the newest first.

    A 32-bit program is shown another System32; what it calls Sysnative is the true one.
    """
    system = system_folder(roots)
    installed = roots.folder("PROGRAMW6432") or roots.folder("PROGRAMFILES") or Path("C:/Program Files")
    yield system / name
    yield system.parent / "Sysnative" / name
    yield installed / "NVIDIA Corporation" / "NVSMI" / name
    yield from sorted(entries(system / "DriverStore" / "FileRepository", f"nv*/{name}"), key=_age)


def installed(roots: Roots) -> bool:
    """Return whether an NVIDIA driver left its library on this Windows: without it there is nobody to ask."""
    return any(exists(place) for name in (NVML, SMI, CUDA) for place in places(roots, name))


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0
