"""How the program calls itself: probes that may hang run in a child of their own."""

from __future__ import annotations

import click

from setupwizard.cli.context import finish
from setupwizard.probes import nvml_child


@click.command(name="_nvml", hidden=True)
def nvml() -> None:
    """Ask NVIDIA's management library and print one JSON document."""
    finish(nvml_child.main())


COMMANDS = (nvml,)
