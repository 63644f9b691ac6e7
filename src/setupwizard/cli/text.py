"""The wizard in a terminal: the same pages in the same order, as questions and answers."""

from __future__ import annotations

import sys

import click

from setupwizard import workflow
from setupwizard.cli import show
from setupwizard.cli.context import stop_on_signal, usual_pace, voice
from setupwizard.cli.progress import Terminal
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.tools.awake import awake
from setupwizard.tools.concurrency import Cancel
from setupwizard.workflow import Root, Track


def run_text() -> int:
    """Go from the first page to the last; every question has an answer that Enter takes.

    Raises:
        SetupError: "usage": there is no terminal to ask at.
    """
    if not sys.stdin.isatty():
        raise SetupError("usage", what=_("there is no terminal to ask at; use: setupwizard apply --yes"))
    with stop_on_signal() as cancel:
        return _pages(cancel)


def _pages(cancel: Cancel) -> int:
    session = workflow.Session()
    page: workflow.PageName | None = "start"
    while page is not None:
        session = _SHOW[page](session, cancel)
        if page == "build" and session.outcome is None and session.plan is None:
            return voice.fail(SetupError("cancelled"))
        page = workflow.next_page(page, session)
    return session.outcome.exit if session.outcome is not None else 0


def _start(session: workflow.Session, _cancel: Cancel) -> workflow.Session:
    click.echo(_("Get PyTorch running on your graphics card"))
    click.echo(
        _(
            "We check your PC, pick the build that fits, install it and prove that it works. "
            "Nothing changes on your PC until you say yes."
        )
    )
    left = workflow.unfinished(Root(session.choices.root))
    if left is not None:
        click.echo(_("Your last setup stopped before its end. What was downloaded is kept and will be reused."))
    return session


def _computer(session: workflow.Session, cancel: Cancel) -> workflow.Session:
    click.echo("\n" + _("Your computer"))
    machine = workflow.detect(cancel=cancel)
    click.echo(show.machine(machine))
    session = session.with_machine(machine)
    return session.with_recommendation(workflow.decide(machine, session.choices))


def _build(session: workflow.Session, cancel: Cancel) -> workflow.Session:
    assert session.machine is not None  # noqa: S101 - the page before put it there
    assert session.recommendation is not None  # noqa: S101
    click.echo("\n" + _("Choose a build"))
    click.echo(show.recommendation(session.recommendation))
    folder = click.prompt(_("Folder"), default=str(session.choices.root))
    choices = workflow.with_root(session.choices, folder)
    made = workflow.plan(session.machine, session.recommendation, choices, Track(Terminal(), cancel))
    session = session.with_choices(choices)
    click.echo(show.plan(made))
    if made.changes and not click.confirm(_("Install this now?"), default=True):
        return session
    return session.with_plan(made)


def _install(session: workflow.Session, cancel: Cancel) -> workflow.Session:
    assert session.machine is not None  # noqa: S101 - the pages before put them there
    assert session.recommendation is not None  # noqa: S101
    assert session.plan is not None  # noqa: S101
    click.echo("\n" + _("Install"))
    track = Track(Terminal(), cancel, usual_pace())
    options = workflow.ApplyOptions(exit_codes=voice.exit_codes)
    with awake():
        outcome = workflow.apply(session.plan, session.machine, session.recommendation, options, track)
    click.echo(show.outcome(outcome))
    return session.with_outcome(outcome)


def _verify(session: workflow.Session, _cancel: Cancel) -> workflow.Session:
    return session  # the proof was part of the job: nothing is put in use without it


def _finish(session: workflow.Session, _cancel: Cancel) -> workflow.Session:
    root = Root(session.choices.root)
    click.echo("\n" + _("PyTorch is ready."))
    click.echo(show.turn_on(root))
    click.echo(_("The report is in {folder}.").format(folder=root.reports))
    return session


_SHOW = {
    "start": _start,
    "computer": _computer,
    "build": _build,
    "install": _install,
    "verify": _verify,
    "finish": _finish,
}
