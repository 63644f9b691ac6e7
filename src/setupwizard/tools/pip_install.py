"""pip as the installer where uv cannot run: the pip that came with this program, run by the environment's own Python.

It sees no setting of the user's and no server: wheels by their path and their hash, nothing else.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pip import failure_of, pip_folder
from setupwizard.tools.process import run
from setupwizard.tools.reader import LAST_WORDS
from setupwizard.tools.uv import INSTALL_SILENCE, VENV_SECONDS, Listener
from setupwizard.tools.variables import clean_environment, temporary_in

_ONLY_THE_LOCK = ("--isolated", "--no-index", "--no-deps", "--only-binary=:all:", "--require-hashes")
"""What the lock does not name with its hash is never installed, nothing is built, and no setting takes part."""
_QUIETLY = ("--no-input", "--disable-pip-version-check", "--no-cache-dir", "--progress-bar", "off")


class Pip:
    """pip with a temporary folder of our own."""

    name = "pip"

    def __init__(self, work: Path, *, cancel: Cancel | None = None, listen: Listener | None = None) -> None:
        """Take a private folder for pip itself and its temporary files; the caller removes it when the job is over."""
        self._work = work
        self._cancel = cancel
        self._listen = listen
        self._stands_alone = False

    def venv_argv(self, python: str, folder: Path) -> tuple[str, ...]:
        """Return the command that makes an empty environment with Python's own means; pip comes as a wheel later."""
        return (python, "-I", "-X", "utf8", "-m", "venv", "--without-pip", str(folder))

    def sync_argv(self, python: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:  # noqa: ARG002
        """Return the command that installs what a lock says; a fresh environment holds nothing else."""
        return self.add_argv(python, lock)

    def add_argv(self, python: Path, lock: Path) -> tuple[str, ...]:
        """Return the command that installs what a lock says beside what an environment holds already.

        The environment's own interpreter runs pip, never `pip --python`: that one starts itself once more, and who
        ends the first leaves the second at work. A package of the same version that came another way is exchanged.
        It writes no bytecode into its own copy: a pip that outlives a killed job for a moment would be in the way of
        the next one, which takes the copy away.
        """
        pip = self._program / "pip"
        words = ("install", *_ONLY_THE_LOCK, "--force-reinstall", "--no-compile", *_QUIETLY, "-r", str(lock))
        return (str(python), "-I", "-B", "-X", "utf8", str(pip), *words)

    def venv(self, python: str, folder: Path) -> None:
        """Make an empty environment.

        Raises:
            SetupError: "tool-failed" or "disk-full".
        """
        self._checked(self.venv_argv(python, folder), cwd=self._work, timeout=VENV_SECONDS)

    def sync(self, python: Path, lock: Path) -> None:
        """Install exactly the wheels that the lock names by path and hash.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        self.add(python, lock)

    def add(self, python: Path, lock: Path) -> None:
        """Install the wheels that the lock names by path and hash beside what is there.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        self._stand_alone()
        self._checked(self.add_argv(python, lock), cwd=lock.parent, silence=INSTALL_SILENCE)

    @property
    def _program(self) -> Path:
        return self._work / "pip-program"

    def _stand_alone(self) -> None:
        """Copy pip to a folder where it stands alone: beside other packages it would count those as installed.

        What is there already is of a job that was killed while it copied or while it cleaned up, so it may lack files.
        """
        if self._stands_alone:
            return
        if self._program.exists():
            shutil.rmtree(self._program)
        shutil.copytree(pip_folder(), self._program / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        self._stands_alone = True

    def _environment(self) -> Mapping[str, str]:
        own = temporary_in(self._work)
        # --isolated leaves the settings for the whole computer in place, this one does not
        return clean_environment({"PIP_CONFIG_FILE": os.devnull, "PIP_NO_COLOR": "1", **own})

    def _checked(
        self, argv: Sequence[str], *, cwd: Path, timeout: float | None = None, silence: float | None = None
    ) -> None:
        result = run(
            argv,
            cwd=cwd,
            env=self._environment(),
            timeout=timeout,
            silence=silence,
            cancel=self._cancel,
            on_line=self._listen,
            merge=True,
            keep=LAST_WORDS,
        )
        if not result.ok:
            raise failure_of(result, self._work.parent, requirement="")
