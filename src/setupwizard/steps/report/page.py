"""The page for people: one file that needs nothing from anywhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from setupwizard.i18n import _, language
from setupwizard.resources import resource_root
from setupwizard.steps.report.document import Report
from setupwizard.steps.report.view import view_of

if TYPE_CHECKING:
    from jinja2 import Environment


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
