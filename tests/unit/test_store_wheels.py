"""The wheels by their sha256."""

from __future__ import annotations

import contextlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from helpers.make_wheels import make_wheel, package_of
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.plan import Package
from setupwizard.store.wheels import WheelStore, check_package
from setupwizard.tools.concurrency import Cancel

GOOD = Package(
    name="torch",
    version="2.15.0+cu130",
    file="torch-2.15.0+cu130-cp312-cp312-win_amd64.whl",
    sha256="0a" * 32,
    size=10,
    url="https://download.pytorch.org/whl/x.whl",
    origin="official",
)


@pytest.fixture
def store(tmp_path):
    return WheelStore(tmp_path / "store with ü 文")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0A" * 32},
        {"sha256": "0a" * 31},
        {"sha256": "0a" * 32 + "\n"},
        {"sha256": "../" + "0a" * 30},
        {"sha256": ""},
        {"size": 0},
        {"size": -1},
        {"file": ""},
        {"file": "torch.whl"},
        {"file": "../torch-2.15.0+cu130-cp312-cp312-win_amd64.whl"},
        {"file": "a/torch-2.15.0+cu130-cp312-cp312-win_amd64.whl"},
        {"file": "a\\torch-2.15.0+cu130-cp312-cp312-win_amd64.whl"},
        {"file": "C:torch-2.15.0+cu130-cp312-cp312-win_amd64.whl"},
        {"file": "torch-2.15.0+cu130-cp312-cp312-win_amd64.whl\n"},
        {"file": "torch-2.15.0+cu130-cp312-cp312-win_amd64.whl:stream"},
        {"file": "torch-2.15.0+cu130.tar.gz"},
        {"file": "torch-2.15.0+cu130-cp312-cp312-" + "x" * 300 + ".whl"},
        {"file": "evil-2.15.0-py3-none-any.whl"},
        {"file": "torch-2.14.0-cp312-cp312-win_amd64.whl"},
        {"version": "not a version"},
    ],
)
def test_names_that_are_not_plain_are_refused(store, change):
    package = replace(GOOD, **change)
    for action in (check_package, store.path_of, store.part_of, store.has, store.place_of):
        with pytest.raises(SetupError) as caught:
            action(package)
        assert (caught.value.code, caught.value.exit_code()) == ("plan-invalid", 18)
        assert caught.value.facts["problem"]
        assert "\n" not in str(caught.value)


def test_a_name_may_be_spelled_as_people_spell_it(store):
    check_package(
        replace(GOOD, name="nvidia.CUBLAS-cu13", version="13.0.2", file="nvidia_cublas_cu13-13.0.2-py3-none-any.whl")
    )
    check_package(replace(GOOD, version="2.15.0"))


@given(name=st.text(max_size=40), sha256=st.text(max_size=70))
def test_whatever_a_plan_says_a_path_stays_in_the_store(tmp_path_factory, name, sha256):
    store = WheelStore(tmp_path_factory.getbasetemp() / "store")
    package = replace(GOOD, file=name, sha256=sha256)
    with contextlib.suppress(SetupError):
        path = store.path_of(package)
        assert path.resolve().parent.parent == store.folder.resolve()


def test_adopt_takes_the_right_file_only(store, tmp_path):
    wheel = make_wheel(tmp_path)
    package = package_of(wheel)
    assert not store.has(package)
    other = tmp_path / "other"
    other.write_bytes(wheel.read_bytes()[:-1] + b"!")
    with pytest.raises(SetupError) as caught:
        store.adopt(package, other)
    assert caught.value.code == "hash-mismatch"
    assert other.exists()
    assert not store.has(package)
    content = wheel.read_bytes()
    path = store.adopt(package, wheel)
    assert path == store.path_of(package)
    assert path.read_bytes() == content
    assert not wheel.exists()
    assert store.has(package)
    assert store.verify(package)


def test_a_wheel_that_changed_on_the_disk(store, tmp_path):
    package = package_of(make_wheel(tmp_path))
    path = store.adopt(package, tmp_path / package.file)
    path.write_bytes(b"x" * package.size)
    assert store.has(package)
    assert not store.verify(package)
    path.write_bytes(b"short")
    assert not store.has(package)
    assert not store.verify(package)
    store.forget(package)
    store.forget(package)
    assert store.places() == []


def test_the_store_gives_back_what_nobody_needs_and_touches_nothing_else(store, tmp_path):
    packages = [package_of(make_wheel(tmp_path, f"w{number}")) for number in range(3)]
    for package in packages[:2]:
        store.adopt(package, tmp_path / package.file)
    store.place_of(packages[2]).mkdir()
    store.part_of(packages[2]).write_bytes(b"12345")
    assert store.part_size(packages[2]) == 5
    (store.folder / "notes").mkdir()
    (store.folder / "mine.txt").write_text("x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    if sys.platform != "win32":
        (store.folder / ("f" * 64)).symlink_to(outside)
    assert store.size() == packages[0].size + packages[1].size + 5
    assert store.remove_unused({packages[0].sha256}) == packages[1].size + 5
    assert [store.has(package) for package in packages] == [True, False, False]
    left = {path.name for path in store.folder.iterdir()}
    assert left - {"f" * 64} == {packages[0].sha256, "mine.txt", "notes"}
    assert (outside / "precious").exists()


def test_an_empty_store_holds_nothing_and_gives_nothing_back(store):
    assert store.size() == 0
    assert store.remove_unused(()) == 0
    assert store.part_size(GOOD) == 0


def test_a_long_look_can_be_stopped(store, tmp_path):
    package = package_of(make_wheel(tmp_path))
    store.adopt(package, tmp_path / package.file)
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        store.verify(package, cancel=cancel)
