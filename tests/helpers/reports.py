"""A report with everything in it: each stage, bars, lines, packages, earlier checks."""

from __future__ import annotations

import math

from setupwizard.codes import CHECK_IDS
from setupwizard.model.events import Outcome
from setupwizard.model.machine import Finding, Gpu, Machine, NvidiaDriver
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Action, Build, Reason, Recommendation
from setupwizard.model.verification import Check, Device, Figure, TorchFacts, Verification
from setupwizard.steps.report import Report, report_document, with_history
from setupwizard.steps.verify import sentences

CARD = "NVIDIA GeForce RTX 4060"
FACTS = {"version": "2.15.0", "found": "2.15.0+cu130", "name": CARD, "types": ("fp64", "fp32", "tf32", "fp16", "bf16")}
MORE = {"tested": "2048", "accuracy": "98.9", "speedup": "38", "slow": ("fp32",), "error": "", "kinds": ("fp16",)}
CAUSES = {"matmul": ("warn", "slow-laptop"), "conv": ("warn", "half-not-finite"), "compile": ("skip", "no-triton")}
FIGURES = {
    "import": (Figure(name="import", value=2.1, unit="s"),),
    "first-kernel": (Figure(name="first-call", value=0.021, unit="s"),),
    "correctness": tuple(
        Figure(name=f"error.{kind}", value=value, unit="relative", high=0.1)
        for kind, value in (("fp64", 2e-16), ("fp32", 3.5e-7), ("tf32", 4e-4), ("fp16", 2.7e-4), ("bf16", 0.00241))
    ),
    "matmul": (
        Figure(name="fp32", value=4.1, unit="TFLOPS", low=7.9, high=12.8),
        Figure(name="fp16", value=31.6, unit="TFLOPS", low=27.2, high=35.4),
        Figure(name="bf16", value=38.0, unit="TFLOPS", low=27.2, high=35.4),
        Figure(name="speedup", value=38.2, unit="x"),
    ),
    "copy-device": (Figure(name="bandwidth", value=232.0, unit="GB/s", low=190, high=272),),
    "copy-host": (
        Figure(name="to-device.pinned", value=12.1, unit="GB/s", low=9.4, high=15.8),
        Figure(name="from-device.pageable", value=6.2, unit="GB/s"),
    ),
    "sustained": (Figure(name="load", value=30.1, unit="TFLOPS"), Figure(name="stability", value=97, unit="%")),
}
EARLIER = tuple(
    Verification(
        passed=True,
        verdict="pass",
        level="device",
        mode="quick",
        torch=TorchFacts(version="2.15.0+cu130", variant="cu130"),
        devices=(Device(index=0, name=CARD, driver="570.10"),),
        measurements={"matmul.fp32.tflops": 9.4, "matmul.fp16.tflops": 33.0 - day},
        started=f"2026-11-{day:02d}T09:00:00Z",
    )
    for day in range(1, 7)
)


def full_report() -> Report:
    """Return the report in the present language."""
    machine = Machine(
        os="windows", os_version="10.0.26100", arch="x86_64",
        gpus=(Gpu(vendor="nvidia", name=CARD, compute_capability="8.9", memory_mib=8188),),
        nvidia_driver=NvidiaDriver(version="581.57", cuda="13.1"),
        findings=(Finding(code="battery", level="warn", text="The laptop runs on battery."),),
    )  # fmt: skip
    build = Build(
        torch="2.15.0", variant="cu130", python="3.12", platform="win_amd64", requirement="torch==2.15.0+cu130"
    )
    decision = Recommendation(
        data_date="2026-11-22", verdict="gpu", build=build,
        reasons=(Reason(code="driver-supports", text="Your driver supports CUDA up to 13.1."),),
        actions=(Action(code="restart", text="Restart.", url="https://www.nvidia.com/drivers"),),
    )  # fmt: skip
    names = ("torch", "nvidia-cublas", "nvidia-cudnn-cu13", "numpy", "sympy", "filelock")
    packages = tuple(
        Package(
            name=name,
            version=f"{number + 1}.0",
            file="x.whl",
            sha256=f"{number}a" * 32,
            size=9_000_000,
            url="https://download.pytorch.org/x.whl",
            origin="official",
        )
        for number, name in enumerate(names)
    )
    plan = Plan(
        id="a" * 64, root=r"C:\pytorch", generation="0001", backend="uv", build=build, packages=packages,
        python=PlanPython(version="3.12.4", source="managed"), source=PlanSource(id="official", kind="index", why="x"),
    )  # fmt: skip
    installed = {package.name: package.version for package in packages} | {"my-own-package": "0.1"}
    outcome = Outcome(status="done", exit=0, root=plan.root)
    return with_history(report_document(machine, decision, plan, outcome, _proof(), installed), EARLIER)


def _proof() -> Verification:
    looks = [number / 5 for number in range(200)]
    return Verification(
        passed=True, verdict="warn", level="device", mode="full", started="2026-11-22T14:05:00Z", seconds=41.2,
        torch=TorchFacts(version="2.15.0+cu130", variant="cu130", cuda="13.0"),
        devices=(Device(index=0, name=CARD, compute_capability="8.9", memory_mib=8188, driver="581.57"),),
        checks=tuple(_check(id_) for id_ in CHECK_IDS),
        measurements={
            "matmul.fp32.tflops": 4.1, "matmul.fp16.tflops": 31.6, "matmul.speedup.size": 4096,
            "card.looks.seconds": tuple(looks),
            "card.looks.clock.mhz": tuple(2400 - 200 * (at % 10 > 8) for at in looks),
            "card.looks.temperature.c": tuple(round(70 - 30 * math.exp(-at / 9), 1) for at in looks),
            "card.looks.power.w": tuple(None if 12 < at < 14 else 90 + at % 7 for at in looks),
        },
    )  # fmt: skip


def _check(id_: str) -> Check:
    status, cause = CAUSES.get(id_, ("pass", sentences.WELL))
    made = Check(id=id_, device=0, status=status, seconds=2.5, figures=FIGURES.get(id_, ()))  # type: ignore[arg-type]
    return sentences.told(made, cause, FACTS | MORE)
