"""What a graphics card is, by its PCI id alone: the names of cards stand on different chips, so they tell nothing."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from msgspec import Struct

from setupwizard.codes import Vendor
from setupwizard.i18n import _
from setupwizard.model.catalogue import Numbers, numbers
from setupwizard.model.wire import read_document
from setupwizard.resources import resource

Age = Literal["listed", "older", "newer", "unknown"]
"""How an NVIDIA id stands to the table: in it, older than all of it, Turing or newer, or nobody can say."""

KERNELS_OWN = frozenset({"nouveau", "nova", "nova_core"})
"""The drivers of the Linux kernel itself for NVIDIA's cards; no PyTorch computes with them."""

_PCI_ID = re.compile(r"(?:0x)?([0-9a-f]{4})[:-](?:0x)?([0-9a-f]{4})")
_NVIDIA, _AMD, _INTEL = "10de", "1002", "8086"


class KnownGpu(Struct, frozen=True, kw_only=True):
    """A card of the table.

    Attributes:
        chip: NVIDIA's chip code, "AD102".
        first_linux_driver: the first driver that names this id, where that is newer than branch 515.
        gfx: AMD only: the architecture word of ROCm, also of a card that no ROCm supports.
        family: Intel only: the line of cards, as PyTorch's documents name it.
        xpu: Intel only: whether the family is one that PyTorch supports.
        integrated: True for graphics inside a processor; None where the table does not say.
    """

    vendor: Literal["nvidia", "amd", "intel"]
    name: str
    chip: str | None = None
    architecture: str | None = None
    compute_capability: str | None = None
    first_linux_driver: str | None = None
    gfx: str | None = None
    family: str | None = None
    xpu: bool = False
    integrated: bool | None = None


class _Chip(Struct, frozen=True, kw_only=True):
    architecture: str
    compute_capability: str


class _IntelFamily(Struct, frozen=True, kw_only=True):
    family: str
    integrated: bool
    xpu: bool
    devices: dict[str, str]


class _AmdFamily(Struct, frozen=True, kw_only=True):
    gfx: str
    integrated: bool
    devices: dict[str, str]


class _Unlisted(Struct, frozen=True, kw_only=True):
    older_below: str
    turing_or_newer_from: str


class _OpenModule(Struct, frozen=True, kw_only=True):
    from_capability: str


class _Table(Struct, frozen=True, kw_only=True):
    data_date: str
    sources: tuple[str, ...]
    unlisted: _Unlisted
    open_module: _OpenModule
    chips: dict[str, _Chip]
    nvidia: dict[str, dict[str, str]]
    first_linux_driver: dict[str, str]
    intel: tuple[_IntelFamily, ...]
    amd: tuple[_AmdFamily, ...]


@cache
def _table() -> _Table:
    return read_document(_Table, resource("gpus.json"))


@cache
def _devices() -> dict[tuple[str, str], KnownGpu]:
    table = _table()
    known = {
        (_NVIDIA, device): KnownGpu(
            vendor="nvidia",
            name=f"NVIDIA {name}",
            chip=chip,
            architecture=table.chips[chip].architecture,
            compute_capability=table.chips[chip].compute_capability,
            first_linux_driver=table.first_linux_driver.get(device),
        )
        for chip, devices in table.nvidia.items()
        for device, name in devices.items()
    }
    for family in table.intel:
        for device, name in family.devices.items():
            known[_INTEL, device] = KnownGpu(
                vendor="intel", name=name, family=family.family, xpu=family.xpu, integrated=family.integrated
            )
    for chip in table.amd:
        for device, name in chip.devices.items():
            known[_AMD, device] = KnownGpu(vendor="amd", name=name, gfx=chip.gfx, integrated=chip.integrated)
    return known


def _parts(pci_id: str | None) -> tuple[str, str] | None:
    match = _PCI_ID.fullmatch((pci_id or "").strip().lower())
    return (match[1], match[2]) if match else None


def known_gpu(pci_id: str | None) -> KnownGpu | None:
    """Return what the table says about a card, "10de:2684", or None when it is not in it."""
    parts = _parts(pci_id)
    return _devices().get(parts) if parts else None


def compute_capability_of(pci_id: str | None) -> str | None:
    """Return the compute capability of an NVIDIA card, "8.9", or None when the id is not known."""
    known = known_gpu(pci_id)
    return known.compute_capability if known else None


def is_before_open_module(capability: Numbers) -> bool:
    """Whether NVIDIA's open kernel module cannot drive a card of this compute capability; not so when it is empty."""
    return bool(capability) and capability < numbers(_table().open_module.from_capability)


def name_of(pci_id: str | None) -> str | None:
    """Return the name to show for a card that has no driver to tell it, or None when the id is not known."""
    known = known_gpu(pci_id)
    return known.name if known else None


def plain_name(vendor: Vendor) -> str:
    """Return what to call a card of which only the maker is known, in the present language."""
    return {
        "nvidia": _("NVIDIA graphics card"),
        "amd": _("AMD graphics card"),
        "intel": _("Intel graphics unit"),
        "apple": _("Apple graphics unit"),
        "qualcomm": _("Qualcomm graphics unit"),
        "other": _("graphics card"),
    }[vendor]


def age_of(pci_id: str | None) -> Age:
    """Return how an NVIDIA id stands to the table, which holds every id from Fermi on that was known at its date."""
    parts = _parts(pci_id)
    if parts is None or parts[0] != _NVIDIA:
        return "unknown"
    if parts in _devices():
        return "listed"
    device, limits = int(parts[1], 16), _table().unlisted
    if device < int(limits.older_below, 16):
        return "older"
    return "newer" if device >= int(limits.turing_or_newer_from, 16) else "unknown"
