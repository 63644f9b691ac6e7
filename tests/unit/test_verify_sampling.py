"""Looking at the card while it is measured: the true child, NVIDIA's library by a stand-in."""

import time
from pathlib import Path

import pytest

from helpers import fake_nvml, recorded
from helpers.torch_environment import fake_torch_environment
from setupwizard.model.machine import Gpu
from setupwizard.probes.nvml_watch_child import LookLine
from setupwizard.steps.verify import NvmlSampler, VerifyRequest, verify
from setupwizard.steps.verify.judging import card_measurements, card_series
from setupwizard.steps.verify.looks import Sample, thinned
from setupwizard.steps.verify.sampling import sample_of
from setupwizard.tools.concurrency import Cancel

pytestmark = pytest.mark.posix_only("the stand-in for NVIDIA's library is a Linux one")

CARD = Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060", uuid="GPU-1", pci_address="0000:01:00.0")
SCENARIO = """
driver = 581.42
cuda = 13000
[gpu]
name = Other
uuid = GPU-0
[gpu]
name = NVIDIA GeForce RTX 4060
uuid = GPU-1
now_clock = 210,1500,2400
now_temperature = 41,60
now_power_mw = 9000,110000
now_reasons = 1,0x24
now_link_generation = 1,4
now_link_width = 8
now_load = 3
"""


def sampler(tmp_path: Path, scenario: str = SCENARIO) -> NvmlSampler:
    library = fake_nvml.install(tmp_path / "nvml", scenario)
    return NvmlSampler(recorded.roots(tmp_path, environ={"LD_LIBRARY_PATH": str(library)}))


def wait_for(looker: NvmlSampler, number: int) -> None:
    end = time.monotonic() + 60
    while len(looker.samples()) < number and time.monotonic() < end:
        time.sleep(0.05)


def test_it_looks_at_the_card_that_was_named_and_ends(tmp_path: Path) -> None:
    looker = sampler(tmp_path)
    looker.start(CARD)
    try:
        wait_for(looker, 3)
    finally:
        looker.stop()
    first, second, third = looker.samples()[:3]
    assert [look.clock_mhz for look in (first, second, third)] == [210, 1500, 2400]
    assert (first.temperature_c, second.temperature_c, third.power_w) == (41, 60, 110.0)
    assert first.held == ()
    assert second.held == ("power-cap", "heat")
    assert second.link_gb_s == pytest.approx(15.75, abs=0.01)
    assert first.load == 0.03
    assert first.at < second.at < third.at
    number = len(looker.samples())
    time.sleep(0.5)
    assert len(looker.samples()) == number, "nobody looks any more"


@pytest.mark.parametrize(
    "scenario",
    ["init_error = 18\n[gpu]\nuuid = GPU-1\n", "driver = 581.42\n[gpu]\nuuid = GPU-9\n", "hang = nvmlInitWithFlags\n"],
)
def test_a_driver_that_tells_nothing_leaves_no_looks(tmp_path: Path, scenario: str) -> None:
    looker = sampler(tmp_path, scenario)
    looker.start(CARD)
    time.sleep(0.5)
    looker.stop()
    assert looker.samples() == ()


def test_a_card_without_a_name_is_not_looked_at(tmp_path: Path) -> None:
    looker = sampler(tmp_path)
    looker.start(Gpu(vendor="nvidia"))
    looker.stop()
    assert looker.samples() == ()


def test_an_old_driver_tells_only_some_of_it() -> None:
    assert sample_of(LookLine(clock=1000), 5.0).clock_mhz == 1000
    empty = sample_of(LookLine(), 5.0)
    assert (empty.held, empty.link_gb_s, empty.load, empty.power_w) == (None, None, None, None)
    assert sample_of(LookLine(reasons=0x80), 5.0).held == ("power-brake",)
    assert sample_of(LookLine(link_generation=9, link_width=16), 5.0).link_gb_s is None


def test_the_proof_keeps_what_was_seen(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env", available=True, **{"import": {"hang": 2}})
    request = VerifyRequest(python=python, gpus=(CARD,), only=("import",))
    proof = verify(request, lambda _event: None, Cancel(), sampler(tmp_path))
    seconds = proof.measurements["card.looks.seconds"]
    assert len(seconds) == len(proof.measurements["card.looks.clock.mhz"]) > 0
    assert proof.numbers()["card.clock.mhz"] >= 210


def test_the_document_keeps_a_few_hundred_looks() -> None:
    many = tuple(Sample(at=100.0 + number / 5, clock_mhz=number) for number in range(5000))
    kept = thinned(many, 240)
    assert 200 <= len(kept) <= 240
    assert thinned((), 240) == ()
    rows = card_series(1, kept, 100.0)
    assert rows["gpu1.card.looks.seconds"][:2] == (0.0, 4.2)
    assert {len(row) for row in rows.values()} == {len(kept)}
    assert card_measurements(0, kept) == {"card.clock.mhz": kept[-1].clock_mhz}
