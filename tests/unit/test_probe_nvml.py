"""NVML through the true child process, on a stand-in library; and lines that break off."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec
import pytest

from helpers import fake_nvml, recorded
from setupwizard.errors import Cancelled
from setupwizard.probes import nvml
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.nvml_child import CardLine, DriverLine, EndLine
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

pytestmark = pytest.mark.posix_only("the stand-in is built for Linux and macOS")


def ask(tmp_path: Path, scenario: str) -> DriverAnswer:
    library = fake_nvml.install(tmp_path / "library", scenario)
    roots = recorded.roots(tmp_path, environ={"LD_LIBRARY_PATH": str(library)})
    return nvml.ask(roots, KernelDriver(loaded=True), heard=[])


def test_a_laptop_card_with_a_present_driver(tmp_path: Path) -> None:
    answer = ask(tmp_path, "laptop4060_581")
    assert (answer.state, answer.driver, answer.cuda) == ("ok", "581.42", "13.0")
    (card,) = answer.cards
    assert card.name == "NVIDIA GeForce RTX 4060 Laptop GPU"
    assert card.uuid == "GPU-0f0a1b2c-0000-0000-0000-000000000040"
    assert (card.pci_id, card.pci_address) == ("10de:28e0", "0000:01:00.0")
    assert (card.compute_capability, card.memory_mib, card.trouble) == ("8.9", 8188, None)
    assert any('"clock":3105' in line for line in answer.evidence)


def test_a_card_tells_driver_cuda_capability_and_memory(tmp_path: Path) -> None:
    answer = ask(tmp_path, "gtx1060_580")
    assert (answer.driver, answer.cuda) == ("580.95.05", "13.0")
    assert (answer.cards[0].compute_capability, answer.cards[0].memory_mib) == ("6.1", 6144)


def test_driver_610_tells_cuda_13_3(tmp_path: Path) -> None:
    answer = ask(tmp_path, "desktop_5070ti_610")
    assert (answer.driver, answer.cuda, answer.cards[0].compute_capability) == ("610.47", "13.3", "12.0")


def test_a_lost_card_does_not_hide_the_other(tmp_path: Path) -> None:
    answer = ask(tmp_path, "two_cards_one_lost")
    assert answer.state == "ok"
    good, lost = answer.cards
    assert (good.name, good.trouble) == ("NVIDIA GeForce RTX 3090", None)
    assert lost.trouble is not None
    assert "lost" in lost.trouble


def test_a_card_that_is_lost_while_it_is_asked(tmp_path: Path) -> None:
    answer = ask(tmp_path, "driver = 580.95.05\n[gpu]\nname = NVIDIA A100\nerr.nvmlDeviceGetMemoryInfo = 15\n")
    assert answer.cards[0].name == "NVIDIA A100"
    assert answer.cards[0].trouble is not None


@pytest.mark.parametrize(
    ("scenario", "state"),
    [
        ("driver_not_loaded", "not-loaded"),
        ("version_mismatch", "mismatch"),
        ("no_permission", "no-permission"),
        ("init_error = 15\n", "gpu-lost"),
        ("init_error = 999\n", "error"),
        ("no_devices", "no-devices"),
        ("driver = 580.95.05\nerr.nvmlDeviceGetCount_v2 = 999\n", "error"),
    ],
)
def test_a_driver_that_cannot_be_asked(tmp_path: Path, scenario: str, state: str) -> None:
    answer = ask(tmp_path, scenario)
    assert answer.state == state
    assert answer.cards == ()
    assert answer.evidence


def test_no_library_at_all(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "libnvidia-ml.so.1").write_text("this is no library")
    answer = nvml.ask(
        recorded.roots(tmp_path, environ={"LD_LIBRARY_PATH": str(empty)}), KernelDriver(loaded=True), heard=[]
    )
    assert answer.state == "absent"


def test_an_old_driver_lacks_functions(tmp_path: Path) -> None:
    answer = ask(tmp_path, "old_driver_missing_functions")
    assert (answer.state, answer.driver, answer.cuda) == ("ok", "390.157", None)
    assert (answer.cards[0].name, answer.cards[0].compute_capability) == ("GeForce 410M", "2.1")
    assert answer.cards[0].memory_mib == 512


def test_the_older_name_of_a_function_is_tried(tmp_path: Path) -> None:
    answer = ask(
        tmp_path, "driver = 450.51\ncuda = 11000\nerr.nvmlSystemGetCudaDriverVersion_v2 = 13\n[gpu]\nname = T4\n"
    )
    assert answer.cuda == "11.0"


def test_a_jetson_tells_little(tmp_path: Path) -> None:
    answer = ask(tmp_path, "jetson")
    (card,) = answer.cards
    assert (card.name, card.compute_capability) == ("Orin (nvgpu)", "8.7")
    assert (card.pci_id, card.pci_address, card.memory_mib, card.trouble) == (None, None, None, None)


def test_a_card_split_into_parts(tmp_path: Path) -> None:
    answer = ask(
        tmp_path, "driver = 580.95.05\ncuda = 13000\n[gpu]\nname = NVIDIA A100\nmig = 1\n[gpu]\nname = T4\nmig = 0\n"
    )
    assert [card.mig for card in answer.cards] == [True, False]


def test_a_hang_ends_at_the_deadline_and_keeps_what_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "SECONDS", 1.5)
    answer = ask(tmp_path, "hangs_at_second_card")
    assert answer.state == "hangs"
    assert (answer.driver, answer.cuda) == ("580.95.05", "13.0")
    assert [card.name for card in answer.cards] == ["NVIDIA GeForce RTX 3090"]
    assert "deadline" in answer.evidence[-1]


def test_a_driver_that_hangs_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "SECONDS", 0.8)
    answer = ask(tmp_path, "hangs_at_start")
    assert (answer.state, answer.driver, answer.cards) == ("hangs", None, ())


def test_cancel_ends_a_child_that_hangs(tmp_path: Path) -> None:
    library = fake_nvml.install(tmp_path / "library", "hangs_at_start")
    roots = recorded.roots(tmp_path, environ={"LD_LIBRARY_PATH": str(library)})
    cancel = Cancel()
    cancel.request()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        nvml.ask(roots, KernelDriver(loaded=True), heard=[], cancel=cancel)
    assert time.monotonic() - started < nvml.SECONDS


def test_a_child_that_crashes_is_an_answer(tmp_path: Path) -> None:
    crash = (sys.executable, "-c", 'import os; os.write(1, b\'{"line": "driver", "count": 1}\\n\'); os.abort()')
    answer = nvml.ask(recorded.roots(tmp_path, nvml_program=crash), KernelDriver(), heard=[])
    assert answer.state == "broken"
    assert "exit status" in answer.evidence[-1]


def test_a_child_that_does_not_start_is_an_answer(tmp_path: Path) -> None:
    roots = recorded.roots(tmp_path, nvml_program=(str(tmp_path / "absent"),))
    answer = nvml.ask(roots, KernelDriver(), heard=[])
    assert answer.state == "broken"
    assert answer.evidence


def lines(*structs: msgspec.Struct) -> list[str]:
    return [msgspec.json.encode(one).decode() for one in structs]


def test_what_a_library_prints_between_the_lines_is_passed_over() -> None:
    heard = [
        "warning: something",
        *lines(DriverLine(driver="581.42", cuda=13000, count=1)),
        "[1, 2]",
        '{"line": "cat"}',
    ]
    heard += lines(CardLine(index=0, name="T4"), EndLine())
    answer = nvml.answer(heard, ended="exit status 0", hung=False)
    assert (answer.state, answer.driver, len(answer.cards)) == ("ok", "581.42", 1)
    assert all("warning" not in line for line in answer.evidence)


def test_lines_that_break_off_are_no_good_answer() -> None:
    answer = nvml.answer(lines(DriverLine(driver="581.42", cuda=13000, count=2)), ended="exit status -11", hung=False)
    assert (answer.state, answer.driver) == ("broken", "581.42")


@pytest.mark.parametrize(
    ("number", "text"), [(13000, "13.0"), (12040, "12.4"), (13030, "13.3"), (10010, "10.1"), (0, None), (None, None)]
)
def test_nvmls_number_becomes_the_version_of_cuda(number: int | None, text: str | None) -> None:
    assert nvml.cuda_version(number) == text


def test_the_program_starts_itself_for_it(tmp_path: Path) -> None:
    library = fake_nvml.install(tmp_path / "library", "laptop4060_581")
    roots = recorded.roots(
        tmp_path, environ={"LD_LIBRARY_PATH": str(library)}, nvml_program=(*process.own_program(), "_nvml")
    )
    assert nvml.ask(roots, KernelDriver(loaded=True), heard=[]).driver == "581.42"
