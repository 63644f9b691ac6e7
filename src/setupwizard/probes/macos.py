"""What macOS says about itself."""

from __future__ import annotations

import platform
import re

import msgspec

from setupwizard.codes import Vendor
from setupwizard.errors import SetupError
from setupwizard.model.catalogue import processor_of
from setupwizard.model.machine import Gpu, Surroundings
from setupwizard.probes.facts import SystemFacts, memory_mib, power
from setupwizard.probes.linux import remote
from setupwizard.probes.roots import Roots
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

_VENDORS: tuple[tuple[str, Vendor, str], ...] = (
    ("apple", "apple", "106b"),
    ("0x1002", "amd", "1002"),
    ("amd", "amd", "1002"),
    ("0x10de", "nvidia", "10de"),
    ("nvidia", "nvidia", "10de"),
    ("0x8086", "intel", "8086"),
    ("intel", "intel", "8086"),
)
_BUSES = {"spdisplays_builtin": True, "spdisplays_pcie_device": False}


class _Display(msgspec.Struct):
    name: str = msgspec.field(name="_name", default="")
    model: str = msgspec.field(name="sppci_model", default="")
    vendor: str = msgspec.field(name="spdisplays_vendor", default="")
    device_id: str = msgspec.field(name="spdisplays_device-id", default="")
    bus: str = msgspec.field(name="sppci_bus", default="")
    vram: str = msgspec.field(name="spdisplays_vram", default="")


class _Displays(msgspec.Struct):
    displays: list[_Display] = msgspec.field(name="SPDisplaysDataType", default_factory=list)


def facts(roots: Roots, *, cancel: Cancel | None = None) -> SystemFacts:
    """Return what this macOS says about itself."""
    return SystemFacts(
        os="macos",
        os_version=os_version(),
        arch=processor_of(architecture(cancel=cancel)),
        memory_mib=memory_mib(),
        environment=Surroundings(remote=remote(roots), power=power()),
    )


def os_version() -> str:
    """Return the version of macOS, "15.5"."""
    return platform.mac_ver()[0]


def architecture(*, cancel: Cancel | None = None) -> str:
    """Return the processor's own architecture, also for a program that Rosetta translates."""
    try:
        told = process.run(["/usr/sbin/sysctl", "-n", "hw.optional.arm64"], timeout=3, cancel=cancel)
    except SetupError:
        return platform.machine()
    return "arm64" if told.stdout.strip() == "1" else platform.machine()


def displays(*, cancel: Cancel | None = None) -> tuple[Gpu, ...]:
    """Return the graphics units of this Mac; empty when the system's own report does not answer."""
    try:
        told = process.run(["/usr/sbin/system_profiler", "SPDisplaysDataType", "-json"], timeout=8, cancel=cancel)
    except SetupError:
        return ()
    return parse_displays(told.stdout)


def parse_displays(text: str) -> tuple[Gpu, ...]:
    """Return the graphics units that `system_profiler SPDisplaysDataType -json` names; empty for anything else."""
    try:
        report = msgspec.json.decode(text, type=_Displays)
    except msgspec.MsgspecError:
        return ()
    return tuple(_gpu(display) for display in report.displays)


def _gpu(display: _Display) -> Gpu:
    words = f"{display.vendor} {display.model or display.name}".lower()
    vendor, number = next(((name, pci) for word, name, pci in _VENDORS if word in words), ("other", ""))
    device = re.fullmatch(r"0x([0-9a-fA-F]{4})", display.device_id)
    return Gpu(
        vendor=vendor,
        name=display.model or display.name,
        pci_id=f"{number}:{device.group(1).lower()}" if device and number else None,
        memory_mib=_mebibytes(display.vram),
        integrated=_BUSES.get(display.bus),
        driver_sees_it=True if vendor == "apple" else None,
        sources=("system_profiler",),
    )


def _mebibytes(text: str) -> int | None:
    """Return MiB from "8 GB" or "1536 MB"; memory that is shared with the processor is none of the card's own."""
    found = re.match(r"(\d{1,9})\s*(GB|MB)", text)
    if found is None:
        return None
    return int(found.group(1)) * (1024 if found.group(2) == "GB" else 1)
