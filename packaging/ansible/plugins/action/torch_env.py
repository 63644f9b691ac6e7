# Copyright (c) 2026 The setupwizard engineers
# GNU General Public License v3.0 or later (SPDX-License-Identifier: GPL-3.0-or-later)
"""Brings a computer to the state of a plan, or proves that it is there. Its words: modules/torch_env.py."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.setupwizard.lab.plugins.plugin_utils.program import EXE_SPEC, REBOOT, Ended, run, sentence

SPEC = {
    "plan": {"type": "str"},
    "recommended": {"type": "bool", "default": False},
    "cpu": {"type": "bool", "default": False},
    "root": {"type": "str"},
    "bundle": {"type": "str"},
    "sources": {"type": "list", "elements": "str", "default": []},
    "offline": {"type": "bool", "default": False},
    "expect_plan": {"type": "str"},
    "scope": {"type": "str", "choices": ["user", "machine"]},
    "state": {"type": "str", "choices": ["present", "verified"], "default": "present"},
    "exe": EXE_SPEC,
}


class ActionModule(ActionBase):
    """The task."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the program on the target and tell what became of it."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            argument_spec=SPEC,
            required_one_of=[("plan", "recommended", "bundle")],
            mutually_exclusive=[("plan", "recommended")],
        )
        if options["state"] == "verified":
            return proved(run(self, verify_line(options), task_vars))
        return applied(run(self, apply_line(options, check=self._task.check_mode), task_vars))


def apply_line(options: dict[str, Any], *, check: bool) -> list[str]:
    """Return the command line that brings the computer there, or says what that would take."""
    argv = [*options["exe"], "apply"]
    if options["plan"]:
        argv.append(options["plan"])
    if options["recommended"] or not options["plan"]:
        argv.append("--yes")
    if options["cpu"]:
        argv.append("--cpu")
    for name, word in (("root", "--env"), ("bundle", "--bundle"), ("expect_plan", "--expect-plan")):
        argv += [word, options[name]] if options[name] else []
    for source in options["sources"]:
        argv += ["--source", source]
    argv += ["--offline"] if options["offline"] else []
    argv += ["--scope", options["scope"]] if options["scope"] else []
    argv += ["--dry-run"] if check else []
    return [*argv, "--json", "--quiet"]


def verify_line(options: dict[str, Any]) -> list[str]:
    """Return the command line that proves what is there and changes nothing."""
    argv = [*options["exe"], "verify"]
    argv += ["--env", options["root"]] if options["root"] else []
    argv += ["--plan", options["plan"]] if options["plan"] else []
    argv += ["--scope", options["scope"]] if options["scope"] else []
    return [*argv, "--json", "--quiet"]


def applied(ended: Ended) -> dict[str, Any]:
    """Return the result of the task for an outcome; one that is only planned would change something."""
    outcome = ended.document
    proof = outcome.get("verification") or {}
    result = {
        "changed": bool(outcome.get("changed")) or outcome.get("status") == "planned",
        "rc": ended.code,
        "status": outcome.get("status"),
        "generation": outcome.get("generation"),
        "current": outcome.get("current"),
        "fetched_bytes": outcome.get("fetched_bytes", 0),
        "reused_bytes": outcome.get("reused_bytes", 0),
        "verdict": proof.get("verdict"),
        "reboot_required": ended.code == REBOOT or bool(outcome.get("reboot")),
        "error": outcome.get("error"),
    }
    if not ended.succeeded:
        return {**result, "failed": True, "msg": sentence(ended, "apply")}
    return {**result, "diff": _diff(outcome)} if result["changed"] else result


def proved(ended: Ended) -> dict[str, Any]:
    """Return the result of the task for a proof: only what was proved is green."""
    proof = ended.document
    result = {"changed": False, "rc": ended.code, "verdict": proof.get("verdict"), "torch": proof.get("torch")}
    if ended.succeeded:
        return result
    bad = [check for check in proof.get("checks") or () if check.get("status") in {"fail", "not-run"}]
    told = " ".join(str(word) for check in bad[:1] for word in (check.get("text"), check.get("advice")) if word)
    return {**result, "failed": True, "msg": told or sentence(ended, "verify")}


def _diff(outcome: dict[str, Any]) -> dict[str, str]:
    """Return which environment is in use before and after, for `--diff`."""
    planned = outcome.get("status") == "planned"
    before = outcome.get("current") if planned else None
    after = outcome.get("generation")
    lines = [f"environment {after}", *(f"takes the place of {name}" for name in (before,) if name)]
    return {
        "before": f"environment {before}\n" if before else "",
        "after": "\n".join(lines) + "\n",
    }
