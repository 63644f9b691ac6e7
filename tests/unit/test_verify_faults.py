"""Without a card: each thing that can be wrong, through the true child and parent, with its verdict and its sentences.

What happens inside a real torch (wrong results in one number type, memory, slow cards) is in end2end/test_verify_real.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.recorded import fixture
from helpers.torch_environment import bare_environment, fake_torch_environment
from setupwizard.i18n import set_language
from setupwizard.model.machine import Gpu, NvidiaDriver
from setupwizard.model.verification import Check, Verification
from setupwizard.steps.verify import VerifyRequest, verify
from setupwizard.steps.verify.sentences import retold
from setupwizard.tools.concurrency import Cancel

GPU = Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060", uuid="GPU-1")
DRIVER = NvidiaDriver(version="525.60", cuda="12.0")
NO_KERNEL = {"raise": ["RuntimeError", "CUDA error: no kernel image is available for execution on the device"]}
lacks_runtime = pytest.mark.not_in_wine("it lacks a file of the Visual C++ runtime, and that is said first")
has_signals = pytest.mark.posix_only("Windows has no signals that end a process this way")


def prove(tmp_path: Path, *, patience: float = 1.0, **scenario: Any) -> Verification:
    python = fake_torch_environment(tmp_path / "env", **{"cuda": "13.0"} | scenario)
    request = VerifyRequest(
        python=python, gpus=(GPU,), driver=DRIVER, only=("memory",), max_memory_mib=16, patience=patience
    )
    return verify(request, lambda _event: None, Cancel())


def by_id(proof: Verification, name: str) -> Check:
    return next(check for check in proof.checks if check.id == name)


def assert_told(check: Check, *, words: str, advised: bool = True) -> None:
    """A stage says what happened and what to do next, in both languages."""
    assert words in check.text
    assert (check.advice != "") == advised
    set_language("zh_CN")
    try:
        chinese = retold(check)
    finally:
        set_language("en")
    for said in (chinese.text, chinese.advice) if advised else (chinese.text,):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in said), said
        assert "{" not in said


def winerror(number: int, text: str) -> dict[str, Any]:
    said = f'[WinError {number}] {text} Error loading "C:\\env\\torch\\lib\\torch_cpu.dll" or one of its dependencies.'
    return {"import": {"raise": ["OSError", said]}}


IMPORTS = {
    "a DLL is missing": (winerror(126, "找不到指定的模块。"), "missing-library", "is missing"),
    "a DLL lacks a function": (winerror(127, "Die angegebene Prozedur fehlt."), "missing-library", "is missing"),
    "a DLL for another processor": (winerror(193, "%1 is no Win32 application."), "wrong-processor", "another kind"),
    "a DLL does not start": (winerror(1114, "A DLL initialization routine failed."), "library-init", "could not start"),
    "the paging file": (winerror(1455, "页面文件太小，无法完成操作。"), "paging-file", "paging file"),
    "a rule of Windows": (
        winerror(4551, "An Application Control policy blocked this."),
        "blocked-by-app-control",
        "Windows",
    ),
    "a rule": (winerror(1260, "This program is blocked by group policy."), "blocked-by-policy", "rule"),
    "a shared library": (
        {"import": {"raise": ["ImportError", "libcudart.so.13: cannot open shared object file"]}},
        "missing-library",
        "libcudart.so.13",
    ),
    "an old C library": (
        {"import": {"raise": ["ImportError", "/lib/libc.so.6: version `GLIBC_2.28' not found"]}},
        "system-old",
        "older",
    ),
    "a damaged file": ({"import": {"raise": ["ImportError", "libc10.so: file too short"]}}, "damaged-file", "damaged"),
    "a file in the way": (
        {"import": {"raise": ["ImportError", "cannot import name 'x' from partially initialized module 'types'"]}},
        "shadowed",
        "in its place",
    ),
    "numpy of another age": (
        {"import": {"raise": ["ImportError", "numpy.core.multiarray failed to import"]}},
        "numpy-mismatch",
        "NumPy",
    ),
    "a package is missing": (
        {"import": {"raise": ["ModuleNotFoundError", "No module named 'sympy'"]}},
        "package-missing",
        "sympy",
    ),
    "nobody knows": ({"import": {"raise": ["RuntimeError", "nobody knows"]}}, "error", "nobody knows"),
}


@lacks_runtime
@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_that_does_not_work(tmp_path: Path, name: str) -> None:
    scenario, cause, words = IMPORTS[name]
    proof = prove(tmp_path, **scenario)
    check = by_id(proof, "import")
    assert (proof.verdict, check.status, check.cause) == ("fail", "fail", cause)
    assert {other.status for other in proof.checks if other.id != "import"} == {"not-run"}
    assert_told(check, words=words)


# name -> scenario, stage, status, cause, words, whether there is advice
CARDS: dict[str, tuple[dict[str, Any], str, str, str, str]] = {
    "an old driver": (
        {"available": False, "look": {"warn": fixture("torch/warn_driver_too_old.txt")}},
        "device",
        "fail",
        "driver-old",
        "525.60 is too old",
    ),
    "two drivers mixed": (
        {"available": False, "look": {"warn": fixture("torch/warn_803.txt")}},
        "device",
        "fail",
        "driver-mismatch",
        "mixed",
    ),
    "compatibility libraries": (
        {"available": False, "look": {"warn": fixture("torch/warn_804.txt")}},
        "device",
        "fail",
        "driver-compat",
        "newer than its driver",
    ),
    "the processor build": (
        {
            "cuda": None,
            "available": False,
            "init": {"raise": ["AssertionError", "Torch not compiled with CUDA enabled"]},
        },
        "device",
        "fail",
        "cpu-build",
        "processor version",
    ),
    "no card": (
        {"available": False, "init": {"raise": ["RuntimeError", "No CUDA GPUs are available"]}},
        "device",
        "fail",
        "no-card",
        "finds no graphics card",
    ),
    "no kernels": (
        {"capability": [6, 1], "built_for": ["sm_75"], "calculate": NO_KERNEL},
        "arch",
        "fail",
        "no-code",
        "no code for this card",
    ),
    "intermediate code alone": (
        {"capability": [12, 0], "built_for": ["sm_80", "compute_90"]},
        "arch",
        "warn",
        "only-intermediate-code",
        "translates",
    ),
    "a wrong sum": ({"sum": 2047}, "first-kernel", "fail", "wrong-values", "wrong results"),
    "Windows' watchdog": (
        {"calculate": {"raise": ["RuntimeError", fixture("torch/err_tdr.txt")]}},
        "first-kernel",
        "fail",
        "watchdog",
        "took too long",
    ),
    "a card that is lost": (
        {"calculate": {"raise": ["RuntimeError", "CUDA error: unspecified launch failure"]}},
        "first-kernel",
        "fail",
        "card-lost",
        "stopped answering",
    ),
    "another program has the card": (
        {"calculate": {"raise": ["RuntimeError", "CUDA error: all CUDA-capable devices are busy or unavailable"]}},
        "first-kernel",
        "fail",
        "card-busy",
        "for itself alone",
    ),
    "full memory": (
        {"allocate": {"raise": ["OutOfMemoryError", "CUDA out of memory."]}},
        "memory",
        "warn",
        "memory-short",
        "nearly full",
    ),
    "broken memory": ({"memory_is_broken": True}, "memory", "fail", "wrong-values", "wrong results"),
    "memory that reports a fault": (
        {"allocate": {"raise": ["RuntimeError", "CUDA error: uncorrectable ECC error encountered"]}},
        "memory",
        "fail",
        "memory-fault",
        "fault in its memory",
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_is_not_in_order(tmp_path: Path, name: str) -> None:
    scenario, stage, status, cause, words = CARDS[name]
    proof = prove(tmp_path, **scenario)
    check = by_id(proof, stage)
    assert (check.status, check.cause) == (status, cause), check
    assert proof.verdict == status
    assert_told(check, words=words)


ENDS = {
    "a hang": ({"look": {"hang": 100}, "patience": 0.08}, "device", "hang", "No answer came for 5 seconds"),
    "a crash": ({"calculate": {"signal": "SIGSEGV"}}, "first-kernel", "crash", "signal 11"),
    "an abort": ({"calculate": {"signal": "SIGABRT"}}, "first-kernel", "crash", "signal 6"),
    "an instruction that is not there": (
        {"import": {"signal": "SIGILL"}},
        "import",
        "crash-instruction",
        "instructions",
    ),
    "a file that cannot be read": ({"import": {"signal": "SIGBUS"}}, "import", "crash-disk", "could not read"),
    "killed by the system": ({"calculate": {"signal": "SIGKILL"}}, "first-kernel", "killed", "main memory"),
    "an early end": ({"calculate": {"exit": 0}}, "first-kernel", "ended-early", "stopped before it was done"),
}


_ANYWHERE = {"a hang", "an early end"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in _ANYWHERE else has_signals) for name in ENDS])
def test_a_child_that_does_not_come_to_its_end(tmp_path: Path, name: str) -> None:
    scenario, stage, cause, words = ENDS[name]
    proof = prove(tmp_path, **scenario)
    assert proof.seconds < 60, "the deadline of a hang is 5 seconds here"
    check = by_id(proof, stage)
    assert (proof.verdict, check.status, check.cause) == ("fail", "fail", cause)
    assert [other.status for other in proof.checks[proof.checks.index(check) + 1 :]].count("not-run") >= 1
    assert_told(check, words=words)


@pytest.mark.parametrize("noise", ["hello", '{"event": "done", "verdict": "pass"}', '{"event": "stage"}', "\x00\xff"])
def test_garbage_is_never_taken_for_a_proof(tmp_path: Path, noise: str) -> None:
    code = f"import os, sys; sys.stdout.write({noise!r} + chr(10)); sys.stdout.flush(); os._exit(0)"
    proof = verify(VerifyRequest(python=bare_environment(tmp_path / "env", code=code)), lambda _event: None, Cancel())
    check = proof.checks[0]
    assert (proof.verdict, check.id, check.status) == ("fail", "import", "fail")
    assert check.cause in {"garbage", "ended-early"}
    assert_told(check, words="")


@pytest.mark.parametrize(
    ("gpu", "scenario", "cause"),
    [
        (Gpu(vendor="amd", name="RX 7900", gfx="gfx1100"), {"cuda": None, "hip": "7.1"}, None),
        (
            Gpu(vendor="amd", name="RX 7900", gfx="gfx1150"),
            {"cuda": None, "hip": "7.1", "gfx": "gfx1150", "built_for": ["gfx1100"]},
            "gfx-not-listed",
        ),
        (Gpu(vendor="intel", name="Arc"), {"cuda": None}, "cpu-build"),
        (Gpu(vendor="apple", name="M3"), {"cuda": None}, "gpu-not-seen"),
    ],
)
def test_cards_of_other_makers(tmp_path: Path, gpu: Gpu, scenario: dict[str, Any], cause: str | None) -> None:
    python = fake_torch_environment(tmp_path / "env", **{"built_for": ["gfx1100"], "gfx": "gfx1100"} | scenario)
    request = VerifyRequest(python=python, gpus=(gpu,), only=("first-kernel",))
    proof = verify(request, lambda _event: None, Cancel())
    causes = {check.cause for check in proof.checks if check.status in {"fail", "warn"}}
    assert causes == ({cause} if cause else set()), proof
    assert proof.passed == (gpu.vendor == "amd")
