"""The folder of an environment: which may become one, what is in it, who works on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.generations import build
from setupwizard.errors import Cancelled, SetupError
from setupwizard.store.journal import Journal, stays_inside
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.tools.concurrency import Cancel

NAMES = [
    "pytorch",
    "my torch",
    "Übung ß",
    "火炬 环境",
    "it's",
    "$HOME",
    *(() if os.name == "nt" else ('quo"te', "a;b")),
]
posix = pytest.mark.posix_only("made of symbolic links")


@pytest.fixture(params=NAMES)
def root(request, tmp_path):
    return Root(tmp_path / request.param)


def code_of(action):
    with pytest.raises(SetupError) as caught:
        action()
    return caught.value.code


def test_a_fresh_root_is_only_made_when_it_is_needed(root):
    assert not root.is_ours()
    root.check()
    assert not root.path.exists()
    root.prepare()
    assert root.is_ours()
    assert sorted(path.name for path in root.path.iterdir()) == ["gens", "journal.jsonl", "logs", "reports", "store"]
    assert root.current_name() is None
    assert root.next_name() == "0001"
    assert root.generations() == []
    assert Journal(root.journal).made_root()
    before = root.journal.read_bytes()
    root.prepare()
    assert root.journal.read_bytes() == before


def test_an_empty_folder_and_what_file_managers_leave(tmp_path):
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / ".DS_Store").write_text("")
    (tmp_path / "e" / "desktop.ini").write_text("")
    root = Root(tmp_path / "e")
    root.prepare()
    assert root.is_ours()
    assert not Journal(root.journal).made_root()


def test_a_relative_path_stays_what_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = Root(Path("here"))
    monkeypatch.chdir("/")
    assert root.path == tmp_path / "here"


@pytest.mark.parametrize("content", ["notes.txt", ".lock", "gens", "journal.jsonl", "pyvenv.cfg", "store"])
def test_a_folder_with_anything_else_in_it_is_not_touched(tmp_path, content):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / content).write_text('{"what": "something else"}\n')
    root = Root(folder)
    assert not root.is_ours()
    assert code_of(root.check) == "root-not-empty"
    assert code_of(root.prepare) == "root-not-empty"
    assert [path.name for path in folder.iterdir()] == [content]


def test_folders_of_other_programs_with_our_names_are_not_ours(tmp_path):
    for name in ("gens", "store"):
        (tmp_path / "other" / name).mkdir(parents=True)
    (tmp_path / "other" / "gens" / "something").write_text("theirs")
    assert code_of(Root(tmp_path / "other").check) == "root-not-empty"


def test_what_a_run_left_that_died_at_once_is_ours(tmp_path):
    for name in ("gens", "store"):
        (tmp_path / "died" / name).mkdir(parents=True)
    root = Root(tmp_path / "died")
    assert root.is_ours()
    root.prepare()
    assert Journal(root.journal).read()[0].what == "root"


def test_a_lost_journal_does_not_make_a_whole_generation_foreign(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    build(root, "0001")
    root.journal.unlink()
    (root.path / "my notes.txt").write_text("x")
    assert root.is_ours()


@pytest.mark.parametrize("place", ["/", "~"])
def test_places_that_must_not_become_a_root(place):
    path = Path(place).expanduser()
    error = code_of(Root(path).check)
    assert error == "path-unsuitable"


def test_a_file_is_no_root(tmp_path):
    (tmp_path / "file").write_text("x")
    assert code_of(Root(tmp_path / "file").check) == "path-unsuitable"
    assert code_of(Root(tmp_path / "file" / "below").check) == "root-not-writable"


@pytest.mark.parametrize("name", [f"a{os.pathsep}b", "new\nline", "bell\a"])
def test_signs_that_break_a_search_path(tmp_path, name):
    with pytest.raises(SetupError) as caught:
        Root(tmp_path / name).check()
    assert caught.value.code == "path-unsuitable"
    assert "\n" not in str(caught.value.facts["why"])
    assert caught.value.facts["better"]


@pytest.mark.parametrize("name", ['quo"te', "what?"] if os.name == "nt" else ["x" * 300, "é" * 200])
def test_a_name_that_the_drive_does_not_take(tmp_path, name):
    assert code_of(Root(tmp_path / name).prepare) == "path-unsuitable"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    assert code_of(Root(folder).check) == "root-not-writable"
    assert code_of(Root(folder / "below").check) == "root-not-writable"


def test_a_file_system_that_refuses_everything(tmp_path, monkeypatch):
    import errno

    def mkdir(*_arguments, **_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("os.mkdir", mkdir)
    assert code_of(Root(tmp_path / "r").prepare) == "root-not-writable"


@posix
def test_a_drive_that_holds_no_links(tmp_path, monkeypatch):
    """As FAT and exFAT answer."""
    import errno

    def symlink(*_arguments, **_options):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.symlink", symlink)
    with pytest.raises(SetupError) as caught:
        Root(tmp_path / "r").prepare()
    assert caught.value.code == "path-unsuitable"
    assert "links" in str(caught.value.facts["why"])


@posix
def test_the_generation_in_use_is_what_current_json_says(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    for name in ("0001", "0002"):
        build(root, name)
    root.current.symlink_to("gens/0001")
    assert root.current_name() == "0001"
    assert root.in_use == root.current
    root.current_json.write_text(json.dumps({"schema": 1, "generation": "0002"}))
    assert root.current_name() == "0002"
    assert root.in_use == root.generation("0002")  # the pointer is old: a power cut came before it was renewed
    for broken in ("", "{", '{"generation": "../../etc"}', '{"generation": "0009"}', '{"generation": 2}', "[]"):
        root.current_json.write_text(broken)
        assert root.current_name() == "0001"
        assert root.in_use == root.current


def test_without_a_pointer_the_generation_in_use_is_its_own_folder(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    build(root, "0001")
    assert root.in_use is None
    root.current_json.write_text(json.dumps({"schema": 1, "generation": "0001"}))
    assert root.in_use == root.generation("0001")


@posix
@pytest.mark.parametrize("target", ["/etc", "gens/../..", "gens/0001/bin", "elsewhere/0001", "0001"])
def test_a_pointer_that_leads_elsewhere_is_nothing(tmp_path, target):
    root = Root(tmp_path / "r")
    root.prepare()
    build(root, "0001")
    root.current.symlink_to(target)
    assert root.pointer_name() is None
    assert root.current_name() is None


def test_names_are_never_used_twice_in_a_row(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    build(root, "0001")
    build(root, "0009", complete=False)
    (root.gens / "0100.going").mkdir()
    (root.gens / "notes").mkdir()
    (root.gens / "0200").write_text("a file")
    assert root.next_name() == "0010"
    assert root.generations() == ["0001"]
    assert root.generation_names() == ["0001", "0009"]
    build(root, "12345")
    assert root.next_name() == "12346"
    assert root.generations() == ["0001", "12345"]


@pytest.mark.parametrize("name", ["", "1", "../x", "0001/..", "0001\n", "current", "000a"])
def test_no_text_leads_out_of_the_generations(tmp_path, name):
    root = Root(tmp_path / "r")
    with pytest.raises(ValueError):
        root.generation(name)
    assert root.read_complete(name) is None


def test_a_copy_of_a_generation_under_another_name_is_not_whole(tmp_path):
    import shutil

    root = Root(tmp_path / "r")
    root.prepare()
    shutil.copytree(build(root, "0001"), root.gens / "0002")
    assert root.generations() == ["0001"]


# ---- journal ----


def test_the_journal_tells_what_was_made_and_what_was_left_undone(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    journal = Journal(root.journal)
    assert journal.unfinished() is None
    journal.started("apply", plan="p1", generation="0001")
    journal.created(root.gens / "0001")
    left = Journal(root.journal).unfinished()
    assert left is not None
    assert (left.job, left.plan, left.generation, left.pid) == ("apply", "p1", "0001", os.getpid())
    later = Journal(root.journal)
    later.started("apply", plan="p1", generation="0002")
    later.created(root.path / "activate")
    later.removed(root.gens / "0001")
    later.finished("apply", status="done")
    assert later.unfinished() is None
    assert later.made_paths() == [root.path / "activate"]


def test_a_torn_last_line_is_passed_over_and_not_continued(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    journal = Journal(root.journal)
    journal.started("apply")
    journal.finished("apply", status="done")
    whole = root.journal.read_bytes()
    root.journal.write_bytes(whole[:-9])
    assert [entry.what for entry in journal.read()] == ["root", "started"]
    assert journal.unfinished() is not None
    journal.started("remove")
    assert [entry.what for entry in journal.read()] == ["root", "started", "started"]
    root.journal.write_bytes(b"\xff\xfe\0\n[1]\n{}\n" + whole)
    assert [entry.what for entry in journal.read()] == ["root", "started", "finished"]


def test_each_line_is_on_the_disk_before_the_call_returns(tmp_path, monkeypatch):
    root = Root(tmp_path / "r")
    root.prepare()
    sizes = []
    real = os.fsync

    def fsync(descriptor):
        sizes.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    Journal(root.journal).switched("0001")
    assert sizes == [root.journal.stat().st_size]


def test_no_line_of_the_journal_leads_out_of_the_root(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    with root.journal.open("a") as file:
        for path in ("../outside", "/etc/passwd", "C:/x", "a/../../b", "c\\d", "", ".", "\\\\server\\share", "ok/file"):
            line = {"what": "created", "time": "t", "run": "r", "schema": 1, "path": path}
            file.write(json.dumps(line) + "\n")
    assert Journal(root.journal).made_paths() == [root.path / "ok/file"]


@given(st.text(alphabet=st.sampled_from("./\\:ab\0"), max_size=12))
def test_a_path_that_stays_inside_stays_inside(path):
    if stays_inside(path):
        joined = os.path.normpath(f"/top/{path}")
        assert Path(joined).as_posix().startswith("/top/")


# ---- lock ----

HOLDER = """
import sys
from pathlib import Path
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
with working_on(Root(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_at_once_and_a_dead_one_holds_nothing_up(root):
    root.prepare()
    argv = [sys.executable, "-c", HOLDER, str(root.path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(SetupError) as caught, working_on(root):
            raise AssertionError("two at once")
        assert (caught.value.code, caught.value.exit_code()) == ("busy", 19)
        assert caught.value.facts["root"] == str(root.path)
        child.kill()
    with working_on(root):
        pass


def test_two_jobs_of_one_process_are_two(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    with working_on(root), pytest.raises(SetupError) as caught, working_on(root):
        raise AssertionError("two at once")
    assert caught.value.code == "busy"
    with working_on(root):
        pass


def test_a_wish_to_stop_comes_before_the_lock(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled), working_on(root, cancel):
        raise AssertionError


@pytest.mark.parametrize("content", [None, "notes.txt"])
def test_no_lock_is_left_in_a_folder_that_is_not_ours(tmp_path, content):
    folder = tmp_path / "folder"
    if content is not None:
        folder.mkdir()
        (folder / content).write_text("x")
    with pytest.raises(SetupError) as caught, working_on(Root(folder)):
        raise AssertionError
    assert caught.value.code == "environment-missing"
    assert [path.name for path in tmp_path.rglob("*")] == ([] if content is None else ["folder", content])


def test_a_lock_that_cannot_be_made(tmp_path):
    root = Root(tmp_path / "r")
    root.prepare()
    root.lock.mkdir()
    with pytest.raises(SetupError) as caught, working_on(root):
        raise AssertionError
    assert caught.value.code == "root-not-writable"
