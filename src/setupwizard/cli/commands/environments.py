"""verify, doctor, report, rollback, remove, gc: what is done with an environment that is there."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from setupwizard import workflow
from setupwizard.cli import show
from setupwizard.cli.commands.installing import env_option, root_of
from setupwizard.cli.commands.looking import this_machine
from setupwizard.cli.context import common, finish, json_option, stop_on_signal, voice
from setupwizard.cli.progress import Terminal
from setupwizard.codes import CHECK_IDS, CheckId, VerifyLevel, VerifyMode
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.doctor import Doctor
from setupwizard.model.wire import to_json
from setupwizard.store.aside import FOLDER as KEPT_FOLDER
from setupwizard.store.files import write_named
from setupwizard.workflow import Root, Track, doctoring, drift


@click.command()
@env_option
@click.option("--plan", "plan_file", type=click.Path(path_type=Path), metavar="FILE", help="Compare with this plan.")
@click.option(
    "--level", type=click.Choice(("files", "import", "device")), help="How deep; as the plan says, else to the device."
)
@click.option("--quick", "mode", flag_value="quick", default=True, help="Within about 20 seconds.")
@click.option("--full", "mode", flag_value="full", help="Within about two minutes.")
@click.option("--only", multiple=True, type=click.Choice(CHECK_IDS), metavar="ID", help="Only this check.")
@json_option
@common
def verify(
    env: Path | None,
    plan_file: Path | None,
    level: VerifyLevel | None,
    mode: VerifyMode,
    only: tuple[CheckId, ...],
    json: bool,
) -> None:
    """Prove that an environment works on this computer."""
    opened = workflow.Given(plan_file=plan_file).open() if plan_file is not None else None
    level = level or (opened.plan.verify.level if opened is not None else "device")
    root = root_of(env)
    if opened is None:
        workflow.must_be_environment(root)
    machine = this_machine(())
    options = workflow.ProofOptions(level=level, mode=mode, only=only)
    differs = False
    with stop_on_signal() as cancel:
        track = Track(Terminal(quiet=voice.quiet or json), cancel)
        if opened is None:
            verification = workflow.verify_environment(root, machine, options, track)
        else:
            verification, differs = drift.verify_against(opened, root, machine, options, track)
    if json:
        voice.document(verification)
    else:
        voice.say("\n".join((show.verification(verification), *workflow.changes_since(root, verification))))
    finish("drift" if differs else workflow.verification_exit(verification, voice.exit_codes))


@click.command()
@env_option
@click.option("--fix", is_flag=True, help="Cure what was found.")
@click.option("--yes", is_flag=True, help="Cure it without a question.")
@json_option
@common
def doctor(env: Path | None, fix: bool, yes: bool, json: bool) -> None:
    """Say why PyTorch does not work here, and cure it."""
    if yes and not fix:
        raise SetupError("usage", what=_("--yes goes with --fix"))
    folder = root_of(env).path if env is not None else doctoring.default_environment(root_of(None).path)
    root = Root(folder)
    if not root.is_ours():
        workflow.must_be_environment(root)
    machine = this_machine(())
    with stop_on_signal() as cancel:
        track = Track(Terminal(quiet=voice.quiet or json), cancel)
        examined = doctoring.examine(root, machine, track)
        document = examined.document
        if fix and doctoring.curable(document) is not None:
            document = _cured(examined, track, yes=yes)
    if json:
        voice.document(document)
    else:
        voice.say(show.doctor(document))
    finish("ok" if document.healthy else "drift")


def _cured(examined: doctoring.Examined, track: Track, *, yes: bool) -> Doctor:
    """Carry the cure out once it was agreed to; else return what it would change."""
    cure = doctoring.curable(examined.document)
    in_place = cure is not None and cure.code == "repair"
    prepared = doctoring.prepare(examined, track) if in_place else None
    document = doctoring.worked_out(examined, prepared) if prepared is not None else examined.document
    if not yes:
        voice.say(show.doctor(document))
        if voice.json or not sys.stdin.isatty() or not click.confirm(_("Carry this out now?"), default=False):
            return document
    cured = doctoring.cure(examined, prepared, track)
    if prepared is not None:
        voice.note(
            _("What was replaced is kept in {folder}; delete it once all your programs work.").format(
                folder=examined.root.path / KEPT_FOLDER
            )
        )
    return cured


@click.command()
@env_option
@click.option("--collect", type=click.Path(path_type=Path), metavar="DIR", help="Sum up the reports in a folder.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page for people.")
@click.option("--csv", type=click.Path(path_type=Path), metavar="FILE", help="With --collect: write a table.")
@json_option
@common
def report(env: Path | None, collect: Path | None, html: Path | None, csv: Path | None, json: bool) -> None:
    """Show the report of an environment, or sum up many."""
    if csv is not None and collect is None:
        raise SetupError("usage", what=_("--csv goes with --collect"))
    if collect is not None:
        rows = workflow.collect_reports(collect)
        document: object = rows
        page, table = workflow.report.render_rollup(rows), workflow.report.render_csv(rows)
        if csv is not None:
            write_named(csv, table)
    else:
        found = workflow.last_report(root_of(env), lambda: this_machine(()))
        document, page, table = found, workflow.report.render_html(found), workflow.report.plain_text(found)
    if html is not None:
        write_named(html, page)
        voice.note(_("Written: {file}").format(file=html))
    if json:
        voice.document(document)
    elif html is None:
        voice.say(table or to_json(document))
    finish("ok")


@click.command()
@env_option
@json_option
@common
def rollback(env: Path | None, json: bool) -> None:  # noqa: ARG001 - voice knows
    """Put the environment before the present one in use again."""
    finish(_end(workflow.roll_back(root_of(env), voice.exit_codes)))


@click.command()
@env_option
@json_option
@common
def remove(env: Path | None, json: bool) -> None:  # noqa: ARG001 - voice knows
    """Remove an environment: all that setupwizard made there, and nothing else."""
    finish(_end(workflow.remove(root_of(env), voice.exit_codes)))


@click.command()
@env_option
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
@common
def gc(env: Path | None, dry_run: bool, json: bool) -> None:  # noqa: ARG001 - voice knows
    """Remove what no environment needs: old generations, leftovers, unused downloads."""
    finish(_end(workflow.collect_garbage(root_of(env), voice.exit_codes, dry_run=dry_run)))


def _end(outcome: workflow.Outcome) -> int:
    if voice.json:
        voice.document(outcome)
    else:
        voice.say(show.outcome(outcome))
    return outcome.exit


COMMANDS = (verify, doctor, report, rollback, remove, gc)
