"""What is kept beside a generation: the plan that it was made from and the proof that was given for it."""

from __future__ import annotations

from typing import TypeVar

from setupwizard.model.plan import Plan
from setupwizard.model.verification import Verification
from setupwizard.model.wire import to_json
from setupwizard.store.documents import read_or_none
from setupwizard.store.files import write_atomic
from setupwizard.store.layout import Root

T = TypeVar("T")

_PLAN = "plan.json"
_VERIFICATION = "verification.json"


def write_records(root: Root, name: str, plan: Plan, verification: Verification) -> None:
    """Keep the plan and the proof of a generation in its folder, before it is declared whole.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    for file, document in ((_PLAN, plan), (_VERIFICATION, verification)):
        write_atomic(root.generation(name) / file, (to_json(document) + "\n").encode())


def plan_of(root: Root, name: str | None) -> Plan | None:
    """Return the plan that a generation was made from, None when it is not on record."""
    return _read(Plan, root, name, _PLAN)


def verification_of(root: Root, name: str | None) -> Verification | None:
    """Return the proof that was given for a generation, None when it is not on record."""
    return _read(Verification, root, name, _VERIFICATION)


def _read(kind: type[T], root: Root, name: str | None, file: str) -> T | None:
    return read_or_none(kind, root.generation(name) / file) if name is not None else None
