"""What the Linux kernel wrote about an NVIDIA driver that did not start: the only place that says why."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.probes.answers import GRACE, evidence_lines, pci_address
from setupwizard.probes.roots import Roots, exists
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

SECONDS = 1.2
"""How long each of the two programs may take; a large journal is slow and not worth the wait."""

_OURS = re.compile(r"NVRM|nvidia|nouveau|Key was rejected", re.IGNORECASE)
_TOO_OLD = re.compile(
    r"NVIDIA GPU ([0-9a-f:.]+) \(PCI ID: [0-9a-f:]+\)[^\[]{0,120}?not supported by open", re.DOTALL | re.IGNORECASE
)
_UNSUPPORTED = re.compile(
    r"NVIDIA GPU ([0-9a-f:.]+) \(PCI ID: [0-9a-f:]+\)[^\[]{0,160}?legacy", re.DOTALL | re.IGNORECASE
)
_NOT_STARTED = re.compile(r"GPU ([0-9a-f:.]+): RmInitAdapter failed", re.IGNORECASE)
_FALLEN = re.compile(r"GPU (?:at PCI:)?([0-9a-f:.]+)[^\n]{0,40}has fallen off the bus", re.IGNORECASE)
_XID_79 = re.compile(r"Xid \(PCI:([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2})\): 79\b", re.IGNORECASE)
_REJECTED = re.compile(r"(?:Key was rejected by service|Required key not available)", re.IGNORECASE)
_TAKEN = re.compile(r"NVRM:.*(?:obtained ownership of the NVIDIA device|nouveau, rivafb)", re.IGNORECASE)


class KernelLog(Struct, frozen=True, kw_only=True):
    """What the log tells; addresses are places on the bus.

    Attributes:
        too_old: cards that the open kernel module refuses.
        legacy: cards that only an older driver branch drives.
        not_started: cards that the driver tried to start in vain.
        fallen: cards that left the bus while the computer ran.
        key_rejected: Secure Boot refused a kernel module.
        taken: another driver held the card when NVIDIA's came.
        lines: the lines about graphics drivers, for a report.
    """

    too_old: frozenset[str] = frozenset()
    legacy: frozenset[str] = frozenset()
    not_started: frozenset[str] = frozenset()
    fallen: frozenset[str] = frozenset()
    key_rejected: bool = False
    taken: bool = False
    lines: tuple[str, ...] = ()


def read(roots: Roots, *, cancel: Cancel | None = None) -> KernelLog:
    """Return what the log of this start of the computer tells; nothing where this user may not read it."""
    for folder in ("/usr/bin", "/bin"):
        for words in (("dmesg",), ("journalctl", "-k", "-b", "-q", "--no-pager", "-o", "cat", "-g", "NVRM|nvidia|Key")):
            program = roots.at(folder) / words[0]
            text = _run(program, words[1:], cancel) if exists(program) else ""
            if text:
                return parse(text)
        if exists(roots.at(folder) / "dmesg"):
            break
    return KernelLog()


def parse(text: str) -> KernelLog:
    """Return what lines of the kernel's log tell."""
    plain = re.sub(r"\n\s*(?:\[[\d. ]+\]\s*)?NVRM:", "\nNVRM:", text)
    return KernelLog(
        too_old=_places(_TOO_OLD, plain),
        legacy=_places(_UNSUPPORTED, plain),
        not_started=_places(_NOT_STARTED, plain),
        fallen=_places(_FALLEN, plain) | {f"{place}.0".lower() for place in _XID_79.findall(plain)},
        key_rejected=_REJECTED.search(text) is not None,
        taken=_TAKEN.search(text) is not None,
        lines=evidence_lines("kernel", "\n".join(line for line in text.splitlines() if _OURS.search(line))),
    )


def _places(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    found = (pci_address(place) for place in pattern.findall(text))
    return frozenset(place for place in found if place is not None)


def _run(program: Path, arguments: tuple[str, ...], cancel: Cancel | None) -> str:
    try:
        result = process.run([program, *arguments], timeout=SECONDS, cancel=cancel, grace=GRACE)
    except SetupError as error:
        if error.code == "cancelled":
            raise
        return ""
    return result.stdout if result.ok else ""
