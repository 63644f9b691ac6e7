"""Room: what tidying up gives back and never takes; an environment without its wheels is still compared."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers.generations import build, site_packages
from helpers.make_wheels import make_wheel, package_of, random_bytes
from setupwizard import i18n, platforms, workflow
from setupwizard.errors import SetupError
from setupwizard.model.install_data import install_data
from setupwizard.model.plan import Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Check, Verification
from setupwizard.probes import disks
from setupwizard.steps import drafting, switching
from setupwizard.steps.comparing import compare, files_check, is_damaged, retold
from setupwizard.steps.records import write_records
from setupwizard.store import generation
from setupwizard.store.files import tree_bytes
from setupwizard.store.layout import Root
from setupwizard.store.loose import loose_files
from setupwizard.store.wheels import WheelStore

BUILD = Build(torch="2.0.0", variant="cpu", python="3.11", platform="linux_x86_64", requirement="", index_url=None)
PROOF = Verification(passed=True, verdict="pass", level="files", mode="quick", started="", seconds=0.0)


@pytest.fixture
def root(tmp_path):
    """Three generations, each of one wheel that holds something to weigh."""
    made = Root(tmp_path / "root")
    made.prepare()
    for number in (1, 2, 3):
        files = {
            "torch/__init__.py": b"X = %d\n" % number,
            "torch/big.so": random_bytes(100_000, seed=number),
            "{data}/scripts/torchrun": b"#!python\n",
        }
        wheel = make_wheel(tmp_path / "wheels", "torch", f"2.{number}.0", files=files)
        package = package_of(wheel)
        WheelStore(made.store).place_of(package).mkdir(parents=True)
        WheelStore(made.store).path_of(package).write_bytes(wheel.read_bytes())
        name = f"000{number}"
        build(made, name, [wheel], complete=False)
        plan = Plan(
            id=str(number) * 64,
            root=str(made.path),
            generation=name,
            backend="uv",
            python=PlanPython(version="3.11", source="found"),
            build=BUILD,
            source=PlanSource(id="folder", kind="folder", why=""),
            packages=(package,),
        )
        write_records(made, name, plan, PROOF)
        generation.mark_complete(
            made, name, plan=plan.id, lock_sha256="b" * 64, files=3, torch="2", variant="cpu", python="3.11"
        )
        generation.switch(made, name)
    return made


def plan_in(root, name):
    found = switching.plan_of(root, name)
    assert found is not None
    return found


def test_what_is_held_and_what_can_be_freed_is_what_is_freed(root):
    told = workflow.room(root)
    assert [name for name, _size in told.generations] == ["0001", "0002", "0003"]
    assert all(size > 100_000 for _name, size in told.generations)
    assert told.downloads > 300_000
    before = tree_bytes(root.path)
    would = workflow.collect_garbage(root, dry_run=True)
    assert (would.status, would.freed_bytes) == ("planned", told.can_be_freed)
    assert tree_bytes(root.path) == before
    ended = workflow.collect_garbage(root)
    assert (ended.status, ended.freed_bytes, ended.removed) == ("done", would.freed_bytes, would.removed)
    freed = before - tree_bytes(root.path)
    assert 0 <= ended.freed_bytes - freed < 10_000  # what is kept of the wheels, and the journal's lines
    assert workflow.collect_garbage(root).status == "already-done"


def test_a_folder_that_is_not_ours_has_no_room_to_tell_of(tmp_path):
    with pytest.raises(SetupError) as caught:
        workflow.room(Root(tmp_path))
    assert caught.value.code == "environment-missing"


def test_without_its_wheels_an_environment_is_still_compared_file_by_file(root):
    workflow.collect_garbage(root)
    assert WheelStore(root.store).places() == []
    plan = plan_in(root, "0003")
    result = compare(root, "0003", plan)
    assert result is not None
    assert result.passed
    assert result.files >= 4
    (site_packages(root, "0003") / "torch" / "big.so").write_bytes(b"other")
    result = compare(root, "0003", plan)
    assert result is not None
    assert is_damaged(result)


@pytest.mark.parametrize("damage", ["none", "changed", "gone"])
def test_the_comparison_is_told_in_the_language_that_is_spoken(root, damage):
    name = root.current_name()
    if damage == "changed":
        (site_packages(root, name) / "torch" / "big.so").write_bytes(b"x")
    if damage == "gone":
        for wheel in root.store.glob("*/*.whl"):
            wheel.unlink()
    try:
        english = files_check(root, name, plan_in(root, name))
        i18n.set_language("zh_CN")
        chinese = files_check(root, name, plan_in(root, name))
        assert retold(replace(english, seconds=chinese.seconds)) == chinese
        assert chinese.text != english.text
    finally:
        i18n.set_language("en")
    assert retold(replace(chinese, seconds=english.seconds)) == english
    assert english.status == {"none": "pass", "changed": "fail", "gone": "not-run"}[damage]


def test_a_comparison_of_another_hand_stays_as_it_is():
    for facts in ({}, {"count": "many"}):
        check = Check(id="files", status="pass", text="told", facts=facts)
        assert retold(check) is check


def test_wheels_stay_where_nothing_could_be_kept_of_them(root):
    package = plan_in(root, "0003").packages[0]
    WheelStore(root.store).path_of(package).write_bytes(b"x" * package.size)  # no archive: no RECORD to keep
    workflow.collect_garbage(root)
    assert [place.name for place in WheelStore(root.store).places()] == [package.sha256]


@pytest.mark.parametrize(("downloads", "left"), [("keep", 2), ("remove", 0)])
def test_downloads_are_kept_or_not_as_is_asked(root, downloads, left):
    switching.clean(root, downloads)
    assert len(WheelStore(root.store).places()) == left
    assert root.generations() == ["0002", "0003"]


def test_by_themselves_downloads_stay_where_room_is_ample():
    room = install_data().room
    assert room.is_ample(room.ample_free_bytes, 1)
    assert not room.is_ample(room.ample_free_bytes - 1, 1)
    large = room.ample_free_bytes
    assert not room.is_ample(large, large)


@pytest.mark.parametrize(
    "place", ["{packages}/my module.py", "{packages}/torch/notes.txt", "{scripts}/my tool", "share/data/x.csv"]
)
def test_a_file_of_the_user_among_the_packages_keeps_its_generation(root, place):
    folder = root.generation("0001")
    scripts = platforms.python_in(folder).parent
    path = folder / place.format(packages=site_packages(root, "0001"), scripts=scripts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    assert [found.resolve() for found in loose_files(root.generation("0001"))] == [path.resolve()]
    ended = workflow.collect_garbage(root)
    assert str(root.generation("0001")) not in ended.removed
    assert path.read_text() == "mine"
    assert "0001" in root.generations()


def test_caches_and_what_python_writes_are_nobodys(root):
    site = site_packages(root, "0001")
    (site / "torch" / "__pycache__").mkdir()
    (site / "torch" / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"")
    assert loose_files(root.generation("0001")) == []


def test_removing_everything_leaves_the_users_files_among_the_packages(root):
    mine = site_packages(root, "0003") / "my module.py"
    mine.write_text("mine")
    ended = workflow.remove(root)
    assert ended.status == "done"
    left = [path for path in root.path.rglob("*") if path.is_file() and path.name != "journal.jsonl"]
    assert [path.name for path in left if path.name != "COMPLETE.json"] == ["my module.py"]
    assert [path.read_text() for path in left if path.name == "my module.py"] == ["mine"]


def test_room_is_needed_for_the_download_a_second_generation_and_what_is_temporary(tmp_path):
    needs = drafting.room_needed(tmp_path / "root", 1_000, 10_000)
    assert sum(need.need_bytes for need in needs) == 11_000 + install_data().room.temporary_bytes
    assert all(need.free_bytes > 0 for need in needs)


@pytest.mark.skipif(
    disks.mount_point(Path("/dev/shm")) in {None, Path("/"), disks.mount_point(platforms.temporary_folder())},
    reason="there is no second drive here",
)
def test_what_is_temporary_counts_where_it_is_written():
    root, temporary = drafting.room_needed(Path("/dev/shm/pytorch"), 1_000, 10_000)
    assert (root.path, root.need_bytes) == (str(Path("/dev/shm/pytorch")), 11_000)
    assert temporary.path == str(platforms.temporary_folder())
