"""One list of graphics cards from all that told about them; what contradicts stays visible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.i18n import _
from setupwizard.model import gpu_table
from setupwizard.model.machine import Gpu, NvidiaDriver
from setupwizard.probes import pci
from setupwizard.probes.adapters import Adapter, not_stale, nvidia_version
from setupwizard.probes.answers import DriverAnswer, DriverState, ListedCard
from setupwizard.probes.bus import Bus
from setupwizard.probes.kernel_log import KernelLog
from setupwizard.probes.kfd import KfdNode
from setupwizard.probes.linux import KernelDriver

_SILENT: frozenset[DriverState] = frozenset(["not-asked", "absent", "broken"])
_SERVES_NOBODY: frozenset[DriverState] = frozenset(["mismatch", "not-loaded", "no-permission", "gpu-lost", "error"])
"""States of the whole driver in which no program can use any of its cards; one that hangs tells nothing of them."""
_LAPTOP = re.compile(r"laptop|mobile|max-q|notebook|\bMX\d{3}\b|(?<!\d)\d{3,4}MX?\b", re.IGNORECASE)
_INTEL_CARD = re.compile(r"\bArc\S*\s+(?:Pro\s+)?[AB]\d", re.IGNORECASE)
_INTEL_INSIDE = "0000:00:02.0"
"""Intel's graphics unit of the processor always has this place on the bus."""


class Sources(Struct, frozen=True, kw_only=True):
    """Everything that was said about graphics cards, before it is put together."""

    bus: Bus
    nvml: DriverAnswer
    smi: DriverAnswer
    kernel: KernelDriver
    cuda: DriverAnswer = DriverAnswer(source="cuda", state="not-asked")
    log: KernelLog = KernelLog()

    @property
    def driver_answered(self) -> bool:
        """Whether the NVIDIA driver answered by any way."""
        return self.nvml.answered or self.smi.answered or bool(self.cuda.cards)

    @property
    def evidence(self) -> tuple[str, ...]:
        """What the driver answered by all ways, in its own words."""
        return (*self.nvml.evidence, *self.smi.evidence, *self.cuda.evidence)

    def asleep(self, address: str | None) -> bool:
        """Whether the card at this place was left asleep, so that nobody asked about it."""
        return any(card.asleep and card.address == address and card.kernel_driver == "nvidia" for card in self.bus.pci)


class Merged(Struct, frozen=True, kw_only=True):
    """The cards, the NVIDIA driver, and what the findings need to know besides.

    Attributes:
        troubles: index of a card to what the driver said about it instead of an answer.
        disabled: indexes of the cards that somebody switched off.
        problems: index of a card to the number of what Windows has against it, as the Device Manager shows it.
        split: indexes of the cards that are split into parts.
        stale: adapters that the registry only remembers.
    """

    gpus: tuple[Gpu, ...] = ()
    driver: NvidiaDriver | None = None
    troubles: dict[int, str] = {}
    disabled: frozenset[int] = frozenset()
    problems: dict[int, int] = {}
    split: frozenset[int] = frozenset()
    stale: tuple[Adapter, ...] = ()


class _Draft(Struct):
    """A card while it is put together."""

    gpu: Gpu
    listed: ListedCard | None = None
    disabled: bool = False
    problem: int | None = None


def merge(sources: Sources) -> Merged:
    """Put the cards together: by their place on the bus, else by their PCI id."""
    listed = list(_listed(sources.nvml, sources.smi)) or [(card, ("cuda",)) for card in sources.cuda.cards]
    kept, stale = not_stale(sources.bus.adapters, [card.pci_id for card, _names in listed if card.pci_id])
    drafts = [*_from_bus(sources), *_from_registry(kept, sources), *(_Draft(gpu=gpu) for gpu in sources.bus.others)]
    for card, said in listed:
        _attach(drafts, card, said)
    gpus = tuple(_finish(draft, sources) for draft in drafts)
    return Merged(
        gpus=gpus,
        driver=_driver(sources, kept),
        troubles={index: trouble for index, draft in enumerate(drafts) if (trouble := _trouble(draft)) is not None},
        disabled=frozenset(index for index, draft in enumerate(drafts) if draft.disabled),
        problems={index: draft.problem for index, draft in enumerate(drafts) if draft.problem is not None},
        split=frozenset(index for index, draft in enumerate(drafts) if draft.listed and draft.listed.mig),
        stale=tuple(stale),
    )


def _listed(nvml: DriverAnswer, smi: DriverAnswer) -> Iterator[tuple[ListedCard, tuple[str, ...]]]:
    """Yield each card that the driver lists, once, with the names of the sources; NVML's word goes first."""
    rest = list(smi.cards)
    for card in nvml.cards:
        twin = next((other for other in rest if same(card, other)), None)
        if twin is None:
            yield card, (nvml.source,)
        else:
            rest.remove(twin)
            yield _completed(card, twin), (nvml.source, smi.source)
    for card in rest:
        yield card, (smi.source,)


def same(one: ListedCard, other: ListedCard) -> bool:
    """Return whether two sources speak of the same card: by its place, else its own number, else its index."""
    for mine, its in ((one.pci_address, other.pci_address), (one.uuid, other.uuid), (one.index, other.index)):
        if mine is not None and its is not None:
            return mine == its
    return False


def _completed(card: ListedCard, twin: ListedCard) -> ListedCard:
    """Return a card with what only the other source told."""
    missing = {name: getattr(twin, name) for name in card.__struct_fields__ if getattr(card, name) in (None, "", False)}
    return replace(card, **{**missing, "trouble": card.trouble})


def _from_bus(sources: Sources) -> Iterator[_Draft]:
    for card in sources.bus.pci:
        gpu = Gpu(
            vendor=card.vendor,
            name=sources.bus.names.get(card.pci_id, ""),
            pci_id=card.pci_id,
            pci_address=card.address,
            memory_mib=card.memory_bytes >> 20 if card.memory_bytes else None,
            integrated=_integrated_on_bus(card),
            kernel_driver=card.kernel_driver,
            sources=("sysfs",),
        )
        if card.vendor == "amd":
            gpu = _with_kfd(gpu, sources.bus.kfd)
        yield _Draft(gpu=_with_proc(gpu, sources.kernel) if card.vendor == "nvidia" else gpu)


def _integrated_on_bus(card: pci.PciCard) -> bool | None:
    if card.vendor == "intel":
        return card.address == _INTEL_INSIDE
    return False if card.vendor == "nvidia" else None


def _with_proc(gpu: Gpu, kernel: KernelDriver) -> Gpu:
    """Return an NVIDIA card with what the kernel driver's own list says about it."""
    here = next((card for card in kernel.cards if card.address == gpu.pci_address), None)
    return replace(gpu, name=here.name or gpu.name, sources=(*gpu.sources, "proc")) if here else gpu


def _with_kfd(gpu: Gpu, nodes: tuple[KfdNode, ...] | None) -> Gpu:
    """Return an AMD card with its architecture; a card that amdgpu drives and KFD does not know cannot compute."""
    if nodes is None:
        return gpu
    here = [node for node in nodes if node.pci_id == gpu.pci_id and node.address in {None, gpu.pci_address}]
    if here:
        return replace(gpu, gfx=here[0].gfx, driver_sees_it=True, sources=(*gpu.sources, "kfd"))
    return replace(gpu, driver_sees_it=False) if gpu.kernel_driver == "amdgpu" else gpu


def _from_registry(adapters: Iterable[Adapter], sources: Sources) -> Iterator[_Draft]:
    """Yield the adapters that are on the bus: a virtual one, as remote programs install, has no PCI id."""
    for adapter in adapters:
        if adapter.pci_id is None:
            continue
        vendor = pci.VENDORS.get(adapter.pci_id.partition(":")[0], "other")
        basic = adapter.provider == "Microsoft" and vendor != "other"
        gpu = Gpu(
            vendor=vendor,
            name=sources.bus.names.get(adapter.pci_id, "") if basic else _name_in_registry(adapter),
            pci_id=adapter.pci_id,
            pci_address=adapter.address,
            memory_mib=adapter.memory_bytes >> 20 if adapter.memory_bytes else None,
            integrated=_integrated_by_name(vendor, adapter.name),
            kernel_driver="nvidia" if vendor == "nvidia" and not basic and adapter.driver_version else None,
            sources=("registry",) if adapter.present is None else ("registry", "setupapi"),
        )
        yield _Draft(gpu=gpu, disabled=adapter.disabled, problem=adapter.problem)


def _name_in_registry(adapter: Adapter) -> str:
    """Return a card's name; where no driver signed for it, it may be that of Microsoft's, and the table goes first."""
    return adapter.name if adapter.provider else gpu_table.name_of(adapter.pci_id) or adapter.name


def _integrated_by_name(vendor: str, name: str) -> bool | None:
    """Return whether the unit is part of the processor, as Windows' names tell: they are all that it gives."""
    if vendor == "nvidia":
        return False
    if vendor == "intel":
        return _INTEL_CARD.search(name) is None if name else None
    if vendor == "amd" and name:
        return name.endswith("Graphics") and " RX " not in f" {name} "
    return None


def _attach(drafts: list[_Draft], card: ListedCard, said: tuple[str, ...]) -> None:
    """Give a listed card to its entry, or make it an entry of its own: containers and WSL show no bus."""
    free = [draft for draft in drafts if draft.gpu.vendor == "nvidia" and draft.listed is None]
    draft = (
        _first(free, lambda gpu: card.pci_address is not None and gpu.pci_address == card.pci_address)
        or _first(free, lambda gpu: gpu.pci_address is None and gpu.pci_id is not None and gpu.pci_id == card.pci_id)
        or _first(free, lambda gpu: gpu.pci_id is None)
        or _only_unplaced(free, card)
    )
    if draft is None:
        draft = _Draft(gpu=Gpu(vendor="nvidia"))
        drafts.append(draft)
    draft.listed = card
    if card.trouble is None or not draft.gpu.sources:  # a driver that only says that it lost a card tells nothing of it
        draft.gpu = replace(draft.gpu, sources=(*said, *draft.gpu.sources))


def _first(drafts: list[_Draft], fits: Callable[[Gpu], bool]) -> _Draft | None:
    return next((draft for draft in drafts if fits(draft.gpu)), None)


def _only_unplaced(free: list[_Draft], card: ListedCard) -> _Draft | None:
    """Return the one card that is left, for a listed card whose place cannot be told any more because it is lost."""
    return free[0] if card.pci_address is None and card.pci_id is None and len(free) == 1 else None


def _finish(draft: _Draft, sources: Sources) -> Gpu:
    return _finish_nvidia(draft, sources) if draft.gpu.vendor == "nvidia" else _finish_other(draft.gpu)


def _finish_other(gpu: Gpu) -> Gpu:
    """Return a card that no driver of NVIDIA's speaks of, with what the table of PCI ids knows."""
    known = gpu_table.known_gpu(gpu.pci_id)
    name = gpu.name or (known.name if known else "") or _plain_name(gpu)
    return replace(
        gpu,
        name=name,
        laptop=_laptop(name) if gpu.vendor == "intel" else None,
        integrated=_first_told(known.integrated if known else None, gpu.integrated),
    )


def _finish_nvidia(draft: _Draft, sources: Sources) -> Gpu:
    """Return an NVIDIA card: the driver's word goes first, then that of the bus or the registry, then the table's."""
    gpu, listed = draft.gpu, draft.listed or ListedCard()
    pci_id = gpu.pci_id or listed.pci_id
    told = gpu.name if {"registry", "proc"} & set(gpu.sources) else ""
    name = listed.name or told or gpu_table.name_of(pci_id) or gpu.name or gpu_table.plain_name("nvidia")
    return replace(
        gpu,
        name=name,
        pci_id=pci_id,
        pci_address=gpu.pci_address or listed.pci_address,
        uuid=listed.uuid,
        compute_capability=listed.compute_capability
        or gpu.compute_capability
        or gpu_table.compute_capability_of(pci_id),
        memory_mib=listed.memory_mib or gpu.memory_mib,
        power_limit_w=listed.power_limit_w,
        max_clock_mhz=listed.max_clock_mhz,
        integrated=_first_told(gpu.integrated, False),
        laptop=_first_told(gpu.laptop, _laptop(name)),
        driver_sees_it=_seen(draft, sources),
    )


def _first_told(*answers: bool | None) -> bool | None:
    """Return the first answer that is one: no is an answer, None is not."""
    return next((answer for answer in answers if answer is not None), None)


def _laptop(name: str) -> bool | None:
    """Return True for a laptop's card by the words of NVIDIA and Intel; a name without them proves nothing."""
    return True if _LAPTOP.search(name) else None


def _seen(draft: _Draft, sources: Sources) -> bool | None:
    """Return whether the driver reaches a card; None when nobody could be asked."""
    if draft.listed is not None:
        return _trouble(draft) is None
    if draft.gpu.kernel_driver == "vfio-pci" or draft.disabled or draft.problem is not None:
        return False
    if sources.driver_answered and sources.asleep(draft.gpu.pci_address):
        return True if "proc" in draft.gpu.sources else None
    return False if sources.driver_answered or state_of(sources) in _SERVES_NOBODY else None


def state_of(sources: Sources) -> DriverState:
    """Return how the NVIDIA driver is, from the source that knows most: one that answered, else one that got a no."""
    answers = (sources.nvml, sources.smi, sources.cuda)
    for answer in answers[:2]:
        if answer.answered:
            return answer.state
    for answer in answers:
        if answer.state not in _SILENT and not (answer is sources.cuda and answer.state == "ok"):
            return answer.state
    kernel = sources.kernel
    unlike = kernel.version is not None and kernel.library is not None and kernel.version != kernel.library
    return "mismatch" if unlike else sources.nvml.state


def _trouble(draft: _Draft) -> str | None:
    return draft.listed.trouble if draft.listed is not None else None


def _plain_name(gpu: Gpu) -> str:
    maker = pci.maker(gpu.pci_id or "")
    if gpu.vendor == "other":
        return _("Basic graphics adapter ({maker})").format(maker=maker) if maker else _("Basic graphics adapter")
    return gpu_table.plain_name(gpu.vendor)


def _driver(sources: Sources, adapters: Iterable[Adapter]) -> NvidiaDriver | None:
    """Return the driver: as it says itself, else as the kernel or the registry names it, else None."""
    registry = (
        nvidia_version(adapter.driver_version or "")
        for adapter in adapters
        if (adapter.pci_id or "").startswith("10de:") and adapter.provider != "Microsoft"
    )
    answers = (sources.nvml.driver, sources.smi.driver, sources.kernel.version, *registry)
    version = next((answer for answer in answers if answer), None)
    library = sources.cuda.cuda if version or sources.kernel.runs else None  # it may lie there without a driver
    cuda = sources.nvml.cuda or sources.smi.cuda or library
    if version is None and cuda is None:
        return None
    return NvidiaDriver(version=version or "", cuda=cuda)  # the CUDA library may tell its number and no version
