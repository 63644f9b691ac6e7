"""What makers, systems, compute platforms and sources are called by people, everywhere the same."""

from __future__ import annotations

import re

from setupwizard.codes import OsName, Platform, Vendor
from setupwizard.i18n import N_, _

_VENDORS: dict[Vendor, str] = {
    "nvidia": "NVIDIA",
    "amd": "AMD",
    "intel": "Intel",
    "apple": "Apple",
    "qualcomm": "Qualcomm",
    "other": "",
}
_SOURCES = {
    "official": "pytorch.org",
    "sjtu": N_("SJTU mirror"),
    "nju": N_("NJU mirror"),
    "aliyun": N_("Aliyun mirror"),
    "pip-config": N_("pip's own settings"),
    "general": N_("General package index"),
}


def vendor_name(vendor: Vendor) -> str:
    """Return a maker's name, empty for an unknown one."""
    return _VENDORS[vendor]


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


def source_name(source: str, name: str = "") -> str:
    """Return what a source is called, in the present language where it is a known one.

    Args:
        source: its id.
        name: what an unknown one is called; its id when nothing better is known.
    """
    return _(_SOURCES[source]) if source in _SOURCES else name or source
