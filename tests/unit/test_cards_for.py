"""A proof is asked of the cards that a build holds code for, and of no other one."""

import pytest

from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.model.recommendation import Build
from setupwizard.steps.recommend import recommend
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.workflow import Choices, cards_for, decide, grid
from setupwizard.workflow.cards import cards_to_ask


def card(name: str, pci: str, capability: str) -> Gpu:
    return Gpu(vendor="nvidia", name=name, pci_id=pci, compute_capability=capability, driver_sees_it=True)


OLD, NEW = card("GeForce GTX 1080", "10de:1b80", "6.1"), card("GeForce RTX 5070", "10de:2f04", "12.0")


def computer(*gpus: Gpu) -> Machine:
    return Machine(os="linux", arch="x86_64", gpus=gpus, nvidia_driver=NvidiaDriver(version="580.95.05", cuda="13.0"))


def test_each_group_of_unlike_cards_is_proved_alone():
    machine = computer(OLD, NEW)
    parts = decide(machine, Choices()).parts
    if not parts:  # the facts may come to know a build for both
        pytest.skip("one build serves both cards by now")
    assert [cards_for(part.build, machine) for part in parts] == [
        tuple(machine.gpus[index] for index in part.gpus) for part in parts
    ]


def test_every_cell_that_runs_is_proved_on_the_cards_that_it_serves():
    machine = computer(OLD, NEW)
    cells = [cell for cell in grid(machine, Choices()) if cell.build is not None and cell.gpus]
    assert {cell.gpus for cell in cells} >= {(0,), (1,)}
    for cell in cells:
        assert cell.build is not None
        assert cards_for(cell.build, machine) == tuple(machine.gpus[index] for index in cell.gpus)


def test_cards_of_one_kind_are_all_proved():
    machine = computer(NEW, NEW)
    build = recommend(machine, catalogue=known_catalogue().catalogue).build
    assert build is not None
    assert cards_for(build, machine) == machine.gpus


def test_a_build_that_nobody_knows_is_proved_on_every_card_of_its_maker():
    machine = computer(OLD, NEW)
    build = Build(torch="9.9.9", variant="cu999", python="3.12", platform="linux_x86_64", requirement="torch==9.9.9")
    assert cards_for(build, machine) == machine.gpus


@pytest.mark.parametrize(
    ("variant", "vendors"),
    [
        ("cu130", ["nvidia"]),
        ("cu117.with.pypi.cudnn", ["nvidia"]),
        ("cpu", ["nvidia"]),
        ("rocm6.4", ["amd"]),
        ("xpu", ["intel"]),
        ("nv24.10", []),
    ],
)
def test_a_torch_of_somebody_elses_is_asked_about_the_cards_that_it_should_use(variant, vendors):
    others = [Gpu(vendor=vendor, name=vendor, driver_sees_it=True) for vendor in ("amd", "intel", "apple")]
    assert [gpu.vendor for gpu in cards_to_ask(variant, computer(NEW, *others))] == vendors


def test_on_a_mac_every_torch_is_asked_about_apples_graphics():
    apple = Gpu(vendor="apple", name="Apple M3")
    mac = Machine(os="macos", arch="arm64", gpus=(apple,))
    assert cards_to_ask("cpu", mac) == (apple,)
    build = Build(torch="2.13.0", variant="cpu", python="3.12", platform="macos_arm64", requirement="torch==2.13.0")
    assert cards_for(build, mac) == (apple,)
