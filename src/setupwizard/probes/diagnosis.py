"""Names what is wrong or contradictory, so that it can be told instead of a silent processor build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setupwizard.model import gpu_table
from setupwizard.model.machine import Finding, Gpu
from setupwizard.probes.answers import DriverAnswer, DriverState
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.findings import FindingCode, finding
from setupwizard.probes.gpus import Merged, Sources
from setupwizard.probes.roots import Roots

_SILENT: frozenset[DriverState] = frozenset(["not-asked", "absent", "broken"])
_OPEN_MODULE_FROM = (7, 5)
"""NVIDIA's open kernel module drives Turing and newer (README of open-gpu-kernel-modules, "Compatible GPUs")."""


def findings(
    sources: Sources, merged: Merged, system: SystemFacts, roots: Roots, *, driver_installed: bool
) -> tuple[Finding, ...]:
    """Return what was noticed, the most serious first.

    Args:
        sources: what each source said.
        merged: what was made of it.
        system: the computer apart from its cards.
        roots: whose environment variables count.
        driver_installed: files of an NVIDIA driver lie on this computer, whether it runs or not.
    """
    found = [
        *_cards(sources, merged, system, driver_installed=driver_installed),
        *_without_cards(sources, merged, system),
        *_contradictions(sources, merged),
        *_surroundings(merged, system, roots),
    ]
    order = {"problem": 0, "warn": 1, "info": 2}
    return tuple(sorted(found, key=lambda one: order[one.level]))


def state_of(sources: Sources) -> DriverState:
    """Return how the NVIDIA driver is, from the source that knows most: one that answered, else one that got a no."""
    answers = (sources.nvml, sources.smi)
    for answer in answers:
        if answer.answered:
            return answer.state
    for answer in answers:
        if answer.state not in _SILENT:
            return answer.state
    return sources.nvml.state


def _cards(sources: Sources, merged: Merged, system: SystemFacts, *, driver_installed: bool) -> Iterator[Finding]:
    """Yield one finding for each reason why a card cannot be used, with the names of all cards that share it."""
    by_code: dict[FindingCode, list[int]] = {}
    for index, gpu in enumerate(merged.gpus):
        if gpu.vendor == "nvidia" and system.os != "macos":  # no Mac can run an NVIDIA driver any more
            code = _why(index, gpu, sources, merged, system, driver_installed=driver_installed)
            if code is not None:
                by_code.setdefault(code, []).append(index)
    for code, indexes in by_code.items():
        cards = [merged.gpus[index] for index in indexes]
        said = [merged.troubles[index] for index in indexes if index in merged.troubles]
        evidence = [*map(_place, cards), *said, *sources.nvml.evidence, *sources.smi.evidence]
        yield finding(code, evidence, card=_names(cards))
    if "driver-not-loaded" in by_code and system.environment.secure_boot:
        yield finding("secure-boot-may-block-driver")


def _why(
    index: int, gpu: Gpu, sources: Sources, merged: Merged, system: SystemFacts, *, driver_installed: bool
) -> FindingCode | None:
    """Return why the driver does not serve a card, None when it does."""
    if index in merged.troubles:
        return "gpu-lost"
    if "nvml" in gpu.sources or "nvidia-smi" in gpu.sources or system.jetpack:
        return None
    if index in merged.disabled:
        return "card-disabled"
    if gpu.kernel_driver == "vfio-pci":
        return "card-passed-through"
    if gpu.kernel_driver in {"nouveau", "nova", "nova_core"}:
        return "nouveau-in-use"
    if system.os == "windows" and gpu.kernel_driver is None:
        return "no-driver"
    if sources.driver_answered:
        return _why_unlisted(gpu, sources, merged)
    return _why_silent(gpu, sources, system, driver_installed=driver_installed)


def _why_unlisted(gpu: Gpu, sources: Sources, merged: Merged) -> FindingCode:
    known = gpu_table.known_gpu(gpu.pci_id)
    first = known.first_linux_driver if known else None
    if first and merged.driver and _numbers(merged.driver.version) < _numbers(first):
        return "driver-older-than-card"
    if sources.kernel.open_module and _numbers(gpu.compute_capability or "99.0") < _OPEN_MODULE_FROM:
        return "open-module-old-card"
    return "driver-does-not-see-card"


def _why_silent(gpu: Gpu, sources: Sources, system: SystemFacts, *, driver_installed: bool) -> FindingCode:
    """Return why the driver as a whole does not answer. In the registry a driver may stand that does not run."""
    registered = gpu.kernel_driver == "nvidia"
    runs = sources.kernel.loaded or (registered and system.os == "linux")
    if system.environment.container and runs and not sources.kernel.nodes:
        return "container-without-card"
    codes: dict[DriverState, FindingCode] = {
        "mismatch": "driver-library-mismatch",
        "no-permission": "driver-no-permission",
        "hangs": "driver-hangs",
        "gpu-lost": "gpu-lost",
    }
    known = codes.get(state_of(sources))
    if known is not None:
        return known
    if runs:
        return "driver-library-missing"
    return "driver-not-loaded" if driver_installed or registered else "no-driver"


def _without_cards(sources: Sources, merged: Merged, system: SystemFacts) -> Iterator[Finding]:
    """Yield what is to be said when there is no NVIDIA card at all."""
    if any(gpu.vendor == "nvidia" for gpu in merged.gpus):
        return
    evidence = (*sources.nvml.evidence, *sources.smi.evidence)
    if system.wsl:
        yield finding("wsl-without-card" if sources.kernel.dxg else "wsl-without-graphics", evidence)
    elif state_of(sources) == "hangs":
        yield finding("driver-hangs", evidence)
    elif sources.driver_answered or sources.kernel.loaded:
        yield finding("driver-without-card", evidence)


def _contradictions(sources: Sources, merged: Merged) -> Iterator[Finding]:
    nvml, smi = sources.nvml, sources.smi
    if smi.state == "hangs":
        yield finding("nvidia-smi-hangs", smi.evidence)
    elif nvml.state == "ok" and smi.state not in {"ok", "absent", "not-asked"}:
        yield finding("nvidia-smi-differs", smi.evidence)
    if smi.state == "ok" and nvml.state not in {"ok", "not-asked"}:
        yield finding("nvml-does-not-answer", nvml.evidence)
    for difference in _differences(nvml, smi, merged):
        yield finding("sources-disagree", (*nvml.evidence, *smi.evidence), difference=difference)
    if merged.driver is not None and merged.driver.cuda is None and sources.driver_answered:
        yield finding("cuda-version-unknown", (*nvml.evidence, *smi.evidence))
    split = [merged.gpus[index] for index in sorted(merged.split)]
    if split:
        yield finding("card-split", card=_names(split))
    unknown = [gpu for gpu in merged.gpus if gpu.vendor == "nvidia" and gpu.compute_capability is None]
    if unknown:
        yield finding("unknown-card", map(_place, unknown), card=_names(unknown))
    if merged.stale:
        yield finding(
            "stale-adapters",
            (f"registry: {adapter.pci_id} {adapter.name}" for adapter in merged.stale),
            card=", ".join(adapter.name or adapter.pci_id or "" for adapter in merged.stale),
        )


def _differences(nvml: DriverAnswer, smi: DriverAnswer, merged: Merged) -> Iterator[str]:
    """Yield each fact that two sources tell differently."""
    if nvml.state == smi.state == "ok":
        if nvml.driver and smi.driver and nvml.driver != smi.driver:
            yield f"NVML {nvml.driver}, nvidia-smi {smi.driver}"
        if len(nvml.cards) != len(smi.cards):
            yield f"NVML {len(nvml.cards)}, nvidia-smi {len(smi.cards)}"
    for gpu in merged.gpus:
        table = gpu_table.compute_capability_of(gpu.pci_id)
        if table and gpu.compute_capability and table != gpu.compute_capability:
            yield f"{gpu.name}: NVML {gpu.compute_capability}, PCI {table}"


def _surroundings(merged: Merged, system: SystemFacts, roots: Roots) -> Iterator[Finding]:
    container = system.environment.container
    if container:
        yield finding("running-in-container", container=container)
    hidden = roots.variable("CUDA_VISIBLE_DEVICES").strip()
    if "CUDA_VISIBLE_DEVICES" in roots.environ and any(gpu.vendor == "nvidia" for gpu in merged.gpus):
        yield finding("cards-hidden", (f"CUDA_VISIBLE_DEVICES={hidden}",), value=hidden or '""')


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _place(gpu: Gpu) -> str:
    """Return a card's place and driver as evidence."""
    return f"{gpu.pci_address or '?'} {gpu.pci_id or '?'} {gpu.kernel_driver or '-'} ({', '.join(gpu.sources)})"


def _names(cards: Sequence[Gpu]) -> str:
    return ", ".join(dict.fromkeys(gpu.name for gpu in cards))
