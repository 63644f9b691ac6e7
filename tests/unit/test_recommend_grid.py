"""Every cell of the grid: what it promises is what the wish for it gets, and what it refuses has a true reason."""

from __future__ import annotations

import pytest

from helpers.machines import amd, linux, macos, nvidia, windows
from helpers.table import rows
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Wishes
from setupwizard.steps.recommend import Cell, grid, recommend

FACTS = load_catalogue()
MACHINES = [
    linux(nvidia("6.1"), driver="470.256.02"),
    linux(nvidia("8.9"), driver="550.54.14"),
    windows(nvidia("12.0"), driver="581.57"),
    linux(nvidia("8.9")),
    linux(amd("gfx1100")),
    linux(nvidia("12.0"), nvidia("6.1"), driver="580.65.06"),
    linux(libc="glibc 2.17"),
    windows(arch="arm64"),
    macos(arch="x86_64", os_version="13.2"),
]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_cell_says_what_the_wish_for_it_gets(machine: Machine) -> None:
    for cell in grid(machine):
        document = recommend(machine, Wishes(torch=cell.torch, variant=cell.variant))
        if cell.build is None:
            assert cell.code, cell
            assert cell.text, cell
            assert document.verdict not in {"gpu", "cpu", "split"}, cell
        else:
            assert not cell.code
            assert not cell.text
            assert document.verdict in {"gpu", "cpu", "split"}
            assert document.build == cell.build
            assert document.gpus == cell.gpus


def test_the_grid_holds_everything_that_is_published_for_the_platform_once() -> None:
    cells = grid(linux())
    expected = {
        (release.torch, variant) for release in FACTS.releases for variant in release.builds["linux_x86_64"].variants
    }
    assert {(cell.torch, cell.variant) for cell in cells} == expected
    assert len(cells) == len(expected)


def test_the_grid_is_ordered_as_people_choose() -> None:
    cells = grid(linux(nvidia("8.9"), driver="580.65.06"))
    assert [cell.variant for cell in cells if cell.torch == "2.13.0"] == [
        *["cu130", "cu132", "cu129", "cu126", "rocm7.1", "rocm7.2", "xpu", "cpu"]
    ]
    versions = [tuple(map(int, cell.torch.split("."))) for cell in cells]
    assert versions == sorted(versions, reverse=True)


def _cell(cells: tuple[Cell, ...], torch: str, variant: str) -> Cell:
    return next(cell for cell in cells if (cell.torch, cell.variant) == (torch, variant))


def test_reasons_of_the_grid() -> None:
    cells = grid(linux(nvidia("6.1", name="GTX 1080"), driver="470.256.02"))
    assert (_cell(cells, "2.15.0", "cu130").code, _cell(cells, "2.14.1", "cu126").code) == ("arch", "driver")
    assert "470.256.02" in _cell(cells, "2.14.1", "cu126").text
    assert "GTX 1080" in _cell(cells, "2.15.0", "cu130").text
    assert _cell(cells, "2.14.1", "rocm7.14").code == "arch"
    python = grid(linux(nvidia("8.9"), driver="580.65.06"), Wishes(python="3.10"))
    assert _cell(python, "2.15.0", "cu130").code == "python"
    assert "3.10" in _cell(python, "2.15.0", "cpu").text
    old = grid(linux(nvidia("8.9"), driver="580.65.06", libc="glibc 2.17"))
    assert (_cell(old, "2.15.0", "cpu").code, _cell(old, "2.6.0", "cu126").code) == ("os", "os")
    assert grid(linux(arch="riscv64")) == ()


def test_the_grid_answers_for_every_machine_of_the_table() -> None:
    for row in rows():
        for cell in grid(row.machine, Wishes(python=row.wishes.python)):
            assert (cell.build is None) == bool(cell.code) == bool(cell.text)
