"""The table of many computers as a page for people and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from setupwizard.i18n import _
from setupwizard.model import stages
from setupwizard.model.format import enumerated, listed
from setupwizard.model.naming import variant_name
from setupwizard.model.verification import Figure
from setupwizard.steps.report import wording
from setupwizard.steps.report.fleet import SPEEDS, Collection, Line, Need, Share, Slowest
from setupwizard.steps.report.page import page_language, templates

_TONES: dict[Need, str] = {"failed": "err", "unproved": "info", "slow": "warn", "remark": "warn", "none": "ok"}
_UNITS = {"tflops": "TFLOPS", "gb_s": "GB/s"}
_HEADS = (
    "file", "made", "need", "verdict", "status", "system", "cards", "driver", "torch", "variant", "problems", "why",
    "next",
)  # fmt: skip


def render_csv(collection: Collection) -> str:
    """Return the table for a spreadsheet: stable English heads, one line a computer, then the files that are none."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow([*_HEADS, *SPEEDS])
    for line in collection.reports:
        words = [
            line.file, line.made, line.need, line.verdict or "not-checked", line.status, line.system,
            "; ".join(line.cards), line.driver, line.torch, line.variant, "; ".join(line.problems), line.why, line.next,
            *(line.figures.get(name) for name in SPEEDS),
        ]  # fmt: skip
        writer.writerow([_cell(word) for word in words])
    for refused in collection.refused:
        writer.writerow([_cell(refused.file), "", "", "unreadable", *[""] * (len(_HEADS) + len(SPEEDS) - 4)])
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
        "why": _("Why, and what to do next"),
        "cards": _("Graphics card"),
        "driver": _("Driver"),
        "system": _("System"),
        "made": _("Report made"),
        "computers": _("Computers"),
        "drivers": _("Drivers"),
        "builds": _("Builds of PyTorch"),
        "slowest": _("The slowest of each kind"),
        "figure": _("Measured"),
        "usual": _("Usual for the kind"),
        "refused": _("Files that are no report"),
    }
    return (
        templates()
        .get_template("rollup.html.j2")
        .render(
            rows=[_row(line) for line in collection.reports],
            drivers=_spread(collection.drivers),
            builds=_spread(collection.builds),
            slowest=[_slow_row(slowest) for slowest in collection.slowest],
            refused=collection.refused,
            words=words,
            lang=page_language(),
        )
    )


def _row(line: Line) -> dict[str, str]:
    return {
        "file": line.file,
        "tone": _TONES[line.need],
        "verdict": _result(line),
        "why": _why(line),
        "next": line.next,
        "cards": enumerated(line.cards),
        "driver": line.driver or "",
        "system": line.system,
        "torch": line.torch or "",
        "made": wording.time_text(line.made),
    }


def _result(line: Line) -> str:
    if line.need == "slow":
        return _("Works, but slowly")
    if line.verdict is None and line.status is not None:
        return wording.outcome_word(line.status)
    return wording.verdict_word(line.verdict)


def _why(line: Line) -> str:
    """Return what is wrong: the checks by name, then the sentence of the first."""
    titles = enumerated(stages.stage_title(check) for check in line.problems)
    slow = [_slow_text(name, share) for name, share in line.slow.items()]
    parts = [_("{name}: {value}").format(name=titles, value=line.why) if titles and line.why else titles or line.why]
    return " ".join(part for part in (*parts, *slow) if part)


def _slow_text(name: str, share: float) -> str:
    text = _("{figure}: {percent} % of what computers of its kind reach.")
    return text.format(figure=_title(name), percent=round(share * 100))


def _slow_row(slowest: Slowest) -> dict[str, str]:
    return {
        "cards": listed((enumerated(slowest.cards), variant_name(slowest.variant or ""))),
        "count": str(slowest.count),
        "figure": _title(slowest.figure),
        "value": _amount(slowest.figure, slowest.value),
        "usual": _amount(slowest.figure, slowest.median),
        "file": slowest.file,
    }


def _title(name: str) -> str:
    return stages.figure_title(name.split(".")[1])


def _amount(name: str, value: float) -> str:
    _check, figure, unit = name.split(".")
    return stages.figure_text(Figure(name=figure, value=value, unit=_UNITS[unit]))


def _spread(shares: Iterable[Share]) -> list[tuple[str, str]]:
    return [(share.name, str(share.count)) for share in shares]


def _cell(value: object) -> str:
    """Return a value that a spreadsheet shows and never calculates."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
