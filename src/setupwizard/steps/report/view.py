"""What the page shows, as plain values: every decision and every word is made here, the template only places them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from packaging.utils import canonicalize_name

from setupwizard.codes import CheckStatus, VerificationVerdict
from setupwizard.i18n import _
from setupwizard.model import stages
from setupwizard.model.catalogue import platform_of
from setupwizard.model.format import format_bytes, format_duration, listed
from setupwizard.model.naming import variant_name
from setupwizard.model.snippets import Snippet, device_word, snippets
from setupwizard.model.verification import Check, Figure, Verification
from setupwizard.steps.report import wording
from setupwizard.steps.report.advice import next_steps
from setupwizard.steps.report.chart import Chart, charts
from setupwizard.steps.report.document import Report
from setupwizard.steps.report.past import Past, past_of

_TONES: dict[VerificationVerdict | None, str] = {
    "pass": "ok",
    "warn": "warn",
    "fail": "err",
    "not-verified": "info",
    None: "info",
}
_STATE_TONES: dict[CheckStatus, str] = {"pass": "ok", "warn": "warn", "fail": "err", "skip": "none", "not-run": "none"}
# Shown as bars and figures of their own; all others stand with their stage.
_SPEEDS = ("matmul", "copy-device", "copy-host", "sustained")
_SPEED_UNITS = frozenset(["TFLOPS", "GB/s", "x"])


class Bar(Struct, frozen=True, kw_only=True):
    """A figure with the span that is usual, as shares of the width in percent."""

    title: str
    text: str
    caption: str
    tone: str
    value: float | None = None
    low: float | None = None
    width: float | None = None


class Row(Struct, frozen=True, kw_only=True):
    """A stage."""

    title: str
    about: str
    modules: str
    state: str
    tone: str
    text: str
    advice: str
    seconds: str
    figures: tuple[str, ...]


class Section(Struct, frozen=True, kw_only=True):
    """The stages of one device, whose name stands in the titles where there are several."""

    speed: str
    checks: str
    bars: tuple[Bar, ...]
    looks: str
    charts: tuple[Chart, ...]
    rows: tuple[Row, ...]


class View(Struct, frozen=True, kw_only=True):
    """Everything on the page."""

    tone: str
    verdict: str
    title: str
    sentence: str
    made: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    reasons: tuple[str, ...]
    actions: tuple[tuple[str, str | None], ...]
    problem: tuple[str, str] | None
    packages: tuple[tuple[str, str, str, str], ...]
    past: Past | None
    findings: tuple[str, ...]
    snippets: tuple[Snippet, ...]
    text: str


def view_of(report: Report) -> View:
    """Return the page of a report, in the present language."""
    title, sentence = stages.headline(report.verification)
    outcome = report.outcome
    problem = outcome.error.retold() if outcome is not None and outcome.error is not None else None
    return View(
        tone=_TONES[report.verdict],
        verdict=wording.verdict_word(report.verdict),
        title=title,
        sentence=sentence,
        made=wording.time_text(report.made),
        facts=tuple(_facts(report)),
        sections=tuple(_sections(report.verification)) if report.verification else (),
        reasons=_reasons(report),
        actions=next_steps(report),
        problem=(problem.title, problem.advice) if problem is not None else None,
        packages=tuple(_packages(report)),
        past=past_of(report),
        findings=tuple(finding.text for finding in report.machine.findings if finding.level != "info" and finding.text),
        snippets=_snippets(report),
        text=plain_text(report),
    )


def _packages(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, version, size and SHA-256 of what is in the environment; only what we brought has the last two."""
    planned = {canonicalize_name(package.name): package for package in (report.plan.packages if report.plan else ())}
    names = {canonicalize_name(name): (name, version) for name, version in report.installed.items()}
    for key, package in planned.items():
        if not names or names.get(key, ("", ""))[1] == package.version:
            names.pop(key, None)
            yield package.name, package.version, format_bytes(package.size), package.sha256
    for name, version in names.values():
        yield name, version, "", ""


def _snippets(report: Report) -> tuple[Snippet, ...]:
    """Return programs to try, once there is something to try them with."""
    if report.verification is None or not report.verification.passed or report.verification.torch is None:
        return ()
    platform = report.plan.build.platform if report.plan is not None else None
    return snippets(device_word(report.verification.torch.variant, platform))


def _reasons(report: Report) -> tuple[str, ...]:
    """Return why this build was decided on, and why another one was installed where that is so."""
    texts = [reason.text for reason in report.recommendation.reasons] if report.recommendation else []
    if report.plan is not None:
        texts.append(report.plan.why_other or "")
        texts += [source.text for source in report.plan.tried if source.code not in {"ok", "not-asked"}]
    return tuple(text for text in texts if text)


def plain_text(report: Report) -> str:
    """Return the report as lines to copy into a message or a bug report."""
    title, sentence = stages.headline(report.verification)
    lines = [title, sentence, ""]
    lines += [_named(name, value) for name, value in _facts(report)]
    proof = report.verification
    for check in proof.checks if proof is not None else ():
        where = f" [{check.device + 1}]" if check.device is not None and proof and len(proof.devices) > 1 else ""
        lines.append(stages.stage_sentence(check) + where)
        lines += ["    " + _named(stages.figure_title(figure.name), _with_band(figure)) for figure in check.figures]
    if report.installed:
        lines += [
            "",
            _named(_("Packages"), ", ".join(f"{name} {version}" for name, version in report.installed.items())),
        ]
    lines += ["", listed((f"setupwizard {report.program}", wording.time_text(report.made)))]
    return "\n".join(lines)


def _named(name: str, value: str) -> str:
    return _("{name}: {value}").format(name=name, value=value)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield from _computer_facts(report)
    yield from _environment_facts(report)
    proof = report.verification
    if proof is not None:
        mode = _("thorough check") if proof.mode == "full" else _("quick check")
        yield _("Checked"), listed((wording.time_text(proof.started), mode, format_duration(proof.seconds)))


def _computer_facts(report: Report) -> Iterator[tuple[str, str]]:
    machine, proof = report.machine, report.verification
    for gpu in machine.gpus:
        yield _("Graphics card"), wording.card_facts(gpu)
    if not machine.gpus:
        yield _("Graphics card"), _("None was found")
    known = {gpu.name for gpu in machine.gpus}
    for device in proof.devices if proof else ():
        if device.name and device.name not in known:
            yield _("Tested on"), device.name
    driver = machine.nvidia_driver
    if driver is not None:
        cuda = _("supports CUDA up to {version}").format(version=driver.cuda) if driver.cuda else None
        yield _("Driver"), listed((driver.version, cuda))
    yield _("System"), wording.system_text(machine)


def _environment_facts(report: Report) -> Iterator[tuple[str, str]]:
    proof, plan = report.verification, report.plan
    if proof is not None and proof.torch is not None:
        variant = variant_name(proof.torch.variant or "", platform_of(report.machine.os, report.machine.arch))
        yield "PyTorch", listed((proof.torch.version, variant))
    elif plan is not None:
        yield _("Planned build"), wording.build_text(plan.build)
    if plan is not None:
        yield "Python", plan.python.version
        yield _("Folder"), plan.root
        yield _("Packages from"), wording.source_text(plan)
    if report.outcome is not None:
        yield _("Installation"), wording.outcome_word(report.outcome.status)


def _sections(proof: Verification) -> Iterator[Section]:
    """One for what concerns no device and the first device, one for each further device."""
    for index in range(max(1, len(proof.devices))):
        checks = [check for check in proof.checks if check.device == index or (check.device is None and index == 0)]
        device = proof.devices[index] if index < len(proof.devices) else None
        name = f"{index + 1}. {device.name}" if device is not None and len(proof.devices) > 1 else ""
        yield Section(
            speed=_named(_("Speed"), name) if name else _("Speed"),
            checks=_named(_("Checks"), name) if name else _("Checks"),
            bars=tuple(_bars(checks)),
            looks=_named(_("During the check"), name) if name else _("During the check"),
            charts=tuple(charts(proof, index)),
            rows=tuple(_row(check) for check in checks),
        )


def _bars(checks: list[Check]) -> Iterator[Bar]:
    """Yield the speeds: those that are judged first, each kind in the order of what people ask for."""
    speeds = (check for name in _SPEEDS for check in checks if check.id == name)
    bars = [_bar(figure) for check in speeds for figure in check.figures if figure.unit in _SPEED_UNITS]
    yield from sorted(bars, key=lambda bar: not bar.caption)


def _row(check: Check) -> Row:
    speeds = check.id in _SPEEDS
    figures = [figure for figure in check.figures if not (speeds and figure.unit in _SPEED_UNITS)]
    return Row(
        title=stages.stage_title(check.id),
        about=stages.stage_about(check.id) if check.status in {"pass", "warn"} else "",
        modules=stages.stage_modules(check.id),
        state=stages.status_word(check.status),
        tone=_STATE_TONES[check.status],
        text=check.text,
        advice=check.advice,
        seconds=format_duration(check.seconds) if check.seconds >= 0.05 else "",
        figures=tuple(_named(stages.figure_title(figure.name), stages.figure_text(figure)) for figure in figures),
    )


def _bar(figure: Figure) -> Bar:
    band = stages.band_text(figure)
    title, text = stages.figure_title(figure.name), stages.figure_text(figure)
    if band is None or figure.high is None or figure.low is None:
        return Bar(title=title, text=text, caption="", tone="none")
    end = max(figure.high, figure.value) * 1.08
    low = figure.value < figure.low
    place = _("below what is usual") if low else _("usual") if figure.value <= figure.high else _("above what is usual")
    return Bar(
        title=title,
        text=text,
        caption=_named(place, band),
        tone="warn" if low else "ok",
        value=round(100 * figure.value / end, 1),
        low=round(100 * figure.low / end, 1),
        width=round(100 * (figure.high - figure.low) / end, 1),
    )


def _with_band(figure: Figure) -> str:
    band = stages.band_text(figure)
    text = stages.figure_text(figure)
    return _("{figure}, usual {band}").format(figure=text, band=band) if band else text
