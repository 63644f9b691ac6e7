"""The verbs, by what they work on."""

from setupwizard.cli.commands import environments, hidden, installing, looking

ALL = (*looking.COMMANDS, *installing.COMMANDS, *environments.COMMANDS, *hidden.COMMANDS)
