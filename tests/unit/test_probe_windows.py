"""Display adapters of Windows' registry, read from recorded listings on any system."""

from __future__ import annotations

import csv
import re

import pytest

from helpers.recorded import fixture
from setupwizard.probes.adapters import Adapter, adapters, not_stale, nvidia_version, pci_id


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
    assert (found.present, found.disabled) == (None, False)


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
    found = adapters({}, {INSTANCE: device("0000"), OTHER: device("0001")}, [INSTANCE.lower()])
    kept, stale = not_stale(found, [])
    assert [one.pci_id for one in kept] == ["10de:2684"]
    assert [one.pci_id for one in stale] == ["10de:1c03"]


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
def test_hardware_ids(text: str, expected: str | None) -> None:
    assert pci_id(text) == expected
