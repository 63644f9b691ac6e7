"""The child that asks the CUDA driver library (libcuda, nvcuda.dll): which CUDA it serves, and on wish its devices.

The version is told without starting CUDA: nothing is woken, and no device file is made. The devices need cuInit, which
on Linux makes /dev/nvidia-uvm where it is missing; so they are asked for only when nobody else told any.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

import msgspec
from msgspec import Struct

DEVICES = "--devices"
"""The argument that asks for the devices too."""
_COMPUTE_CAPABILITY_MAJOR = 75
_COMPUTE_CAPABILITY_MINOR = 76
_NO_DEVICE = 100
"""CUDA_ERROR_NO_DEVICE of cuda.h."""


class LibraryLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="library"):
    """The library. `version` is 13000 for CUDA 13.0; `error` says why it could not be loaded."""

    version: int | None = None
    error: str | None = None


class DeviceLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="device"):
    """One device as CUDA lists it."""

    index: int
    name: str = ""
    pci_address: str = ""
    compute_capability: tuple[int, int] | None = None
    memory_bytes: int | None = None


class DevicesLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="devices"):
    """How many devices CUDA has; `error` is CUDA's number when it did not start."""

    count: int = 0
    error: int | None = None


Line = LibraryLine | DevicesLine | DeviceLine


def main(*, devices: bool) -> int:
    """Ask the library and print its answer; the exit status is 0 whenever there was something to print."""
    try:
        library = _load()
    except OSError as error:
        _print(LibraryLine(error=str(error)))
        return 0
    version = ctypes.c_int()
    known = _call(library, "cuDriverGetVersion", ctypes.byref(version)) == 0
    _print(LibraryLine(version=version.value if known else None))
    if devices:
        _devices(library)
    return 0


def _load() -> ctypes.CDLL:
    return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")


def _call(library: ctypes.CDLL, name: str, *arguments: object) -> int | None:
    """Return CUDA's number for how a call ended, None when this library lacks the call."""
    function: Callable[..., int] | None = getattr(library, name, None)
    return int(function(*arguments)) if function is not None else None


def _devices(library: ctypes.CDLL) -> None:
    count = ctypes.c_int()
    error = _call(library, "cuInit", 0) or _call(library, "cuDeviceGetCount", ctypes.byref(count))
    _print(DevicesLine(count=count.value, error=None if error == _NO_DEVICE else error or None))
    for index in range(0 if error else count.value):
        _print(_device(library, index))


def _device(library: ctypes.CDLL, index: int) -> DeviceLine:
    device = ctypes.c_int()
    name, place = ctypes.create_string_buffer(256), ctypes.create_string_buffer(32)
    major, minor, memory = ctypes.c_int(), ctypes.c_int(), ctypes.c_size_t()
    if _call(library, "cuDeviceGet", ctypes.byref(device), index):
        return DeviceLine(index=index)
    _call(library, "cuDeviceGetName", name, len(name), device)
    _call(library, "cuDeviceGetPCIBusId", place, len(place), device)
    failed = _call(library, "cuDeviceGetAttribute", ctypes.byref(major), _COMPUTE_CAPABILITY_MAJOR, device)
    failed = failed or _call(library, "cuDeviceGetAttribute", ctypes.byref(minor), _COMPUTE_CAPABILITY_MINOR, device)
    _call(library, "cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    return DeviceLine(
        index=index,
        name=name.value.decode("utf-8", "replace"),
        pci_address=place.value.decode("ascii", "replace"),
        compute_capability=(major.value, minor.value) if failed == 0 else None,
        memory_bytes=memory.value or None,
    )


def _print(line: Line) -> None:
    """Write one line at once: a windowed program has no sys.stdout, but the pipe is there."""
    os.write(1, msgspec.json.encode(line) + b"\n")
