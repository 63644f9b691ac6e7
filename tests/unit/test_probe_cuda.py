"""The CUDA driver library through the true child process, on the stand-in; and lines that break off."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import fake_nvml, recorded
from setupwizard.probes import cuda
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.linux import KernelDriver
from setupwizard.tools import process

pytestmark = pytest.mark.posix_only("the stand-in is built for Linux and macOS")

CARD = "[gpu]\nname = NVIDIA L4\nbus_id = 0000:01:00.0\ncc = 8.9\nmemory = 24152899584\n"


def ask(tmp_path: Path, scenario: str, *, devices: bool = False, **more: object) -> DriverAnswer:
    library = fake_nvml.install(tmp_path / "library", scenario)
    roots = recorded.roots(tmp_path, environ={"LD_LIBRARY_PATH": str(library)}, **more)
    return cuda.ask(roots, KernelDriver(loaded=True), devices=devices)


def test_the_version_alone_starts_nothing(tmp_path: Path) -> None:
    proof = tmp_path / "started"
    answer = ask(tmp_path, f"cuda = 13000\nleaves = {proof}\n{CARD}")
    assert (answer.state, answer.cuda, answer.cards) == ("ok", "13.0", ())
    assert not proof.exists(), "cuInit was called, which makes /dev/nvidia-uvm"


def test_the_devices_on_wish(tmp_path: Path) -> None:
    proof = tmp_path / "started"
    answer = ask(tmp_path, f"cuda = 12040\nleaves = {proof}\n{CARD}{CARD}", devices=True)
    assert (answer.state, answer.cuda, len(answer.cards)) == ("ok", "12.4", 2)
    card = answer.cards[0]
    assert (card.name, card.compute_capability, card.memory_mib) == ("NVIDIA L4", "8.9", 23034)
    assert card.pci_address == "0000:01:00.0"
    assert proof.exists()


@pytest.mark.parametrize(
    ("scenario", "state"),
    [
        ("cuda = 13000\n", "no-devices"),
        (f"cuda = 13000\nerr.cuInit = 999\n{CARD}", "error"),
        (f"cuda = 13000\nerr.cuInit = 803\n{CARD}", "mismatch"),
        (f"cuda = 13000\nerr.cuInit = 100\n{CARD}", "no-devices"),
        (f"cuda = 13000\nerr.cuDeviceGetCount = 3\n{CARD}", "error"),
        ("err.cuDriverGetVersion = 3\n", "broken"),
    ],
)
def test_a_library_that_does_not_start(tmp_path: Path, scenario: str, state: str) -> None:
    answer = ask(tmp_path, scenario, devices="err.cuDriver" not in scenario)
    assert answer.state == state
    assert answer.evidence


@pytest.mark.parametrize(
    "call", ["cuDeviceGet", "cuDeviceGetName", "cuDeviceGetPCIBusId", "cuDeviceGetAttribute", "cuDeviceTotalMem_v2"]
)
def test_each_call_may_fail_alone(tmp_path: Path, call: str) -> None:
    answer = ask(tmp_path, f"cuda = 13000\n{CARD}err.{call} = 999\n{CARD}", devices=True)
    assert answer.state == "ok"
    assert answer.cards[1].name == "NVIDIA L4"
    assert answer.cards[1].compute_capability == "8.9"


def test_no_library_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "libcuda.so.1").write_text("no library")
    roots = recorded.roots(tmp_path, environ={"LD_LIBRARY_PATH": str(tmp_path)})
    assert cuda.ask(roots, KernelDriver(loaded=True)).state == "absent"


def test_a_library_that_hangs_ends_at_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "SECONDS", 0.8)
    assert ask(tmp_path, "hang = cuDriverGetVersion\ncuda = 13000\n").state == "hangs"


def test_a_child_that_does_not_start_is_an_answer(tmp_path: Path) -> None:
    assert ask(tmp_path, "cuda = 13000\n", cuda_program=(str(tmp_path / "absent"),)).state == "broken"


def test_the_program_starts_itself_for_it(tmp_path: Path) -> None:
    own = (*process.own_program(), "_cuda")
    answer = ask(tmp_path, f"cuda = 13000\n{CARD}", devices=True, cuda_program=own)
    assert (answer.cuda, answer.cards[0].name) == ("13.0", "NVIDIA L4")


@pytest.mark.parametrize("text", ["", "nonsense", '{"line": "library"', '{"line": "device", "index": 0}', "[1]"])
def test_lines_that_break_off(text: str) -> None:
    assert cuda.answer(text, ended="exit status 1").state == "broken"
