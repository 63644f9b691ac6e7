"""Files on Windows: long and foreign paths, files that others hold, junctions, folders that Windows knows."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.store import generation, removal
from setupwizard.store.files import copy, hash_file, remove_file, remove_tree, replace_patiently, write_atomic
from setupwizard.store.layout import Root
from setupwizard.tools.process import run
from setupwizard.tools.variables import clean_environment

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="these are Windows' own rules about files")

WAIT = 60
HOLD = "import sys; file = open(sys.argv[1], 'rb'); print('held', flush=True); sys.stdin.read()"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Let another program hold a file open, as an antivirus or an editor does."""
    other = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdin is not None
    assert other.stdout is not None
    try:
        assert other.stdout.readline().strip() == b"held"
        yield
    finally:
        other.stdin.close()
        other.wait(WAIT)
        other.stdout.close()


def deep(folder: Path, length: int) -> Path:
    """Return a path of at least so many characters below a folder."""
    while len(str(folder)) < length:
        folder = folder / "深 folder with a long name"
    return folder


def test_paths_of_500_characters(tmp_path: Path) -> None:
    folder = platforms.extended(deep(tmp_path, 500))
    assert len(str(folder)) >= 500
    folder.mkdir(parents=True)
    write_atomic(folder / "数据.bin", b"x" * 100_000)
    copied = copy(folder / "数据.bin", folder / "copy.bin")
    assert copied == hash_file(folder / "copy.bin")
    platforms.flush_tree(tmp_path)
    (folder / "copy.bin").chmod(0o444)
    top = next(tmp_path.iterdir())
    remove_tree(top)
    assert not top.exists()


def test_the_form_without_a_limit() -> None:
    assert str(platforms.extended(Path("C:/a/b/../c"))) == "\\\\?\\C:\\a\\c"
    assert str(platforms.extended(Path("//server/share/a"))) == "\\\\?\\UNC\\server\\share\\a"
    once = platforms.extended(Path("C:/a"))
    assert platforms.extended(once) == once


def test_a_root_with_chinese_and_spaces(tmp_path: Path) -> None:
    root = Root(tmp_path / "张 三" / "深度 学习")
    root.gens.mkdir(parents=True)
    folder = generation.claim(root, "0001")
    write_atomic(folder / "说明 1.txt", b"1")
    removal.discard(root, "0001")
    assert not folder.exists()


def test_a_held_file_is_named_and_goes_later(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "free.txt").write_text("x")
    stuck = folder / "sub" / "持有 held.dll"
    stuck.write_text("x")
    with held(stuck):
        with pytest.raises(SetupError) as caught:
            remove_tree(folder, patience=0.5)
        assert caught.value.code == "file-in-use"
        assert caught.value.facts["path"] == str(stuck)
        assert stuck.exists()
        assert not (folder / "sub" / "free.txt").exists()
        with pytest.raises(SetupError) as caught:
            remove_file(stuck, patience=0.2)
        assert caught.value.code == "file-in-use"
    remove_tree(folder)
    assert not folder.exists()


def test_a_held_file_is_waited_for(tmp_path: Path) -> None:
    source, target = tmp_path / "new", tmp_path / "old"
    source.write_text("new")
    target.write_text("old")
    with held(target):
        with pytest.raises(OSError) as caught:
            replace_patiently(source, target, patience=0.3)
        assert platforms.is_in_use(caught.value)
        assert target.read_text() == "old"
    file = target.open("rb")
    timer = threading.Timer(1.0, file.close)
    timer.start()
    replace_patiently(source, target, patience=WAIT)
    timer.join()
    assert target.read_text() == "new"


def test_a_generation_with_a_held_file_is_collected_later(tmp_path: Path) -> None:
    root = Root(tmp_path / "root")
    root.gens.mkdir(parents=True)
    folder = generation.claim(root, "0001")
    (folder / "torch_cpu.dll").write_bytes(b"MZ")
    with held(folder / "torch_cpu.dll"), pytest.raises(SetupError) as caught:
        removal.discard(root, "0001")
    assert caught.value.code == "file-in-use"
    assert root.read_complete("0001") is None
    removal.discard(root, "0001")
    assert list(root.gens.iterdir()) == []


def test_atomic_replace_never_shows_half_a_file(tmp_path: Path) -> None:
    path, seen, stop = tmp_path / "current.json", set(), threading.Event()
    write_atomic(path, b"0" * 5000)

    def look() -> None:
        while not stop.is_set():
            with suppress(OSError):  # it is being replaced at this moment
                seen.add(path.read_bytes())
            time.sleep(0.01)

    reader = threading.Thread(target=look, daemon=True)
    reader.start()
    try:
        for index in range(20):
            write_atomic(path, str(index % 10).encode() * 5000)
    finally:
        stop.set()
        reader.join()
    assert all(len(text) == 5000 and len(set(text)) == 1 for text in seen)


def test_a_junction_leads_and_is_removed_alone(tmp_path: Path) -> None:
    target, other, pointer = tmp_path / "gens" / "0001", tmp_path / "gens" / "0002", tmp_path / "current"
    for folder in (target, other):
        folder.mkdir(parents=True)
        (folder / "file").write_text(folder.name)
    try:
        platforms.point_to(pointer, target)
    except OSError as error:
        if not platforms.holds_no_pointers(error) or pointer.exists():
            raise
        pytest.skip("this drive holds no junctions; what happens then is tested in the store")
    assert (pointer / "file").read_text() == "0001"
    platforms.point_to(pointer, other)
    assert platforms.pointer_target(pointer) == other
    platforms.remove_pointer(pointer)
    assert not pointer.exists()
    assert (other / "file").exists()


def test_windows_knows_its_folders_without_variables(tmp_path: Path) -> None:
    ask = """
from setupwizard.platforms.windows_places import known_folder
print(known_folder("LocalAppData"))
print(known_folder("System"))
"""
    environment = clean_environment({"LOCALAPPDATA": str(tmp_path), "SYSTEMROOT": os.environ["SYSTEMROOT"]})
    result = run([sys.executable, "-c", ask], env=environment, timeout=WAIT)
    assert result.ok, result.stderr
    local, system = map(Path, result.stdout.splitlines())
    assert local.is_dir()
    assert local != tmp_path
    assert (system / "kernel32.dll").is_file()


def test_the_default_root_can_be_made() -> None:
    root = platforms.default_root()
    assert root.name == "pytorch"
    assert root.parent.is_dir()
