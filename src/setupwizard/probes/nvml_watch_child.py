"""The child that looks at one NVIDIA card several times a second while another program works on it.

It prints a JSON line for each look and goes on until it is ended, or until nobody reads it any more.
"""

from __future__ import annotations

import os
import time
from typing import Any

import msgspec
from msgspec import Struct

from setupwizard.probes.nvml_child import CLOCK_SM, Asker, start

PERIOD = 0.2
"""Seconds from one look to the next: five a second show a card that slows down, and cost it nothing."""
_TEMPERATURE_GPU = 0


class LookLine(Struct, frozen=True, kw_only=True):
    """One look; None is what the driver does not tell.

    Attributes:
        clock: of the multiprocessors, MHz.
        temperature: degrees Celsius.
        power: milliwatt.
        reasons: nvmlClocksEventReasons of nvml.h, why the clock is not higher.
        link_generation, link_width: of PCI Express, now.
        load: how much of the time the card worked, in percent.
    """

    clock: int | None = None
    temperature: int | None = None
    power: int | None = None
    reasons: int | None = None
    link_generation: int | None = None
    link_width: int | None = None
    load: int | None = None


def main(card: str) -> int:
    """Look at a card until the end.

    Args:
        card: its UUID ("GPU-..."), or its address on the bus.
    """
    import pynvml

    if start(pynvml) is not None:
        return 1
    by_name = card.startswith(("GPU-", "MIG-"))
    way = "nvmlDeviceGetHandleByUUID" if by_name else "nvmlDeviceGetHandleByPciBusId"
    handle = Asker(pynvml).ask(way, card.encode())
    if handle is None:
        return 1
    while True:
        line = msgspec.json.encode(_look(Asker(pynvml), handle))
        try:
            os.write(1, line + b"\n")
        except OSError:
            return 0
        time.sleep(PERIOD)


def _look(asker: Asker, handle: Any) -> LookLine:
    load = asker.ask("nvmlDeviceGetUtilizationRates", handle)
    reasons = asker.ask("nvmlDeviceGetCurrentClocksEventReasons", handle)
    if reasons is None:  # the name that it had before driver 535
        reasons = asker.ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
    return LookLine(
        clock=asker.ask("nvmlDeviceGetClockInfo", handle, CLOCK_SM),
        temperature=asker.ask("nvmlDeviceGetTemperature", handle, _TEMPERATURE_GPU),
        power=asker.ask("nvmlDeviceGetPowerUsage", handle),
        reasons=reasons,
        link_generation=asker.ask("nvmlDeviceGetCurrPcieLinkGeneration", handle),
        link_width=asker.ask("nvmlDeviceGetCurrPcieLinkWidth", handle),
        load=int(load.gpu) if load is not None else None,
    )
