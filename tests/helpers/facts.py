"""Facts that stand still: decisions are tested on those of one day, so that a new release of torch changes no test.

tests/facts/catalogue.json is resources/catalogue.json as it was on 2026-11-22. The facts that the program comes with
are tested by tests/machines/table.toml, by the properties of every decision, and by test_catalogue.py.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from setupwizard.model.catalogue import Catalogue
from setupwizard.model.wire import read_document
from setupwizard.steps import recommend as decisions

FILE = Path(__file__).parent.parent / "facts" / "catalogue.json"
FACTS = read_document(Catalogue, FILE)
recommend = partial(decisions.recommend, catalogue=FACTS)
recommend_many = partial(decisions.recommend_many, catalogue=FACTS)
