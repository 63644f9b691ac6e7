"""Amounts as people read them."""

import pytest

from setupwizard.model import format as human


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (9_140_000, "9.1 MB"),
        (99_960_000, "100 MB"),
        (2_612_345_678, "2.6 GB"),
        (131_000_000_000, "131 GB"),
        (-5, "0 B"),
    ],
)
def test_bytes_are_told_in_decimal_units(count: int, text: str) -> None:
    assert human.format_bytes(count) == text


def test_part_uses_the_unit_of_the_whole() -> None:
    assert human.format_part(1_620_000_000, 2_610_000_000) == "1.62 of 2.61 GB"
    assert human.format_part(20_000_000, 2_610_000_000) == "0.02 of 2.61 GB"
    assert human.format_part(3_000_000, 9_100_000) == "3.0 of 9.1 MB"
    assert human.format_part(5, 4) == "4 of 4 B"


@pytest.mark.parametrize(
    ("mib", "text"),
    [
        (24564, "24 GB"),
        (8188, "8 GB"),
        (6144, "6 GB"),
        (32768, "32 GB"),
        (512, "512 MB"),
        (15955, "16 GB"),
        (32480, "32 GB"),
        (3584, "3.5 GB"),
    ],
)
def test_memory_reads_as_on_its_box(mib: int, text: str) -> None:
    assert human.format_memory(mib) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (0.42, "0.4 s"),
        (2.9, "2.9 s"),
        (2.96, "3 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (372, "6 min 12 s"),
        (3599.6, "1 h"),
        (3900, "1 h 5 min"),
    ],
)
def test_durations_are_told_in_at_most_two_units(seconds: float, text: str) -> None:
    assert human.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "a few seconds left"),
        (12, "about 10 seconds left"),
        (54, "about 50 seconds left"),
        (58, "about 1 minute left"),
        (130, "about 2 minutes left"),
        (4700, "about 1 h 20 min left"),
    ],
)
def test_time_left_is_rounded(seconds: float, text: str) -> None:
    assert human.format_time_left(seconds) == text


def test_estimate_claims_no_more_than_it_knows() -> None:
    assert human.format_estimate(4) == "10 s"
    assert human.format_estimate(372) == "6 min"
    assert human.format_estimate(3000) == "50 min"


def test_a_speed_is_told_in_megabytes_a_second() -> None:
    assert human.format_rate(11_200_000) == "11.2 MB/s"


def test_lists_leave_out_what_is_empty() -> None:
    assert human.listed(["RTX 4060", "", "8 GB"]) == "RTX 4060, 8 GB"
    assert human.listed([]) == ""


def test_sentences_stand_one_after_the_other() -> None:
    assert human.sentences("One.", "Two.") == "One. Two."
    assert human.sentences("", "Two.") == "Two."
    assert human.sentences("One.", "") == "One."


def test_names_in_a_sentence_stop_at_six_and_say_that_there_are_more():
    assert human.enumerated(["a", "b"]) == "a, b"
    assert human.enumerated("abcdefg") == "a, b, c, d, e, f, ..."
    assert human.enumerated([]) == ""
