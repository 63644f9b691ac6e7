"""The error that stands for a decision with nothing to install."""

from __future__ import annotations

from setupwizard.errors import SetupError
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Recommendation


def error_of_verdict(recommendation: Recommendation, machine: Machine) -> SetupError:
    """Return the error for a verdict that has nothing to install, with the facts of the recommendation."""
    action = recommendation.actions[0] if recommendation.actions else None
    detail = "\n".join(reason.text for reason in recommendation.reasons)
    url = (action.url if action else None) or ""
    if recommendation.verdict == "fix-driver":
        driver = machine.nvidia_driver.version if machine.nvidia_driver else ""
        if not driver:
            return SetupError("driver-missing", url=url, detail=detail)
        return SetupError(
            "driver-old", driver=driver, at_least=(action.at_least if action else None) or "", url=url, detail=detail
        )
    if recommendation.verdict == "change-python":
        better = recommendation.after.python if recommendation.after else "3.12"
        python = machine.python.name if machine.python else ""
        return SetupError("change-python", python=python, better=better, detail=detail)
    if recommendation.verdict == "fix-hardware":
        return SetupError("hardware-unreachable", detail=detail)
    unmet = next((reason.text for reason in recommendation.reasons if reason.code == "wish-unmet"), None)
    if unmet is not None:
        return SetupError("no-build", problem=unmet, detail=detail)
    if recommendation.verdict in {"split", "other-route", "unsupported-os"}:
        return SetupError(recommendation.verdict, url=url, detail=detail)
    return SetupError("no-build", problem=detail, detail=detail)
