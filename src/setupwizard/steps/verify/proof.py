"""The step: an environment and a device, proved or not. Correctness decides, speed only warns."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from setupwizard.codes import CheckId, ErrorCode, VerificationVerdict
from setupwizard.errors import SetupError
from setupwizard.model.events import CheckDone, Emit, Progress
from setupwizard.model.machine import NvidiaDriver
from setupwizard.model.stages import check_sentence
from setupwizard.model.verification import Check, Device, TorchFacts, Verification
from setupwizard.model.wire import timestamp
from setupwizard.steps.verify import judging, looks
from setupwizard.steps.verify.protocol import number_fact, text_fact
from setupwizard.steps.verify.targets import Target, VerifyRequest, arguments, for_card, targets
from setupwizard.steps.verify.watching import Order, Watch, follow
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.redaction import redact_text

MOST_LOOKS = 240
"""Looks at one card that are kept in the document."""

# The first that fits one of the checks that were not passed is what the person hears of.
_FAILURES: tuple[tuple[ErrorCode, Callable[[Check], bool]], ...] = (
    ("blocked-by-app-control", lambda check: check.cause == "blocked-by-app-control"),
    ("blocked-by-policy", lambda check: check.cause == "blocked-by-policy"),
    ("held-by-antivirus", lambda check: check.cause == "held-by-antivirus"),
    ("torch-import-failed", lambda check: check.id == "import"),
    ("gpu-not-seen", lambda check: check.id == "device"),
    ("wrong-results", lambda check: any(figure.name == "wrong-values" for figure in check.figures)),
    ("verify-failed", lambda _check: True),
)


def verify(request: VerifyRequest, emit: Emit, cancel: Cancel, sampler: looks.Sampler | None = None) -> Verification:
    """Prove an environment: emits a CheckDone for every stage that ended and a Progress for every one that begins.

    Args:
        request: what to prove.
        emit: gets the events; CheckDone and Progress come from a thread that reads the child.
        cancel: a wish to stop.
        sampler: looks at an NVIDIA card meanwhile, so that figures are judged at its real clock; None: nobody looks.

    Returns:
        The proof, also when it failed; see `failure`.

    Raises:
        Cancelled: somebody asked to stop.
    """
    proof = _Proof(request, emit, cancel, sampler)
    if request.files is not None:
        proof.add(request.files)
    if request.level != "files":
        proof.run()
    proof.tell_what_was_not_asked()
    return proof.result()


def failure(verification: Verification) -> SetupError | None:
    """Return why an environment must not be put in use; None when the proof was given, with or without a remark."""
    if verification.passed:
        return None
    status = "fail" if verification.verdict == "fail" else "not-run"
    checks = [check for check in verification.checks if check.status == status]
    for code, fits in _FAILURES:
        check = next((check for check in checks if fits(check)), None)
        if check is not None:
            problem = check_sentence(check)
            return SetupError(code, what="PyTorch", problem=problem, detail=f"{check.id}: {problem}")
    return SetupError("verify-failed", problem="")


class _Proof:
    """Gathers checks, devices and figures while the children run one after the other."""

    def __init__(self, request: VerifyRequest, emit: Emit, cancel: Cancel, sampler: looks.Sampler | None) -> None:
        self._request, self._emit, self._cancel, self._sampler = request, emit, cancel, sampler
        self._started, self._clock = timestamp(), time.monotonic()
        self._checks: list[Check] = []
        self._devices: list[Device] = []
        self._torch: TorchFacts | None = None
        self._measured: dict[str, float] = {}
        self._series: dict[str, tuple[float | None, ...]] = {}
        self._stages: tuple[CheckId, ...] = ()
        self._ended, self._total = 0, 0
        self._targets = targets(request)

    def add(self, check: Check) -> None:
        """Take a check and tell of it."""
        self._checks.append(check)
        self._emit(CheckDone.of(check))

    def tell_what_was_not_asked(self) -> None:
        """Say that a build for cards is not proved when all was well and the card was not to be asked."""
        request, build = self._request, self._request.expected
        less = request.level != "device" and not request.only and build is not None and for_card(build)
        if less and not any(check.status == "fail" for check in self._checks):
            self.add(judging.made("device", "not-run", "not-asked"))

    def run(self) -> None:
        """Run a child for each device. When PyTorch does not even start, it would not for the next one either."""
        for target in self._targets:
            self._run(target)
            if any(check.id == "import" and check.status == "fail" for check in self._checks):
                return

    def _run(self, target: Target) -> None:
        request = self._request
        build = request.expected
        setting = judging.Setting(
            index=target.index,
            mode=request.mode,
            gpu=target.gpu,
            driver=request.driver,
            torchvision_planned=build is not None and build.torchvision is not None,
            card_planned=build is not None and for_card(build),
            patience=request.patience,
            on_battery=request.on_battery,
        )
        order = Order(
            python=request.python,
            arguments=arguments(request, target, self._stages),
            variables=target.variables,
            setting=setting,
            work=request.work,
        )
        sampler = self._sampler if target.gpu is not None and target.gpu.vendor == "nvidia" else None
        watch = Watch(
            setting,
            self._emit,
            lambda stages: self._plan(target, stages),
            self._begin,
            lambda check, facts: self._take(target, check, facts),
            sampler,
        )
        follow(order, watch, self._emit, self._cancel, sampler)
        if sampler is not None:
            self._keep(target, sampler.samples())

    def _keep(self, target: Target, samples: tuple[looks.Sample, ...]) -> None:
        kept = looks.thinned(samples, MOST_LOOKS)
        self._series.update(judging.card_series(target.index, kept, self._clock))
        self._measured.update(judging.card_measurements(target.index, samples))

    def result(self) -> Verification:
        """Return the proof."""
        verdict = self._verdict()
        request = self._request
        before = request.previous.numbers() if request.previous else {}
        return Verification(
            passed=verdict in {"pass", "warn"},
            verdict=verdict,
            level=request.level,
            mode=request.mode,
            torch=self._torch,
            devices=tuple(self._devices),
            checks=tuple(self._checks),
            measurements={**self._measured, **judging.changes(self._measured, before), **self._series},
            started=self._started,
            seconds=round(time.monotonic() - self._clock, 1),
            previous=request.previous.started if request.previous else None,
        )

    def _plan(self, target: Target, stages: tuple[CheckId, ...]) -> None:
        self._stages = self._stages or stages
        self._total = self._ended + len(stages) * (len(self._targets) - target.index)

    def _begin(self, stage: CheckId) -> None:
        self._emit(Progress(id="verify", done=self._ended, total=self._total, unit="stages", file=stage))

    def _take(self, target: Target, check: Check, facts: dict[str, Any]) -> None:
        """Take a check of a child; what every child says alike is told once."""
        self._ended += 1
        if check.device is None and any((old.id, old.status) == (check.id, check.status) for old in self._checks):
            return
        self.add(check)
        self._measured.update(judging.measurements(check, facts))
        if check.id == "import" and "version" in facts:
            self._torch = torch_facts(facts, self._request.python)
            self._compare_build(self._torch)
        if check.id == "device" and "kind" in facts:
            self._devices.append(_device(target, facts, self._request.driver))

    def _compare_build(self, torch: TorchFacts) -> None:
        """Say whether the build is the planned one. That a card cannot be used is for the device stage to say."""
        build = self._request.expected
        if build is None:
            return
        planned = build.torch if build.platform.startswith("macos") else f"{build.torch}+{build.variant}"
        found = torch.version.partition("+")[0] + (f"+{torch.variant}" if "+" in planned else "")
        if found == planned:
            self.add(judging.matching("packages", found))
        elif torch.variant != "cpu" or not for_card(build):
            self.add(judging.made("packages", "fail", "other-build", planned=planned, found=found))
        elif self._request.level == "import":
            self.add(judging.made("device", "fail", "cpu-build"))

    def _verdict(self) -> VerificationVerdict:
        statuses = {check.status for check in self._checks}
        if "fail" in statuses:
            return "fail"
        devices = [check.status for check in self._checks if check.id == "device"]
        asked = self._request.level == "device" and not self._request.only
        if not self._checks or "not-run" in devices or (asked and not devices):
            return "not-verified"
        return "warn" if "warn" in statuses else "pass"


def torch_facts(facts: dict[str, Any], python: Path) -> TorchFacts:
    """Return the torch that was imported; its path is told from the environment's folder on."""
    version = text_fact(facts, "version") or ""
    cuda, hip = text_fact(facts, "cuda"), text_fact(facts, "hip")
    return TorchFacts(
        version=version, variant=variant_of(version, cuda, hip, facts), cuda=cuda, hip=hip, path=_inside(facts, python)
    )


def variant_of(version: str, cuda: str | None, hip: str | None, facts: dict[str, Any]) -> str:
    """Return the variant of a torch: its local tag, or what it was built for where a wheel carries none."""
    local = version.partition("+")[2]
    if local.startswith(("cu", "rocm", "xpu", "cpu")):
        return local.partition(".git")[0]
    if cuda:
        return "cu" + "".join(cuda.split(".")[:2])
    if hip:
        return "rocm" + ".".join(hip.split(".")[:2])
    return "xpu" if text_fact(facts, "xpu") else "cpu"


def _inside(facts: dict[str, Any], python: Path) -> str | None:
    path = text_fact(facts, "path")
    if path is None:
        return None
    for root in (python.parent.parent, python.parent):
        try:
            return Path(path).relative_to(root).as_posix()
        except ValueError:
            continue
    return redact_text(path)


def _device(target: Target, facts: dict[str, Any], driver: NvidiaDriver | None) -> Device:
    memory, gpu = number_fact(facts, "total_mib"), target.gpu
    nvidia = facts.get("kind") == "cuda"
    return Device(
        index=target.index,
        uuid=(gpu.uuid if gpu else None) or text_fact(facts, "uuid"),
        name=text_fact(facts, "name") or (gpu.name if gpu else ""),
        compute_capability=text_fact(facts, "capability"),
        memory_mib=round(memory) if memory else (gpu.memory_mib if gpu else None),
        driver=driver.version if driver and nvidia else None,
    )
