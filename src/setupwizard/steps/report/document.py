"""The machine-readable report: what was found, decided, installed and proved, without anybody's name in it."""

from __future__ import annotations

from datetime import UTC, datetime
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
from setupwizard.tools.redaction import redacted

T = TypeVar("T")


class Report(Struct, frozen=True, kw_only=True):
    """One visit to one computer.

    Attributes:
        made: when, RFC 3339 in UTC.
        program: the version of setupwizard that made it.
        verdict: of the proof; None: nothing was checked.
        outcome: how the install ended, without the proof, which stands beside it.
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


def report_document(
    machine: Machine,
    recommendation: Recommendation | None = None,
    plan: Plan | None = None,
    outcome: Outcome | None = None,
    verification: Verification | None = None,
) -> Report:
    """Return the report of a visit.

    Args:
        machine: the computer, redacted already.
        recommendation: the decision, when one was made.
        plan: what was to be done, when anything was.
        outcome: how it ended; its proof is taken when `verification` is None.
        verification: the proof.
    """
    proof = verification or (outcome.verification if outcome is not None else None)
    return Report(
        made=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        program=__version__,
        verdict=proof.verdict if proof is not None else None,
        machine=machine,
        recommendation=recommendation,
        plan=_safe(plan),
        outcome=_safe(replace(outcome, verification=None) if outcome is not None else None),
        verification=_safe(proof),
    )


def _safe(document: T) -> T:
    """Return a document without home folders and passwords in any of its texts."""
    if document is None:
        return document
    plain = redacted(msgspec.to_builtins(document))
    return msgspec.convert(plain, type=type(document))
