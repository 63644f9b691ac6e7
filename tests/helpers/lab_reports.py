"""Made-up reports of many computers, as a play brings them home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setupwizard.model.events import Error, Outcome
from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.model.verification import Check, Device, Verification
from setupwizard.model.verification import TorchFacts as Torch
from setupwizard.model.wire import to_json
from setupwizard.steps.report import Report

MADE = "2026-11-28T09:30:00Z"


@dataclass(frozen=True, kw_only=True)
class Computer:
    """What differs between the computers of a made-up lab."""

    name: str
    card: str = "NVIDIA GeForce RTX 3060"
    driver: str = "580.95"
    torch: str = "2.15.0+cu130"
    tflops: float = 50.0
    checks: tuple[Check, ...] = ()

    def proof(self) -> Verification:
        """Return the proof that this computer gives."""
        ranks = {check.status for check in self.checks}
        verdict = "fail" if "fail" in ranks else "warn" if "warn" in ranks else "pass"
        return Verification(
            passed=verdict != "fail",
            verdict=verdict,
            level="device",
            mode="quick",
            torch=Torch(version=self.torch, variant=self.torch.partition("+")[2]),
            devices=(Device(index=0, name=self.card, driver=self.driver),),
            checks=(Check(id="import", status="pass"), *self.checks),
            measurements={"matmul.fp16.tflops": self.tflops},
            started=MADE,
        )

    def report(self, *, made: str = MADE, outcome: Outcome | None = None, proved: bool = True) -> Report:
        """Return the report that `setupwizard report --json` prints on this computer."""
        proof = self.proof() if proved else None
        return Report(
            made=made,
            program="1.0",
            verdict=proof.verdict if proof else None,
            machine=Machine(
                os="linux",
                arch="x86_64",
                gpus=(Gpu(vendor="nvidia", name=self.card),),
                nvidia_driver=NvidiaDriver(version=self.driver),
            ),
            outcome=outcome,
            verification=proof,
        )


def failed(title: str, advice: str) -> Outcome:
    """Return how an install ended that did not come to its end."""
    error = Error(id="disk", code="disk-full", title=title, advice=advice)
    return Outcome(status="failed", exit=12, error=error)


def write(folder: Path, name: str, document: object) -> None:
    """Write a document into the folder of all."""
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(document), encoding="utf-8")
