"""What an installer is to the rest of the program: uv, and pip where uv cannot run, behind the same verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Installer(Protocol):
    """Makes an empty environment, and puts the wheels of a lock into one. It works offline and with hashes alone."""

    @property
    def name(self) -> str:
        """Return what the program is called."""
        ...

    def venv_argv(self, python: str, folder: Path) -> tuple[str, ...]:
        """Return the command that makes an empty environment on an interpreter that is already there."""
        ...

    def sync_argv(self, python: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:
        """Return the command that makes an environment hold exactly what a lock says.

        Args:
            python: the interpreter in the environment.
            lock: of local files; with addresses of our own on this computer if `arriving`.
            arriving: some wheels are still on their way; pip cannot wait for any.
        """
        ...

    def add_argv(self, python: Path, lock: Path) -> tuple[str, ...]:
        """Return the command that installs what a lock says, whatever an environment holds under the same names."""
        ...

    def venv(self, python: str, folder: Path) -> None:
        """Make an empty environment.

        Raises:
            SetupError: "tool-failed" or a more exact cause.
        """
        ...

    def sync(self, python: Path, lock: Path) -> None:
        """Install exactly the wheels that the lock names by path and hash.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        ...

    def add(self, python: Path, lock: Path) -> None:
        """Install the wheels that the lock names by path and hash beside what is there.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        ...
