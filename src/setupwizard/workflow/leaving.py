"""What an uninstaller asks before the program goes: which environments of this person stay behind."""

from __future__ import annotations

import sys
from pathlib import Path

from setupwizard.workflow.environments import environments

ENCODING = "utf-16-le" if sys.platform == "win32" else "utf-8"
"""As the installer of each system reads text."""


def main(file: Path) -> int:
    """Write the folder of each environment that we made to a file, one a line, and return the exit code."""
    roots = [one.root for one in environments(None, None) if one.own]
    with file.open("w", encoding=ENCODING) as lines:
        lines.writelines(f"{root}\n" for root in roots)
    return 0
