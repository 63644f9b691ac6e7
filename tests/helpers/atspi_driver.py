"""Reads and presses a window through the accessibility bus, as a screen reader does.

Runs under the system's own Python, which is the one that has pyatspi: /usr/bin/python3 atspi_driver.py PID. It takes
one JSON object a line on standard input and answers each with one on standard output:
{"do": "look"} -> {"nodes": [...]}: what the program PID shows, in the order of its tree, without hidden parts;
{"do": "press", "node": index} -> {"done": bool}: the first action of a node of the last look;
{"do": "heard"} -> {"heard": [...]}: the announcements since the beginning, oldest first.
"""

import json
import os
import sys
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

import pyatspi  # noqa: E402  # isort: skip

STATES = {
    "focusable": pyatspi.STATE_FOCUSABLE,
    "focused": pyatspi.STATE_FOCUSED,
    "enabled": pyatspi.STATE_SENSITIVE,
    "checked": pyatspi.STATE_CHECKED,
    "active": pyatspi.STATE_ACTIVE,
    "modal": pyatspi.STATE_MODAL,
}


class Driver:
    """Answers questions about one program."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.nodes: list[Any] = []
        self.heard: list[str] = []
        self.rest = b""

    def on_announcement(self, event: Any) -> None:
        if event.any_data:
            self.heard.append(str(event.any_data))

    def on_input(self, source: int, condition: GLib.IOCondition) -> bool:
        data = os.read(source, 65536)
        if not data:
            pyatspi.Registry.stop()
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            sys.stdout.write(json.dumps(self.answer(json.loads(line))) + "\n")
            sys.stdout.flush()
        return True

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["do"] == "look":
            return {"nodes": self.look()}
        if question["do"] == "press":
            return {"done": self.press(question["node"])}
        return {"heard": self.heard}

    def look(self) -> list[dict[str, Any]]:
        self.nodes = []
        told: list[dict[str, Any]] = []
        desktop = pyatspi.Registry.getDesktop(0)
        for number in range(desktop.childCount):
            program = desktop[number]
            try:
                mine = program is not None and program.get_process_id() == self.pid
            except GLib.GError:
                mine = False
            if mine:
                # What the bus remembers of an earlier look is not to be trusted: Qt does not tell of every change.
                program.set_cache_mask(Atspi.Cache.NONE)
                self._walk(program, told, -1)
        return told

    def _walk(self, node: Any, told: list[dict[str, Any]], above: int) -> None:
        """Tell of a node and what is below it; one that goes away meanwhile is left out."""
        try:
            states = node.getState()
            top = above < 0
            if not top and not states.contains(pyatspi.STATE_SHOWING):
                return
            here = len(told)
            told.append(_told(node, states, above))
            self.nodes.append(node)
            for number in range(node.childCount):
                child = node.getChildAtIndex(number)
                if child is not None:
                    self._walk(child, told, here)
        except (GLib.GError, LookupError, NotImplementedError):
            return

    def press(self, index: int) -> bool:
        try:
            return bool(self.nodes[index].queryAction().doAction(0))
        except (GLib.GError, LookupError, NotImplementedError):
            return False


def _told(node: Any, states: Any, above: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "above": above,
        "role": node.getRoleName(),
        "name": node.name or "",
        "description": node.description or "",
        "states": [name for name, state in STATES.items() if states.contains(state)],
        "box": None,
        "actions": [],
    }
    interfaces = pyatspi.listInterfaces(node)
    if "Component" in interfaces:
        box = node.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
        row["box"] = [box.x, box.y, box.width, box.height]
    if "Action" in interfaces:
        action = node.queryAction()
        row["actions"] = [action.getName(number) for number in range(action.nActions)]
    return row


def main() -> int:
    driver = Driver(int(sys.argv[1]))
    Atspi.set_timeout(20_000, 20_000)
    pyatspi.Registry.registerEventListener(driver.on_announcement, "object:announcement")
    GLib.io_add_watch(0, GLib.IOCondition.IN | GLib.IOCondition.HUP, driver.on_input)
    pyatspi.Registry.start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
