"""How far a visit is, and the rules of going on, going back and coming back. No Qt and no terminal is known here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from setupwizard import platforms
from setupwizard.codes import Backend
from setupwizard.model.events import Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Recommendation, Wishes
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools import preferences

PageName = Literal["start", "computer", "build", "install", "verify", "finish"]
PAGES: tuple[PageName, ...] = ("start", "computer", "build", "install", "verify", "finish")


def usual_sources() -> tuple[str, ...]:
    """Return the download server that is set for every visit; none means that the best one is found."""
    source = preferences.present().settings.source
    return (source,) if source else ()


class Choices(Struct, frozen=True, kw_only=True):
    """What the user may choose; everything has a good default."""

    wishes: Wishes = field(default_factory=Wishes)
    root: Path = field(default_factory=platforms.default_root)
    backend: Backend = "uv"
    sources: tuple[str, ...] = field(default_factory=usual_sources)


def with_root(choices: Choices, folder: str) -> Choices:
    """Return the choices with another folder, as a person types it."""
    return replace(choices, root=Path(folder).expanduser().absolute())


class Session(Struct, frozen=True, kw_only=True):
    """How far a visit is: one optional result a step. Changing an earlier answer clears the later ones."""

    choices: Choices = field(default_factory=Choices)
    machine: Machine | None = None
    recommendation: Recommendation | None = None
    plan: Plan | None = None
    outcome: Outcome | None = None

    def with_choices(self, choices: Choices) -> Session:
        """Return the session with other choices: what was decided and planned with the old ones is gone."""
        if choices == self.choices:
            return self
        session = replace(self, choices=choices, plan=None, outcome=None)
        return session if choices.wishes == self.choices.wishes else replace(session, recommendation=None)

    def with_machine(self, machine: Machine) -> Session:
        """Return the session with a machine looked at anew."""
        return replace(self, machine=machine, recommendation=None, plan=None, outcome=None)

    def with_recommendation(self, recommendation: Recommendation) -> Session:
        """Return the session with a decision."""
        return replace(self, recommendation=recommendation, plan=None, outcome=None)

    def with_plan(self, plan: Plan) -> Session:
        """Return the session with a plan."""
        return replace(self, plan=plan, outcome=None)

    def with_outcome(self, outcome: Outcome) -> Session:
        """Return the session with the end of the job."""
        return replace(self, outcome=outcome)


def next_page(page: PageName, session: Session) -> PageName | None:
    """Return the page after this one, None while the session does not hold what that page shows."""
    ready: dict[PageName, bool] = {
        "start": True,
        "computer": session.machine is not None and session.recommendation is not None,
        "build": session.plan is not None,
        "install": session.outcome is not None and session.outcome.status in {"done", "already-done"},
        "verify": session.outcome is not None and session.outcome.status in {"done", "already-done"},
        "finish": False,
    }
    return PAGES[PAGES.index(page) + 1] if ready[page] else None


def page_before(page: PageName, session: Session, *, busy: bool) -> PageName | None:
    """Return the page to go back to, None where there is no way back.

    Nothing goes back while a job runs. After Install was pressed the only way back is to the choice of a build, and
    only when nothing was put in use.
    """
    if busy or page in {"start", "finish"}:
        return None
    if page in {"install", "verify"}:
        ended = session.outcome is not None and session.outcome.status in {"failed", "cancelled"}
        return "build" if ended else None
    return PAGES[PAGES.index(page) - 1]


class Unfinished(Struct, frozen=True, kw_only=True):
    """A setup that stopped before its end: how much is there already, for the offer to go on.

    Attributes:
        total_bytes: all that it needs, None where the root does not tell.
    """

    root: str
    kept_bytes: int
    total_bytes: int | None = None


def unfinished(root: Root) -> Unfinished | None:
    """Return what a stopped run left below a root, None when there is nothing worth going on with.

    A run that died counts, and so does one that was stopped on purpose before anything was put in use.
    """
    if root.written_by_newer():
        return None
    store, journal = WheelStore(root.store), Journal(root.journal)
    last = journal.last_start()
    wheels = last.wheels if last is not None else {}
    kept = store.size_of(wheels) if wheels else store.size()
    died = journal.unfinished() is not None
    if not died and (root.generations() or not kept):
        return None
    return Unfinished(root=str(root.path), kept_bytes=kept, total_bytes=sum(wheels.values()) or None)
