"""Where reports are kept: a page and a document beside each other, named by their time, never one over another."""

from __future__ import annotations

import re
from pathlib import Path

from setupwizard.errors import SetupError
from setupwizard.model.wire import read_document, to_json
from setupwizard.steps.report.document import Report
from setupwizard.steps.report.page import render_html
from setupwizard.store.files import disk_errors, write_atomic

_NAME = re.compile(r"report-(?P<made>\d{8}T\d{6}Z)(?:-(?P<number>\d{1,9}))?\.json")


def order_of(path: Path) -> tuple[str, int] | None:
    """Return what a kept report's name says of its place in time, later ones being larger; None: it is no such name."""
    match = _NAME.fullmatch(path.name)
    return (match["made"], int(match["number"] or 1)) if match else None


def write_report(folder: Path, report: Report) -> tuple[Path, Path]:
    """Write a report as a page and as a document; each file is there whole or not at all.

    Returns:
        The page and the document.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    stem = _free_stem(folder, "report-" + re.sub(r"[-:]", "", report.made))
    page, document = folder / f"{stem}.html", folder / f"{stem}.json"
    write_atomic(page, render_html(report).encode())
    write_atomic(document, f"{to_json(report)}\n".encode())
    return page, document


def newest(folder: Path) -> Report | None:
    """Return the newest report that a folder holds and that can be read; None when there is none."""
    dated = [(order, path) for path in folder.glob("report-*.json") if (order := order_of(path)) is not None]
    for _order, path in sorted(dated, reverse=True):
        try:
            return read_document(Report, path)
        except SetupError:
            continue
    return None


def _free_stem(folder: Path, stem: str) -> str:
    number, found = 1, stem
    while (folder / f"{found}.json").exists():
        number += 1
        found = f"{stem}-{number}"
    return found
