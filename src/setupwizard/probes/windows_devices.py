"""The display devices of Windows' device manager, asked through SetupAPI: which are there, where, and in what state.

The registry says what a card is; only the device manager knows whether it is in the computer now and what Windows has
against it. No program is started: PowerShell takes seconds, can be forbidden by a company's rules, and its answer can
be empty with exit status 0; nothing that decides here hangs on it.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import uuid
from collections.abc import Iterator
from ctypes import wintypes

from setupwizard.probes.adapters import DISPLAY_CLASS, Device

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

log = logging.getLogger(__name__)

_DIGCF_PRESENT = 0x2
_LONGEST_NAME = 400
"""More than MAX_DEVICE_ID_LEN (200) of cfgmgr32.h."""
_TYPE_UINT32 = 0x7
_TYPE_BOOLEAN = 0x11
_NO_HANDLE = ctypes.c_void_p(-1).value


class _Guid(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_ubyte * 16)]

    @classmethod
    def of(cls, text: str) -> _Guid:
        return cls((ctypes.c_ubyte * 16).from_buffer_copy(uuid.UUID(text).bytes_le))


class _PropertyKey(ctypes.Structure):
    _fields_ = [("group", _Guid), ("number", wintypes.DWORD)]


class _DeviceData(ctypes.Structure):
    _fields_ = [
        ("size", wintypes.DWORD),
        ("kind", _Guid),
        ("instance", wintypes.DWORD),
        ("reserved", ctypes.c_void_p),
    ]


def _key(group: str, number: int) -> _PropertyKey:
    return _PropertyKey(_Guid.of(group), number)


# DEVPKEY_Device_ProblemCode, _IsPresent, _BusNumber and _Address of devpkey.h
_PROBLEM = _key("4340a6c5-93fa-4706-972c-7b648008a5a7", 3)
_IS_PRESENT = _key("540b947e-8b40-45bc-a8a2-6a0b894cbda2", 5)
_BUS = _key("a45c254e-df1c-4efd-8020-67d146a850e0", 23)
_ADDRESS = _key("a45c254e-df1c-4efd-8020-67d146a850e0", 30)


def display_devices() -> list[Device] | None:
    """Return the display devices that are in this computer now; None when the device manager does not tell."""
    try:
        return list(_devices())
    except (OSError, AttributeError) as error:
        log.info("SetupAPI: %r", error)
        return None


def _devices() -> Iterator[Device]:
    setup = _setupapi()
    kind = _Guid.of(DISPLAY_CLASS)
    handle = setup.SetupDiGetClassDevsW(ctypes.byref(kind), None, None, _DIGCF_PRESENT)
    if handle in {None, _NO_HANDLE}:
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        index = 0
        while True:
            data = _DeviceData(size=ctypes.sizeof(_DeviceData))
            if not setup.SetupDiEnumDeviceInfo(handle, index, ctypes.byref(data)):
                return
            index += 1
            name = ctypes.create_unicode_buffer(_LONGEST_NAME)
            if setup.SetupDiGetDeviceInstanceIdW(handle, ctypes.byref(data), name, _LONGEST_NAME, None):
                yield _device(setup, handle, data, name.value)
    finally:
        setup.SetupDiDestroyDeviceInfoList(handle)


def _device(setup: ctypes.WinDLL, handle: int, data: _DeviceData, instance: str) -> Device:
    def number(key: _PropertyKey, kind: int, size: int) -> int | None:
        told, value = wintypes.DWORD(), wintypes.DWORD()
        answered = setup.SetupDiGetDevicePropertyW(
            handle,
            ctypes.byref(data),
            ctypes.byref(key),
            ctypes.byref(told),
            ctypes.byref(value),
            size,
            None,
            0,
        )
        return value.value if answered and told.value == kind else None

    bus, place = number(_BUS, _TYPE_UINT32, 4), number(_ADDRESS, _TYPE_UINT32, 4)
    return Device(
        instance=instance,
        present=number(_IS_PRESENT, _TYPE_BOOLEAN, 1) != 0,
        problem=number(_PROBLEM, _TYPE_UINT32, 4) or None,
        address=_address(bus, place) if bus is not None and place is not None else None,
    )


def _address(bus: int, place: int) -> str:
    """Return "0000:01:00.0": the segment stands above the bus number, the device above its function."""
    return f"{bus >> 8 & 0xFFFF:04x}:{bus & 0xFF:02x}:{place >> 16 & 0x1F:02x}.{place & 0x7:x}"


def _setupapi() -> ctypes.WinDLL:
    library = ctypes.WinDLL("setupapi", use_last_error=True)
    library.SetupDiGetClassDevsW.restype = ctypes.c_void_p
    library.SetupDiGetClassDevsW.argtypes = [ctypes.c_void_p, wintypes.LPCWSTR, wintypes.HWND, wintypes.DWORD]
    library.SetupDiEnumDeviceInfo.argtypes = [ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p]
    library.SetupDiGetDeviceInstanceIdW.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        wintypes.LPWSTR,
        wintypes.DWORD,
        ctypes.c_void_p,
    ]
    library.SetupDiGetDevicePropertyW.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        wintypes.DWORD,
        ctypes.c_void_p,
        wintypes.DWORD,
    ]
    library.SetupDiDestroyDeviceInfoList.argtypes = [ctypes.c_void_p]
    return library
