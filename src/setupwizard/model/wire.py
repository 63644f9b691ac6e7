"""Documents to JSON and back, the schema of each, and how they write a time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from setupwizard.errors import SetupError

T = TypeVar("T")

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""No honest document comes near this; a larger file is refused before it is read."""


def timestamp(moment: datetime | None = None, *, exact_to: Literal["seconds", "milliseconds"] = "seconds") -> str:
    """Return a time as documents write it, RFC 3339 in UTC: "2026-11-22T14:05:00Z"; the present one when None."""
    return (moment or datetime.now(UTC)).astimezone(UTC).isoformat(timespec=exact_to).replace("+00:00", "Z")


def to_json(document: object, *, pretty: bool = True) -> str:
    """Return a document as JSON text: indented for people, one line for JSON Lines."""
    raw = msgspec.json.encode(document)
    return (msgspec.json.format(raw, indent=2) if pretty else raw).decode()


def to_builtins(document: object) -> Any:
    """Return a document as plain dicts and lists."""
    return msgspec.to_builtins(document)


def from_json(kind: type[T], data: bytes, *, name: str) -> T:
    """Read a document; keys that are not known are ignored.

    Args:
        kind: the struct that the document has to be.
        data: UTF-8 JSON, with or without a byte order mark.
        name: what to call the document in a message: usually its file.

    Raises:
        SetupError: "document-invalid": it is not JSON, or not that document.
    """
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SetupError("document-invalid", file=name, problem=str(error)) from error


def read_document(kind: type[T], path: Path) -> T:
    """Read a document from a file.

    Raises:
        SetupError: "document-unreadable" or "document-invalid".
    """
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise SetupError("document-invalid", file=str(path), problem=f"more than {MAX_DOCUMENT_BYTES} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise SetupError("document-unreadable", file=str(path), detail=str(error)) from error
    return from_json(kind, data, name=str(path))


def schema_of(kind: type[object]) -> dict[str, Any]:
    """Return the JSON Schema of a document."""
    return msgspec.json.schema(kind)
