"""The program that ends our children when we are gone: a kill, a crash and a full memory leave no time to do it.

It runs as a process of its own, imports the standard library alone, and hears on its standard input which process
groups live: "+GROUP" and "-GROUP", a line each. The input ends when we do, whatever ended us, and then it ends them.
Windows needs none: there a Job Object does the same (platforms/windows).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path


def main(lines: Iterable[bytes]) -> None:
    """Listen until the end of the input, then end every group that is left, and all that came from it."""
    if sys.platform == "win32":
        return
    groups: set[int] = set()
    for line in lines:
        number = int(line[1:])
        if line.startswith(b"+"):
            groups.add(number)
        else:
            groups.discard(number)
    strays = _descendants(groups)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for process in strays:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def _descendants(leaders: set[int]) -> set[int]:
    """Return the processes that come from the leaders of groups, also those that left the group; Linux alone tells."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # the name in brackets may hold anything, so what counts comes after the last bracket
            parent = int(place.read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(place.parent.name))
    found: set[int] = set()
    waiting = list(leaders)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


if __name__ == "__main__":
    main(sys.stdin.buffer)
