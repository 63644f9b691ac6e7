"""Every recorded text: what is understood of it, and that no reader of ours stumbles over any of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers import fake_nvml, recorded
from helpers.readers import READERS, ended, files, text_of
from helpers.recorded import FIXTURES, fixture
from setupwizard.model.machine import Surroundings
from setupwizard.probes import (
    adapters,
    bus,
    gpus,
    kernel_log,
    linux,
    smi_text,
)
from setupwizard.probes.adapters import Adapter
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.kernel_log import KernelLog
from setupwizard.probes.noticing import findings
from setupwizard.steps.detect import detect

posix = pytest.mark.linux_only("the stub programs and the recorded computers are Linux")

Seen = tuple[str, str | None, int | None]
"""What a table tells of a card: its name, its place, its memory in MiB."""

# nvidia-smi: file -> exit status, state, driver, CUDA, cards; then the finding on a computer with one card whose
# module is loaded (or, with "-", not loaded), where NVML cannot be asked.
SMI: dict[str, tuple[int, str, str | None, str | None, list[Seen], str | None]] = {
    "text_linux_331_no_cuda_field.txt": (0, "ok", "331.62", None, [("GeForce GTX 680", "0000:03:00.0", 4095)], None),
    "text_linux_418_laptop_truncated_name.txt": (0, "ok", "418.56", "10.1", [("", "0000:01:00.0", 4040)], None),
    "text_linux_550.txt": (0, "ok", "550.54.14", "12.4", [("NVIDIA GeForce RTX 3060", "0000:81:00.0", 12288)], None),
    "text_linux_610_umd.txt": (0, "ok", "610.43.02", "13.3", [("", "0000:02:00.0", 12227)], None),
    "text_windows_517_tcc_wddm.txt": (
        0, "ok", "517.48", "11.7", [("", "0000:0a:00.0", 11264), ("", "0000:43:00.0", 11264)], None,
    ),
    "text_windows_596_driver_model.txt": (
        0, "ok", "596.36", "13.2", [("NVIDIA GeForce RTX 4090", "0000:09:00.0", 24564)], None,
    ),
    "text_wsl_551.txt": (0, "ok", "551.61", "12.4", [("", "0000:01:00.0", 12282)], None),
    "text_wsl_cuda_err.txt": (0, "ok", "552.22", None, [("", "0000:01:00.0", 8188)], None),
    "text_jetson_540.txt": (0, "ok", "540.4.0", "12.6", [("Orin (nvgpu)", None, None)], None),
    "text_jetson_540_driver_na.txt": (0, "ok", None, "12.2", [("Orin (nvgpu)", None, None)], None),
    "q_610_deprecated.txt": (0, "ok", "610.57.04", "13.3", [("", "0000:01:00.0", None)], None),
    "qx_linux_535.xml": (0, "ok", "535.86.05", "12.2", [("NVIDIA GeForce RTX 4090", "0000:84:00.0", None)], None),
    "qx_windows_531.xml": (0, "ok", "531.41", "12.1", [("NVIDIA GeForce RTX 3080 Ti", "0000:01:00.0", None)], None),
    "query_csv_two.txt": (
        0,
        "ok",
        "580.95.05",
        None,
        [("NVIDIA GeForce GTX 1080 Ti", "0000:17:00.0", 11264), ("NVIDIA GeForce RTX 5090", "0000:65:00.0", 32607)],
        None,
    ),
    "query_csv_jetson.txt": (0, "ok", None, None, [("Orin (nvgpu)", None, None)], None),
    "query_csv_partial_not_supported.txt": (
        0, "ok", "552.22", None, [("NVIDIA GeForce RTX 4060 Laptop GPU", None, 8188)], None,
    ),
    "err_device_handle.txt": (255, "broken", None, None, [("", "0000:d8:00.0", None)], "gpu-lost"),
    "err_rc15_gpu_lost.txt": (15, "gpu-lost", None, None, [("", "0000:01:00.0", None)], "gpu-lost"),
    "err_query_unknown_field.txt": (2, "broken", None, None, [], "driver-library-missing"),
    "err_rc4_insufficient_permissions.txt": (4, "no-permission", None, None, [], "driver-no-permission"),
    "err_rc6_no_devices.txt": (6, "no-devices", None, None, [], "driver-does-not-see-card"),
    "err_rc9_no_driver.txt": (9, "not-loaded", None, None, [], "-driver-not-loaded"),
    "err_wsl_no_driver.txt": (9, "not-loaded", None, None, [], "-driver-not-loaded"),
    "err_rc12_no_library.txt": (12, "absent", None, None, [], "driver-library-missing"),
    "err_rc18_version_mismatch.txt": (18, "mismatch", None, None, [], "driver-library-mismatch"),
    "err_rc255_smi_nvml_mismatch.txt": (255, "broken", None, None, [], "driver-library-missing"),
    "err_not_found_cmd_de.txt": (9009, "broken", None, None, [], "driver-library-missing"),
}  # fmt: skip

KERNEL = {
    "linux/dmesg_nouveau_conflict.txt": KernelLog(taken=True),
    "linux/dmesg_open_module_old_gpu.txt": KernelLog(too_old=frozenset(["0000:af:00.0"])),
    "linux/dmesg_rminit_failed.txt": KernelLog(not_started=frozenset(["0000:98:00.0"])),
    "linux/journal_secure_boot.txt": KernelLog(key_rejected=True),
}

# Windows as its management interface tells: (vendor, PCI id, name) of the cards, then the findings.
WINDOWS: dict[str, tuple[list[tuple[str, str, str]], list[str]]] = {
    "cim_amd_only.json": ([("amd", "1002:744c", "AMD Radeon RX 7900 XTX")], []),
    "cim_basic_display_nvidia.json": ([("nvidia", "10de:2882", "NVIDIA GeForce RTX 4060")], ["no-driver"]),
    "cim_disabled_code22.json": (
        [
            ("intel", "8086:9bc4", "Intel(R) UHD Graphics"),
            ("nvidia", "10de:28e0", "NVIDIA GeForce RTX 4060 Laptop GPU"),
        ],
        ["card-disabled"],
    ),
    "cim_empty.json": ([], []),
    "cim_intel_arc.json": ([("intel", "8086:e20b", "Intel(R) Arc(TM) B580 Graphics")], []),
    "cim_optimus_552.json": (
        [
            ("intel", "8086:9bc4", "Intel(R) UHD Graphics"),
            ("nvidia", "10de:28e0", "NVIDIA GeForce RTX 4060 Laptop GPU"),
        ],
        ["driver-does-not-see-card"],
    ),
    "cim_single_object.json": ([("nvidia", "10de:2c05", "NVIDIA GeForce RTX 5070 Ti")], ["driver-does-not-see-card"]),
    "cim_virtual_adapters.json": ([("nvidia", "10de:2206", "NVIDIA GeForce RTX 3080")], ["driver-does-not-see-card"]),
}

NOT_ASKED = {
    "linux/lspci_mmnn.txt": "the files below /sys tell the same without a program",
    "linux/rocminfo_ok.txt": "the kernel's topology of AMD cards tells the same without a program",
    "linux/rocminfo_einval.txt": "the same; rights on /dev/kfd are looked at directly",
    "linux/xpu_smi_discovery.txt": "the PCI id tells what an Intel card is; the program is rarely installed",
    "windows/wmic_utf16.txt": "wmic is gone from Windows 11; the registry and SetupAPI tell more",
    "windows/py_0p.txt": "the registry is read, and each Python is started",
    "windows/python_pep514.txt": "findpython reads the registry itself",
    "windows/store_stub_rc9009.txt": "files of the Store's folder are never started",
    "windows/reg_longpaths_off.txt": "read from the registry itself, never from reg.exe (tests/windows)",
    "windows/reg_tdr.txt": "never read and never changed",
    "windows/reg_vcruntime_ok.txt": "read from the registry itself, never from reg.exe (tests/windows)",
    "windows/reg_display_class.txt": "the same; its values are joined in test_probe_windows",
    "windows/laptop_4060.reg": "the same",
    "windows/driver_versions.csv": "a table of both spellings, walked in test_probe_windows",
}
ELSEWHERE = {
    "linux/cuda_version.json": "test_probe_installed",
    "linux/nvcc_version_13_0.txt": "test_probe_installed",
    "linux/kfd_node_properties.txt": "test_probe_bus",
    "linux/nv_tegra_release.txt": "test_probe_bus",
    "linux/proc_driver_nvidia_version_open.txt": "test_probe_system",
    "linux/proc_driver_nvidia_version_proprietary.txt": "test_probe_system",
    "macos/mac_displays_m3.json": "test_probe_bus",
    "macos/mac_displays_intel_amd.json": "test_probe_bus",
    "sysfs/machines.txt": "test_probe_bus, test_detect",
}


def test_every_file_has_its_reader_or_a_reason() -> None:
    listed = {
        *KERNEL,
        *NOT_ASKED,
        *ELSEWHERE,
        *(f"smi/{name}" for name in SMI),
        *(f"windows/{name}" for name in WINDOWS),
    }
    others = ("nvml/", "torch/", "earlier/")  # a library, a package and a root: whole folders for tests of their own
    there = {name for name in files() if not name.startswith(others) and not name.endswith(".md")}
    assert there == listed


@pytest.mark.parametrize("name", SMI)
def test_what_nvidia_smi_said(name: str) -> None:
    code, state, driver, version, cards, _finding = SMI[name]
    answer = smi_text.parse(ended(text_of(f"smi/{name}"), code), smi_text.FIELDS[:7])
    assert (answer.state, answer.driver, answer.cuda) == (state, driver, version)
    assert [(card.name, card.pci_address, card.memory_mib) for card in answer.cards] == cards
    assert answer.evidence


@posix
@pytest.mark.parametrize("name", SMI)
def test_what_detection_makes_of_it(tmp_path: Path, name: str) -> None:
    code, _state, driver, version, cards, code_of_finding = SMI[name]
    place = next((place for _name, place, _memory in cards if place), "0000:01:00.0")
    loaded = not (code_of_finding or "").startswith("-")
    said = tmp_path / "said"
    said.write_bytes((FIXTURES / "smi" / name).read_bytes())
    recorded.program(tmp_path / "bin/nvidia-smi", f"cat '{said}'; exit {min(code, 255)}")
    library = fake_nvml.install(tmp_path / "library", "err.cuDriverGetVersion = 3\n", nvml=False)
    environ = {"PATH": str(tmp_path / "bin"), "LD_LIBRARY_PATH": str(library)}
    roots = recorded.roots(tmp_path, environ=environ)
    recorded.build_bus(roots.root, f"{place} 0x10de 0x2684 0x030000 {'nvidia' if loaded else '-'}")
    version_file = fixture("linux/proc_driver_nvidia_version_proprietary.txt").replace(
        "550.90.07", driver or "550.90.07"
    )
    if loaded:
        recorded.write(roots.root, {"/proc/driver/nvidia/version": version_file, "/dev/nvidia0": ""})
    machine = detect(roots=roots)
    codes = [finding.code for finding in machine.findings]
    if code_of_finding is None:
        assert "nvml-does-not-answer" in codes
        assert machine.gpus[0].driver_sees_it is True
        assert machine.nvidia_driver is not None
        assert machine.nvidia_driver.cuda == version
    else:
        assert codes[0] == code_of_finding.lstrip("-")
        assert machine.gpus[0].driver_sees_it is not True


@pytest.mark.parametrize("name", KERNEL)
def test_what_the_kernel_said(name: str) -> None:
    said = kernel_log.parse(text_of(name))
    assert said.lines
    assert KernelLog(**{key: getattr(said, key) for key in said.__struct_fields__ if key != "lines"}) == KERNEL[name]


def cim_adapters(text: str) -> list[Adapter]:
    """Return the adapters of a recorded answer as the registry would hold them."""
    decoded = json.loads(text) if text.strip() else []
    rows = decoded if isinstance(decoded, list) else [decoded]
    makers = {"(Standard display types)": "Microsoft"}
    return [
        Adapter(
            pci_id=adapters.pci_id(row["PNPDeviceID"]),
            name=row["Name"],
            provider=makers.get(row["AdapterCompatibility"], row["AdapterCompatibility"]),
            driver_version=row["DriverVersion"],
            disabled=row["ConfigManagerErrorCode"] == 22,
        )
        for row in rows
    ]


@pytest.mark.parametrize("name", WINDOWS)
def test_recorded_answers_of_windows_become_the_right_cards(tmp_path: Path, name: str) -> None:
    cards, codes = WINDOWS[name]
    said = gpus.Sources(
        bus=bus.Bus(adapters=tuple(cim_adapters(text_of(f"windows/{name}")))),
        nvml=DriverAnswer(source="nvml", state="no-devices" if codes != ["no-driver"] else "absent"),
        smi=DriverAnswer(source="nvidia-smi", state="absent"),
        kernel=linux.KernelDriver(),
    )
    merged = gpus.merge(said)
    facts = SystemFacts(os="windows", arch="x86_64", environment=Surroundings())
    found = findings(said, merged, facts, recorded.roots(tmp_path), driver_installed=False)
    assert [(gpu.vendor, gpu.pci_id, gpu.name) for gpu in merged.gpus] == cards
    reasons = [one.code for one in found if one.code not in {"cuda-version-unknown", "driver-without-card"}]
    assert reasons == codes


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_stumbles_over_any_text(reader: str) -> None:
    for name in files():
        READERS[reader](text_of(name))
        READERS[reader]((FIXTURES / name).read_bytes().decode("latin-1"))


def test_another_tools_output_makes_no_nvidia_card() -> None:
    for name in (*NOT_ASKED, "linux/kfd_node_properties.txt", "macos/mac_displays_m3.json", *KERNEL):
        answer = smi_text.parse(ended(text_of(name), 0))
        assert [card for card in answer.cards if card.trouble is None] == [], name
        assert answer.driver is None, name
