"""The whole detection: recorded computers, a stand-in for the driver's library, stub programs, and this computer."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from helpers import recorded
from helpers.computers import AMPERE_PAIR, LAPTOP, LOADED, OPEN, PASCAL, PROPRIETARY, computer, with_module_of
from helpers.recorded import fixture
from setupwizard.errors import Cancelled
from setupwizard.i18n import in_language
from setupwizard.model.events import Event, Progress, StepFinished, StepStarted
from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.model.wire import from_json, to_json
from setupwizard.probes import nvidia_smi, nvml
from setupwizard.probes.privacy import expand, redacted
from setupwizard.steps import detect as detection
from setupwizard.steps.detect import detect
from setupwizard.tools.concurrency import Cancel

pytestmark = pytest.mark.linux_only("the recorded computers run Linux")


def codes(machine: Machine) -> list[str]:
    return [finding.code for finding in machine.findings]


def nvidia(machine: Machine) -> Gpu:
    (gpu,) = [gpu for gpu in machine.gpus if gpu.vendor == "nvidia"]
    return gpu


def row(name: str, driver: str, capability: str, memory: int) -> str:
    """Return a line of nvidia-smi's table for the card of the scenario gtx1060_580."""
    uuid = "GPU-0f0a1b2c-0000-0000-0000-000000000050"
    return f"0, {name}, {driver}, {capability}, {memory}, 00000000:01:00.0, {uuid}\n"


def test_a_laptop_where_everything_works(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, LAPTOP, LOADED, scenario="laptop4060_581"))
    intel, card = machine.gpus
    assert (intel.vendor, intel.integrated, intel.sources) == ("intel", True, ("sysfs",))
    assert card == Gpu(
        vendor="nvidia",
        name="NVIDIA GeForce RTX 4060 Laptop GPU",
        pci_id="10de:28e0",
        pci_address="0000:01:00.0",
        uuid="GPU-0f0a1b2c-0000-0000-0000-000000000040",
        compute_capability="8.9",
        memory_mib=8188,
        max_clock_mhz=3105,
        integrated=False,
        laptop=True,
        kernel_driver="nvidia",
        driver_sees_it=True,
        sources=("nvml", "sysfs"),
    )
    assert machine.nvidia_driver == NvidiaDriver(version="581.42", cuda="13.0")
    assert machine.findings == ()


def test_a_pascal_card_told_by_both_sources(tmp_path: Path) -> None:
    banner = "| NVIDIA-SMI 580.95.05  Driver Version: 580.95.05  CUDA Version: 13.0 |"
    table = row("NVIDIA GeForce GTX 1060 6GB", "580.95.05", "6.1", 6144)
    recorded.nvidia_smi(tmp_path / "bin", query=table, banner=banner)
    environ = {"PATH": str(tmp_path / "bin")}
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580", environ=environ))
    card = nvidia(machine)
    assert (card.compute_capability, card.memory_mib, card.laptop) == ("6.1", 6144, None)
    assert card.sources == ("nvml", "nvidia-smi", "sysfs")
    assert machine.findings == ()


def test_nvidia_smi_alone_is_enough(tmp_path: Path) -> None:
    recorded.nvidia_smi(
        tmp_path / "bin", query=fixture("smi/query_csv_two.txt"), banner=fixture("smi/text_linux_610_umd.txt")
    )
    bus = "0000:17:00.0 0x10de 0x1b06 0x030000 nvidia\n0000:65:00.0 0x10de 0x2b85 0x030000 nvidia"
    (tmp_path / "none").mkdir()
    (tmp_path / "none/libnvidia-ml.so.1").write_text("no library")
    environ = {"PATH": str(tmp_path / "bin"), "LD_LIBRARY_PATH": str(tmp_path / "none")}
    loaded = with_module_of("580.95.05", LOADED)
    machine = detect(roots=computer(tmp_path, bus, loaded, environ=environ))
    assert [(gpu.compute_capability, gpu.driver_sees_it) for gpu in machine.gpus] == [("6.1", True), ("12.0", True)]
    assert machine.nvidia_driver == NvidiaDriver(version="580.95.05", cuda="13.3")
    assert codes(machine) == ["nvml-does-not-answer"]


def test_one_of_two_cards_is_lost(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, AMPERE_PAIR, LOADED, scenario="two_cards_one_lost"))
    good, lost = machine.gpus
    assert (good.driver_sees_it, good.sources) == (True, ("nvml", "sysfs"))
    assert (lost.driver_sees_it, lost.sources) == (False, ("sysfs",))
    assert (lost.pci_address, lost.compute_capability) == ("0000:65:00.0", "8.6")
    assert codes(machine) == ["gpu-lost"]
    assert machine.findings[0].level == "problem"
    assert any("0000:65:00.0" in line for line in machine.findings[0].evidence)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("version_mismatch", "driver-library-mismatch"),
        ("no_permission", "driver-no-permission"),
        ("init_error = 15\n", "gpu-lost"),
        ("init_error = 999\n", "driver-answers-with-error"),
    ],
)
def test_a_running_driver_that_cannot_be_asked(tmp_path: Path, scenario: str, code: str) -> None:
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario=scenario))
    assert codes(machine) == [code]
    card = nvidia(machine)
    assert (card.name, card.compute_capability) == ("NVIDIA GeForce GTX 1060 6GB", "6.1")
    assert card.driver_sees_it is False
    assert machine.nvidia_driver == NvidiaDriver(version="550.90.07")


def test_a_driver_that_is_installed_and_not_loaded(tmp_path: Path) -> None:
    bus = PASCAL.replace("nvidia", "-")
    recorded.nvidia_smi(tmp_path / "root/usr/bin", query=fixture("smi/err_rc9_no_driver.txt"), code=9)
    machine = detect(roots=computer(tmp_path, bus, scenario="driver_not_loaded"))
    assert codes(machine) == ["driver-not-loaded"]
    assert machine.nvidia_driver is None
    assert any("couldn't communicate" in line for line in machine.findings[0].evidence)


def test_secure_boot_may_be_why(tmp_path: Path) -> None:
    roots = computer(tmp_path, PASCAL.replace("nvidia", "-"), scenario="driver_not_loaded")
    recorded.nvidia_smi(tmp_path / "root/usr/bin", query=fixture("smi/err_rc9_no_driver.txt"), code=9)
    path = roots.at("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x06\x00\x00\x00\x01")
    machine = detect(roots=roots)
    assert codes(machine) == ["driver-not-loaded", "secure-boot-may-block-driver"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("nouveau", "nouveau-in-use"), ("nvidia_no_driver", "no-driver"), ("vfio_passthrough", "card-passed-through")],
)
def test_a_card_that_no_nvidia_driver_drives(tmp_path: Path, name: str, code: str) -> None:
    machine = detect(roots=computer(tmp_path, recorded.machine(name)))
    card = nvidia(machine)
    assert codes(machine) == [code]
    assert card.name in machine.findings[0].text
    assert card.compute_capability is not None
    assert machine.nvidia_driver is None


def test_a_card_that_the_driver_does_not_list(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="no_devices"))
    assert codes(machine) == ["driver-does-not-see-card"]
    assert nvidia(machine).driver_sees_it is False
    assert machine.nvidia_driver == NvidiaDriver(version="580.95.05", cuda="13.0")


def test_an_old_card_under_the_open_module(tmp_path: Path) -> None:
    files = {"/proc/driver/nvidia/version": OPEN.replace("515.57", "580.95.05"), "/dev/nvidia0": ""}
    machine = detect(roots=computer(tmp_path, PASCAL, files, scenario="no_devices"))
    assert codes(machine) == ["open-module-old-card"]


def test_a_driver_from_before_the_card(tmp_path: Path) -> None:
    bus = "0000:01:00.0 0x10de 0x2b85 0x030000 nvidia"
    machine = detect(roots=computer(tmp_path, bus, LOADED, scenario="driver = 550.54.14\ncuda = 12040\n"))
    assert codes(machine) == ["driver-older-than-card"]


def test_a_mixed_machine_names_the_card_that_is_passed_through(tmp_path: Path) -> None:
    bus = AMPERE_PAIR.replace("0x2204 0x030000 nvidia", "0x2204 0x030000 vfio-pci", 1).replace("17:00", "18:00")
    bus += "\n0000:17:00.0 0x10de 0x2204 0x030000 nvidia"
    scenario = (recorded.FIXTURES / "nvml/two_cards_one_lost.ini").read_text().rpartition("[gpu]")[0]
    machine = detect(roots=computer(tmp_path, bus, LOADED, scenario=scenario))
    seen = {gpu.pci_address: gpu.driver_sees_it for gpu in machine.gpus}
    assert seen == {"0000:17:00.0": True, "0000:18:00.0": False, "0000:65:00.0": False}
    assert set(codes(machine)) == {"card-passed-through", "driver-does-not-see-card"}


def test_a_driver_that_hangs_keeps_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "SECONDS", 1.5)
    machine = detect(roots=computer(tmp_path, AMPERE_PAIR, LOADED, scenario="hangs_at_second_card"))
    assert codes(machine) == ["driver-hangs"]
    assert [gpu.driver_sees_it for gpu in machine.gpus] == [True, None]
    assert machine.nvidia_driver == NvidiaDriver(version="580.95.05", cuda="13.0")


def test_nvidia_smi_that_hangs_is_told_and_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvidia_smi, "SECONDS", 0.5)
    recorded.program(tmp_path / "bin/nvidia-smi", "sleep 60")
    environ = {"PATH": str(tmp_path / "bin")}
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580", environ=environ))
    assert codes(machine) == ["nvidia-smi-hangs"]
    assert nvidia(machine).driver_sees_it is True


def test_another_copy_of_nvidia_smi_does_not_matter(tmp_path: Path) -> None:
    recorded.nvidia_smi(tmp_path / "bin", query=fixture("smi/err_rc255_smi_nvml_mismatch.txt"), code=255)
    environ = {"PATH": str(tmp_path / "bin")}
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580", environ=environ))
    assert codes(machine) == ["nvidia-smi-differs"]


def test_a_disagreement_between_sources_is_a_finding_with_both_answers(tmp_path: Path) -> None:
    recorded.nvidia_smi(tmp_path / "bin", query=row("NVIDIA GeForce GTX 1060 6GB", "535.10", "6.1", 6144))
    environ = {"PATH": str(tmp_path / "bin")}
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580", environ=environ))
    assert codes(machine) == ["sources-disagree"]
    assert "580.95.05" in machine.findings[0].text
    assert "535.10" in machine.findings[0].text


def test_a_card_under_wsl_has_no_place_on_the_bus(tmp_path: Path) -> None:
    files = {"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2", "/dev/dxg": ""}
    machine = detect(roots=computer(tmp_path, recorded.machine("wsl2"), files, scenario="laptop4060_581"))
    assert machine.wsl is True
    other, card = machine.gpus
    assert (other.vendor, other.name) == ("other", "Basic graphics adapter (Microsoft)")
    assert (card.vendor, card.sources, card.driver_sees_it) == ("nvidia", ("nvml",), True)
    assert machine.findings == ()


@pytest.mark.parametrize(("files", "code"), [({"/dev/dxg": ""}, "wsl-without-card"), ({}, "wsl-without-graphics")])
def test_wsl_without_a_card(tmp_path: Path, files: dict[str, str], code: str) -> None:
    kernel = {"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2"}
    machine = detect(roots=computer(tmp_path, "", {**kernel, **files}))
    assert codes(machine) == [code]


def test_a_container_that_was_started_without_the_card(tmp_path: Path) -> None:
    files = {"/.dockerenv": "", "/proc/driver/nvidia/version": PROPRIETARY}
    machine = detect(roots=computer(tmp_path, PASCAL, files))
    assert codes(machine) == ["container-without-card", "running-in-container"]
    assert machine.environment.container == "docker"


def test_a_container_that_sees_the_driver_and_no_bus(tmp_path: Path) -> None:
    files = {"/run/.containerenv": "", "/dev/nvidia0": ""}
    machine = detect(roots=computer(tmp_path, "", files, scenario="gtx1060_580"))
    card = nvidia(machine)
    assert (card.pci_address, card.sources, card.driver_sees_it) == ("0000:01:00.0", ("nvml",), True)
    assert codes(machine) == ["running-in-container"]


def test_a_jetson_is_found_with_its_release_and_its_card(tmp_path: Path) -> None:
    files = {
        "/etc/nv_tegra_release": fixture("linux/nv_tegra_release.txt"),
        "/proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit",
        "/proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234",
    }
    machine = detect(roots=computer(tmp_path, "", files, scenario="jetson"))
    card = nvidia(machine)
    assert machine.jetpack == "6.2"
    assert (card.compute_capability, card.integrated, card.sources) == ("8.7", True, ("nvml", "device-tree"))
    assert machine.findings == ()


def test_amd_cards_get_their_architecture(tmp_path: Path) -> None:
    nodes = "/sys/class/kfd/kfd/topology/nodes"
    files = {
        "/dev/kfd": "",
        f"{nodes}/0/properties": "simd_count 0\ngfx_target_version 0\n",
        f"{nodes}/1/properties": "gfx_target_version 110000\nvendor_id 4098\ndevice_id 29772\nlocation_id 768\n",
        f"{nodes}/2/properties": "gfx_target_version 100306\nvendor_id 4098\ndevice_id 5710\nlocation_id 4096\n",
    }
    machine = detect(roots=computer(tmp_path, recorded.machine("amd_apu_and_dgpu"), files))
    assert [(gpu.vendor, gpu.gfx, gpu.driver_sees_it) for gpu in machine.gpus] == [
        ("amd", "gfx1100", True),
        ("amd", "gfx1036", True),
    ]
    assert machine.gpus[0].sources == ("sysfs", "kfd")
    assert machine.findings == ()


def test_an_intel_card_is_found_on_the_bus(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, recorded.machine("intel_arc")))
    (card,) = machine.gpus
    assert (card.vendor, card.pci_id, card.integrated, card.kernel_driver) == ("intel", "8086:e20b", False, "xe")


def test_a_virtual_machine_without_a_card(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, recorded.machine("vm_no_gpu")))
    (adapter,) = machine.gpus
    assert (adapter.vendor, adapter.name) == ("other", "Basic graphics adapter (QEMU)")
    assert machine.findings == ()


def test_a_driver_without_a_card(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, "", LOADED, scenario="no_devices"))
    assert codes(machine) == ["driver-without-card"]


def test_a_toolkit_makes_no_card(tmp_path: Path) -> None:
    files = {"/usr/local/cuda-13.0/version.json": '{"cuda": {"version": "13.0.88"}}'}
    machine = detect(roots=computer(tmp_path, "", files))
    assert [toolkit.version for toolkit in machine.toolkits] == ["13.0.88"]
    assert (machine.gpus, machine.nvidia_driver) == ((), None)


def test_a_setting_that_hides_cards(tmp_path: Path) -> None:
    environ = {"CUDA_VISIBLE_DEVICES": "-1"}
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580", environ=environ))
    assert codes(machine) == ["cards-hidden"]
    assert "-1" in machine.findings[0].text


def test_a_card_that_nobody_knows(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, "0000:01:00.0 0x10de 0xffff 0x030000 -"))
    assert nvidia(machine).name == "NVIDIA graphics card"
    assert codes(machine) == ["no-driver", "unknown-card"]


def test_a_driver_that_does_not_tell_its_cuda(tmp_path: Path) -> None:
    bus = "0000:01:00.0 0x10de 0x1c03 0x030000 nvidia"
    scenario = (
        "driver = 390.157\ncuda = 0\n[gpu]\nname = NVIDIA GeForce GTX 1060 6GB\nbus_id = 00000000:01:00.0\ncc = 6.1\n"
    )
    machine = detect(roots=computer(tmp_path, bus, LOADED, scenario=scenario))
    assert machine.nvidia_driver == NvidiaDriver(version="390.157")
    assert codes(machine) == ["cuda-version-unknown"]


@pytest.mark.parametrize(
    ("files", "bus", "as_root", "asked"),
    [
        ({}, PASCAL.replace("nvidia", "-"), True, False),
        ({"/dev/nvidiactl": ""}, PASCAL.replace("nvidia", "-"), True, False),
        ({}, "", False, False),
        ({}, PASCAL.replace("nvidia", "-"), False, True),
        (LOADED, PASCAL, True, True),
        ({"/dev/dxg": ""}, "", True, True),
    ],
)
def test_root_asks_a_driver_only_where_one_left_a_trace(
    tmp_path: Path, files: dict[str, str], bus: str, as_root: bool, asked: bool
) -> None:
    proof = tmp_path / "asked"
    child = (sys.executable, "-c", f"open({str(proof)!r}, 'w').close()")
    detect(roots=computer(tmp_path, bus, files, as_root=as_root, nvml_program=child))
    assert proof.exists() is asked


def test_a_question_that_breaks_leaves_the_others_alone(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, nvml_program=()))
    assert "probe-broke" in codes(machine)
    assert "driver-hangs" not in codes(machine)
    assert nvidia(machine).compute_capability == "6.1"
    assert machine.disks


def test_a_file_that_never_answers_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection, "DEADLINE", 1.5)
    roots = computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580")
    (roots.root / "etc").mkdir()
    os.mkfifo(roots.root / "etc/os-release")
    try:
        machine = detect(roots=roots)
    finally:
        os.close(os.open(roots.root / "etc/os-release", os.O_RDWR | os.O_NONBLOCK))  # wakes the thread left behind
    assert codes(machine) == ["no-answer-in-time"]
    assert machine.os == "linux"
    assert nvidia(machine).driver_sees_it is True


def test_findings_speak_the_present_language(tmp_path: Path) -> None:
    roots = computer(tmp_path, recorded.machine("nouveau"))
    chinese = in_language("zh_CN", lambda: detect(roots=roots))
    assert codes(chinese) == codes(detect(roots=roots))


def test_the_step_is_told_from_start_to_end(tmp_path: Path) -> None:
    heard: list[Event] = []
    detect(heard.append, roots=computer(tmp_path))
    assert isinstance(heard[0], StepStarted)
    assert heard[-1] == StepFinished(id="probe", status="done")
    steps = [event for event in heard[1:-1] if isinstance(event, Progress)]
    assert steps[-1].done == steps[-1].total


def test_cancel_ends_it_and_is_told(tmp_path: Path) -> None:
    heard: list[Event] = []
    cancel = Cancel()
    cancel.request()
    recorded.program(tmp_path / "bin/python3", "sleep 60")
    started = time.monotonic()
    with pytest.raises(Cancelled):
        detect(heard.append, cancel, roots=computer(tmp_path, environ={"PATH": str(tmp_path / "bin")}))
    assert time.monotonic() - started < 10
    assert isinstance(heard[-1], StepFinished)
    assert heard[-1].status == "cancelled"


def test_the_document_survives_the_way_out_and_back(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, LAPTOP, LOADED, scenario="laptop4060_581"))
    safe = redacted(machine)
    read = from_json(Machine, to_json(safe).encode(), name="machine.json")
    assert read == safe
    assert expand(read).gpus == machine.gpus


def test_this_computer_is_detected_whatever_it_is(tmp_path: Path) -> None:
    machine = detect()
    assert (machine.os, machine.schema) == ("linux", 1)
    assert machine.arch
    assert machine.libc is not None
    assert machine.disks
    assert machine.memory_mib
    assert all(Path(python.path).is_file() for python in machine.pythons)
    assert not any(
        Path(python.path).is_relative_to(sys.prefix) for python in machine.pythons if sys.prefix != sys.base_prefix
    )
    from_json(Machine, to_json(redacted(machine)).encode(), name="machine.json")
