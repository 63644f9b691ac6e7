"""Looks at an NVIDIA card through NVML, in a child of our own, while another child calculates on it."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack

import msgspec

from setupwizard.errors import SetupError
from setupwizard.model.machine import Gpu
from setupwizard.probes.answers import driver_environment
from setupwizard.probes.linux import kernel_driver
from setupwizard.probes.nvml_watch_child import LookLine
from setupwizard.probes.roots import Roots
from setupwizard.steps.verify.looks import Hold, Sample
from setupwizard.tools import process

log = logging.getLogger(__name__)

_MOST = 20_000
"""More than an hour of looks: what comes later is not kept."""
_GRACE = 0.3

# nvmlClocksEventReasons of nvml.h. 0x8 stands for either of the two that follow it, so it is told as heat.
_HOLDS: tuple[tuple[int, Hold], ...] = (
    (0x04, "power-cap"),
    (0x08 | 0x20 | 0x40, "heat"),
    (0x80, "power-brake"),
)
# What one lane of PCI Express carries in one direction after its line code, in 10^9 bytes a second (PCI-SIG).
_LANE_GB_S = {1: 0.25, 2: 0.5, 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563}

_decoder = msgspec.json.Decoder(LookLine)


class NvmlSampler:
    """Looks at one card five times a second. A driver that does not answer leaves no looks, and harms nothing."""

    def __init__(self, roots: Roots | None = None) -> None:
        """Take where NVIDIA's library is looked for; this computer as it is when not given."""
        self._roots = roots or Roots()
        self._samples: list[Sample] = []
        self._open = ExitStack()

    def start(self, gpu: Gpu) -> None:
        """Begin to look at a card; one that has neither identity nor address is not looked at."""
        self.stop()
        self._samples = []
        card = gpu.uuid or gpu.pci_address
        if card is None:
            return
        program = (*process.own_program(), "_nvml-watch", card)
        environment = driver_environment(self._roots, kernel_driver(self._roots))
        try:
            self._open.enter_context(process.beside(program, on_line=self._take, env=environment, grace=_GRACE))
        except SetupError as error:
            log.warning("nobody looks at the card: %s", error.detail)

    def samples(self) -> tuple[Sample, ...]:
        """Return all looks since the start; safe from any thread."""
        return tuple(self._samples)

    def stop(self) -> None:
        """End the child; safe more than once."""
        self._open.close()

    def _take(self, line: str) -> None:
        now = time.monotonic()
        try:
            look = _decoder.decode(line)
        except msgspec.MsgspecError:
            return
        if len(self._samples) < _MOST:
            self._samples.append(sample_of(look, now))


def sample_of(look: LookLine, at: float) -> Sample:
    """Return what a line of the child says.

    Args:
        look: the line.
        at: time.monotonic() of its arrival.
    """
    lane = _LANE_GB_S.get(look.link_generation or 0)
    return Sample(
        at=at,
        clock_mhz=look.clock,
        temperature_c=look.temperature,
        power_w=look.power / 1000 if look.power is not None else None,
        held=None if look.reasons is None else tuple(hold for bits, hold in _HOLDS if look.reasons & bits),
        link_gb_s=lane * look.link_width if lane and look.link_width else None,
        load=look.load / 100 if look.load is not None else None,
    )
