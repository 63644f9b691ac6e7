"""What to do next, from how the visit ended."""

from __future__ import annotations

from collections.abc import Iterator

from setupwizard.i18n import _
from setupwizard.steps.report.document import Report


def next_steps(report: Report) -> tuple[tuple[str, str | None], ...]:
    """Return sentences with an address to open or None, what is urgent first; each is said once."""
    return tuple(dict.fromkeys([*_repairs(report), *_decided(report), *_begin(report)]))


def _repairs(report: Report) -> Iterator[tuple[str, None]]:
    checks = report.verification.checks if report.verification is not None else ()
    for status in ("fail", "warn"):
        for check in checks:
            if check.status == status and check.advice:
                yield check.advice, None


def _decided(report: Report) -> Iterator[tuple[str, str | None]]:
    for action in report.recommendation.actions if report.recommendation is not None else ():
        if action.text:
            # a click on an address opens a page and nothing else
            yield action.text, action.url if action.url is not None and action.url.startswith("https://") else None


def _begin(report: Report) -> Iterator[tuple[str, None]]:
    """Yield how to work with an environment of ours that was proved."""
    plan, proof = report.plan, report.verification
    if plan is None or proof is None or not proof.passed:
        return
    command = "activate" if report.machine.os == "windows" else ". ./activate"
    text = _(
        "To use PyTorch: open a terminal in the folder {folder} and type {command}. Then python is the one with it."
    )
    yield text.format(folder=plan.root, command=command), None
    yield _("Try the five short programs on this page."), None
