"""Putting sources together and naming what is wrong, for computers that cannot be recorded as files: Windows, Macs."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import recorded
from setupwizard.model.machine import Finding, Gpu, NvidiaDriver, Surroundings
from setupwizard.probes import gpus
from setupwizard.probes.adapters import Adapter
from setupwizard.probes.answers import DriverAnswer, DriverState, ListedCard
from setupwizard.probes.bus import Bus
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.noticing import findings

WINDOWS = SystemFacts(os="windows", arch="x86_64", environment=Surroundings())
CARD = ListedCard(index=0, name="NVIDIA GeForce RTX 4090", pci_id="10de:2684", pci_address="0000:01:00.0", uuid="GPU-1")
ADAPTER = Adapter(
    pci_id="10de:2684",
    name="NVIDIA GeForce RTX 4090",
    provider="NVIDIA",
    driver_version="32.0.15.8157",
    memory_bytes=25757220864,
)
BASIC = Adapter(
    pci_id="10de:2684", name="Microsoft Basic Display Adapter", provider="Microsoft", driver_version="10.0.26100.1"
)


def sources(
    *adapters: Adapter, cards: tuple[ListedCard, ...] = (), state: DriverState = "ok", others: tuple[Gpu, ...] = ()
) -> gpus.Sources:
    driver, cuda = ("581.57", "13.0") if state in {"ok", "no-devices"} else (None, None)
    return gpus.Sources(
        bus=Bus(adapters=adapters, others=others),
        nvml=DriverAnswer(source="nvml", state=state, driver=driver, cuda=cuda, cards=cards),
        smi=DriverAnswer(source="nvidia-smi", state="absent"),
        kernel=KernelDriver(),
    )


def noticed(
    said: gpus.Sources, tmp_path: Path, system: SystemFacts = WINDOWS
) -> tuple[gpus.Merged, tuple[Finding, ...]]:
    merged = gpus.merge(said)
    roots = recorded.roots(tmp_path)
    return merged, findings(said, merged, system, roots, driver_installed=False)


def test_the_registry_and_the_driver_agree(tmp_path: Path) -> None:
    merged, found = noticed(sources(ADAPTER, cards=(CARD,)), tmp_path)
    (gpu,) = merged.gpus
    assert gpu == Gpu(
        vendor="nvidia",
        name="NVIDIA GeForce RTX 4090",
        pci_id="10de:2684",
        pci_address="0000:01:00.0",
        uuid="GPU-1",
        compute_capability="8.9",
        memory_mib=24564,
        integrated=False,
        kernel_driver="nvidia",
        driver_sees_it=True,
        sources=("nvml", "registry"),
    )
    assert merged.driver == NvidiaDriver(version="581.57", cuda="13.0")
    assert found == ()


def test_two_equal_cards_stay_two(tmp_path: Path) -> None:
    twin = ListedCard(index=1, name=CARD.name, pci_id=CARD.pci_id, pci_address="0000:02:00.0", uuid="GPU-2")
    merged, found = noticed(sources(ADAPTER, ADAPTER, cards=(CARD, twin)), tmp_path)
    assert [gpu.uuid for gpu in merged.gpus] == ["GPU-1", "GPU-2"]
    assert found == ()


def test_microsofts_basic_driver_means_no_driver(tmp_path: Path) -> None:
    merged, found = noticed(sources(BASIC, state="absent"), tmp_path)
    (gpu,) = merged.gpus
    assert (gpu.name, gpu.compute_capability, gpu.kernel_driver) == ("NVIDIA GeForce RTX 4090", "8.9", None)
    assert merged.driver is None
    assert [one.code for one in found] == ["no-driver"]


def test_a_card_whose_driver_has_no_maker_keeps_the_name_that_its_id_has(tmp_path: Path) -> None:
    """The key of the driver could not be read at that moment: the device alone tells what Windows calls it."""
    unread = Adapter(pci_id="10de:2684", name="Microsoft Basic Display Adapter")
    newer = Adapter(pci_id="10de:ffff", name="NVIDIA GeForce RTX 9090")
    merged, _found = noticed(sources(unread, newer, state="absent"), tmp_path)
    assert [gpu.name for gpu in merged.gpus] == ["NVIDIA GeForce RTX 4090", newer.name]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("absent", "driver-not-loaded"),
        ("not-loaded", "driver-not-loaded"),
        ("mismatch", "driver-library-mismatch"),
        ("hangs", "driver-hangs"),
        ("no-devices", "driver-does-not-see-card"),
    ],
)
def test_a_driver_of_the_registry_that_does_not_serve(tmp_path: Path, state: DriverState, code: str) -> None:
    merged, found = noticed(sources(ADAPTER, state=state), tmp_path)
    assert [one.code for one in found] == [code]
    assert merged.driver is not None
    assert merged.driver.version == "581.57"
    assert merged.gpus[0].name == ADAPTER.name


def test_a_card_that_was_switched_off(tmp_path: Path) -> None:
    off = Adapter(pci_id="10de:2684", name="NVIDIA GeForce RTX 4090", provider="NVIDIA", disabled=True)
    merged, found = noticed(sources(off, state="no-devices"), tmp_path)
    assert [one.code for one in found] == ["card-disabled"]
    assert merged.gpus[0].driver_sees_it is False


def test_a_card_that_was_taken_out_is_no_card(tmp_path: Path) -> None:
    gone = Adapter(
        pci_id="10de:1c03", name="NVIDIA GeForce GTX 1060 6GB", provider="NVIDIA", driver_version="32.0.15.8157"
    )
    merged, found = noticed(sources(gone, ADAPTER, cards=(CARD,)), tmp_path)
    assert [gpu.pci_id for gpu in merged.gpus] == ["10de:2684"]
    assert [one.code for one in found] == ["stale-adapters"]
    assert "GTX 1060" in found[0].text


def test_other_makers_and_virtual_adapters(tmp_path: Path) -> None:
    adapters = (
        Adapter(pci_id="8086:9bc4", name="Intel(R) UHD Graphics", provider="Intel Corporation", memory_bytes=134217728),
        Adapter(pci_id="1002:744c", name="AMD Radeon RX 7900 XTX", provider="Advanced Micro Devices, Inc."),
        Adapter(pci_id="1002:164e", name="AMD Radeon(TM) Graphics", provider="Advanced Micro Devices, Inc."),
        Adapter(pci_id="15ad:0405", name="VMware SVGA 3D", provider="VMware, Inc."),
        Adapter(pci_id=None, name="Virtual Desktop Monitor"),
    )
    merged, found = noticed(sources(*adapters, state="absent"), tmp_path)
    assert [(gpu.vendor, gpu.integrated) for gpu in merged.gpus] == [
        ("intel", True),
        ("amd", False),
        ("amd", True),
        ("other", None),
    ]
    assert merged.driver is None
    assert found == ()


def test_an_old_mac_is_told_nothing_about_drivers(tmp_path: Path) -> None:
    mac = SystemFacts(os="macos", arch="x86_64", environment=Surroundings())
    old = Gpu(vendor="nvidia", name="NVIDIA GeForce GT 750M", pci_id="10de:0fe9", sources=("system_profiler",))
    merged, found = noticed(sources(state="not-asked", others=(old,)), tmp_path, mac)
    assert merged.gpus[0].compute_capability == "3.0"
    assert found == ()


def test_a_name_is_never_what_identifies_a_card(tmp_path: Path) -> None:
    adapter = Adapter(pci_id="10de:0fc5", name="NVIDIA GeForce GT 1030", provider="NVIDIA", driver_version="x")
    merged, _found = noticed(sources(adapter, state="absent"), tmp_path)
    assert merged.gpus[0].compute_capability == "3.0"
