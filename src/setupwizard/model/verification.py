"""The proof that an environment works (contract, "Verification")."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from setupwizard.codes import (
    SCHEMA,
    CheckId,
    CheckStatus,
    VerificationVerdict,
    VerifyLevel,
    VerifyMode,
)


class TorchFacts(Struct, frozen=True, kw_only=True):
    """The torch that was imported, in its own words."""

    version: str
    variant: str | None = None
    cuda: str | None = None
    hip: str | None = None
    path: str | None = None


class Device(Struct, frozen=True, kw_only=True):
    """A device that was tested."""

    index: int
    uuid: str | None = None
    name: str = ""
    compute_capability: str | None = None
    memory_mib: int | None = None
    driver: str | None = None


class Figure(Struct, frozen=True, kw_only=True):
    """A measured number; `low` and `high` bound what this device can be expected to do."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None


class Check(Struct, frozen=True, kw_only=True):
    """One stage of the proof on one device (None: it concerns no device).

    Attributes:
        text, advice: sentences in the language that was spoken when the stage ended.
        cause, facts: what they were made of, so that they can be made again in another language; a cause is a word
            of steps/verify/sentences, empty where the sentences were not made there.
    """

    id: CheckId
    device: int | None = None
    status: CheckStatus
    seconds: float = 0.0
    figures: tuple[Figure, ...] = ()
    text: str = ""
    advice: str = ""
    cause: str = ""
    facts: dict[str, str | tuple[str, ...]] = field(default_factory=dict)


class Verification(Struct, frozen=True, kw_only=True):
    """The whole proof. Correctness decides, speed only warns; what was not run is never green.

    Attributes:
        measurements: numbers by name ("matmul.fp32.tflops"), and series of them ("card.looks.clock.mhz").
    """

    schema: Literal[1] = SCHEMA
    passed: bool
    verdict: VerificationVerdict
    level: VerifyLevel
    mode: VerifyMode
    torch: TorchFacts | None = None
    devices: tuple[Device, ...] = ()
    checks: tuple[Check, ...] = ()
    measurements: dict[str, float | tuple[float | None, ...]] = field(default_factory=dict)
    started: str
    seconds: float = 0.0
    previous: str | None = None

    def numbers(self) -> dict[str, float]:
        """Return the single numbers among the measurements."""
        return {name: value for name, value in self.measurements.items() if not isinstance(value, tuple)}
