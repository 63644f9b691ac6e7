"""What differs between systems, behind the same names on each."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from setupwizard.platforms.windows import (
        ProcessGroup,
        boot_id,
        default_root,
        extended,
        flush_folder,
        flush_tree,
        has_display,
        holds_no_pointers,
        is_in_use,
        launch_options,
        mapped_files,
        point_to,
        pointer_target,
        popen_options,
        python_in,
        remove_pointer,
        site_packages_in,
        temporary_folder,
    )
else:
    from setupwizard.platforms.posix import (
        ProcessGroup,
        boot_id,
        default_root,
        extended,
        flush_folder,
        flush_tree,
        has_display,
        holds_no_pointers,
        is_in_use,
        launch_options,
        mapped_files,
        point_to,
        pointer_target,
        popen_options,
        python_in,
        remove_pointer,
        site_packages_in,
        temporary_folder,
    )

__all__ = [
    "ProcessGroup",
    "boot_id",
    "default_root",
    "extended",
    "flush_folder",
    "flush_tree",
    "has_display",
    "holds_no_pointers",
    "is_in_use",
    "launch_options",
    "mapped_files",
    "point_to",
    "pointer_target",
    "popen_options",
    "python_in",
    "remove_pointer",
    "site_packages_in",
    "temporary_folder",
]
