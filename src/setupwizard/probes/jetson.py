"""NVIDIA Jetson boards: an Arm computer whose graphics unit is no card on a bus and whose driver is in the system."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from setupwizard.model.machine import Gpu
from setupwizard.model.wire import read_document
from setupwizard.probes.roots import Roots, read_text
from setupwizard.resources import resource

# "# R36 (release), REVISION: 4.3, GCID: ..." in the first line of /etc/nv_tegra_release
_RELEASE = re.compile(r"#\s*R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)")


@cache
def _table() -> dict[str, Any]:
    return read_document(dict[str, Any], resource("jetson.json"))


def release(roots: Roots) -> str | None:
    """Return the version of Jetson Linux, "36.4.3", None when this is no Jetson."""
    return parse_release(read_text(roots.at("/etc/nv_tegra_release")))


def parse_release(text: str) -> str | None:
    """Return "36.4.3" from the text of /etc/nv_tegra_release, None for any other."""
    found = _RELEASE.search(text)
    return f"{found.group(1)}.{found.group(2)}" if found else None


def jetpack(roots: Roots) -> str | None:
    """Return the JetPack that this Jetson Linux belongs to, "6.2", or its first number when the table lacks it."""
    linux = release(roots)
    if linux is None:
        return None
    table = _table()
    exact: str | None = table["jetpack"].get(linux.removesuffix(".0"))
    major: str = table["jetpack_of_major"].get(linux.partition(".")[0], "")
    return exact or major or f"L4T {linux}"


def gpu(roots: Roots) -> Gpu | None:
    """Return the board's graphics unit as the device tree names it, None when this is no Jetson."""
    if release(roots) is None:
        return None
    compatible = read_text(roots.at("/proc/device-tree/compatible")).split("\0")
    chips: dict[str, str] = _table()["compute_capability"]
    capability = next((chips[word] for word in (name.rpartition(",")[2] for name in compatible) if word in chips), None)
    return Gpu(
        vendor="nvidia",
        name=read_text(roots.at("/proc/device-tree/model")) or "NVIDIA Jetson",
        compute_capability=capability,
        integrated=True,
        laptop=False,
        sources=("device-tree",),
    )
