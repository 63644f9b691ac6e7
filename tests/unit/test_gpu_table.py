"""Cards by their PCI id: AMD's and Intel's beside NVIDIA's."""

from __future__ import annotations

import json

import pytest

from helpers.machines import amd, linux, windows
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.gpu_table import compute_capability_of, known_gpu, name_of
from setupwizard.resources import resource
from setupwizard.steps.recommend import recommend

AMD = json.loads(resource("gpus.json").read_bytes())["amd"]


@pytest.mark.parametrize(
    ("pci_id", "gfx", "integrated"),
    [
        ("1002:744c", "gfx1100", False),
        ("1002:73bf", "gfx1030", False),
        ("1002:7550", "gfx1201", False),
        ("1002:67df", "gfx803", False),
        ("1002:687f", "gfx900", False),
        ("1002:164e", "gfx1036", True),
        ("1002:15bf", "gfx1103", True),
        ("1002:1586", "gfx1151", True),
        ("1002:74a1", "gfx942", False),
    ],
)
def test_amds_cards_are_known_by_their_pci_id(pci_id: str, gfx: str, integrated: bool) -> None:
    known = known_gpu(pci_id)
    assert known is not None
    assert (known.gfx, known.integrated) == (gfx, integrated)
    assert compute_capability_of(pci_id) is None
    assert (name_of(pci_id) or "").startswith("AMD ")


def test_every_architecture_of_the_catalogue_has_cards_and_agrees_on_what_sits_in_the_processor() -> None:
    chips = {chip.gfx: chip for chip in load_catalogue().amd.gfx}
    rows = {row["gfx"]: row for row in AMD}
    assert set(chips) <= set(rows)
    assert all(rows[gfx]["integrated"] == chip.integrated for gfx, chip in chips.items())
    devices = [device for row in AMD for device in row["devices"]]
    assert len(devices) == len(set(devices)) > 100


def test_what_the_driver_says_goes_before_the_table() -> None:
    card = amd("gfx803", pci_id="1002:744c")
    assert recommend(linux(card)).verdict == "cpu"


def test_graphics_in_a_processor_are_known_by_their_id() -> None:
    document = recommend(windows(amd(None, pci_id="1002:164e", name="AMD Radeon(TM) Graphics")))
    assert document.verdict == "other-route"
    assert "gfx1036" in document.actions[0].text
