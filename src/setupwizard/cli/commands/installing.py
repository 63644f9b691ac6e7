"""plan, apply, bundle: what an install will do, and doing it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from setupwizard import platforms, workflow
from setupwizard.cli import show
from setupwizard.cli.commands.looking import machine_to_install_on, wish_options, wishes_from
from setupwizard.cli.context import common, finish, json_option, stop_on_signal, usual_pace, voice
from setupwizard.cli.progress import EventLines, Terminal
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.events import Outcome
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.settings import Downloads
from setupwizard.steps.tracking import Track
from setupwizard.store.layout import Root
from setupwizard.tools import preferences

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
        )
    ):
        command = option(command)
    return wish_options(command)


def root_of(env: Path | None) -> Root:
    """Return the root that an option names, or the default one."""
    return Root((env or platforms.default_root()).expanduser().absolute())


def choices_from(options: dict[str, Any]) -> workflow.Choices:
    """Return the choices that the options of plan and apply stand for."""
    if options.pop("bundle") is not None:
        raise SetupError("not-built", what="--bundle")
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
    if export is not None:
        raise SetupError("not-built", what="plan --export")
    machine = machine_to_install_on(options.pop("machines"))
    choices = choices_from(options)
    decision = workflow.decide(machine, choices)
    with stop_on_signal() as cancel:
        made = workflow.plan(machine, decision, choices, Track(Terminal(quiet=voice.quiet), cancel))
    if json:
        voice.document(made)
    else:
        voice.say(show.plan(made))
    finish("ok")


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
    for word, wanted in (("PLAN.toml", plan_file is not None), ("--offline", offline)):
        if wanted:
            raise SetupError("not-built", what=f"apply {word}")
    if not yes and not sys.stdin.isatty():
        raise SetupError("usage", what=_("without a terminal, apply needs a plan or --yes"))
    machine_files = options.pop("machines")
    choices = choices_from(options)
    lines = EventLines() if events else None
    with stop_on_signal() as cancel:
        track = Track(lines or Terminal(quiet=voice.quiet), cancel, usual_pace())
        job = workflow.Job(
            choices=choices,
            options=workflow.ApplyOptions(
                accept_unverified=accept_unverified,
                leave_out=leave_out or not yes,  # who was asked has read it
                downloads=preferences.wish("downloads", downloads),
                dry_run=dry_run,
                exit_codes=voice.exit_codes,
            ),
            expected_plan=expect_plan,
            confirm=_show if yes else _ask,
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


@click.command()
@click.argument("plan_file", metavar="PLAN.toml", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
@common
def bundle(plan_file: Path, folder: Path, json: bool) -> None:  # noqa: ARG001 - not built yet
    """Make an offline folder of a plan: wheels, uv, Python, checksums."""
    raise SetupError("not-built", what="bundle")


COMMANDS = (plan, apply, bundle)
