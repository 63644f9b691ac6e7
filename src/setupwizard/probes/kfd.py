"""AMD's compute driver (KFD) as the Linux kernel shows it: which cards ROCm would see, and their architecture."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from setupwizard.probes.roots import Roots, entries, read_text, whole_number

_NODES = "/sys/class/kfd/kfd/topology/nodes"
_AMD = 0x1002


class KfdNode(Struct, frozen=True, kw_only=True):
    """One graphics unit of the topology. `address` is None on kernels that do not tell the place on the bus."""

    pci_id: str
    gfx: str
    address: str | None = None


def nodes(roots: Roots) -> tuple[KfdNode, ...] | None:
    """Return the graphics units that KFD knows, None when there is no KFD at all."""
    folder = roots.at(_NODES)
    properties = entries(folder, "*/properties")
    if not properties:
        return None
    found = (_node(path) for path in properties)
    return tuple(node for node in found if node is not None)


def parse(text: str) -> KfdNode | None:
    """Return the graphics unit that a node's `properties` describe, None for a processor."""
    facts: dict[str, int] = {}
    for line in text.splitlines():
        name, _space, value = line.partition(" ")
        number = whole_number(value)
        if number is not None:
            facts[name] = number
    version = facts.get("gfx_target_version", 0)
    if not version or facts.get("vendor_id", _AMD) != _AMD:
        return None
    return KfdNode(
        pci_id=f"{facts.get('vendor_id', _AMD):04x}:{facts.get('device_id', 0):04x}",
        gfx=gfx_name(version),
        address=_address(facts),
    )


def gfx_name(version: int) -> str:
    """Return ROCm's word for an architecture: 110000 is gfx1100, 90010 is gfx90a (the last two are hexadecimal)."""
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}"


def _node(path: Path) -> KfdNode | None:
    return parse(read_text(path))


def _address(facts: dict[str, int]) -> str | None:
    """Return the place on the bus: location_id holds bus, device and function as PCI packs them."""
    place = facts.get("location_id")
    if not place:
        return None
    return f"{facts.get('domain', 0):04x}:{place >> 8 & 0xFF:02x}:{place >> 3 & 0x1F:02x}.{place & 7}"
