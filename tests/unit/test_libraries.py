"""Every library that the project needs stands in docs/decisions/0002-libraries.md with its reason and its licence."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
PAGE = (TOP / "docs" / "decisions" / "0002-libraries.md").read_text("utf-8")
ROWS = [row.split(" | ") for row in PAGE.splitlines() if row.startswith("| ") and row.count(" | ") == 2]


def names(requirements):
    return sorted({re.split(r"[ ;<>=\[]", line, maxsplit=1)[0] for line in requirements if line[:1].isalpha()})


@pytest.mark.parametrize("name", names([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]))
def test_each_library_has_its_reason_and_its_licence(name):
    rows = [row for row in ROWS if name in re.split(r"[ ,(|]+", row[0])]
    assert len(rows) == 1, "one row a library"
    _name, reason, licence = rows[0]
    assert len(reason) > 3
    assert re.search(r"MIT|BSD|Apache|GPL|MPL", licence)


def test_each_library_of_the_packages_is_named():
    wanted = names((TOP / "packaging" / "build.in").read_text("utf-8").splitlines())
    assert wanted
    assert [name for name in wanted if name not in PAGE.lower()] == []


def test_the_page_names_no_library_that_is_not_needed_any_more():
    tables = PAGE.split("## What we write by hand")[0]
    told = {row.split(" | ")[0].removeprefix("| ") for row in tables.splitlines() if row.startswith("| ")}
    words = {word for cell in told for word in re.findall(r"[\w.-]+", re.sub(r"\(.*\)", "", cell))}
    needed = {*names(PROJECT["dependencies"]), *names(PROJECT["optional-dependencies"]["dev"])}
    assert words - needed == {"library"}


def test_the_set_up_leaves_nothing_that_venv_brought():
    """venv of Python 3.11 brings a setuptools of 2022, which has known weaknesses; nothing of ours needs any."""
    assert find_spec("setuptools") is None
