"""Display adapters as Windows keeps them in its registry: pure reading of what `windows.py` collected."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

DISPLAY_CLASS = "{4d36e968-e325-11ce-bfc1-08002be10318}"
"""The setup class of display adapters (Microsoft: "System-Defined Device Setup Classes Available to Vendors")."""

Values = Mapping[str, object]

_BUILT_IN = re.compile(r"laptop|mobile|max-q|notebook", re.IGNORECASE)
_HARDWARE = re.compile(r"VEN_([0-9A-F]{4})&DEV_([0-9A-F]{4})", re.IGNORECASE)
_LOCATION = re.compile(r"\((\d+),(\d+),(\d+)\)\s*$")
_CONFIG_DISABLED = 0x1
"""CONFIGFLAG_DISABLED of regstr.h: somebody switched the device off."""
# CM_PROB_* of cfg.h, the numbers that the Device Manager shows as "Code 22".
_DISABLED = frozenset((22, 29))
_NO_DRIVER = frozenset((1, 28))
_NOT_CONNECTED = 45


class Device(Struct, frozen=True, kw_only=True):
    """What the device manager says about one display device.

    Attributes:
        instance: "PCI\\VEN_10DE&DEV_28E0&...\\4&1A2B".
        problem: the number of what Windows has against it, None when it works.
        address: its place on the bus, "0000:01:00.0".
    """

    instance: str
    present: bool = True
    problem: int | None = None
    address: str | None = None


class Adapter(Struct, frozen=True, kw_only=True):
    """One display adapter of the registry.

    Attributes:
        pci_id: "10de:28e0"; None for a virtual one that is on no bus.
        driver_version: as Windows writes it, "32.0.15.8142".
        memory_bytes: dedicated memory, from the 64-bit value that its driver wrote.
        present: whether Windows sees the device now; None when that could not be asked.
        address: its place on the bus, "0000:01:00.0".
        problem: the number of what keeps Windows from using it, as the Device Manager shows it; None when nothing does.
    """

    pci_id: str | None
    address: str | None = None
    problem: int | None = None
    name: str = ""
    provider: str = ""
    driver_version: str | None = None
    memory_bytes: int | None = None
    disabled: bool = False
    present: bool | None = None


def pci_id(text: str) -> str | None:
    r"""Return "10de:28e0" from "PCI\VEN_10DE&DEV_28E0&SUBSYS_...", None when there is no such part."""
    found = _HARDWARE.search(text)
    return f"{found.group(1)}:{found.group(2)}".lower() if found else None


def nvidia_version(windows_version: str) -> str | None:
    """Return NVIDIA's own number for a Windows driver version: 32.0.15.8142 is 581.42.

    It is the last five digits with a dot before the last two. Only versions whose third part is 10 to 17 are made
    that way; other vendors' numbers look alike and mean something else.
    """
    parts = windows_version.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts) or not 10 <= int(parts[2]) <= 17:
        return None
    digits = (parts[2] + parts[3].zfill(4))[-5:]
    return f"{int(digits[:3])}.{digits[3:]}" if len(digits) == 5 and int(digits[:3]) else None


def adapters(
    display_class: Mapping[str, Values],
    instances: Mapping[str, Values],
    told: Iterable[Device] | None,
) -> list[Adapter]:
    r"""Join the three places that know display adapters.

    Args:
        display_class: number of the driver's key ("0001") to its values, from Control\Class\{4d36e968-...}.
        instances: device instance ("PCI\VEN_10DE&DEV_28E0&...\4&1A2B") to its values, from the Enum branch; its value
            `Driver` names the driver's key. It alone tells what card hides behind Microsoft's basic driver.
        told: what the device manager lists now; None when it could not be asked.
    """
    listed = {device.instance.upper(): device for device in told or ()}
    found: list[Adapter] = []
    used: set[str] = set()
    for instance, values in sorted(instances.items()):
        if not _is_display(values):
            continue
        key = _driver_key(values)
        used.add(key)
        device = listed.get(instance.upper()) if listed else Device(instance=instance)
        adapter = _adapter(instance, values, display_class.get(key, {}), device)
        found.append(adapter if listed else replace(adapter, present=None))
    found += [
        replace(_adapter(_text(values, "MatchingDeviceId"), {}, values, Device(instance="")), present=None)
        for key, values in sorted(display_class.items())
        if key not in used and key.isdigit() and not instances
    ]
    return found


def not_stale(found: Iterable[Adapter], listed: Iterable[str]) -> tuple[list[Adapter], list[Adapter]]:
    """Tell the adapters that are in the computer from those that the registry only remembers.

    Args:
        found: all adapters.
        listed: PCI ids of the cards that the vendor's driver listed, empty when it did not answer.

    Returns:
        The adapters to believe, and the remembered ones. What Windows could not be asked about is believed, unless
        the NVIDIA driver answered and does not list it: the registry keeps the keys of cards that were taken out.
    """
    counts = Counter(listed)
    kept: list[Adapter] = []
    stale: list[Adapter] = []
    for adapter in found:
        if adapter.present is None and counts and (adapter.pci_id or "").startswith("10de:"):
            there = counts[adapter.pci_id or ""] > 0
            counts[adapter.pci_id or ""] -= 1
        else:
            there = adapter.present is not False
        (kept if there else stale).append(adapter)
    return kept, stale


def _is_display(values: Values) -> bool:
    return _text(values, "ClassGUID").lower() == DISPLAY_CLASS


def _driver_key(values: Values) -> str:
    return _text(values, "Driver").rpartition("\\")[2]


def _adapter(instance: str, values: Values, driver: Values, device: Device | None) -> Adapter:
    """Return one adapter; `device` is None when the device manager does not list it: it is not in the computer now.

    A card that cannot be taken out is there although Windows calls it "not connected": a laptop's own, without power.
    """
    flags = values.get("ConfigFlags")
    name = _text(driver, "DriverDesc") or _text(values, "DeviceDesc").rpartition(";")[2]
    problem = device.problem if device is not None else _NOT_CONNECTED
    away = device is None or not device.present or problem == _NOT_CONNECTED
    built_in = _BUILT_IN.search(name) is not None
    return Adapter(
        pci_id=pci_id(instance) or pci_id(_text(driver, "MatchingDeviceId")),
        address=(device.address if device is not None else None) or _address(_text(values, "LocationInformation")),
        problem=_NOT_CONNECTED if away else problem,
        name=name,
        provider=_text(driver, "ProviderName"),
        driver_version=_text(driver, "DriverVersion") or None,
        memory_bytes=_number(driver.get("HardwareInformation.qwMemorySize")),
        disabled=problem in _DISABLED or (isinstance(flags, int) and bool(flags & _CONFIG_DISABLED)),
        present=not away or built_in,
    )


def _address(location: str) -> str | None:
    """Return "0000:01:00.0" from the end of a location, "PCI bus %1, device %2, function %3;(1,0,0)"."""
    found = _LOCATION.search(location)
    if found is None:
        return None
    bus, device, function = map(int, found.groups())
    return f"{bus >> 8:04x}:{bus & 0xFF:02x}:{device:02x}.{function:x}"


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    """Return a size: a 64-bit number, or its bytes as some drivers write it."""
    if isinstance(value, bytes):
        return int.from_bytes(value[:8], "little") or None
    return value if isinstance(value, int) and value > 0 else None
