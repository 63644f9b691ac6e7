"""The step with real children: environments whose torch is a stand-in, and Pythons that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.torch_environment import bare_environment, fake_torch_environment
from setupwizard.errors import Cancelled
from setupwizard.model.events import CheckDone, Event, Output, Progress
from setupwizard.model.machine import Gpu, NvidiaDriver
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Check, Verification
from setupwizard.model.wire import from_json, to_json
from setupwizard.steps.verify import Sample, VerifyRequest, failure, verify
from setupwizard.steps.verify.judging import changes
from setupwizard.steps.verify.targets import arguments, targets
from setupwizard.tools.concurrency import Cancel
from setupwizard.workflow import verification_exit

GPU = Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060", uuid="GPU-1", compute_capability="8.9", memory_mib=8188)
DRIVER = NvidiaDriver(version="581.57", cuda="13.0")
FIRST = ("first-kernel",)


def build(variant: str = "cu130", torch: str = "2.15.0") -> Build:
    return Build(
        torch=torch, variant=variant, python="3.12", platform="linux_x86_64", requirement=f"torch=={torch}+{variant}"
    )


def prove(tmp_path: Path, *, events: list[Event] | None = None, sampler: Any = None, **scenario: Any) -> Verification:
    """Prove an environment with a stand-in torch; names of the request's fields go there, the others to the torch."""
    fields = {name: scenario.pop(name) for name in tuple(scenario) if name in VerifyRequest.__struct_fields__}
    python = fake_torch_environment(tmp_path / "env", **{"cuda": "13.0", **scenario})
    request = VerifyRequest(
        python=python, **{"expected": build(), "gpus": (GPU,), "driver": DRIVER, "only": FIRST, **fields}
    )
    return verify(request, (events if events is not None else []).append, Cancel(), sampler)


def statuses(verification: Verification) -> dict[str, str]:
    return {check.id: check.status for check in verification.checks}


def test_a_good_environment_is_proved_with_every_check_of_the_quick_mode(tmp_path: Path) -> None:
    events: list[Event] = []
    proof = prove(tmp_path, events=events)
    assert (proof.passed, proof.verdict, failure(proof)) == (True, "pass", None)
    assert list(statuses(proof)) == ["import", "packages", "device", "arch", "first-kernel"]
    assert proof.torch is not None
    assert (proof.torch.version, proof.torch.variant, proof.torch.cuda) == ("2.15.0+cu130", "cu130", "13.0")
    assert proof.torch.path is not None
    assert proof.torch.path.endswith("site-packages/torch")
    assert not Path(proof.torch.path).is_absolute()
    device = proof.devices[0]
    assert (device.name, device.compute_capability, device.memory_mib, device.driver, device.uuid) == (
        "NVIDIA GeForce RTX 4060", "8.9", 8188, "581.57", "GPU-1",
    )  # fmt: skip
    assert [check.device for check in proof.checks] == [None, None, 0, 0, 0]
    assert proof.measurements["first-kernel.first-call.seconds"] >= 0
    assert from_json(Verification, to_json(proof).encode(), name="x") == proof
    check_events(events, proof)


def check_events(events: list[Event], proof: Verification) -> None:
    told = [event for event in events if isinstance(event, CheckDone)]
    assert told == [CheckDone.of(check) for check in proof.checks]
    progress = [event for event in events if isinstance(event, Progress)]
    assert [(event.file, event.done, event.total, event.unit) for event in progress] == [
        ("import", 0, 4, "stages"),
        ("device", 1, 4, "stages"),
        ("arch", 2, 4, "stages"),
        ("first-kernel", 3, 4, "stages"),
    ]


def test_two_cards_are_tested_one_after_the_other(tmp_path: Path) -> None:
    events: list[Event] = []
    proof = prove(tmp_path, events=events, gpus=(GPU, Gpu(vendor="nvidia", uuid="GPU-2")))
    assert [(check.id, check.device) for check in proof.checks] == [
        ("import", None), ("packages", None), ("device", 0), ("arch", 0), ("first-kernel", 0),
        ("device", 1), ("arch", 1), ("first-kernel", 1),
    ]  # fmt: skip
    assert [device.index for device in proof.devices] == [0, 1]
    assert "gpu1.first-kernel.first-call.seconds" in proof.measurements
    progress = [event for event in events if isinstance(event, Progress)]
    assert all(event.total is not None and event.done < event.total for event in progress)
    assert (progress[-1].done, progress[-1].total) == (7, 8)


def test_cards_are_named_by_their_identity() -> None:
    other = Gpu(vendor="nvidia")
    request = VerifyRequest(python=Path("python"), gpus=(GPU, other, Gpu(vendor="amd"), Gpu(vendor="apple")))
    nvidia, unnamed, amd, apple = targets(request)
    assert (nvidia.word, nvidia.variables) == (
        "cuda:0", {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "GPU-1"},
    )  # fmt: skip
    assert (unnamed.word, unnamed.variables) == ("cuda:1", {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"})
    assert (amd.word, amd.variables) == ("cuda:2", {})
    assert apple.word == "mps"
    intel = VerifyRequest(python=Path("python"), gpus=(Gpu(vendor="qualcomm"), Gpu(vendor="intel")))
    assert [target.word for target in targets(intel)] == ["xpu:0"]


def test_the_arguments_of_the_child() -> None:
    request = VerifyRequest(python=Path("python"), mode="full", only=("files", "train"), max_memory_mib=64)
    target = targets(request)[0]
    assert arguments(request, target, ()) == (
        "--device", "auto", "--mode", "full", "--sustain", "20.0", "--only", "train", "--max-memory-mib", "64",
    )  # fmt: skip
    again = arguments(request, target, ("import", "device", "train", "dataloader"))
    assert again[again.index("--only") + 1] == "device,train"
    files = VerifyRequest(python=Path("python"), only=("files",), expected=build("cpu"))
    assert targets(files)[0].word == "cpu"
    assert "import" in arguments(files, targets(files)[0], ())


def test_the_cpu_build_where_a_gpu_build_was_planned(tmp_path: Path) -> None:
    wrong = {"version": "2.15.0+cpu", "cuda": None, "available": False}
    for level in ("device", "import"):
        proof = prove(tmp_path / level, level=level, **wrong)
        error = failure(proof)
        assert error is not None
        assert error.code == "gpu-not-seen"
        assert "processor version" in str(error)


def test_another_build_than_the_planned_one(tmp_path: Path) -> None:
    proof = prove(tmp_path, version="2.14.1+cu126", cuda="12.6", level="import", only=())
    assert statuses(proof) == {"import": "pass", "packages": "fail"}
    error = failure(proof)
    assert error is not None
    assert error.code == "verify-failed"
    assert "2.15.0+cu130" in error.advice
    assert "2.14.1+cu126" in error.advice


def test_a_build_for_cards_is_never_green_by_its_import_alone(tmp_path: Path) -> None:
    proof = prove(tmp_path, level="import", only=())
    assert (proof.passed, proof.verdict, statuses(proof)["device"]) == (False, "not-verified", "not-run")
    assert (verification_exit(proof), statuses(proof)["import"]) == (0, "pass"), "no more was asked"


def test_a_wheel_without_a_local_tag_is_known_by_what_it_was_built_for(tmp_path: Path) -> None:
    assert statuses(prove(tmp_path, version="2.15.0"))["packages"] == "pass"


def test_no_card_in_this_session_is_not_verified_and_never_green(tmp_path: Path) -> None:
    proof = prove(tmp_path, gpus=(), available=False)
    assert (proof.passed, proof.verdict, statuses(proof)["device"]) == (False, "not-verified", "not-run")
    error = failure(proof)
    assert error is not None
    assert error.code == "gpu-not-seen"


def test_the_processor_is_enough_for_the_processor_build(tmp_path: Path) -> None:
    proof = prove(
        tmp_path, version="2.15.0+cpu", cuda=None, available=False, gpus=(), driver=None, expected=build("cpu")
    )
    assert proof.verdict == "pass"
    assert proof.devices[0].driver is None


def test_a_driver_that_is_too_old(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "fixtures" / "torch" / "warn_driver_too_old.txt").read_text(encoding="utf-8")
    proof = prove(tmp_path, available=False, look={"warn": text}, init={"raise": ["RuntimeError", "no"]})
    error = failure(proof)
    assert error is not None
    assert error.code == "gpu-not-seen"
    assert "581.57 is too old" in error.advice


def test_wrong_results_are_an_error_of_their_own(tmp_path: Path) -> None:
    error = failure(prove(tmp_path, sum=1.0))
    assert error is not None
    assert error.code == "wrong-results"


def test_a_remark_is_a_pass(tmp_path: Path) -> None:
    proof = prove(tmp_path, capability=(12, 0), built_for=["sm_80", "compute_90"])
    assert (proof.passed, proof.verdict, failure(proof)) == (True, "warn", None)


lacks_runtime = pytest.mark.not_in_wine("it lacks a file of the Visual C++ runtime, and that is said first")


@lacks_runtime
@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("OSError", "[WinError 1455] The paging file is too small", "paging file"),
        ("ImportError", "libcudart.so.13: cannot open shared object file", "libcudart"),
        ("ImportError", "cannot import name 'GenericAlias' from partially initialized module 'types'", "Rename"),
        ("RuntimeError", "nobody knows", "nobody knows"),
    ],
)
def test_an_import_that_does_not_work(tmp_path: Path, kind: str, text: str, words: str) -> None:
    proof = prove(tmp_path, gpus=(GPU, GPU), **{"import": {"raise": [kind, text]}})
    error = failure(proof)
    assert error is not None
    assert error.code == "torch-import-failed"
    assert words in error.advice
    assert list(statuses(proof)) == ["import", "device", "arch", "first-kernel"]  # the second card was not tried


@lacks_runtime
def test_no_torch_at_all(tmp_path: Path) -> None:
    proof = verify(VerifyRequest(python=bare_environment(tmp_path / "env")), lambda _event: None, Cancel())
    assert "holds no PyTorch" in proof.checks[0].text
    assert {check.status for check in proof.checks[1:]} == {"not-run"}


@pytest.mark.posix_only("Windows has no signals that end a process this way")
@pytest.mark.parametrize(
    ("name", "words"), [("SIGSEGV", "broke down"), ("SIGILL", "instructions"), ("SIGKILL", "memory")]
)
def test_a_child_that_breaks_down_fails_its_stage_and_says_how(tmp_path: Path, name: str, words: str) -> None:
    proof = prove(tmp_path, calculate={"signal": name})
    first = proof.checks[-1]
    assert (first.id, first.status) == ("first-kernel", "fail")
    assert words in first.text
    error = failure(proof)
    assert error is not None
    assert error.code == "verify-failed"


def test_a_python_that_prints_on_its_own(tmp_path: Path) -> None:
    python = bare_environment(tmp_path / "env", code="import os; print('hello'); os._exit(0)")
    events: list[Event] = []
    proof = verify(VerifyRequest(python=python), events.append, Cancel())
    assert "cannot be read" in proof.checks[0].text
    assert Output(id="verify", text="hello") in events


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    proof = verify(VerifyRequest(python=tmp_path / "python", expected=build()), lambda _event: None, Cancel())
    error = failure(proof)
    assert error is not None
    assert error.code == "torch-import-failed"
    assert "does not start" in error.advice


def test_files_alone_start_nothing(tmp_path: Path) -> None:
    for status, verdict in (("pass", "pass"), ("fail", "fail")):
        files = Check(id="files", status=status, text="x")  # type: ignore[arg-type]
        request = VerifyRequest(python=tmp_path / "none", level="files", files=files)
        proof = verify(request, lambda _event: None, Cancel())
        assert (proof.verdict, proof.checks) == (verdict, (files,))
    empty = verify(VerifyRequest(python=tmp_path / "none", level="files"), lambda _event: None, Cancel())
    assert empty.verdict == "not-verified"


def test_a_wish_to_stop_is_heard(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env", cuda="13.0", calculate={"hang": 100})
    cancel = Cancel()

    def stop_at_first_kernel(event: Event) -> None:
        if isinstance(event, Progress) and event.file == "first-kernel":
            cancel.request()

    with pytest.raises(Cancelled):
        verify(VerifyRequest(python=python, gpus=(GPU,), only=FIRST), stop_at_first_kernel, cancel)


def test_it_runs_in_an_empty_folder_of_its_own_that_is_gone_afterwards(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    code = "import os, sys; sys.stderr.write(f'{os.getcwd()} {os.listdir()} {sys.flags.isolated}\\n')"
    events: list[Event] = []
    verify(VerifyRequest(python=bare_environment(tmp_path / "env", code=code), work=work), events.append, Cancel())
    told = next(event.text for event in events if isinstance(event, Output))
    assert told.startswith(str(work))
    assert told.endswith("[] 1")
    assert list(work.iterdir()) == []


class Looker:
    """A sampler that has always seen the same."""

    def __init__(self) -> None:
        self.cards: list[str | None] = []
        self.stopped = 0

    def start(self, gpu: Gpu) -> None:
        self.cards.append(gpu.uuid)

    def samples(self) -> tuple[Sample, ...]:
        return (Sample(at=0.0, clock_mhz=1000.0),)

    def stop(self) -> None:
        self.stopped += 1


def test_the_sampler_looks_at_nvidia_cards_alone_and_is_stopped(tmp_path: Path) -> None:
    looker = Looker()
    prove(tmp_path / "a", sampler=looker)
    prove(tmp_path / "b", sampler=looker, gpus=(Gpu(vendor="amd"),))
    assert (looker.cards, looker.stopped) == (["GPU-1"], 1)


def test_figures_are_compared_with_the_proof_before(tmp_path: Path) -> None:
    before = Verification(passed=True, verdict="pass", level="device", mode="quick", started="2026-11-22T00:00:00Z")
    assert prove(tmp_path, previous=before).previous == before.started
    now = {"matmul.fp32.tflops": 3.0, "import.import.seconds": 2.0, "copy-device.bandwidth.gb_s": 5.0}
    earlier = {"matmul.fp32.tflops": 4.0, "import.import.seconds": 1.0}
    assert changes(now, earlier) == {"matmul.fp32.tflops.change": 0.75}
