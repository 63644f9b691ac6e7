"""Machines for the tests of the decision, as short as a table of them needs."""

from __future__ import annotations

from typing import Any

from setupwizard.model.machine import Gpu, Machine, NvidiaDriver


def nvidia(capability: str | None = None, **facts: Any) -> Gpu:
    """An NVIDIA card, by compute capability or by pci_id."""
    facts.setdefault("name", f"NVIDIA test card {capability or facts.get('pci_id', '')}".strip())
    return Gpu(vendor="nvidia", compute_capability=capability, **facts)


def amd(gfx: str | None = None, **facts: Any) -> Gpu:
    facts.setdefault("name", f"Radeon {gfx}")
    return Gpu(vendor="amd", gfx=gfx, **facts)


def intel(name: str, **facts: Any) -> Gpu:
    return Gpu(vendor="intel", name=name, **facts)


def linux(*gpus: Gpu, driver: str | None = None, **facts: Any) -> Machine:
    return _machine("linux", gpus, driver, facts)


def windows(*gpus: Gpu, driver: str | None = None, **facts: Any) -> Machine:
    return _machine("windows", gpus, driver, facts)


def macos(*gpus: Gpu, **facts: Any) -> Machine:
    facts.setdefault("arch", "arm64")
    return _machine("macos", gpus, None, facts)


def _machine(system: Any, gpus: tuple[Gpu, ...], driver: str | None, facts: dict[str, Any]) -> Machine:
    facts.setdefault("arch", "x86_64")
    return Machine(os=system, gpus=gpus, nvidia_driver=NvidiaDriver(version=driver) if driver else None, **facts)
