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

from helpers.torch_environment import pretend_cuda_environment
from setupwizard.model.events import CheckDone, Event, Output
from setupwizard.model.machine import Gpu
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Check, Verification
from setupwizard.resources import benchmark_program
from setupwizard.steps.verify import VerifyRequest, failure, verify
from setupwizard.tools.concurrency import Cancel

NAME = "SETUPWIZARD_TORCH_PYTHON"
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


def pretend(tmp_path: Path, python: Path, facts: dict[str, str], only: str, **scenario: Any) -> Verification:
    fake = pretend_cuda_environment(tmp_path / "env", python, Path(facts["packages"]), **scenario)
    events: list[Event] = []
    proof = verify(
        VerifyRequest(
            python=fake,
            gpus=(Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060 Laptop GPU", uuid="GPU-0"),),
            mode="full" if only == "" else "quick",
            only=tuple(only.split(",")) if only else (),
            sustain_seconds=2,
            patience=5,
        ),
        events.append,
        Cancel(),
    )
    assert proof.torch is not None, [event.text for event in events if isinstance(event, Output)]
    assert proof.torch.variant == "cu130"
    return proof


def test_every_branch_for_a_card(tmp_path: Path, python: Path, facts: dict[str, str]) -> None:
    proof = pretend(tmp_path, python, facts, "")
    found = by_id(proof)
    assert proof.passed, proof
    assert {name for name, check in found.items() if check.status == "skip"} <= {"compile", "torchvision"}
    names = {figure.name for check in proof.checks for figure in check.figures}
    assert names >= {
        "error.tf32", "error.bf16", "to-device.pinned", "from-device.pageable", "bandwidth", "fp32", "tf32", "fp16",
        "bf16", "speedup", "free",
    }  # fmt: skip
    assert found["device"].text == "PyTorch uses NVIDIA GeForce RTX 4060 Laptop GPU."
    assert proof.measurements["matmul.speedup.size"] >= 1024


@pytest.mark.parametrize(
    ("scenario", "only", "stage", "status", "code"),
    [
        ({"wrong_half": True}, "matmul", "correctness", "fail", "wrong-results"),
        ({"out_of_memory": True}, "memory", "memory", "warn", None),
        ({"half_is_nan": True}, "conv", "conv", "warn", None),
        ({"available": False}, "first-kernel", "device", "fail", "gpu-not-seen"),
        ({"capability": [6, 1], "no_kernel": True}, "first-kernel", "arch", "fail", "verify-failed"),
        ({"capability": [12, 0], "built_for": ["sm_80", "compute_90"]}, "first-kernel", "arch", "warn", None),
        ({"lost_in": "scaled_dot_product_attention"}, "attention,memory", "memory", "not-run", "verify-failed"),
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
    code: str | None,
) -> None:
    proof = pretend(tmp_path, python, facts, only, **scenario)
    assert by_id(proof)[stage].status == status, by_id(proof)[stage]
    error = failure(proof)
    assert (error.code if error else None) == code
