"""The report: for the person, for who helps, and for who looks after many computers."""

from setupwizard.steps.report.collecting import collect
from setupwizard.steps.report.document import Report, report_document, with_history
from setupwizard.steps.report.fleet import Collection
from setupwizard.steps.report.keeping import newest, write_report
from setupwizard.steps.report.page import render_html
from setupwizard.steps.report.rollup import render_csv, render_rollup
from setupwizard.steps.report.view import plain_text

__all__ = [
    "Collection",
    "Report",
    "collect",
    "newest",
    "plain_text",
    "render_csv",
    "render_html",
    "render_rollup",
    "report_document",
    "with_history",
    "write_report",
]
