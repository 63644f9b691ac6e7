"""A running job on the terminal: one line that moves for people, JSON Lines for programs."""

from __future__ import annotations

import sys
import time
import uuid
from typing import Any

import click
import msgspec

from setupwizard.codes import SCHEMA
from setupwizard.i18n import _
from setupwizard.model.events import CheckDone, Event, Outcome, Output, Progress, StepStarted
from setupwizard.model.format import format_bytes, format_part, format_rate, format_time_left
from setupwizard.model.stages import stage_title
from setupwizard.model.wire import timestamp, to_builtins

MARKS = {"pass": "ok", "warn": "!", "fail": "x", "skip": "-", "not-run": "-"}


class EventLines:
    """Writes every event as one line of JSON, numbered, with the time and the id of the run."""

    def __init__(self) -> None:
        """Start a new run."""
        self._run = uuid.uuid4().hex
        self._seq = 0

    def __call__(self, event: Event) -> None:
        """Write one event."""
        self._write(to_builtins(event))

    def outcome(self, outcome: Outcome) -> None:
        """Write the last line."""
        self._write({"event": "outcome", **to_builtins(outcome)})

    def _write(self, fields: dict[str, Any]) -> None:
        line = {
            "event": fields.pop("event"),
            "schema": fields.pop("schema", SCHEMA),
            "time": timestamp(exact_to="milliseconds"),
            "run": self._run,
            "seq": self._seq,
            **fields,
        }
        self._seq += 1
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()


class Terminal:
    """Says on standard error what runs; on a terminal the line of the running step moves."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Take whether to be silent."""
        self._quiet = quiet
        self._moving = sys.stderr.isatty()
        self._last = 0.0
        self._open = False

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if self._quiet or (isinstance(event, Output) and event.id != "fetch"):
            return
        if isinstance(event, Output):
            self._line(f"  {event.text}")  # the fetcher's own words: a server that is silent, a pause
        elif isinstance(event, StepStarted):
            self._line(event.title)
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, CheckDone):
            text = f" - {event.text}" if event.text and event.status in {"warn", "fail"} else ""
            self._line(f"  [{MARKS[event.status]:>2}] {stage_title(event.id)}{text}")
        elif event.status != "done":
            self._line(_("  stopped here"))

    def _line(self, text: str) -> None:
        if self._open:
            click.echo("\r\033[K", err=True, nl=False)
            self._open = False
        click.echo(text, err=True)

    def _progress(self, event: Progress) -> None:
        if not self._moving or event.unit != "bytes" or time.monotonic() - self._last < 0.1:
            return
        self._last = time.monotonic()
        parts = [format_bytes(event.done)]
        if event.total:
            parts[0] = format_part(event.done, event.total)
        if event.rate:
            parts.append(format_rate(event.rate))
        if event.seconds_left is not None:
            parts.append(format_time_left(event.seconds_left))
        click.echo("\r\033[K  " + ", ".join(parts), err=True, nl=False)
        self._open = True
