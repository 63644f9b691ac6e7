"""Everything that a bug report needs, as text for the clipboard."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from PySide6.QtCore import qVersion

from setupwizard import __version__
from setupwizard.gui.state import State
from setupwizard.model.events import Error
from setupwizard.model.wire import to_json


def details_text(state: State, printed: Sequence[str], error: Error | None) -> str:
    """Return error, versions, computer, plan and the last lines of the tools; the caller takes the names out."""
    parts = [
        f"setupwizard {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}",
    ]
    if error is not None:
        parts.append(f"{error.code}: {error.title}\n{error.advice}\n{error.detail}".strip())
    if state.machine is not None:
        parts.append(to_json(state.machine))
    if state.decision is not None:
        parts.append(f"verdict {state.decision.verdict}, build {state.decision.build}")
    if state.plan is not None:
        plan = state.plan
        parts.append(f"plan {plan.id}, {plan.build.requirement}, source {plan.source.id}, backend {plan.backend}")
    if printed:
        parts.append("\n".join(printed))
    return "\n\n".join(parts)
