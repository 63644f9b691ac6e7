"""What keeps a driver from using a card: by what the Machine says of the card, and by what detection noticed."""

from __future__ import annotations

from typing import Literal

from setupwizard.model.catalogue import Numbers, numbers
from setupwizard.model.catalogue_rows import Architecture
from setupwizard.model.gpu_table import KERNELS_OWN, is_before_open_module, known_gpu
from setupwizard.model.machine import Gpu, Machine

Trouble = Literal[
    "driver-missing",
    "driver-unknown",
    "driver-incomplete",
    "driver-mismatch",
    "driver-hangs",
    "driver-not-running",
    "driver-too-new",
    "driver-too-old",
    "nouveau",
    "open-module",
    "passed-through",
    "switched-off",
    "no-container-access",
    "no-permission",
    "not-started",
    "fell-off",
    "not-seen",
]
HARDWARE: frozenset[Trouble] = frozenset(
    {"passed-through", "switched-off", "no-container-access", "no-permission", "not-started", "fell-off", "not-seen"}
)
"""What no driver cures."""
RESTARTED: frozenset[Trouble] = frozenset({"driver-mismatch", "driver-hangs", "driver-not-running"})
"""What a restart may cure, with the driver that is there."""

_OF_THE_DRIVER = frozenset({"nvml", "nvidia-smi"})
# What detection noticed about the driver as a whole -> the trouble of every card that the driver was not seen to use.
_NOTICED: dict[str, Trouble] = {
    "container-without-card": "no-container-access",
    "driver-no-permission": "no-permission",
    "driver-library-mismatch": "driver-mismatch",
    "driver-hangs": "driver-hangs",
    "driver-answers-with-error": "driver-hangs",
    "driver-library-missing": "driver-incomplete",
    "driver-not-loaded": "driver-not-running",
    "gpu-lost": "fell-off",
    "card-did-not-start": "not-started",
    "card-without-power": "not-seen",
}


def trouble_of(
    gpu: Gpu, capability: Numbers, architecture: Architecture | None, machine: Machine, driver: Numbers | None
) -> Trouble | None:
    """Return why the driver does not use an NVIDIA card, None when it does or nobody doubts it.

    Args:
        gpu: the card.
        capability: its compute capability, empty when it is not known.
        architecture: its generation, None when it is not known.
        machine: the computer, with what detection noticed.
        driver: the numbers of the NVIDIA driver's version, empty when it could not be read, None without a driver.
    """
    if gpu.kernel_driver == "vfio-pci" and gpu.driver_sees_it is not True:
        return "passed-through"
    told = bool(_OF_THE_DRIVER & set(gpu.sources))
    seen = gpu.driver_sees_it if gpu.driver_sees_it is not None else told
    if seen:
        return "driver-unknown" if driver is None else None
    codes = {finding.code for finding in machine.findings}
    if "card-disabled" in codes and gpu.driver_sees_it is False:
        return "switched-off"
    if gpu.kernel_driver in KERNELS_OWN:
        return "nouveau"
    if _lent_to_no_container(gpu, machine):
        return "no-container-access"
    noticed = next((trouble for code, trouble in _NOTICED.items() if code in codes), None)
    if noticed is not None:
        return noticed
    if driver is not None:
        return _with_driver(gpu, capability, architecture, machine, driver)
    return "driver-unknown" if gpu.kernel_driver == "nvidia" else "driver-missing"


def _lent_to_no_container(gpu: Gpu, machine: Machine) -> bool:
    """Whether the kernel outside runs the card with NVIDIA's driver, and the container was not given it."""
    told = gpu.driver_sees_it is False or machine.nvidia_driver is None
    return bool(machine.environment.container) and gpu.kernel_driver == "nvidia" and machine.os == "linux" and told


def _with_driver(
    gpu: Gpu, capability: Numbers, architecture: Architecture | None, machine: Machine, driver: Numbers
) -> Trouble | None:
    """Return whether the driver is of the wrong age or kind for a card that it was not seen to use."""
    branch = driver[:1]
    if branch and architecture is not None and not may_be(architecture, branch):
        gone_from = architecture.gone_from
        return "driver-too-new" if gone_from is not None and branch >= (gone_from,) else "driver-too-old"
    codes = {finding.code for finding in machine.findings}
    if "open-module-old-card" in codes and is_before_open_module(capability):
        return "open-module"
    if "no-driver" in codes and gpu.kernel_driver is None and machine.os == "windows":
        return "driver-missing"
    if gpu.driver_sees_it is not False:
        return None
    known = known_gpu(gpu.pci_id)
    first = numbers(known.first_linux_driver if known else None)
    on_linux = machine.os == "linux" and not machine.wsl
    older = driver < first if on_linux else branch < first[:1]
    return "driver-too-old" if first and driver and older else "not-seen"


def may_be(architecture: Architecture, branch: Numbers) -> bool:
    """Whether a branch of the driver knows a generation of cards."""
    too_new = architecture.gone_from is not None and branch >= (architecture.gone_from,)
    too_old = architecture.first_branch is not None and branch < (architecture.first_branch,)
    return not (too_new or too_old)
