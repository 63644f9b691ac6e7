"""What differs between systems, behind the same names on each."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from setupwizard.platforms.windows import (
        ProcessGroup,
        default_root,
        flush_folder,
        point_to,
        popen_options,
        python_in,
        remove_pointer,
        temporary_folder,
    )
else:
    from setupwizard.platforms.posix import (
        ProcessGroup,
        default_root,
        flush_folder,
        point_to,
        popen_options,
        python_in,
        remove_pointer,
        temporary_folder,
    )

__all__ = [
    "ProcessGroup",
    "default_root",
    "flush_folder",
    "point_to",
    "popen_options",
    "python_in",
    "remove_pointer",
    "temporary_folder",
]
