"""Turns a line of the child into a check of the contract: bands, causes, sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import CheckId, CheckStatus, VerifyMode
from setupwizard.model.machine import Gpu, NvidiaDriver
from setupwizard.model.stages import number_text
from setupwizard.model.verification import Check, Figure
from setupwizard.steps.verify import looks, sentences
from setupwizard.steps.verify.causes import cause_of, exit_text
from setupwizard.steps.verify.deadlines import only_comfort
from setupwizard.steps.verify.expectation import Card, Expected, expect_bandwidth, expect_link, expect_product
from setupwizard.steps.verify.protocol import StageLine, texts_fact
from setupwizard.tools.process import ProcessResult
from setupwizard.tools.redaction import redact_text

# These concern Python and its packages, not one device.
WITHOUT_DEVICE: frozenset[CheckId] = frozenset(["files", "packages", "import", "dataloader"])
_UNDER_LOAD: frozenset[CheckId] = frozenset(["matmul", "sustained"])
_HELD_BACK = 0.2
_CAPPED = 0.5
_BUSY = 0.25
_ERROR_LENGTH = 300
_STDERR_TAIL = 4000


class Setting(Struct, frozen=True, kw_only=True):
    """What a check is judged against.

    Attributes:
        busy_before: how much of the time the card already worked before we gave it work, 0 to 1.
    """

    index: int
    mode: VerifyMode
    gpu: Gpu | None
    driver: NvidiaDriver | None
    torchvision_planned: bool
    card_planned: bool
    patience: float = 1.0
    card: Card | None = None
    on_battery: bool = False
    busy_before: float | None = None


def judge(line: StageLine, setting: Setting, samples: tuple[looks.Sample, ...]) -> Check:
    """Return the check of a stage that ended by itself.

    Args:
        line: what the child said.
        setting: the device and the plan.
        samples: looks at the card while the stage ran; empty when nobody looked.
    """
    figures, slow = _banded(line, setting.card, samples)
    status, cause = _reached(line, setting)
    facts: dict[str, Any] = {
        **line.facts,
        **_numbers(line.figures),
        "error": short(line.error),
        "driver": _driver(setting),
    }
    if status in {"fail", "warn"} and cause in {"error", "gpu-not-seen", "workers", "compile", "out-of-memory"}:
        cause = _cause(line, cause)
    if status == "fail" and only_comfort(line.stage, setting.mode, torchvision_planned=setting.torchvision_planned):
        status, cause = "warn", "comfort" if cause == "error" else cause
    if status == "warn" and cause == "error":
        cause = "comfort"
    if status == "pass" and line.stage in _UNDER_LOAD and _held_back(samples) is not None:
        status, cause = "warn", _held_back(samples)
    if status == "pass" and slow:
        status, cause = "warn", _why_slow(setting, samples)
        facts["slow"] = slow
    check = Check(
        id=line.stage,
        device=None if line.stage in WITHOUT_DEVICE else setting.index,
        status=status,
        seconds=line.seconds,
        figures=figures,
    )
    return sentences.told(check, sentences.WELL if status == "pass" else cause or "error", _with_error(facts))


def _held_back(samples: tuple[looks.Sample, ...]) -> str | None:
    """Return what held the card back for a good part of the time, None when nothing out of the ordinary did."""
    if looks.held_share(samples, "power-brake") > _HELD_BACK:
        return "power-brake"
    return "heat" if looks.held_share(samples, "heat") > _HELD_BACK else None


def _why_slow(setting: Setting, samples: tuple[looks.Sample, ...]) -> str:
    """Return the likeliest reason for a low figure, as far as something tells; what a person can change comes first."""
    if setting.busy_before is not None and setting.busy_before > _BUSY:
        return "slow-busy"
    if setting.on_battery:
        return "slow-battery"
    if _held_back(samples) is not None:
        return f"slow-{_held_back(samples)}"
    if looks.held_share(samples, "power-cap") > _CAPPED:
        return "slow-power-cap"
    return "slow-laptop" if setting.card is not None and setting.card.laptop else "slow"


def made(stage: CheckId, status: CheckStatus, cause: str, setting: Setting | None = None, **facts: Any) -> Check:
    """Return a check that the child did not make itself."""
    device = None if setting is None or stage in WITHOUT_DEVICE else setting.index
    return sentences.told(Check(id=stage, device=device, status=status), cause, facts)


def matching(stage: CheckId, found: str) -> Check:
    """Return the check of a build that is the planned one."""
    return sentences.told(Check(id=stage, status="pass"), sentences.WELL, {"found": found})


def ended(stage: CheckId, cause: str, setting: Setting, result: ProcessResult, limit: float, seconds: float) -> Check:
    """Return the check of a stage during which the child broke down, hung or stopped."""
    said = cause_of(result.stderr[-_STDERR_TAIL:]) if cause == "crash" else None
    harmless = only_comfort(stage, setting.mode, torchvision_planned=setting.torchvision_planned)
    check = made(
        stage,
        "warn" if harmless else "fail",
        said or cause,
        setting,
        exit=exit_text(result),
        limit=round(limit),
        error=short(_last_line(result.stderr)),
        driver=_driver(setting),
    )
    return replace(check, seconds=round(seconds, 3))


def short(text: str | None) -> str:
    """Return the first line of a message, not too long, without anybody's home folder."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    line = redact_text(lines[0]) if lines else ""
    return line if len(line) <= _ERROR_LENGTH else line[:_ERROR_LENGTH] + "..."


def measurements(check: Check, facts: dict[str, Any]) -> dict[str, float]:
    """Return the figures of a check as flat names: "matmul.fp32.tflops"; of a second card "gpu1.matmul.fp32.tflops"."""
    prefix = _of_card(check.device)
    found = {f"{prefix}{check.id}.{figure.name}{_slug(figure.unit)}": figure.value for figure in check.figures}
    size = facts.get("speedup_size")
    if isinstance(size, (int, float)):
        found[f"{prefix}{check.id}.speedup.size"] = float(size)
    return found


def card_measurements(index: int, samples: tuple[looks.Sample, ...]) -> dict[str, float]:
    """Return the most that was seen of a card: "card.clock.mhz"; of a second card "gpu1.card.clock.mhz"."""
    return {
        f"{_of_card(index)}card.{name}": max(value for value in values if value is not None)
        for name, values in _rows(samples).items()
        if any(value is not None for value in values)
    }


def card_series(index: int, samples: tuple[looks.Sample, ...], began: float) -> dict[str, tuple[float | None, ...]]:
    """Return all looks at a card as rows of the same length: "card.looks.seconds", "card.looks.clock.mhz" ...

    Args:
        index: of the card.
        samples: the looks.
        began: time.monotonic() of the begin of the proof, from which the seconds count.
    """
    if not samples:
        return {}
    seconds = tuple(round(sample.at - began, 1) for sample in samples)
    prefix = f"{_of_card(index)}card.looks"
    return {f"{prefix}.seconds": seconds, **{f"{prefix}.{name}": row for name, row in _rows(samples).items()}}


def _rows(samples: tuple[looks.Sample, ...]) -> dict[str, tuple[float | None, ...]]:
    return {
        "clock.mhz": tuple(sample.clock_mhz for sample in samples),
        "temperature.c": tuple(sample.temperature_c for sample in samples),
        "power.w": tuple(sample.power_w for sample in samples),
    }


def _of_card(index: int | None) -> str:
    return f"gpu{index}." if index else ""


def changes(measured: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Return new figure / old figure for the speeds that both proofs measured: 1.0 is as fast as before."""
    speeds = (".tflops", ".gb_s", ".images_s")
    return {
        f"{name}.change": round(value / before[name], 3)
        for name, value in measured.items()
        if name.endswith(speeds) and before.get(name, 0) > 0
    }


def _slug(unit: str) -> str:
    if unit in {"relative", "loss", "count"}:
        return ""
    names = {"x": "ratio", "%": "percent", "s": "seconds", "GB/s": "gb_s", "images/s": "images_s"}
    return "." + names.get(unit, unit.lower())


def _banded(
    line: StageLine, card: Card | None, samples: tuple[looks.Sample, ...]
) -> tuple[tuple[Figure, ...], list[str]]:
    """Return the figures with what this card can be expected to do, and the names of those that are too low."""
    figures, slow = [], []
    for figure in line.figures:
        expected = _expected(line.stage, figure, card, samples)
        if expected is None:
            figures.append(figure)
            continue
        figures.append(replace(figure, low=round(expected.low, 3), high=round(expected.high, 3)))
        if figure.value < expected.floor:
            slow.append(figure.name)
    return tuple(figures), slow


def _expected(stage: CheckId, figure: Figure, card: Card | None, samples: tuple[looks.Sample, ...]) -> Expected | None:
    if stage == "copy-host" and figure.name.endswith(".pinned"):
        return expect_link(looks.fastest_link(samples))
    if card is None:
        return None
    if stage == "copy-device":
        return expect_bandwidth(card)
    if stage == "matmul" and figure.unit == "TFLOPS":
        return expect_product(card, figure.name, looks.usual_clock(samples))
    return None


def _reached(line: StageLine, setting: Setting) -> tuple[CheckStatus, str | None]:
    """Return status and cause; the processor in place of the card that the build is for proves nothing about it."""
    if line.stage != "device" or line.facts.get("kind") != "cpu" or not setting.card_planned:
        return line.status, line.reason
    return ("not-run", "no-session") if _knows_cards(line.facts) else ("fail", "cpu-build")


def _cause(line: StageLine, cause: str) -> str:
    """Return a closer cause than the child's, from what torch said."""
    texts = (line.error, *texts_fact(line.facts, "said"), line.facts.get("why"))
    if line.stage == "import" and texts_fact(line.facts, "missing"):
        return "vc-runtime"
    found = cause_of(*(text for text in texts if isinstance(text, str)))
    if line.stage == "device" and line.facts.get("family") in {"cuda", "xpu"} and not _knows_cards(line.facts):
        return "cpu-build"
    if line.stage == "memory" and cause == "out-of-memory":
        return "memory-short"
    return found or cause


def _knows_cards(facts: dict[str, Any]) -> bool:
    return any(facts.get(name) for name in ("cuda", "hip", "xpu"))


def _numbers(figures: tuple[Figure, ...]) -> dict[str, str]:
    names = {"first-call": "seconds"}
    return {names.get(figure.name, figure.name): number_text(figure.value) for figure in figures}


def _with_error(facts: dict[str, Any]) -> dict[str, Any]:
    """Give a failure to see the device the words of torch."""
    return facts if facts.get("error") else {**facts, "error": short(str(facts.get("why") or ""))}


def _driver(setting: Setting) -> str:
    return setting.driver.version if setting.driver else ""


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
