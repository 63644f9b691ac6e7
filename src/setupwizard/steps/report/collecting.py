"""Many reports in one table, for who looks after a room or a fleet. The files come from elsewhere: none is trusted."""

from __future__ import annotations

import csv
import io
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from setupwizard.codes import SCHEMA, CheckId, VerificationVerdict
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model import stages
from setupwizard.model.wire import read_document
from setupwizard.steps.report import wording
from setupwizard.steps.report.document import Report
from setupwizard.steps.report.page import page_language, templates

log = logging.getLogger(__name__)

MOST_FILES: Final = 10_000
"""No folder of reports is larger; what comes after is named as left out."""
_URGENCY = ("fail", "not-verified", None, "warn", "pass")
_SPEEDS = ("matmul.fp32.tflops", "matmul.fp16.tflops", "copy-device.bandwidth.gb_s")


class Line(Struct, frozen=True, kw_only=True):
    """One report in the table. `figures` are by their flat names."""

    file: str
    made: str
    verdict: VerificationVerdict | None
    system: str
    cards: tuple[str, ...]
    driver: str | None
    torch: str | None
    variant: str | None
    problems: tuple[CheckId, ...]
    figures: dict[str, float]


class Refused(Struct, frozen=True, kw_only=True):
    """A file that is no report."""

    file: str
    problem: str


class Collection(Struct, frozen=True, kw_only=True):
    """All reports of a folder, and the files there that are none."""

    schema: Literal[1] = SCHEMA
    reports: tuple[Line, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def working(self) -> int:
        """How many computers have a proof that was given."""
        return sum(1 for line in self.reports if line.verdict in {"pass", "warn"})


def collect(folder: Path) -> Collection:
    """Read every report below a folder. Links are not followed, and nothing outside of it is read.

    Raises:
        SetupError: "document-unreadable": the folder cannot be read.
    """
    if not folder.is_dir():
        raise SetupError("document-unreadable", file=str(folder))
    lines: list[Line] = []
    refused: list[Refused] = []
    for number, path in enumerate(_files(folder)):
        name = path.relative_to(folder).as_posix()
        if number >= MOST_FILES:
            refused.append(Refused(file=name, problem=_("There are more than {count} files.").format(count=MOST_FILES)))
            break
        try:
            lines.append(line_of(name, read_document(Report, path)))
        except SetupError as error:
            log.info("%s is no report: %s", name, error.facts.get("problem", error))
            unreadable = error.code == "document-unreadable"
            problem = _("It cannot be read.") if unreadable else _("It is not a report of setupwizard.")
            refused.append(Refused(file=name, problem=problem))
    return Collection(reports=tuple(lines), refused=tuple(refused))


def line_of(name: str, report: Report) -> Line:
    """Return one report as a line of the table."""
    proof, machine = report.verification, report.machine
    torch = proof.torch if proof is not None else None
    problems = [check.id for check in proof.checks if check.status == "fail"] if proof is not None else []
    return Line(
        file=name,
        made=report.made,
        verdict=proof.verdict if proof is not None else None,
        system=wording.system_text(machine),
        cards=tuple(wording.card_text(gpu) for gpu in machine.gpus),
        driver=machine.nvidia_driver.version if machine.nvidia_driver else None,
        torch=torch.version if torch is not None else None,
        variant=torch.variant if torch is not None else None,
        problems=tuple(problems),
        figures=proof.numbers() if proof is not None else {},
    )


def render_csv(collection: Collection) -> str:
    """Return the table for a spreadsheet: stable English heads, one line a report, then the files that are none."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    heads = ["file", "made", "verdict", "system", "cards", "driver", "torch", "variant", "problems", *_SPEEDS]
    writer.writerow(heads)
    for line in collection.reports:
        words = [
            line.file, line.made, line.verdict or "not-checked", line.system, "; ".join(line.cards), line.driver,
            line.torch, line.variant, "; ".join(line.problems), *(line.figures.get(name) for name in _SPEEDS),
        ]  # fmt: skip
        writer.writerow([_cell(word) for word in words])
    for refused in collection.refused:
        writer.writerow([_cell(refused.file), "", "unreadable", *[""] * (len(heads) - 3)])
    return output.getvalue()


def render_rollup(collection: Collection) -> str:
    """Return the table as one HTML file, in the present language."""
    words = {
        "product": _("PyTorch Setup"),
        "title": _("Reports of many computers"),
        "sum": _("PyTorch works on {working} of {all} computers.").format(
            working=collection.working, all=len(collection.reports)
        ),
        "file": _("File"),
        "verdict": _("Result"),
        "cards": _("Graphics card"),
        "driver": _("Driver"),
        "system": _("System"),
        "problems": _("Problems"),
        "made": _("Report made"),
        "refused": _("Files that are no report"),
    }
    tones = {"pass": "ok", "warn": "warn", "fail": "err", "not-verified": "info", None: "info"}
    rows = [
        {
            "file": line.file,
            "tone": tones[line.verdict],
            "verdict": wording.verdict_word(line.verdict),
            "cards": stages.listed(line.cards),
            "driver": line.driver or "",
            "system": line.system,
            "torch": line.torch or "",
            "problems": stages.listed(stages.stage_title(check) for check in line.problems),
            "made": wording.time_text(line.made),
        }
        for line in sorted(collection.reports, key=lambda line: (_URGENCY.index(line.verdict), line.file))
    ]
    template = templates().get_template("rollup.html.j2")
    return template.render(rows=rows, refused=collection.refused, words=words, lang=page_language())


def _files(folder: Path) -> Iterator[Path]:
    """Yield the JSON files below a folder, in the order of their names."""
    for where, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(where) / name
            if name.lower().endswith(".json") and _is_plain(path):
                yield path


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _cell(value: object) -> str:
    """Return a value that a spreadsheet shows and never calculates."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
