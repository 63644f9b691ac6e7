"""How the program calls itself: probes that may hang run in a child of their own."""

from __future__ import annotations

import click

from setupwizard.cli.context import finish
from setupwizard.probes import cuda_child, nvml_child, nvml_watch_child


@click.command(name="_nvml", hidden=True)
@click.argument("cards", nargs=-1)
def nvml(cards: tuple[str, ...]) -> None:
    """Ask NVIDIA's management library and print JSON Lines; only the cards at these places of the bus, when given."""
    finish(nvml_child.main(cards))


@click.command(name="_cuda", hidden=True)
@click.option("--devices", is_flag=True)
def cuda(devices: bool) -> None:
    """Ask the CUDA driver library and print JSON Lines."""
    finish(cuda_child.main(devices=devices))


@click.command(name="_nvml-watch", hidden=True)
@click.argument("card")
def nvml_watch(card: str) -> None:
    """Look at one card several times a second, by its UUID or its place on the bus, and print JSON Lines."""
    finish(nvml_watch_child.main(card))


COMMANDS = (nvml, cuda, nvml_watch)
