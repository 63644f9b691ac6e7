"""Takes user names and home folders out of a machine document, and puts this computer's own home folder back in."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from setupwizard.model.machine import Machine
from setupwizard.tools import redaction


def redacted(machine: Machine, *, home: Path | None = None, user: str | None = None) -> Machine:
    """Return the machine without names of people: to be applied whenever a document leaves the program.

    The home folder becomes "~", other people's folders and the user's name inside a path become "user". `detect`
    returns true paths, as the next steps have to use them; whoever prints, saves or sends a Machine calls this first.

    Args:
        machine: what `detect` returned.
        home: the home folder to hide; this user's own when not given.
        user: the name to hide; this user's own when not given.
    """
    return msgspec.convert(redaction.redacted(msgspec.to_builtins(machine), home=home, user=user), Machine)


def expand(machine: Machine, *, home: Path | None = None) -> Machine:
    """Return a machine whose paths begin with the home folder again where `redacted` wrote "~".

    Right only for a document that was made on this computer by this user; paths of others stay hidden.
    """
    folder = home or redaction.home_folder()

    def full(path: str) -> str:
        if path == "~" or path.startswith(("~/", "~\\")):
            return str(folder) + path[1:]
        return path

    return replace(
        machine,
        pythons=tuple(replace(one, path=full(one.path)) for one in machine.pythons),
        condas=tuple(replace(one, path=full(one.path)) for one in machine.condas),
        toolkits=tuple(replace(one, path=full(one.path)) for one in machine.toolkits),
        torches=tuple(replace(one, env=full(one.env)) for one in machine.torches),
        disks=tuple(replace(one, path=full(one.path)) for one in machine.disks),
    )
