"""The page for people: one file that needs nothing from anywhere, and where it is kept."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from setupwizard.errors import SetupError
from setupwizard.i18n import _, language
from setupwizard.model.wire import read_document, to_json
from setupwizard.resources import resource_root
from setupwizard.steps.report.document import Report
from setupwizard.steps.report.view import view_of
from setupwizard.store.files import disk_errors, write_atomic

if TYPE_CHECKING:
    from jinja2 import Environment

_NAME = re.compile(r"report-\d{8}T\d{6}Z(-\d+)?\.json")


@cache
def templates() -> Environment:
    """Return the templates; whatever is put into them is escaped."""
    # 4 MiB that nothing needs before a report is written: who only looks at the computer does not pay for them
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resource_root()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_language() -> str:
    """Return the present language as HTML writes it."""
    return language().replace("_", "-")


def render_html(report: Report) -> str:
    """Return the report as one HTML file, in the present language."""
    view = view_of(report)
    words = {
        "product": _("PyTorch Setup"),
        "title": _("Report"),
        "usual": _("usual for this card"),
        "stage": _("What was checked"),
        "result": _("Result"),
        "what": _("What it shows"),
        "time": _("Time taken"),
        "computer": _("This computer"),
        "why": _("Why this build"),
        "next": _("What to do next"),
        "found": _("What was noticed"),
        "packages": _("Installed packages"),
        "past": _("Checks so far"),
        "start": _("start"),
        "name": _("Name"),
        "version": _("Version"),
        "size": _("Size"),
        "try": _("Try it: five short programs"),
        "as_text": _("The same as text, to copy"),
        "made": _("Made by setupwizard {version}, {time}. Nothing was sent anywhere.").format(
            version=report.program, time=view.made
        ),
    }
    return templates().get_template("report.html.j2").render(view=view, words=words, lang=page_language())


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
    names = sorted((path for path in folder.glob("report-*.json") if _NAME.fullmatch(path.name)), reverse=True)
    for path in names:
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
