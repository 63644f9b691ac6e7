"""The proof with a real torch: a processor build as it is, and the same build claiming a card.

Needs SETUPWIZARD_TORCH_PYTHON: the interpreter of an environment with a processor build of torch.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from helpers.recorded import fixture
from helpers.torch_environment import pretend_card_environment
from setupwizard.model.events import CheckDone, Event, Output
from setupwizard.model.machine import Gpu
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Check, Verification
from setupwizard.resources import benchmark_program
from setupwizard.steps.verify import VerifyRequest, failure, verify
from setupwizard.tools.concurrency import Cancel

NAME = "SETUPWIZARD_TORCH_PYTHON"
OLD_DRIVER = fixture("torch/warn_driver_too_old.txt")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get(NAME), reason=f"{NAME} names no interpreter with torch"),
]


@pytest.fixture(scope="session")
def python() -> Path:
    return Path(os.environ[NAME])


@pytest.fixture(scope="session")
def facts(python: Path) -> dict[str, str]:
    code = "import json, torch; print(json.dumps([torch.__version__, torch.__file__]))"
    done = subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True, check=True, timeout=300)
    version, file = json.loads(done.stdout)
    return {"version": version, "packages": str(Path(file).parents[1])}


def by_id(proof: Verification) -> dict[str, Check]:
    return {check.id: check for check in proof.checks}


def test_quick_on_the_processor(python: Path, facts: dict[str, str]) -> None:
    release = facts["version"].partition("+")[0]
    planned = Build(
        torch=release, variant="cpu", python="3.11", platform="linux_x86_64", requirement=f"torch=={release}+cpu"
    )
    events: list[Event] = []
    proof = verify(VerifyRequest(python=python, expected=planned, patience=5), events.append, Cancel())
    assert failure(proof) is None, proof
    found = by_id(proof)
    assert {name for name, check in found.items() if check.status == "pass"} >= {
        "import", "packages", "device", "first-kernel", "correctness", "autograd", "conv", "attention", "amp", "memory",
        "copy-device", "matmul", "train", "dataloader",
    }  # fmt: skip
    assert {found["arch"].status, found["copy-host"].status} == {"skip"}
    for name in ("matmul.fp32.tflops", "copy-device.bandwidth.gb_s", "train.images.images_s", "train.accuracy.percent"):
        assert proof.measurements[name] > 0
    assert proof.measurements["correctness.error.fp32"] < 1e-5
    assert proof.devices[0].name
    assert len([event for event in events if isinstance(event, CheckDone)]) == len(proof.checks)


def test_its_lines_are_pure_and_its_memory_is_bounded(python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(python), "-I", "-B", "-X", "utf8", "-u", str(benchmark_program()), "--device", "cpu"],
        capture_output=True, text=True, check=True, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["event"] == "plan"
    assert lines[-1]["event"] == "done"
    assert lines[-1]["peak_memory_mib"] < 1200
    assert list(tmp_path.iterdir()) == []


def test_full_on_the_processor_reads_with_workers_and_keeps_its_load(python: Path) -> None:
    proof = verify(
        VerifyRequest(
            python=python, mode="full", only=("dataloader", "sustained", "compile"), sustain_seconds=3, patience=5
        ),
        lambda _event: None,
        Cancel(),
    )
    found = by_id(proof)
    assert found["dataloader"].status == "pass", found["dataloader"]
    assert [figure.name for figure in found["dataloader"].figures] == ["workers"]
    assert found["sustained"].status in {"pass", "warn"}  # a loaded computer is not steady
    assert found["compile"].status == "skip"


def test_the_work_is_the_same_every_time(python: Path) -> None:
    request = VerifyRequest(python=python, only=("train",), patience=5)
    losses = [verify(request, lambda _event: None, Cancel()).measurements["train.loss.last"] for _number in range(2)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


CARDS = {
    "cuda": Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060 Laptop GPU", uuid="GPU-0"),
    "rocm": Gpu(vendor="amd", name="AMD Radeon RX 7900 XTX", gfx="gfx1100"),
    "xpu": Gpu(vendor="intel", name="Intel Arc B580"),
    "mps": Gpu(vendor="apple", name="Apple M3"),
}
MISSING = {"capability": [6, 1], "built_for": ["sm_75"], "no_kernel": True}


def pretend(
    tmp_path: Path,
    python: Path,
    facts: dict[str, str],
    only: str,
    *,
    patience: float = 5,
    on_battery: bool = False,
    **scenario: Any,
) -> Verification:
    fake = pretend_card_environment(tmp_path / "env", python, Path(facts["packages"]), **scenario)
    events: list[Event] = []
    proof = verify(
        VerifyRequest(
            python=fake,
            gpus=(CARDS[scenario.get("family", "cuda")],),
            mode="full" if only == "" else "quick",
            only=tuple(only.split(",")) if only else (),
            sustain_seconds=2,
            patience=patience,
            on_battery=on_battery,
        ),
        events.append,
        Cancel(),
    )
    assert proof.torch is not None, [event.text for event in events if isinstance(event, Output)]
    return proof


def test_every_branch_for_a_card(tmp_path: Path, python: Path, facts: dict[str, str]) -> None:
    proof = pretend(tmp_path, python, facts, "")
    found = by_id(proof)
    assert proof.passed, proof
    assert proof.torch is not None
    assert proof.torch.variant == "cu130"
    assert {name for name, check in found.items() if check.status == "skip"} <= {"compile", "torchvision"}
    names = {figure.name for check in proof.checks for figure in check.figures}
    assert names >= {
        "error.tf32", "error.bf16", "to-device.pinned", "from-device.pageable", "bandwidth", "fp32", "tf32", "fp16",
        "bf16", "speedup", "free",
    }  # fmt: skip
    assert found["device"].text == "PyTorch uses NVIDIA GeForce RTX 4060 Laptop GPU."
    assert proof.measurements["matmul.speedup.size"] >= 1024


@pytest.mark.parametrize(
    ("family", "variant", "skipped", "absent"),
    [
        ("rocm", "rocm7.1", set(), {"tf32", "error.tf32"}),
        ("xpu", "xpu", {"arch"}, {"tf32", "error.tf32"}),
        ("mps", "cpu", {"arch", "copy-host"}, {"tf32", "error.tf32", "error.fp64", "to-device.pinned"}),
    ],
)
def test_cards_of_other_makers(
    tmp_path: Path,
    python: Path,
    facts: dict[str, str],
    family: str,
    variant: str,
    skipped: set[str],
    absent: set[str],
) -> None:
    missing = {"missing": "fft_rfft"} if family == "mps" else {}
    stages = "arch,correctness,conv,attention,amp,memory,copy-host,copy-device,matmul,train"
    proof = pretend(tmp_path, python, facts, stages, family=family, **missing)
    found = by_id(proof)
    assert (proof.verdict, proof.torch.variant if proof.torch else "") == ("pass", variant), proof
    assert {name for name, check in found.items() if check.status == "skip"} == skipped
    names = {figure.name for check in proof.checks for figure in check.figures}
    assert names >= {"error.fp32", "bandwidth", "fp32", "fp16", "bf16", "speedup"}
    assert not names & absent
    device = proof.devices[0]
    assert (device.compute_capability, device.driver) == (None, None)
    assert all(figure.low is None for check in proof.checks for figure in check.figures), "nobody knows its rates"


@pytest.mark.parametrize(
    ("scenario", "only", "stage", "status", "cause", "code"),
    [
        ({"wrong_in": "fp64"}, "correctness", "correctness", "fail", "wrong-values", "wrong-results"),
        ({"wrong_in": "fp32"}, "correctness", "correctness", "fail", "wrong-values", "wrong-results"),
        ({"wrong_in": "tf32"}, "correctness", "correctness", "fail", "wrong-values", "wrong-results"),
        ({"wrong_in": "fp16"}, "correctness", "correctness", "fail", "wrong-values", "wrong-results"),
        ({"wrong_in": "bf16"}, "correctness", "correctness", "fail", "wrong-values", "wrong-results"),
        ({"out_of_memory": True}, "memory", "memory", "warn", "memory-short", None),
        ({"half_is_nan": True}, "conv", "conv", "warn", "half-not-finite", None),
        ({"loses_data": True}, "copy-host", "copy-host", "fail", "wrong-values", "wrong-results"),
        ({"loses_data": True}, "copy-device", "copy-device", "fail", "wrong-values", "wrong-results"),
        ({"available": False, "said": OLD_DRIVER}, "first-kernel", "device", "fail", "driver-old", "gpu-not-seen"),
        (MISSING, "first-kernel", "arch", "fail", "no-code", "verify-failed"),
        (
            {"capability": [12, 0], "built_for": ["sm_80", "compute_90"]},
            "first-kernel",
            "arch",
            "warn",
            "only-intermediate-code",
            None,
        ),
        (
            {"lost_in": "scaled_dot_product_attention"},
            "attention,memory",
            "attention",
            "fail",
            "card-lost",
            "verify-failed",
        ),
        ({"crashes_in": "conv2d"}, "conv,attention", "conv", "fail", "crash", "verify-failed"),
        ({"name": "NVIDIA GeForce RTX 4090"}, "matmul", "matmul", "warn", "slow", None),
    ],
)
def test_what_can_be_wrong_with_a_card(
    tmp_path: Path,
    python: Path,
    facts: dict[str, str],
    scenario: dict[str, Any],
    only: str,
    stage: str,
    status: str,
    cause: str,
    code: str | None,
) -> None:
    proof = pretend(tmp_path, python, facts, only, **scenario)
    check = by_id(proof)[stage]
    assert (check.status, check.cause) == (status, cause), check
    error = failure(proof)
    assert (error.code if error else None) == code
    if "wrong_in" in scenario:
        assert check.facts["wrong"] == (scenario["wrong_in"],), "only that number type is named"
    if code is not None and stage != only.rpartition(",")[2]:
        assert by_id(proof)[only.rpartition(",")[2]].status == "not-run"


def test_a_slow_card_on_its_battery_is_told_to_be_plugged_in(
    tmp_path: Path, python: Path, facts: dict[str, str]
) -> None:
    proof = pretend(tmp_path, python, facts, "matmul", on_battery=True, name="NVIDIA GeForce RTX 4090")
    assert (by_id(proof)["matmul"].cause, proof.passed) == ("slow-battery", True)


def test_a_calculation_that_never_ends(tmp_path: Path, python: Path, facts: dict[str, str]) -> None:
    proof = pretend(tmp_path, python, facts, "conv,attention", patience=0.25, hangs_in="conv2d")
    found = by_id(proof)
    assert (found["conv"].cause, found["attention"].status, proof.verdict) == ("hang", "not-run", "fail")
