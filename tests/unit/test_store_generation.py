"""Generations: only whole ones are ever in use, whatever happens, and nothing of the user is ever removed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.generations import build, site_packages
from helpers.make_wheels import make_wheel
from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.store import generation, removal
from setupwizard.store.documents import Current
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.live import LiveProcesses
from setupwizard.store.wheels import WheelStore

links = pytest.mark.posix_only("made of symbolic links")


@pytest.fixture(params=["pytorch", "meine Umgebung ü 环境 'x'"])
def root(request, tmp_path):
    made = Root(tmp_path / request.param)
    made.prepare()
    return made


def use(root, name):
    build(root, name)
    generation.switch(root, name)


def seen_through_pointer(root):
    return (root.in_use / "COMPLETE.json").read_text()


# ---- making and switching ----


def test_a_new_generation_is_used_only_after_it_is_whole(root):
    folder = build(root, "0001", complete=False)
    assert folder == root.gens / "0001"
    assert root.read_complete("0001") is None
    with pytest.raises(SetupError) as caught:
        generation.switch(root, "0001")
    assert caught.value.code == "environment-missing"
    assert root.current_name() is None
    assert not os.path.lexists(root.current)
    document = generation.mark_complete(
        root, "0001", plan="p" * 64, lock_sha256="1" * 64, files=7, torch="2.15.0", variant="cu130", python="3.12"
    )
    assert root.read_complete("0001") == document
    assert (document.files, document.plan, document.variant) == (7, "p" * 64, "cu130")
    assert document.made.endswith("Z")
    generation.switch(root, "0001")
    assert root.current_name() == "0001"
    assert '"0001"' in seen_through_pointer(root)


@links
def test_the_pointer_leads_to_the_generation_in_use(root):
    use(root, "0001")
    assert root.in_use == root.current
    assert root.current.resolve() == root.generation("0001").resolve()
    assert root.current.readlink() == Path("gens/0001")  # relative: the root may be moved or shared
    use(root, "0002")
    assert root.current.resolve() == root.generation("0002").resolve()


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"schema": 1}', '{"schema": 2, "generation": "0001"}', "\0" * 100])
def test_a_torn_proof_is_none(root, broken):
    build(root, "0001")
    root.complete_json("0001").write_text(broken)
    assert root.read_complete("0001") is None
    assert root.generations() == []


def test_a_claim_clears_what_a_dead_run_left(root):
    left = build(root, "0001", complete=False)
    (left / "half").write_text("x")
    folder = generation.claim(root, "0001")
    assert list(folder.iterdir()) == []


def test_a_claim_never_takes_a_whole_generation(root):
    use(root, "0001")
    build(root, "0002")
    for name in ("0001", "0002"):
        with pytest.raises(SetupError) as caught:
            generation.claim(root, name)
        assert caught.value.code == "plan-unexpected"
        assert caught.value.facts["found"] == "0003"
        assert root.read_complete(name) is not None


def test_the_current_one_is_not_claimed_even_when_its_proof_is_gone(root):
    use(root, "0001")
    root.complete_json("0001").unlink()
    with pytest.raises(SetupError):
        generation.claim(root, "0001")
    assert (root.generation("0001") / "pyvenv.cfg").exists()


def test_switching_twice_is_once(root):
    use(root, "0001")
    use(root, "0002")
    before = root.current_json.read_bytes()
    generation.switch(root, "0002")
    assert root.current_json.read_bytes() == before
    assert root.previous_name() == "0001"
    assert [entry.generation for entry in Journal(root.journal).read() if entry.what == "switched"] == ["0001", "0002"]


def test_going_back_and_forth(root):
    assert root.previous_name() is None
    use(root, "0001")
    assert root.previous_name() is None
    use(root, "0002")
    use(root, "0003")
    assert root.previous_name() == "0002"
    generation.switch(root, "0002")
    assert root.previous_name() == "0001"
    use(root, "0004")
    assert root.previous_name() == "0002"  # not 0003, which was left behind on purpose
    generation.switch(root, "0002")
    generation.switch(root, "0001")
    assert root.previous_name() is None


def test_previous_is_whole_or_nothing(root):
    use(root, "0001")
    use(root, "0002")
    use(root, "0003")
    shutil.rmtree(root.generation("0002"))
    assert root.previous_name() == "0001"


# ---- healing ----


def test_healing_an_empty_root_changes_nothing(root):
    assert generation.heal(root) is None
    assert not os.path.lexists(root.current)


@links
@pytest.mark.parametrize("damage", ["missing", "old", "dangling", "new-left"])
def test_the_pointer_follows_current_json(root, damage):
    use(root, "0001")
    use(root, "0002")
    root.current.unlink()
    if damage == "old":
        root.current.symlink_to("gens/0001")
    elif damage == "dangling":
        root.current.symlink_to("gens/0099")
    elif damage == "new-left":
        root.current.with_name("current.new").symlink_to("gens/0001")
    assert generation.heal(root) == "0002"
    assert root.pointer_name() == "0002"
    assert '"0002"' in seen_through_pointer(root)
    assert not os.path.lexists(root.current.with_name("current.new"))


@pytest.mark.parametrize("content", [None, "", "{", '{"schema": 1, "generation": "../x"}'])
def test_current_json_is_made_again_from_the_pointer(root, content):
    use(root, "0001")
    use(root, "0002")
    root.current_json.unlink()
    if content is not None:
        root.current_json.write_text(content)
    assert generation.heal(root) == "0002"
    assert '"0002"' in root.current_json.read_text()


def test_when_the_generation_in_use_is_gone_the_one_before_is_taken(root):
    use(root, "0001")
    use(root, "0002")
    build(root, "0003")  # whole, but never chosen
    shutil.rmtree(root.generation("0002"))
    assert generation.heal(root) == "0001"
    assert root.current_name() == "0001"
    assert '"0001"' in seen_through_pointer(root)


def test_when_the_generation_in_use_is_no_longer_whole(root):
    use(root, "0001")
    use(root, "0002")
    root.complete_json("0002").unlink()
    assert generation.heal(root) == "0001"
    assert '"0001"' in seen_through_pointer(root)


def test_a_real_folder_in_the_place_of_the_pointer_is_not_removed(root):
    use(root, "0001")
    platforms.remove_pointer(root.current)
    root.current.mkdir()
    (root.current / "precious").write_text("x")
    with pytest.raises(SetupError) as caught:
        generation.heal(root)
    assert (caught.value.code, caught.value.facts["path"]) == ("root-not-empty", str(root.current))
    assert (root.current / "precious").exists()


POINTS = [
    ("claim", "before-claim"),
    ("claim", "after-claim"),
    ("build", "before-complete"),
    ("build", "after-complete"),
    ("switch", "between-current-json-and-pointer"),
    ("switch", "after-pointer"),
    ("discard", "during-discard"),
]
PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from helpers.generations import build
from setupwizard.store import generation, removal
from setupwizard.store.layout import Root
root = Root(Path(sys.argv[1]))
generation.heal(root)
if sys.argv[2] == "discard":
    removal.discard(root, "0001")
else:
    build(root, root.next_name())
    generation.switch(root, "0003")
"""
TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize(("what", "point"), POINTS)
def test_a_process_that_dies_at_any_point_leaves_a_whole_environment_in_use(root, what, point):
    use(root, "0001")
    use(root, "0002")
    argv = [sys.executable, "-c", PROGRAM, str(root.path), what, str(TESTS)]
    child = subprocess.run(argv, env={**os.environ, "SETUPWIZARD_CRASH_AT": point}, capture_output=True, timeout=60)
    assert child.returncode == 137, child.stderr
    name = root.current_name()
    switched = point in {"between-current-json-and-pointer", "after-pointer"}
    assert name == ("0003" if switched else "0002")
    assert root.read_complete(name) is not None
    # the pointer leads to a whole one even before anybody heals it
    if os.name != "nt":
        through = root.pointer_name()
        assert through in {"0002", "0003"}
        assert root.read_complete(through) is not None
    assert "0001" not in root.generations() if what == "discard" else True
    assert generation.heal(root) == name
    assert f'"{name}"' in seen_through_pointer(root)
    removal.collect(root)
    left = {path.name for path in root.gens.iterdir()}
    assert name in left
    assert left == set(root.generations())
    assert len(left) <= 2


# ---- collecting ----


def test_collect_keeps_the_one_in_use_and_the_one_to_go_back_to(root):
    for name in ("0001", "0002", "0003", "0004"):
        use(root, name)
    build(root, "0005", complete=False)
    assert removal.collect(root) == (("0001", "0002", "0005"), ())
    assert root.generation_names() == ["0003", "0004"]
    assert removal.collect(root, keep=1).removed == ("0003",)
    assert removal.collect(root, keep=0).removed == ()
    assert root.current_name() == "0004"
    assert '"0004"' in seen_through_pointer(root)


def test_collect_after_going_back_keeps_the_old_one_that_is_in_use(root):
    for name in ("0001", "0002", "0003"):
        use(root, name)
    generation.switch(root, "0001")
    assert removal.collect(root, keep=1).removed == ("0002", "0003")
    assert root.current_name() == "0001"


def test_collect_never_takes_the_current_one_even_when_it_is_not_whole(root):
    use(root, "0001")
    root.complete_json("0001").unlink()
    assert removal.collect(root).removed == ()
    assert (root.in_use / "pyvenv.cfg").exists()


def test_collect_finishes_what_an_earlier_run_began(root):
    use(root, "0001")
    (root.gens / "0007.going" / "lib").mkdir(parents=True)
    (root.gens / "notes").mkdir()
    removal.collect(root)
    assert sorted(path.name for path in root.gens.iterdir()) == ["0001", "notes"]


def test_collect_leaves_a_generation_with_files_of_the_user(root):
    for name in ("0001", "0002", "0003"):
        use(root, name)
    (root.generation("0001") / "my notebook.ipynb").write_text("work of weeks")
    (root.generation("0001") / "share").mkdir()  # what pip installs later is no file of the user
    assert removal.collect(root) == ((), ("0001",))
    assert (root.generation("0001") / "my notebook.ipynb").exists()


def test_discard_never_takes_the_current_one(root):
    use(root, "0001")
    with pytest.raises(SetupError) as caught:
        removal.discard(root, "0001")
    assert caught.value.code == "file-in-use"
    assert '"0001"' in seen_through_pointer(root)
    removal.discard(root, "0042")  # nothing there: fine


def test_a_folder_that_another_program_holds_open_stays_whole(root, monkeypatch):
    """As Windows answers when a library of the environment is loaded."""
    import errno

    for name in ("0001", "0002", "0003"):
        use(root, name)
    real = os.replace

    def replace(source, target):
        if str(target).endswith(".going"):
            raise (
                OSError(errno.EACCES, "used by another process", None, 32)
                if os.name == "nt"
                else OSError(errno.EBUSY, "")
            )
        real(source, target)

    monkeypatch.setattr("os.replace", replace)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    clock = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    assert removal.collect(root) == ((), ("0001",))
    assert root.read_complete("0001") is not None


@pytest.fixture
def start(tmp_path):
    children = []

    def start_in(argv, **options):
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        children.append(child)
        assert child.stdout.readline() == "up\n"
        return child

    yield start_in
    for child in children:
        child.kill()
        child.communicate()


WAIT = "print('up', flush=True); import sys; sys.stdin.read()"


def test_a_generation_with_a_live_process_is_not_removed(root, start, tmp_path):
    for name in ("0001", "0002", "0003", "0004", "0005", "0006"):
        use(root, name)
    if os.name == "nt":
        held = (root.generation("0004") / "lib.dll").open("wb")  # an open file is enough there
        start([sys.executable, "-c", WAIT], cwd=root.generation("0001"))
        assert removal.collect(root, keep=1) == (("0002", "0003", "0005"), ("0001", "0004"))
        held.close()
        return
    # a working folder, a script, an open file; the last one only maps a library, as a notebook does
    start([sys.executable, "-c", WAIT], cwd=root.generation("0001"))
    script = platforms.python_in(root.generation("0002")).with_name("tool")
    script.write_text(WAIT)
    start([sys.executable, str(script)])
    opened = root.generation("0003") / "lib" / "data"
    opened.write_text("x")
    start([sys.executable, "-c", f"f = open({str(opened)!r}); {WAIT}"])
    mapped = root.generation("0004") / "lib" / "libx.so"
    mapped.write_bytes(bytes(8192))
    map_it = f"import mmap, os; d = os.open({str(mapped)!r}, os.O_RDONLY); m = mmap.mmap(d, 0, prot=1); os.close(d); "
    start([sys.executable, "-c", map_it + WAIT])
    result = removal.collect(root, keep=1)
    assert result.kept == ("0001", "0002", "0003", "0004")
    assert result.removed == ("0005",)
    names = {process.pid for process in LiveProcesses().inside(root.generation("0003"))}
    assert len(names) == 1


@links
def test_a_process_that_came_by_the_pointer_protects_what_it_may_use(root, start):
    use(root, "0001")
    tool = platforms.python_in(root.generation("0001")).with_name("tool")
    tool.write_text(WAIT)
    start([sys.executable, str(platforms.python_in(root.current).with_name("tool"))])
    use(root, "0002")
    use(root, "0003")
    assert removal.collect(root, keep=1).kept == ("0001", "0002")


@links
def test_a_process_of_the_current_generation_protects_only_that_one(root, start):
    use(root, "0001")
    use(root, "0002")
    tool = platforms.python_in(root.generation("0002")).with_name("tool")
    library = root.generation("0002") / "lib" / "libx.so"
    library.write_bytes(bytes(8192))
    tool.write_text(f"import mmap; f = open({str(library)!r}, 'rb'); m = mmap.mmap(f.fileno(), 0, prot=1); {WAIT}")
    start([sys.executable, str(platforms.python_in(root.current).with_name("tool"))])
    use(root, "0003")
    generation.switch(root, "0002")
    assert removal.collect(root, keep=1).removed == ("0001", "0003")


# ---- removing all ----


def fill(root, tmp_path):
    wheel = make_wheel(tmp_path / "wheels")
    use(root, "0001")
    use(root, "0002")
    build(root, "0003", complete=False)
    from setupwizard.store.activate import write_activation

    write_activation(root)
    store = WheelStore(root.store)
    from helpers.make_wheels import package_of

    package = package_of(wheel)
    store.adopt(package, wheel)
    root.work.mkdir()
    (root.work / "cache").write_text("x")
    (root.reports / "2026-11-22.json").write_text("{}")
    (root.reports / "2026-11-22.html").write_text("<html>")
    (root.logs / "apply.log").write_text("x")
    (root.path / "extra").write_text("x")
    Journal(root.journal).created(root.path / "extra")


def test_removing_everything_leaves_no_root(root, tmp_path):
    fill(root, tmp_path)
    result = removal.remove_all(root)
    assert result.kept == ()
    assert root.generation("0002") in result.removed
    removal.remove_lock(root)
    assert not root.path.exists()


def test_a_folder_that_was_there_before_stays_and_is_empty(tmp_path):
    (tmp_path / "mine").mkdir()
    root = Root(tmp_path / "mine")
    root.prepare()
    fill(root, tmp_path)
    removal.remove_all(root)
    removal.remove_lock(root)
    assert list(root.path.iterdir()) == []


def test_files_of_the_user_stay(root, tmp_path):
    fill(root, tmp_path)
    mine = [
        root.path / "notes.txt",
        root.path / "data" / "big.bin",
        root.generation("0001") / "training" / "run1.ckpt",
        root.generation("0002") / "notebook 1.ipynb",
        root.reports / "my notes.docx",
        root.gens / "copy of 0002" / "x",
        root.store / "thesis.pdf",
    ]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    result = removal.remove_all(root)
    removal.remove_lock(root)
    contents = {path.read_text() for path in root.path.rglob("*") if path.is_file() and path != root.journal}
    assert contents == {path.name for path in mine}
    named = {path.name for path in result.kept}
    assert named == {"notes.txt", "data", "training", "notebook 1.ipynb", "my notes.docx", "x", "thesis.pdf"}
    assert all(path.exists() for path in result.kept)
    assert root.is_ours()
    # a second time changes nothing, and the folder can be used again
    again = removal.remove_all(root)
    assert set(again.kept) == set(result.kept)
    root.prepare()
    use(root, "0001")
    (root.generation("0001") / "later.txt").write_text("later.txt")
    removal.remove_all(root)
    contents = {path.read_text() for path in root.path.rglob("*") if path.is_file() and path != root.journal}
    assert contents == {path.name for path in mine} | {"later.txt"}


def test_a_removal_that_was_cut_off_is_finished_by_the_next(root, tmp_path):
    fill(root, tmp_path)
    (root.generation("0001") / "mine.txt").write_text("mine")
    program = (
        "import sys; from pathlib import Path; from setupwizard.store import removal; "
        "from setupwizard.store.layout import Root; removal.remove_all(Root(Path(sys.argv[1])))"
    )
    environment = {**os.environ, "SETUPWIZARD_CRASH_AT": "during-removal"}
    assert (
        subprocess.run([sys.executable, "-c", program, str(root.path)], env=environment, timeout=60).returncode == 137
    )
    assert root.is_ours()
    kept = removal.remove_all(root).kept
    assert [path.name for path in kept] == ["mine.txt"]


def test_a_folder_that_is_not_ours_is_not_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(SetupError) as caught:
        removal.remove_all(Root(tmp_path / "mine"))
    assert caught.value.code == "environment-missing"
    assert (tmp_path / "mine" / "notes.txt").exists()


def test_nothing_is_removed_while_a_program_runs_from_it(root, start, tmp_path):
    fill(root, tmp_path)
    start([sys.executable, "-c", WAIT], cwd=root.generation("0002"))
    before = sorted(root.path.rglob("*"))
    with pytest.raises(SetupError) as caught:
        removal.remove_all(root)
    assert caught.value.code == "file-in-use"
    assert sorted(root.path.rglob("*")) == before


@links
def test_a_journal_that_somebody_changed_removes_nothing_outside(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (root.path / "link").symlink_to(outside)
    with root.journal.open("a") as file:
        for path in ("../outside/precious", "link/precious", str(outside / "precious"), "."):
            file.write(f'{{"what": "created", "time": "t", "run": "r", "schema": 1, "path": "{path}"}}\n')
    removal.remove_all(root)
    assert (outside / "precious").exists()


def test_the_document_of_the_current_generation_reads_and_writes(root):
    use(root, "0001")
    root.write_current(Current(generation="0001", previous="0001"))
    assert root.previous_name() is None
    assert site_packages(root, "0001").is_dir()
