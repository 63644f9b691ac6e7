"""What differs between systems, behind the same names on each."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from setupwizard.platforms.windows import (
        MOVES_OPEN_FILES,
        boot_id,
        extended,
        flush_folder,
        flush_tree,
        holds_no_pointers,
        is_in_use,
        long_paths,
        mapped_files,
        point_to,
        pointer_target,
        remove_pointer,
    )
    from setupwizard.platforms.windows_instance import another_window, await_others, end_waiting, take_call
    from setupwizard.platforms.windows_jobs import (
        ProcessGroup,
        console_encoding,
        launch_options,
        popen_options,
    )
    from setupwizard.platforms.windows_places import (
        default_root,
        has_display,
        is_service_account,
        let_all_read,
        machine_root,
        python_in,
        python_of_conda_in,
        readable_by_all,
        site_packages_in,
        temporary_folder,
        who_else_writes,
    )
else:
    from setupwizard.platforms.posix import (
        MOVES_OPEN_FILES,
        ProcessGroup,
        boot_id,
        console_encoding,
        default_root,
        extended,
        flush_folder,
        flush_tree,
        has_display,
        holds_no_pointers,
        is_in_use,
        is_service_account,
        launch_options,
        let_all_read,
        long_paths,
        machine_root,
        mapped_files,
        point_to,
        pointer_target,
        popen_options,
        python_in,
        python_of_conda_in,
        readable_by_all,
        remove_pointer,
        site_packages_in,
        temporary_folder,
        who_else_writes,
    )
    from setupwizard.platforms.posix_instance import another_window, await_others, end_waiting, take_call

__all__ = [
    "MOVES_OPEN_FILES",
    "ProcessGroup",
    "another_window",
    "await_others",
    "boot_id",
    "console_encoding",
    "default_root",
    "end_waiting",
    "extended",
    "flush_folder",
    "flush_tree",
    "has_display",
    "holds_no_pointers",
    "is_in_use",
    "is_service_account",
    "launch_options",
    "let_all_read",
    "long_paths",
    "machine_root",
    "mapped_files",
    "point_to",
    "pointer_target",
    "popen_options",
    "python_in",
    "python_of_conda_in",
    "readable_by_all",
    "remove_pointer",
    "site_packages_in",
    "take_call",
    "temporary_folder",
    "who_else_writes",
]
