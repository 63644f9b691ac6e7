"""Cards as the system lists them: recorded trees of /sys, AMD's topology, Jetson's files, a Mac's report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from helpers import recorded
from helpers.recorded import fixture
from setupwizard.model.machine import Gpu
from setupwizard.probes import bus, jetson, kfd, macos, pci
from setupwizard.probes.roots import Roots

pytestmark = pytest.mark.posix_only("a recorded /sys holds symbolic links and colons")


def bus_of(tmp_path: Path, name: str) -> Roots:
    roots = recorded.roots(tmp_path)
    recorded.build_bus(roots.root, recorded.machine(name))
    return roots


def test_a_laptop_with_two_graphics_units(tmp_path: Path) -> None:
    intel, nvidia = pci.cards(bus_of(tmp_path, "optimus_nvidia"))
    assert (intel.vendor, intel.pci_id, intel.kernel_driver) == ("intel", "8086:9bc4", "i915")
    assert (nvidia.vendor, nvidia.pci_id, nvidia.kernel_driver) == ("nvidia", "10de:28e0", "nvidia")
    assert nvidia.address == "0000:01:00.0"


@pytest.mark.parametrize(
    ("name", "driver"), [("nouveau", "nouveau"), ("nvidia_no_driver", None), ("vfio_passthrough", "vfio-pci")]
)
def test_who_drives_the_card(tmp_path: Path, name: str, driver: str | None) -> None:
    (card,) = pci.cards(bus_of(tmp_path, name))
    assert (card.vendor, card.kernel_driver) == ("nvidia", driver)


def test_compute_cards_count_and_their_switch_does_not(tmp_path: Path) -> None:
    cards = pci.cards(bus_of(tmp_path, "compute_3d_controller"))
    assert [(card.address, card.pci_id) for card in cards] == [
        ("0000:17:00.0", "10de:2330"),
        ("0000:ca:00.0", "10de:2330"),
    ]


@pytest.mark.parametrize(("name", "pci_id"), [("wsl2", "1414:008e"), ("vm_no_gpu", "1234:1111")])
def test_virtual_adapters_are_of_no_vendor(tmp_path: Path, name: str, pci_id: str) -> None:
    (card,) = pci.cards(bus_of(tmp_path, name))
    assert (card.vendor, card.pci_id) == ("other", pci_id)


def test_no_bus_at_all(tmp_path: Path) -> None:
    assert pci.cards(recorded.roots(tmp_path)) == ()
    assert pci.cards(bus_of(tmp_path, "container_no_gpu")) == ()


def test_amd_compute_card_is_of_another_class(tmp_path: Path) -> None:
    roots = recorded.roots(tmp_path)
    recorded.build_bus(roots.root, "0000:05:00.0 0x1002 0x74a1 0x120000 amdgpu\n0000:06:00.0 0x1da3 0x1020 0x120000 -")
    assert [card.pci_id for card in pci.cards(roots)] == ["1002:74a1"]


def test_the_memory_of_an_amd_card(tmp_path: Path) -> None:
    roots = bus_of(tmp_path, "amd_apu_and_dgpu")
    folder = roots.at("/sys/bus/pci/devices/0000:03:00.0")
    (folder / "mem_info_vram_total").write_text("25753026560\n")
    card, unit = pci.cards(roots)
    assert card.memory_bytes == 25753026560
    assert unit.memory_bytes is None


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    roots = recorded.roots(tmp_path)
    recorded.write(
        roots.root, {"/sys/bus/pci/devices/0000:00:01.0/class": "0x030000", "/sys/bus/pci/devices/x/class": "?"}
    )
    assert pci.cards(roots) == ()


def test_names_come_from_the_systems_list(tmp_path: Path) -> None:
    roots = recorded.roots(tmp_path)
    text = (
        "# a list\n1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]\n"
        "\t\t1002 0e3b  RX 7900 GRE\n\t164e  Raphael\n10de  NVIDIA Corporation\n\t744c  not this one\n"
        "C 03  Display controller\n\t00  VGA compatible controller\n"
    )
    recorded.write(roots.root, {"/usr/share/misc/pci.ids": text})
    found = pci.names(roots, ["1002:744c", "1002:164e", "8086:ffff"])
    assert found == {"1002:744c": "Radeon RX 7900 XT/7900 XTX", "1002:164e": "Raphael"}
    assert pci.names(recorded.roots(tmp_path, root=tmp_path / "none"), ["1002:744c"]) == {}


def test_amds_topology_tells_a_cards_architecture_and_passes_over_processors() -> None:
    node = kfd.parse(fixture("linux/kfd_node_properties.txt"))
    assert node is not None
    assert (node.pci_id, node.gfx, node.address) == ("1002:744c", "gfx1100", None)
    assert kfd.parse("cpu_cores_count 16\nsimd_count 0\ngfx_target_version 0\n") is None


@pytest.mark.parametrize(
    ("version", "name"),
    [(110000, "gfx1100"), (90010, "gfx90a"), (100306, "gfx1036"), (90402, "gfx942"), (120001, "gfx1201")],
)
def test_amds_number_becomes_the_word_of_an_architecture(version: int, name: str) -> None:
    assert kfd.gfx_name(version) == name


def test_amd_topology_tells_the_place(tmp_path: Path) -> None:
    roots = recorded.roots(tmp_path)
    assert kfd.nodes(roots) is None
    properties = "gfx_target_version 110000\nvendor_id 4098\ndevice_id 29772\nlocation_id 768\ndomain 0\n"
    folder = "/sys/class/kfd/kfd/topology/nodes"
    recorded.write(roots.root, {f"{folder}/0/properties": "simd_count 0\n", f"{folder}/1/properties": properties})
    assert kfd.nodes(roots) == (kfd.KfdNode(pci_id="1002:744c", gfx="gfx1100", address="0000:03:00.0"),)


def test_a_jetson_tells_its_release_and_its_graphics_unit(tmp_path: Path) -> None:
    roots = recorded.roots(tmp_path)
    assert jetson.jetpack(roots) is None
    assert jetson.gpu(roots) is None
    recorded.write(
        roots.root,
        {
            "/etc/nv_tegra_release": fixture("linux/nv_tegra_release.txt"),
            "/proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
            "/proc/device-tree/compatible": "nvidia,p3737-0000+p3701-0000\0nvidia,p3701-0000\0nvidia,tegra234\0",
        },
    )
    assert jetson.jetpack(roots) == "6.2"
    gpu = jetson.gpu(roots)
    assert gpu is not None
    assert (gpu.name, gpu.compute_capability, gpu.integrated) == ("NVIDIA Jetson AGX Orin Developer Kit", "8.7", True)


@pytest.mark.parametrize(
    ("line", "jetpack"),
    [
        ("# R35 (release), REVISION: 5.0, GCID: 1, BOARD: generic", "5.1.3"),
        ("# R32 (release), REVISION: 7.1, GCID: 1", "4.6.1"),
        ("# R36 (release), REVISION: 99.9, GCID: 1", "6"),
        ("# R77 (release), REVISION: 1.0, GCID: 1", "L4T 77.1.0"),
        ("something else", None),
    ],
)
def test_the_release_of_linux_tells_the_jetpack(tmp_path: Path, line: str, jetpack: str | None) -> None:
    roots = recorded.roots(tmp_path)
    recorded.write(roots.root, {"/etc/nv_tegra_release": line})
    assert jetson.jetpack(roots) == jetpack


def test_an_apple_chip_is_found_with_what_it_is() -> None:
    assert macos.parse_displays(fixture("macos/mac_displays_m3.json")) == (
        Gpu(
            vendor="apple",
            name="Apple M3 Pro",
            integrated=True,
            driver_sees_it=True,
            sources=("system_profiler",),
        ),
    )


def test_an_intel_mac_with_a_radeon() -> None:
    (gpu,) = macos.parse_displays(fixture("macos/mac_displays_intel_amd.json"))
    assert (gpu.vendor, gpu.name, gpu.pci_id) == ("amd", "Radeon Pro Vega 64", "1002:6860")


def test_a_report_that_tells_memory() -> None:
    (gpu,) = macos.parse_displays(
        '{"SPDisplaysDataType": [{"sppci_model": "NVIDIA GeForce GT 750M", "spdisplays_vendor": "NVIDIA (0x10de)",'
        ' "spdisplays_vram": "2 GB", "sppci_bus": "spdisplays_pcie_device"}]}'
    )
    assert (gpu.vendor, gpu.memory_mib, gpu.integrated) == ("nvidia", 2048, False)


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"SPDisplaysDataType": 7}', "{}"])
def test_a_report_that_is_none(text: str) -> None:
    assert macos.parse_displays(text) == ()


def test_the_bus_of_this_linux_is_read_whole(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("the bus is read this way on Linux only")
    found = bus.read(bus_of(tmp_path, "optimus_nvidia"))
    assert [card.pci_id for card in found.pci] == ["8086:9bc4", "10de:28e0"]
    assert (found.kfd, found.adapters, found.others) == (None, (), ())
