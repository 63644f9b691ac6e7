"""From a line of the child to a check: bands, causes, sentences, and what the watch makes of a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from setupwizard.i18n import set_language
from setupwizard.model.events import Event, Output
from setupwizard.model.machine import NvidiaDriver
from setupwizard.model.verification import Check, Figure
from setupwizard.model.wire import from_json, to_json
from setupwizard.steps.verify import judging, sentences
from setupwizard.steps.verify.expectation import Card
from setupwizard.steps.verify.looks import Sample, between, fastest_link, held_share, usual_clock
from setupwizard.steps.verify.protocol import PlanLine, StageLine, StartLine, read_line
from setupwizard.steps.verify.watching import Watch
from setupwizard.tools.process import ProcessResult

SETTING = judging.Setting(index=0, mode="quick", gpu=None, driver=None, torchvision_planned=False, card_planned=True)
NO_MODULE = "OSError: [WinError 126] x"
RTX_4060 = Card(
    name="NVIDIA GeForce RTX 4060", capability="8.9", processors=24, clock_mhz=2460, memory_clock_mhz=8501, bus_bits=128
)


def line(stage: str, status: str = "pass", **more: Any) -> StageLine:
    text = json.dumps({"event": "stage", "stage": stage, "status": status, "seconds": 1.0, **more})
    found = read_line(text)
    assert isinstance(found, StageLine)
    return found


def figure(name: str, value: float, unit: str = "TFLOPS") -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "high": None}


def test_only_lines_of_the_protocol_are_read() -> None:
    assert read_line('{"event": "start", "stage": "import", "t": 0, "more": 1}') == StartLine(stage="import")
    for text in ("", "hello", "[]", '{"event": "stage"}', '{"event": "start", "stage": "lunch"}', '{"event": "x"}',
                 '{"event": "stage", "stage": "import", "status": "fine", "seconds": 1}', "[" * 100_000):  # fmt: skip
        assert read_line(text) is None


def test_figures_get_what_the_card_can_do_and_a_slow_one_only_warns() -> None:
    setting = replace(SETTING, card=RTX_4060)
    good = judging.judge(line("matmul", figures=[figure("fp32", 8.3), figure("fp16", 32.6)]), setting, ())
    assert good.status == "pass"
    fp16 = good.figures[1]
    assert fp16.low == pytest.approx(27.2, abs=0.1)
    assert fp16.high == pytest.approx(35.4, abs=0.1)
    slow = judging.judge(line("matmul", figures=[figure("fp32", 8.3), figure("fp16", 9.0)]), setting, ())
    assert slow.status == "warn"
    assert "FP16" in slow.text
    assert "FP32" not in slow.text
    copy = judging.judge(line("copy-device", figures=[figure("bandwidth", 100.0, "GB/s")]), setting, ())
    assert copy.status == "warn"


def test_the_sampled_clock_counts_more_than_the_advertised_one() -> None:
    setting = replace(SETTING, card=RTX_4060)
    samples = tuple(Sample(at=number / 5, clock_mhz=1200.0) for number in range(20))
    check = judging.judge(line("matmul", figures=[figure("fp16", 13.0)]), setting, samples)
    assert check.status == "pass"
    assert check.figures[0].high == pytest.approx(14.7, abs=0.1)


def test_heat_is_a_remark_and_the_bus_bounds_copies() -> None:
    hot = (Sample(at=0.0, held=("heat",), link_gb_s=15.8), Sample(at=1.0, held=()))
    assert judging.judge(line("sustained"), SETTING, hot).status == "warn"
    assert judging.judge(line("conv"), SETTING, hot).status == "pass"
    copy = judging.judge(line("copy-host", figures=[figure("to-device.pinned", 3.0, "GB/s")]), SETTING, hot)
    assert (copy.status, copy.figures[0].high) == ("warn", 15.8)


@pytest.mark.parametrize(
    ("setting", "samples", "words"),
    [
        ({"busy_before": 0.6, "on_battery": True}, (), "another program"),
        ({"busy_before": 0.1, "on_battery": True}, (), "battery"),
        ({}, (Sample(at=0.0, held=("power-brake", "heat")),), "power supply"),
        ({}, (Sample(at=0.0, held=("power-cap",)),), "power limit"),
        ({"card": replace(RTX_4060, laptop=True)}, (Sample(at=0.0, clock_mhz=2400.0),), "laptop"),
        ({"card": replace(RTX_4060, laptop=False)}, (), "usually is: Matrix"),
    ],
)
def test_a_slow_card_is_told_the_likeliest_reason(setting, samples, words) -> None:
    slow = line("copy-device", figures=[figure("bandwidth", 1.0, "GB/s")])
    if words in {"usually is: Matrix", "laptop"}:
        slow = line("matmul", figures=[figure("fp16", 2.0)])
    check = judging.judge(slow, replace(SETTING, **{"card": RTX_4060, **setting}), samples)
    assert (check.status, words in check.text) == ("warn", True)
    assert check.advice


def test_what_was_sampled_is_cut_to_the_stage_and_summed_up() -> None:
    samples = (Sample(at=1.0, clock_mhz=210.0), Sample(at=2.0, clock_mhz=2400.0, link_gb_s=4.0), Sample(at=3.0))
    assert between(samples, 1.5, 2.5) == samples[1:2]
    assert usual_clock(samples) == 1305.0
    assert usual_clock(()) is None
    assert fastest_link(samples) == 4.0
    assert held_share(samples, "heat") == 0.0


@pytest.mark.parametrize(
    ("stage_line", "status", "words"),
    [
        (line("import", "fail", reason="error", error=NO_MODULE, facts={"missing": []}), "fail", "library"),
        (
            line("import", "fail", reason="error", error=NO_MODULE, facts={"missing": ["msvcp140.dll"]}),
            "fail",
            "msvcp140.dll",
        ),
        (line("device", "fail", reason="gpu-not-seen", facts={"family": "cuda"}), "fail", "processor version"),
        (
            line(
                "device",
                "fail",
                reason="gpu-not-seen",
                facts={"cuda": "13.0", "family": "cuda", "said": ["The NVIDIA driver on your system is too old (x)"]},
            ),
            "fail",
            "driver 452.39 is too old",
        ),
        (
            line("device", "fail", reason="gpu-not-seen", facts={"family": "mps", "why": "strange"}),
            "fail",
            "does not see the graphics card: strange",
        ),
        (line("device", facts={"kind": "cpu", "cuda": "13.0"}), "not-run", "could be reached"),
        (line("device", facts={"kind": "cpu", "cuda": None}), "fail", "processor version"),
        (line("correctness", "fail", reason="wrong-values", facts={"wrong": ["fp16", "sort"]}), "fail", "fp16, sort"),
        (line("conv", "warn", reason="half-not-finite", facts={"kinds": ["fp16"]}), "warn", "(fp16)"),
        (line("memory", "warn", reason="out-of-memory", error="CUDA out of memory"), "warn", "less of it was tested"),
        (line("conv", "fail", reason="out-of-memory", error="CUDA out of memory"), "fail", "too little free memory"),
        (line("conv", "fail", reason="error", error="cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"), "fail", "library"),
        (line("conv", "fail", reason="error", error="RuntimeError: odd"), "fail", "RuntimeError: odd"),
        (line("matmul", "warn", reason="error", error="RuntimeError: odd"), "warn", "did not work"),
        (line("compile", "fail", reason="wrong-values", facts={"wrong": ["compiled"]}), "warn", "compiled"),
        (line("torchvision", "fail", reason="error", error="RuntimeError: operator"), "warn", "operator"),
        (
            line("first-kernel", "warn", reason="slow-first-call", figures=[figure("first-call", 31, "s")]),
            "warn",
            "31 sec",
        ),
        (line("amp", "skip", reason="not-here", error="x"), "skip", "does not offer"),
        (line("train", "not-run", reason="blocked", facts={"by": ["conv"]}), "not-run", "earlier stage"),
        (line("train", "warn", reason="a word of a newer child", error="e"), "warn", "e"),
    ],
)
def test_each_ending_of_a_stage_has_its_status_and_its_sentence(stage_line: StageLine, status: str, words: str) -> None:
    setting = replace(SETTING, driver=NvidiaDriver(version="452.39", cuda="11.0"))
    check = judging.judge(stage_line, setting, ())
    assert check.status == status
    assert words in check.text
    assert "{" not in check.text + check.advice
    if status in {"fail", "warn"}:
        assert check.advice.endswith(".")


def test_torchvision_that_was_planned_has_to_work() -> None:
    setting = replace(SETTING, torchvision_planned=True)
    assert judging.judge(line("torchvision", "fail", reason="error", error="x"), setting, ()).status == "fail"


def test_the_processor_is_fine_where_no_card_was_planned() -> None:
    check = judging.judge(
        line("device", facts={"kind": "cpu", "name": "Some CPU"}), replace(SETTING, card_planned=False), ()
    )
    assert (check.status, check.text) == ("pass", "PyTorch uses Some CPU.")


def test_speed_against_the_processor_is_said() -> None:
    check = judging.judge(line("matmul", figures=[figure("speedup", 38.2, "x")]), SETTING, ())
    assert "38.2 times as fast" in check.text


def test_nobodys_home_is_in_a_sentence() -> None:
    for home in ("/home/maria", r"C:\Users\Maria Müller", "/Users/maria"):
        text = judging.short(f"OSError: {home}/env/lib/torch.so: file too short\nmore")
        assert "aria" not in text
        assert "user" in text
        assert "more" not in text
    assert len(judging.short("x" * 5000)) < 400


def test_measurements_are_flat_and_tell_cards_apart() -> None:
    check = Check(
        id="matmul",
        device=0,
        status="pass",
        figures=(Figure(name="fp32", value=1.5, unit="TFLOPS"), Figure(name="speedup", value=9.0, unit="x")),
    )
    assert judging.measurements(check, {"speedup_size": 4096}) == {
        "matmul.fp32.tflops": 1.5, "matmul.speedup.ratio": 9.0, "matmul.speedup.size": 4096.0,
    }  # fmt: skip
    assert "gpu1.matmul.fp32.tflops" in judging.measurements(replace(check, device=1), {})
    error = replace(check, id="correctness", figures=(Figure(name="error.fp32", value=1e-7, unit="relative"),))
    assert judging.measurements(error, {}) == {"correctness.error.fp32": 1e-7}


class Follower:
    """Gathers what a watch tells."""

    def __init__(self, **setting: Any) -> None:
        self.events: list[Event] = []
        self.started: list[str] = []
        self.checks: list[Check] = []
        self.watch = Watch(
            replace(SETTING, card_planned=False, **setting),
            self.events.append,
            lambda _stages: None,
            self.started.append,
            lambda check, _facts: self.checks.append(check),
        )

    def hear(self, *lines: dict[str, Any] | str) -> Follower:
        for item in lines:
            self.watch.line(item if isinstance(item, str) else json.dumps(item))
        return self

    def end(self, code: int | None, *, stderr: str = "", timed_out: bool = False) -> dict[str, Check]:
        self.watch.settle(ProcessResult(argv=("x",), returncode=code, stderr=stderr, timed_out=timed_out))
        return {check.id: check for check in self.checks}


PLAN = {"event": "plan", "protocol": 1, "stages": ["import", "device", "conv", "compile"]}


def ended(stage: str, status: str = "pass", **more: Any) -> dict[str, Any]:
    return {"event": "stage", "stage": stage, "status": status, "seconds": 0.1, **more}


def test_a_stream_that_is_whole_adds_nothing() -> None:
    follower = Follower().hear(PLAN, *(ended(stage) for stage in PLAN["stages"]), {"event": "done", "verdict": "pass"})  # type: ignore[attr-defined]
    assert [check.status for check in follower.end(0).values()] == ["pass"] * 4
    whole = Follower().hear(PLAN, *(ended(stage) for stage in PLAN["stages"]))  # type: ignore[attr-defined]
    assert len(whole.end(-11)) == 4  # it broke down while it ended: nothing was left to say


def test_a_breakdown_is_the_stage_that_ran_and_the_rest_is_not_run() -> None:
    follower = Follower().hear(PLAN, ended("import"), {"event": "start", "stage": "device"})
    found = follower.end(-11)
    assert (found["device"].status, found["conv"].status, found["compile"].status) == ("fail", "not-run", "not-run")
    assert "signal 11" in found["device"].text


def test_a_breakdown_with_a_known_message_says_why() -> None:
    follower = Follower().hear(PLAN, ended("import"), ended("device"), {"event": "start", "stage": "conv"})
    found = follower.end(-6, stderr="terminate called\n  what(): CUDA error: unspecified launch failure\n")
    assert "stopped answering" in found["conv"].text


def test_a_hang_names_the_time_and_a_part_for_comfort_only_warns() -> None:
    begun = [ended(stage) for stage in ("import", "device", "conv")]
    follower = Follower().hear(PLAN, *begun, {"event": "start", "stage": "compile"})
    found = follower.end(-15, timed_out=True)
    assert found["compile"].status == "warn"
    assert "300 seconds" in found["compile"].text


def test_the_deadline_moves_with_the_stages() -> None:
    follower = Follower(patience=0.0001)
    follower.hear(PLAN)
    first = follower.watch.limit
    follower.hear({"event": "start", "stage": "import"})
    assert follower.watch.limit > first
    assert not Follower().watch.overdue()
    assert Follower(patience=0.0).watch.overdue()


def test_a_stream_cut_short_and_one_that_never_began() -> None:
    follower = Follower().hear(PLAN, ended("import"))
    assert follower.end(0)["device"].status == "fail"
    assert "stopped before it was done" in follower.checks[1].text
    broken = Follower().end(1, stderr="Fatal Python error: init_fs_encoding\nNo module named 'encodings'\n")
    assert broken["import"].status == "fail"
    assert "No module named 'encodings'" in broken["import"].text


def test_noise_goes_to_the_log_and_is_cut_short() -> None:
    follower = Follower().hear(*["noise"] * 500)
    assert len([event for event in follower.events if isinstance(event, Output)]) < 50
    assert "cannot be read" in follower.end(0)["import"].text
    other = Follower().hear({**PLAN, "protocol": 99})
    assert other.watch.planned == ()


def test_lines_out_of_turn_change_nothing() -> None:
    follower = Follower().hear(
        ended("import"), PLAN, {**PLAN, "stages": ["conv"]}, ended("train"), ended("import", "fail")
    )
    follower.hear(
        ended("import"),
        {"event": "start", "stage": "train"},
        {"event": "point", "stage": "conv", "name": "x", "value": 1},
    )
    assert [check.id for check in follower.checks] == ["import"]
    assert follower.started == []
    assert isinstance(read_line(json.dumps(PLAN)), PlanLine)


def test_points_go_to_the_log() -> None:
    follower = Follower().hear(PLAN, {"event": "start", "stage": "conv"})
    follower.hear({"event": "point", "stage": "conv", "name": "loss", "value": 0.5, "unit": "loss"})
    assert [event.text for event in follower.events if isinstance(event, Output)] == [
        "Image layers (convolution): Training error 0.5"
    ]


def test_what_to_expect_is_said_before_anything_is_measured() -> None:
    facts = {
        "kind": "cuda", "name": "NVIDIA GeForce RTX 3090", "capability": "8.6", "processors": 82,
        "clock_khz": 1_695_000, "memory_clock_khz": 9_751_000, "bus_bits": 384,
    }  # fmt: skip
    follower = Follower().hear(PLAN, ended("device", facts=facts))
    (said,) = [event.text for event in follower.events if isinstance(event, Output)]
    assert said.startswith("What to expect of this card: Matrix multiplication (FP32) ")
    for words in ("(TF32)", "(FP16) 64", "(BF16)", "Memory, reading and writing", "936 GB/s."):
        assert words in said, said
    laptop = {**facts, "name": "NVIDIA GeForce RTX 3080 Laptop GPU", "bus_bits": None}
    for quiet in (laptop, {"kind": "cpu", "name": "A processor"}, {**facts, "kind": "rocm"}):
        silent = Follower().hear(PLAN, ended("device", facts=quiet))
        assert not [event for event in silent.events if isinstance(event, Output)]


def test_sentences_can_be_told_again_in_another_language() -> None:
    check = Check(id="matmul", device=0, status="warn")
    made = sentences.told(check, "slow", {"slow": ["fp32", "fp16"], "driver": "580", "error": "never named"})
    assert made.cause == "slow"
    assert made.facts == {"slow": ("fp32", "fp16")}
    assert "Matrix multiplication (FP32)" in made.text
    set_language("zh_CN")
    try:
        again = sentences.retold(made)
        other_hand = Check(id="files", status="warn", text="2 files differ.")
        assert sentences.retold(other_hand) == other_hand
    finally:
        set_language("en")
    assert again.text != made.text
    assert "Matrix" not in again.text
    assert again.advice != made.advice
    assert sentences.retold(again) == made
    assert from_json(Check, to_json(made).encode(), name="check.json") == made
