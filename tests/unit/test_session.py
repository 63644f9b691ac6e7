"""The rules of going on, going back and coming back, without a window."""

from pathlib import Path

import pytest

from setupwizard.model.events import Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Build, Recommendation, Wishes
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.workflow import PAGES, Choices, Session, next_page, page_before, unfinished, with_root

MACHINE = Machine(os="linux", arch="x86_64", gpus=())
BUILD = Build(torch="2.13.0", variant="cpu", python="3.11", platform="linux_x86_64", requirement="torch==2.13.0+cpu")
ANSWER = Recommendation(data_date="2026-11-22", verdict="cpu", build=BUILD)
PLAN = Plan(
    id="0" * 64,
    root="/r",
    generation="0001",
    backend="uv",
    python=PlanPython(version="3.11", source="found", path="/usr/bin/python3"),
    build=BUILD,
    source=PlanSource(id="official", kind="index", why=""),
)


def full(status="done"):
    session = Session(choices=Choices(root=Path("/r")))
    return (
        session.with_machine(MACHINE)
        .with_recommendation(ANSWER)
        .with_plan(PLAN)
        .with_outcome(Outcome(status=status, exit=0))
    )


def test_from_the_first_page_to_the_last():
    session, page, seen = full(), "start", []
    while page is not None:
        seen.append(page)
        page = next_page(page, session)
    assert tuple(seen) == PAGES


@pytest.mark.parametrize(
    ("page", "session"),
    [
        ("computer", Session()),
        ("computer", Session().with_machine(MACHINE)),
        ("build", Session().with_machine(MACHINE).with_recommendation(ANSWER)),
        ("install", full("failed")),
        ("install", full("cancelled")),
        ("verify", full("planned")),
    ],
)
def test_a_page_without_what_the_next_one_shows_leads_nowhere(page, session):
    assert next_page(page, session) is None


def test_looking_again_forgets_what_was_decided():
    session = full().with_machine(MACHINE)
    assert (session.recommendation, session.plan, session.outcome) == (None, None, None)


def test_another_folder_keeps_the_decision_and_forgets_the_plan():
    session = full()
    moved = session.with_choices(with_root(session.choices, "/elsewhere"))
    assert moved.recommendation == ANSWER
    assert moved.plan is None
    assert moved.outcome is None


def test_another_wish_forgets_the_decision():
    session = full()
    wished = session.with_choices(Choices(root=session.choices.root, wishes=Wishes(variant="cpu")))
    assert wished.recommendation is None
    assert session.with_choices(session.choices) is session


@pytest.mark.parametrize(
    ("page", "status", "busy", "back"),
    [
        ("start", "done", False, None),
        ("computer", "done", False, "start"),
        ("build", "done", False, "computer"),
        ("build", "done", True, None),
        ("install", "failed", False, "build"),
        ("install", "cancelled", False, "build"),
        ("install", "done", False, None),
        ("install", "failed", True, None),
        ("verify", "failed", False, "build"),
        ("finish", "done", False, None),
    ],
)
def test_back_leads_to_the_page_before_unless_something_runs_or_is_done(page, status, busy, back):
    assert page_before(page, full(status), busy=busy) == back


def test_a_setup_that_stopped_is_offered_again(tmp_path):
    root = Root(tmp_path / "root")
    assert unfinished(root) is None
    root.prepare()
    assert unfinished(root) is None
    journal = Journal(root.journal)
    journal.started("apply", plan="0" * 64, generation="0001")
    assert unfinished(root) is not None, "a run that died"
    journal.finished("apply", status="cancelled")
    assert unfinished(root) is None, "stopped, and nothing was kept"
    place = root.store / ("a" * 64)
    place.mkdir()
    (place / "part").write_bytes(b"x" * 10)
    left = unfinished(root)
    assert left is not None
    assert left.kept_bytes == 10
