"""What a word of the user's stands for as a source, and in which order the known ones are asked."""

import pytest

from setupwizard.errors import SetupError
from setupwizard.model.catalogue import load_catalogue
from setupwizard.steps.sources import known_sources, named_sources, why_from


@pytest.fixture
def known():
    return known_sources(load_catalogue())


def test_the_official_index_comes_first_and_the_general_one_last(known):
    names = list(known)
    assert names[0] == "official"
    assert names[-2:] == ["pip-config", "general"]
    assert len(names) == len(load_catalogue().sources) + 2


def test_a_known_name_is_that_source(known):
    assert named_sources("sjtu", known) == (known["sjtu"],)


def test_an_address_is_asked_as_an_index_and_as_a_folder_of_indexes(known):
    here, by_variant = named_sources("https://name:secret@mirror.example/whl/", known)
    assert (here.kind, here.url) == ("index", "https://name:secret@mirror.example/whl")
    assert by_variant.url == "https://name:secret@mirror.example/whl/{variant}"
    assert "secret" not in here.name + by_variant.name


def test_an_address_with_a_place_for_the_variant_is_taken_as_it_is(known):
    (only,) = named_sources("https://mirror.example/{variant}", known)
    assert only.url == "https://mirror.example/{variant}"


def test_a_folder_is_a_source(known, tmp_path):
    (only,) = named_sources(str(tmp_path), known)
    assert (only.kind, only.url) == ("folder", str(tmp_path.resolve()))


def test_any_other_word_is_not_understood_and_named(known):
    with pytest.raises(SetupError) as caught:
        named_sources("nowhere", known)
    assert caught.value.code == "usage"
    assert "nowhere" in str(caught.value)


def test_every_kind_of_source_says_why_it_is_the_one(known):
    for spec in known.values():
        assert why_from(spec).endswith(".")
        assert "{" not in why_from(spec)
