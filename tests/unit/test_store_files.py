"""Files that survive what happens to disks."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from setupwizard.errors import Cancelled, SetupError
from setupwizard.store import files
from setupwizard.store.files import (
    copy,
    free_bytes,
    hash_file,
    remove_file,
    remove_tree,
    replace_patiently,
    write_atomic,
)
from setupwizard.tools.concurrency import Cancel


@pytest.fixture
def calls(monkeypatch):
    """The order in which the system is asked to flush and to rename."""
    seen = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(descriptor):
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        seen.append(f"fsync {kind} {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        real_fsync(descriptor)

    def replace(source, target):
        seen.append(f"replace {Path(target).name}")
        real_replace(source, target)

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr("os.replace", replace)
    return seen


@pytest.mark.linux_only("needs /proc to name open files")
def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, calls):
    write_atomic(tmp_path / "current.json", b"{}")
    assert calls == ["fsync file .current.json.tmp", "replace current.json", f"fsync folder {tmp_path.name}"]
    assert (tmp_path / "current.json").read_bytes() == b"{}"


def test_nothing_is_left_beside_the_file(tmp_path):
    write_atomic(tmp_path / "a", b"1")
    write_atomic(tmp_path / "a", b"2")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"2"


def test_a_write_that_stops_half_way_leaves_the_old_file(tmp_path, monkeypatch):
    write_atomic(tmp_path / "a", b"old")

    def fsync(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(SetupError) as caught:
        write_atomic(tmp_path / "a", b"new")
    assert caught.value.code == "disk-full"
    assert caught.value.facts["path"] == str(tmp_path)
    assert caught.value.facts["need"]
    assert caught.value.facts["free"]
    assert (tmp_path / "a").read_bytes() == b"old"


def held():
    """What the system says while another program uses a file."""
    return (
        OSError(errno.EACCES, "another program", None, 32)
        if os.name == "nt"
        else OSError(errno.EBUSY, "another program")
    )


def busy(times, real):
    left = [times]

    def action(*arguments, **options):
        if left[0] > 0:
            left[0] -= 1
            raise held()
        return real(*arguments, **options)

    return action


def test_a_file_that_another_program_holds_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"new")
    monkeypatch.setattr("os.replace", busy(3, os.replace))
    replace_patiently(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"new"


def test_waiting_for_a_held_file_ends_and_says_that_it_is_in_use(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"new")
    monkeypatch.setattr("os.replace", busy(10_000, os.replace))
    with pytest.raises(OSError, match="another program"):
        replace_patiently(tmp_path / "a", tmp_path / "b", patience=0.3)
    assert files.disk_error(held(), tmp_path).code == "file-in-use"


def test_a_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(SetupError) as caught:
        write_atomic(tmp_path / "missing" / "a", b"")
    assert caught.value.code == "root-not-writable"


def test_hash_file_and_copy(tmp_path):
    source, target = tmp_path / "源 ü", tmp_path / "ziel"
    source.write_bytes(os.urandom(3_000_000))
    want = hashlib.sha256(source.read_bytes()).hexdigest()
    assert hash_file(source) == want
    assert copy(source, target) == want
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_ino != source.stat().st_ino
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        hash_file(source, cancel=cancel)
    with pytest.raises(Cancelled):
        copy(source, tmp_path / "other", cancel=cancel)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ziel", "源 ü"]


def test_copying_a_file_that_is_gone_says_so(tmp_path):
    with pytest.raises(SetupError) as caught:
        copy(tmp_path / "gone", tmp_path / "b")
    assert caught.value.code == "document-unreadable"


def test_free_bytes_of_a_folder_that_is_not_there_yet(tmp_path):
    assert free_bytes(tmp_path / "a" / "b" / "c") > 0


def test_remove_tree_takes_read_only_things_and_leaves_what_links_lead_to(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    tree = tmp_path / "tree"
    (tree / "locked" / "deep").mkdir(parents=True)
    (tree / "locked" / "deep" / "file").write_text("x")
    (tree / "locked" / "deep" / "file").chmod(0o444)
    (tree / "link").symlink_to(outside, target_is_directory=True)
    (tree / "file-link").symlink_to(outside / "precious")
    (tree / "dangling").symlink_to(tmp_path / "nowhere")
    (tree / "locked" / "deep").chmod(0o555)
    (tree / "locked").chmod(0o500)
    remove_tree(tree)
    assert not os.path.lexists(tree)
    assert (outside / "precious").read_text() == "mine"


def test_remove_tree_of_nothing(tmp_path):
    remove_tree(tmp_path / "gone")


def test_remove_tree_waits_for_another_program(tmp_path, monkeypatch):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_text("x")
    monkeypatch.setattr("os.unlink", busy(2, os.unlink))
    remove_tree(tree)
    assert not tree.exists()


def test_remove_tree_gives_up_with_the_true_cause(tmp_path, monkeypatch):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_text("x")
    monkeypatch.setattr("os.unlink", busy(10_000, os.unlink))
    with pytest.raises(SetupError) as caught:
        remove_tree(tree, patience=0.3)
    assert (caught.value.code, caught.value.facts["path"]) == ("file-in-use", str(tree))


def test_remove_tree_does_not_wait_for_what_never_changes(tmp_path, monkeypatch):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_text("x")

    def refuse(*_arguments, **_options):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.unlink", refuse)
    with pytest.raises(SetupError) as caught:
        remove_tree(tree, patience=3600)
    assert caught.value.code == "root-not-writable"


def test_a_write_protected_file_that_is_held_for_a_moment_is_removed(tmp_path, monkeypatch):
    file = tmp_path / "a"
    file.write_text("x")
    file.chmod(0o444)
    monkeypatch.setattr("os.unlink", busy(2, os.unlink))
    remove_file(file)
    remove_file(file)
    assert not file.exists()
