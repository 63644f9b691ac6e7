# Copyright (c) 2026 The setupwizard engineers
# GNU General Public License v3.0 or later (SPDX-License-Identifier: GPL-3.0-or-later)
"""Runs setupwizard on the target, by the command module that the target's system needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

EXE_SPEC = {"type": "list", "elements": "str", "default": ["setupwizard"]}
REBOOT = 23
"""The exit code for "done, a restart is needed"."""


@dataclass(frozen=True)
class Ended:
    """How the program ended.

    Attributes:
        code: its exit code, None when it did not start.
        document: what it printed with --json, empty when that is no document.
        trouble: what Ansible or the program said beside it.
    """

    code: int | None
    document: dict[str, Any]
    trouble: str

    @property
    def succeeded(self) -> bool:
        """Whether all was done."""
        return self.code in {0, REBOOT} and bool(self.document)


def run(action: ActionBase, argv: list[str], task_vars: dict[str, Any] | None) -> Ended:
    """Run a command line of setupwizard on the target, never by a shell.

    It runs in check mode too: its own --dry-run changes nothing, and who asks for that passes it.
    """
    windows = getattr(action._connection._shell, "_IS_WINDOWS", False)
    module = "ansible.windows.win_command" if windows else "ansible.legacy.command"
    task = action._task
    asked, task.check_mode = task.check_mode, False
    try:
        result = action._execute_module(module_name=module, module_args={"argv": argv}, task_vars=task_vars)
    finally:
        task.check_mode = asked
    trouble = str(result.get("stderr") or result.get("msg") or result.get("module_stderr") or "").strip()
    return Ended(code=result.get("rc"), document=_document(result.get("stdout")), trouble=trouble)


def sentence(ended: Ended, verb: str) -> str:
    """Return what went wrong and what to do next, in the program's own words where it had any."""
    error = ended.document.get("error") or ended.document
    title, advice = error.get("title"), error.get("advice")
    if title:
        return f"{title}. {advice}" if advice else str(title)
    told = ended.trouble or "it printed nothing"
    if ended.code is None:
        return f"setupwizard did not start: {told}"
    return f"setupwizard {verb} ended with exit code {ended.code}: {told}"


def _document(stdout: object) -> dict[str, Any]:
    try:
        found = json.loads(str(stdout or ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
