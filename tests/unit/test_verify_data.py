"""What the proof knows: rates of cards, messages of torch, sentences, names."""

from __future__ import annotations

import string
from pathlib import Path
from typing import get_args

import pytest

from setupwizard.child.benchmark import program
from setupwizard.codes import CheckId, CheckStatus
from setupwizard.model import stages
from setupwizard.model.verification import Check, Figure
from setupwizard.steps.verify import causes, deadlines, sentences
from setupwizard.steps.verify.expectation import (
    Card,
    card_of,
    expect_bandwidth,
    expect_link,
    expect_product,
    peak_tflops,
    rates,
)
from setupwizard.tools.process import ProcessResult

MESSAGES = Path(__file__).parents[1] / "fixtures" / "torch"


def card(name: str, capability: str, processors: int, clock: float, **more: float) -> Card:
    return Card(name=name, capability=capability, processors=processors, clock_mhz=clock, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "capability", "processors", "clock", "number_type", "tflops"),
    [
        ("NVIDIA GeForce RTX 4090", "8.9", 128, 2520, "fp16", 165.2),
        ("NVIDIA GeForce RTX 4090", "8.9", 128, 2520, "tf32", 82.6),
        ("NVIDIA GeForce RTX 5090", "12.0", 170, 2407, "bf16", 209.5),
        ("NVIDIA GeForce RTX 3090", "8.6", 82, 1695, "fp16", 71.2),
        ("NVIDIA GeForce RTX 3080", "8.6", 68, 1710, "fp32", 29.8),
        ("NVIDIA RTX A6000", "8.6", 84, 1800, "fp16", 154.8),
        ("NVIDIA RTX A6000", "8.6", 84, 1800, "tf32", 77.4),
        ("NVIDIA RTX 6000 Ada Generation", "8.9", 142, 2505, "fp16", 364.2),
        ("NVIDIA A100-SXM4-80GB", "8.0", 108, 1410, "bf16", 311.9),
        ("NVIDIA A100-SXM4-80GB", "8.0", 108, 1410, "fp32", 19.5),
        ("NVIDIA A10", "8.6", 72, 1695, "fp16", 125.0),
        ("Tesla T4", "7.5", 40, 1590, "fp16", 65.1),
        ("NVIDIA GeForce RTX 2080 Ti", "7.5", 68, 1545, "fp16", 53.8),
        ("NVIDIA TITAN RTX", "7.5", 72, 1770, "fp16", 130.5),
        ("NVIDIA H100 80GB HBM3", "9.0", 132, 1980, "fp16", 989.4),
        ("NVIDIA GeForce GTX 1080 Ti", "6.1", 28, 1582, "fp32", 11.3),
    ],
)
def test_the_peak_is_the_one_of_the_white_papers(
    name: str, capability: str, processors: int, clock: float, number_type: str, tflops: float
) -> None:
    peak = peak_tflops(card(name, capability, processors, clock), number_type, clock)
    assert peak == pytest.approx(tflops, abs=0.1)


@pytest.mark.parametrize(
    ("name", "capability", "number_type"),
    [
        ("NVIDIA GeForce GTX 1660 Ti", "7.5", "fp16"),  # no tensor cores
        ("NVIDIA T1000 8GB", "7.5", "fp16"),
        ("NVIDIA GeForce GTX 1080 Ti", "6.1", "fp16"),
        ("NVIDIA GeForce RTX 2080", "7.5", "bf16"),
        ("Orin", "8.7", "fp32"),  # nobody has checked its rates
        ("NVIDIA GB10", "12.1", "fp16"),
    ],
)
def test_what_nobody_knows_is_not_judged(name: str, capability: str, number_type: str) -> None:
    unknown = card(name, capability, 20, 1500)
    assert peak_tflops(unknown, number_type, 1500) is None
    assert expect_product(unknown, number_type, None) is None


def test_a_laptop_is_judged_at_its_sampled_clock_alone() -> None:
    laptop = Card(
        name="NVIDIA GeForce RTX 4060 Laptop GPU", capability="8.9", processors=24, clock_mhz=1890, laptop=True
    )
    assert expect_product(laptop, "fp16", None) is None
    sampled = expect_product(laptop, "fp16", 2370.0)
    assert sampled is not None
    assert sampled.high == pytest.approx(29.1, abs=0.1)
    assert sampled.floor == pytest.approx(0.6 * sampled.high)


def test_speed_of_good_cards_lies_inside_what_is_usual_and_never_warns() -> None:
    measured = [  # community results of torch matmul, medians
        ("NVIDIA GeForce RTX 4090", "8.9", 128, 2520, {"fp32": 54.7, "fp16": 167.3, "bf16": 164.8, "tf32": 85.7}),
        ("NVIDIA GeForce RTX 5060 Ti", "12.0", 36, 2572, {"fp32": 17.4, "tf32": 24.1, "fp16": 47.9, "bf16": 48.2}),
        ("NVIDIA GeForce RTX 3060 Ti", "8.6", 38, 1665, {"tf32": 18.2, "fp16": 36.5, "bf16": 36.5}),
        ("NVIDIA L4", "8.9", 58, 2040, {"fp32": 15.4, "tf32": 31.9, "fp16": 68.8, "bf16": 70.9}),
        ("NVIDIA H100 PCIe", "9.0", 114, 1755, {"fp32": 37.0, "tf32": 240.4, "fp16": 458.0, "bf16": 495.9}),
        ("Tesla T4", "7.5", 40, 1590, {"fp32": 4.3, "fp16": 41.9}),
    ]
    for name, capability, processors, clock, figures in measured:
        for number_type, value in figures.items():
            expected = expect_product(card(name, capability, processors, clock), number_type, None)
            assert expected is not None, (name, number_type)
            assert expected.low <= value <= expected.high, (name, number_type)
            assert value > expected.floor


def test_bandwidth_comes_from_clock_and_bus() -> None:
    rtx_3090 = card("NVIDIA GeForce RTX 3090", "8.6", 82, 1695, memory_clock_mhz=9751, bus_bits=384)
    expected = expect_bandwidth(rtx_3090)
    assert expected is not None
    assert expected.high == pytest.approx(936.1, abs=0.1)
    assert expected.floor == pytest.approx(468.0, abs=0.1)
    assert expect_bandwidth(card("x", "8.6", 1, 1)) is None
    assert expect_link(None) is None


def test_a_processor_and_other_makers_have_no_card_to_judge() -> None:
    facts = {"kind": "cuda", "name": "NVIDIA GeForce RTX 4060", "capability": "8.9", "clock_khz": 2460000}
    found = card_of(facts)
    assert found is not None
    assert (found.clock_mhz, found.laptop, found.bus_bits) == (2460.0, False, None)
    assert card_of({**facts, "kind": "rocm"}) is None
    assert card_of({"kind": "cpu", "name": "x"}) is None
    strange = card_of({**facts, "processors": "many", "clock_khz": True})
    assert strange is not None
    assert (strange.processors, strange.clock_mhz) == (None, None)


def test_the_data_names_its_sources() -> None:
    import json

    from setupwizard.resources import resource

    data = json.loads(resource("device_rates.json").read_text(encoding="utf-8"))
    used = {source for share in data["shares"] for source in share["sources"]}
    used |= {*data["bandwidth"]["sources"], *data["link"]["sources"]}
    assert used <= set(data["sources"])
    assert rates().date == data["date"]


@pytest.mark.parametrize(
    ("file", "cause"),
    [
        ("err_cpu_build", "cpu-build"),
        ("err_no_kernel_image", "no-code"),
        ("err_oom", "out-of-memory"),
        ("err_tdr", "watchdog"),
        ("err_triton_missing", "no-triton"),
        ("err_winerror126", "missing-library"),
        ("err_winerror1455", "paging-file"),
        ("shadowed_types", "shadowed"),
        ("warn_803", "driver-mismatch"),
        ("warn_804", "driver-compat"),
        ("warn_driver_too_old", "driver-old"),
        ("warn_sm120", "no-code"),
        ("err_tf32_mix", None),
    ],
)
def test_recorded_messages_and_their_causes(file: str, cause: str | None) -> None:
    assert causes.cause_of((MESSAGES / f"{file}.txt").read_text(encoding="utf-8")) == cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("OSError: [WinError 126] Das angegebene Modul wurde nicht gefunden.", "missing-library"),
        ("OSError: [WinError 1114] Eine DLL-Initialisierungsroutine ist fehlgeschlagen.", "library-init"),
        ("ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found", "system-old"),
        ("ImportError: libcudart.so.13: cannot open shared object file: No such file or directory", "missing-library"),
        ("OSError: /x/libtorch_cpu.so: file too short", "damaged-file"),
        ("RuntimeError: Found no NVIDIA driver on your system. Please check", "no-driver"),
        ("RuntimeError: No CUDA GPUs are available", "no-card"),
        ("RuntimeError: CUDA unknown error - this may be due to an incorrectly set up environment", "driver-stuck"),
        ("RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable", "card-busy"),
        ("RuntimeError: cuDNN error: CUDNN_STATUS_NOT_INITIALIZED", "library-start"),
        ("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "out-of-memory"),
        ("RuntimeError: operator torchvision::nms does not exist", "companion-mismatch"),
        ("ModuleNotFoundError: No module named 'torch'", "no-torch"),
        ("ModuleNotFoundError: No module named 'typing_extensions'", "package-missing"),
        ("RuntimeError: something that nobody has seen", None),
        ("", None),
    ],
)
def test_messages_that_look_alike_are_told_apart(text: str, cause: str | None) -> None:
    assert causes.cause_of(text) == cause


def test_every_cause_has_a_sentence_that_can_be_said_without_facts() -> None:
    reasons = {"hang", "crash", "crash-instruction", "crash-disk", "killed", "ended-early", "garbage", "python-broken"}
    assert set(causes.known_causes()) | reasons <= set(sentences.causes())
    for cause in sentences.causes():
        check = sentences.told(Check(id="device", status="fail"), cause, {})
        text, advice = check.text, check.advice
        assert text.endswith("."), cause
        for empty in ("()", "{", "  ", " ."):
            assert empty not in text + advice, cause


def test_every_stage_of_the_child_has_a_deadline_a_name_and_a_sentence() -> None:
    for stage in get_args(CheckId):
        assert stages.stage_title(stage)
        assert stages.stage_about(stage).endswith(".")
    for stage in program.STAGES:
        assert deadlines.deadline(stage, "quick") <= deadlines.deadline(stage, "full")
        assert deadlines.deadline(stage, "full") >= 60
        assert sentences.told(Check(id=stage, status="pass"), sentences.WELL, {}).text.endswith(".")
    assert {stages.status_word(status) for status in get_args(CheckStatus)} == {
        "OK", "Remark", "Problem", "Not needed", "Not run",
    }  # fmt: skip


def test_sentences_use_placeholders_only_by_name() -> None:
    for text in (*sentences._WELL.values(), *(part for row in sentences._CAUSES.values() for part in row)):
        for _literal, name, _spec, conversion in string.Formatter().parse(text):
            assert name is None or name.isidentifier(), text
            assert conversion is None


def result(code: int | None, *, timed_out: bool = False) -> ProcessResult:
    return ProcessResult(argv=("python",), returncode=code, timed_out=timed_out)


@pytest.mark.parametrize(
    ("code", "began", "cause", "text"),
    [
        (-11, True, "crash", "signal 11"),
        (-4, True, "crash-instruction", "signal 4"),
        (-9, True, "killed", "signal 9"),
        (3221225477, True, "crash", "0xC0000005"),
        (-1073741819, True, "crash", "signal 1073741819"),
        (3221225501, False, "crash-instruction", "0xC000001D"),
        (3221225781, False, "missing-library", "0xC0000135"),
        (3221226505, True, "crash", "0xC0000409"),
        (0, True, "ended-early", "exit status 0"),
        (1, True, "ended-early", "exit status 1"),
        (1, False, "python-broken", "exit status 1"),
        (None, True, "hang", "no end"),
    ],
)
def test_how_a_child_ended(code: int | None, began: bool, cause: str, text: str) -> None:
    assert causes.cause_of_end(result(code), began=began) == cause
    assert causes.exit_text(result(code)) == text


def test_a_deadline_is_a_hang_whatever_the_signal_was() -> None:
    assert causes.cause_of_end(result(-9, timed_out=True), began=True) == "hang"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (44.63, "44.6"), (1008.4, "1008"), (0.1934, "0.193"), (3.5e-07, "3.5e-07"), (100.0, "100"), (0.0, "0"),
        (192.0, "192"), (2.0, "2"), (10.04, "10"), (-0.5, "-0.5"), (999.7, "1000"),
    ],
)  # fmt: skip
def test_numbers_show_the_digits_that_count(value: float, text: str) -> None:
    assert stages.number_text(value) == text


def test_figures_are_told_in_units_that_read_well() -> None:
    figure = Figure(name="fp16", value=44.63, unit="TFLOPS", low=40.1, high=55.0)
    assert stages.figure_text(figure) == "44.6 TFLOPS"
    assert stages.band_text(figure) == "40.1–55 TFLOPS"
    assert stages.band_text(Figure(name="x", value=1, unit="s", high=3)) is None
    assert stages.figure_text(Figure(name="speedup", value=38.4, unit="x")) == "38.4 times as fast"
    assert stages.figure_text(Figure(name="first-call", value=0.0212, unit="s")) == "21.2 ms"
    assert stages.figure_text(Figure(name="fp32", value=0.0352, unit="TFLOPS")) == "35.2 GFLOPS"
    assert stages.figure_text(Figure(name="import", value=3.1, unit="s")) == "3.1 s"
    assert stages.figure_text(Figure(name="error.fp32", value=2e-7, unit="relative")) == "2.0e-07"
    assert [stages.times_text(value) for value in (3.44, 37.6, 123.0)] == ["3.4", "38", "120"]
