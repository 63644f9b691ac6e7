"""The picture of what the card did during the proof."""

import pytest

from setupwizard.i18n import set_language
from setupwizard.model.machine import Machine
from setupwizard.model.verification import Device, Verification
from setupwizard.steps.report import report_document
from setupwizard.steps.report.chart import HEIGHT, WIDTH, charts
from setupwizard.steps.report.view import view_of

MACHINE = Machine(os="linux", arch="x86_64", gpus=())
LOOKS = {
    "card.looks.seconds": (0.0, 0.2, 0.4, 0.6, 1.0),
    "card.looks.clock.mhz": (210, 2400, None, 1200, 2400),
    "card.looks.temperature.c": (60, 60, 60, 60, 60),
    "card.looks.power.w": (None, None, None, None, 99),
}


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language("en")


def proof(**measurements) -> Verification:
    return Verification(
        passed=True,
        verdict="pass",
        level="device",
        mode="full",
        devices=(Device(index=0, name="A"), Device(index=1, name="B")),
        measurements=measurements,
        started="2026-11-22T14:05:00Z",
    )


def document(proved):
    return report_document(MACHINE, verification=proved)


def test_a_line_is_drawn_for_what_was_told_and_breaks_where_nobody_looked():
    clock, temperature = charts(proof(**LOOKS), 0)
    assert clock.text == "Clock: between 210 MHz and 2400 MHz, most often 1800 MHz"
    assert clock.lines == (f"0.0,{HEIGHT}.0 128.0,0.0", f"384.0,{(2400 - 1200) / 2190 * HEIGHT:.1f} {WIDTH}.0,0.0")
    assert (clock.top, clock.bottom) == ("2400 MHz", "210 MHz")
    assert {point.split(",")[1] for point in temperature.lines[0].split()} == {"36.0"}, (
        "a steady value is in the middle"
    )


def test_what_was_not_looked_at_has_no_picture():
    assert list(charts(proof(), 0)) == []
    assert list(charts(proof(**LOOKS), 1)) == []
    broken = {**LOOKS, "card.looks.seconds": (0.0,)}
    assert list(charts(proof(**broken), 0)) == [], "rows that do not belong together are not drawn"
    assert list(charts(proof(**{"card.looks.seconds": 3.0}), 0)) == []


def test_the_second_card_has_its_own():
    second = proof(**{f"gpu1.{name}": row for name, row in LOOKS.items()})
    made = view_of(document(second))
    assert [len(section.charts) for section in made.sections] == [0, 2]
    assert [section.looks for section in made.sections] == ["During the check: 1. A", "During the check: 2. B"]


def test_a_report_without_looks_stays_as_it_was():
    assert [section.charts for section in view_of(document(proof())).sections] == [(), ()]
