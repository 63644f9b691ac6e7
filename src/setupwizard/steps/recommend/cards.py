"""The cards of a machine as the decision sees them: what they are, and what keeps a driver from using them."""

from __future__ import annotations

import re

from msgspec import Struct

from setupwizard.codes import Vendor
from setupwizard.model.catalogue import Catalogue, Numbers, numbers, platform_of
from setupwizard.model.catalogue_rows import Architecture, GfxChip
from setupwizard.model.gpu_table import age_of, compute_capability_of, known_gpu, name_of, plain_name
from setupwizard.model.machine import Gpu, Machine
from setupwizard.probes.adapters import nvidia_version
from setupwizard.steps.recommend.trouble import Trouble, may_be, trouble_of

_NO_MAJOR = 20
"""No compute capability begins with so high a number."""


class Driver(Struct, frozen=True, kw_only=True):
    """The NVIDIA driver. `version` and `cuda` are empty where they are not known."""

    present: bool
    text: str = ""
    version: Numbers = ()
    cuda: Numbers = ()


class Card(Struct, frozen=True, kw_only=True):
    """A graphics card.

    Attributes:
        capabilities: NVIDIA: the compute capability, or all that the card may have when nobody knows; may be empty.
        known: whether the compute capability is known.
        architecture: NVIDIA: its generation, where the compute capability is known.
        gfx: AMD: the architecture word of ROCm, by the driver or by the PCI id; empty when nobody knows.
        chip: AMD: its row of the catalogue.
        xpu: Intel: whether PyTorch supports it.
        newer: newer than everything that the catalogue describes.
        official: False for a board that the official builds do not serve.
        trouble: why the driver does not use it.
    """

    index: int
    vendor: Vendor
    name: str
    gpu: Gpu
    capabilities: tuple[Numbers, ...] = ()
    known: bool = True
    architecture: Architecture | None = None
    gfx: str = ""
    chip: GfxChip | None = None
    xpu: bool = False
    integrated: bool = False
    jetson: bool = False
    newer: bool = False
    official: bool = True
    trouble: Trouble | None = None

    @property
    def driver_helps(self) -> bool:
        """Whether another driver may make a build run; false for cards that no published build serves."""
        return self.architecture is None or self.architecture.driver_helps

    @property
    def too_old(self) -> bool:
        """Whether the card is older than everything that the catalogue describes."""
        return self.vendor == "nvidia" and not self.known and age_of(self.gpu.pci_id) == "older"

    @property
    def capability(self) -> str:
        """The compute capability for people, empty when it is not known."""
        return ".".join(map(str, self.capabilities[0])) if self.known and self.capabilities else ""


def driver_of(machine: Machine, catalogue: Catalogue) -> Driver:
    """Return the NVIDIA driver of a machine; a version that cannot be read leaves what it says about CUDA."""
    driver = machine.nvidia_driver
    if driver is None:
        return Driver(present=False)
    on_windows = machine.os == "windows" or machine.wsl
    told = (nvidia_version(driver.version.strip()) if on_windows else None) or driver.version
    version = numbers(told)
    cuda = catalogue.cuda_of_driver(told) if version else numbers(driver.cuda)
    return Driver(present=True, text=told, version=version, cuda=cuda)


def cards_of(machine: Machine, catalogue: Catalogue, driver: Driver) -> tuple[Card, ...]:
    """Return every card of a machine."""
    return tuple(_card(index, gpu, machine, catalogue, driver) for index, gpu in enumerate(machine.gpus))


def _card(index: int, gpu: Gpu, machine: Machine, catalogue: Catalogue, driver: Driver) -> Card:
    if gpu.vendor == "nvidia":
        return _nvidia(index, gpu, machine, catalogue, driver)
    known = known_gpu(gpu.pci_id)
    gfx = (gpu.gfx or (known.gfx if known else None) or "") if gpu.vendor == "amd" else ""
    chip = catalogue.gfx_chip(gfx)
    xpu = gpu.vendor == "intel" and _is_supported_intel(gpu, catalogue)
    integrated = gpu.integrated
    if integrated is None:
        integrated = _integrated(gpu, chip, known.integrated if known else None)
    return Card(
        index=index,
        vendor=gpu.vendor,
        name=_name(gpu),
        gpu=gpu,
        gfx=gfx,
        chip=chip,
        xpu=xpu,
        integrated=integrated,
        newer=_is_newer_gfx(gpu, catalogue),
        trouble=None if gpu.vendor == "apple" else _reach(gpu, machine),
    )


def _name(gpu: Gpu) -> str:
    return gpu.name or name_of(gpu.pci_id) or plain_name(gpu.vendor)


def _reach(gpu: Gpu, machine: Machine) -> Trouble | None:
    codes = {finding.code for finding in machine.findings}
    if gpu.kernel_driver == "vfio-pci" and gpu.driver_sees_it is not True:
        return "passed-through"
    if f"{gpu.vendor}-no-permission" in codes:
        return "no-permission"
    return "not-seen" if gpu.driver_sees_it is False else None


def _is_supported_intel(gpu: Gpu, catalogue: Catalogue) -> bool:
    known = known_gpu(gpu.pci_id)
    if known is not None:
        return known.xpu
    words = gpu.name.lower().replace("(r)", "").replace("(tm)", "").replace("®", "").replace("™", "")
    padded = f" {' '.join(words.split())} "
    return any(f" {name} " in padded for name in catalogue.intel.names)


def _integrated(gpu: Gpu, chip: GfxChip | None, table: bool | None) -> bool:
    if table is not None or chip is not None:
        return bool(table) or (chip is not None and chip.integrated)
    if gpu.vendor != "intel":
        return False
    # Cards of their own are named by a letter and a number: Arc A770, Arc Pro B50. The rest sits in the processor.
    return not any(word[:1] in "ab" and word[1:2].isdigit() for word in gpu.name.lower().split())


def _nvidia(index: int, gpu: Gpu, machine: Machine, catalogue: Catalogue, driver: Driver) -> Card:
    capability = _capability(gpu)
    boards = tuple(map(numbers, catalogue.jetson.compute_capabilities))
    on_arm = platform_of(machine.os, machine.arch) == "linux_aarch64"
    jetson = on_arm and (machine.jetpack is not None or capability in boards)
    architecture = catalogue.architecture_of(capability) if capability else None
    return Card(
        index=index,
        vendor="nvidia",
        name=_name(gpu),
        gpu=gpu,
        capabilities=(capability,) if capability else _possible(gpu, catalogue, driver, boards if jetson else ()),
        known=bool(capability),
        architecture=architecture,
        integrated=bool(gpu.integrated),
        jetson=jetson,
        newer=_is_newer(gpu, capability, catalogue),
        official=not jetson or _is_official_board(capability, machine.jetpack, catalogue),
        trouble=None
        if jetson
        else trouble_of(gpu, capability, architecture, machine, driver.version if driver.present else None),
    )


def _is_newer_gfx(gpu: Gpu, catalogue: Catalogue) -> bool:
    if gpu.vendor != "amd":
        return False
    known = max(_gfx_number(chip.gfx) for chip in catalogue.amd.gfx)
    return _gfx_number(gpu.gfx) > known


def _gfx_number(gfx: str | None) -> int:
    """Return the number in the word of an AMD architecture, 0x1100 of "gfx1100:xnack-"; 0 when there is none."""
    told = re.match(r"gfx([0-9a-f]{3,5})(?![0-9a-z])", (gfx or "").strip().lower())
    return int(told[1], 16) if told else 0


def _is_newer(gpu: Gpu, capability: Numbers, catalogue: Catalogue) -> bool:
    if not capability:
        return age_of(gpu.pci_id) == "newer"
    return capability > max(
        numbers(known) for architecture in catalogue.architectures for known in architecture.compute_capabilities
    )


def _capability(gpu: Gpu) -> Numbers:
    """Return the compute capability as the driver told it, else by the PCI id; "89" for "8.9" is no answer."""
    told = numbers(gpu.compute_capability)[:2]
    if not told or told[0] >= _NO_MAJOR:
        told = numbers(compute_capability_of(gpu.pci_id))
    return (*told, 0) if len(told) == 1 else told


def _possible(gpu: Gpu, catalogue: Catalogue, driver: Driver, boards: tuple[Numbers, ...]) -> tuple[Numbers, ...]:
    """Return every compute capability that a card of unknown chip may have, given the driver that uses it."""
    if boards:
        return tuple(numbers(board) for board in catalogue.jetson.official_from)
    age, branch = age_of(gpu.pci_id), driver.version[:1]
    if age == "older" or not (driver.present and branch):
        return ()
    not_for_boards = set(map(numbers, catalogue.jetson.compute_capabilities))
    return tuple(
        capability
        for architecture in catalogue.architectures
        if may_be(architecture, branch) and (age != "newer" or architecture.last_branch is None)
        for capability in map(numbers, architecture.compute_capabilities)
        if capability not in not_for_boards
    )


def _is_official_board(capability: Numbers, jetpack: str | None, catalogue: Catalogue) -> bool:
    rules = {numbers(board): numbers(first) for board, first in catalogue.jetson.official_from.items()}
    first = rules.get(capability) if capability else max(rules.values())
    if first is None:
        return False
    if jetpack is None:  # boards that had no JetPack before the first fitting one need no proof
        return first == min(rules.values())
    have = numbers(jetpack)
    return have >= first[: len(have)]
