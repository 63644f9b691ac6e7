"""Asks nvidia-smi, the second source: its table of cards as CSV, and its banner for the CUDA version alone.

Nothing but CSV fields asked for by name is believed about a card: the banner cuts names and its words changed with
driver 610 ("CUDA Version" became "CUDA UMD Version").
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from setupwizard.errors import SetupError
from setupwizard.probes.answers import DriverAnswer, DriverState, ListedCard, driver_environment, pci_address, pci_id
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.roots import Roots, entries
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

SECONDS = 5.0
"""How long each of the two questions may take."""

FIELDS = ("index", "name", "driver_version", "compute_cap", "memory.total", "pci.bus_id", "uuid", "pci.device_id")
_NEEDED = ("index", "name")

# Exit statuses of the manual page of nvidia-smi.
_EXITS: dict[int, DriverState] = {
    4: "no-permission",
    6: "no-devices",
    9: "not-loaded",
    12: "absent",
    15: "gpu-lost",
    18: "mismatch",
}
# Older ones end with another status and the same words; the program speaks English everywhere.
_WORDS: tuple[tuple[str, DriverState], ...] = (
    ("driver/library version mismatch", "mismatch"),
    ("couldn't communicate with the nvidia driver", "not-loaded"),
    ("couldn't find libnvidia-ml", "absent"),
    ("insufficient permissions", "no-permission"),
    ("no devices were found", "no-devices"),
    ("gpu is lost", "gpu-lost"),
)
_LINUX_FOLDERS = ("/usr/lib/wsl/lib", "/usr/bin", "/run/current-system/sw/bin", "/usr/local/nvidia/bin", "/opt/bin")
_UNKNOWN_FIELD = re.compile(r'Field "([\w.]+)" is not a valid field')
_HANDLE = re.compile(r"Unable to determine the device handle for GPU\s*([0-9A-Fa-f:.]+):\s*(.+)")
_DRIVER = re.compile(r"(?:Driver|KMD) Version:\s*(\d+(?:\.\d+)+)")
_CUDA = re.compile(r"CUDA (?:UMD )?Version:\s*(\d+\.\d+)")


def programs(roots: Roots) -> Iterator[Path]:
    """Yield the places of nvidia-smi that are there, the system's own before those in PATH."""
    for path in _places(roots):
        try:
            if path.is_file():
                yield path
        except OSError:
            continue


def _places(roots: Roots) -> Iterator[Path]:
    if sys.platform == "win32":
        windows = roots.folder("WINDIR") or Path("C:/Windows")
        installed = roots.folder("PROGRAMW6432") or roots.folder("PROGRAMFILES") or Path("C:/Program Files")
        yield windows / "System32" / "nvidia-smi.exe"
        yield windows / "Sysnative" / "nvidia-smi.exe"
        yield installed / "NVIDIA Corporation" / "NVSMI" / "nvidia-smi.exe"
        yield from reversed(entries(windows / "System32" / "DriverStore" / "FileRepository", "nv*/nvidia-smi.exe"))
    else:
        for place in _LINUX_FOLDERS:
            yield roots.at(place) / "nvidia-smi"
    for folder in roots.search_path():
        yield folder / ("nvidia-smi.exe" if sys.platform == "win32" else "nvidia-smi")


def ask(roots: Roots, kernel: KernelDriver, *, cancel: Cancel | None = None) -> DriverAnswer:
    """Return what the first nvidia-smi says that is there."""
    program = next(programs(roots), None)
    if program is None:
        return DriverAnswer(source="nvidia-smi", state="absent")
    environment = driver_environment(roots, kernel)
    answer = _cards(program, environment, cancel)
    if answer.state != "ok":
        return answer
    banner = _run(program, (), environment, cancel)
    driver, cuda = parse_banner(banner.stdout)
    return DriverAnswer(
        source="nvidia-smi",
        state="ok",
        driver=answer.driver or driver,
        cuda=cuda,
        cards=answer.cards,
        evidence=(*answer.evidence, *_banner_line(banner.stdout)),
    )


def _cards(program: Path, environment: dict[str, str], cancel: Cancel | None) -> DriverAnswer:
    """Ask for the table; a field that an old version does not know is left out and the rest asked again."""
    fields: tuple[str, ...] = FIELDS
    while True:
        query = f"--query-gpu={','.join(fields)}"
        result = _run(program, (query, "--format=csv,noheader,nounits"), environment, cancel)
        unknown = _UNKNOWN_FIELD.search(result.stdout + result.stderr)
        if unknown is None or unknown.group(1) not in fields or unknown.group(1) in _NEEDED:
            return parse_query(result, fields)
        fields = tuple(field for field in fields if field != unknown.group(1))


def _run(
    program: Path, arguments: Sequence[str], environment: dict[str, str], cancel: Cancel | None
) -> process.ProcessResult:
    try:
        return process.run([program, *arguments], env=environment, timeout=SECONDS, cancel=cancel)
    except SetupError as error:
        if error.code == "cancelled":
            raise
        return process.ProcessResult(argv=(str(program), *arguments), returncode=None, stderr=error.detail)


def parse_query(result: process.ProcessResult, fields: Sequence[str] = FIELDS) -> DriverAnswer:
    """Return what a run of `nvidia-smi --query-gpu` says: rows, an exit status, words, or the end of our patience."""
    said = f"{result.stdout}\n{result.stderr}".strip()
    evidence = tuple(f"nvidia-smi: {line.strip()}" for line in said.splitlines()[:40] if line.strip())
    if result.timed_out:
        return DriverAnswer(source="nvidia-smi", state="hangs", evidence=evidence)
    rows = [row for line in result.stdout.splitlines() if (row := _row(line, fields))]
    cards = [_card(row) for row in rows] + _unreachable(said)
    state = _state(result.returncode, said, listed=bool(rows))
    if state != "ok":
        evidence = (*evidence, f"nvidia-smi: exit status {result.returncode}")
    versions = [version for row in rows if (version := _known(row.get("driver_version")))]
    return DriverAnswer(
        source="nvidia-smi",
        state=state,
        driver=versions[0] if versions else None,
        cards=tuple(cards),
        evidence=evidence,
    )


def parse_banner(text: str) -> tuple[str | None, str | None]:
    """Return the driver's version and the CUDA that it supports, from the banner in both spellings.

    Under WSL the number after "NVIDIA-SMI" is another one than the driver's; "N/A" and "ERR!" are no numbers.
    """
    driver = _DRIVER.search(text)
    cuda = _CUDA.search(text)
    return driver.group(1) if driver else None, cuda.group(1) if cuda else None


def _banner_line(text: str) -> Iterator[str]:
    return (f"nvidia-smi: {line.strip()}" for line in text.splitlines() if "NVIDIA-SMI" in line)


def _state(code: int | None, said: str, *, listed: bool) -> DriverState:
    """Return how the driver answered: rows count more than the status, as one dead card spoils that for all."""
    if listed:
        return "ok"
    words = said.lower()
    for phrase, state in _WORDS:
        if phrase in words:
            return state
    return _EXITS.get(code if code is not None else -1, "no-devices" if code == 0 and not words else "broken")


def _row(line: str, fields: Sequence[str]) -> dict[str, str] | None:
    """Return one card's fields; None for a line that is no row: errors stand between the rows."""
    values = [value.strip() for value in line.split(",")]
    if len(values) != len(fields) or not values[0].isdigit():
        return None
    return dict(zip(fields, values, strict=True))


def _known(value: str | None) -> str | None:
    """Return a value, None for the many ways of saying that there is none: [N/A], [Not Supported], ERR!."""
    if not value or value.startswith("[") or value in {"N/A", "ERR!", "Not Supported"}:
        return None
    return value


def _card(row: dict[str, str]) -> ListedCard:
    memory = _known(row.get("memory.total")) or ""
    device = _known(row.get("pci.device_id")) or ""
    capability = _known(row.get("compute_cap")) or ""
    return ListedCard(
        index=int(row["index"]),
        name=_known(row["name"]) or "",
        uuid=_known(row.get("uuid")),
        pci_id=pci_id(int(device, 16)) if re.fullmatch(r"0x[0-9A-Fa-f]{8}", device) else None,
        pci_address=pci_address(_known(row.get("pci.bus_id")) or ""),
        compute_capability=capability if re.fullmatch(r"\d+\.\d+", capability) else None,
        memory_mib=int(memory) if memory.isdigit() else None,
    )


def _unreachable(said: str) -> list[ListedCard]:
    """Return the cards that nvidia-smi names as those which it cannot reach."""
    return [
        ListedCard(pci_address=pci_address(found.group(1)), trouble=found.group(0).strip())
        for found in _HANDLE.finditer(said)
    ]
