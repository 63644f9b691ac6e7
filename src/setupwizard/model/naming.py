"""What systems and compute platforms are called by people: the window, the command line and the report say the same."""

from __future__ import annotations

import re

from setupwizard.codes import OsName, Platform
from setupwizard.i18n import _


def system_name(os: OsName) -> str:
    """Return the name of a system as its makers write it."""
    return {"windows": "Windows", "linux": "Linux", "macos": "macOS"}[os]


def variant_name(variant: str, platform: Platform | None = None) -> str:
    """Return a compute platform as people write it: "CUDA 13.0", "ROCm 7.14", "Intel XPU", "CPU only".

    Args:
        variant: the word of the download servers, "cu130"; one that nobody knows is its own name.
        platform: where it runs: the wheels for Apple silicon are called "cpu" and compute on the GPU.
    """
    if cuda := cuda_named(variant):
        return f"CUDA {cuda}"
    if rocm := re.fullmatch(r"rocm(\d[\d.]*)", variant):
        return f"ROCm {rocm[1]}"
    if variant == "cpu":
        return _("Apple GPU (MPS)") if platform == "macos_arm64" else _("CPU only")
    return "Intel XPU" if variant == "xpu" else variant


def cuda_named(variant: str) -> str | None:
    """Return the CUDA that a variant is made with, "13.0"; None for one without CUDA."""
    found = re.fullmatch(r"cu(\d+)(\d)", variant)
    return f"{found[1]}.{found[2]}" if found else None
