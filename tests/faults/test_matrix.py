"""Every row of the fault matrix, by the real program against a loopback internet."""

from __future__ import annotations

import pytest

from faults.document import DOCUMENT, ROWS, document
from faults.rows import DESIGNED, IN_FULL, Row
from helpers.fault_lab import Lab, notes_of, outcome_of
from helpers.program import Ended
from setupwizard.codes import EXIT_CODES
from setupwizard.sentences import SENTENCES


def _param(row: Row) -> object:
    return pytest.param(row, id=row.id, marks=(pytest.mark.full,) if row.full else ())


def test_no_two_rows_have_one_name() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)


def test_every_fault_of_the_design_has_a_row_that_runs_every_time() -> None:
    assert set(DESIGNED) <= {row.fault for row in ROWS}
    assert set(DESIGNED) - {row.fault for row in ROWS if not row.full} <= {"slow (4 MB/s)"}


def test_the_document_is_made_of_these_rows() -> None:
    assert document(ROWS) == DOCUMENT.read_text("utf-8"), "run PYTHONPATH=tests python -m faults.document"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("row", [_param(row) for row in ROWS])
def test_each_fault_ends_as_its_row_promises(row: Row, lab: Lab) -> None:
    for fault in row.faults:
        lab.server.fault(fault.mode, fault.arg, match=fault.match, times=fault.times)
    row.ready(lab)
    ended = row.act(lab)
    assert ended.code == row.exit, _story(ended, lab)
    if row.exit:
        _stopped_as_promised(row, lab, ended)
    else:
        _done_as_promised(lab, ended)
    if row.told is not None:
        assert any(row.told in note for note in notes_of(ended)), notes_of(ended)
    if row.asked is not None:
        requests = [request for request in lab.server.asked_for(r"/files/torch-.*\.whl$") if _of_fetcher(request)]
        assert len(requests) == row.asked, requests
    row.check(lab, ended)
    if row.exit and row.again and (IN_FULL or not row.faults):
        lab.server.mend()
        again = lab.apply()
        assert again.code == 0, _story(again, lab)
        _done_as_promised(lab, again)


def _of_fetcher(request) -> bool:  # type: ignore[no-untyped-def]
    """Whether a request is for the file itself, not for its size or for a sample of the line's speed."""
    return request.method == "GET" and (request.range is None or request.range.endswith("-"))


def _stopped_as_promised(row: Row, lab: Lab, ended: Ended) -> None:
    outcome = outcome_of(ended)
    error = outcome["error"]
    assert outcome["status"] == ("cancelled" if row.exit == 22 else "failed")
    assert (error["code"], outcome["exit"]) == (row.code, row.exit), _story(ended, lab)
    assert EXIT_CODES[SENTENCES[row.code].exit_id][0] == row.exit
    sentence = f"{error['title']}. {error['advice']}"
    for name in row.names:
        assert name in sentence
    assert error["title"] in ended.err
    assert error["advice"] in ended.err
    assert "  " not in sentence, sentence
    _nothing_half_made(lab)
    parts = [size for name, size in lab.kept().items() if name == "part"]
    if row.kept == (0, 0):
        assert not any(parts), lab.kept()
    elif row.kept is not None:
        assert any(row.kept[0] <= size <= row.kept[1] for size in parts), lab.kept()


def _done_as_promised(lab: Lab, ended: Ended) -> None:
    outcome = outcome_of(ended)
    assert outcome["status"] in {"done", "already-done"}
    assert outcome["error"] is None
    assert lab.current == outcome["current"]
    assert lab.works()
    fetch = [event for event in ended.events if event["event"] == "progress" and event["id"] == "fetch"]
    done = [event["done"] for event in fetch]
    assert done == sorted(done)
    _nothing_half_made(lab)


def _nothing_half_made(lab: Lab) -> None:
    assert not (lab.root / "work").exists()
    assert all((lab.root / "gens" / name / "COMPLETE.json").is_file() for name in lab.generations), lab.generations


def _story(ended: Ended, lab: Lab) -> str:
    asked = "\n".join(f"{one.method} {one.path} {one.range or ''} {one.fault or ''}" for one in lab.server.requests)
    return f"exit {ended.code}\n{ended.err}\n{ended.out[-3000:]}\n{asked}"
