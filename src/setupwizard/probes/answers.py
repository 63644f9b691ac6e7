"""What the three ways of asking the NVIDIA driver have in common: the shape of their answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from setupwizard.probes.linux import LIBRARY_FOLDERS, KernelDriver
from setupwizard.probes.roots import Roots, exists
from setupwizard.resources import packaged
from setupwizard.tools.variables import clean_environment

DriverState = Literal[
    "ok",
    "no-devices",
    "absent",
    "not-loaded",
    "mismatch",
    "no-permission",
    "gpu-lost",
    "hangs",
    "error",
    "broken",
    "not-asked",
]
"""How the driver answered. "absent": its library or program is not installed; "not-loaded": its kernel part does not
run; "mismatch": kernel part and library are of two versions; "gpu-lost": a card fell off the bus, so nothing works;
"error": the driver answers with an error that means nothing else; "broken": what was asked broke or told nonsense."""

GRACE = 0.3
"""Seconds that a child which only reads gets to end by itself: there is nothing that it could leave half done."""
_MOST_LINES = 40
_LONGEST_LINE = 400

_LIBRARY = "libnvidia-ml.so.1"
_SERIAL = re.compile(r"serial", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])", re.IGNORECASE)


class ListedCard(Struct, frozen=True, kw_only=True):
    """One card as the driver lists it; what it did not tell is None.

    Attributes:
        mig: the card is split into parts (Multi-Instance GPU).
        trouble: what the driver said about a card that does not answer.
    """

    index: int | None = None
    name: str = ""
    uuid: str | None = None
    pci_id: str | None = None
    pci_address: str | None = None
    compute_capability: str | None = None
    memory_mib: int | None = None
    power_limit_w: int | None = None
    max_clock_mhz: int | None = None
    mig: bool = False
    trouble: str | None = None


class DriverAnswer(Struct, frozen=True, kw_only=True):
    """One source's answer about the NVIDIA driver and its cards.

    Attributes:
        driver: the version of the driver, "581.42".
        cuda: the newest CUDA that it supports, "13.0".
        evidence: what was said, word for word, for a report.
    """

    source: Literal["nvml", "nvidia-smi", "cuda"]
    state: DriverState
    driver: str | None = None
    cuda: str | None = None
    cards: tuple[ListedCard, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether the driver itself answered, so that a card which it does not list is really not seen by it."""
        return self.state in {"ok", "no-devices"}


def evidence_lines(source: str, text: str) -> tuple[str, ...]:
    """Return what a source said, line by line, without serial numbers and without end."""
    lines = (line.strip() for line in text.splitlines())
    kept = [line[:_LONGEST_LINE] for line in lines if line and not _SERIAL.search(line)]
    return tuple(f"{source}: {line}" for line in kept[:_MOST_LINES])


def pci_address(text: str) -> str | None:
    """Return an address as sysfs writes it, "0000:01:00.0", from any spelling of NVIDIA's tools."""
    found = _ADDRESS.search(text)
    if found is None:
        return None
    domain, bus, device, function = found.groups()
    return f"{int(domain or '0', 16):04x}:{bus}:{device}.{function}".lower()


def pci_id(number: int) -> str | None:
    """Return "10de:28e0" from 0x28E010DE: the device in the upper half, the vendor in the lower; None for 0."""
    return f"{number & 0xFFFF:04x}:{number >> 16 & 0xFFFF:04x}" if number else None


def worth_asking(roots: Roots, kernel: KernelDriver, *, card_on_bus: bool) -> bool:
    """Return whether NVIDIA's library or nvidia-smi could tell anything on this Linux.

    Run with all rights and without a driver, the library creates /dev/nvidiactl, a file that claims a driver which is
    not there. So root asks only when the driver has left a trace, or when somebody put the library into
    LD_LIBRARY_PATH on purpose; anybody else also asks when there is a card, as that may load the driver.
    """
    if kernel.runs or _library_on_purpose(roots):
        return True
    return card_on_bus and not roots.as_root


def driver_installed(roots: Roots, programs: Iterable[Path]) -> bool:
    """Return whether files of an NVIDIA driver lie on this computer, whether it runs or not.

    Args:
        roots: where to look.
        programs: the copies of nvidia-smi that were found.
    """
    return any(True for _program in programs) or any(exists(roots.at(place) / _LIBRARY) for place in LIBRARY_FOLDERS)


def driver_environment(roots: Roots, kernel: KernelDriver) -> dict[str, str]:
    """Return the environment of a child that loads NVIDIA's library: scrubbed, but with the user's library folders.

    Containers, clusters and NixOS name the library's place in LD_LIBRARY_PATH; WSL's own folder comes first, as a
    Linux driver installed inside WSL by mistake hides the right library.
    """
    folders = [str(folder) for folder in _library_folders(roots)]
    if kernel.dxg:
        folders.insert(0, str(roots.at("/usr/lib/wsl/lib")))
    folders += [
        str(roots.at(place))
        for place in ("/run/opengl-driver/lib", "/usr/local/nvidia/lib64")
        if exists(roots.at(place) / _LIBRARY)
    ]
    return clean_environment({"LD_LIBRARY_PATH": ":".join(folders)} if folders else None)


def _library_folders(roots: Roots) -> list[Path]:
    """Return the user's own library folders: PyInstaller puts them aside and its own into LD_LIBRARY_PATH."""
    name = "LD_LIBRARY_PATH_ORIG" if packaged() else "LD_LIBRARY_PATH"
    return [Path(part) for part in roots.variable(name).split(":") if part.startswith("/")]


def _library_on_purpose(roots: Roots) -> bool:
    return any(exists(folder / _LIBRARY) for folder in _library_folders(roots))
