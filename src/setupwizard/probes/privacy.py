"""Takes user names and home folders out of a machine document, and puts this computer's own home folder back in."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import msgspec
from msgspec.structs import replace

from setupwizard.model.machine import Machine
from setupwizard.tools import redaction, userdirs

_SERVER = re.compile(r"(?<![\w\\])(\\\\)(?![?.]\\)[^\\/\s\"']+(?=\\)")
_SERIAL = re.compile(r"\b(serial(?:\s*(?:number|no\.?|#))?\W{1,8})(?!n/a\b)[\w-]{4,}", re.IGNORECASE)
_COMMON = frozenset(
    ["localhost", "linux", "debian", "ubuntu", "fedora", "windows", "nvidia", "cuda", "torch", "pytorch"]
)
"""Names of computers that are words of their own: to hide them would spoil sentences and hide nobody."""
_SHORTEST_NAME = 4


def redacted(
    machine: Machine, *, home: Path | None = None, user: str | None = None, host: str | None = None
) -> Machine:
    """Return the machine without names of people: to be applied whenever a document leaves the program.

    The home folder becomes "~", other people's folders and the user's name inside a path become "user", file servers
    and this computer's name in what was said become "host", serial numbers go. `detect` returns true paths, as the
    next steps have to use them; whoever prints, saves or sends a Machine calls this first.

    Args:
        machine: what `detect` returned.
        home: the home folder to hide; this user's own when not given.
        user: the name to hide; this user's own when not given.
        host: the name of the computer; this computer's own when not given.
    """
    plain = redaction.redacted(msgspec.to_builtins(machine), home=home, user=user)
    safe = msgspec.convert(redaction.each_text(plain, lambda text: _SERVER.sub(r"\1host", text)), Machine)
    names = _host_names(platform.node() if host is None else host)

    def hide(text: str) -> str:
        text = _SERIAL.sub(r"\1...", text)
        return names.sub("host", text) if names is not None else text

    findings = (replace(one, text=hide(one.text), evidence=tuple(map(hide, one.evidence))) for one in safe.findings)
    said = (replace(one, lines=tuple(map(hide, one.lines))) for one in safe.said)
    return replace(safe, findings=tuple(findings), said=tuple(said))


def _host_names(host: str) -> re.Pattern[str] | None:
    """Return a pattern for a computer's name with and without its domain, None when it is a common word."""
    names = {name for name in (host, host.partition(".")[0]) if len(name) >= _SHORTEST_NAME}
    words = sorted(names - {name for name in names if name.lower() in _COMMON}, key=len, reverse=True)
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, words))})(?![\w-])") if words else None


def expand(machine: Machine, *, home: Path | None = None) -> Machine:
    """Return a machine whose paths begin with the home folder again where `redacted` wrote "~".

    Right only for a document that was made on this computer by this user; paths of others stay hidden.
    """
    folder = home or userdirs.home() or Path("/")

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
