"""Opening a terminal in which an environment is turned on."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from setupwizard.errors import SetupError
from setupwizard.tools.process import launch

# The system's own choice first, then what the common desktops bring; each with the words that come before a command.
_TERMINALS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("xdg-terminal-exec", ()),
    ("x-terminal-emulator", ("-e",)),
    ("gnome-terminal", ("--",)),
    ("konsole", ("-e",)),
    ("xfce4-terminal", ("-x",)),
    ("kitty", ()),
    ("alacritty", ("-e",)),
    ("xterm", ("-e",)),
)
_ON = '. "$1" && exec "${SHELL:-/bin/sh}" -i'


def terminal_argv(root: Path) -> tuple[str, ...] | None:
    """Return the command that opens a terminal with the environment of this root turned on, None: there is none."""
    if sys.platform == "win32":
        return (os.environ.get("COMSPEC", "cmd.exe"), "/k", str(root / "activate.bat"))
    if sys.platform == "darwin":
        return ("/usr/bin/open", "-a", "Terminal", str(root))
    shell = ("/bin/sh", "-c", _ON, "sh", str(root / "activate"))
    for name, words in _TERMINALS:
        program = shutil.which(name)
        if program is not None:
            return (program, *words, *shell)
    return None


def open_terminal(root: Path) -> None:
    """Open a terminal with the environment turned on; it outlives us.

    Raises:
        SetupError: "tool-failed": this system has no terminal that we know.
    """
    argv = terminal_argv(root)
    if argv is None:
        raise SetupError("tool-failed", tool="terminal", detail="no terminal program was found")
    launch(argv)
