"""The small documents inside an environment's root (contract, "An environment's root")."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from setupwizard.codes import SCHEMA
from setupwizard.errors import SetupError
from setupwizard.model.wire import MAX_DOCUMENT_BYTES, read_document

T = TypeVar("T")

_NAME = re.compile(r"[0-9]{4,9}\Z")


class Complete(Struct, frozen=True, kw_only=True):
    """COMPLETE.json: the proof that a generation was built, audited and verified to the end.

    Attributes:
        generation: the folder's own name, so that a copy under another name proves nothing.
        plan: the id of the plan that it was made from.
        lock_sha256: of the lock that the installer got.
        files: how many files the audit compared.
        variant: "cu130", "cpu" ...
        made: when, RFC 3339 in UTC.
        top: the names in the folder at that time; what appears later is the user's.
    """

    schema: Literal[1] = SCHEMA
    generation: str
    plan: str
    lock_sha256: str
    files: int
    torch: str
    variant: str
    python: str
    made: str
    top: tuple[str, ...] = ()


class Current(Struct, frozen=True, kw_only=True):
    """current.json: which generation is in use, and the one that was before it, if going back leads there."""

    schema: Literal[1] = SCHEMA
    generation: str
    previous: str | None = None


def is_generation_name(name: str) -> bool:
    """Whether a text is the name of a generation: "0001" and so on. It comes from files, so it is checked."""
    return _NAME.match(name) is not None


class _Head(Struct):
    schema: int = SCHEMA


def is_newer(text: bytes) -> bool:
    """Whether a newer version of this program wrote a document: one with a schema that this one does not know."""
    try:
        return msgspec.json.decode(text, type=_Head).schema > SCHEMA
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def is_newer_file(path: Path) -> bool:
    """Whether a newer version of this program wrote the document in a file."""
    try:
        return path.stat().st_size <= MAX_DOCUMENT_BYTES and is_newer(path.read_bytes())
    except OSError:
        return False


def read_or_none(kind: type[T], path: Path) -> T | None:
    """Read a document of ours; one that is missing, torn or from another program is None."""
    try:
        return read_document(kind, path)
    except SetupError:
        return None
