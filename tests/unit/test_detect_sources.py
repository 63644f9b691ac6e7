"""Sources that stand in for each other: cards asleep, CUDA alone, calls that fail alone; and no trace is left."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from helpers import fake_nvml, recorded
from helpers.computers import AMPERE_PAIR, LAPTOP, LOADED, PASCAL, computer
from setupwizard.codes import RECOMMEND_EXIT
from setupwizard.model.machine import Machine, NvidiaDriver
from setupwizard.probes import answers, cuda, kernel_log, nvidia_smi, nvml, pythons
from setupwizard.probes.roots import Roots
from setupwizard.steps import detect as detection
from setupwizard.steps.detect import detect
from setupwizard.steps.recommend import recommend

pytestmark = pytest.mark.linux_only("the recorded computers run Linux")

ASLEEP = "/sys/bus/pci/devices/0000:01:00.0/power/runtime_status"
INFORMATION = (
    "Model: \t\t NVIDIA GeForce RTX 4060 Laptop GPU\nIRQ:   \t\t 186\nGPU UUID: \t GPU-????\nBus Type: \t PCIe\n"
)
LAPTOP_ASLEEP = {**LOADED, ASLEEP: "suspended\n", "/proc/driver/nvidia/gpus/0000:01:00.0/information": INFORMATION}
WOKEN = "".join(f"err.{call} = 999\n" for call in ("nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByPciBusId_v2"))


def codes(machine: Machine) -> list[str]:
    return [finding.code for finding in machine.findings]


def test_a_card_that_sleeps_is_not_woken(tmp_path: Path) -> None:
    proof = tmp_path / "woken"
    recorded.program(tmp_path / "bin/nvidia-smi", f"touch '{proof}'")
    environ = {"PATH": str(tmp_path / "bin")}
    scenario = "driver = 581.42\ncuda = 13000\n" + WOKEN + "[gpu]\nname = X\nbus_id = 0000:01:00.0\n"
    machine = detect(roots=computer(tmp_path, LAPTOP, LAPTOP_ASLEEP, scenario=scenario, environ=environ))
    card = machine.gpus[1]
    assert not proof.exists()
    assert (card.name, card.compute_capability, card.memory_mib) == ("NVIDIA GeForce RTX 4060 Laptop GPU", "8.9", None)
    assert (card.driver_sees_it, card.sources) == (True, ("sysfs", "proc"))
    assert machine.nvidia_driver == NvidiaDriver(version="581.42", cuda="13.0")
    assert codes(machine) == ["card-asleep"]
    assert recommend(machine).verdict == "gpu"


def test_the_cards_that_are_awake_are_asked_all_the_same(tmp_path: Path) -> None:
    files = {**LOADED, "/sys/bus/pci/devices/0000:65:00.0/power/runtime_status": "suspended\n"}
    scenario = (
        "driver = 580.95.05\ncuda = 13000\n[gpu]\nname = RTX 3090\nbus_id = 00000000:17:00.0\nmemory = 25769803776\n"
        f"[gpu]\n{WOKEN}name = RTX 3090\nbus_id = 00000000:65:00.0\nmemory = 25769803776\n"
    )
    machine = detect(roots=computer(tmp_path, AMPERE_PAIR, files, scenario=scenario))
    assert [(gpu.memory_mib, "nvml" in gpu.sources) for gpu in machine.gpus] == [(24576, True), (None, False)]
    assert codes(machine) == ["card-asleep"]


def test_a_card_of_another_driver_may_sleep(tmp_path: Path) -> None:
    machine = detect(roots=computer(tmp_path, PASCAL.replace("nvidia", "nouveau"), {ASLEEP: "suspended"}))
    assert codes(machine) == ["nouveau-in-use"]


CARD = "[gpu]\nname = NVIDIA GeForce GTX 1060 6GB\nbus_id = 0000:01:00.0\ncc = 6.1\nmemory = 6442450944\n"


def without_nvml(tmp_path: Path, scenario: str) -> dict[str, str]:
    return {"LD_LIBRARY_PATH": str(fake_nvml.install(tmp_path / "library", scenario, nvml=False))}


def test_the_cuda_library_alone_is_enough(tmp_path: Path) -> None:
    environ = without_nvml(tmp_path, "cuda = 12040\n" + CARD)
    machine = detect(roots=computer(tmp_path, PASCAL, {**LOADED, "/dev/nvidia-uvm": ""}, environ=environ))
    (card,) = machine.gpus
    assert (card.driver_sees_it, card.memory_mib, card.sources) == (True, 6144, ("cuda", "sysfs"))
    assert machine.nvidia_driver == NvidiaDriver(version="550.90.07", cuda="12.4")
    assert recommend(machine).verdict == "gpu"


def test_cuda_is_never_started_where_it_would_leave_a_file(tmp_path: Path) -> None:
    proof = tmp_path / "nvidia-uvm"
    environ = without_nvml(tmp_path, f"cuda = 12040\nleaves = {proof}\n" + CARD)
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, environ=environ))
    assert not proof.exists()
    assert machine.nvidia_driver == NvidiaDriver(version="550.90.07", cuda="12.4")
    assert codes(machine) == ["driver-library-missing"]


def test_wsl_with_the_cuda_library_alone(tmp_path: Path) -> None:
    environ = without_nvml(tmp_path, "cuda = 13000\n" + CARD)
    files = {"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2", "/dev/dxg": ""}
    machine = detect(roots=computer(tmp_path, "", files, environ=environ))
    (card,) = machine.gpus
    assert (card.compute_capability, card.driver_sees_it, card.sources) == ("6.1", True, ("cuda",))
    assert machine.nvidia_driver == NvidiaDriver(version="", cuda="13.0")
    assert recommend(machine).verdict == "gpu"


def test_a_library_of_a_driver_that_does_not_run_is_no_driver(tmp_path: Path) -> None:
    environ = without_nvml(tmp_path, "cuda = 13000\n" + CARD)
    machine = detect(roots=computer(tmp_path, PASCAL.replace("nvidia", "nouveau"), environ=environ))
    assert machine.nvidia_driver is None
    assert recommend(machine).verdict == "fix-driver"


def test_the_name_of_the_librarys_file_tells_a_mismatch(tmp_path: Path) -> None:
    files = {**LOADED, "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.95.05": ""}
    environ = without_nvml(tmp_path, "err.cuDriverGetVersion = 3\n")
    machine = detect(roots=computer(tmp_path, PASCAL, files, environ=environ))
    assert codes(machine) == ["driver-library-mismatch"]
    assert any("550.90.07, library 580.95.05" in line for line in machine.findings[0].evidence)


@pytest.mark.parametrize(
    ("scenario", "verdict", "action"),
    [
        ("version_mismatch", "fix-driver", "restart"),
        ("init_error = 999\n", "fix-driver", "restart"),
        ("hangs_at_start", "fix-driver", "restart"),
        ("no_permission", "fix-hardware", None),
        ("no_devices", "fix-hardware", None),
        ("gtx1060_580", "gpu", None),
    ],
)
def test_the_decision_believes_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenario: str, verdict: str, action: str | None
) -> None:
    monkeypatch.setattr(nvml, "SECONDS", 1.5)
    answer = recommend(detect(roots=computer(tmp_path, PASCAL, LOADED, scenario=scenario)))
    assert answer.verdict == verdict
    assert verdict in RECOMMEND_EXIT
    if action is not None:
        assert action in [one.code for one in answer.actions]


CALLS = [
    "nvmlSystemGetDriverVersion",
    "nvmlSystemGetCudaDriverVersion_v2",
    "nvmlDeviceGetName",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetPciInfo_v3",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetCudaComputeCapability",
    "nvmlDeviceGetEnforcedPowerLimit",
    "nvmlDeviceGetMaxClockInfo",
    "nvmlDeviceGetMigMode",
]


@pytest.mark.parametrize("number", [3, 4, 13, 999])
@pytest.mark.parametrize("call", CALLS)
def test_each_call_of_nvml_may_fail_alone(tmp_path: Path, call: str, number: int) -> None:
    text = (recorded.FIXTURES / "nvml/gtx1060_580.ini").read_text()
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario=f"err.{call} = {number}\n{text}"))
    (card,) = machine.gpus
    assert (card.name, card.compute_capability, card.driver_sees_it) == ("NVIDIA GeForce GTX 1060 6GB", "6.1", True)
    assert machine.nvidia_driver is not None
    assert machine.nvidia_driver.version in {"580.95.05", "550.90.07"}
    assert recommend(machine).verdict == "gpu"


def test_power_and_clock_stand_in_the_document(tmp_path: Path) -> None:
    scenario = "driver = 580.95.05\ncuda = 13000\n" + CARD + "power_limit_mw = 120000\nmax_clock_sm = 1911\n"
    (card,) = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario=scenario)).gpus
    assert (card.power_limit_w, card.max_clock_mhz) == (120, 1911)


def test_the_raw_answers_stand_in_the_document(tmp_path: Path) -> None:
    recorded.nvidia_smi(tmp_path / "bin", query=recorded.fixture("smi/err_rc255_smi_nvml_mismatch.txt"), code=255)
    environ = {"PATH": str(tmp_path / "bin")}
    machine = detect(roots=computer(tmp_path, PASCAL, LOADED, scenario="gtx1060_580", environ=environ))
    said = {one.source: one for one in machine.said}
    assert list(said) == ["nvml", "nvidia-smi", "cuda", "bus", "kernel"]
    assert "GTX 1060" in " ".join(said["nvml"].lines)
    assert said["nvidia-smi"].state == "broken"
    assert "Mismatch in versions" in said["nvidia-smi"].lines[0]
    assert "10de:1c03" in said["bus"].lines[0]


def listing(*folders: Path) -> dict[str, tuple[int, int, int]]:
    """Return everything below some folders with its size, its time of change and its rights."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            status = path.lstat()
            found[str(path)] = (status.st_size, status.st_mtime_ns, status.st_mode)
    return found


@pytest.mark.parametrize("as_root", [True, False])
@pytest.mark.parametrize("scenario", ["gtx1060_580", "driver_not_loaded", "version_mismatch", "no_devices"])
def test_nothing_is_left_behind(tmp_path: Path, scenario: str, as_root: bool) -> None:
    proof = tmp_path / "root/dev/nvidia-uvm"
    recorded.program(tmp_path / "bin/nvidia-smi", "exit 9")
    library = fake_nvml.install(tmp_path / "library", scenario)
    with (library / "scenario.ini").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write(f"leaves = {proof}\n{text}")
    environ = {"PATH": str(tmp_path / "bin"), "LD_LIBRARY_PATH": str(library)}
    roots = computer(tmp_path, PASCAL, LOADED, environ=environ, as_root=as_root)
    before = listing(tmp_path)
    detect(roots=roots)
    assert listing(tmp_path) == before


def test_this_computers_device_files_stay_as_they_are() -> None:
    def devices() -> list[tuple[str, int]]:
        return sorted((entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in os.scandir("/dev"))

    ours = [entry for entry in devices() if "nvidia" in entry[0] or entry[0] in {"kfd", "dri", "dxg"}]
    detect(roots=Roots(environment_roots=()))
    assert [entry for entry in devices() if "nvidia" in entry[0] or entry[0] in {"kfd", "dri", "dxg"}] == ours


def test_the_deadlines_add_up_to_the_promise() -> None:
    start_of_the_program = 0.5
    assert max(nvml.SECONDS + 4 * answers.GRACE, detection.DEADLINE) + start_of_the_program <= 6.0
    assert nvidia_smi.SECONDS < detection.DEADLINE
    assert cuda.SECONDS < detection.DEADLINE
    assert 2 * kernel_log.SECONDS < detection.DEADLINE
    assert pythons.DEADLINE < detection.LONG_DEADLINE


def test_everything_hangs_at_once_and_detection_does_not(tmp_path: Path) -> None:
    stubborn = "trap '' TERM INT HUP; while :; do sleep 1; done"
    recorded.program(tmp_path / "bin/nvidia-smi", stubborn)
    recorded.program(tmp_path / "root/usr/bin/dmesg", stubborn)
    recorded.program(tmp_path / "root/usr/bin/journalctl", stubborn)
    scenario = "hang = nvmlInitWithFlags\n"
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    roots = computer(tmp_path, PASCAL, LOADED, scenario=scenario, environ=environ)
    started = time.monotonic()
    machine = detect(roots=roots)
    assert time.monotonic() - started < 15, "a machine under load may take longer than the 6 s of an idle one"
    assert codes(machine)[0] == "driver-hangs"
    assert "nvidia-smi-hangs" in codes(machine)
    assert machine.gpus[0].name == "NVIDIA GeForce GTX 1060 6GB"


def test_a_card_of_intel_that_is_closed_to_the_user_is_no_card_for_a_build(tmp_path: Path) -> None:
    roots = computer(tmp_path, recorded.machine("intel_arc"))
    (roots.root / "dev/dri").mkdir(parents=True)
    node = roots.root / "dev/dri/renderD128"
    node.symlink_to("/nonexistent/node")
    assert recommend(detect(roots=roots)).verdict == "fix-hardware"
    node.unlink()
    node.write_text("")
    machine = detect(roots=roots)
    assert (codes(machine), recommend(machine).verdict) == ([], "gpu")
