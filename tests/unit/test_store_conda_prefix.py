"""An environment of conda's is compared with its plan: every package, and every file as conda noted it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from setupwizard.errors import Cancelled
from setupwizard.model.plan import Package
from setupwizard.store.audit import Problem
from setupwizard.store.conda_prefix import compare_with_plan
from setupwizard.tools.concurrency import Cancel

BYTES = b"print('whole')\n"
FILE = "lib/python3.12/site-packages/own/__init__.py"


def planned(name: str = "own", version: str = "1.0", sha256: str = "a" * 64) -> Package:
    return Package(
        name=name,
        version=version,
        file=f"{name}-{version}-0.conda",
        sha256=sha256,
        size=1,
        url=f"https://conda.example/{name}.conda",
        origin="conda-forge",
    )


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An environment with one package of one file, as conda notes them."""
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(BYTES)
    note(tmp_path)
    return tmp_path


def note(prefix: Path, name: str = "own", **other: Any) -> None:
    row = {"_path": FILE, "path_type": "hardlink", "sha256_in_prefix": hashlib.sha256(BYTES).hexdigest()}
    found = {"name": name, "version": "1.0", "sha256": "A" * 64, "files": [FILE], "paths_data": {"paths": [row]}}
    (prefix / "conda-meta").mkdir(exist_ok=True)
    (prefix / "conda-meta" / f"{name}-1.0-0.json").write_text(json.dumps(found | other))


def problems(prefix: Path, *packages: Package, replaced: tuple[str, ...] = ()) -> list[Problem]:
    return list(compare_with_plan(prefix, packages or (planned(),), replaced=replaced).problems)


def test_what_is_as_planned_is_whole(prefix: Path) -> None:
    result = compare_with_plan(prefix, (planned(),))
    assert (result.files, result.problems) == (1, ())


@pytest.mark.parametrize(("version", "sha256"), [("1.1", "a" * 64), ("1.0", "b" * 64)])
def test_another_package_of_that_name_is_told(prefix: Path, version: str, sha256: str) -> None:
    assert problems(prefix, planned(version=version, sha256=sha256)) == [
        Problem("record-wrong", "conda-meta/own", "own")
    ]


def test_a_package_that_conda_does_not_know_is_missing(prefix: Path) -> None:
    found = problems(prefix, planned(), planned("other"))
    assert found == [Problem("missing", "conda-meta/other", "other")]


def test_a_package_that_nobody_planned_is_told(prefix: Path) -> None:
    note(prefix, "stray", files=[], paths_data={})
    assert problems(prefix) == [Problem("foreign-package", "conda-meta/stray", "stray")]


@pytest.mark.parametrize(
    "broken", ["", "[]", "7", '{"name": "own"}', '{"name": "own", "version": "1", "paths_data": {"paths": [3]}}']
)
def test_a_note_that_cannot_be_read_is_a_package_that_is_missing(prefix: Path, broken: str) -> None:
    (prefix / "conda-meta" / "own-1.0-0.json").write_text(broken)
    assert problems(prefix) == [Problem("missing", "conda-meta/own", "own")]


def test_a_file_that_changed_or_went_is_told(prefix: Path) -> None:
    (prefix / FILE).write_bytes(b"print('other')\n")
    assert problems(prefix) == [Problem("changed", FILE, "own")]
    (prefix / FILE).unlink()
    assert problems(prefix) == [Problem("missing", FILE, "own")]
    (prefix / FILE).mkdir()
    assert problems(prefix) == [Problem("missing", FILE, "own")]


def test_what_python_compiles_and_links_are_not_compared_by_content(prefix: Path) -> None:
    compiled, link = "lib/own.pyc", "lib/own-link"
    (prefix / link).symlink_to("nowhere")
    note(prefix, files=[compiled, link], paths_data={"paths": [{"_path": link, "path_type": "softlink"}]})
    assert problems(prefix) == []


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd"])
def test_a_path_that_leaves_the_environment_is_refused_and_not_read(prefix: Path, path: str) -> None:
    note(prefix, files=[path], paths_data={})
    assert problems(prefix) == [Problem("unsafe-path", path, "own")]


def test_the_files_of_a_package_that_a_wheel_took_the_place_of_are_not_asked_for(prefix: Path) -> None:
    (prefix / FILE).unlink()
    assert problems(prefix, replaced=("own",)) == []


def test_a_wish_to_stop_is_heard_between_two_files(prefix: Path) -> None:
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        compare_with_plan(prefix, (planned(),), cancel=cancel)
