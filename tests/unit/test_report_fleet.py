"""The reports of a whole lab in one table: who needs somebody first, and why."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from helpers.lab_reports import Computer, failed, write
from setupwizard import workflow
from setupwizard.i18n import set_language
from setupwizard.model.verification import Check
from setupwizard.model.wire import to_json
from setupwizard.steps.report import collect, render_csv, render_rollup

BAD = Check(id="conv", status="fail", text="The results are wrong.", advice="Check the card.")
HOT = Check(id="sustained", status="warn", text="The card became too hot.", advice="Clean the fans.")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Nine computers: four that are sound, and one of each trouble."""
    sound = [Computer(name=f"pc{number}", tflops=50.0 + number) for number in range(4)]
    for computer in (*sound, Computer(name="slow", tflops=30.0), Computer(name="hot", checks=(HOT,))):
        write(tmp_path, f"{computer.name}/report", computer.report())
    write(tmp_path, "wrong/report", Computer(name="wrong", driver="570.1", checks=(BAD,), tflops=1.0).report())
    write(tmp_path, "full", failed("There is not enough room on /.", "Free 6 GB, then try again."))
    write(tmp_path, "dark/report", Computer(name="dark").report(proved=False))
    return tmp_path


def test_who_needs_somebody_comes_first(lab: Path) -> None:
    found = [(line.file.removesuffix("/report.json"), line.need) for line in collect(lab).reports]
    assert found == [
        ("full.json", "failed"), ("wrong", "failed"), ("dark", "unproved"), ("slow", "slow"), ("hot", "remark"),
        ("pc0", "none"), ("pc1", "none"), ("pc2", "none"), ("pc3", "none"),
    ]  # fmt: skip


def test_each_trouble_says_why_and_what_to_do_next(lab: Path) -> None:
    lines = {line.file.partition("/")[0]: (line.why, line.next) for line in collect(lab).reports}
    assert lines["full.json"] == ("There is not enough room on /.", "Free 6 GB, then try again.")
    assert lines["wrong"] == ("The results are wrong.", "Check the card.")
    assert lines["hot"] == ("The card became too hot.", "Clean the fans.")
    assert lines["dark"] == ("", "Check the environment on this computer.")
    assert lines["pc1"] == ("", "")


def test_drivers_and_builds_are_counted(lab: Path) -> None:
    found = collect(lab)
    assert [(share.name, share.count) for share in found.drivers] == [("580.95", 7), ("570.1", 1)]
    assert [(share.name, share.count) for share in found.builds] == [("2.15.0+cu130", 7)]
    assert found.working == 6


def test_the_slowest_is_compared_with_its_kind_and_never_with_a_broken_one(lab: Path) -> None:
    found = collect(lab)
    (slowest,) = found.slowest
    assert (slowest.file, slowest.count, slowest.value, slowest.median) == ("slow/report.json", 6, 30.0, 50.5)
    slow = next(line for line in found.reports if line.need == "slow")
    assert slow.slow == {"matmul.fp16.tflops": 0.59}
    assert slow.verdict == "pass"  # speed alone never makes a proof fail


def test_two_of_a_kind_do_not_tell_which_one_is_odd(tmp_path: Path) -> None:
    write(tmp_path, "a", Computer(name="a", tflops=50).report())
    write(tmp_path, "b", Computer(name="b", tflops=10).report())
    assert [line.need for line in collect(tmp_path).reports] == ["none", "none"]
    assert collect(tmp_path).slowest == ()


def test_another_card_and_another_build_are_kinds_of_their_own(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, f"a{number}", Computer(name="a", tflops=50).report())
    write(tmp_path, "b", Computer(name="b", card="NVIDIA GeForce GTX 1060", tflops=4).report())
    write(tmp_path, "c", Computer(name="c", torch="2.15.0+cu126", tflops=4).report())
    assert {line.need for line in collect(tmp_path).reports} == {"none"}


def test_of_the_reports_that_an_environment_kept_only_the_newest_counts(tmp_path: Path) -> None:
    folder = "pc/reports"
    write(tmp_path, f"{folder}/report-20261101T080000Z", Computer(name="pc", checks=(BAD,)).report())
    write(tmp_path, f"{folder}/report-20261128T080000Z", Computer(name="pc", checks=(BAD,)).report())
    write(tmp_path, f"{folder}/report-20261128T080000Z-2", Computer(name="pc").report())
    (line,) = collect(tmp_path).reports
    assert (line.need, line.older, line.file) == ("none", 2, f"{folder}/report-20261128T080000Z-2.json")


def test_a_proof_alone_and_an_outcome_alone_are_read_too(tmp_path: Path) -> None:
    write(tmp_path, "proof", Computer(name="a", checks=(HOT,)).proof())
    write(tmp_path, "outcome", failed("There is no room.", "Free some."))
    write(tmp_path, "plan", {"schema": 1, "id": "x", "root": "/"})
    found = collect(tmp_path)
    assert [(line.file, line.need) for line in found.reports] == [("outcome.json", "failed"), ("proof.json", "remark")]
    assert [refused.file for refused in found.refused] == ["plan.json"]


def test_what_was_not_proved_is_never_green(tmp_path: Path) -> None:
    proof = Computer(name="a").proof()
    unproved = json.loads(to_json(proof)) | {"verdict": "not-verified", "passed": False}
    write(tmp_path, "a", unproved)
    (line,) = collect(tmp_path).reports
    assert line.need == "unproved"
    assert collect(tmp_path).working == 0


def test_the_page_and_the_file_for_a_spreadsheet_tell_the_same(lab: Path) -> None:
    found = collect(lab)
    page = render_rollup(found)
    rows = list(csv.DictReader(io.StringIO(render_csv(found))))
    assert [row["need"] for row in rows][:5] == ["failed", "failed", "unproved", "slow", "remark"]
    assert rows[0]["next"] == "Free 6 GB, then try again."
    for text in ("Free 6 GB, then try again.", "Clean the fans.", "59 % of what computers of its kind reach", "570.1"):
        assert text in page
    set_language("zh_CN")
    assert "同类" in render_rollup(found)


def test_a_proof_is_told_in_the_language_of_who_reads_the_table(tmp_path: Path) -> None:
    told = Check(id="device", status="fail", text="x", advice="y", cause="driver-old", facts={"driver": "470.1"})
    write(tmp_path, "a", Computer(name="a", checks=(told,)).report())
    set_language("zh_CN")
    (line,) = workflow.collect_reports(tmp_path).reports
    assert "470.1" in line.why
    assert "驱动" in line.why
