"""Names what is wrong or contradictory, so that it can be told instead of a silent processor build."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from setupwizard.model import gpu_table
from setupwizard.model.catalogue import numbers
from setupwizard.model.machine import Finding, Gpu
from setupwizard.probes.answers import DriverState
from setupwizard.probes.contradictions import contradictions
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.findings import FindingCode, card_names, card_place, finding
from setupwizard.probes.gpus import Merged, Sources, state_of
from setupwizard.probes.roots import Roots, entries, usable

# What Windows has against a card (CM_PROB_* of cfg.h; the Device Manager shows it as "Code 43").
_WINDOWS_PROBLEMS: dict[int, FindingCode] = {
    1: "no-driver",
    10: "card-did-not-start",
    12: "card-did-not-start",
    14: "driver-not-loaded",
    28: "no-driver",
    31: "driver-not-loaded",
    37: "driver-not-loaded",
    39: "driver-not-loaded",
    43: "card-did-not-start",
    45: "card-without-power",
    52: "driver-not-loaded",
}


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
        *_amd(merged, roots),
        *_intel(merged, roots),
        *contradictions(sources, merged),
        *_surroundings(merged, system, roots),
    ]
    order = {"problem": 0, "warn": 1, "info": 2}
    return tuple(sorted(found, key=lambda one: order[one.level]))


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
        yield finding(code, _evidence_against(indexes, sources, merged), card=card_names(cards))
    if _may_be_secure_boot(by_code, sources, system):
        yield finding("secure-boot-may-block-driver", sources.log.lines or ("Secure Boot: on",))
    sleeping = [gpu for gpu in merged.gpus if gpu.vendor == "nvidia" and sources.asleep(gpu.pci_address)]
    if sleeping and sources.driver_answered:
        yield finding("card-asleep", map(card_place, sleeping), card=card_names(sleeping))


def _evidence_against(indexes: Sequence[int], sources: Sources, merged: Merged) -> Iterator[str]:
    """Yield what was said of some cards: their places, the driver's and Windows' complaints, and all raw answers."""
    yield from (card_place(merged.gpus[index]) for index in indexes)
    yield from (merged.troubles[index] for index in indexes if index in merged.troubles)
    yield from (f"Windows: code {merged.problems[index]}" for index in indexes if index in merged.problems)
    yield from (*sources.evidence, *_kernel_evidence(sources))


def _may_be_secure_boot(codes: Container[FindingCode], sources: Sources, system: SystemFacts) -> bool:
    """Whether a driver that does not run may be one whose signature this computer refuses."""
    if sources.log.key_rejected:
        return "driver-not-loaded" in codes or "no-driver" in codes
    return "driver-not-loaded" in codes and bool(system.environment.secure_boot)


def _kernel_evidence(sources: Sources) -> Iterator[str]:
    kernel = sources.kernel
    if kernel.version or kernel.library:
        yield f"kernel module {kernel.version or '?'}, library {kernel.library or '?'}"
    yield from sources.log.lines


def _why(
    index: int, gpu: Gpu, sources: Sources, merged: Merged, system: SystemFacts, *, driver_installed: bool
) -> FindingCode | None:
    """Return why the driver does not serve a card, None when it does."""
    if index in merged.troubles:
        return "gpu-lost"
    if gpu.driver_sees_it or system.jetpack:
        return None
    if index in merged.disabled or index in merged.problems:
        return _of_the_device_manager(index, merged)
    if gpu.kernel_driver == "vfio-pci":
        return "card-passed-through"
    if gpu.kernel_driver in gpu_table.KERNELS_OWN:
        return "nouveau-in-use"
    if sources.driver_answered and sources.asleep(gpu.pci_address):
        return None
    if system.os == "windows" and gpu.kernel_driver is None:
        return "no-driver"
    if sources.driver_answered:
        return _why_unlisted(gpu, sources, merged)
    return _why_silent(gpu, sources, system, driver_installed=driver_installed)


def _of_the_device_manager(index: int, merged: Merged) -> FindingCode:
    if index in merged.disabled:
        return "card-disabled"
    return _WINDOWS_PROBLEMS.get(merged.problems[index], "card-did-not-start")


def _why_unlisted(gpu: Gpu, sources: Sources, merged: Merged) -> FindingCode:
    log, place = sources.log, gpu.pci_address or ""
    if place in log.fallen:
        return "gpu-lost"
    if place in log.too_old:
        return "open-module-old-card"
    if place in log.legacy:
        return "driver-newer-than-card"
    known = gpu_table.known_gpu(gpu.pci_id)
    first = known.first_linux_driver if known else None
    if first and merged.driver and numbers(merged.driver.version) < numbers(first):
        return "driver-older-than-card"
    if sources.kernel.open_module and gpu_table.is_before_open_module(numbers(gpu.compute_capability)):
        return "open-module-old-card"
    return "card-did-not-start" if place in log.not_started else "driver-does-not-see-card"


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
        "error": "driver-answers-with-error",
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
    evidence = sources.evidence
    if system.wsl:
        code: FindingCode = "wsl-without-card" if sources.kernel.dxg else "wsl-without-graphics"
        yield finding(code, (f"/dev/dxg: {'there' if sources.kernel.dxg else 'missing'}", *evidence))
    elif state_of(sources) == "hangs":
        yield finding("driver-hangs", evidence)
    elif sources.driver_answered or sources.kernel.loaded:
        yield finding("driver-without-card", (*evidence, *_kernel_evidence(sources)))


def _amd(merged: Merged, roots: Roots) -> Iterator[Finding]:
    """Yield what keeps an AMD card of a Linux from computing. ROCm opens /dev/kfd for reading and writing."""
    cards = [gpu for gpu in merged.gpus if gpu.vendor == "amd"]
    listed = [gpu for gpu in cards if "kfd" in gpu.sources]
    if listed and not usable(roots.at("/dev/kfd")):
        yield finding("amd-no-permission", map(card_place, listed), card=card_names(listed))
    others = [gpu for gpu in cards if gpu.driver_sees_it is False]
    if others:
        yield finding("amd-card-not-usable", map(card_place, others), card=card_names(others))


def _intel(merged: Merged, roots: Roots) -> Iterator[Finding]:
    """Yield what keeps an Intel card of a Linux from computing: its driver is reached through the render nodes."""
    known = ((gpu, gpu_table.known_gpu(gpu.pci_id)) for gpu in merged.gpus if gpu.kernel_driver in {"i915", "xe"})
    cards = [gpu for gpu, row in known if row is not None and row.xpu]
    nodes = entries(roots.at("/dev/dri"), "renderD*")
    if cards and nodes and not any(map(usable, nodes)):
        yield finding("intel-no-permission", (*map(card_place, cards), *map(str, nodes)), card=card_names(cards))


def _surroundings(merged: Merged, system: SystemFacts, roots: Roots) -> Iterator[Finding]:
    if system.vc_missing:
        yield finding("vc-runtime-missing", system.vc_missing, files=", ".join(system.vc_missing))
    container = system.environment.container
    if container:
        yield finding("running-in-container", (f"container: {container}",), container=container)
    hidden = roots.variable("CUDA_VISIBLE_DEVICES").strip()
    if "CUDA_VISIBLE_DEVICES" in roots.environ and any(gpu.vendor == "nvidia" for gpu in merged.gpus):
        yield finding("cards-hidden", (f"CUDA_VISIBLE_DEVICES={hidden}",), value=hidden or '""')
