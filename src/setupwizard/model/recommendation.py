"""Which build is right for a computer, and why (contract, "Recommendation")."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from setupwizard.codes import SCHEMA, ActionCode, Platform, ReasonCode, RejectedCode, Verdict


class Wishes(Struct, frozen=True, kw_only=True):
    """What the user insists on; None leaves the choice to the program.

    Attributes:
        gpus: indexes of the cards that matter, as they stand in the Machine.
        python: "3.12", or "3.14t" for a free-threaded one.
        torch: a version, "2.13.0", or a PEP 440 specifier, ">=2.9,<2.12".
        variant: "cu126", "rocm7.14", "xpu" or "cpu".
    """

    gpus: tuple[int, ...] | None = None
    python: str | None = None
    torch: str | None = None
    variant: str | None = None


class Build(Struct, frozen=True, kw_only=True):
    """One published build of torch for one platform and one Python.

    Attributes:
        variant: "cu130", "rocm7.14", "xpu" or "cpu": the local tag of the wheel and the name of its index.
        python: "3.12", or "3.14t" for a free-threaded one.
        requirement: what a resolver is asked for, exactly: "torch==2.15.0+cu130".
        index_url: the official index of the variant; None stands for the general index.
        assumed: True when the data call this build probable and nobody has listed it, or when it is newer than the
            data and its wheel could not be asked for which cards it was made: the nearest known build speaks for it.
    """

    torch: str
    torchvision: str | None = None
    torchaudio: str | None = None
    variant: str
    python: str
    platform: Platform
    requirement: str
    index_url: str | None = None
    assumed: bool = False


class Reason(Struct, frozen=True, kw_only=True):
    """Why the decision is what it is, for a person."""

    code: ReasonCode
    text: str


class Action(Struct, frozen=True, kw_only=True):
    """What the person can do to get more.

    Attributes:
        at_least: the oldest driver that is enough, where that is the point.
        at_most_branch: the newest driver branch that still serves the card.
    """

    code: ActionCode
    text: str
    at_least: str | None = None
    at_most_branch: str | None = None
    url: str | None = None


class Rejected(Struct, frozen=True, kw_only=True):
    """The newest torch of a variant that does not run here, and why."""

    torch: str
    variant: str
    code: RejectedCode
    text: str


class Part(Struct, frozen=True, kw_only=True):
    """One group of cards and the build that serves them."""

    gpus: tuple[int, ...]
    build: Build


class MachineChoice(Struct, frozen=True, kw_only=True):
    """One of several computers and the build for it."""

    file: str
    gpus: tuple[int, ...]
    build: Build | None


class Recommendation(Struct, frozen=True, kw_only=True):
    """The decision, made from a Machine and the catalogue alone."""

    schema: Literal[1] = SCHEMA
    data_date: str
    verdict: Verdict
    build: Build | None = None
    gpus: tuple[int, ...] = ()
    after: Build | None = None
    reasons: tuple[Reason, ...] = ()
    actions: tuple[Action, ...] = ()
    alternatives: tuple[Build, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    parts: tuple[Part, ...] = ()
    machines: tuple[MachineChoice, ...] = ()


class Cell(Struct, frozen=True, kw_only=True):
    """One variant of one release of torch.

    Attributes:
        build: what would be installed; None when it does not run here.
        gpus: indexes of the cards that it serves; empty for the processor build.
        code: why it does not run, None when it does.
        text: the same for a person; empty when it runs.
    """

    torch: str
    variant: str
    build: Build | None = None
    gpus: tuple[int, ...] = ()
    code: RejectedCode | None = None
    text: str = ""
