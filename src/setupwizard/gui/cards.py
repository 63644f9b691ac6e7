"""What an error's card offers in the window: only what can help where the person stands, the likeliest first."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.gui.state import PageName, State, environment_at, other_build, other_source
from setupwizard.i18n import _
from setupwizard.model.events import Error

FixRow = tuple[str, str]
"""The code of a fix and the words on its button."""

# The sentence of these says already what became of what was there.
_SAYS_IT: frozenset[ErrorCode] = frozenset(
    (
        "internal-error",
        "not-built",
        "tool-failed",
        "root-not-empty",
        "environment-newer",
        "plan-invalid",
        "plan-unexpected",
        "not-carried",
    )
)


def offered(error: Error, page: PageName, state: State) -> list[FixRow]:
    """Return the fixes of a card in their order; at least one, as no card may be a dead end."""
    rows = [(fix.code, fix.text) for fix in error.fixes if _helps(fix.code, page, state)]
    if (
        state.choices.installer != "uv"
        and page in {"build", "install"}
        and not any(row[0] == "automatic" for row in rows)
    ):
        rows.append(("automatic", _("Leave the choice to us")))
    if page == "verify" and state.visiting and error.code != "environment-missing":
        rows = _for_what_is_there(rows, state)
    if any(code == "free-room" for code, _text in rows):
        rows.sort(key=lambda row: row[0] != "free-room")
    return rows or [("try-again", _("Try again"))]


def kept(error: Error, page: PageName, state: State) -> str:
    """Return what is safe, in a sentence; empty where the card or its page says it."""
    if error.code in _SAYS_IT:
        return ""
    if page in {"computer", "build"}:
        return _("Nothing on this PC was changed.")
    if page == "verify" and not state.visiting and not state.succeeded:
        return _("What was downloaded is kept.")
    return ""


def _helps(code: str, page: PageName, state: State) -> bool:
    """Whether a fix can do something here."""
    choosing = page in {"build", "install", "verify"} and not state.visiting
    if code == "other-source":
        return choosing and other_source(state) is not None
    if code == "other-build":
        return choosing and other_build(state) is not None
    if code == "use-cpu-build":
        return page != "start" and not state.visiting and not _is_for_the_processor(state)
    if code == "automatic":
        return choosing and state.choices != state.choices.free()
    if code == "free-room":
        there = environment_at(state, state.choices.root)
        return there is not None and there.free_bytes > 0
    if code == "proxy-settings":
        return not {"proxy", "certificates"} <= state.preferences.locked
    if code == "repair":
        return environment_at(state, state.subject) is not None
    return True


def _for_what_is_there(rows: list[FixRow], state: State) -> list[FixRow]:
    """Put first what mends an environment that is there and in use."""
    there = environment_at(state, state.subject)
    mend = [("repair", _("Repair it"))] if there is not None else []
    back = [("go-back", _("Go back to {build}").format(build=there.back_to))] if there and there.back_to else []
    rest = [row for row in rows if row[0] not in {"repair", "go-back"}]
    return [*mend, *rest, *back]


def _is_for_the_processor(state: State) -> bool:
    planned = state.plan is not None and state.plan.build.variant == "cpu"
    return state.choices.variant == "cpu" or planned
