"""The stand-alone program: its stages, its stream, and what it makes of a torch that misbehaves."""

from __future__ import annotations

import ast
import io
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from helpers.torch_environment import fake_torch_environment
from setupwizard.child.benchmark import errors, finding, note, program, stream
from setupwizard.codes import CheckId
from setupwizard.resources import benchmark_program

FIRST = "first-kernel"


def run(python: Path, *arguments: str, cwd: Path) -> tuple[list[dict[str, Any]], subprocess.CompletedProcess[str]]:
    done = subprocess.run(
        [str(python), "-I", "-B", "-X", "utf8", "-u", str(benchmark_program()), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        cwd=cwd,
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done


def stages(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["stage"]: line for line in lines if line["event"] == "stage"}


def test_it_is_python_3_9_and_needs_nothing_but_the_standard_library_and_torch() -> None:
    names: set[str] = set()
    for file in benchmark_program().rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert "torch" in names
    assert {name.partition(".")[0] for name in names} - {"torch", "benchmark"} <= sys.stdlib_module_names


def test_it_leaves_nothing_in_its_own_folder(tmp_path: Path) -> None:
    copy = tmp_path / "child 程序"
    shutil.copytree(benchmark_program(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    python = fake_torch_environment(tmp_path / "env", cuda="13.0")
    words = [str(python), "-I", "-B", "-X", "utf8", "-u", str(copy), "--device", "cuda:0", "--only", FIRST]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=60, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert not list(copy.rglob("__pycache__"))
    assert list((tmp_path / "env").rglob("torch/__pycache__")), "the environment's own caches are written as ever"


def test_every_stage_has_a_code_and_what_matters_comes_before_what_may_hang() -> None:
    assert set(program.STAGES) <= set(get_args(CheckId))
    order = list(program.STAGES)
    assert order[:4] == ["import", "device", "arch", "first-kernel"]
    for name, (_function, needs, _quick, _comfort) in program.STAGES.items():
        assert all(order.index(need) < order.index(name) for need in needs)
    assert order.index("train") < min(order.index(name) for name in ("dataloader", "sustained", "compile"))


def test_chosen_adds_what_a_stage_needs_and_keeps_the_order() -> None:
    assert program.chosen("quick", ["train"]) == [
        "import", "device", "arch", "first-kernel", "correctness", "autograd", "conv", "train",
    ]  # fmt: skip
    assert program.chosen("quick", ["dataloader"]) == ["import", "dataloader"]
    quick, full = program.chosen("quick", None), program.chosen("full", None)
    assert set(full) - set(quick) == {"sustained", "compile"}


@pytest.mark.parametrize(
    ("built", "capability", "code"),
    [
        (["sm_75", "sm_86", "sm_90"], (8, 9), "machine"),
        (["sm_75", "sm_86", "sm_90"], (8, 0), None),
        (["sm_75", "sm_80", "sm_90"], (12, 0), None),
        (["sm_80", "compute_90"], (12, 0), "intermediate"),
        (["compute_90", "sm_120"], (12, 0), "machine"),
        (["sm_90a"], (9, 0), "machine"),
        (["sm_90a", "compute_90a"], (10, 0), None),
        (["sm_100f"], (10, 3), "machine"),
        (["sm_100a"], (10, 3), None),
        (["sm_75", "sm_80"], (6, 1), None),
        (["sm_60", "sm_70"], (6, 1), "machine"),
        (["gfx1100"], (8, 9), None),
    ],
)
def test_code_for_a_capability(built: list[str], capability: tuple[int, int], code: str | None) -> None:
    assert finding.code_for(built, capability) == code


def named(name: str, text: str) -> Exception:
    return type(name, (RuntimeError,), {})(text)


@pytest.mark.parametrize(
    ("error", "is_lost", "is_full", "is_unsupported"),
    [
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True, False, False),
        (named("AcceleratorError", "device-side assert triggered"), True, False, False),
        (named("OutOfMemoryError", "CUDA out of memory. Tried to allocate 2 GiB"), False, True, False),
        (RuntimeError("CUDA error: out of memory"), False, True, False),
        (RuntimeError("\"addmm_impl_cpu_\" not implemented for 'Half'"), False, False, True),
        (NotImplementedError("aten::linalg_solve"), False, False, True),
        (TypeError("Cannot convert a MPS Tensor to float64 dtype"), False, False, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED"), True, False, False),
        (RuntimeError("shapes differ"), False, False, False),
        (ValueError("not supported"), False, False, False),
    ],
)
def test_torchs_errors_are_told_apart_lost_card_no_memory_not_supported(
    error: Exception, is_lost: bool, is_full: bool, is_unsupported: bool
) -> None:
    assert errors.lost(error) == is_lost
    assert errors.out_of_memory(error) == is_full
    assert errors.unsupported(error) == is_unsupported


def test_lines_hold_no_nan_and_no_endless_text() -> None:
    file = io.StringIO()
    stream.Stream(file).say("x", value=math.nan, deep=[{"a": (math.inf, 1)}], text="y" * 10_000)
    line = json.loads(file.getvalue())
    assert (line["value"], line["deep"]) == (None, [{"a": [None, 1]}])
    assert len(line["text"]) == stream.TEXT_LIMIT


def test_a_wrong_value_fails_the_stage_whatever_else_it_said() -> None:
    found = note.Note("conv", stream.Stream(io.StringIO()))
    found.warn("half-not-finite")
    found.compare("conv2d", math.inf, 1e-4, figure=True)
    found.compare("other", 1e-9, 1e-4)
    found.close()
    assert (found.status, found.reason, found.facts["wrong"]) == ("fail", "wrong-values", ["conv2d"])
    assert found.figures == [{"name": "wrong-values", "value": 1.0, "unit": "count", "high": 0}]


def test_a_lost_device_leaves_the_rest_not_run_and_a_comfort_stage_only_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    def fine(_bench: Any, _note: Any) -> None: ...

    def odd(_bench: Any, _note: Any) -> None:
        raise RuntimeError("odd")

    def gone(_bench: Any, _note: Any) -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    table = {
        "import": (fine, (), True, False),
        "matmul": (odd, ("import",), True, True),
        "train": (gone, ("import",), True, False),
        "conv": (fine, ("import",), True, False),
        "dataloader": (fine, ("import",), True, False),
        "amp": (fine, ("train",), True, False),
    }
    monkeypatch.setattr(program, "STAGES", table)
    monkeypatch.setattr(program.traceback, "print_exc", lambda: None)
    bench = program.Bench(program.arguments([]), stream.Stream(io.StringIO()))
    assert program.run_all(bench, list(table)) == {
        "import": "pass",
        "matmul": "warn",
        "train": "fail",
        "conv": "not-run",
        "dataloader": "pass",
        "amp": "not-run",
    }


def test_wrong_arguments_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--device", "gpu"], ["--only", "import,nothing"], ["--mode", "slow"]):
        with pytest.raises(SystemExit) as end:
            program.arguments(words)
        assert end.value.code == 2
    assert "nothing" not in capsys.readouterr().out


def test_a_card_in_order_passes_the_first_stages(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env", cuda="13.0")
    lines, done = run(
        python, "--device", "cuda:0", "--only", "first-kernel,memory", "--max-memory-mib", "16", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (lines[0]["event"], lines[0]["protocol"]) == ("plan", program.PROTOCOL)
    found = stages(lines)
    assert {name: line["status"] for name, line in found.items()} == {
        "import": "pass", "device": "pass", "arch": "pass", "first-kernel": "pass", "memory": "pass",
    }  # fmt: skip
    device = found["device"]["facts"]
    assert (device["capability"], device["total_mib"], device["processors"]) == ("8.9", 8188, 24)
    assert found["memory"]["figures"][0]["value"] > 0
    assert lines[-1]["event"] == "done"
    assert lines[-1]["verdict"] == "pass"


def test_what_libraries_print_never_reaches_the_lines(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env", cuda="13.0", calculate={"print": '{"event": "done"} noise'})
    lines, done = run(python, "--device", "cuda:0", "--only", FIRST, cwd=tmp_path)
    assert {line["event"] for line in lines} == {"plan", "start", "stage", "done"}
    assert done.stderr.count("noise") == 2


def test_a_build_without_cuda_says_so(tmp_path: Path) -> None:
    python = fake_torch_environment(
        tmp_path / "env", available=False, init={"raise": ["AssertionError", "Torch not compiled with CUDA enabled"]}
    )
    lines, done = run(python, "--device", "cuda:0", "--only", FIRST, cwd=tmp_path)
    device = stages(lines)["device"]
    assert (done.returncode, device["status"], device["reason"]) == (1, "fail", "gpu-not-seen")
    assert "not compiled with CUDA" in device["facts"]["why"]
    assert stages(lines)[FIRST]["status"] == "not-run"


def test_what_torch_warns_while_it_looks_for_the_card_is_kept(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "fixtures" / "torch" / "warn_driver_too_old.txt").read_text(encoding="utf-8")
    python = fake_torch_environment(tmp_path / "env", cuda="13.0", available=False, look={"warn": text})
    lines, _done = run(python, "--device", "cuda:0", "--only", "device", cwd=tmp_path)
    assert stages(lines)["device"]["facts"]["said"] == [text]


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env", cuda="13.0", count=1)
    lines, _done = run(python, "--device", "cuda:1", "--only", "device", cwd=tmp_path)
    assert stages(lines)["device"]["facts"]["why"] == "device 1 of 1"


@pytest.mark.parametrize(
    ("scenario", "status", "reason"),
    [
        ({"capability": [6, 1]}, "pass", None),
        ({"capability": [6, 1], "built_for": ["sm_75", "sm_90"]}, "warn", "not-listed"),
        (
            {
                "capability": [6, 1],
                "built_for": ["sm_75"],
                "calculate": {"raise": ["RuntimeError", "CUDA error: no kernel image is available"]},
            },
            "fail",
            "no-code",
        ),
        ({"capability": [12, 0], "built_for": ["sm_80", "compute_90"]}, "warn", "only-intermediate-code"),
        ({"built_for": []}, "skip", "unknown"),
        ({"hip": "7.1", "cuda": None, "gfx": "gfx1100:sramecc+", "built_for": ["gfx1100"]}, "pass", None),
        ({"hip": "7.1", "cuda": None, "gfx": "gfx1150", "built_for": ["gfx1100"]}, "warn", "gfx-not-listed"),
    ],
)
def test_code_for_the_card(tmp_path: Path, scenario: dict[str, Any], status: str, reason: str | None) -> None:
    built_for = {"built_for": ["sm_60", "sm_75"]} | scenario
    python = fake_torch_environment(tmp_path / "env", **{"cuda": "13.0", **built_for})
    lines, _done = run(python, "--device", "cuda:0", "--only", "arch", cwd=tmp_path)
    arch = stages(lines)["arch"]
    assert (arch["status"], arch["reason"]) == (status, reason)


def test_a_wrong_sum_is_a_wrong_value(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env", cuda="13.0", sum=2047)
    lines, done = run(python, "--device", "cuda:0", "--only", "memory", cwd=tmp_path)
    first = stages(lines)[FIRST]
    assert (done.returncode, first["status"], first["reason"]) == (1, "fail", "wrong-values")
    assert stages(lines)["memory"]["status"] == "not-run"
    assert lines[-1]["failed"] == [FIRST]


@pytest.mark.parametrize(
    ("scenario", "status", "reason"),
    [
        ({"memory_is_broken": True}, "fail", "wrong-values"),
        ({"allocate": {"raise": ["OutOfMemoryError", "CUDA out of memory."]}}, "warn", "out-of-memory"),
        ({"allocate": {"raise": ["RuntimeError", "CUDA error: uncorrectable ECC error"]}}, "fail", "error"),
    ],
)
def test_the_stage_of_the_memory_passes_fails_or_is_left_out_with_its_reason(
    tmp_path: Path, scenario: dict[str, Any], status: str, reason: str
) -> None:
    python = fake_torch_environment(tmp_path / "env", cuda="13.0", **scenario)
    lines, _done = run(python, "--device", "cuda:0", "--only", "memory", "--max-memory-mib", "16", cwd=tmp_path)
    memory = stages(lines)["memory"]
    assert (memory["status"], memory["reason"]) == (status, reason)


def test_an_import_that_raises_is_told_in_its_own_words(tmp_path: Path) -> None:
    text = "[WinError 126] The specified module could not be found."
    python = fake_torch_environment(tmp_path / "env", **{"import": {"raise": ["OSError", text]}})
    lines, done = run(python, "--only", "import", cwd=tmp_path)
    found = stages(lines)["import"]
    assert (done.returncode, found["status"], found["error"]) == (1, "fail", f"OSError: {text}")
    assert "Traceback" in done.stderr


def test_leftovers_of_a_torch_are_not_a_torch(tmp_path: Path) -> None:
    python = fake_torch_environment(tmp_path / "env")
    package = next((tmp_path / "env").rglob("scenario.json")).parent
    (package / "__init__.py").unlink()
    lines, _done = run(python, "--only", "import", cwd=tmp_path)
    assert stages(lines)["import"]["reason"] == "incomplete"
