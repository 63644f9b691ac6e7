"""An environment that the wizard did not make: where its Python is, what it holds, whether its files are whole."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.i18n import _, ngettext
from setupwizard.model.verification import Check
from setupwizard.probes.torches import package_folders
from setupwizard.store.own_records import audit_own_records
from setupwizard.store.packages import versions_in
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.interpreter import ask_version

_NAMED = 5
_PLACES = ("bin/python", "Scripts/python.exe", "python.exe", "bin/python3")


class Foreign(Struct, frozen=True, kw_only=True):
    """An environment.

    Attributes:
        folder: as it was named.
        python: its interpreter.
        site_packages: the folder of its packages, None where none is.
    """

    folder: Path
    python: Path
    site_packages: Path | None

    def packages(self) -> dict[str, str]:
        """Return name and version of every package, sorted, as `pip list` tells them."""
        return versions_in(self.site_packages) if self.site_packages is not None else {}


def look(folder: Path) -> Foreign:
    """Return the environment in a folder: venv, virtualenv, conda's or an unpacked Python.

    Raises:
        SetupError: "environment-missing": no Python is in there.
    """
    python = next((folder / place for place in _PLACES if (folder / place).is_file()), None)
    if python is None:
        raise SetupError("environment-missing", root=str(folder))
    return Foreign(folder=folder, python=python, site_packages=next(iter(package_folders(folder)), None))


def python_version(found: Foreign) -> str | None:
    """Return the Python of an environment as a build names it, "3.12" or "3.14t"; None when it does not start."""
    try:
        return ask_version(found.python)[0]
    except SetupError:
        return None


def files_check(environment: Foreign, cancel: Cancel | None = None) -> Check:
    """Return the comparison of an environment's files with its own records, as a check.

    Raises:
        Cancelled: somebody asked to stop.
    """
    started = time.monotonic()
    if environment.site_packages is None:
        return Check(id="files", status="not-run", text=_("This Python has no folder for packages."))
    result = audit_own_records(environment.site_packages, cancel)
    seconds = round(time.monotonic() - started, 3)
    wrong = [problem.path for problem in result.problems if problem.code in {"missing", "changed"}]
    left = [problem.path for problem in result.problems if problem.code in {"extra-file", "record-unreadable"}]
    if wrong:
        text = ngettext(
            "{count} file is not what its package brought: {names}.",
            "{count} files are not what their packages brought: {names}.",
            len(wrong),
        ).format(count=len(wrong), names=", ".join(wrong[:_NAMED]))
        advice = _("Install those packages again with the tool that made this environment, or let the wizard make one.")
        return Check(id="files", status="fail", seconds=seconds, text=text, advice=advice)
    if left:
        return Check(
            id="files",
            status="warn",
            seconds=seconds,
            text=_("An install was broken off here once and left: {names}.").format(names=", ".join(left[:_NAMED])),
            advice=_("What is named can be deleted once everything else works."),
        )
    text = ngettext("{count} file compared.", "{count} files compared.", result.files).format(count=result.files)
    return Check(id="files", status="pass", seconds=seconds, text=text)
