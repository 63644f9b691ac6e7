"""Graphics cards as the Linux kernel sees them on the bus: any vendor's, with or without a driver."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from setupwizard.codes import Vendor
from setupwizard.probes.roots import Roots, entries, read_text, whole_number

# PCI vendor numbers of makers whose chips PyTorch has builds for; all others make basic or virtual adapters.
VENDORS: dict[str, Vendor] = {
    "10de": "nvidia",
    "1002": "amd",
    "1022": "amd",
    "8086": "intel",
    "106b": "apple",
    "5143": "qualcomm",
    "17cb": "qualcomm",
}
_MAKERS = {
    "1234": "QEMU",
    "1b36": "QEMU",
    "1af4": "virtio",
    "1ab8": "Parallels",
    "1414": "Microsoft",
    "15ad": "VMware",
    "80ee": "VirtualBox",
    "1a03": "ASPEED",
    "102b": "Matrox",
    "1013": "Cirrus Logic",
    "1d0f": "Amazon",
}
_DISPLAY = "0x03"
_ACCELERATOR = "0x12"
_PCI_IDS = ("/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids")


class PciCard(Struct, frozen=True, kw_only=True):
    """One display or 3D controller on the bus.

    Attributes:
        kernel_driver: the module that drives it, None when none does.
        memory_bytes: AMD only: dedicated memory as the amdgpu module tells it.
        asleep: the kernel has switched it off to save power; whoever asks its driver about it wakes it.
    """

    address: str
    pci_id: str
    vendor: Vendor
    kernel_driver: str | None = None
    memory_bytes: int | None = None
    asleep: bool = False


def cards(roots: Roots) -> tuple[PciCard, ...]:
    """Return the cards below /sys/bus/pci, in the order of the bus.

    Display controllers are class 03; AMD's newest compute cards are class 12, "processing accelerator". NVIDIA's
    NVSwitch (class 06) and the sound part of a card (class 04) are none.
    """
    found = (_card(folder) for folder in entries(roots.at("/sys/bus/pci/devices")))
    return tuple(card for card in found if card is not None)


def _card(folder: Path) -> PciCard | None:
    kind = read_text(folder / "class")
    vendor, device = _number(folder / "vendor"), _number(folder / "device")
    compute = kind.startswith(_ACCELERATOR) and vendor == "1002"
    if not (kind.startswith(_DISPLAY) or compute) or vendor is None or device is None:
        return None
    memory = read_text(folder / "mem_info_vram_total")
    return PciCard(
        address=folder.name.lower(),
        pci_id=f"{vendor}:{device}",
        vendor=VENDORS.get(vendor, "other"),
        kernel_driver=_link_name(folder / "driver"),
        memory_bytes=whole_number(memory),
        asleep=read_text(folder / "power" / "runtime_status") == "suspended",
    )


def _number(file: Path) -> str | None:
    text = read_text(file).lower()
    return text.removeprefix("0x") if re.fullmatch(r"0x[0-9a-f]{4}", text) else None


def _link_name(link: Path) -> str | None:
    """Return the name of the module behind a device's `driver` link, None when nothing drives the device."""
    try:
        return link.readlink().name
    except OSError:
        return None


def maker(pci_id: str) -> str | None:
    """Return who makes a basic or virtual adapter."""
    return _MAKERS.get(pci_id.partition(":")[0])


def names(roots: Roots, wanted: Iterable[str]) -> dict[str, str]:
    """Return PCI id -> name from the system's own pci.ids, for the cards that are asked for and found there."""
    missing = set(wanted)
    lines: list[str] = []
    for path in _PCI_IDS:
        if missing and not lines:
            lines = _lines(roots.at(path))
    return parse_names(lines, missing)


def parse_names(lines: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """Return PCI id -> name from the lines of a pci.ids file."""
    missing = set(wanted)
    found: dict[str, str] = {}
    vendor = ""
    for line in lines:
        if not line.startswith(("\t", "#")):
            vendor = line[:4]
        elif line.startswith("\t") and not line.startswith("\t\t"):
            pci_id = f"{vendor}:{line[1:5]}"
            if pci_id in missing:
                found[pci_id] = _marketing_name(line[5:].strip())
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _marketing_name(text: str) -> str:
    """Return "Radeon RX 7900 XTX" from "Navi 31 [Radeon RX 7900 XTX]": the brackets hold what is on the box."""
    bracket = re.search(r"\[(.+)\]\s*$", text)
    return bracket.group(1) if bracket else text
