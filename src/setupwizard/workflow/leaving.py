"""What an uninstaller asks before the program goes: which environments of this person stay behind."""

from __future__ import annotations

import sys
from pathlib import Path

from setupwizard.workflow.environments import environments

ENCODING = "utf-16-le" if sys.platform == "win32" else "utf-8"
"""As the installer of each system reads text."""


def main(file: str) -> int:
    """Write the folder of each environment that we made, one a line, and return the exit code.

    Args:
        file: where to; "-" is standard output.
    """
    text = "".join(f"{one.root}\n" for one in environments(None, None) if one.own)
    if file == "-":
        sys.stdout.buffer.write(text.encode())  # the code page of a Windows lacks letters that folders have
    else:
        Path(file).write_text(text, encoding=ENCODING)
    return 0
