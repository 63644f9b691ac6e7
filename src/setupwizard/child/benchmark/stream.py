"""What the program says: JSON Lines on standard output, and nothing else there."""

from __future__ import annotations

import json
import math
import os
import time

TEXT_LIMIT = 4000


class Stream:
    """Writes the lines, one JSON object each."""

    def __init__(self, file):
        self._file = file
        self._began = time.perf_counter()

    def say(self, event, **members):
        members = {"event": event, "t": round(self.seconds(), 3), **members}
        self._file.write(json.dumps(plain(members), allow_nan=False, default=str) + "\n")
        self._file.flush()

    def seconds(self):
        return time.perf_counter() - self._began


def plain(value):
    """Return a value that JSON can hold: NaN and the infinities become null, long texts are cut."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value[:TEXT_LIMIT] if isinstance(value, str) else value


def private_output():
    """Keep standard output for the lines alone: whatever a library prints from now on goes to standard error."""
    private = os.dup(1)
    try:
        os.dup2(2, 1)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
    return os.fdopen(private, "w", encoding="utf-8", newline="\n")
