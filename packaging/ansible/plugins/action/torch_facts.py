# Copyright (c) 2026 The setupwizard engineers
# GNU General Public License v3.0 or later (SPDX-License-Identifier: GPL-3.0-or-later)
"""Gathers what a computer is, and which build of PyTorch is right for it; changes nothing."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.setupwizard.lab.plugins.plugin_utils.program import EXE_SPEC, run, sentence

DECISIONS = {0, 10, 11}
"""`recommend` prints its document with each of these exit codes."""


class ActionModule(ActionBase):
    """The task."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the program on the target and hand its documents over as facts."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            argument_spec={"exe": EXE_SPEC, "recommend": {"type": "bool", "default": True}}
        )
        exe = options["exe"]
        detected = run(self, [*exe, "detect", "--json", "--quiet"], task_vars)
        if not detected.succeeded:
            return {"failed": True, "changed": False, "msg": sentence(detected, "detect")}
        facts = {"setupwizard_machine": detected.document}
        if options["recommend"]:
            decided = run(self, [*exe, "recommend", "--json", "--quiet"], task_vars)
            if decided.code not in DECISIONS or not decided.document:
                return {"failed": True, "changed": False, "msg": sentence(decided, "recommend")}
            facts["setupwizard_recommendation"] = decided.document
        return {"changed": False, "ansible_facts": facts}
