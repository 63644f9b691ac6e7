"""Every machine of tests/machines/table.toml gets the answer that was worked out for it by hand."""

from __future__ import annotations

import pytest

from helpers.table import Row, answer_of, rows
from setupwizard.codes import RECOMMEND_EXIT
from setupwizard.steps.recommend import recommend

ROWS = rows()


def test_the_table_is_long_and_every_row_says_why() -> None:
    assert len(ROWS) >= 150
    assert len({row.facts for row in ROWS}) == len(ROWS)
    assert all(row.why.endswith((".", "?")) for row in ROWS)
    assert {row.verdict for row in ROWS} == set(RECOMMEND_EXIT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.facts)
def test_the_answer_for_each_machine_of_the_table(row: Row) -> None:
    document = recommend(row.machine, row.wishes)
    expected = (row.verdict, row.build, row.gpus, row.after, row.actions)
    assert answer_of(document) == expected, row.why
    assert document.reasons
    assert row.python is None or (document.build is not None and document.build.python == row.python)
