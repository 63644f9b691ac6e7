"""What is done with an environment that is there: each job says how it ended, and takes nothing that is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.generations import build
from setupwizard import workflow
from setupwizard.codes import exit_code
from setupwizard.store import generation
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = Root(tmp_path / "my PyTorch 环境")
    made.prepare()
    return made


def use(root: Root, *names: str) -> None:
    for name in names:
        build(root, name)
        generation.switch(root, name)


def download(root: Root) -> Path:
    """Put something into the store that no generation needs."""
    place = root.store / ("d" * 64)
    place.mkdir(parents=True)
    (place / "torch.whl.part").write_bytes(b"x" * 1000)
    return place


def stopped(root: Root) -> None:
    """Write down a setup that never came to its end."""
    Journal(root.journal).started("apply", plan="p" * 64, generation="0009", wheels={"d" * 64: 1000})


def test_going_back_names_what_is_in_use_now(root: Root) -> None:
    use(root, "0001", "0002")
    ended = workflow.roll_back(root)
    assert (ended.status, ended.exit, ended.changed) == ("done", 0, True)
    assert (ended.generation, ended.current, ended.kept) == ("0001", "0001", ("0001", "0002"))
    assert root.current_name() == "0001"


@pytest.mark.parametrize(("names", "code"), [((), "environment-missing"), (("0001",), "nothing-to-roll-back")])
def test_without_an_earlier_one_nothing_changes(root: Root, names: tuple[str, ...], code: str) -> None:
    use(root, *names)
    ended = workflow.roll_back(root)
    assert ended.error is not None
    assert (ended.status, ended.error.code, ended.changed) == ("failed", code, False)
    assert ended.current == root.current_name() == (names[-1] if names else None)


def test_removing_takes_all_of_ours_and_names_what_is_the_users(root: Root) -> None:
    use(root, "0001")
    mine = root.path / "thesis.txt"
    mine.write_text("mine")
    ended = workflow.remove(root)
    assert (ended.status, ended.current) == ("done", None)
    assert ended.kept == (str(mine),)
    assert mine.read_text() == "mine"
    left = sorted(path.name for path in root.path.iterdir())
    assert left == ["journal.jsonl", "thesis.txt"], "by its journal the folder can be used again"


def test_removing_what_is_not_there_is_done_already(tmp_path: Path) -> None:
    ended = workflow.remove(Root(tmp_path / "nowhere"))
    assert (ended.status, ended.exit, ended.changed) == ("already-done", 0, False)


@pytest.mark.parametrize("style", ["posix", "windows"])
def test_a_job_on_a_busy_environment_changes_nothing_and_says_so(root: Root, style: str) -> None:
    use(root, "0001", "0002")
    with working_on(root):
        for job in (workflow.roll_back, workflow.remove, workflow.collect_garbage):
            ended = job(root, style)
            assert ended.error is not None
            assert (ended.status, ended.error.code) == ("failed", "busy")
            assert ended.exit == exit_code("busy", style)
    assert root.current_name() == "0002"


def test_a_rehearsal_of_tidying_up_says_what_the_job_then_does(root: Root) -> None:
    use(root, "0001", "0002", "0003")
    place = download(root)
    said = workflow.collect_garbage(root, dry_run=True)
    assert (said.status, said.changed) == ("planned", True)
    assert place.is_dir()
    assert root.generations() == ["0001", "0002", "0003"]
    done = workflow.collect_garbage(root)
    assert (done.status, done.kept) == ("done", ("0002", "0003"))
    assert (done.removed, done.freed_bytes) == (said.removed, said.freed_bytes)
    assert not place.exists()
    again = workflow.collect_garbage(root)
    assert (again.status, again.changed, again.removed) == ("already-done", False, ())


def test_tidying_up_a_folder_that_is_not_ours_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    ended = workflow.collect_garbage(Root(tmp_path))
    assert ended.error is not None
    assert ended.error.code == "environment-missing"
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_an_unfinished_first_setup_is_forgotten_with_all_it_left(root: Root) -> None:
    stopped(root)
    download(root)
    workflow.forget_downloads(root)
    assert not root.path.exists()


def test_an_unfinished_setup_is_forgotten_and_what_is_in_use_stays(root: Root) -> None:
    use(root, "0001")
    stopped(root)
    place = download(root)
    workflow.forget_downloads(root)
    assert not place.exists()
    assert root.current_name() == "0001"
    assert Journal(root.journal).unfinished() is None


def test_what_is_not_ours_has_nothing_to_forget(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    workflow.forget_downloads(Root(tmp_path))
    assert (tmp_path / "store").is_dir()
