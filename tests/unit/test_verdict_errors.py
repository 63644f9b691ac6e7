"""A decision with nothing to install ends in the error that says what to do first."""

import pytest

from helpers.machines import amd, linux, nvidia, windows
from setupwizard.codes import APPLY_EXIT
from setupwizard.model.machine import PythonChoice
from setupwizard.model.recommendation import Wishes
from setupwizard.steps.recommend import recommend
from setupwizard.steps.verdict_errors import error_of_verdict

INSISTED = PythonChoice(version="3.12", free_threaded=True, fixed=True)
CASES = [
    (linux(nvidia("8.6")), Wishes(), "driver-missing", "nvidia.com"),
    (linux(nvidia("12.0"), driver="470.57.02"), Wishes(), "driver-old", "470.57.02"),
    (windows(amd("gfx1100", name="AMD Radeon RX 7900 XTX")), Wishes(), "other-route", "repo.amd.com"),
    (linux(nvidia("8.9", driver_sees_it=False, kernel_driver="vfio-pci")), Wishes(), "hardware-unreachable", "virtual"),
    (linux(nvidia("8.9"), driver="580.95.05"), Wishes(torch="1.0.0"), "no-build", "the newest is"),
    (linux(nvidia("8.9"), driver="580.95.05", python=INSISTED), Wishes(), "change-python", "Python 3.12t has no"),
    (linux(arch="riscv64"), Wishes(), "unsupported-os", "system"),
]


@pytest.mark.parametrize(("machine", "wishes", "code", "words"), CASES, ids=[f"{row[2]}" for row in CASES])
def test_each_verdict_without_a_build_has_its_own_error(machine, wishes, code, words):
    decision = recommend(machine, wishes)
    assert APPLY_EXIT[decision.verdict] != "ok"
    error = error_of_verdict(decision, machine)
    assert error.code == code
    assert words in str(error)
    assert error.detail == "\n".join(reason.text for reason in decision.reasons)


def test_cards_that_no_single_build_serves_are_told_apart():
    machine = linux(nvidia("6.1"), nvidia("12.0"), driver="580.95.05")
    decision = recommend(machine)
    if decision.verdict != "split":  # the facts may come to know a build for both
        pytest.skip(f"the verdict is {decision.verdict} by now")
    assert error_of_verdict(decision, machine).code == "split"
