"""The failures of today's tools that a decision can avoid, by their number in the study of them.

The others are about downloads, folders and proofs, and have their tests there.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from helpers.facts import recommend
from helpers.machines import amd, intel, linux, macos, nvidia, windows
from setupwizard.codes import RECOMMEND_EXIT
from setupwizard.model.machine import Finding, Gpu, Machine, NvidiaDriver, PythonChoice, Toolkit
from setupwizard.model.recommendation import Build, Recommendation, Wishes

LEFT_BEHIND = ["5.0", "5.2", "6.0", "6.1", "7.0"]
"""Maxwell, Pascal and Volta: CUDA 13 holds no code for them."""


def tag(build: Build | None) -> str | None:
    return f"{build.torch}+{build.variant}" if build else None


def codes(document: Recommendation) -> set[str]:
    return {reason.code for reason in document.reasons}


def actions(document: Recommendation) -> list[str]:
    return [action.code for action in document.actions]


@pytest.mark.parametrize("capability", LEFT_BEHIND)
@pytest.mark.parametrize(("make", "driver"), [(linux, "580.95.05"), (windows, "581.57")])
def test_peer_failure_01_an_old_card_with_a_new_driver_gets_a_build_with_code_for_it(
    capability: str, make: object, driver: str
) -> None:
    document = recommend(make(nvidia(capability), driver=driver))  # type: ignore[operator]
    assert (document.verdict, tag(document.build)) == ("gpu", "2.14.1+cu126")
    assert "older-torch-for-card" in codes(document)
    assert "2.15.0" in next(reason.text for reason in document.reasons if reason.code == "older-torch-for-card")
    assert {(row.variant, row.code) for row in document.rejected} >= {("cu130", "arch"), ("cu132", "arch")}


@pytest.mark.parametrize("capability", LEFT_BEHIND)
@pytest.mark.parametrize("driver", ["528.33", "550.54.14", "570.124.06", "575.57.08", "579.1"])
def test_peer_failure_02_an_old_card_with_a_driver_of_cuda_12_gets_cu126_too(capability: str, driver: str) -> None:
    for make in (linux, windows):
        document = recommend(make(nvidia(capability), driver=driver))
        assert (document.verdict, tag(document.build), document.actions) == ("gpu", "2.14.1+cu126", ())


@pytest.mark.parametrize(
    ("machine", "now"),
    [
        (linux(nvidia("12.0"), driver="575.57.08"), "2.13.0+cu129"),
        (windows(nvidia("12.0"), driver="576.57"), "2.11.0+cu128"),
    ],
)
def test_peer_failure_03_a_new_card_with_a_driver_of_cuda_12_runs_now_and_better_after_an_update(
    machine: Machine, now: str
) -> None:
    document = recommend(machine)
    assert (document.verdict, tag(document.build), tag(document.after)) == ("gpu", now, "2.15.0+cu130")
    assert [(action.code, action.at_least) for action in document.actions] == [("update-nvidia-driver", "580")]
    assert ("2.14.1", "cu126", "arch") in {(row.torch, row.variant, row.code) for row in document.rejected}


def test_peer_failure_04_mixed_cards_are_never_dropped_in_silence() -> None:
    together = recommend(linux(nvidia("8.9"), nvidia("6.1"), driver="580.65.06"))
    assert (together.gpus, tag(together.build)) == ((0, 1), "2.14.1+cu126")
    apart = recommend(linux(nvidia("12.0", name="RTX 5090"), nvidia("6.1", name="GTX 1080 Ti"), driver="580.65.06"))
    assert (apart.verdict, RECOMMEND_EXIT[apart.verdict]) == ("split", "unsupported")
    assert [(part.gpus, tag(part.build)) for part in apart.parts] == [((0,), "2.15.0+cu130"), ((1,), "2.14.1+cu126")]
    assert "GTX 1080 Ti" in apart.reasons[0].text
    assert "RTX 5090" in apart.reasons[0].text
    assert actions(apart) == ["choose-cards"]


@pytest.mark.parametrize("cuda", [None, "13.2", "99.9", "9.0"])
@pytest.mark.parametrize("driver", ["610.43.02", "616.92", "700.10"])
def test_peer_failure_05_a_driver_newer_than_the_table_counts_by_its_number_alone(
    driver: str, cuda: str | None
) -> None:
    machine = linux(nvidia("8.9"), driver=driver)
    told = replace(machine, nvidia_driver=NvidiaDriver(version=driver, cuda=cuda))
    assert tag(recommend(told).build) == "2.15.0+cu130"


@pytest.mark.parametrize("machine", [windows(nvidia("8.9"), driver="581.57"), linux(nvidia("8.9"), driver="580.65.06")])
def test_peer_failure_06_the_requirement_names_the_exact_build_and_its_own_index(machine: Machine) -> None:
    build = recommend(machine).build
    assert build is not None
    assert build.requirement == "torch==2.15.0+cu130"
    assert build.index_url == "https://download.pytorch.org/whl/cu130"


@pytest.mark.parametrize(
    "machine",
    [
        linux(nvidia("8.9")),
        windows(nvidia(pci_id="10de:2684", sources=("registry",))),
        linux(nvidia("8.9", driver_sees_it=False, sources=("sysfs",)), driver="580.65.06"),
        linux(nvidia("8.9", kernel_driver="nouveau")),
        linux(nvidia("8.9", kernel_driver="vfio-pci")),
        linux(nvidia("8.9", kernel_driver="nvidia", sources=("sysfs",))),
        *(
            linux(
                nvidia("8.9", kernel_driver="nvidia", sources=("sysfs",)),
                driver="580.65.06",
                findings=(Finding(code=code, level="problem", text=code),),
            )
            for code in (
                "driver-hangs",
                "driver-library-mismatch",
                "driver-library-missing",
                "driver-no-permission",
                "driver-answers-with-error",
                "driver-not-loaded",
                "container-without-card",
                "gpu-lost",
            )
        ),
    ],
)
def test_peer_failure_07_a_card_that_the_driver_does_not_use_is_no_silent_processor_build(machine: Machine) -> None:
    document = recommend(machine)
    assert document.verdict in {"fix-driver", "fix-hardware"}
    assert RECOMMEND_EXIT[document.verdict] == "driver"
    assert (tag(document.build), tag(document.after)) == ("2.15.0+cpu", "2.15.0+cu130")
    assert actions(document)[-1] == "use-cpu-build"
    assert len(document.actions) >= 2
    assert "stop-gap" in codes(document)


def test_peer_failure_08_a_toolkit_is_information_only() -> None:
    toolkits = (Toolkit(version="13.0", path="/usr/local/cuda"), Toolkit(version="11.2", path="/usr/local/cuda-11.2"))
    assert recommend(linux(toolkits=toolkits)).verdict == "cpu"
    assert tag(recommend(linux(nvidia("6.1"), driver="580.1", toolkits=toolkits)).build) == "2.14.1+cu126"
    assert tag(recommend(linux(nvidia("8.9"), driver="550.54", toolkits=toolkits)).build) == "2.14.1+cu126"


@pytest.mark.parametrize(
    ("machine", "now", "at_least", "at_most"),
    [
        (windows(nvidia("5.2"), driver="472.12"), "2.7.1+cu118", "528.33", "580"),
        (linux(nvidia("8.6"), driver="390.157"), None, "580", None),
        (linux(nvidia("8.0"), driver="450.80.02"), "2.7.1+cu118", "580", None),
        (windows(nvidia("8.6"), driver="391.35"), None, "580", None),
        (linux(nvidia("6.1"), driver="390.157"), None, "525.60.13", "580"),
    ],
)
def test_peer_failure_13_a_driver_too_old_leads_to_what_runs_or_to_the_right_branch(
    machine: Machine, now: str | None, at_least: str, at_most: str | None
) -> None:
    document = recommend(machine)
    assert (document.verdict, tag(document.build)) == (("gpu", now) if now else ("fix-driver", "2.15.0+cpu"))
    action = document.actions[0]
    assert (action.code, action.at_least, action.at_most_branch) == ("update-nvidia-driver", at_least, at_most)
    assert action.url


@pytest.mark.parametrize("card", [nvidia(pci_id="10de:128b"), nvidia("3.0"), nvidia("3.5"), nvidia("2.1")])
@pytest.mark.parametrize("driver", [None, "470.256.02", "580.65.06"])
def test_peer_failure_14_a_card_that_nothing_serves_is_told_before_any_download(card: Gpu, driver: str | None) -> None:
    for make in (linux, windows):
        document = recommend(make(card, driver=driver))
        assert (document.verdict, tag(document.build), document.actions) == ("cpu", "2.15.0+cpu", ())
        assert codes(document) == {"gpu-too-old"}
        assert {row.code for row in document.rejected} <= {"arch", "library", "no-wheel"}


@pytest.mark.parametrize(
    ("machine", "wishes", "verdict", "build"),
    [
        (linux(nvidia("8.9"), driver="580.1"), Wishes(python="3.10"), "gpu", "2.14.1+cu130"),
        (linux(nvidia("8.9"), driver="580.1"), Wishes(python="3.15"), "gpu", "2.15.0+cu130"),
        (linux(nvidia("8.9"), driver="580.1"), Wishes(python="3.6"), "change-python", None),
        (
            windows(nvidia("8.9"), driver="581.57", python=PythonChoice(version="3.12", bits=32, fixed=True)),
            Wishes(),
            "change-python",
            None,
        ),
        (windows(arch="ARM64"), Wishes(), "cpu", "2.15.0+cpu"),
        (macos(arch="x86_64", os_version="14.2"), Wishes(), "cpu", "2.2.2+cpu"),
    ],
)
def test_peer_failure_15_a_python_or_processor_without_wheel_is_one_sentence(
    machine: Machine, wishes: Wishes, verdict: str, build: str | None
) -> None:
    document = recommend(machine, wishes)
    assert (document.verdict, tag(document.build)) == (verdict, build)
    if verdict == "change-python":
        assert document.after is not None
        assert document.after.python in document.actions[0].text
        assert document.reasons[0].text.endswith(".")


@pytest.mark.parametrize(
    "machine",
    [
        linux(intel("Intel(R) UHD Graphics 630", pci_id="8086:3e92")),
        windows(intel("Intel(R) Iris(R) Xe Graphics", pci_id="8086:9a49")),
        windows(amd(None, pci_id="1002:67df", name="Radeon RX 580 Series")),
        linux(amd("gfx803", name="Radeon RX 580")),
    ],
)
def test_peer_failure_16_what_is_no_accelerator_is_not_taken_for_one(machine: Machine) -> None:
    document = recommend(machine)
    assert (document.verdict, tag(document.build)) == ("cpu", "2.15.0+cpu")
    assert codes(document) & {"igpu-not-supported", "gpu-not-usable"}


def test_peer_failure_16_graphics_in_the_processor_never_beat_a_card() -> None:
    for inside in (intel("Intel(R) Arc(TM) Graphics", pci_id="8086:7d55"), amd("gfx1103", integrated=True)):
        document = recommend(linux(inside, nvidia("7.5"), driver="550.54"))
        assert (document.gpus, tag(document.build)) == ((1,), "2.14.1+cu126")
