"""Asks NVML in a child of our own, with a deadline: a driver that hangs cannot hang the wizard."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from setupwizard.errors import SetupError
from setupwizard.probes.answers import (
    GRACE,
    DriverAnswer,
    DriverState,
    ListedCard,
    driver_environment,
    pci_address,
    pci_id,
)
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.nvml_child import CardLine, DriverLine, EndLine, Line
from setupwizard.probes.roots import Roots
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

SECONDS = 4.0
"""How long the driver may be silent; a healthy one answers in well under a second, a card that wakes up in two."""
MOST_SECONDS = 20.0
"""How long it may take in all: a server with eight cards and no persistence daemon starts one after the other."""

_STATES: dict[int, DriverState] = {
    4: "no-permission",
    9: "not-loaded",
    12: "absent",
    15: "gpu-lost",
    18: "mismatch",
}
"""nvmlReturn_t of nvml.h, as far as each means something of its own to a person."""


def ask(
    roots: Roots,
    kernel: KernelDriver,
    *,
    heard: list[str],
    places: Sequence[str] = (),
    cancel: Cancel | None = None,
) -> DriverAnswer:
    """Return what NVML says.

    Args:
        roots: where to look, and how to start the child.
        kernel: the state of the kernel driver.
        heard: gets each line as it comes, for `answer` when even the end of the child does not come.
        places: addresses of the cards to ask; all when not given.
        cancel: a wish to stop.
    """
    try:
        result = process.run(
            (*roots.nvml_program, *places),
            env=driver_environment(roots, kernel),
            timeout=MOST_SECONDS,
            silence=SECONDS,
            cancel=cancel,
            on_line=heard.append,
            grace=GRACE,
        )
    except SetupError as error:
        if error.code == "cancelled":
            raise
        return DriverAnswer(source="nvml", state="broken", evidence=(f"NVML: {error.detail}",))
    if result.timed_out:
        return answer(heard, ended="no end after the deadline")
    return answer(heard, ended=f"exit status {result.returncode} {result.stderr.strip()[-400:]}".strip(), hung=False)


def answer(heard: Sequence[str], *, ended: str, hung: bool = True) -> DriverAnswer:
    """Return what the lines of the child say, also when they break off.

    Args:
        heard: the lines; what is not one of ours is passed over.
        ended: how the child ended, for the evidence when it ended too early.
        hung: it never ended by itself.
    """
    lines = [line for line in map(_line, heard) if line is not None]
    driver = next((line for line in lines if isinstance(line, DriverLine)), None)
    cards = tuple(_card(line) for line in lines if isinstance(line, CardLine))
    complete = any(isinstance(line, EndLine) for line in lines)
    evidence = tuple(f"NVML: {line}" for line in heard if _line(line) is not None and '"end"' not in line)
    if not complete:
        evidence = (*evidence, f"NVML: {ended}")
    broken_off: DriverState = "hangs" if hung else "broken"
    return DriverAnswer(
        source="nvml",
        state=_state(driver, cards) if driver is not None and complete else broken_off,
        driver=driver.driver if driver else None,
        cuda=cuda_version(driver.cuda) if driver else None,
        cards=cards,
        evidence=evidence,
    )


def _state(driver: DriverLine, cards: Sequence[ListedCard]) -> DriverState:
    if driver.error is not None:
        return _STATES.get(driver.error, "error")
    if driver.count is None:
        return "error"
    return "ok" if cards or driver.count else "no-devices"  # cards that sleep are counted and not asked


def cuda_version(number: int | None) -> str | None:
    """Return "13.0" from 13000; None for 0, which a driver without CUDA says."""
    return f"{number // 1000}.{number % 1000 // 10}" if number else None


def _line(text: str) -> Line | None:
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError:
        return None


_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def _card(line: CardLine) -> ListedCard:
    capability = line.compute_capability
    trouble = line.troubles[0] if line.troubles else f"error {line.error}"
    return ListedCard(
        index=line.index,
        name=line.name or "",
        uuid=line.uuid,
        pci_id=pci_id(line.pci_device or 0),
        pci_address=pci_address(line.pci_address or ""),
        compute_capability=f"{capability[0]}.{capability[1]}" if capability else None,
        memory_mib=line.memory_bytes >> 20 if line.memory_bytes else None,
        power_limit_w=line.power_limit // 1000 if line.power_limit else None,
        max_clock_mhz=line.clock or None,
        mig=bool(line.mig),
        trouble=trouble if line.error is not None else None,
    )
