"""The decision, verdict by verdict: what is right for a machine, and what the document says about it."""

from __future__ import annotations

import pytest

from helpers.facts import recommend
from helpers.machines import amd, intel, linux, macos, nvidia, windows
from setupwizard.codes import RECOMMEND_EXIT
from setupwizard.errors import SetupError
from setupwizard.i18n import in_language
from setupwizard.model.machine import FoundPython, Gpu, Machine, NvidiaDriver, PythonChoice, Toolkit
from setupwizard.model.recommendation import Build, Recommendation, Wishes

APPLE = Gpu(vendor="apple", name="Apple M3")
OFFICIAL = "https://download.pytorch.org/whl/"


def tag(build: Build | None) -> str | None:
    return f"{build.torch}+{build.variant}" if build else None


def reasons(document: Recommendation) -> list[str]:
    return [reason.code for reason in document.reasons]


def actions(document: Recommendation) -> list[str]:
    return [action.code for action in document.actions]


# --- gpu ---------------------------------------------------------------------------------------------------------


def test_a_new_card_with_a_new_driver_gets_the_newest() -> None:
    document = recommend(windows(nvidia("8.9"), driver="581.57"))
    assert document.verdict == "gpu"
    assert document.gpus == (0,)
    assert document.build == Build(
        torch="2.15.0",
        torchvision="0.29.2",
        torchaudio=None,
        variant="cu130",
        python="3.12",
        platform="win_amd64",
        requirement="torch==2.15.0+cu130",
        index_url=OFFICIAL + "cu130",
    )
    assert document.after is None
    assert document.actions == ()
    assert {"newest-for-card", "code-for-card", "driver-supports", "no-toolkit-needed"} <= set(reasons(document))


def test_a_document_with_the_bare_minimum_is_enough_for_the_decision() -> None:
    machine = Machine(os="linux", arch="x86_64", gpus=(nvidia("8.9"),))
    document = recommend(machine)
    assert document.verdict == "fix-driver"  # none, or not known: nothing can be promised with the driver as it is
    assert tag(document.after) == "2.15.0+cu130"


def test_cu130_goes_before_cu132_even_when_the_driver_knows_both() -> None:
    document = recommend(linux(nvidia("12.0"), driver="700.10"))
    assert tag(document.build) == "2.15.0+cu130"
    assert tag(document.alternatives[0]) == "2.15.0+cu132"


def test_a_newer_torch_behind_a_driver_update_is_told_and_not_forced() -> None:
    document = recommend(linux(nvidia("8.6"), driver="550.54.14"))
    assert (document.verdict, tag(document.build), tag(document.after)) == ("gpu", "2.14.1+cu126", "2.15.0+cu130")
    assert actions(document) == ["update-nvidia-driver"]
    assert (document.actions[0].at_least, document.actions[0].at_most_branch) == ("580", None)
    assert document.actions[0].url
    assert "older-torch-for-driver" in reasons(document)


def test_no_newer_torch_no_driver_advice() -> None:
    document = recommend(linux(nvidia("6.1"), driver="535.183.01"))
    assert (document.verdict, tag(document.build), document.after) == ("gpu", "2.14.1+cu126", None)
    assert document.actions == ()


def test_the_card_is_known_by_its_id_when_no_driver_tells_its_capability() -> None:
    document = recommend(windows(nvidia(pci_id="10DE:1B06", name="Microsoft Basic Display Adapter"), driver="581.57"))
    assert tag(document.build) == "2.14.1+cu126"


@pytest.mark.parametrize("variant", ["cu130", "cu132"])
def test_a_580_driver_runs_both_builds_of_cuda_13(variant: str) -> None:
    document = recommend(linux(nvidia("8.9"), driver="580.65.06"), Wishes(variant=variant))
    assert (document.verdict, tag(document.build)) == ("gpu", f"2.15.0+{variant}")


def test_ptx_needs_a_driver_that_knows_the_cuda_of_the_build() -> None:
    future = nvidia("13.0")
    old = recommend(linux(future, driver="580.65.06"))
    assert "cu132" not in {build.variant for build in (old.build, *old.alternatives) if build}
    new = recommend(linux(future, driver="595.45.04"))
    assert {"cu130", "cu132"} <= {build.variant for build in (new.build, *new.alternatives) if build}


def test_wsl_goes_by_the_driver_numbers_of_windows() -> None:
    card = nvidia("8.6")
    assert recommend(linux(card, driver="526.10")).verdict == "gpu"
    inside = recommend(linux(card, driver="526.10", wsl=True))
    assert tag(inside.build) == "2.7.1+cu118"
    assert "wsl-driver" in reasons(inside)
    assert "WSL" in inside.actions[0].text


def test_a_toolkit_on_the_machine_decides_nothing() -> None:
    toolkit = Toolkit(version="11.8", path="/usr/local/cuda")
    machine = linux(nvidia("8.9"), driver="581.1", toolkits=(toolkit,))
    assert tag(recommend(machine).build) == "2.15.0+cu130"
    assert recommend(linux(toolkits=(toolkit,))).verdict == "cpu"


def test_the_same_driver_number_means_the_branch_on_windows() -> None:
    """Windows numbers of branch 580 run to 589; a card of the last branch is still served by 581.57."""
    assert recommend(windows(nvidia("6.1"), driver="581.57")).verdict == "gpu"
    assert recommend(windows(nvidia("6.1"), driver="591.44")).verdict == "fix-driver"


@pytest.mark.parametrize(
    ("gfx", "variant"),
    [("gfx1100", "rocm7.14"), ("gfx90a:sramecc+:xnack-", "rocm7.14"), ("gfx1034", "rocm7.14"), ("gfx1201", "rocm7.14")],
)
def test_an_amd_card_on_linux_gets_the_rocm_build_that_serves_it(gfx: str, variant: str) -> None:
    document = recommend(linux(amd(gfx)))
    assert (document.verdict, tag(document.build)) == ("gpu", f"2.15.0+{variant}")
    assert document.build is not None
    assert document.build.requirement == f"torch==2.15.0+{variant}"
    assert document.build.index_url == OFFICIAL + variant
    assert "rocm" in reasons(document)


def test_amd_architectures_begin_with_a_rocm() -> None:
    document = recommend(linux(amd("gfx1034")), Wishes(torch="2.13.0"))
    assert document.verdict == "unsupported-os"  # ROCm 7.1 and 7.2 have no code for it, 7.14 of 2.15.0 has
    assert [(row.variant, row.code) for row in document.rejected] == [("rocm7.2", "arch"), ("rocm7.1", "arch")]


@pytest.mark.parametrize(
    "card",
    [
        intel("Intel(R) Arc(TM) A770 Graphics"),
        intel("Intel Arc B580 Graphics"),
        intel("Intel(R) Arc(TM) 140V GPU (16GB)"),
        intel("Intel(R) Data Center GPU Max 1100"),
        intel("", pci_id="8086:7d55"),
    ],
)
def test_intel_cards_on_the_list(card: Gpu) -> None:
    document = recommend(windows(card, os_version="10.0.26100"))
    assert (document.verdict, tag(document.build)) == ("gpu", "2.15.0+xpu")
    assert "xpu" in reasons(document)


def test_windows_10_keeps_the_last_xpu_that_was_made_for_it() -> None:
    document = recommend(windows(intel("Intel(R) Arc(TM) A770 Graphics"), os_version="10.0.19045"))
    assert (document.verdict, tag(document.build)) == ("gpu", "2.7.1+xpu")
    assert "older-torch-for-os" in reasons(document)
    assert ("xpu", "os") in {(row.variant, row.code) for row in document.rejected}


def test_an_apple_chip_gets_the_processor_build_that_holds_metal() -> None:
    document = recommend(macos(APPLE, os_version="15.1"))
    assert (document.verdict, document.gpus) == ("gpu", (0,))
    assert document.build is not None
    assert (document.build.variant, document.build.index_url) == ("cpu", None)
    assert document.build.requirement == "torch==2.15.0"
    assert document.build.platform == "macos_arm64"
    assert "apple-mps" in reasons(document)
    assert recommend(macos(APPLE)).verdict == "gpu"  # an unknown macOS is new enough


@pytest.mark.parametrize(
    ("card", "jetpack", "build"),
    [
        (nvidia("8.7"), "7.2", "2.15.0+cu132"),
        (nvidia("11.0"), "7.0", "2.15.0+cu130"),
        (nvidia("11.0"), None, "2.15.0+cu130"),
        (nvidia(name="Orin"), "7.2", "2.15.0+cu132"),
    ],
)
def test_boards_with_a_new_jetpack_take_the_official_builds(card: Gpu, jetpack: str | None, build: str) -> None:
    document = recommend(linux(card, arch="aarch64", jetpack=jetpack))
    assert (document.verdict, tag(document.build)) == ("gpu", build)
    assert "driver" not in " ".join(actions(document))


def test_an_arm_server_gets_a_build_that_holds_code_for_its_card() -> None:
    assert tag(recommend(linux(nvidia("12.1"), driver="580.95.05", arch="arm64")).build) == "2.15.0+cu130"
    assert tag(recommend(linux(nvidia("9.0"), driver="550.54.14", arch="aarch64")).build) == "2.14.1+cu126"
    assert tag(recommend(linux(nvidia("10.0"), driver="570.124.06", arch="aarch64")).build) == "2.11.0+cu128"
    turing = recommend(linux(nvidia("7.5"), driver="580.95.05", arch="aarch64"))
    assert turing.verdict == "cpu"  # those builds hold no code for it


# --- cpu ---------------------------------------------------------------------------------------------------------


def test_a_computer_without_a_card_gets_the_processor_build() -> None:
    document = recommend(linux())
    assert (document.verdict, reasons(document)) == ("cpu", ["no-gpu"])
    assert document.build is not None
    assert document.build.requirement == "torch==2.15.0+cpu"
    assert document.build.index_url == OFFICIAL + "cpu"
    assert document.gpus == ()


@pytest.mark.parametrize("capability", ["2.0", "2.1", "3.0", "3.5"])
@pytest.mark.parametrize("driver", [None, "390.157", "470.256.02", "580.65.06"])
def test_cards_that_are_too_old_get_the_processor_build_and_no_driver(capability: str, driver: str | None) -> None:
    document = recommend(linux(nvidia(capability), driver=driver))
    assert (document.verdict, tag(document.build)) == ("cpu", "2.15.0+cpu")
    assert document.actions == ()
    assert document.after is None
    assert reasons(document) == ["gpu-too-old"]


def test_k80_works_with_the_last_cudnn_8_and_is_not_asked_for_a_driver() -> None:
    document = recommend(linux(nvidia("3.7"), driver="470.256.02"))
    assert (document.verdict, tag(document.build)) == ("gpu", "2.3.1+cu118")
    assert "cudnn-limit" in reasons(document)
    assert ("cu118", "library") in {(row.variant, row.code) for row in document.rejected}
    without = recommend(linux(nvidia("3.7")))
    assert (without.verdict, without.actions, without.after) == ("cpu", (), None)


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        (linux(intel("Intel(R) UHD Graphics 630", pci_id="8086:3e92")), "igpu-not-supported"),
        (windows(intel("Intel(R) Iris(R) Xe Graphics")), "igpu-not-supported"),
        (windows(intel("Intel(R) Graphics", pci_id="8086:7d45")), "igpu-not-supported"),
        (windows(amd("gfx803", name="Radeon RX 580")), "gpu-not-usable"),
        (linux(amd("gfx803", name="Radeon RX 580")), "gpu-not-usable"),
        (linux(amd(None, name="Radeon")), "gpu-not-usable"),
        (linux(Gpu(vendor="other", name="ASPEED")), "gpu-not-usable"),
        (windows(Gpu(vendor="qualcomm", name="Adreno X1-85"), arch="arm64"), "windows-arm"),
        (windows(nvidia("12.1"), driver="581.57", arch="arm64"), "windows-arm"),
        (linux(amd("gfx1100"), arch="arm64"), "gpu-not-usable"),
        (macos(amd(None, name="Radeon Pro 5500M"), arch="x86_64"), "gpu-not-usable"),
    ],
)
def test_cards_that_nothing_is_published_for(machine: Machine, reason: str) -> None:
    document = recommend(machine)
    assert document.verdict == "cpu"
    assert reason in reasons(document)
    assert "driver" not in " ".join(actions(document))


def test_windows_on_arm_gets_its_own_processor_build() -> None:
    document = recommend(windows(arch="ARM64"))
    assert document.build is not None
    assert (document.build.platform, document.build.requirement) == ("win_arm64", "torch==2.15.0+cpu")
    assert min(document.alternatives, key=lambda build: tuple(map(int, build.torch.split(".")))).torch == "2.7.0"


def test_intel_macs_stay_at_their_last_version() -> None:
    document = recommend(macos(arch="x86_64", os_version="14.1"))
    assert document.build is not None
    assert (document.verdict, document.build.requirement, document.build.index_url) == ("cpu", "torch==2.2.2", None)
    assert "older-torch-for-os" in reasons(document)


def test_an_older_macos_keeps_a_wheel_and_is_told_how_to_use_the_card() -> None:
    document = recommend(macos(APPLE, os_version="13.6"))
    assert document.build is not None
    assert (document.verdict, document.build.torch) == ("cpu", "2.11.0")
    assert tag(document.after) == "2.15.0+cpu"
    assert actions(document) == ["update-os"]
    assert {"os-too-old", "older-torch-for-os"} <= set(reasons(document))


def test_an_old_libc_gets_an_older_torch() -> None:
    document = recommend(linux(libc="glibc 2.27"))
    assert (document.verdict, tag(document.build)) == ("cpu", "2.6.0+cpu")
    assert "older-torch-for-libc" in reasons(document)
    assert tag(recommend(linux(libc="glibc 2.28")).build) == "2.15.0+cpu"
    assert tag(recommend(linux(libc="glibc 2.27", arch="aarch64")).build) == "2.5.1+cpu"


def test_an_old_libc_with_a_card() -> None:
    document = recommend(linux(nvidia("8.6"), driver="550.54.14", libc="glibc 2.17"))
    # The cu126 wheels of 2.6.0 were built on manylinux 2.28 already, those of cu124 were not.
    assert (document.verdict, tag(document.build)) == ("gpu", "2.6.0+cu124")
    assert "older-torch-for-libc" in reasons(document)
    new_card = recommend(linux(nvidia("12.0"), driver="580.65.06", libc="glibc 2.17"))
    assert (new_card.verdict, tag(new_card.build), tag(new_card.after)) == ("cpu", "2.6.0+cpu", "2.15.0+cu130")
    assert actions(new_card) == ["update-os"]


def test_an_old_libc_and_an_old_python_that_both_keep_a_card_from_its_build() -> None:
    card = nvidia("10.0")
    document = recommend(linux(card, libc="glibc 2.27", python=PythonChoice(version="3.8", fixed=True)))
    assert (document.verdict, tag(document.build)) == ("cpu", "2.4.1+cpu")
    assert (tag(document.after), document.after.python if document.after else "") == ("2.15.0+cu130", "3.12")
    assert actions(document) == ["update-os", "change-python"]


def test_arm_processor_wheels_without_tag_are_asked_for_without_tag() -> None:
    document = recommend(linux(libc="glibc 2.27", arch="aarch64"))
    assert document.build is not None
    assert document.build.requirement == "torch==2.5.1"
    assert document.build.index_url == OFFICIAL + "cpu"


# --- fix-driver and fix-hardware ---------------------------------------------------------------------------------


def test_a_card_without_a_driver_gets_the_driver_first_and_a_stop_gap() -> None:
    document = recommend(linux(nvidia("8.6")))
    assert (document.verdict, tag(document.build), tag(document.after)) == ("fix-driver", "2.15.0+cpu", "2.15.0+cu130")
    assert actions(document)[0] == "install-nvidia-driver"
    assert (document.actions[0].at_least, document.actions[0].at_most_branch) == ("580", None)
    assert {"driver-missing", "stop-gap"} <= set(reasons(document))
    assert document.gpus == ()


@pytest.mark.parametrize("capability", ["5.0", "5.2", "6.0", "6.1", "7.0"])
@pytest.mark.parametrize("driver", [None, "390.157", "591.44"])
def test_pascal_and_its_like_are_never_sent_beyond_their_last_branch(capability: str, driver: str | None) -> None:
    document = recommend(linux(nvidia(capability), driver=driver))
    assert (document.verdict, tag(document.after)) == ("fix-driver", "2.14.1+cu126")
    assert document.actions[0].at_most_branch == "580"
    assert document.actions[0].at_least == "525.60.13"
    expected = {None: "install", "390.157": "update", "591.44": "replace"}[driver]
    assert actions(document)[0] == f"{expected}-nvidia-driver"


def test_a_driver_that_is_too_old_for_every_build() -> None:
    document = recommend(windows(nvidia("8.6"), driver="391.35"))
    assert (document.verdict, actions(document)[0]) == ("fix-driver", "update-nvidia-driver")
    assert "driver-old" in reasons(document)


@pytest.mark.parametrize("seen", [None, False])
def test_a_driver_from_before_the_card(seen: bool | None) -> None:
    document = recommend(linux(nvidia("12.0", driver_sees_it=seen), driver="550.54.14"))
    assert (document.verdict, tag(document.after)) == ("fix-driver", "2.15.0+cu130")
    assert document.actions[0].at_least == "580"


def test_a_driver_from_before_this_very_card() -> None:
    card = nvidia(pci_id="10de:2f04", driver_sees_it=False)  # RTX 5070: first in 570.123.07
    document = recommend(linux(card, driver="570.86.16"))
    assert document.verdict == "fix-driver"
    assert recommend(linux(card, driver="570.124.06")).verdict == "fix-hardware"


def test_a_card_that_the_driver_says_it_sees_is_believed() -> None:
    card = nvidia("6.1", driver_sees_it=True)
    assert recommend(linux(card, driver="595.45.04")).verdict == "gpu"
    assert recommend(linux(nvidia("6.1", sources=("nvml", "sysfs")), driver="595.45.04")).verdict == "gpu"


def test_nouveau_is_to_be_replaced_by_nvidias_driver() -> None:
    document = recommend(linux(nvidia("8.9", kernel_driver="nouveau")))
    assert (document.verdict, actions(document)[0]) == ("fix-driver", "install-nvidia-driver")
    assert "nouveau" in document.reasons[0].text
    both = recommend(linux(nvidia("8.9", kernel_driver="nouveau", driver_sees_it=False), driver="580.65.06"))
    assert (both.verdict, actions(both)[0]) == ("fix-driver", "replace-nvidia-driver")


def test_a_card_that_was_given_to_a_virtual_machine() -> None:
    card = nvidia("8.9", kernel_driver="vfio-pci", driver_sees_it=False)
    document = recommend(linux(card, driver="580.65.06"))
    assert (document.verdict, tag(document.build), tag(document.after)) == (
        "fix-hardware",
        "2.15.0+cpu",
        "2.15.0+cu130",
    )
    assert actions(document)[0] == "check-hardware"
    assert "card-not-reachable" in reasons(document)
    assert recommend(linux(amd("gfx1100", kernel_driver="vfio-pci"))).verdict == "fix-hardware"
    bare = recommend(linux(card))
    assert (bare.verdict, actions(bare)[:2]) == ("fix-hardware", ["check-hardware", "install-nvidia-driver"])


def test_a_card_that_sleeps() -> None:
    laptop = windows(
        intel("Intel(R) UHD Graphics", pci_id="8086:9a60", integrated=True),
        nvidia(pci_id="10de:2520", driver_sees_it=False, laptop=True),
        driver="581.57",
    )
    document = recommend(laptop)
    assert document.verdict == "fix-hardware"
    assert actions(document)[:2] == ["wake-card", "check-hardware"]
    assert tag(document.after) == "2.15.0+cu130"


def test_a_driver_whose_version_nobody_could_read() -> None:
    unread = linux(nvidia("8.9"), driver="N/A")
    document = recommend(unread)
    assert (document.verdict, actions(document)[0]) == ("fix-driver", "update-nvidia-driver")
    assert "driver-version-unknown" in reasons(document)
    told = Machine(os="linux", arch="x86_64", gpus=unread.gpus, nvidia_driver=NvidiaDriver(version="N/A", cuda="12.6"))
    assert tag(recommend(told).build) == "2.14.1+cu126"
    loaded = recommend(linux(nvidia("8.9", kernel_driver="nvidia")))
    assert "driver-version-unknown" in reasons(loaded)


def test_a_card_that_nobody_can_name_waits_for_the_driver() -> None:
    document = recommend(linux(nvidia(name="NVIDIA GeForce RTX 4090")))  # a name alone is never believed
    assert (document.verdict, document.after, tag(document.build)) == ("fix-driver", None, "2.15.0+cpu")
    assert "compute-capability-unknown" in reasons(document)
    assert (document.actions[0].at_least, document.actions[0].at_most_branch) == ("580", "580")
    newer = recommend(linux(nvidia(pci_id="10de:3fff")))
    assert newer.actions[0].at_most_branch is None


@pytest.mark.parametrize(("driver", "build"), [("595.45.04", "2.15.0+cu130"), ("550.54.14", "2.14.1+cu126")])
def test_a_card_that_nobody_can_name_gets_what_fits_all_that_its_driver_knows(driver: str, build: str) -> None:
    document = recommend(linux(nvidia(name="NVIDIA Graphics Device", driver_sees_it=True), driver=driver))
    assert (document.verdict, tag(document.build)) == ("gpu", build)
    assert "compute-capability-unknown" in reasons(document)


def test_a_card_that_nobody_can_name_and_no_build_fits_all() -> None:
    machine = linux(nvidia(name="NVIDIA Graphics Device", driver_sees_it=True), driver="580.65.06")
    document = recommend(machine)
    assert (document.verdict, tag(document.build)) == ("cpu", "2.15.0+cpu")
    assert "compute-capability-unknown" in reasons(document)
    vouched = recommend(machine, Wishes(variant="cu126"))
    assert (vouched.verdict, tag(vouched.build)) == ("gpu", "2.14.1+cu126")


def test_cards_from_before_the_table() -> None:
    document = recommend(linux(nvidia(pci_id="10de:0a65", name="GeForce 210")))
    assert (document.verdict, reasons(document), document.actions) == ("cpu", ["gpu-too-old"], ())


# --- several cards -----------------------------------------------------------------------------------------------


def test_one_build_for_both_when_there_is_one() -> None:
    document = recommend(linux(nvidia("8.9"), nvidia("6.1"), driver="580.65.06"))
    assert (document.verdict, document.gpus, tag(document.build)) == ("gpu", (0, 1), "2.14.1+cu126")
    assert "mixed-cards" in reasons(document)


def test_no_build_for_both() -> None:
    document = recommend(linux(nvidia("12.0"), nvidia("6.1"), driver="580.65.06"))
    assert document.verdict == "split"
    assert (document.gpus, tag(document.build)) == ((0,), "2.15.0+cu130")
    assert [(part.gpus, tag(part.build)) for part in document.parts] == [((0,), "2.15.0+cu130"), ((1,), "2.14.1+cu126")]
    assert "choose-cards" in actions(document)


def test_choosing_a_card_ends_the_split() -> None:
    machine = linux(nvidia("12.0"), nvidia("6.1"), driver="580.65.06")
    first, second = (recommend(machine, Wishes(gpus=(index,))) for index in (0, 1))
    assert (first.verdict, first.gpus, tag(first.build)) == ("gpu", (0,), "2.15.0+cu130")
    assert (second.verdict, second.gpus, tag(second.build)) == ("gpu", (1,), "2.14.1+cu126")
    assert second.parts == ()


def test_windows_had_a_build_with_code_for_blackwell_and_pascal() -> None:
    document = recommend(windows(nvidia("12.0"), nvidia("6.1"), driver="581.57"))
    assert (document.verdict, document.gpus, tag(document.build)) == ("gpu", (0, 1), "2.8.0+cu128")


def test_a_card_that_nothing_serves_splits_nothing() -> None:
    document = recommend(windows(nvidia("8.9"), nvidia("3.5"), driver="581.57"))
    assert (document.verdict, document.gpus, tag(document.build)) == ("gpu", (0,), "2.15.0+cu130")
    assert "gpu-too-old" in reasons(document)
    assert document.parts == ()


def test_a_card_that_the_new_driver_left_behind_is_told_about() -> None:
    machine = linux(nvidia("8.9", driver_sees_it=True), nvidia("6.1", driver_sees_it=False), driver="595.45.04")
    document = recommend(machine)
    assert (document.verdict, document.gpus, tag(document.build)) == ("gpu", (0,), "2.15.0+cu130")
    assert "driver-too-new" in reasons(document)
    assert (actions(document), document.actions[0].at_most_branch) == (["replace-nvidia-driver"], "580")
    assert tag(document.after) == "2.14.1+cu126"


def test_graphics_in_the_processor_never_go_before_a_card() -> None:
    laptop = windows(intel("Intel(R) Arc(TM) Graphics", pci_id="8086:7d55"), nvidia("8.9"), driver="581.57")
    document = recommend(laptop)
    assert (document.verdict, document.gpus, tag(document.build)) == ("gpu", (1,), "2.15.0+cu130")
    no_driver = recommend(windows(intel("Intel(R) Arc(TM) Graphics", pci_id="8086:7d55"), nvidia("8.9")))
    assert (no_driver.verdict, tag(no_driver.build)) == ("fix-driver", "2.15.0+cpu")
    raphael = recommend(linux(amd("gfx1036"), nvidia("8.9"), driver="580.65.06"))
    assert (raphael.verdict, raphael.gpus) == ("gpu", (1,))


def test_graphics_in_the_processor_count_when_they_are_chosen() -> None:
    laptop = windows(intel("Intel(R) Arc(TM) Graphics", pci_id="8086:7d55"), nvidia("8.9"), driver="581.57")
    assert tag(recommend(laptop, Wishes(gpus=(0,))).build) == "2.15.0+xpu"
    assert recommend(laptop, Wishes(gpus=(0, 1))).verdict == "split"


def test_graphics_in_the_processor_help_out_when_the_card_is_too_old() -> None:
    machine = windows(intel("Intel(R) Arc(TM) Graphics", pci_id="8086:7d55"), nvidia("3.5"), driver="472.12")
    assert tag(recommend(machine).build) == "2.15.0+xpu"


def test_cards_of_two_makers() -> None:
    document = recommend(linux(nvidia("8.9"), amd("gfx1100"), driver="580.65.06"))
    assert (document.verdict, [part.gpus for part in document.parts]) == ("split", [(0,), (1,)])


def test_two_cards_without_driver_that_no_build_unites() -> None:
    document = recommend(linux(nvidia("12.0"), nvidia("6.1")))
    assert document.verdict == "fix-driver"
    assert [tag(part.build) for part in document.parts] == ["2.15.0+cu130", "2.14.1+cu126"]
    assert (document.actions[0].at_least, document.actions[0].at_most_branch) == ("580", "580")


# --- Python ------------------------------------------------------------------------------------------------------


def python(version: str, **facts: bool) -> FoundPython:
    return FoundPython(path=f"/opt/{version}/bin/python", version=version, **facts)


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ((), "3.12"),
        (("3.11.4",), "3.11"),
        (("3.11.4", "3.13.1"), "3.13"),
        (("3.14.2", "3.11.9"), "3.11"),
        (("3.14.2",), "3.12"),  # newer ones than 3.13 are not chosen by themselves
        (("3.10.12",), "3.12"),  # no wheel of the build
    ],
)
def test_the_python_of_the_environment(found: tuple[str, ...], chosen: str) -> None:
    machine = linux(nvidia("8.9"), driver="580.65.06", pythons=tuple(python(version) for version in found))
    document = recommend(machine)
    assert document.build is not None
    assert (document.build.torch, document.build.python) == ("2.15.0", chosen)


def test_pythons_of_32_bits_and_free_threaded_ones_are_not_chosen_by_themselves() -> None:
    narrow = FoundPython(path="C:/Python311-32/python.exe", version="3.11.9", bits=32)
    free = FoundPython(path="C:/Python313t/python.exe", version="3.13.1", free_threaded=True)
    document = recommend(windows(nvidia("8.9"), driver="581.57", pythons=(narrow, free)))
    assert document.build is not None
    assert document.build.python == "3.12"


@pytest.mark.parametrize(
    ("insisted", "build"),
    [
        ("3.8", "2.4.1+cu124"),
        ("3.9", "2.8.0+cu129"),
        ("3.10", "2.14.1+cu130"),
        ("3.13t", "2.12.0+cu130"),
        ("3.14t", "2.15.0+cu130"),
        ("3.15", "2.15.0+cu130"),
    ],
)
def test_an_insisted_python_keeps_its_last_torch(insisted: str, build: str) -> None:
    document = recommend(linux(nvidia("8.9"), driver="580.65.06"), Wishes(python=insisted))
    assert document.build is not None
    assert (document.verdict, tag(document.build), document.build.python) == ("gpu", build, insisted)
    assert "python-chosen" in reasons(document)
    assert ("older-torch-for-python" in reasons(document)) is (document.build.torch != "2.15.0")


def test_the_variant_indexes_hold_more_pythons_than_the_general_one() -> None:
    document = recommend(linux(nvidia("6.1"), driver="580.65.06"), Wishes(python="3.15"))
    assert document.build is not None
    assert (tag(document.build), document.build.torchvision) == ("2.14.0+cu126", "0.29.2")


@pytest.mark.parametrize(
    ("machine", "insisted", "code"),
    [
        (linux(nvidia("12.0"), driver="580.65.06"), "3.8", "python-too-old"),
        (linux(nvidia("3.7"), driver="470.256.02"), "3.13", "python-too-new"),
        (linux(nvidia("6.1"), driver="580.65.06"), "3.15t", None),
        (linux(nvidia("8.9")), "3.6", "python-too-old"),
        (linux(), "3.6", "python-too-old"),
        (linux(), "3.16", "python-too-new"),
        (windows(arch="arm64"), "3.14", "python-too-new"),
        (macos(arch="x86_64"), "3.13", "python-too-new"),
        (linux(nvidia("8.9"), driver="580.65.06"), "3.12t", "python-unsupported"),
    ],
)
def test_an_insisted_python_without_the_right_wheel(machine: Machine, insisted: str, code: str | None) -> None:
    document = recommend(machine, Wishes(python=insisted))
    if code is None:
        assert document.verdict == "gpu"
        return
    assert (document.verdict, document.build) == ("change-python", None)
    assert reasons(document)[0] == code
    assert actions(document) == ["change-python"]
    assert document.after is not None
    assert document.after.python != insisted
    assert document.after.python in document.actions[0].text


def test_every_cause_of_an_older_torch_is_named() -> None:
    """Neither another Python nor another driver alone would help: both are named."""
    document = recommend(linux(nvidia("8.6"), driver="550.54.14"), Wishes(python="3.10"))
    assert tag(document.build) == "2.14.1+cu126"
    assert {"older-torch-for-python", "older-torch-for-driver"} <= set(reasons(document))
    assert "older-torch-for-card" not in reasons(document)
    assert document.after is None  # no driver alone leads to a newer version


def test_a_python_of_32_bits() -> None:
    machine = windows(nvidia("8.9"), driver="581.57", python=PythonChoice(version="3.12.4", bits=32, fixed=True))
    document = recommend(machine)
    assert (document.verdict, reasons(document)[0]) == ("change-python", "python-unsupported")
    assert "32" in document.reasons[0].text


def test_the_document_can_insist_on_a_python_too() -> None:
    fixed = PythonChoice(version="3.10.12", fixed=True)
    assert tag(recommend(linux(nvidia("8.9"), driver="580.1", python=fixed)).build) == "2.14.1+cu130"
    free = PythonChoice(version="3.13.1", free_threaded=True, fixed=True)
    assert tag(recommend(linux(nvidia("8.9"), driver="580.1", python=free)).build) == "2.12.0+cu130"
    loose = PythonChoice(version="3.11.4")
    document = recommend(linux(nvidia("8.9"), driver="580.1", python=loose))
    assert document.build is not None
    assert document.build.python == "3.11"


def test_torchvision_refuses_python_3_14_1() -> None:
    fixed = PythonChoice(version="3.14.1", fixed=True)
    document = recommend(linux(nvidia("8.9"), driver="580.1", python=fixed))
    assert document.build is not None
    assert (document.build.torch, document.build.torchvision) == ("2.15.0", None)
    assert "companion-left-out" in reasons(document)


def test_torchaudio_ended_with_2_11() -> None:
    machine = linux(nvidia("8.9"), driver="580.1")
    old = recommend(machine, Wishes(torch="2.11.0")).build
    new = recommend(machine, Wishes(torch="2.12.0")).build
    assert old is not None
    assert new is not None
    assert (old.torchaudio, new.torchaudio) == ("2.11.0", None)


# --- other-route and unsupported-os ------------------------------------------------------------------------------


@pytest.mark.parametrize("gfx", ["gfx1100", "gfx1201", "gfx1103", None])
def test_an_amd_card_on_windows_is_led_to_amds_own_index(gfx: str | None) -> None:
    document = recommend(windows(amd(gfx, name="AMD Radeon RX 7900 XTX")))
    assert (document.verdict, actions(document)[0]) == ("other-route", "use-amd-index")
    assert document.actions[0].url == "https://repo.amd.com/rocm/whl-multi-arch/"
    assert "amd-index" in reasons(document)
    assert tag(document.build) == "2.15.0+cpu"
    assert [(row.variant, row.code) for row in document.rejected] == [("rocm7.14", "no-wheel")]


@pytest.mark.parametrize(
    ("card", "jetpack"), [(nvidia("8.7"), "6.2"), (nvidia("8.7"), None), (nvidia("7.2"), "5.1.3"), (nvidia(), "6.2")]
)
def test_boards_with_an_older_jetpack(card: Gpu, jetpack: str | None) -> None:
    document = recommend(linux(card, arch="aarch64", jetpack=jetpack, driver="540.4.0"))
    assert (document.verdict, actions(document)[0]) == ("other-route", "use-jetson-index")
    assert "jetson" in (document.actions[0].url or "")


def test_a_card_of_another_maker_goes_before_the_other_route() -> None:
    document = recommend(windows(amd("gfx1036", name="AMD Radeon(TM) Graphics"), nvidia("8.9"), driver="581.57"))
    assert (document.verdict, document.gpus) == ("gpu", (1,))


@pytest.mark.parametrize(
    "machine",
    [
        linux(libc="musl 1.2"),
        linux(nvidia("8.9"), driver="580.1", libc="musl 1.2.4"),
        linux(libc="glibc 2.12"),
        linux(arch="i686"),
        windows(arch="x86"),
        linux(arch="riscv64"),
        macos(APPLE, os_version="10.15.7"),
    ],
)
def test_a_system_without_wheels_is_told_so(machine: Machine) -> None:
    document = recommend(machine)
    assert (document.verdict, document.build, document.alternatives) == ("unsupported-os", None, ())
    assert document.reasons
    assert RECOMMEND_EXIT[document.verdict] == "unsupported"


# --- alternatives and rejected -----------------------------------------------------------------------------------


def test_alternatives_are_the_other_builds_that_run_best_first() -> None:
    document = recommend(linux(nvidia("12.0"), driver="575.57.08"))
    names = [tag(build) for build in document.alternatives]
    assert names[:3] == ["2.12.1+cu129", "2.11.0+cu129", "2.11.0+cu128"]
    assert names.index("2.7.0+cu128") < names.index("2.15.0+cpu")
    assert "2.13.0+cu129" not in names
    assert "2.15.0+cu130" not in names


def test_the_processor_build_is_among_the_alternatives_of_a_long_list() -> None:
    document = recommend(linux(nvidia("8.9"), driver="580.65.06"))
    assert len(document.alternatives) == 50
    assert tag(document.alternatives[-1]) == "2.15.0+cpu"


def test_rejected_names_the_newest_of_each_variant_with_its_reason() -> None:
    document = recommend(linux(nvidia("6.1"), driver="470.256.02"))
    rows = {(row.torch, row.variant): row.code for row in document.rejected}
    assert rows[("2.15.0", "cu130")] == "arch"
    assert rows[("2.14.1", "cu126")] == "driver"
    assert rows[("2.15.0", "cu134")] == "no-wheel"
    assert ("2.7.1", "cu118") not in rows
    assert all(row.text for row in document.rejected)
    python = recommend(linux(nvidia("8.9"), driver="580.1"), Wishes(python="3.10"))
    assert ("2.15.0", "cu130", "python") in {(row.torch, row.variant, row.code) for row in python.rejected}


def test_rejected_is_about_the_cards_that_are_there() -> None:
    assert recommend(linux()).rejected == ()
    assert {row.variant[:4] for row in recommend(linux(amd("gfx803"))).rejected} == {"rocm"}
    laptop = windows(intel("Intel(R) UHD Graphics", pci_id="8086:9a60"), nvidia("12.0", name="RTX"), driver="572.16")
    assert {row.variant[:2] for row in recommend(laptop).rejected} == {"cu"}
    both = recommend(linux(nvidia("6.1", name="GTX"), amd("gfx803", name="RX"), driver="580.1"))
    assert {row.variant for row in both.rejected if "RX" in row.text} >= {"rocm7.14"}
    assert not [row for row in both.rejected if "RX" in row.text and row.variant.startswith("cu")]


# --- wishes ------------------------------------------------------------------------------------------------------


def test_the_processor_build_on_wish() -> None:
    for machine in (linux(nvidia("8.9"), driver="580.1"), linux(nvidia("8.9")), macos(APPLE), windows(amd("gfx1100"))):
        document = recommend(machine, Wishes(variant="cpu"))
        assert (document.verdict, document.gpus) == ("cpu", ())
        assert document.build is not None
        assert document.build.variant == "cpu"
        assert reasons(document)[0] == "chosen-by-user"
        assert document.actions == ()


@pytest.mark.parametrize(
    ("wishes", "build"),
    [
        (Wishes(torch="2.13.0"), "2.13.0+cu130"),
        (Wishes(torch="2.14"), "2.14.1+cu130"),
        (Wishes(torch=">=2.9,<2.12"), "2.11.0+cu130"),
        (Wishes(torch="!=2.15.0"), "2.14.1+cu130"),
        (Wishes(variant="cu126"), "2.14.1+cu126"),
        (Wishes(variant=" CU126 "), "2.14.1+cu126"),
        (Wishes(torch="2.13.0+cu129"), "2.13.0+cu129"),
        (Wishes(torch="2.13.0", variant="cu129"), "2.13.0+cu129"),
        (Wishes(variant="cu118", python="3.11"), "2.7.1+cu118"),
    ],
)
def test_wishes_limit_the_choice(wishes: Wishes, build: str) -> None:
    document = recommend(linux(nvidia("8.9"), driver="580.65.06"), wishes)
    assert (document.verdict, tag(document.build)) == ("gpu", build)
    assert "chosen-by-user" in reasons(document)
    allowed = {build.variant for build in document.alternatives}
    assert wishes.variant is None or len(allowed) <= 1


def test_a_wished_variant_is_the_stop_gap_until_the_driver_is_there() -> None:
    document = recommend(linux(nvidia("8.9")), Wishes(variant="cu130"))
    assert (document.verdict, tag(document.build), tag(document.after)) == (
        "fix-driver",
        "2.15.0+cu130",
        "2.15.0+cu130",
    )


def test_a_version_that_does_not_serve_the_card_says_which_one_would() -> None:
    """Who asks for a version alone gets no processor build in silence: --cpu asks for that."""
    machine = linux(nvidia("6.1"), driver="580.65.06")
    document = recommend(machine, Wishes(torch="2.15.0"))
    assert (document.verdict, document.build, reasons(document)[0]) == ("unsupported-os", None, "wish-unmet")
    assert "2.14.1 (cu126)" in document.reasons[0].text
    assert tag(document.alternatives[0]) == "2.14.1+cu126"
    assert tag(recommend(machine, Wishes(torch="2.15.0", variant="cpu")).build) == "2.15.0+cpu"
    assert tag(recommend(linux(nvidia("3.5")), Wishes(torch="2.10.0")).build) == "2.10.0+cpu"


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(torch="banana"),
        Wishes(torch="2.13.0+banana"),
        Wishes(variant="cuda"),
        Wishes(variant="cu126; rm -rf"),
        Wishes(python="three"),
        Wishes(python="3"),
        Wishes(torch="9" * 5000),
        Wishes(torch=">=" + "9" * 5000),
        Wishes(gpus=(1,)),
        Wishes(gpus=(0, -1)),
        Wishes(torch="2.13.0+cu130", variant="cu126"),
    ],
)
def test_wishes_that_are_not_well_formed(wishes: Wishes) -> None:
    with pytest.raises(SetupError) as caught:
        recommend(linux(nvidia("8.9"), driver="580.1"), wishes)
    assert caught.value.code == "usage"
    assert caught.value.facts["what"]


@pytest.mark.parametrize(
    ("machine", "wishes", "row", "without"),
    [
        (
            linux(nvidia("6.1"), driver="580.1"),
            Wishes(variant="cu130"),
            ("2.15.0", "cu130", "arch"),
            "2.14.1+cu126",
        ),
        (linux(), Wishes(variant="cu130"), ("2.15.0", "cu130", "arch"), "2.15.0+cpu"),
        (linux(nvidia("8.9"), driver="580.1"), Wishes(torch=">=3"), None, "2.15.0+cu130"),
        (linux(), Wishes(torch="1.0.0"), None, "2.15.0+cpu"),
        (
            windows(nvidia("8.9"), driver="581.57"),
            Wishes(variant="rocm7.14"),
            ("2.15.0", "rocm7.14", "no-wheel"),
            "2.15.0+cu130",
        ),
        (
            linux(nvidia("8.9"), driver="580.1"),
            Wishes(variant="cu999"),
            ("2.15.0", "cu999", "no-wheel"),
            "2.15.0+cu130",
        ),
        (
            linux(nvidia("8.9"), driver="580.1"),
            Wishes(torch="2.15.0+cu126"),
            ("2.15.0", "cu126", "no-wheel"),
            "2.15.0+cu130",
        ),
        (linux(nvidia("12.0")), Wishes(variant="cu118"), ("2.7.1", "cu118", "arch"), "2.15.0+cpu"),
    ],
)
def test_wishes_that_nothing_fulfils_get_a_document_that_says_why(
    machine: Machine, wishes: Wishes, row: tuple[str, str, str] | None, without: str
) -> None:
    document = recommend(machine, wishes)
    assert (document.verdict, document.build, document.after) == ("unsupported-os", None, None)
    assert RECOMMEND_EXIT[document.verdict] == "unsupported"
    assert reasons(document)[:2] == ["wish-unmet", "chosen-by-user"]
    rows = [(other.torch, other.variant, other.code) for other in document.rejected]
    assert row is None or row in rows
    assert tag(document.alternatives[0]) == without
    assert not {(build.torch, build.variant) for build in document.alternatives} & {pair[:2] for pair in rows}


def test_a_wish_for_python_and_version_that_exclude_each_other_names_the_other_python() -> None:
    document = recommend(linux(nvidia("8.9"), driver="580.1"), Wishes(torch="2.15.0", python="3.9"))
    assert (document.verdict, tag(document.after)) == ("change-python", "2.15.0+cu130")
    assert actions(document) == ["change-python"]


# --- probable variants and live listings -------------------------------------------------------------------------


def test_a_probable_variant_counts_only_when_an_index_lists_it() -> None:
    machine = linux(nvidia("8.9"), driver="616.92")
    document = recommend(machine)
    assert "cu134" not in {build.variant for build in (document.build, *document.alternatives) if build}
    listed = recommend(machine, listed={"cu134": frozenset({"2.15.0"})})
    assert tag(listed.alternatives[1]) == "2.15.0+cu134"
    assert not listed.alternatives[1].assumed
    insisted = recommend(machine, Wishes(variant="cu134"))
    assert insisted.build is not None
    assert insisted.build.assumed
    assert "assumed-variant" in reasons(insisted)


def test_a_listing_wins_over_the_table() -> None:
    machine = linux(nvidia("8.9"), driver="580.65.06")
    gone = {"cu130": frozenset({"2.13.0"}), "cu132": frozenset({"2.13.0"})}
    assert tag(recommend(machine, listed=gone).build) == "2.14.1+cu126"
    newer = recommend(machine, listed={"cu130": frozenset({"2.16.0", "2.17.0.dev20261101", "nonsense"})})
    assert tag(newer.build) == "2.16.0+cu130"
    pascal = linux(nvidia("6.1"), driver="580.65.06")
    back = recommend(pascal, listed={"cu126": frozenset({"2.15.0", "2.14.1"})})
    assert tag(back.build) == "2.15.0+cu126"


# --- texts -------------------------------------------------------------------------------------------------------


def test_texts_are_made_in_the_present_language_and_codes_stay() -> None:
    machine = linux(nvidia("6.1"), driver="595.45.04")
    english = recommend(machine)
    chinese: list[Recommendation] = []

    def decide_in_chinese() -> str:
        chinese.append(recommend(machine))
        return ""

    in_language("zh_CN", decide_in_chinese)
    assert reasons(chinese[0]) == reasons(english)
    assert actions(chinese[0]) == actions(english)


def test_no_placeholder_is_left_in_any_text() -> None:
    machines = [
        linux(nvidia("8.9"), nvidia("6.1"), driver="580.65.06"),
        linux(nvidia("12.0"), nvidia("6.1")),
        windows(nvidia("5.2"), driver="472.12"),
        linux(nvidia("3.7"), driver="470.256.02"),
        macos(APPLE, os_version="13.6"),
        windows(amd("gfx1100")),
        linux(nvidia("8.7"), arch="aarch64", jetpack="6.2"),
    ]
    for machine in machines:
        document = recommend(machine)
        texts = [row.text for row in (*document.reasons, *document.actions, *document.rejected)]
        assert texts
        assert not [text for text in texts if "{" in text or "}" in text or not text.strip()]
