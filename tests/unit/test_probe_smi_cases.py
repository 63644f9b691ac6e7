"""nvidia-smi as it could answer: every driver branch, split and virtual cards, lost ones, other encodings, nonsense.

The texts are made by hand after the forms of the recorded ones.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from helpers import recorded
from helpers.recorded import fixture
from setupwizard.probes import nvidia_smi
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.smi_text import FIELDS, parse, parse_versions, readable
from setupwizard.tools.process import ProcessResult

posix = pytest.mark.posix_only("the stub program is a shell script")

UUID = "GPU-0f0a1b2c-0000-0000-0000-000000000001"
ROW = f"0, {{name}}, 580.95.05, 8.9, 24564, 00000000:01:00.0, {UUID}, 0x268410DE"


def said(text: str, code: int | None = 0, fields: tuple[str, ...] = FIELDS) -> DriverAnswer:
    return parse(ProcessResult(argv=("nvidia-smi",), returncode=code, stdout=text), fields)


def banner(driver: str, cuda: str) -> str:
    """Return the head of the table as the branch prints it."""
    major = int(driver.partition(".")[0])
    if major < 410:
        return f"| NVIDIA-SMI {driver}                 Driver Version: {driver}                    |"
    if major < 610:
        return f"| NVIDIA-SMI {driver}              Driver Version: {driver}      CUDA Version: {cuda}     |"
    return f"| NVIDIA-SMI {driver}              KMD Version: {driver}     CUDA UMD Version: {cuda}     |"


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [
        ("390.157", None), ("396.82", None), ("410.129", "10.0"), ("418.226.00", "10.1"),
        ("430.64", "10.1"), ("440.118.02", "10.2"), ("450.248.02", "11.0"), ("460.106.00", "11.2"),
        ("465.31", "11.3"), ("470.256.02", "11.4"), ("495.46", "11.5"), ("510.108.03", "11.6"),
        ("515.105.01", "11.7"), ("525.147.05", "12.0"), ("530.41.03", "12.1"), ("535.261.03", "12.2"),
        ("545.29.06", "12.3"), ("550.163.01", "12.4"), ("555.58.02", "12.5"), ("560.35.05", "12.6"),
        ("565.77", "12.7"), ("570.211.01", "12.8"), ("575.64.05", "12.9"), ("580.95.05", "13.0"),
        ("590.44.01", "13.1"), ("595.45.04", "13.2"), ("610.43.02", "13.3"), ("581.57", "13.0"),
        ("610.47", "13.3"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_banner_of_every_branch(driver: str, cuda: str | None, end: str) -> None:
    text = end.join(["Mon Nov 23 00:00:00 2026", "+---+", banner(driver, cuda or ""), "+---+", ""])
    assert parse_versions(text) == (driver, cuda)


@pytest.mark.parametrize(
    "name",
    [
        "NVIDIA RTX 6000 Ada Generation, rev. A",
        "NVIDIA A100-SXM4-40GB, 80GB, modified",
        "NVIDIA GeForce RTX 4090 D",
        "GRID A100-10C",
        "NVIDIA A16-16Q",
        "NVIDIA GeForce RTX 3090 Ti ™ 显卡",
        "Quadro K620",
        "8.9",
    ],
)
def test_names_with_commas_and_other_letters(name: str) -> None:
    (card,) = said(ROW.format(name=name)).cards
    assert card.name == name
    assert (card.compute_capability, card.memory_mib, card.pci_address) == ("8.9", 24564, "0000:01:00.0")
    assert (card.pci_id, card.uuid) == ("10de:2684", UUID)


def test_units_and_a_head_that_were_not_asked_for() -> None:
    head = "index, name, driver_version, compute_cap, memory.total [MiB], pci.bus_id, uuid, pci.device_id"
    (card,) = said(head + "\n" + ROW.format(name="NVIDIA L4").replace("24564", "24564 MiB")).cards
    assert (card.name, card.memory_mib) == ("NVIDIA L4", 24564)


def test_other_columns_than_asked_for_are_told_by_what_they_hold() -> None:
    (card,) = said("0, NVIDIA L4, 23034 MiB, 535.261.03, 8.9, 00000000:00:04.0").cards
    assert (card.memory_mib, card.compute_capability, card.pci_address) == (23034, "8.9", "0000:00:04.0")
    assert said("0, NVIDIA L4, 23034 MiB, 535.261.03, 8.9").driver == "535.261.03"


@pytest.mark.parametrize("none", ["[N/A]", "N/A", "[Not Supported]", "[Unknown Error]", "ERR!", "[GPU is lost]", ""])
def test_every_way_of_telling_nothing(none: str) -> None:
    (card,) = said(f"0, NVIDIA T4, {none}, {none}, {none}, 00000000:01:00.0, {none}, {none}").cards
    assert (card.name, card.compute_capability, card.memory_mib, card.uuid, card.pci_id) == ("NVIDIA T4", *[None] * 4)
    assert card.pci_address == "0000:01:00.0"


@pytest.mark.parametrize("word", ["[Unknown Error]", "[GPU is lost]", "[GPU requires reset]"])
def test_a_row_of_a_lost_card_is_a_lost_card(word: str) -> None:
    good, lost = said(
        ROW.format(name="NVIDIA L4") + f"\n1, {word}, 580.95.05, {word}, {word}, 00000000:65:00.0, {word}, {word}"
    ).cards
    assert good.trouble is None
    assert (lost.pci_address, lost.name) == ("0000:65:00.0", "")
    assert word in (lost.trouble or "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.  Reboot the system", "0000:01:00.0"),
        ("Unable to determine the device handle for GPU 0000:3B:00.0: Unknown Error", "0000:3b:00.0"),
        ("Unable to determine the device handle for GPU 00000000:D8:00.0: Not Found", "0000:d8:00.0"),
        ("Unable to determine the device handle for the GPU 0000:65:00.0: GPU requires reset", "0000:65:00.0"),
    ],
)
def test_every_form_of_a_card_that_cannot_be_reached(text: str, place: str) -> None:
    good, lost = said(ROW.format(name="NVIDIA L4") + "\n" + text, 255).cards
    assert (good.trouble, lost.pci_address) == (None, place)
    assert lost.trouble == text


@pytest.mark.parametrize(
    ("text", "code", "state"),
    [
        ("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.163", 18, "mismatch"),
        ("Failed to initialize NVML: Driver/library version mismatch", 255, "mismatch"),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 9, "not-loaded"),
        ("Failed to initialize NVML: Driver Not Loaded", 9, "not-loaded"),
        ("Failed to initialize NVML: Unknown Error", 255, "error"),
        ("Failed to initialize NVML: GPU access blocked by the operating system", 17, "error"),
        ("Failed to initialize NVML: Insufficient Permissions", 4, "no-permission"),
        ("No devices found.", 6, "no-devices"),
        ("No devices were found", 0, "no-devices"),
        ("Segmentation fault (core dumped)", -11, "broken"),
        ("'nvidia-smi' 不是内部或外部命令，也不是可运行的程序", 1, "broken"),
        ("", 0, "no-devices"),
        ("", 1, "broken"),
        ("", None, "broken"),
    ],
)
def test_every_way_of_failing_has_its_state(text: str, code: int | None, state: str) -> None:
    assert (said(text, code).state, said(text, code).cards) == (state, ())


def test_parts_of_a_split_card_and_programs_are_no_cards() -> None:
    text = f"""{banner("580.95.05", "13.0")}
|   0  NVIDIA A100-SXM4-40GB          On  |   00000000:07:00.0 Off |                   On |
| N/A   31C    P0             52W /  400W |      88MiB /  40960MiB |     N/A      Default |
|                                         |                        |              Enabled |
+-----------------------------------------+------------------------+----------------------+
| MIG devices:                                                                            |
|  0    7   0   0  |              12MiB /  4864MiB    | 14      0 |  1   0    0    0    0 |
|  0    8   0   1  |              12MiB /  4864MiB    | 14      0 |  1   0    0    0    0 |
+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|    0   N/A  N/A      1042      G   /usr/lib/xorg/Xorg                              9MiB |
"""
    (card,) = said(text).cards
    assert (card.name, card.memory_mib, card.pci_address) == ("NVIDIA A100-SXM4-40GB", 40960, "0000:07:00.0")


def test_the_xml_tells_a_split_card_and_its_number() -> None:
    text = """<?xml version="1.0" ?><nvidia_smi_log><driver_version>550.54.15</driver_version>
    <cuda_version>12.4</cuda_version><gpu id="00000000:07:00.0"><product_name>NVIDIA A100 &amp; more</product_name>
    <mig_mode><current_mig>Enabled</current_mig></mig_mode><uuid>GPU-1</uuid><serial>1322719044000</serial>
    <pci><pci_device_id>0x20B010DE</pci_device_id></pci>
    <fb_memory_usage>
        <total>40960 MiB</total></fb_memory_usage></gpu><gpu id="00000000:0F:00.0"><product_name>NVIDIA A1"""
    answer = said(text)
    whole, cut = answer.cards
    assert (answer.driver, answer.cuda, whole.name, whole.mig) == ("550.54.15", "12.4", "NVIDIA A100 & more", True)
    assert (whole.pci_id, whole.memory_mib, cut.pci_address, cut.name) == ("10de:20b0", 40960, "0000:0f:00.0", "")
    assert not any("1322719044000" in line for line in answer.evidence)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8", "gb18030"])
def test_any_encoding_is_readable(encoding: str) -> None:
    text = ROW.format(name="NVIDIA L4") + "\r\n" + banner("610.47", "13.3") + "\r\n"
    answer = said(readable(text.encode(encoding)))
    assert (answer.cards[0].name, answer.driver, answer.cuda) == ("NVIDIA L4", "580.95.05", "13.3")


def test_chinese_of_windows_is_readable() -> None:
    assert readable("找不到指定的模块。".encode("gbk")) == "找不到指定的模块。"
    assert readable(b"\x81") == "�"
    assert readable(b"") == ""


def asked(tmp_path: Path, body: str) -> DriverAnswer:
    recorded.program(tmp_path / "bin/nvidia-smi", body)
    return nvidia_smi.ask(recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")}), KernelDriver())


def shown(tmp_path: Path, raw: bytes) -> str:
    (tmp_path / "said").write_bytes(raw)
    return f"cat '{tmp_path}/said'"


@posix
def test_a_program_that_writes_utf_16(tmp_path: Path) -> None:
    answer = asked(tmp_path, shown(tmp_path, ROW.format(name="NVIDIA L4").encode("utf-16")))
    assert (answer.state, answer.cards[0].name) == ("ok", "NVIDIA L4")


@posix
def test_a_program_that_knows_no_rows_is_asked_for_its_xml(tmp_path: Path) -> None:
    said_in_xml = shown(tmp_path, fixture("smi/qx_linux_535.xml").encode())
    answer = asked(
        tmp_path, f'case "$*" in "-q -x") {said_in_xml};; *) echo "Invalid combination of options"; exit 2;; esac'
    )
    assert (answer.state, answer.driver, answer.cuda) == ("ok", "535.86.05", "12.2")
    assert [card.name for card in answer.cards] == ["NVIDIA GeForce RTX 4090"]


@posix
def test_a_program_of_2014_that_prints_its_table_whatever_it_is_asked(tmp_path: Path) -> None:
    answer = asked(tmp_path, shown(tmp_path, fixture("smi/text_linux_331_no_cuda_field.txt").encode()))
    assert (answer.state, answer.driver, answer.cuda) == ("ok", "331.62", None)
    assert answer.cards[0].name == "GeForce GTX 680"


@posix
@pytest.mark.parametrize(
    "body",
    [
        "head -c 300000 /dev/urandom",
        "yes 'NVIDIA, NVIDIA, NVIDIA' | head -n 20000",
        "echo '0, NVIDIA'; exit 1",
        "printf '\\377\\376\\000'",
        "kill -9 $$",
        "exec >&-; exec 2>&-; exit 3",
        "echo '<nvidia_smi_log><gpu id=\"'",
        "echo 'Der Befehl ist entweder falsch geschrieben oder konnte nicht gefunden werden.' >&2; exit 1",
    ],
)
def test_nonsense_is_an_answer(tmp_path: Path, body: str) -> None:
    answer = asked(tmp_path, body)
    assert answer.state in {"broken", "ok", "no-devices"}
    assert all(card.compute_capability is None for card in answer.cards)
    assert sum(map(len, answer.evidence)) < 80_000


@posix
def test_all_the_questions_share_one_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "SECONDS", 1.0)
    started = time.monotonic()
    answer = asked(tmp_path, "trap '' TERM; sleep 0.4; echo 'Field \"uuid\" is not a valid field to query.'; sleep 30")
    assert answer.state == "hangs"
    assert time.monotonic() - started < 8


@posix
def test_a_file_that_cannot_be_run_is_an_answer(tmp_path: Path) -> None:
    recorded.write(tmp_path, {"/bin/nvidia-smi": "text"})
    answer = nvidia_smi.ask(recorded.roots(tmp_path, environ={"PATH": str(tmp_path / "bin")}), KernelDriver())
    assert answer.state == "broken"
