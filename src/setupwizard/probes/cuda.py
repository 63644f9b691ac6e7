"""Asks the CUDA driver library in a child of our own, with a deadline: the third source about an NVIDIA driver."""

from __future__ import annotations

import msgspec

from setupwizard.errors import SetupError
from setupwizard.probes.answers import GRACE, DriverAnswer, DriverState, ListedCard, driver_environment, pci_address
from setupwizard.probes.cuda_child import DEVICES, DeviceLine, DevicesLine, LibraryLine, Line
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.nvml import cuda_version
from setupwizard.probes.roots import Roots
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

SECONDS = 3.0
"""How long the library may take; telling its version takes no time at all."""

_STATES: dict[int, DriverState] = {
    100: "no-devices",
    101: "no-devices",
    802: "not-loaded",
    803: "mismatch",
    999: "error",
}
"""CUresult of cuda.h, as far as each means something of its own to a person."""

_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def ask(roots: Roots, kernel: KernelDriver, *, devices: bool = False, cancel: Cancel | None = None) -> DriverAnswer:
    """Return what the library says.

    Args:
        roots: where to look, and how to start the child.
        kernel: the state of the kernel driver.
        devices: start CUDA and list its devices too.
        cancel: a wish to stop.
    """
    words = (*roots.cuda_program, DEVICES) if devices else roots.cuda_program
    try:
        result = process.run(words, env=driver_environment(roots, kernel), timeout=SECONDS, cancel=cancel, grace=GRACE)
    except SetupError as error:
        if error.code == "cancelled":
            raise
        return DriverAnswer(source="cuda", state="broken", evidence=(f"CUDA: {error.detail}",))
    end = "no end after the deadline" if result.timed_out else f"exit status {result.returncode}"
    return answer(result.stdout, ended="" if result.ok else end, hung=result.timed_out)


def answer(text: str, *, ended: str = "", hung: bool = False) -> DriverAnswer:
    """Return what the lines of the child say, also when they break off.

    Args:
        text: what it printed; what is not one of our lines is passed over.
        ended: how it ended when that was not well.
        hung: it never ended by itself.
    """
    lines = [(line, text) for text in text.splitlines() if (line := _line(text)) is not None]
    library = next((line for line, _text in lines if isinstance(line, LibraryLine)), None)
    listing = next((line for line, _text in lines if isinstance(line, DevicesLine)), None)
    evidence = tuple(f"CUDA: {text}" for _line, text in lines) + ((f"CUDA: {ended}",) if ended else ())
    cards = tuple(_card(line) for line, _text in lines if isinstance(line, DeviceLine))
    return DriverAnswer(
        source="cuda",
        state=_state(library, listing, cards, hung=hung),
        cuda=cuda_version(library.version) if library else None,
        cards=cards,
        evidence=evidence,
    )


def _state(
    library: LibraryLine | None, listing: DevicesLine | None, cards: tuple[ListedCard, ...], *, hung: bool
) -> DriverState:
    if hung:
        return "hangs"
    if library is None:
        return "broken"
    if library.version is None:
        return "absent" if library.error else "broken"
    if listing is None:
        return "ok"
    if listing.error is not None:
        return _STATES.get(listing.error, "error")
    return "ok" if cards else "no-devices"


def _line(text: str) -> Line | None:
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError:
        return None


def _card(line: DeviceLine) -> ListedCard:
    capability = line.compute_capability
    return ListedCard(
        index=line.index,
        name=line.name,
        pci_address=pci_address(line.pci_address),
        compute_capability=f"{capability[0]}.{capability[1]}" if capability else None,
        memory_mib=line.memory_bytes >> 20 if line.memory_bytes else None,
    )
