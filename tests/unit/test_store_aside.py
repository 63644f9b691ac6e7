"""Packages taken out of somebody's environment come back whole, whatever ends the exchange and wherever."""

import hashlib
import sys
from pathlib import Path

import msgspec
import pytest

from helpers.make_wheels import make_wheel, unpack
from setupwizard.store.aside import FOLDER, Note, begin, unfinished

OLD = {"torch/__init__.py": b"old = 1\n", "torch/lib/a.so": b"\0" * 999, "torch/gone.py": b"x\n"}
NEW = {"torch/__init__.py": b"new = 1\n", "torch/lib/a.so": b"\1" * 999, "torch/fresh/b.py": b"y\n"}


def site_of(prefix: Path) -> Path:
    return prefix / ("Lib" if sys.platform == "win32" else "lib/python3.11") / "site-packages"


@pytest.fixture
def prefix(tmp_path):
    folder = tmp_path / "环境 env"
    site = site_of(folder)
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    unpack(make_wheel(tmp_path / "w", "torch", "1.0", files=OLD), site)
    unpack(make_wheel(tmp_path / "w", "other", "3.0", files={"torch/shared.py": b"mine\n"}), site)
    (site / "torch" / "__pycache__").mkdir()
    (site / "torch" / "__pycache__" / "gone.cpython-311.pyc").write_bytes(b"c")
    (site / "torch" / "my_patch.py").write_bytes(b"the person's own\n")
    return folder


@pytest.fixture
def wheel(tmp_path):
    return make_wheel(tmp_path / "w", "torch", "2.0", files=NEW)


def state(prefix: Path) -> dict[str, str]:
    return {
        path.relative_to(prefix).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in prefix.rglob("*")
        if path.is_file()
    }


def test_an_exchange_that_is_undone_leaves_everything_as_it_was(prefix, wheel):
    before = state(prefix)
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [wheel])
    assert not (site_of(prefix) / "torch" / "gone.py").exists()
    assert not (site_of(prefix) / "torch-1.0.dist-info").exists(), "uv and pip would call it installed"
    assert (site_of(prefix) / "torch" / "my_patch.py").exists()
    unpack(wheel, site_of(prefix))
    assert (site_of(prefix) / "torch" / "__init__.py").read_bytes() == b"new = 1\n"
    exchange.put_back()
    assert state(prefix) == before
    assert not (site_of(prefix) / "torch" / "fresh").exists()
    assert not (prefix / FOLDER).exists()
    exchange.put_back()
    assert state(prefix) == before


@pytest.mark.parametrize("files", [0, 1, 2, 3])
def test_a_half_made_install_is_cleared_too(prefix, wheel, files):
    before = state(prefix)
    begin(prefix).take_out({"torch"}, [wheel])
    for name, content in list(NEW.items())[:files]:
        place = site_of(prefix) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content[:3])
    (found,) = unfinished(prefix)
    found.put_back()
    assert state(prefix) == before
    assert unfinished(prefix) == ()


@pytest.mark.parametrize("moved", range(6))
def test_a_run_that_died_while_taking_out_is_undone(prefix, wheel, moved):
    before = state(prefix)
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [wheel])
    note = exchange.note
    for name in note.files[moved:]:  # as if the run had died before these were moved
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (exchange.folder / name).replace(prefix / name)
    (exchange.folder / "note.json").write_bytes(msgspec.json.encode(Note(state="taking", files=note.files)))
    (found,) = unfinished(prefix)
    found.put_back()
    assert state(prefix) == before


def test_the_same_version_again_is_undone_as_well(prefix, tmp_path):
    before = state(prefix)
    same = make_wheel(tmp_path / "w2", "torch", "1.0", files={**OLD, "torch/__init__.py": b"healed = 1\n"})
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [same])
    unpack(same, site_of(prefix))
    exchange.put_back()
    assert state(prefix) == before


def test_what_was_replaced_stays_when_all_went_well(prefix, wheel):
    before = state(prefix)
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [wheel])
    unpack(wheel, site_of(prefix))
    exchange.close()
    assert unfinished(prefix) == ()
    kept = {name: digest for name, digest in state(exchange.folder).items() if name != "note.json"}
    assert kept == {name: before[name] for name in kept}
    assert exchange.note.taken == ("torch 1.0",)
    assert (site_of(prefix) / "torch" / "gone.py").relative_to(prefix).as_posix() in kept


def test_a_shared_file_of_another_package_is_not_removed(prefix, tmp_path):
    before = state(prefix)
    also = make_wheel(tmp_path / "w3", "torch", "2.0", files={**NEW, "torch/shared.py": b"mine\n"})
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [also])
    unpack(also, site_of(prefix))
    exchange.put_back()
    assert state(prefix) == before


def test_nothing_to_take_out_leaves_no_folder(prefix, tmp_path):
    fresh = make_wheel(tmp_path / "w4", "new", "1.0")
    exchange = begin(prefix)
    exchange.take_out({"new"}, [fresh])
    unpack(fresh, site_of(prefix))
    exchange.close()
    assert not (prefix / FOLDER).exists()


def test_a_broken_note_is_no_exchange(prefix):
    folder = prefix / FOLDER / "x"
    folder.mkdir(parents=True)
    (folder / "note.json").write_text("{")
    assert unfinished(prefix) == ()


def test_what_a_half_made_install_left_and_nobody_recorded_is_kept_too(prefix, wheel):
    site = site_of(prefix)
    (site / "torch-1.0.dist-info" / "RECORD").unlink()
    before = state(prefix)
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [wheel])
    assert not (site / "torch" / "__init__.py").exists()
    assert (site / "torch" / "my_patch.py").exists(), "no file comes in its place"
    unpack(wheel, site)
    exchange.put_back()
    assert state(prefix) == before


def test_a_shared_file_comes_back_with_what_it_held(prefix, tmp_path):
    wheel = make_wheel(tmp_path / "w2", "torch", "2.0", files={**NEW, "torch/shared.py": b"another\n"})
    before = state(prefix)
    exchange = begin(prefix)
    exchange.take_out({"torch"}, [wheel])
    assert (site_of(prefix) / "torch" / "shared.py").read_bytes() == b"mine\n", "its other owner goes on with it"
    unpack(wheel, site_of(prefix))
    exchange.put_back()
    assert state(prefix) == before


def test_half_a_copy_of_a_shared_file_is_not_taken_for_it(prefix, tmp_path):
    wheel = make_wheel(tmp_path / "w2", "torch", "2.0", files={**NEW, "torch/shared.py": b"another\n"})
    before = state(prefix)
    died = begin(prefix)
    died.take_out({"torch"}, [wheel])
    assert died.note is not None
    (whole,) = (died.folder / name for name in died.note.shared)
    whole.rename(whole.with_name("shared.py.part"))
    whole.with_name("shared.py.part").write_bytes(b"mi")
    unfinished(prefix)[0].put_back()
    assert state(prefix) == before
