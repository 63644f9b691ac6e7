"""The reports of many computers, read into one table. The files come from elsewhere: none is trusted."""

from __future__ import annotations

import logging
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Outcome
from setupwizard.model.verification import Verification
from setupwizard.model.wire import read_document
from setupwizard.steps.report import wording
from setupwizard.steps.report.document import Report
from setupwizard.steps.report.fleet import Collection, Line, Need, Refused, summed_up
from setupwizard.steps.report.keeping import order_of

log = logging.getLogger(__name__)

MOST_FILES: Final = 10_000
"""No folder of reports is larger; what comes after is named as left out."""

Retold = Callable[[Verification], Verification]


def _as_it_is(proof: Verification) -> Verification:
    return proof


def collect(folder: Path, retold: Retold = _as_it_is) -> Collection:
    """Read every report, outcome and proof below a folder. Links are not followed, and nothing outside of it is read.

    Of the dated reports that one environment kept in its own folder, only the newest counts.

    Args:
        folder: where the files are.
        retold: makes the sentences of a proof again in the language of who reads the table.

    Raises:
        SetupError: "document-unreadable": the folder cannot be read.
    """
    if not folder.is_dir():
        raise SetupError("document-unreadable", file=str(folder))
    lines: list[Line] = []
    refused: list[Refused] = []
    for number, (path, older) in enumerate(_newest(_files(folder))):
        name = path.relative_to(folder).as_posix()
        if number >= MOST_FILES:
            refused.append(Refused(file=name, problem=_("There are more than {count} files.").format(count=MOST_FILES)))
            break
        try:
            lines.append(replace(_line(name, _read(path), retold), older=older))
        except SetupError as error:
            log.info("%s is no report: %s", name, error.facts.get("problem", error))
            unreadable = error.code == "document-unreadable"
            problem = _("It cannot be read.") if unreadable else _("It is not a report of setupwizard.")
            refused.append(Refused(file=name, problem=problem))
    return summed_up(lines, refused)


def _read(path: Path) -> Report | Outcome | Verification:
    """Return the document that a file holds, whichever of the three kinds it is.

    Raises:
        SetupError: it is none of them, or cannot be read.
    """
    kinds: tuple[type[Report | Outcome], ...] = (Report, Outcome)
    for kind in kinds:
        try:
            return read_document(kind, path)
        except SetupError as error:
            if error.code == "document-unreadable":
                raise
    return read_document(Verification, path)


def _line(name: str, found: Report | Outcome | Verification, retold: Retold) -> Line:
    """Return the line of a document."""
    proof = found if isinstance(found, Verification) else found.verification
    outcome = found.outcome if isinstance(found, Report) else found if isinstance(found, Outcome) else None
    line = _line_of_proof(name, retold(proof)) if proof is not None else Line(file=name)
    if isinstance(found, Report):
        line = _with_computer(line, found)
    if outcome is not None:
        line = replace(line, status=outcome.status)
        if outcome.error is not None and not line.problems:
            error = outcome.error.retold()
            line = replace(line, why=error.title, next=error.advice)
    need = _need(line)
    if need == "unproved" and not line.next:
        line = replace(line, next=_("Check the environment on this computer."))
    return replace(line, need=need)


def _with_computer(line: Line, report: Report) -> Line:
    machine, decision = report.machine, report.recommendation
    actions = [action.text for action in decision.actions if action.text] if decision is not None else []
    return replace(
        line,
        made=report.made,
        system=wording.system_text(machine),
        cards=tuple(wording.card_text(gpu) for gpu in machine.gpus),
        driver=machine.nvidia_driver.version if machine.nvidia_driver else None,
        next=line.next or next(iter(actions), ""),
    )


def _line_of_proof(name: str, proof: Verification) -> Line:
    telling = [check for status in ("fail", "warn", "not-run") for check in proof.checks if check.status == status]
    first = telling[0] if telling and proof.verdict != "pass" else None
    return Line(
        file=name,
        made=proof.started,
        verdict=proof.verdict,
        cards=tuple(device.name for device in proof.devices if device.name),
        driver=next((device.driver for device in proof.devices if device.driver), None),
        torch=proof.torch.version if proof.torch is not None else None,
        variant=proof.torch.variant if proof.torch is not None else None,
        problems=tuple(check.id for check in proof.checks if check.status == "fail"),
        why=first.text if first is not None else "",
        next=first.advice if first is not None else "",
        figures=proof.numbers(),
    )


def _need(line: Line) -> Need:
    if line.verdict == "fail" or line.status in {"failed", "cancelled"}:
        return "failed"
    if not line.works:
        return "unproved"
    return "remark" if line.verdict == "warn" else "none"


def _newest(files: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """Yield each file, and of the dated reports of one folder the newest with the number of older ones."""
    dated: dict[Path, list[tuple[tuple[str, int], Path]]] = defaultdict(list)
    for path in files:
        order = order_of(path)
        if order is None:
            yield path, 0
        else:
            dated[path.parent].append((order, path))
    for reports in dated.values():
        yield max(reports)[1], len(reports) - 1


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
