"""The words of the report: systems, builds, cards, steps; every function speaks the present language."""

from __future__ import annotations

import re

from setupwizard.codes import OutcomeStatus, SourceKind, VerificationVerdict
from setupwizard.i18n import N_, _
from setupwizard.model.format import format_memory, listed
from setupwizard.model.machine import Gpu, Machine
from setupwizard.model.naming import source_name, system_name, variant_name
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Build
from setupwizard.tools.addresses import host_of

_VERDICTS: dict[VerificationVerdict | None, str] = {
    "pass": N_("Works"),
    "warn": N_("Works, with a remark"),
    "fail": N_("Does not work yet"),
    "not-verified": N_("Not checked on the card"),
    None: N_("Not checked"),
}
_ENDS: dict[OutcomeStatus, str] = {
    "done": N_("Installed"),
    "already-done": N_("Was there already"),
    "planned": N_("Planned only"),
    "failed": N_("Not installed"),
    "cancelled": N_("Stopped, as you asked"),
}
_FOLDERS: dict[SourceKind, str] = {"folder": N_("A folder of wheels"), "bundle": N_("A bundle")}


def system_text(machine: Machine) -> str:
    """Return the system of a computer: "Windows 10.0.26100, x86_64"."""
    name = " ".join(word for word in (system_name(machine.os), machine.os_version) if word)
    return listed((name, machine.arch, machine.libc, "WSL" if machine.wsl else None))


def build_text(build: Build) -> str:
    """Return a build in a few words: "PyTorch 2.15.0, CUDA 13.0"."""
    return listed((f"PyTorch {build.torch}", variant_name(build.variant, build.platform)))


def source_text(plan: Plan) -> str:
    """Return where the packages come from; an address that somebody named is told by its host."""
    if plan.source.kind in _FOLDERS:
        return _(_FOLDERS[plan.source.kind])
    hosts = (host_of(package.url) for package in plan.packages if package.origin == plan.source.id)
    return source_name(plan.source.id, next(hosts, ""))


def card_text(gpu: Gpu) -> str:
    """Return what a card is called; one without a name goes by its place on the bus."""
    return gpu.name or gpu.pci_id or _("A graphics card without a name")


def card_facts(gpu: Gpu) -> str:
    """Return a card with its memory and generation: "NVIDIA GeForce RTX 4060, 8 GB, compute capability 8.9"."""
    number = gpu.compute_capability
    capability = _("compute capability {number}").format(number=number) if number else gpu.gfx
    return listed((card_text(gpu), format_memory(gpu.memory_mib) if gpu.memory_mib else None, capability))


def verdict_word(verdict: VerificationVerdict | None) -> str:
    """Return how a proof ended, in a word or two."""
    return _(_VERDICTS[verdict])


def outcome_word(status: OutcomeStatus) -> str:
    """Return how an install ended, in a word or two."""
    return _(_ENDS[status])


def time_text(moment: str) -> str:
    """Return a time of a document as people read it: "2026-11-22 14:05 UTC"; what is no such time stays as it is."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|\+00:00)", moment)
    return f"{match[1]} {match[2]} UTC" if match else moment
