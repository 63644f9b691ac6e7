"""What Linux says about itself: its files under /etc, /proc and /sys, never a program."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from setupwizard.model.catalogue import processor_of
from setupwizard.model.machine import Surroundings
from setupwizard.probes import jetson
from setupwizard.probes.facts import SystemFacts, memory_mib, power
from setupwizard.probes.firmware import virtual_machine_named
from setupwizard.probes.roots import Roots, entries, exists, read_text, whole_number

# EFI_GLOBAL_VARIABLE of the UEFI specification, section 3.3.
_SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

# A word in the first process's control group -> the container it stands for.
_CONTAINER_GROUPS = (
    ("kubepods", "kubernetes"),
    ("docker", "docker"),
    ("libpod", "podman"),
    ("containerd", "containerd"),
    ("lxc", "lxc"),
)

_REMOTE = (
    "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "XRDP_SESSION", "VNCDESKTOP", "NXSESSIONID", "X2GO_SESSION",
    "CHROME_REMOTE_DESKTOP_SESSION",
)  # fmt: skip
_MODULE_VERSION = re.compile(r"Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)")


LIBRARY_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
"""Where distributions put the library of the NVIDIA driver."""


class DriverCard(Struct, frozen=True, kw_only=True):
    """A card that the NVIDIA kernel driver has taken, as /proc/driver/nvidia/gpus names it; `name` may be empty."""

    address: str
    name: str = ""


class KernelDriver(Struct, frozen=True, kw_only=True):
    """The NVIDIA kernel driver as the kernel shows it.

    Attributes:
        loaded: the module runs now.
        version: of the running module, from /proc/driver/nvidia/version.
        open_module: it is the open module, which drives Turing (7.5) and newer cards only.
        nodes: this system (or container) has the device files that programs talk to the driver through.
        dxg: WSL: Windows lends its graphics cards through /dev/dxg.
        jetson: an NVIDIA Jetson, whose driver is part of its system.
        cards: the cards that it has taken; reading them wakes none.
        library: version of the driver's library, from the name of its file; it must be that of the module.
    """

    loaded: bool = False
    version: str | None = None
    open_module: bool = False
    nodes: bool = False
    dxg: bool = False
    jetson: bool = False
    cards: tuple[DriverCard, ...] = ()
    library: str | None = None

    @property
    def runs(self) -> bool:
        """Whether any trace of a working driver is there, so that asking its library can tell something."""
        return self.loaded or self.nodes or self.dxg or self.jetson


def facts(roots: Roots) -> SystemFacts:
    """Return what this Linux says about itself."""
    return SystemFacts(
        os="linux",
        os_version=os_version(roots),
        arch=processor_of(platform.machine()),
        libc=libc(roots),
        wsl=wsl(roots),
        jetpack=jetson.jetpack(roots),
        memory_mib=memory_mib(memory_limit(roots)),
        environment=Surroundings(
            container=container(roots),
            vm=virtual_machine(roots),
            remote=remote(roots),
            power=power(),
            secure_boot=secure_boot(roots),
        ),
    )


def os_version(roots: Roots) -> str:
    """Return the name that the distribution gives itself, else the kernel's version."""
    facts = parse_os_release(os_release(roots))
    name = facts.get("PRETTY_NAME") or " ".join(facts[key] for key in ("NAME", "VERSION_ID") if facts.get(key))
    kernel = read_text(roots.at("/proc/sys/kernel/osrelease"))
    return name or f"Linux {kernel}".strip()


def os_release(roots: Roots) -> str:
    """Return the text of os-release: /etc first, as the manual page says."""
    return read_text(roots.at("/etc/os-release")) or read_text(roots.at("/usr/lib/os-release"))


def parse_os_release(text: str) -> dict[str, str]:
    """Return the values of an os-release file."""
    return dict(_assignment(line) for line in text.splitlines() if "=" in line)


def _assignment(line: str) -> tuple[str, str]:
    key, _sign, value = line.partition("=")
    return key.strip(), value.strip().strip("\"'")


def libc(roots: Roots) -> str | None:
    """Return the C library: "glibc 2.36", "musl 1.2", None when it cannot be told.

    confstr is glibc's own answer; musl has none, and its loader is found by its fixed name (musl manual).
    """
    answer = _glibc()
    if answer is not None:
        return answer
    loaders = entries(roots.at("/lib"), "ld-musl-*.so.1")
    return f"musl {_musl_version(roots, loaders[0])}".strip() if loaders else None


def _glibc() -> str | None:
    """Return "glibc 2.36", None for another library: musl knows no such name."""
    answer: str | None = None
    if sys.platform != "win32":
        try:
            answer = os.confstr("CS_GNU_LIBC_VERSION")
        except (ValueError, OSError):
            answer = None
    return answer if answer and answer.startswith("glibc") else None


def _musl_version(roots: Roots, loader: Path) -> str:
    """Return "1.2": Alpine's package database names it, else the text inside the loader itself."""
    known = re.search(r"^P:musl\nV:(\d+\.\d+)", read_text(roots.at("/lib/apk/db/installed")), re.MULTILINE)
    if known is None:
        known = re.search(r"\b(1\.\d+)\.\d+\b", read_text(loader))
    return known.group(1) if known else ""


def wsl(roots: Roots) -> bool:
    """Return whether this is Windows Subsystem for Linux: its kernel carries Microsoft's name."""
    return "microsoft" in read_text(roots.at("/proc/sys/kernel/osrelease")).lower()


def container(roots: Roots) -> str | None:
    """Return what kind of container this is, None when it looks like none."""
    if roots.variable("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    if roots.variable("APPTAINER_NAME") or roots.variable("SINGULARITY_NAME"):
        return "apptainer"
    for path, name in (("/.flatpak-info", "flatpak"), ("/run/.containerenv", "podman"), ("/.dockerenv", "docker")):
        if exists(roots.at(path)):
            return name
    said = roots.variable("container") or read_text(roots.at("/run/systemd/container"))
    if said:
        return said
    groups = read_text(roots.at("/proc/1/cgroup"))
    return next((name for word, name in _CONTAINER_GROUPS if word in groups), None)


def virtual_machine(roots: Roots) -> str | None:
    """Return what kind of virtual machine this is, "vm" when only the processor tells, None on bare metal or WSL."""
    if wsl(roots):
        return None
    folder = roots.at("/sys/class/dmi/id")
    firmware = " ".join(read_text(folder / name) for name in ("sys_vendor", "product_name", "board_vendor"))
    named = virtual_machine_named(firmware)
    if named is not None:
        return named
    if read_text(roots.at("/sys/hypervisor/type")) == "xen":
        return "xen"
    flags = re.search(r"^flags\s*:.*\bhypervisor\b", read_text(roots.at("/proc/cpuinfo")), re.MULTILINE)
    return "vm" if flags else None


def secure_boot(roots: Roots) -> bool | None:
    """Return whether UEFI Secure Boot is on: the variable's value follows four bytes of attributes."""
    try:
        value = roots.at(_SECURE_BOOT).read_bytes()
    except OSError:
        return None
    return value[4] == 1 if len(value) == 5 else None


def remote(roots: Roots) -> bool:
    """Return whether somebody works on this computer from another one."""
    return any(roots.variable(name) for name in _REMOTE)


def memory_limit(roots: Roots) -> int | None:
    """Return the bytes of memory that a control group allows, None when there is no limit."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = read_text(roots.at(path))
        limit = whole_number(text)
        if limit is not None:
            return limit
    return None


def kernel_driver(roots: Roots) -> KernelDriver:
    """Return the state of NVIDIA's kernel driver."""
    text = read_text(roots.at("/proc/driver/nvidia/version"))
    version, open_module = parse_module(text)
    return KernelDriver(
        loaded=bool(text) or exists(roots.at("/sys/module/nvidia")),
        version=version,
        open_module=open_module,
        nodes=any(entries(roots.at("/dev"), "nvidia[0-9]*")),
        dxg=exists(roots.at("/dev/dxg")),
        jetson=jetson.release(roots) is not None,
        cards=tuple(_driver_cards(roots)),
        library=_library_version(roots),
    )


def parse_module(text: str) -> tuple[str | None, bool]:
    """Return the version of the kernel module and whether it is the open one, from /proc/driver/nvidia/version."""
    version = _MODULE_VERSION.search(text)
    return version.group(1) if version else None, "Open Kernel Module" in text


def _driver_cards(roots: Roots) -> Iterator[DriverCard]:
    for file in entries(roots.at("/proc/driver/nvidia/gpus"), "*/information"):
        model = re.search(r"^Model:\s*(\S.*?)\s*$", read_text(file), re.MULTILINE)
        name = model.group(1) if model and model.group(1) != "Unknown" else ""
        yield DriverCard(address=file.parent.name.lower(), name=name)


def _library_version(roots: Roots) -> str | None:
    """Return the version of the installed driver library: its file is called libnvidia-ml.so.580.95.05."""
    for place in LIBRARY_FOLDERS:
        for file in entries(roots.at(place), "libnvidia-ml.so.*.*"):
            version = file.name.removeprefix("libnvidia-ml.so.")
            if re.fullmatch(r"\d+(\.\d+)+", version):
                return version
    return None
