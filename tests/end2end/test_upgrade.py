"""After an upgrade of the program: environments of an earlier one go on, those of a later one are left alone."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from helpers.fault_lab import make_wheels
from helpers.program import environment, run
from setupwizard import workflow
from setupwizard.steps.records import plan_of, verification_of
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root

EARLIER = Path(__file__).parents[1] / "fixtures" / "earlier"
PROVED = "2026-11-29T05:01:59Z"
"""When the earlier program proved the newest of its two generations."""

pytestmark = [pytest.mark.linux_only("the documents name wheels for Linux"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    return environment(tmp_path_factory.mktemp("home"))


def install(root, wheels, torch, env):
    make_wheels(wheels, torch)
    words = ("--cpu", "--torch", torch, "--source", wheels, "--env", root, "--json")
    ended = run("apply", "--yes", *words, env=env)
    assert ended.code == 0, ended.err
    return ended.document


@pytest.fixture(scope="module")
def made(env, tmp_path_factory):
    """Return an environment with two generations, as the program of today makes it."""
    folder = tmp_path_factory.mktemp("made")
    for torch in ("2.15.0", "2.13.0"):
        install(folder / "root", folder / torch, torch, env)
    return folder / "root"


def lay_over(root):
    """Put the documents of the earlier program in the place of today's."""
    shutil.rmtree(root / "reports")
    for file in EARLIER.rglob("*.json*"):
        target = root / file.relative_to(EARLIER)
        target.parent.mkdir(exist_ok=True)
        target.write_text(file.read_text("utf-8").replace("ROOT", str(root)), encoding="utf-8")


@pytest.fixture
def earlier(made, tmp_path):
    """Return an environment that the earlier program wrote about."""
    root = tmp_path / "root"
    shutil.copytree(made, root, symlinks=True)
    lay_over(root)
    return root


def test_the_documents_are_of_an_earlier_form():
    """What makes them worth a test: they lack what was added since."""
    assert '"schema"' not in (EARLIER / "journal.jsonl").read_text("utf-8")
    assert '"wheels"' not in (EARLIER / "journal.jsonl").read_text("utf-8")
    proof = json.loads((EARLIER / "gens" / "0002" / "verification.json").read_text("utf-8"))
    assert all("facts" not in check for check in proof["checks"])


def test_all_of_it_is_read(earlier):
    root = Root(earlier)
    assert root.is_ours()
    assert not root.written_by_newer()
    assert (root.generations(), root.current_name(), root.previous_name()) == (["0001", "0002"], "0002", "0001")
    assert [plan_of(root, name).build.torch for name in root.generations()] == ["2.15.0", "2.13.0"]
    assert verification_of(root, "0002").started == PROVED
    assert Journal(root.journal).made_root()
    assert {path.name for path in Journal(root.journal).made_paths()} >= {"0001", "0002", "activate"}
    assert workflow.unfinished(root) is None


def test_it_is_reported_checked_and_taken_back(earlier, env):
    reported = run("report", "--env", earlier, "--json", env=env)
    assert (reported.code, reported.document["verification"]["started"]) == (0, PROVED)
    checked = run("verify", "--env", earlier, "--level", "files", "--json", env=env)
    assert (checked.code, checked.document["passed"], checked.document["previous"]) == (0, True, PROVED), checked.err
    back = run("rollback", "--env", earlier, "--json", env=env)
    assert (back.code, back.document["current"]) == (0, "0001")


def test_it_is_updated_and_the_one_before_is_kept(earlier, env, tmp_path):
    outcome = install(earlier, tmp_path / "wheels", "2.14.0", env)
    assert outcome["generation"] == outcome["current"] == "0003"
    assert Root(earlier).previous_name() == "0002"
    assert run("rollback", "--env", earlier, "--json", env=env).document["current"] == "0002"


def test_it_is_removed_whole(earlier, env):
    removed = run("remove", "--env", earlier, "--json", env=env)
    assert (removed.code, removed.document["changed"]) == (0, True)
    assert not earlier.exists()


def test_a_setup_that_stopped_is_offered_again(earlier):
    journal = earlier / "journal.jsonl"
    lines = journal.read_text("utf-8").splitlines()
    journal.write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    left = workflow.unfinished(Root(earlier))
    assert left.kept_bytes > 0
    assert left.total_bytes is None  # it did not say how much it needs


# a later program


def fingerprint(folder):
    """Return what a folder holds, to the byte."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def raise_schema(file):
    document = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**document, "schema": 2, "kind": "of tomorrow"}), encoding="utf-8")


def journal_of_tomorrow(root):
    (root / "journal.jsonl").write_text('{"schema": 2, "did": "opened"}\n', encoding="utf-8")


@pytest.mark.parametrize(
    "later",
    [
        journal_of_tomorrow,
        lambda root: raise_schema(root / "current.json"),
        lambda root: raise_schema(root / "gens" / "0002" / "COMPLETE.json"),
    ],
    ids=["journal", "current", "complete"],
)
def test_what_a_later_program_made_is_left_alone_with_a_sentence(earlier, env, later):
    later(earlier)
    before = fingerprint(earlier)
    here = ("--env", earlier, "--json")
    for words in (
        ("plan", "--cpu", *here),
        ("apply", "--yes", "--cpu", *here),
        ("verify", *here),
        ("doctor", *here),
        ("report", *here),
        ("rollback", *here),
        ("remove", *here),
        ("gc", *here),
        ("gc", "--dry-run", *here),
    ):
        ended = run(*words, env=env)
        said = ended.document.get("error") or ended.document
        assert (ended.code, said["code"]) == (13, "environment-newer"), (words, ended.err)
        assert str(earlier) in said["title"]
    assert workflow.unfinished(Root(earlier)) is None
    assert fingerprint(earlier) == before
