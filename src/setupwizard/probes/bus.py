"""The graphics cards that the system itself lists, whatever system it is; no driver of a vendor is asked."""

from __future__ import annotations

import sys

from msgspec import Struct

from setupwizard.model.machine import Gpu
from setupwizard.probes import jetson, kfd, pci
from setupwizard.probes.adapters import Adapter
from setupwizard.probes.roots import Roots
from setupwizard.tools.concurrency import Cancel


class Bus(Struct, frozen=True, kw_only=True):
    """What the system lists.

    Attributes:
        pci: Linux: the cards on the bus.
        kfd: Linux: what AMD's compute driver lists, None when there is none.
        adapters: Windows: the display adapters of the registry.
        others: cards that are complete as they are: a Mac's, or a Jetson's own.
        names: PCI id to name, from the system's own list.
    """

    pci: tuple[pci.PciCard, ...] = ()
    kfd: tuple[kfd.KfdNode, ...] | None = None
    adapters: tuple[Adapter, ...] = ()
    others: tuple[Gpu, ...] = ()
    names: dict[str, str] = {}


def read(roots: Roots, *, cancel: Cancel | None = None) -> Bus:
    """Return the cards of this computer."""
    if sys.platform == "win32":
        from setupwizard.probes import windows

        return Bus(adapters=tuple(windows.display_adapters()))
    elif sys.platform == "darwin":  # noqa: RET505 - the type checker reads one branch for each system
        from setupwizard.probes import macos

        return Bus(others=macos.displays(cancel=cancel))
    else:
        return _linux(roots)


def _linux(roots: Roots) -> Bus:
    cards = pci.cards(roots)
    board = jetson.gpu(roots)
    return Bus(
        pci=cards,
        kfd=kfd.nodes(roots),
        others=(board,) if board is not None else (),
        names=pci.names(roots, [card.pci_id for card in cards]),
    )
