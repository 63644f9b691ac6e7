"""detect, recommend, support: they look and tell, and change nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from setupwizard import platforms, workflow
from setupwizard.cli import show
from setupwizard.cli.context import common, finish, json_option, stop_on_signal, voice
from setupwizard.codes import RECOMMEND_EXIT
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import platform_of
from setupwizard.model.machine import FoundPython, Machine
from setupwizard.model.recommendation import Wishes
from setupwizard.model.wire import MAX_DOCUMENT_BYTES, from_json, read_document, to_json
from setupwizard.store.files import write_named
from setupwizard.workflow import catalogue as facts

F = TypeVar("F", bound=Callable[..., Any])


def wish_options(command: F) -> F:
    """Add the options that narrow the decision."""
    for option in reversed(
        (
            click.option("--machine", "machines", multiple=True, metavar="FILE|-", help="Decide for this document."),
            click.option(
                "--gpu", "gpus", type=int, multiple=True, metavar="I", help="Only for this card; counts from 0."
            ),
            click.option("--python", metavar="X.Y[t]", help="Insist on this Python."),
            click.option("--torch", metavar="SPEC", help="Only these versions of torch."),
            click.option("--variant", metavar="NAME", help="Only this variant, such as cu126."),
            click.option("--cpu", is_flag=True, help="The processor build."),
        )
    ):
        command = option(command)
    return command


def wishes_from(gpus: tuple[int, ...], python: str | None, torch: str | None, variant: str | None, cpu: bool) -> Wishes:
    """Return the wishes that the options stand for.

    Raises:
        SetupError: "usage": they contradict each other.
    """
    if cpu and variant not in {None, "cpu"}:
        raise SetupError("usage", what=_("--cpu and --variant {variant} contradict each other").format(variant=variant))
    return Wishes(gpus=gpus or None, python=python, torch=torch, variant="cpu" if cpu else variant)


def read_machine(name: str) -> Machine:
    """Read a Machine document from a file, or from standard input for "-".

    Raises:
        SetupError: "document-unreadable", "document-invalid".
    """
    if name == "-":
        machine = from_json(Machine, sys.stdin.buffer.read(MAX_DOCUMENT_BYTES), name=_("standard input"))
    else:
        machine = read_document(Machine, Path(name))
    return workflow.expand(machine)


def this_machine(machines: tuple[str, ...]) -> Machine:
    """Return the one machine to work for: the document that was named, else this computer.

    Raises:
        SetupError: "usage": more than one was named.
    """
    if len(machines) > 1:
        raise SetupError("usage", what=_("only recommend takes more than one --machine"))
    if machines:
        return read_machine(machines[0])
    with stop_on_signal() as cancel:
        return workflow.detect(cancel=cancel)


def machine_to_install_on(machines: tuple[str, ...]) -> Machine:
    """Return the machine that decides, with Pythons that are here: an environment is made where the program runs.

    A saved document names folders of another computer, or of this one without the home folder's name.

    Raises:
        SetupError: "usage": more than one was named.
    """
    found = this_machine(machines)
    here = tuple(python for python in found.pythons if Path(python.path).exists())
    if machines and not here and found.os == workflow.os_here():
        with stop_on_signal() as cancel:
            here = workflow.pythons_here(cancel=cancel)
    return replace(found, pythons=_for_everybody(here) if voice.scope == "machine" else here)


def machine_to_plan_for(file: str) -> Machine:
    """Return the machine that a plan is saved for: as it is where it is of another platform, else with our Pythons."""
    found = this_machine((file,))
    return found if is_elsewhere(found) else machine_to_install_on((file,))


def is_elsewhere(machine: Machine) -> bool:
    """Whether a machine is of another platform than this computer."""
    return platform_of(machine.os, machine.arch) != workflow.platform_here()


def _for_everybody(pythons: tuple[FoundPython, ...]) -> tuple[FoundPython, ...]:
    """Return the Pythons that every user can start, all of them with a word where there is none such."""
    shared = tuple(python for python in pythons if platforms.readable_by_all(Path(python.path)))
    if not shared and pythons:
        voice.note(_("Every Python here lies in a user's own folder: other users may not be able to start it."))
    return shared or pythons


@click.command()
@click.option("--machine", metavar="FILE", help="Show this document instead of looking at the computer.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE", help="Write the document to a file.")
@json_option
@common
def detect(machine: str | None, save: Path | None, json: bool) -> None:
    """Say what this computer is: cards, driver, Pythons, room."""
    found = this_machine((machine,) if machine else ())
    document = workflow.redacted(found)
    if save is not None:
        write_named(save, to_json(document) + "\n")
    if json:
        voice.document(document)
    else:
        voice.say(show.machine(document))
    finish("ok")


@click.command()
@wish_options
@json_option
@common
def recommend(
    machines: tuple[str, ...],
    gpus: tuple[int, ...],
    python: str | None,
    torch: str | None,
    variant: str | None,
    cpu: bool,
    json: bool,
) -> None:
    """Say which build of PyTorch is right, and why."""
    wishes = wishes_from(gpus, python, torch, variant, cpu)
    known = facts.known()
    if known.note:
        voice.note(known.note)
    if len(machines) > 1:
        answer = workflow.recommend_many([(name, read_machine(name)) for name in machines], wishes, known.catalogue)
    else:
        answer = workflow.recommend(this_machine(machines), wishes, known.catalogue)
    if json:
        voice.document(answer)
    else:
        voice.say(show.recommendation(answer))
    finish(RECOMMEND_EXIT[answer.verdict])


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@common
def support(file: Path) -> None:
    """Write a file for a bug report: logs and facts, without names, folders or passwords."""
    with stop_on_signal() as cancel:
        machine = workflow.detect(cancel=cancel)
    workflow.write_support_file(file, machine, voice.log)
    voice.say(_("Written: {file}. Look into it before you send it.").format(file=file))
    finish("ok")


COMMANDS = (detect, recommend, support)
