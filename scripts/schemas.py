"""Write what is made from the types: resources/schema and docs/codes.md. `--check` only compares."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec

from setupwizard import codes
from setupwizard.model.bundle import Bundle
from setupwizard.model.doctor import Doctor
from setupwizard.model.events import Error, Event, Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.planfile import PlanFile
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.self_test import SelfTest
from setupwizard.model.verification import Verification
from setupwizard.model.wire import schema_of
from setupwizard.probes.findings import FINDINGS
from setupwizard.sentences import SENTENCES

TOP = Path(__file__).resolve().parent.parent
KINDS = (Machine, Recommendation, Plan, Outcome, Error, Verification, Doctor, SelfTest, PlanFile, Bundle)
HEAD = "https://json-schema.org/draft/2020-12/schema"
LISTS = (
    "Verdict",
    "ReasonCode",
    "ActionCode",
    "RejectedCode",
    "SourceKind",
    "ProbeCode",
    "StepId",
    "StepStatus",
    "OutcomeStatus",
    "CheckId",
    "CheckStatus",
    "VerificationVerdict",
    "CauseCode",
    "CureCode",
    "SelfTestId",
    "SelfTestStatus",
)


def schema_files() -> dict[Path, str]:
    """Return the schema of every document."""
    files = {}
    for kind in KINDS:
        head = {"$schema": HEAD, "title": kind.__name__}
        path = TOP / "resources" / "schema" / f"{kind.__name__.lower()}.schema.json"
        files[path] = _text({**head, **schema_of(kind)})
    path = TOP / "resources" / "schema" / "event.schema.json"
    files[path] = _text(event_schema())
    return files


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(_plain(schema), indent=2) + "\n"


def _plain(part: Any) -> Any:
    """Return a schema with its descriptions without the code's margin: msgspec took it away only from 0.23 on."""
    if isinstance(part, dict):
        return {
            name: inspect.cleandoc(value) if name == "description" and isinstance(value, str) else _plain(value)
            for name, value in part.items()
        }
    return [_plain(one) for one in part] if isinstance(part, list) else part


def event_schema() -> dict[str, Any]:
    """Return the schema of one line of `apply --events`: what every line has, and what each event adds."""
    (events, outcome), parts = msgspec.json.schema_components((Event, Outcome), ref_template="#/$defs/{name}")
    every = {
        "schema": {"const": codes.SCHEMA},
        "time": {"type": "string", "format": "date-time"},
        "run": {"type": "string"},
        "seq": {"type": "integer", "minimum": 0},
        "event": {"type": "string"},
    }
    last = {"allOf": [outcome, {"properties": {"event": {"const": "outcome"}}}]}
    return {
        "$schema": HEAD,
        "title": "Event",
        "type": "object",
        "properties": every,
        "required": sorted(every),
        "anyOf": [*events["anyOf"], last],
        "$defs": parts,
    }


def codes_page() -> str:
    """Return the page of all stable words."""
    lines = [
        "# Codes",
        "",
        "Made from `src/setupwizard/codes.py` and `sentences/` by `make schemas`.",
        "Texts are translated; these words never change.",
        "",
        "## Exit codes",
        "",
        "| id | code | with `--exit-codes windows` |",
        "|---|---|---|",
        *(f"| {name} | {posix} | {windows} |" for name, (posix, windows) in codes.EXIT_CODES.items()),
        "",
        "## Error codes",
        "",
        "| code | exit id | what a person reads |",
        "|---|---|---|",
        *(f"| {code} | {SENTENCES[code].exit_id} | {SENTENCES[code].title}. |" for code in codes.ERROR_CODES),
    ]
    lines += [
        "",
        "## Finding codes",
        "",
        "What `detect` can notice (Machine, `findings`).",
        "",
        "| code | level | what a person reads |",
        "|---|---|---|",
        *(f"| {code} | {row.level} | {row.text} |" for code, row in FINDINGS.items()),
    ]
    for name in LISTS:
        lines += ["", f"## {name}", "", ", ".join(f"`{word}`" for word in get_args(getattr(codes, name)))]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or compare every file."""
    old = []
    for path, text in {**schema_files(), TOP / "docs" / "codes.md": codes_page()}.items():
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            old.append(path.name)
    for name in old:
        print(f"{name} is not what the types say: run make schemas", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
