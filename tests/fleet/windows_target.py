"""Run by Ansible's Python: the task of the collection on a target whose shell says that it is Windows. Prints what it
would have run there, and what it made of the answer. Usage: windows_target.py OPTIONS ANSWER CHECK, all JSON.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

from ansible_collections.setupwizard.lab.plugins.action.torch_env import ActionModule


class WindowsAction(ActionModule):
    """The task with Ansible's outermost edge replaced: what would go over the wire is kept, and answered."""

    def __init__(self, options: dict[str, Any], answer: dict[str, Any], *, check: bool) -> None:
        task = SimpleNamespace(args=options, check_mode=check, async_val=0, action="setupwizard.lab.torch_env")
        connection = SimpleNamespace(_shell=SimpleNamespace(_IS_WINDOWS=True, tmpdir=None))
        super().__init__(task, connection, SimpleNamespace(), SimpleNamespace(), SimpleNamespace(), None)
        self.answer = answer
        self.sent: list[dict[str, Any]] = []

    def _execute_module(self, module_name: str, module_args: dict[str, Any], **_more: object) -> dict[str, Any]:
        self.sent.append({"module": module_name, "args": module_args, "check_mode": self._task.check_mode})
        return self.answer


options, answer, check = (json.loads(word) for word in sys.argv[1:])
action = WindowsAction(options, answer, check=check)
result = action.run(task_vars={})
print(json.dumps({"sent": action.sent, "result": result, "check_mode": action._task.check_mode}))
