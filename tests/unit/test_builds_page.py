"""The page for people says what the data say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from helpers.facts import FACTS
from setupwizard.model.catalogue import load_catalogue

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("builds_page", TOP / "scripts" / "builds_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(script: ModuleType) -> None:
    text = script.page(load_catalogue())
    assert (TOP / "docs" / "builds.md").read_text(encoding="utf-8") == text, "run scripts/builds_page.py"


def test_the_page_holds_every_release_and_every_variant(script: ModuleType) -> None:
    facts = load_catalogue()
    text = script.page(facts)
    for release in facts.releases:
        assert f"| {release.torch} |" in text
    for variant in facts.variants:
        assert variant.name in text
    for chip in facts.amd.gfx:
        assert chip.gfx in text


def test_the_short_table_says_what_is_known_by_heart(script: ModuleType) -> None:
    text = script.page(FACTS)
    assert "| GTX 1050 to 1080 Ti (Pascal) | 6.1 | 2.7.1 cu118 | 2.14.1 cu126 | 2.14.1 cu126 | 2.14.1 cu126 |" in text
    assert "| RTX 50 (Blackwell) | 12.0 | - | - | 2.13.0 cu129 | 2.15.0 cu130 |" in text
    assert "| RTX 50 (Blackwell) | 12.0 | - | - | 2.11.0 cu128 | 2.15.0 cu130 |" in text
    assert "| GT 710, GTX 780 (Kepler) | 3.5 | processor | processor | processor | processor |" in text
