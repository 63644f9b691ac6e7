"""What a copy of the program says of itself (`setupwizard --self-test`)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from setupwizard.codes import SCHEMA, SelfTestId, SelfTestStatus


class Part(Struct, frozen=True, kw_only=True):
    """A library or a program that the copy is made of."""

    name: str
    version: str


class Examined(Struct, frozen=True, kw_only=True):
    """One thing that the copy tried; `text` says what came of it, for people."""

    id: SelfTestId
    status: SelfTestStatus
    seconds: float
    text: str


class SelfTest(Struct, frozen=True, kw_only=True):
    """What the copy is made of, and whether all of it works here.

    Attributes:
        packaged: it is a package for double-clicking, not a checkout or an installed wheel.
        program: the file that was started; python: the version that runs it.
        arch: the processor that the program was made for; the computer's own stands in `detect`.
    """

    schema: Literal[1] = SCHEMA
    passed: bool
    version: str
    packaged: bool
    program: str
    python: str
    os: str
    arch: str
    parts: tuple[Part, ...] = ()
    checks: tuple[Examined, ...] = ()
