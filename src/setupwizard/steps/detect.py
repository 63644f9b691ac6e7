"""Finds out what this computer is: every source side by side, each with a deadline, then one Machine."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar, cast

from setupwizard.errors import Cancelled
from setupwizard.i18n import N_, _
from setupwizard.model.events import Emit, Progress, ignore
from setupwizard.model.machine import Finding, FoundPython, FoundTorch, Machine, Said
from setupwizard.probes import (
    answers,
    bus,
    condas,
    cuda,
    disks,
    driver_files,
    gpus,
    kernel_log,
    linux,
    noticing,
    nvidia_smi,
    nvml,
    nvml_child,
    pci,
    pythons,
    system,
    toolkits,
    torches,
)
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.findings import finding
from setupwizard.probes.roots import Roots, exists
from setupwizard.steps.tracking import Track
from setupwizard.store.layout import Root
from setupwizard.tools.concurrency import Cancel, side_by_side

T = TypeVar("T")
log = logging.getLogger(__name__)

DEADLINE = 5.0
"""Seconds for everything that tells about cards, the system and its files: a bit more than the deadlines inside."""
LONG_DEADLINE = nvml.MOST_SECONDS + 1
"""Seconds for what may honestly take longer while it gets on: starting many Pythons, a server's many cards."""
FILES_DEADLINE = 3.0
"""Seconds for the second round, which only looks at files: a network drive may be gone."""

_WHAT = {
    "system": N_("the operating system"),
    "cards": N_("the graphics cards on the bus"),
    "kernel": N_("the state of the NVIDIA driver"),
    "installed": N_("the files of the NVIDIA driver"),
    "nvml": N_("the NVIDIA driver"),
    "cuda": N_("the CUDA library of the NVIDIA driver"),
    "kernel-log": N_("the messages of the Linux kernel"),
    "nvidia-smi": N_("nvidia-smi"),
    "pythons": N_("the installed Pythons"),
    "condas": N_("conda"),
    "toolkits": N_("CUDA Toolkits"),
    "disks": N_("the drives"),
    "torches": N_("installed PyTorch versions"),
}

_OWN_WORDS = frozenset(["nvml", "nvidia-smi"])
"""Sources whose silence has a finding of its own."""


class _Answers:
    """What the sources said, by name; a source that broke or did not answer gives its fallback."""

    def __init__(self) -> None:
        self.given: dict[str, object] = {}
        self.findings: list[Finding] = []

    def add(self, given: Mapping[str, object]) -> None:
        """Take the answers of one round, and note which are missing."""
        self.given.update(given)
        for name, answer in given.items():
            if isinstance(answer, Cancelled):
                raise answer
            if answer is None and name not in _OWN_WORDS:
                self.findings.append(finding("no-answer-in-time", [f"{name}: no answer"], what=_(_WHAT[name])))
            elif isinstance(answer, Exception):
                self.findings.append(finding("probe-broke", [f"{name}: {answer!r}"], what=_(_WHAT[name])))

    def silent(self, name: str) -> bool:
        """Return whether a source did not answer in time."""
        return self.given.get(name) is None

    def get(self, name: str, fallback: T) -> T:
        """Return what a source said, or the fallback."""
        answer = self.given.get(name)
        return fallback if answer is None or isinstance(answer, Exception) else cast("T", answer)


def detect(emit: Emit = ignore, cancel: Cancel | None = None, *, roots: Roots | None = None) -> Machine:
    """Return what this computer is.

    The paths in it are true, as the next steps have to use them. Whoever prints, saves or sends the machine calls
    `redacted` (probes/privacy) first, which takes names of people out; `expand` puts the home folder of this user back
    into a document that was read again on the same computer. Nothing is written, no network is touched, and nothing
    that hangs can hold it up: it answers within its deadlines with what is known by then, and says what is missing.

    Args:
        emit: gets one step "probe" with its progress.
        cancel: a wish to stop.
        roots: where to look; this computer when not given.

    Raises:
        Cancelled: somebody asked to stop.
    """
    cancel = cancel or Cancel()
    with Track(emit, cancel).step("probe"):
        return _detect(emit, cancel, roots or Roots())


def _detect(emit: Emit, cancel: Cancel, roots: Roots) -> Machine:
    said = _Answers()
    heard: list[str] = []
    said.add(_side_by_side(roots, heard, cancel))
    emit(Progress(id="probe", done=len(_WHAT) - 1, total=len(_WHAT), unit="stages"))
    second: dict[str, Callable[[], object]] = {"torches": partial(_torches, roots, said.get("pythons", ()))}
    if _only_cuda_is_left(said, heard) and _may_start_cuda(roots, linux.kernel_driver(roots)):
        second["cuda"] = partial(_ask_cuda, roots, cancel, devices=True)
    said.add(side_by_side(second, deadline=FILES_DEADLINE, cancel=cancel))
    emit(Progress(id="probe", done=len(_WHAT), total=len(_WHAT), unit="stages"))
    return _machine(roots, said, _sources(said, heard))


def pythons_here(roots: Roots | None = None, cancel: Cancel | None = None) -> tuple[FoundPython, ...]:
    """Return the Pythons of this computer, for a job that is decided by the document of another one."""
    return tuple(one.python for one in pythons.interpreters(roots or Roots(), cancel=cancel))


def _side_by_side(roots: Roots, heard: list[str], cancel: Cancel) -> dict[str, object]:
    """Ask all questions that need no other's answer; those that may take long do not hold up the others' deadline."""
    quick: Callable[[], object] = partial(side_by_side, _questions(roots, cancel), deadline=DEADLINE, cancel=cancel)
    slow: dict[str, Callable[[], object]] = {
        "pythons": partial(pythons.interpreters, roots, cancel=cancel),
        "nvml": partial(_ask_nvml, roots, heard, cancel),
    }
    given = side_by_side({**slow, "quick": quick}, deadline=LONG_DEADLINE, cancel=cancel)
    answered = given.pop("quick")
    if not isinstance(answered, dict):
        raise Cancelled
    return {**given, **answered}


def _questions(roots: Roots, cancel: Cancel) -> dict[str, Callable[[], object]]:
    return {
        "system": partial(system.facts, roots, cancel=cancel),
        "cards": partial(bus.read, roots, cancel=cancel),
        "kernel": partial(linux.kernel_driver, roots),
        "installed": partial(_driver_installed, roots),
        "nvidia-smi": partial(_ask_smi, roots, cancel),
        "cuda": partial(_ask_cuda, roots, cancel),
        "kernel-log": partial(_kernel_log, roots, cancel),
        "condas": partial(condas.condas, roots),
        "toolkits": partial(toolkits.toolkits, roots, cancel=cancel),
        "disks": partial(disks.disks, roots),
    }


def _sources(said: _Answers, heard: list[str]) -> gpus.Sources:
    """Return what was said about cards: a driver that gave no answer hangs, one whose question broke does not."""
    nvml_hangs, smi_hangs = said.silent("nvml"), said.silent("nvidia-smi")
    return gpus.Sources(
        bus=said.get("cards", bus.Bus()),
        nvml=said.get("nvml", nvml.answer(heard, ended="no end after the deadline", hung=nvml_hangs)),
        smi=said.get("nvidia-smi", DriverAnswer(source="nvidia-smi", state="hangs" if smi_hangs else "broken")),
        kernel=said.get("kernel", linux.KernelDriver()),
        cuda=said.get("cuda", DriverAnswer(source="cuda", state="broken")),
        log=said.get("kernel-log", kernel_log.KernelLog()),
    )


def _ask_nvml(roots: Roots, heard: list[str], cancel: Cancel) -> DriverAnswer:
    kernel = linux.kernel_driver(roots)
    if not _worth_asking(roots, kernel):
        return DriverAnswer(source="nvml", state="not-asked")
    return nvml.ask(roots, kernel, heard=heard, places=_awake(roots), cancel=cancel)


def _awake(roots: Roots) -> tuple[str, ...]:
    """Return the places of the cards to ask when one sleeps, as asking wakes it; nothing when all may be asked."""
    ours = [card for card in _on_bus(roots) if card.kernel_driver == "nvidia"]
    if not any(card.asleep for card in ours):
        return ()
    return tuple(card.address for card in ours if not card.asleep) or (nvml_child.NO_CARD,)


def _ask_smi(roots: Roots, cancel: Cancel) -> DriverAnswer:
    kernel = linux.kernel_driver(roots)
    if not _worth_asking(roots, kernel) or _awake(roots):  # nvidia-smi wakes every card
        return DriverAnswer(source="nvidia-smi", state="not-asked")
    return nvidia_smi.ask(roots, kernel, cancel=cancel)


def _ask_cuda(roots: Roots, cancel: Cancel, *, devices: bool = False) -> DriverAnswer:
    kernel = linux.kernel_driver(roots)
    if not _worth_asking(roots, kernel):
        return DriverAnswer(source="cuda", state="not-asked")
    return cuda.ask(roots, kernel, devices=devices, cancel=cancel)


def _may_start_cuda(roots: Roots, kernel: linux.KernelDriver) -> bool:
    """Return whether starting CUDA leaves nothing behind: on Linux it makes /dev/nvidia-uvm where it is missing."""
    return kernel.dxg or kernel.jetson or sys.platform == "win32" or exists(roots.at("/dev/nvidia-uvm"))


def _only_cuda_is_left(said: _Answers, heard: list[str]) -> bool:
    """Return whether nobody listed cards, nothing hangs, and the CUDA library is there to be asked."""
    sources = _sources(said, heard)
    tried = (sources.nvml, sources.smi)
    return (
        sources.cuda.state == "ok"
        and not any(answer.answered or answer.cards for answer in tried)
        and all(answer.state in {"absent", "broken", "error", "not-asked"} for answer in tried)
    )


def _kernel_log(roots: Roots, cancel: Cancel) -> kernel_log.KernelLog:
    """Return what the kernel says; it has nothing to say where there is no NVIDIA card."""
    return kernel_log.read(roots, cancel=cancel) if _on_bus(roots) else kernel_log.KernelLog()


def _on_bus(roots: Roots) -> list[pci.PciCard]:
    return [card for card in pci.cards(roots) if card.vendor == "nvidia"]


def _worth_asking(roots: Roots, kernel: linux.KernelDriver) -> bool:
    """Return whether there is an NVIDIA driver to ask: on Windows its files, elsewhere a trace of it."""
    if sys.platform == "win32":
        return driver_files.installed(roots)
    return answers.worth_asking(roots, kernel, card_on_bus=bool(_on_bus(roots)))


def _driver_installed(roots: Roots) -> bool:
    if sys.platform == "win32":
        return driver_files.installed(roots)
    return answers.driver_installed(roots, nvidia_smi.programs(roots))


def _torches(roots: Roots, interpreters: tuple[pythons.Interpreter, ...]) -> tuple[FoundTorch, ...]:
    in_use = (Root(place).in_use for place in roots.environment_roots)
    ours = [place for place in in_use if place is not None]
    return torches.torches(roots, ours, condas.environments(roots), interpreters)


def _machine(roots: Roots, said: _Answers, sources: gpus.Sources) -> Machine:
    """Put the document together."""
    raw = tuple(_raw(sources))
    for one in raw:
        log.info("%s %s: %s", one.source, one.state or "", " | ".join(one.lines))
    facts = said.get("system", system.minimal(roots))
    merged = gpus.merge(sources)
    interpreters: tuple[pythons.Interpreter, ...] = said.get("pythons", ())
    noticed = noticing.findings(sources, merged, facts, roots, driver_installed=said.get("installed", False))
    return Machine(
        os=facts.os,
        os_version=facts.os_version,
        arch=facts.arch,
        libc=facts.libc,
        wsl=facts.wsl,
        jetpack=facts.jetpack,
        gpus=merged.gpus,
        nvidia_driver=merged.driver,
        toolkits=said.get("toolkits", ()),
        pythons=tuple(one.python for one in interpreters),
        condas=said.get("condas", ()),
        torches=said.get("torches", ()),
        disks=said.get("disks", ()),
        memory_mib=facts.memory_mib,
        environment=facts.environment,
        findings=(*noticed, *said.findings),
        said=raw,
    )


def _raw(sources: gpus.Sources) -> Iterator[Said]:
    """Yield the raw answers about cards, for a report."""
    for answer in (sources.nvml, sources.smi, sources.cuda):
        yield Said(source=answer.source, state=answer.state, lines=answer.evidence)
    listed = (*sources.bus.pci, *(sources.bus.kfd or ()), *sources.bus.adapters, *sources.bus.others)
    yield Said(source="bus", lines=tuple(map(str, listed)))
    yield Said(source="kernel", lines=(str(sources.kernel), *sources.log.lines))
