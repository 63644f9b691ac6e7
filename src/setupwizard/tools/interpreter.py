"""Asks a Python interpreter which one it is: a path on a list is no proof that it works."""

from __future__ import annotations

import re
from pathlib import Path

from setupwizard.tools.process import ProcessResult, run
from setupwizard.tools.variables import clean_environment

_QUESTION = (
    "import sys, sysconfig; "
    "print('%d.%d' % sys.version_info[:2] + 't' * bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
)
_SECONDS = 60


def ask_version(python: str | Path) -> tuple[str | None, ProcessResult]:
    """Return the version of an interpreter as builds name it, "3.12" or "3.14t", and how it ended.

    The version is None when it does not start or answers something else.

    Raises:
        SetupError: "tool-failed": there is no such program.
    """
    result = run([python, "-I", "-c", _QUESTION], timeout=_SECONDS, env=clean_environment())
    version = result.stdout.strip()
    return (version if result.ok and re.fullmatch(r"\d+\.\d+t?", version) else None), result
