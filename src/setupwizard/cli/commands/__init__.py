"""The verbs, by what they work on."""

from setupwizard.cli.commands import catalog, environments, installing, looking

ALL = (*looking.COMMANDS, *catalog.COMMANDS, *installing.COMMANDS, *environments.COMMANDS)
