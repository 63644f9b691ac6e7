"""The pages of the project name files, links and commands that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent.parent
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")])
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?<![\w/.~$<-])(?:src|tests|scripts|docs|packaging|benchmarks|resources)/[\w./*-]+")
_LINK = re.compile(r"\]\(([^)#\s]+)")
_TARGET = re.compile(r"`make ([a-z0-9-]+)")
_PLACEHOLDER = re.compile(r"\b(NAME|FILE|DIR|NNNN)\b")


def paths(text: str) -> Iterator[str]:
    for word in _CODE.findall(text):
        for path in _PATH.findall(word):
            if not _PLACEHOLDER.search(path):
                yield path.rstrip(".")


@pytest.mark.posix_only("the pages of the project, which no package holds")
@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(TOP).as_posix() for page in PAGES])
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [path for path in paths(text) if not list(TOP.glob(path))] == []
    links = [link for link in _LINK.findall(text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    targets = set(re.findall(r"^([a-z0-9-]+):", (TOP / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert [target for target in _TARGET.findall(text) if target not in targets] == []


def test_there_are_pages_that_name_files() -> None:
    assert sum(len(list(paths(page.read_text("utf-8")))) for page in PAGES) > 50
