"""What a stage found, and the ways in which it ends."""

from __future__ import annotations

import math


class Stop(Exception):  # noqa: N818 - the end of a stage, not a fault of the program
    """Ends a stage with a status and a reason."""

    def __init__(self, status, reason, **facts):
        super().__init__(reason)
        self.status, self.reason, self.facts = status, reason, facts


def skip(reason, **facts):
    return Stop("skip", reason, **facts)


def warning(reason, **facts):
    return Stop("warn", reason, **facts)


def failure(reason, **facts):
    return Stop("fail", reason, **facts)


class Note:
    """What a stage found so far."""

    def __init__(self, stage, stream):
        self.stage, self._stream = stage, stream
        self.status, self.reason, self.error = "pass", None, None
        self.figures, self.facts, self.wrong = [], {}, []

    def figure(self, name, value, unit, *, high=None):
        if math.isfinite(value):
            self.figures.append({"name": name, "value": float(f"{value:.6g}"), "unit": unit, "high": high})

    def point(self, name, value, unit):
        self._stream.say("point", stage=self.stage, name=name, value=float(f"{value:.6g}"), unit=unit)

    def warn(self, reason, **facts):
        self.facts.update(facts)
        if self.status == "pass":
            self.status, self.reason = "warn", reason

    def compare(self, what, difference, limit, *, figure=False):
        """Remember a comparison with the right result; one that is off makes the stage fail in the end."""
        if figure:
            self.figure("error." + what, difference, "relative", high=limit)
        if not difference <= limit:
            self.wrong.append(what)

    def require(self, what, right):
        if not right:
            self.wrong.append(what)

    def close(self):
        if self.wrong:
            self.status, self.reason = "fail", "wrong-values"
            self.facts["wrong"] = self.wrong
            self.figure("wrong-values", len(self.wrong), "count", high=0)
