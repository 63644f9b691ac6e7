"""A step that started is finished exactly once, however it ends, and the face hears each of both."""

from __future__ import annotations

import pytest

from setupwizard import i18n
from setupwizard.codes import STEP_IDS
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.events import Event, StepFinished, StepStarted
from setupwizard.steps.tracking import Track, step_title
from setupwizard.tools.concurrency import Cancel


class Face:
    """Hears the events of one track."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.track = Track(self.heard.append, Cancel())

    def finished(self) -> StepFinished:
        (one,) = [event for event in self.heard if isinstance(event, StepFinished)]
        return one


def test_a_step_that_comes_to_its_end_is_done() -> None:
    face = Face()
    with face.track.step("fetch"):
        pass
    assert face.heard == [
        StepStarted(id="fetch", title="Download the packages"),
        StepFinished(id="fetch", status="done"),
    ]
    (result,) = face.track.results
    assert (result.id, result.status) == ("fetch", "done")
    assert result.seconds >= 0


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SetupError("disk-full", path="/", need="2 GB", free="1 GB"), "failed", "disk-full"),
        (Cancelled(), "cancelled", "cancelled"),
        (ZeroDivisionError("a fault of ours"), "failed", "internal-error"),
        (KeyboardInterrupt(), "failed", "internal-error"),
    ],
)
def test_a_step_that_breaks_says_how_and_lets_the_error_through(error: BaseException, status: str, code: str) -> None:
    face = Face()
    with pytest.raises(type(error)), face.track.step("install"):
        raise error
    ended = face.finished()
    assert ended.error is not None
    assert (ended.status, ended.error.code) == (status, code)
    assert [result.status for result in face.track.results] == [status]


def test_after_a_wish_to_stop_no_step_does_anything() -> None:
    face = Face()
    face.track.cancel.request()
    ran = []
    with pytest.raises(Cancelled), face.track.step("switch"):
        ran.append("switch")
    assert not ran
    assert face.finished().status == "cancelled"


def test_a_step_with_nothing_to_do_is_a_result_and_no_event() -> None:
    face = Face()
    face.track.skip("clean")
    assert face.heard == []
    assert [(result.id, result.status) for result in face.track.results] == [("clean", "skipped")]


def test_a_title_of_its_own_goes_before_the_usual_one() -> None:
    face = Face()
    with face.track.step("probe", "Ask the download servers"):
        pass
    assert face.heard[0] == StepStarted(id="probe", title="Ask the download servers")


def test_every_step_but_the_pythons_has_a_name_in_both_languages() -> None:
    named = [step for step in STEP_IDS if step != "python"]
    english = [step_title(step) for step in named]
    try:
        i18n.set_language("zh_CN")
        chinese = [step_title(step) for step in named]
    finally:
        i18n.set_language("en")
    assert len(set(english)) == len(set(chinese)) == len(named)
    assert not set(english) & set(chinese)
