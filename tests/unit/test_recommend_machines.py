"""The table to beat: 29 machines on which the tools of today were measured, and recorded machines with their answers.

The best of those tools was right on 16 of the 29. Each expectation was worked out by hand from the five conditions
(wheel, variant, driver floor of the CUDA major, architecture list, bundled libraries), newest torch first.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from helpers.facts import recommend
from helpers.machines import linux, nvidia, windows
from setupwizard.model.machine import Machine
from setupwizard.model.wire import read_document, to_json

MACHINES = Path(__file__).parent.parent / "machines"
GOLDEN = MACHINES / "golden"

_1080TI, _1060, _970, _750TI = "10de:1b06", "10de:1c03", "10de:13c2", "10de:1380"
_V100, _1650, _2080TI, _710, _1030 = "10de:1db4", "10de:1f82", "10de:1e04", "10de:128b", "10de:1d01"
_A100, _3060, _3080, _4090, _H100 = "10de:20f1", "10de:2503", "10de:2206", "10de:2684", "10de:2331"
_B200, _5090, _GB10 = "10de:2901", "10de:2b85", "10de:2e12"


def _linux(driver: str | None, *pci_ids: str, arch: str = "x86_64") -> Machine:
    return linux(*(nvidia(pci_id=pci_id) for pci_id in pci_ids), driver=driver, arch=arch)


def _windows(driver: str | None, *pci_ids: str) -> Machine:
    return windows(*(nvidia(pci_id=pci_id) for pci_id in pci_ids), driver=driver)


# name, machine, verdict, torch, variant, indexes served
TABLE = [
    # Pascal left CUDA 13 and left 2.15; cu126 of 2.14.1 is the last build with code for it.
    ("L01 GTX 1080 Ti, driver 580", _linux("580.65.06", _1080TI), "gpu", "2.14.1", "cu126", (0,)),
    # The same build runs from driver 525 on: nothing newer is behind an update, so none is asked for.
    ("L02 GTX 1080 Ti, driver 535", _linux("535.183.01", _1080TI), "gpu", "2.14.1", "cu126", (0,)),
    # CUDA 12 needs 525; below that CUDA 11.8, which ended with 2.7.1.
    ("L03 GTX 970, driver 470", _linux("470.256.02", _970), "gpu", "2.7.1", "cu118", (0,)),
    # cu128 and cu129 begin at 7.5 or 7.0 on Linux: only cu126 holds 6.x.
    ("L04 GTX 1060, driver 550", _linux("550.163.01", _1060), "gpu", "2.14.1", "cu126", (0,)),
    # Volta: cu126 before the cu128 builds of 2.8 to 2.10 whose sm_70 is disputed.
    ("L05 V100, driver 580", _linux("580.95.05", _V100), "gpu", "2.14.1", "cu126", (0,)),
    # Turing is the oldest that CUDA 13 serves.
    ("L06 RTX 2080 Ti, driver 580", _linux("580.95.05", _2080TI), "gpu", "2.15.0", "cu130", (0,)),
    # Kepler 3.5: sm_37 does not run on it, nothing else comes near; a driver changes nothing.
    ("L07 GT 710, driver 470", _linux("470.256.02", _710), "cpu", "2.15.0", "cpu", ()),
    # Turing with a driver of CUDA 12: 2.14.1 is the newest with a CUDA 12 variant.
    ("L08 GTX 1650, driver 550", _linux("550.54.14", _1650), "gpu", "2.14.1", "cu126", (0,)),
    # Where uv takes 2.13.0+cu129 because its index comes first: 2.14.1+cu126 runs and is newer.
    ("L09 RTX 3060, driver 550", _linux("550.54.14", _3060), "gpu", "2.14.1", "cu126", (0,)),
    # The driver whose banner confuses most tools: its number alone decides.
    ("L10 RTX 4090, driver 610", _linux("610.43.02", _4090), "gpu", "2.15.0", "cu130", (0,)),
    # Blackwell needs CUDA 12.8 or newer, CUDA 13 needs 580: cu129, whose last release on Linux is 2.13.0.
    ("L11 RTX 5090, driver 575", _linux("575.57.08", _5090), "gpu", "2.13.0", "cu129", (0,)),
    ("L12 RTX 5090, driver 580", _linux("580.65.06", _5090), "gpu", "2.15.0", "cu130", (0,)),
    ("L13 A100, driver 535", _linux("535.129.03", _A100), "gpu", "2.14.1", "cu126", (0,)),
    # The very floor of CUDA 11.
    ("L14 A100, driver 450", _linux("450.80.02", _A100), "gpu", "2.7.1", "cu118", (0,)),
    # One build serves both: cu126 holds 6.0 and 8.6 (which runs on 8.9).
    ("L15 RTX 4090 and GTX 1080 Ti", _linux("580.65.06", _4090, _1080TI), "gpu", "2.14.1", "cu126", (0, 1)),
    # None does: no Linux build holds 6.x and 12.0. The preferred group is that of the newest torch.
    ("L16 RTX 5090 and GTX 1080 Ti", _linux("580.65.06", _5090, _1080TI), "split", "2.15.0", "cu130", (0,)),
    ("L17 B200, driver 570", _linux("570.124.06", _B200), "gpu", "2.13.0", "cu129", (0,)),
    # cu130 before cu132 although the driver knows CUDA 13.2.
    ("L18 H100, driver 595", _linux("595.45.04", _H100), "gpu", "2.15.0", "cu130", (0,)),
    # Below 450.80.02 nothing runs.
    ("L19 RTX 3060, driver 390", _linux("390.157", _3060), "fix-driver", "2.15.0", "cpu", ()),
    # sm_120 runs on 12.1.
    ("L20 DGX Spark, driver 580", _linux("580.95.05", _GB10, arch="aarch64"), "gpu", "2.15.0", "cu130", (0,)),
    ("L21 GTX 750 Ti, driver 580", _linux("580.95.05", _750TI), "gpu", "2.14.1", "cu126", (0,)),
    ("W01 GTX 1060, driver 581", _windows("581.57", _1060), "gpu", "2.14.1", "cu126", (0,)),
    ("W02 GTX 970, driver 546", _windows("546.33", _970), "gpu", "2.14.1", "cu126", (0,)),
    # Where uv takes 2.8.0+cu129, because cu129 ended there on Windows.
    ("W03 RTX 3060, driver 552", _windows("552.22", _3060), "gpu", "2.14.1", "cu126", (0,)),
    # cu129 of Windows ended with 2.9.0; cu128 went on to 2.11.0.
    ("W04 RTX 5090, driver 572", _windows("572.16", _5090), "gpu", "2.11.0", "cu128", (0,)),
    ("W05 RTX 4090, driver 610", _windows("610.47", _4090), "gpu", "2.15.0", "cu130", (0,)),
    # GP108 and not GK107, which bears the same name.
    ("W06 GT 1030, driver 560", _windows("560.94", _1030), "gpu", "2.14.1", "cu126", (0,)),
    # Windows floors: 452.39 for CUDA 11, 528.33 for CUDA 12.
    ("W07 GTX 970, driver 472", _windows("472.12", _970), "gpu", "2.7.1", "cu118", (0,)),
    ("W08 RTX 3080, driver 391", _windows("391.35", _3080), "fix-driver", "2.15.0", "cpu", ()),
]


def test_the_table_has_as_many_machines_as_were_measured() -> None:
    assert len([row for row in TABLE if row[0].startswith("L")]) == 21
    assert len([row for row in TABLE if row[0].startswith("W")]) == 8


@pytest.mark.parametrize(
    ("machine", "verdict", "torch", "variant", "served"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_table_to_beat(machine: Machine, verdict: str, torch: str, variant: str, served: tuple[int, ...]) -> None:
    document = recommend(machine)
    assert document.build is not None
    assert (document.verdict, document.build.torch, document.build.variant, document.gpus) == (
        verdict,
        torch,
        variant,
        served,
    )


# capability -> for each driver: torch and variant on Linux, then on Windows ("-": no GPU build runs). Worked out by
# hand from the tables; the pairs that cannot exist are left out.
GRID = {
    ("5.2", "6.1", "7.0"): {
        "450.80.02": ("2.7.1+cu118", "-"),  # Windows wants 452.39
        "452.39": ("2.7.1+cu118", "2.7.1+cu118"),
        "524.99": ("2.7.1+cu118", "2.7.1+cu118"),
        "525.60.13": ("2.14.1+cu126", "2.7.1+cu118"),  # Windows wants 528.33
        "528.33": ("2.14.1+cu126", "2.14.1+cu126"),
        "579.99": ("2.14.1+cu126", "2.14.1+cu126"),
        "580.65.06": ("2.14.1+cu126", "2.14.1+cu126"),
        "589.99": ("2.14.1+cu126", "2.14.1+cu126"),
    },
    ("7.5", "8.0", "8.6", "8.9", "9.0"): {
        "450.51.06": ("-", "-"),
        "470.256.02": ("2.7.1+cu118", "2.7.1+cu118"),
        "525.60.13": ("2.14.1+cu126", "2.7.1+cu118"),
        "528.33": ("2.14.1+cu126", "2.14.1+cu126"),
        "579.99": ("2.14.1+cu126", "2.14.1+cu126"),
        "580.65.06": ("2.15.0+cu130", "2.15.0+cu130"),
        "595.71.05": ("2.15.0+cu130", "2.15.0+cu130"),
        "999.1": ("2.15.0+cu130", "2.15.0+cu130"),
    },
    ("10.0", "10.3", "12.0", "12.1"): {
        "550.54.14": ("-", "-"),
        "570.65": ("2.13.0+cu129", "2.11.0+cu128"),
        "579.99": ("2.13.0+cu129", "2.11.0+cu128"),
        "580.65.06": ("2.15.0+cu130", "2.15.0+cu130"),
        "610.43": ("2.15.0+cu130", "2.15.0+cu130"),
    },
}


@pytest.mark.parametrize(
    ("capability", "driver", "on_linux", "on_windows"),
    [
        (capability, driver, *expected)
        for capabilities, drivers in GRID.items()
        for capability in capabilities
        for driver, expected in drivers.items()
    ],
)
def test_every_generation_with_every_driver(capability: str, driver: str, on_linux: str, on_windows: str) -> None:
    for make, expected in ((linux, on_linux), (windows, on_windows)):
        document = recommend(make(nvidia(capability), driver=driver))
        assert document.build is not None
        found = f"{document.build.torch}+{document.build.variant}"
        if expected == "-":
            assert (document.verdict, found) == ("fix-driver", "2.15.0+cpu")
        else:
            assert (document.verdict, found) == ("gpu", expected)


RECORDED = sorted(MACHINES.glob("*.json"))


def test_there_are_recorded_machines() -> None:
    assert len(RECORDED) >= 6
    assert [path.name for path in RECORDED] == sorted(path.name for path in GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_machines_get_the_recorded_decision(path: Path) -> None:
    """A change that is meant: run this with SETUPWIZARD_WRITE_GOLDEN=1, and read what it wrote before it is kept."""
    document = recommend(read_document(Machine, path))
    golden = GOLDEN / path.name
    if os.environ.get("SETUPWIZARD_WRITE_GOLDEN"):
        golden.write_text(to_json(document) + "\n", encoding="utf-8")
    assert json.loads(to_json(document)) == json.loads(golden.read_text(encoding="utf-8"))
