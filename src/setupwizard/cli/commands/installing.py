"""plan, apply, bundle: what an install will do, and doing it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import click

from setupwizard import platforms, workflow
from setupwizard.cli import show
from setupwizard.cli.commands.looking import (
    is_elsewhere,
    machine_to_install_on,
    machine_to_plan_for,
    wish_options,
    wishes_from,
)
from setupwizard.cli.context import common, finish, json_option, stop_on_signal, usual_pace, voice
from setupwizard.cli.progress import EventLines, Terminal
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Outcome
from setupwizard.model.format import format_bytes, listed
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.settings import Downloads
from setupwizard.tools import preferences
from setupwizard.tools.awake import awake
from setupwizard.workflow import Root, Track

F = TypeVar("F", bound=Callable[..., Any])

env_option = click.option(
    "--env", type=click.Path(path_type=Path), default=None, metavar="DIR", help="The environment's root."
)


def plan_options(command: F) -> F:
    """Add the options that say where and from where to install."""
    for option in reversed(
        (
            env_option,
            click.option("--backend", type=click.Choice(("uv", "pip", "conda")), default="uv", help="What installs."),
            click.option("--source", "sources", multiple=True, metavar="ID|URL|DIR", help="Only from here."),
            click.option("--bundle", type=click.Path(path_type=Path), metavar="DIR", help="From an offline folder."),
            click.option(
                "--allowed-signers",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="With --bundle: one of these has to have signed it.",
            ),
        )
    ):
        command = option(command)
    return wish_options(command)


def root_of(env: Path | None) -> Root:
    """Return the root that an option names, or the default one of the scope.

    Raises:
        SetupError: "path-unsuitable": it is for everybody, and others than who installs could exchange its files.
    """
    everybody = voice.scope == "machine"
    folder = env or (platforms.machine_root() if everybody else platforms.default_root())
    root = Root(folder.expanduser().absolute())
    shared = platforms.who_else_writes(root.path) if everybody else None
    if shared is not None:
        why = _("Other users can change files in {folder}, and everybody would run them.").format(folder=shared)
        raise SetupError("path-unsuitable", path=str(root.path), why=why, better=str(platforms.machine_root()))
    return root


def choices_from(options: dict[str, Any]) -> workflow.Choices:
    """Return the choices that the options of plan and apply stand for."""
    wishes = wishes_from(*(options.pop(name) for name in ("gpus", "python", "torch", "variant", "cpu")))
    return workflow.Choices(
        wishes=wishes,
        root=root_of(options.pop("env")).path,
        backend=options.pop("backend"),
        sources=_sources(options.pop("sources")),
    )


def _sources(asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the download servers that were named, else the one that is set for every visit."""
    if len(asked) > 1:
        return tuple(preferences.wish("source", one) for one in asked)
    source = preferences.wish("source", asked[0] if asked else None)
    return (source,) if source else ()


@click.command()
@plan_options
@click.option("--export", type=click.Path(path_type=Path), metavar="FILE.toml", help="Save it for other machines.")
@json_option
@common
def plan(export: Path | None, json: bool, **options: Any) -> None:
    """Say everything that an install would do; nothing is changed."""
    given = given_from(None, options)
    files = options.pop("machines")
    if len(files) > 1 and (export is None or given is not None):
        raise SetupError("usage", what=_("more than one --machine goes with recommend and with plan --export"))
    opened = given.open() if given is not None else None
    machines = [machine_to_plan_for(file) if export is not None else machine_to_install_on((file,)) for file in files]
    machines = machines or [machine_to_install_on(())]
    choices = choices_from(options)
    with stop_on_signal() as cancel:
        track = Track(Terminal(quiet=voice.quiet), cancel)
        made: tuple[workflow.Plan, ...]
        if opened is not None:
            made = (workflow.plan_from(opened, machines[0], workflow.decide(machines[0], choices), choices, track),)
        elif len(machines) == 1 and (export is None or not is_elsewhere(machines[0])):
            made = (workflow.plan(machines[0], workflow.decide(machines[0], choices), choices, track),)
        else:
            made = workflow.plans_for(machines, choices, track)
    if json:
        voice.document(made[0])
    else:
        voice.say("\n\n".join(map(show.plan, made)))
    if export is not None:
        _tell_export(workflow.save_plan(made, export))
    finish("ok")


def _tell_export(written: workflow.Exported) -> None:
    names = listed([str(written.file), *(path.name for path in written.locks)])
    voice.note(_("Written: {file}").format(file=names))
    voice.note(
        _("Whoever applies it can insist on it: {option}").format(option=f"--expect-plan sha256:{written.sha256}")
    )


def given_from(plan_file: Path | None, options: dict[str, Any]) -> workflow.Given | None:
    """Return the plan or the offline folder that was named, None when neither was."""
    folder, signers = options.pop("bundle"), options.pop("allowed_signers")
    if plan_file is None and folder is None:
        if signers is not None:
            raise SetupError("usage", what=_("--allowed-signers goes with --bundle"))
        return None
    return workflow.Given(plan_file=plan_file, bundle=folder, signers=signers)


@click.command()
@click.argument("plan_file", metavar="[PLAN.toml]", required=False, type=click.Path(path_type=Path))
@plan_options
@click.option("--yes", is_flag=True, help="Take the recommendation without a question.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--offline", is_flag=True, help="Never touch the network.")
@click.option("--accept-unverified", is_flag=True, help="Put it in use even if the proof is not given.")
@click.option(
    "--downloads",
    type=click.Choice(("auto", "keep", "remove")),
    default=None,
    help="Whether the packages' files stay for a repair without the network; auto: where there is ample room.",
)
@click.option("--leave-out", is_flag=True, help="Go on without packages of yours that cannot be carried over.")
@click.option("--expect-plan", metavar="sha256:HEX", help="Go on only if the plan is this one.")
@click.option("--events", is_flag=True, help="Print JSON Lines while it runs.")
@json_option
@common
def apply(
    plan_file: Path | None,
    yes: bool,
    dry_run: bool,
    offline: bool,
    accept_unverified: bool,
    downloads: Downloads | None,
    leave_out: bool,
    expect_plan: str | None,
    events: bool,
    json: bool,
    **options: Any,
) -> None:
    """Install, prove, and only then put in use."""
    if events and json:
        raise SetupError("usage", what=_("--events and --json cannot be used together"))
    given = given_from(plan_file, options)
    asks = not yes and given is None
    if asks and not sys.stdin.isatty():
        raise SetupError("usage", what=_("without a terminal, apply needs a plan or --yes"))
    machine_files = options.pop("machines")
    choices = choices_from(options)
    lines = EventLines() if events else None
    with stop_on_signal() as cancel, ExitStack() as meanwhile:

        def agree(decision: Recommendation, made: workflow.Plan) -> bool:
            agreed = (_ask if asks else _show)(decision, made)
            if agreed and made.changes and not dry_run:
                meanwhile.enter_context(awake())
            return agreed

        track = Track(lines or Terminal(quiet=voice.quiet), cancel, usual_pace())
        job = workflow.Job(
            choices=choices,
            options=workflow.ApplyOptions(
                accept_unverified=accept_unverified,
                leave_out=leave_out or asks,  # who was asked has read it
                downloads=preferences.wish("downloads", downloads),
                dry_run=dry_run,
                exit_codes=voice.exit_codes,
            ),
            given=given,
            offline=offline,
            expected_plan=expect_plan,
            confirm=agree,
        )
        outcome = workflow.run(job, lambda: machine_to_install_on(machine_files), track)
    if lines is not None:
        lines.outcome(outcome)
    _tell(outcome)
    finish(outcome.exit)


def _show(decision: Recommendation, made: workflow.Plan) -> bool:
    """Say what was decided and what will be done: nothing runs that was not shown."""
    if not voice.json:
        voice.note(show.recommendation(decision))
        voice.note(show.plan_in_short(made))
    return True


def _ask(decision: Recommendation, made: workflow.Plan) -> bool:
    click.echo(show.recommendation(decision))
    click.echo(show.plan(made))
    return not made.changes or click.confirm(_("Install this now?"), default=True)


def _tell(outcome: Outcome) -> None:
    if voice.json:
        voice.document(outcome)
    if outcome.error is not None:
        click.echo(f"{outcome.error.title}.", err=True)
        click.echo(outcome.error.advice, err=True)
    else:
        voice.note(show.outcome(outcome))
        if outcome.status in {"done", "already-done"} and outcome.root is not None and outcome.current is not None:
            voice.note(show.turn_on(Root(Path(outcome.root))))


@click.command()
@click.argument("plan_file", metavar="PLAN.toml", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--source", "sources", multiple=True, metavar="ID|URL|DIR", help="Only from here.")
@click.option("--sign", type=click.Path(path_type=Path), metavar="KEY", help="Sign it with this ssh key.")
@json_option
@common
def bundle(plan_file: Path, folder: Path, sources: tuple[str, ...], sign: Path | None, json: bool) -> None:
    """Make an offline folder of a plan: wheels, locks, the program, checksums."""
    with stop_on_signal() as cancel:
        track = Track(Terminal(quiet=voice.quiet), cancel)
        made = workflow.make_bundle(plan_file, folder, track, sources=sources, key=sign)
    if json:
        voice.document(made)
    else:
        size = format_bytes(sum(file.size for file in made.files))
        voice.say(_("Written: {file}").format(file=f"{folder} ({size})"))
        if not made.python:
            voice.say(_("There is no Python in it: each computer uses one of its own."))
    finish("ok")


COMMANDS = (plan, apply, bundle)
