"""nvidia-smi: every recorded way in which it answers, and the program run as a stub."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import recorded
from helpers.recorded import fixture
from setupwizard.probes import nvidia_smi
from setupwizard.probes.answers import DriverState, pci_address
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.smi_text import FIELDS, parse, parse_versions
from setupwizard.tools.process import ProcessResult

SEVEN = FIELDS[:7]
posix = pytest.mark.posix_only("the stub program is a shell script")


def ended(text: str, code: int | None = 0, *, timed_out: bool = False) -> ProcessResult:
    return ProcessResult(argv=("nvidia-smi",), returncode=code, stdout=text, timed_out=timed_out)


@pytest.mark.parametrize(
    ("name", "driver", "cuda"),
    [
        ("linux_331_no_cuda_field", "331.62", None),
        ("linux_418_laptop_truncated_name", "418.56", "10.1"),
        ("linux_550", "550.54.14", "12.4"),
        ("linux_610_umd", "610.43.02", "13.3"),
        ("windows_517_tcc_wddm", "517.48", "11.7"),
        ("windows_596_driver_model", "596.36", "13.2"),
        ("wsl_551", "551.61", "12.4"),
        ("wsl_cuda_err", "552.22", None),
        ("jetson_540", "540.4.0", "12.6"),
        ("jetson_540_driver_na", None, "12.2"),
    ],
)
def test_the_banner_in_both_spellings(name: str, driver: str | None, cuda: str | None) -> None:
    assert parse_versions(fixture(f"smi/text_{name}.txt")) == (driver, cuda)


@pytest.mark.parametrize(
    ("name", "code", "state"),
    [
        ("rc4_insufficient_permissions", 4, "no-permission"),
        ("rc6_no_devices", 6, "no-devices"),
        ("rc9_no_driver", 9, "not-loaded"),
        ("rc12_no_library", 12, "absent"),
        ("rc15_gpu_lost", 15, "gpu-lost"),
        ("rc18_version_mismatch", 18, "mismatch"),
        ("rc255_smi_nvml_mismatch", 255, "broken"),
        ("wsl_no_driver", 9, "not-loaded"),
        ("device_handle", 255, "broken"),
    ],
)
def test_the_ways_of_failing(name: str, code: int, state: DriverState) -> None:
    text = fixture(f"smi/err_{name}.txt")
    answer = parse(ended(text, code), SEVEN)
    assert answer.state == state
    assert text.splitlines()[0].strip() in answer.evidence[0]


def test_the_words_count_when_the_exit_status_is_another() -> None:
    assert parse(ended(fixture("smi/err_rc18_version_mismatch.txt"), 1), SEVEN).state == "mismatch"


def test_no_devices_with_exit_status_0_is_no_card_of_that_name() -> None:
    answer = parse(ended(fixture("smi/err_rc6_no_devices.txt"), 0), SEVEN)
    assert (answer.state, answer.cards) == ("no-devices", ())


def test_a_lost_card_is_named_by_its_place() -> None:
    answer = parse(ended(fixture("smi/err_rc15_gpu_lost.txt"), 15), SEVEN)
    assert answer.cards[0].pci_address == "0000:01:00.0"
    assert "GPU is lost" in (answer.cards[0].trouble or "")


def test_an_error_between_the_rows_spoils_nothing() -> None:
    rows = fixture("smi/query_csv_two.txt").splitlines()
    text = "\n".join([rows[0], fixture("smi/err_device_handle.txt").strip(), rows[1]])
    answer = parse(ended(text, 255), SEVEN)
    assert answer.state == "ok"
    assert [card.name for card in answer.cards[:2]] == ["NVIDIA GeForce GTX 1080 Ti", "NVIDIA GeForce RTX 5090"]
    assert answer.cards[2].pci_address == "0000:d8:00.0"
    assert answer.cards[2].trouble is not None


def test_two_unlike_cards_are_read_each_with_its_own_facts() -> None:
    answer = parse(ended(fixture("smi/query_csv_two.txt")), SEVEN)
    old, new = answer.cards
    assert (answer.state, answer.driver) == ("ok", "580.95.05")
    assert (old.compute_capability, old.memory_mib, old.pci_address) == ("6.1", 11264, "0000:17:00.0")
    assert (new.index, new.compute_capability, new.uuid) == (1, "12.0", "GPU-0f0a1b2c-0000-0000-0000-000000000002")


def test_what_is_not_told_is_none() -> None:
    (card,) = parse(ended(fixture("smi/query_csv_jetson.txt")), SEVEN).cards
    assert card.name == "Orin (nvgpu)"
    assert (card.compute_capability, card.memory_mib, card.pci_address, card.uuid) == (None, None, None, None)
    (card,) = parse(ended(fixture("smi/query_csv_partial_not_supported.txt")), SEVEN).cards
    assert (card.compute_capability, card.memory_mib, card.pci_address, card.uuid) == ("8.9", 8188, None, None)


def test_the_device_number_becomes_the_pci_id() -> None:
    row = "0, NVIDIA GeForce RTX 4090, 581.57, 8.9, 24564, 00000000:01:00.0, GPU-0f0a1b2c, 0x268410DE"
    assert parse(ended(row)).cards[0].pci_id == "10de:2684"


def test_a_wrong_number_of_columns_is_no_card() -> None:
    answer = parse(ended("0, NVIDIA GeForce RTX 4090, 581.57"))
    assert (answer.state, answer.cards) == ("broken", ())


def test_a_run_that_timed_out() -> None:
    assert parse(ended("", None, timed_out=True)).state == "hangs"


def test_a_program_that_did_not_start() -> None:
    assert parse(ProcessResult(argv=("nvidia-smi",), returncode=None, stderr="no such file")).state == "broken"


@posix
def test_a_stub_in_path_is_asked_for_its_table_and_its_banner(tmp_path: Path) -> None:
    banner = fixture("smi/text_linux_610_umd.txt")
    recorded.nvidia_smi(tmp_path / "bin", query=fixture("smi/query_csv_two.txt"), banner=banner)
    answer = nvidia_smi.ask(recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")}), KernelDriver())
    assert (answer.state, answer.driver, answer.cuda, len(answer.cards)) == ("ok", "580.95.05", "13.3", 2)
    assert any("KMD Version" in line for line in answer.evidence)


@posix
def test_a_field_that_an_old_version_does_not_know_is_left_out(tmp_path: Path) -> None:
    row = "0, NVIDIA GeForce GTX 970, 390.157, 4096, 00000000:01:00.0, GPU-0f0a1b2c, 0x13C210DE\n"
    recorded.nvidia_smi(tmp_path / "bin", query=row, unknown="compute_cap")
    answer = nvidia_smi.ask(recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")}), KernelDriver())
    (card,) = answer.cards
    assert (card.pci_id, card.memory_mib, card.compute_capability) == ("10de:13c2", 4096, None)


@posix
def test_a_program_that_hangs_ends_at_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "SECONDS", 0.3)
    recorded.program(tmp_path / "bin" / "nvidia-smi", "sleep 60")
    answer = nvidia_smi.ask(recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")}), KernelDriver())
    assert answer.state == "hangs"


@posix
def test_no_program_is_an_answer(tmp_path: Path) -> None:
    assert nvidia_smi.ask(recorded.roots(tmp_path), KernelDriver()).state == "absent"


@posix
def test_wsl_keeps_it_in_a_folder_of_its_own_that_goes_first(tmp_path: Path) -> None:
    recorded.program(tmp_path / "root/usr/lib/wsl/lib/nvidia-smi", "exit 0")
    recorded.program(tmp_path / "bin" / "nvidia-smi", "exit 0")
    roots = recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")})
    found = list(nvidia_smi.programs(roots))
    assert found == [tmp_path / "root/usr/lib/wsl/lib/nvidia-smi", tmp_path / "bin" / "nvidia-smi"]


@posix
def test_a_relative_folder_in_path_is_never_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded.program(tmp_path / "nvidia-smi", "exit 0")
    monkeypatch.chdir(tmp_path)
    assert list(nvidia_smi.programs(recorded.roots(tmp_path, environ={"PATH": ".::"}))) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000:01:00.0", "0000:01:00.0"),
        ("0000:D8:00.0", "0000:d8:00.0"),
        ("00010000:0A:00.0", "10000:0a:00.0"),
        ("81:00.0", "0000:81:00.0"),
        ("[N/A]", None),
        ("", None),
    ],
)
def test_spellings_of_a_place_on_the_bus(text: str, address: str | None) -> None:
    assert pci_address(text) == address
