"""Display adapters of Windows' registry, read from recorded listings on any system."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from helpers.recorded import fixture
from setupwizard.child.benchmark.finding import VISUAL_CPP
from setupwizard.model.install_data import install_data
from setupwizard.model.machine import Surroundings
from setupwizard.probes import driver_files
from setupwizard.probes.adapters import Adapter, Device, adapters, not_stale, nvidia_version, pci_id
from setupwizard.probes.answers import DriverAnswer
from setupwizard.probes.bus import Bus
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.gpus import Sources, merge
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.noticing import findings
from setupwizard.probes.roots import Roots


def listing(text: str) -> dict[str, dict[str, object]]:
    """Read what `reg query /s` prints: the last part of each key to its values."""
    keys: dict[str, dict[str, object]] = {}
    values: dict[str, object] = {}
    for line in text.splitlines():
        value = re.fullmatch(r"    (.+?)    REG_(SZ|DWORD|QWORD)    (.*)", line)
        if line.startswith("HKEY"):
            values = keys.setdefault(line.rpartition("\\")[2], {})
        elif value:
            values[value[1]] = value[3] if value[2] == "SZ" else int(value[3], 16)
    return keys


def exported(text: str) -> dict[str, dict[str, object]]:
    """Read a file that regedit exported: the whole key to its values."""
    keys: dict[str, dict[str, object]] = {}
    values: dict[str, object] = {}
    for line in text.replace("\r", "").splitlines():
        if line.startswith("["):
            values = keys.setdefault(line.strip("[]"), {})
        elif found := re.fullmatch(r'"(.+?)"="(.*)"', line):
            values[found[1]] = found[2].replace("\\\\", "\\")
        elif found := re.fullmatch(r'"(.+?)"=hex\(b\):([0-9a-f,]+)', line):
            values[found[1]] = bytes(int(part, 16) for part in found[2].split(","))
    return keys


CLASS = listing(fixture("windows/reg_display_class.txt"))
DISPLAY = "{4d36e968-e325-11ce-bfc1-08002be10318}"


def test_windows_versions_become_nvidias_own() -> None:
    rows = list(csv.DictReader(fixture("windows/driver_versions.csv").splitlines()))
    assert len(rows) == 8
    assert [nvidia_version(row["windows"]) or "" for row in rows] == [row["nvidia"] for row in rows]
    assert nvidia_version("32.0.15.8142") == "581.42"


@pytest.mark.parametrize("text", ["", "581.42", "32.0.15", "32.0.15.x", "32.0.101.6737", "32.0.10.0"])
def test_other_numbers_are_none_of_nvidias(text: str) -> None:
    assert nvidia_version(text) is None


def test_the_class_key_alone() -> None:
    intel, nvidia = adapters(CLASS, {}, None)
    assert (intel.pci_id, intel.name, intel.memory_bytes) == ("8086:9bc4", "Intel(R) UHD Graphics", None)
    assert nvidia == Adapter(
        pci_id="10de:28e0",
        name="NVIDIA GeForce RTX 4060 Laptop GPU",
        provider="NVIDIA",
        driver_version="31.0.15.5222",
        memory_bytes=0x1FF000000,
    )


def test_devices_join_their_drivers_keys() -> None:
    keys = exported(fixture("windows/laptop_4060.reg"))
    devices = {key.split("Enum\\")[1]: values for key, values in keys.items() if "Enum\\" in key}
    drivers = {key.rpartition("\\")[2]: values for key, values in keys.items() if "Control\\Class" in key}
    (found,) = adapters(drivers, devices, None)
    assert (found.pci_id, found.driver_version, found.memory_bytes) == ("10de:28a0", "32.0.15.8142", 0x200000000)
    assert (found.present, found.disabled, found.problem) == (None, False, None)


INSTANCE = r"PCI\VEN_10DE&DEV_2684&SUBSYS_00000000&REV_A1\4&1A2B3C&0&0008"
OTHER = r"PCI\VEN_10DE&DEV_1C03&SUBSYS_00000000&REV_A1\4&999&0&0009"


def device(key: str, **more: object) -> dict[str, object]:
    return {"ClassGUID": DISPLAY, "Driver": rf"{DISPLAY}\{key}", "DeviceDesc": "@display.inf,%x%;Video", **more}


def test_microsofts_basic_driver_does_not_hide_the_card() -> None:
    basic = {
        "DriverDesc": "Microsoft Basic Display Adapter",
        "ProviderName": "Microsoft",
        "MatchingDeviceId": r"PCI\CC_0300",
    }
    (found,) = adapters({"0000": basic}, {INSTANCE: device("0000")}, None)
    assert (found.pci_id, found.provider) == ("10de:2684", "Microsoft")


def test_a_card_that_is_switched_off_and_one_of_another_class() -> None:
    sound = {"ClassGUID": "{4d36e96c-e325-11ce-bfc1-08002be10318}", "Driver": "x"}
    (found,) = adapters({}, {INSTANCE: device("0007", ConfigFlags=1), OTHER: sound}, None)
    assert (found.disabled, found.name) == (True, "Video")


def test_windows_says_which_cards_are_there() -> None:
    found = adapters({}, {INSTANCE: device("0000"), OTHER: device("0001")}, [Device(instance=INSTANCE.lower())])
    kept, stale = not_stale(found, [])
    assert [one.pci_id for one in kept] == ["10de:2684"]
    assert [one.pci_id for one in stale] == ["10de:1c03"]


def test_a_device_manager_that_lists_nothing_is_not_believed() -> None:
    (found,) = adapters({}, {INSTANCE: device("0000")}, [])
    assert (found.present, found.problem) == (None, None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Device(instance=INSTANCE), (True, False, None)),
        (Device(instance=INSTANCE, problem=43), (True, False, 43)),
        (Device(instance=INSTANCE, problem=22), (True, True, 22)),
        (Device(instance=INSTANCE, problem=45), (False, False, 45)),
        (Device(instance=INSTANCE, present=False), (False, False, 45)),
    ],
)
def test_what_windows_has_against_a_card(told: Device, expected: tuple[bool, bool, int | None]) -> None:
    (found,) = adapters({}, {INSTANCE: device("0000")}, [told])
    assert (found.present, found.disabled, found.problem) == expected


@pytest.mark.parametrize("told", [Device(instance=INSTANCE, problem=45), Device(instance=OTHER)])
def test_a_laptops_own_card_cannot_be_taken_out(told: Device) -> None:
    names = {"0000": {"DriverDesc": "NVIDIA GeForce RTX 4090 Laptop GPU", "DriverVersion": "32.0.15.8142"}}
    (found,) = adapters(names, {INSTANCE: device("0000")}, [told])
    assert (found.present, found.problem) == (True, 45)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (r"@System32\drivers\pci.sys,#65536;PCI bus %1, device %2, function %3;(1,0,0)", "0000:01:00.0"),
        ("PCI-Bus %1, Gerät %2, Funktion %3;(101,31,7)", "0000:65:1f.7"),
        ("(300,0,0)", "0001:2c:00.0"),
        ("Internal High Definition Audio Bus", None),
    ],
)
def test_the_place_on_the_bus(location: str, expected: str | None) -> None:
    (found,) = adapters({}, {INSTANCE: device("0000", LocationInformation=location)}, None)
    assert found.address == expected


def test_the_device_managers_word_about_the_place_goes_first() -> None:
    values = device("0000", LocationInformation="(1,0,0)")
    (found,) = adapters({}, {INSTANCE: values}, [Device(instance=INSTANCE, address="0000:17:00.0")])
    assert found.address == "0000:17:00.0"


def card_of(problem: int) -> Sources:
    adapter = Adapter(
        pci_id="10de:2684",
        name="NVIDIA GeForce RTX 4090",
        provider="NVIDIA",
        driver_version="32.0.15.8142",
        present=True,
        problem=problem,
        disabled=problem == 22,
    )
    silent = DriverAnswer(source="nvml", state="not-loaded")
    smi = DriverAnswer(source="nvidia-smi", state="not-loaded")
    return Sources(bus=Bus(adapters=(adapter,)), nvml=silent, smi=smi, kernel=KernelDriver())


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (22, "card-disabled"),
        (43, "card-did-not-start"),
        (45, "card-without-power"),
        (28, "no-driver"),
        (14, "driver-not-loaded"),
        (99, "card-did-not-start"),
    ],
)
def test_each_problem_has_its_finding_with_windows_number(problem: int, code: str) -> None:
    sources = card_of(problem)
    merged = merge(sources)
    system = SystemFacts(os="windows", arch="x86_64", environment=Surroundings())
    (found,) = findings(sources, merged, system, Roots(environ={}), driver_installed=True)
    assert found.code == code
    assert f"Windows: code {problem}" in found.evidence
    assert merged.gpus[0].driver_sees_it is False
    assert merged.gpus[0].sources == ("registry", "setupapi")


def test_missing_files_of_the_runtime_are_named(tmp_path: Path) -> None:
    runtime = install_data().vc_runtime
    assert runtime.missing_in(tmp_path) == runtime.files
    for name in runtime.files[1:]:
        (tmp_path / name).write_bytes(b"MZ")
    assert runtime.missing_in(tmp_path) == runtime.files[:1]
    system = SystemFacts(os="windows", arch="x86_64", environment=Surroundings(), vc_missing=runtime.files[:1])
    none = Sources(
        bus=Bus(),
        nvml=DriverAnswer(source="nvml", state="not-asked"),
        smi=DriverAnswer(source="nvidia-smi", state="not-asked"),
        kernel=KernelDriver(),
    )
    (found,) = findings(none, merge(none), system, Roots(environ={}), driver_installed=False)
    assert (found.code, found.evidence) == ("vc-runtime-missing", ("vcruntime140.dll",))
    assert "vcruntime140.dll" in found.text


def test_the_benchmark_names_the_same_files() -> None:
    assert install_data().vc_runtime.files == VISUAL_CPP


def test_the_driver_is_found_where_path_does_not_lead(tmp_path: Path) -> None:
    roots = Roots(environ={"WINDIR": str(tmp_path / "Windows"), "PROGRAMFILES": str(tmp_path / "Programs")})
    assert not driver_files.installed(roots)
    store = tmp_path / "Windows" / "System32" / "DriverStore" / "FileRepository"
    for index, name in enumerate(["nv_dispi.inf_amd64_f", "nv_dispi.inf_amd64_0", "other.inf_amd64_1"]):
        (store / name).mkdir(parents=True)
        (store / name / "nvml.dll").write_bytes(b"MZ")
        os.utime(store / name / "nvml.dll", (1_000_000 + index, 1_000_000 + index))
    assert driver_files.installed(roots)
    found = [place.parent.name for place in driver_files.places(roots, driver_files.NVML) if place.is_file()]
    assert found == ["nv_dispi.inf_amd64_0", "nv_dispi.inf_amd64_f"]


def test_without_that_the_drivers_list_decides_about_its_own_cards() -> None:
    found = [Adapter(pci_id="10de:2684"), Adapter(pci_id="10de:1c03"), Adapter(pci_id="8086:9bc4")]
    kept, stale = not_stale(found, ["10de:2684"])
    assert [one.pci_id for one in kept] == ["10de:2684", "8086:9bc4"]
    assert [one.pci_id for one in stale] == ["10de:1c03"]
    assert not_stale(found, []) == (found, [])


def test_two_equal_cards_of_which_one_was_taken_out() -> None:
    found = [Adapter(pci_id="10de:2204"), Adapter(pci_id="10de:2204")]
    kept, stale = not_stale(found, ["10de:2204"])
    assert (len(kept), len(stale)) == (1, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"PCI\VEN_10DE&DEV_2684&SUBSYS_1", "10de:2684"),
        (r"pci\ven_8086&dev_9bc4", "8086:9bc4"),
        (r"ROOT\BasicRender", None),
        (r"SWD\RemoteDisplayEnum", None),
        ("", None),
    ],
)
def test_a_hardware_id_of_windows_becomes_a_pci_id(text: str, expected: str | None) -> None:
    assert pci_id(text) == expected
