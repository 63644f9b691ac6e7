"""Names what two sources tell differently of the same card or driver, and what none of them tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setupwizard.i18n import _
from setupwizard.model import gpu_table
from setupwizard.model.machine import Finding
from setupwizard.probes.findings import card_names, card_place, finding
from setupwizard.probes.gpus import Merged, Sources, same

_SAME_MEMORY = 0.05


def contradictions(sources: Sources, merged: Merged) -> Iterator[Finding]:
    """Yield what the sources of the cards tell differently, and what is not known although the driver answered."""
    yield from _one_way_only(sources)
    yield from _unlike_words(sources, merged)
    yield from _unknown(sources, merged)
    if merged.stale:
        yield finding(
            "stale-adapters",
            (f"registry: {adapter.pci_id} {adapter.name}" for adapter in merged.stale),
            card=", ".join(adapter.name or adapter.pci_id or "" for adapter in merged.stale),
        )


def _one_way_only(sources: Sources) -> Iterator[Finding]:
    """Yield that one of the two ways to ask the driver works and the other does not."""
    nvml, smi = sources.nvml, sources.smi
    if smi.state == "hangs":
        yield finding("nvidia-smi-hangs", smi.evidence)
    elif nvml.state == "ok" and smi.state not in {"ok", "absent", "not-asked"}:
        yield finding("nvidia-smi-differs", smi.evidence)
    if smi.state == "ok" and nvml.state not in {"ok", "not-asked"}:
        yield finding("nvml-does-not-answer", nvml.evidence)


def _unlike_words(sources: Sources, merged: Merged) -> Iterator[Finding]:
    """Yield what is told in two ways; the CUDA of a library that lies here alone is a finding of its own."""
    differences = (*_of_the_driver(sources), *_of_listed_cards(sources), *_of_merged_cards(sources, merged))
    if differences:
        yield finding("sources-disagree", sources.evidence, difference="; ".join(dict.fromkeys(differences)))
    told, library = sources.nvml.cuda or sources.smi.cuda, sources.cuda.cuda
    if told and library and library != told:
        yield finding("cuda-library-differs", sources.evidence, library=library, driver=told)


def _unknown(sources: Sources, merged: Merged) -> Iterator[Finding]:
    """Yield what an answering driver leaves open, and cards of which the compute capability is nowhere to be had."""
    if merged.driver is not None and merged.driver.cuda is None and sources.driver_answered:
        yield finding("cuda-version-unknown", sources.evidence)
    split = [merged.gpus[index] for index in sorted(merged.split)]
    if split:
        yield finding("card-split", sources.evidence, card=card_names(split))
    unknown = [gpu for gpu in merged.gpus if gpu.vendor == "nvidia" and gpu.compute_capability is None]
    if unknown:
        yield finding("unknown-card", map(card_place, unknown), card=card_names(unknown))


def _of_the_driver(sources: Sources) -> Iterator[str]:
    """Yield where the driver's version or its number of cards or CUDA is told differently."""
    nvml, smi, kernel = sources.nvml, sources.smi, sources.kernel
    versions = {"NVML": nvml.driver, "nvidia-smi": smi.driver, "/proc": None if kernel.dxg else kernel.version}
    if nvml.answered or smi.answered:
        yield from _unlike(_("driver"), versions)
    if nvml.state == smi.state == "ok":
        yield from _unlike(_("number of cards"), {"NVML": len(nvml.cards), "nvidia-smi": len(smi.cards)})
        yield from _unlike("CUDA", {"NVML": nvml.cuda, "nvidia-smi": smi.cuda})


def _of_listed_cards(sources: Sources) -> Iterator[str]:
    """Yield what NVML and nvidia-smi tell differently of one card; memory may differ by what is reserved."""
    if not sources.nvml.state == sources.smi.state == "ok":
        return
    for card in sources.nvml.cards:
        for twin in (other for other in sources.smi.cards if same(card, other)):
            for fact in ("compute_capability", "pci_id", "name"):
                yield from _unlike(card.name, {"NVML": getattr(card, fact), "nvidia-smi": getattr(twin, fact)})
            memory, other = card.memory_mib, twin.memory_mib
            if memory and other and abs(memory - other) > _SAME_MEMORY * max(memory, other):
                yield from _unlike(card.name, {"NVML": f"{memory} MiB", "nvidia-smi": f"{other} MiB"})


def _of_merged_cards(sources: Sources, merged: Merged) -> Iterator[str]:
    """Yield where the driver contradicts the table of PCI ids, or lists a card where the bus has none."""
    on_bus = {card.address for card in sources.bus.pci if card.vendor == "nvidia"}
    for gpu in merged.gpus:
        table = gpu_table.compute_capability_of(gpu.pci_id)
        yield from _unlike(gpu.name, {_("driver"): gpu.compute_capability, "PCI": table})
        if on_bus and gpu.vendor == "nvidia" and gpu.pci_address and gpu.pci_address not in on_bus:
            yield _("the driver lists {card} at {place}, where the bus has no card").format(
                card=gpu.name, place=gpu.pci_address
            )


def _unlike(what: str, told: Mapping[str, object]) -> Iterator[str]:
    """Yield "what: one's word (who), the other's (who)" where those who say something do not say the same."""
    said = {who: value for who, value in told.items() if value not in {None, ""}}
    if len(set(said.values())) > 1:
        yield f"{what}: " + ", ".join(f"{value} ({who})" for who, value in said.items())
