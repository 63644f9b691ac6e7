"""What a running job tells its face, and how it ended (contract, "Events, Outcome, Error")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from setupwizard.codes import (
    SCHEMA,
    CheckId,
    CheckStatus,
    ErrorCode,
    LimitedBy,
    OutcomeStatus,
    ProgressUnit,
    StepId,
    StepStatus,
)
from setupwizard.errors import SetupError, facts_in
from setupwizard.model.verification import Check, Figure, Verification


class Fix(Struct, frozen=True, kw_only=True):
    """Something that the person can choose to do about an error."""

    code: str
    text: str


class Error(Struct, frozen=True, kw_only=True):
    """An error as a document: what happened, what to do next, and the details for who wants them.

    Attributes:
        title, advice: sentences in the language that was spoken when it happened.
        facts: what stands in them, so that they can be made again in another language.
    """

    id: str
    code: ErrorCode
    title: str
    advice: str
    detail: str = ""
    log: str | None = None
    retryable: bool = False
    fixes: tuple[Fix, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: SetupError) -> Error:
        """Return the document of an error, in the present language."""
        return cls(
            id=error.exit_id,
            code=error.code,
            title=error.title,
            advice=error.advice,
            detail=error.detail,
            log=error.log,
            retryable=error.retryable,
            fixes=tuple(Fix(code=code, text=text) for code, text in error.fixes),
            facts=error.named_facts,
        )

    def retold(self) -> Error:
        """Return the error in the present language; a sentence whose facts nobody noted stays as it is."""
        error = SetupError(self.code, detail=self.detail, log=self.log)
        error.facts.update(self.facts)
        known = {"log", *self.facts}
        again, row = Error.of(error), error.sentence
        whole = all(facts_in(text) <= known for _code, text in row.fixes)
        return replace(
            self,
            title=again.title if facts_in(row.title) <= known else self.title,
            advice=again.advice if facts_in(row.advice) <= known else self.advice,
            fixes=again.fixes if whole else self.fixes,
        )


class StepStarted(Struct, frozen=True, kw_only=True, tag_field="event", tag="step-started"):
    """A step began. Each one that begins finishes exactly once."""

    id: StepId
    title: str


class Progress(Struct, frozen=True, kw_only=True, tag_field="event", tag="progress"):
    """How far a step is. `rate` is in units a second; `seconds_left` is None while nobody can know."""

    id: StepId
    done: int
    total: int | None = None
    unit: ProgressUnit = "bytes"
    file: str | None = None
    rate: float | None = None
    seconds_left: float | None = None
    limited_by: LimitedBy | None = None


class Output(Struct, frozen=True, kw_only=True, tag_field="event", tag="output"):
    """A line that a tool printed, for the log drawer."""

    id: StepId
    text: str


class CheckDone(Struct, frozen=True, kw_only=True, tag_field="event", tag="check"):
    """A stage of the verification ended. That one runs is told by Progress, whose `file` names the stage."""

    id: CheckId
    device: int | None = None
    status: CheckStatus
    seconds: float = 0.0
    figures: tuple[Figure, ...] = ()
    text: str = ""
    advice: str = ""

    @classmethod
    def of(cls, check: Check) -> CheckDone:
        """Return the event of a stage that ended."""
        return cls(
            id=check.id,
            device=check.device,
            status=check.status,
            seconds=check.seconds,
            figures=check.figures,
            text=check.text,
            advice=check.advice,
        )


class StepFinished(Struct, frozen=True, kw_only=True, tag_field="event", tag="step-finished"):
    """A step ended, one way or the other; nothing more comes from it."""

    id: StepId
    status: StepStatus
    error: Error | None = None


class StepResult(Struct, frozen=True, kw_only=True):
    """One line of the outcome."""

    id: StepId
    status: StepStatus
    seconds: float


class Outcome(Struct, frozen=True, kw_only=True):
    """How a job ended.

    Attributes:
        exit: the exit code in the style that was asked for.
        changed: whether anything on the computer is different now.
        current: the generation in use after the job, None when there is none.
        kept, removed: paths, named so that nobody has to guess.
        freed_bytes: what tidying up gave back, or would.
    """

    schema: Literal[1] = SCHEMA
    status: OutcomeStatus
    exit: int
    changed: bool = False
    reboot: bool = False
    root: str | None = None
    generation: str | None = None
    current: str | None = None
    fetched_bytes: int = 0
    reused_bytes: int = 0
    steps: tuple[StepResult, ...] = ()
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    freed_bytes: int = 0
    verification: Verification | None = None
    error: Error | None = None


Event = StepStarted | Progress | Output | CheckDone | StepFinished
Emit = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Take an event and do nothing: for callers that only want the result."""
