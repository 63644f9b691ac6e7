"""The machine-readable report: what was found, decided, installed and proved, without anybody's name in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from setupwizard import __version__
from setupwizard.codes import SCHEMA, VerificationVerdict
from setupwizard.model.events import Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.verification import Verification
from setupwizard.model.wire import timestamp
from setupwizard.tools.redaction import redacted

T = TypeVar("T")
MOST_EARLIER = 8
"""Earlier proofs that a report tells of."""


class Report(Struct, frozen=True, kw_only=True):
    """One visit to one computer.

    Attributes:
        made: when, RFC 3339 in UTC.
        program: the version of setupwizard that made it.
        verdict: of the proof; None: nothing was checked.
        outcome: how the install ended, without the proof, which stands beside it.
        installed: name and version of every package in the environment, as `pip list` tells them.
        earlier: proofs of the same environment before this one, oldest first, without their checks.
    """

    schema: Literal[1] = SCHEMA
    made: str
    program: str
    verdict: VerificationVerdict | None = None
    machine: Machine
    recommendation: Recommendation | None = None
    plan: Plan | None = None
    outcome: Outcome | None = None
    verification: Verification | None = None
    installed: dict[str, str] = {}
    earlier: tuple[Verification, ...] = ()


def report_document(
    machine: Machine,
    recommendation: Recommendation | None = None,
    plan: Plan | None = None,
    outcome: Outcome | None = None,
    verification: Verification | None = None,
    installed: Mapping[str, str] | None = None,
) -> Report:
    """Return the report of a visit.

    Args:
        machine: the computer, redacted already.
        recommendation: the decision, when one was made.
        plan: what was to be done, when anything was.
        outcome: how it ended; its proof is taken when `verification` is None.
        verification: the proof.
        installed: name and version of every package in the environment.
    """
    proof = verification or (outcome.verification if outcome is not None else None)
    return Report(
        made=timestamp(),
        program=__version__,
        verdict=proof.verdict if proof is not None else None,
        machine=machine,
        recommendation=recommendation,
        plan=_safe(plan),
        outcome=_safe(replace(outcome, verification=None) if outcome is not None else None),
        verification=_safe(proof),
        installed=dict(installed or {}),
    )


def with_history(report: Report, proofs: Sequence[Verification]) -> Report:
    """Return a report with the newest of the proofs in the place of an older one, and with those before it.

    Args:
        report: what was found, decided and installed.
        proofs: of the environment, oldest first.
    """
    shown = report.verification
    newer = [proof for proof in proofs if shown is None or proof.started > shown.started]
    if newer:
        shown = newer[-1]
    before = [proof for proof in proofs if shown is None or proof.started < shown.started]
    if report.verification is not None and newer and report.verification.started not in {p.started for p in before}:
        before.append(report.verification)
    kept = sorted(before, key=lambda proof: proof.started)[-MOST_EARLIER:]
    return replace(
        report,
        verdict=shown.verdict if shown is not None else None,
        verification=_safe(shown),
        earlier=tuple(_safe(replace(proof, checks=(), measurements=proof.numbers())) for proof in kept),
    )


def _safe(document: T) -> T:
    """Return a document without home folders and passwords in any of its texts."""
    if document is None:
        return document
    plain = redacted(msgspec.to_builtins(document))
    return msgspec.convert(plain, type=type(document))
