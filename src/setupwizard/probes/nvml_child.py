"""The child that asks the NVIDIA driver through NVML. It alone loads NVIDIA's library, so a hang or crash is its own.

It prints JSON Lines: one line for the driver, one for each card, one at the end. A line is written as soon as it is
known, so that the parent keeps what was said before a card that never answers. Each call may fail alone.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct

LOST = 15
"""NVML_ERROR_GPU_IS_LOST of nvml.h."""
RESET_REQUIRED = 16
"""NVML_ERROR_RESET_REQUIRED of nvml.h."""
NO_CARD = "none"
"""In place of an address: ask about the driver alone, as every card is asleep."""
_NOT_SUPPORTED = 3
_LIBRARY_NOT_FOUND = 12
_FUNCTION_NOT_FOUND = 13
_QUIET = (_NOT_SUPPORTED, _FUNCTION_NOT_FOUND)
CLOCK_SM = 1
_CLOCK_MEMORY = 2


class DriverLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="driver"):
    """The driver. `error` is NVML's number when it could not be reached; `cuda` is 13000 for CUDA 13.0."""

    error: int | None = None
    message: str = ""
    driver: str | None = None
    cuda: int | None = None
    count: int | None = None
    troubles: tuple[str, ...] = ()


class CardLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="card"):
    """One card; `error` is NVML's number when the card cannot be used. Limits are in milliwatt, clocks in MHz."""

    index: int | None = None
    error: int | None = None
    name: str | None = None
    uuid: str | None = None
    pci_address: str | None = None
    pci_device: int | None = None
    compute_capability: tuple[int, int] | None = None
    memory_bytes: int | None = None
    power_limit: int | None = None
    clock: int | None = None
    memory_clock: int | None = None
    mig: bool | None = None
    troubles: tuple[str, ...] = ()


class EndLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="end"):
    """Nothing more comes."""


Line = DriverLine | CardLine | EndLine


class Asker:
    """Makes calls of which each may fail, and remembers what the failures were."""

    def __init__(self, nvml: ModuleType) -> None:
        self.nvml = nvml
        self.error: int | None = None
        self.troubles: list[str] = []

    def ask(self, name: str, *arguments: object) -> Any:
        """Return the answer of one call, None when it failed: old drivers lack calls, lost cards refuse them."""
        function: Callable[..., Any] | None = getattr(self.nvml, name, None)
        if function is None:
            return None
        try:
            return function(*arguments)
        except self.nvml.NVMLError as error:
            number = int(error.value)
            if number in {LOST, RESET_REQUIRED} or (self.error is None and "GetHandle" in name):
                self.error = number
            if number not in _QUIET:
                self.troubles.append(f"{name}: {error} ({number})")
        except Exception as error:  # noqa: BLE001 - a library of another version answers with anything
            self.troubles.append(f"{name}: {error!r}")
        return None


def main(places: Sequence[str] = ()) -> int:
    """Ask the driver and print its answer; the exit status is 0 whenever there was something to print.

    Args:
        places: addresses of the cards to ask when some must be left asleep: asking a card wakes it.
    """
    import pynvml

    error = start(pynvml)
    if error is not None:
        _print(DriverLine(error=int(error.value), message=str(error)))
    else:
        _ask_all(pynvml, places)
    _print(EndLine())
    return 0


def _ask_all(nvml: ModuleType, places: Sequence[str]) -> None:
    asker = Asker(nvml)
    cuda = asker.ask("nvmlSystemGetCudaDriverVersion_v2") or asker.ask("nvmlSystemGetCudaDriverVersion")
    driver = asker.ask("nvmlSystemGetDriverVersion")
    count = asker.ask("nvmlDeviceGetCount")
    _print(DriverLine(driver=driver, cuda=cuda, count=count, troubles=tuple(asker.troubles)))
    if places:
        for place in set(places) - {NO_CARD}:
            _print(_card(nvml, None, "nvmlDeviceGetHandleByPciBusId", place.encode()))
    else:
        for index in range(count or 0):
            _print(_card(nvml, index, "nvmlDeviceGetHandleByIndex", index))


def _card(nvml: ModuleType, index: int | None, way: str, key: object) -> CardLine:
    asker = Asker(nvml)
    handle = asker.ask(way, key)
    if handle is None:
        place = key.decode() if isinstance(key, bytes) else None
        return CardLine(index=index, pci_address=place, error=asker.error, troubles=tuple(asker.troubles))
    pci = asker.ask("nvmlDeviceGetPciInfo", handle) or asker.ask("nvmlDeviceGetPciInfo_v2", handle)
    memory = asker.ask("nvmlDeviceGetMemoryInfo", handle)
    mig = asker.ask("nvmlDeviceGetMigMode", handle)
    return CardLine(
        index=index,
        name=asker.ask("nvmlDeviceGetName", handle),
        uuid=asker.ask("nvmlDeviceGetUUID", handle),
        pci_address=_text(pci.busId) if pci is not None else None,
        pci_device=int(pci.pciDeviceId) if pci is not None else None,
        compute_capability=asker.ask("nvmlDeviceGetCudaComputeCapability", handle),
        memory_bytes=int(memory.total) if memory is not None else None,
        power_limit=asker.ask("nvmlDeviceGetEnforcedPowerLimit", handle),
        clock=asker.ask("nvmlDeviceGetMaxClockInfo", handle, CLOCK_SM),
        memory_clock=asker.ask("nvmlDeviceGetMaxClockInfo", handle, _CLOCK_MEMORY),
        mig=bool(mig[0]) if mig is not None else None,
        error=asker.error,
        troubles=tuple(asker.troubles),
    )


def start(nvml: ModuleType) -> Any:
    """Start NVML; return the error when it does not start."""
    error = _init(nvml)
    if error is not None and error.value == _LIBRARY_NOT_FOUND and sys.platform == "win32":
        library = _in_driver_store()
        if library is not None:
            vars(nvml)["nvmlLib"] = library  # where nvmlInit looks before it searches by itself
            return _init(nvml)
    return error


def _init(nvml: ModuleType) -> Any:
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return error
    return None


def _in_driver_store() -> ctypes.CDLL | None:
    """Return NVML from the newest NVIDIA driver in Windows' driver store: some drivers put it nowhere else."""
    store = Path(os.environ.get("WINDIR", r"C:\Windows"), "System32", "DriverStore", "FileRepository")
    found = sorted(store.glob("nv*/nvml.dll"), key=lambda path: path.stat().st_mtime)
    return ctypes.CDLL(str(found[-1])) if found else None


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _print(line: Line) -> None:
    """Write one line at once: a windowed program has no sys.stdout, but the pipe is there."""
    os.write(1, msgspec.json.encode(line) + b"\n")
