"""Whole computers for detection: what is on the bus, which files there are, what the driver's library would say."""

from __future__ import annotations

from pathlib import Path

from helpers import fake_nvml, recorded
from helpers.recorded import fixture
from setupwizard.probes.roots import Roots

OPEN = fixture("linux/proc_driver_nvidia_version_open.txt")
PROPRIETARY = fixture("linux/proc_driver_nvidia_version_proprietary.txt")
LOADED = {"/proc/driver/nvidia/version": PROPRIETARY, "/dev/nvidia0": ""}
LAPTOP = "0000:00:02.0 0x8086 0x9bc4 0x030000 i915\n0000:01:00.0 0x10de 0x28e0 0x030000 nvidia"
PASCAL = "0000:01:00.0 0x10de 0x1c03 0x030000 nvidia"
AMPERE_PAIR = "0000:17:00.0 0x10de 0x2204 0x030000 nvidia\n0000:65:00.0 0x10de 0x2204 0x030000 nvidia"


def computer(
    tmp_path: Path,
    bus: str = "",
    files: dict[str, str] | None = None,
    *,
    scenario: str | None = None,
    **more: object,
) -> Roots:
    """Make a computer: what is on its bus, its files, and what the driver's library would say."""
    environ = dict(more.pop("environ", {}))  # type: ignore[call-overload]
    if scenario is not None:
        environ["LD_LIBRARY_PATH"] = str(fake_nvml.install(tmp_path / "library", scenario))
    roots = recorded.roots(tmp_path, environ=environ, **more)
    recorded.build_bus(roots.root, bus)
    recorded.write(roots.root, with_module_of(fake_nvml.fact(scenario, "driver"), files or {}))
    return roots


def with_module_of(driver: str | None, files: dict[str, str]) -> dict[str, str]:
    """Return the files with the kernel module of the same version as the library, as on a computer that is well."""
    return {name: text.replace("550.90.07", driver) if driver else text for name, text in files.items()}
