"""Why PyTorch does not work in an environment, and the cure (contract, "Doctor")."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from setupwizard.codes import SCHEMA, CauseCode, CureCode, FindingLevel
from setupwizard.model.machine import FoundTorch


class Cure(Struct, frozen=True, kw_only=True):
    """What the wizard can carry out itself.

    Attributes:
        changes: each package that would change, "torch 2.9.1+cpu -> 2.15.0+cu130"; empty while nobody worked it out.
        download_bytes: what would have to be fetched, None while nobody worked it out.
    """

    code: CureCode
    text: str
    changes: tuple[str, ...] = ()
    download_bytes: int | None = None


class Cause(Struct, frozen=True, kw_only=True):
    """One cause, the worst first. `fix` is None where only the person can do something: the text says what."""

    code: CauseCode
    level: FindingLevel
    text: str
    evidence: tuple[str, ...] = ()
    fix: Cure | None = None


class Doctor(Struct, frozen=True, kw_only=True):
    """What was found in an environment. `fixed` names the causes that are gone by now."""

    schema: Literal[1] = SCHEMA
    healthy: bool
    env: str
    torch: FoundTorch | None = None
    causes: tuple[Cause, ...] = ()
    fixed: tuple[CauseCode, ...] = ()
