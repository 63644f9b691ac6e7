"""What Windows says about itself: the registry and the system's own calls, never a program."""

from __future__ import annotations

import ctypes
import os
import sys
import winreg
from collections.abc import Iterator

from setupwizard import platforms
from setupwizard.model.catalogue import processor_of
from setupwizard.model.install_data import install_data
from setupwizard.model.machine import Surroundings
from setupwizard.platforms import windows_places
from setupwizard.probes import windows_devices, windows_registry
from setupwizard.probes.adapters import DISPLAY_CLASS, Adapter, adapters
from setupwizard.probes.facts import SystemFacts, memory_mib, power
from setupwizard.probes.firmware import virtual_machine_named

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

_CONTROL = r"SYSTEM\CurrentControlSet\Control"
_ENUM = r"SYSTEM\CurrentControlSet\Enum\PCI"
_REMOTE_SESSION = 0x1000
"""SM_REMOTESESSION of GetSystemMetrics."""


def facts() -> SystemFacts:
    """Return what this Windows says about itself."""
    return SystemFacts(
        os="windows",
        os_version=os_version(),
        arch=processor_of(architecture()),
        memory_mib=memory_mib(),
        environment=Surroundings(
            vm=virtual_machine(),
            remote=remote(),
            power=power(),
            secure_boot=secure_boot(),
            long_paths=platforms.long_paths(),
            vc_runtime=vc_runtime(),
        ),
        vc_missing=vc_missing(),
    )


def display_adapters() -> list[Adapter]:
    """Return the display adapters of this computer."""
    folder = rf"{_CONTROL}\Class\{DISPLAY_CLASS}"
    display_class = {
        name: windows_registry.values(rf"{folder}\{name}") for name in windows_registry.keys(folder) if name.isdigit()
    }
    devices = {rf"PCI\{name}": windows_registry.values(rf"{_ENUM}\{name}") for name in _pci_instances()}
    return adapters(display_class, devices, windows_devices.display_devices())


def _pci_instances() -> Iterator[str]:
    for device in windows_registry.keys(_ENUM):
        for instance in windows_registry.keys(rf"{_ENUM}\{device}"):
            yield rf"{device}\{instance}"


def os_version() -> str:
    """Return the version with its build, "10.0.26100": Windows 11 is 10.0 from build 22000 on."""
    version = sys.getwindowsversion()
    return f"{version.major}.{version.minor}.{version.build}"


def architecture() -> str:
    """Return the processor's own architecture, also for a program that is run by emulation."""
    told = windows_registry.values(rf"{_CONTROL}\Session Manager\Environment").get("PROCESSOR_ARCHITECTURE")
    return str(told or os.environ.get("PROCESSOR_ARCHITEW6432") or os.environ.get("PROCESSOR_ARCHITECTURE", ""))


def virtual_machine() -> str | None:
    """Return what kind of virtual machine this is, None on bare metal."""
    firmware = windows_registry.values(r"HARDWARE\DESCRIPTION\System\BIOS")
    return virtual_machine_named(f"{firmware.get('SystemManufacturer', '')} {firmware.get('SystemProductName', '')}")


def remote() -> bool:
    """Return whether somebody works on this computer through Remote Desktop or ssh."""
    return bool(ctypes.windll.user32.GetSystemMetrics(_REMOTE_SESSION)) or "SSH_CONNECTION" in os.environ


def secure_boot() -> bool | None:
    """Return whether UEFI Secure Boot is on."""
    told = windows_registry.values(rf"{_CONTROL}\SecureBoot\State").get("UEFISecureBootEnabled")
    return bool(told) if told is not None else None


def vc_runtime() -> str | None:
    """Return the version of the Visual C++ runtime that torch needs, "14.44.35211.00", None when it is missing."""
    place = "ARM64" if architecture().upper() == "ARM64" else "X64"
    told = windows_registry.values(rf"SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\{place}")
    return str(told.get("Version", "")).lstrip("v") or None if told.get("Installed") == 1 else None


def vc_missing() -> tuple[str, ...]:
    """Return the files of the Visual C++ runtime that torch needs and this Windows lacks.

    The version in the registry does not tell: copies of the runtime leave it out, and old versions lack new files.
    """
    if architecture().upper() != "AMD64":
        return ()  # torch's other builds for Windows were not looked at
    return install_data().vc_runtime.missing_in(windows_places.known_folder("System"))


def conda_folders() -> list[str]:
    """Return the folders that Anaconda's installers wrote into the registry."""
    found: list[str] = []
    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        top = r"Software\Python\ContinuumAnalytics"
        for name in windows_registry.keys(top, hive=hive):
            folder = windows_registry.values(rf"{top}\{name}\InstallPath", hive=hive).get("")
            if isinstance(folder, str):
                found.append(folder)
    return found
