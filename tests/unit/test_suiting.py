"""Which build of a plan a machine takes, and what it hears where none serves it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from setupwizard.errors import SetupError
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.machine import FoundPython, Gpu, Machine, NvidiaDriver
from setupwizard.model.planfile import DriverRule, PlanFile
from setupwizard.model.recommendation import Wishes
from setupwizard.steps.recommend import recommend
from setupwizard.steps.suiting import Here, suited
from setupwizard.tools import strict

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "plan.toml"
PYTHON = FoundPython(path="/usr/bin/python3.12", version="3.12.4")


@pytest.fixture(scope="module")
def plan() -> PlanFile:
    return strict.from_toml(PlanFile, GOLDEN.read_bytes(), "plan.toml")


def card(capability, name="a card", **more):
    return Gpu(vendor="nvidia", name=name, compute_capability=capability, **more)


def here(*gpus, driver="581.57", os="linux", arch="x86_64", pythons=(PYTHON,), wishes=Wishes()):  # noqa: B008
    machine = Machine(
        os=os,
        arch=arch,
        gpus=gpus,
        nvidia_driver=NvidiaDriver(version=driver) if driver else None,
        pythons=pythons,
    )
    catalogue = load_catalogue()
    return Here(machine=machine, decision=recommend(machine, wishes, catalogue), wishes=wishes, catalogue=catalogue)


@pytest.mark.parametrize(
    ("place", "variant"),
    [
        (here(card("8.9")), "cu130"),
        (here(card("7.5")), "cu130"),
        (here(card("6.1"), driver="560.35.03"), "cu126"),
        (here(card("8.9"), os="windows"), "cu130"),
        (here(driver=None), "cpu"),
        (here(Gpu(vendor="intel", name="UHD", integrated=True), driver=None), "cpu"),
        (here(card("3.5", "GT 710"), driver="470.256.02"), "cpu"),
        (here(card("8.9"), card("6.1")), "cu130"),
        (here(card("6.1"), card("6.1"), card("8.9")), "cu126"),
        (here(card("8.9"), card("6.1"), wishes=Wishes(gpus=(1,))), "cu126"),
        (here(card("8.9"), wishes=Wishes(variant="cpu")), "cpu"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_machine_takes_the_build_that_serves_it(plan, place, variant):
    assert suited(plan, place).build.variant == variant


@pytest.mark.parametrize(
    ("place", "code", "says"),
    [
        (here(card("8.9"), driver="570.00"), "driver-old", "580"),
        (here(card("8.9"), driver=None), "driver-missing", ""),
        (here(card("8.7"), driver="581.57"), "plan-not-for-here", "8.7"),
        (here(card("6.1"), os="windows"), "plan-not-for-here", "6.1"),
        (here(os="windows", driver=None), "plan-not-for-here", "none"),
        (here(os="macos", arch="arm64", driver=None), "plan-not-for-here", "macos_arm64"),
        (here(arch="aarch64", driver=None), "plan-not-for-here", "linux_aarch64"),
        (here(card("8.9"), wishes=Wishes(torch="2.9.0")), "plan-not-for-here", ""),
    ],
)
def test_a_machine_that_none_serves_hears_why(plan, place, code, says):
    with pytest.raises(SetupError) as caught:
        suited(plan, place)
    assert caught.value.code == code
    assert says in str(caught.value)
    expected = {"driver-old": 11, "driver-missing": 11, "plan-not-for-here": 10}
    assert caught.value.exit_code() == expected[code]


def test_a_card_is_never_left_to_the_processor_in_silence(plan):
    """The plan has a processor build and none for this card, which PyTorch could well use."""
    with pytest.raises(SetupError, match=r"8\.7"):
        suited(plan, here(card("8.7")))


def test_a_plan_for_the_processor_alone_means_every_machine(plan):
    alone = replace(plan, build=plan.build[-1:])
    assert suited(alone, here(card("8.9"))).build.variant == "cpu"


def test_an_old_driver_may_be_only_told(plan):
    kind = replace(plan, driver=DriverRule(minimum="525.60.13", policy="warn"))
    chosen = suited(kind, here(card("8.9"), driver="570.00"))
    assert chosen.build.variant == "cu130"
    assert "570.00" in chosen.notes[0]


def test_the_plan_may_ask_for_a_newer_driver_than_its_builds_need(plan):
    with pytest.raises(SetupError, match="999"):
        suited(replace(plan, driver=DriverRule(minimum="999.1")), here(card("8.9")))


def test_a_machine_without_the_python_takes_the_build_all_the_same(plan):
    assert suited(plan, here(card("8.9"), pythons=())).build.variant == "cu130"


def test_where_two_builds_serve_the_one_whose_python_is_here_is_taken(plan):
    two = replace(plan, build=(replace(plan.build[0], python="3.13"), plan.build[0]))
    assert suited(two, here(card("8.9"))).build.python == "3.12"
    assert suited(two, here(card("8.9")), bundled=("3.13",)).build.python == "3.13"
