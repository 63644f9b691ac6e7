"""Finds out what this computer is: every source side by side, each with a deadline, then one Machine."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from setupwizard.errors import Cancelled
from setupwizard.i18n import N_, _
from setupwizard.model.events import Emit, Progress, ignore
from setupwizard.model.machine import Finding, FoundTorch, Machine
from setupwizard.probes import (
    answers,
    bus,
    condas,
    diagnosis,
    disks,
    gpus,
    linux,
    nvidia_smi,
    nvml,
    pci,
    pythons,
    system,
    toolkits,
    torches,
)
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.findings import finding
from setupwizard.probes.privacy import expand, redacted
from setupwizard.probes.roots import Roots
from setupwizard.steps.tracking import Track
from setupwizard.tools.concurrency import Cancel, side_by_side

__all__ = ["Roots", "detect", "expand", "redacted"]

T = TypeVar("T")
log = logging.getLogger(__name__)

DEADLINE = 13.0
"""Seconds for the first round: more than the longest deadline inside it, nvidia-smi's two questions."""
FILES_DEADLINE = 3.0
"""Seconds for the second round, which only looks at files: a network drive may be gone."""

_WHAT = {
    "system": N_("the operating system"),
    "cards": N_("the graphics cards on the bus"),
    "kernel": N_("the state of the NVIDIA driver"),
    "installed": N_("the files of the NVIDIA driver"),
    "nvml": N_("the NVIDIA driver"),
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
                self.findings.append(finding("no-answer-in-time", what=_(_WHAT[name])))
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
    `redacted` first, which takes names of people out; `expand` puts the home folder of this user back into a document
    that was read again on the same computer. Nothing is written, no network is touched, and nothing that hangs can
    hold it up: it answers within its deadlines with what is known by then, and says what is missing.

    Args:
        emit: gets one step "probe" with its progress.
        cancel: a wish to stop.
        roots: where to look; this computer when not given.

    Raises:
        Cancelled: somebody asked to stop.
    """
    where, wish = roots or Roots(), cancel or Cancel()
    with Track(emit, wish).step("probe", _("Look at this computer")):
        return _detect(emit, wish, where)


def _detect(emit: Emit, cancel: Cancel, roots: Roots) -> Machine:
    said = _Answers()
    heard: list[str] = []
    said.add(side_by_side(_questions(roots, heard, cancel), deadline=DEADLINE, cancel=cancel))
    emit(Progress(id="probe", done=len(_WHAT) - 1, total=len(_WHAT), unit="stages"))
    look = partial(_torches, roots, said.get("pythons", ()))
    said.add(side_by_side({"torches": look}, deadline=FILES_DEADLINE, cancel=cancel))
    emit(Progress(id="probe", done=len(_WHAT), total=len(_WHAT), unit="stages"))
    return _machine(roots, said, _sources(said, heard))


def _questions(roots: Roots, heard: list[str], cancel: Cancel) -> dict[str, Callable[[], object]]:
    """Return all questions that need no other's answer."""
    return {
        "system": partial(system.facts, roots, cancel=cancel),
        "cards": partial(bus.read, roots, cancel=cancel),
        "kernel": partial(linux.kernel_driver, roots),
        "installed": partial(_driver_installed, roots),
        "nvml": partial(_ask_nvml, roots, heard, cancel),
        "nvidia-smi": partial(_ask_smi, roots, cancel),
        "pythons": partial(pythons.interpreters, roots, cancel=cancel),
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
    )


def _ask_nvml(roots: Roots, heard: list[str], cancel: Cancel) -> DriverAnswer:
    kernel = linux.kernel_driver(roots)
    if not _worth_asking(roots, kernel):
        return DriverAnswer(source="nvml", state="not-asked")
    return nvml.ask(roots, kernel, heard=heard, cancel=cancel)


def _ask_smi(roots: Roots, cancel: Cancel) -> DriverAnswer:
    kernel = linux.kernel_driver(roots)
    if not _worth_asking(roots, kernel):
        return DriverAnswer(source="nvidia-smi", state="not-asked")
    return nvidia_smi.ask(roots, kernel, cancel=cancel)


def _worth_asking(roots: Roots, kernel: linux.KernelDriver) -> bool:
    """Return whether there is an NVIDIA driver to ask: on Windows asking does no harm, elsewhere a trace is needed."""
    if sys.platform == "win32":
        return True
    on_bus = any(card.vendor == "nvidia" for card in pci.cards(roots))
    return answers.worth_asking(roots, kernel, card_on_bus=on_bus)


def _driver_installed(roots: Roots) -> bool:
    return answers.driver_installed(roots, nvidia_smi.programs(roots))


def _torches(roots: Roots, interpreters: tuple[pythons.Interpreter, ...]) -> tuple[FoundTorch, ...]:
    return torches.torches(roots, condas.environments(roots), interpreters)


def _machine(roots: Roots, said: _Answers, sources: gpus.Sources) -> Machine:
    """Put the document together."""
    for line in (*sources.nvml.evidence, *sources.smi.evidence, *map(str, sources.bus.pci), str(sources.kernel)):
        log.info("said: %s", line)
    facts = said.get("system", system.minimal(roots))
    merged = gpus.merge(sources)
    interpreters: tuple[pythons.Interpreter, ...] = said.get("pythons", ())
    noticed = diagnosis.findings(sources, merged, facts, roots, driver_installed=said.get("installed", False))
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
    )
