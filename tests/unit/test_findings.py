"""The closed list of findings: each is noticed on some computer, shows its evidence, and is told in both languages."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from helpers import recorded
from helpers.computers import AMPERE_PAIR, LOADED, OPEN, PASCAL, PROPRIETARY, computer
from setupwizard.i18n import _, in_language
from setupwizard.model.machine import Finding, Surroundings
from setupwizard.probes import gpus, nvidia_smi, nvml
from setupwizard.probes.adapters import Adapter
from setupwizard.probes.answers import DriverAnswer, DriverState, ListedCard
from setupwizard.probes.bus import Bus
from setupwizard.probes.facts import SystemFacts
from setupwizard.probes.findings import FindingCode, finding
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.noticing import findings
from setupwizard.steps import detect as detection
from setupwizard.steps.detect import detect

pytestmark = pytest.mark.linux_only("the recorded computers run Linux")

Findings = tuple[Finding, ...]
MP = pytest.MonkeyPatch

UNDRIVEN = PASCAL.replace("nvidia", "-")
WSL = {"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2"}
SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
AMD = "0000:03:00.0 0x1002 0x744c 0x030000 amdgpu\n0000:10:00.0 0x1002 0x164e 0x030000 amdgpu"
KFD = {
    "/sys/class/kfd/kfd/topology/nodes/1/properties": "gfx_target_version 110000\nvendor_id 4098\ndevice_id 29772\n"
    "location_id 768\n"
}


def linux(bus: str = PASCAL, files: dict[str, str] | None = None, **more: object) -> Callable[[Path, MP], Findings]:
    """A recorded Linux."""

    def look(tmp_path: Path, patch: MP) -> Findings:
        return detect(roots=computer(tmp_path, bus, LOADED if files is None else files, **more)).findings  # type: ignore[arg-type]

    return look


def logged(text: str, **more: object) -> Callable[[Path, MP], Findings]:
    """A recorded Linux whose driver lists no card, with a message of its kernel."""

    def look(tmp_path: Path, patch: MP) -> Findings:
        recorded.program(tmp_path / "root/usr/bin/dmesg", f"echo '{text}'")
        return linux(scenario="no_devices", **more)(tmp_path, patch)  # type: ignore[arg-type]

    return look


def with_smi(body: str, **more: object) -> Callable[[Path, MP], Findings]:
    """A recorded Linux with an nvidia-smi."""

    def look(tmp_path: Path, patch: MP) -> Findings:
        patch.setattr(nvidia_smi, "SECONDS", 0.5)
        recorded.program(tmp_path / "bin/nvidia-smi", body)
        return linux(environ={"PATH": str(tmp_path / "bin")}, **more)(tmp_path, patch)  # type: ignore[arg-type]

    return look


def windows(
    *adapters: Adapter, state: DriverState = "ok", missing: tuple[str, ...] = ()
) -> Callable[[Path, MP], Findings]:
    """A Windows, as its registry tells."""

    def look(tmp_path: Path, patch: MP) -> Findings:
        card = ListedCard(index=0, name="NVIDIA GeForce RTX 4090", pci_id="10de:2684", pci_address="0000:01:00.0")
        said = gpus.Sources(
            bus=Bus(adapters=adapters),
            nvml=DriverAnswer(
                source="nvml", state=state, cards=(card,) if state == "ok" else (), evidence=("NVML: x",)
            ),
            smi=DriverAnswer(source="nvidia-smi", state="absent"),
            kernel=KernelDriver(),
        )
        system = SystemFacts(os="windows", arch="x86_64", environment=Surroundings(), vc_missing=missing)
        return findings(said, gpus.merge(said), system, recorded.roots(tmp_path), driver_installed=False)

    return look


def hanging(tmp_path: Path, patch: MP) -> Findings:
    patch.setattr(nvml, "SECONDS", 0.8)
    return linux(scenario="hangs_at_start")(tmp_path, patch)


def secured(tmp_path: Path, patch: MP) -> Findings:
    recorded.nvidia_smi(tmp_path / "root/usr/bin", query=recorded.fixture("smi/err_rc9_no_driver.txt"), code=9)
    file = tmp_path / "root" / SECURE_BOOT
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x06\x00\x00\x00\x01")
    return linux(UNDRIVEN, {}, scenario="driver_not_loaded")(tmp_path, patch)


def asleep(tmp_path: Path, patch: MP) -> Findings:
    status = "/sys/bus/pci/devices/0000:01:00.0/power/runtime_status"
    return linux(files={**LOADED, status: "suspended\n"}, scenario="gtx1060_580")(tmp_path, patch)


def closed_nodes(tmp_path: Path, patch: MP) -> Findings:
    """A card whose render node cannot be opened: a link into nowhere is closed to root too."""
    (tmp_path / "root/dev/dri").mkdir(parents=True)
    (tmp_path / "root/dev/dri/renderD128").symlink_to("/nonexistent/node")
    return linux("0000:03:00.0 0x8086 0xe20b 0x030000 xe", {})(tmp_path, patch)


def slow(tmp_path: Path, patch: MP) -> Findings:
    patch.setattr(detection, "DEADLINE", 1.0)
    (tmp_path / "root/etc").mkdir(parents=True)
    os.mkfifo(tmp_path / "root/etc/os-release")
    try:
        return linux(scenario="gtx1060_580")(tmp_path, patch)
    finally:
        os.close(os.open(tmp_path / "root/etc/os-release", os.O_RDWR | os.O_NONBLOCK))


GAME = Adapter(pci_id="10de:2684", name="NVIDIA GeForce RTX 4090", provider="NVIDIA", driver_version="32.0.15.8157")
OFF = Adapter(pci_id="10de:2684", name="NVIDIA GeForce RTX 4090", provider="NVIDIA", disabled=True)
UNPOWERED = Adapter(pci_id="10de:28e0", name="NVIDIA GeForce RTX 4060 Laptop GPU", provider="NVIDIA", problem=45)
GONE = Adapter(pci_id="10de:1c03", name="NVIDIA GeForce GTX 1060 6GB", provider="NVIDIA")
SPLIT = "driver = 580.95.05\ncuda = 13000\n[gpu]\nname = NVIDIA A100\nbus_id = 0000:01:00.0\nmig = 1\n"

MADE_BY: dict[FindingCode, Callable[[Path, MP], Findings]] = {
    "no-driver": linux(UNDRIVEN, {}),
    "driver-not-loaded": secured,
    "secure-boot-may-block-driver": secured,
    "nouveau-in-use": linux(PASCAL.replace("nvidia", "nouveau"), {}),
    "card-passed-through": linux(PASCAL.replace("nvidia", "vfio-pci"), {}),
    "card-disabled": windows(OFF, state="no-devices"),
    "driver-does-not-see-card": linux(scenario="no_devices"),
    "open-module-old-card": linux(
        files={"/proc/driver/nvidia/version": OPEN.replace("515.57", "580.95.05"), "/dev/nvidia0": ""},
        scenario="no_devices",
    ),
    "driver-older-than-card": linux(PASCAL.replace("1c03", "2b85"), scenario="driver = 550.54.14\ncuda = 12040\n"),
    "driver-newer-than-card": logged(
        "NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:1c03) is supported through the 470.xx Legacy drivers"
    ),
    "gpu-lost": linux(AMPERE_PAIR, scenario="two_cards_one_lost"),
    "driver-library-mismatch": linux(scenario="version_mismatch"),
    "driver-library-missing": with_smi("exit 12"),
    "driver-no-permission": linux(scenario="no_permission"),
    "driver-hangs": hanging,
    "driver-answers-with-error": linux(scenario="init_error = 999\n"),
    "driver-without-card": linux("", scenario="no_devices"),
    "card-did-not-start": logged("NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x62:0x65:1792)"),
    "card-asleep": asleep,
    "card-without-power": windows(UNPOWERED, state="no-devices"),
    "nvidia-smi-hangs": with_smi("sleep 60", scenario="gtx1060_580"),
    "nvidia-smi-differs": with_smi("exit 255", scenario="gtx1060_580"),
    "nvml-does-not-answer": with_smi(
        "echo '0, NVIDIA GeForce GTX 1060 6GB, 550.90.07, 6.1, 6144, 00000000:01:00.0, GPU-1, 0x1C0310DE'",
        scenario="init_error = 12\ncuda = 12040\n",
    ),
    "sources-disagree": with_smi(
        "echo '0, NVIDIA GeForce GTX 1060 6GB, 535.10, 6.1, 6144, 00000000:01:00.0, GPU-1, 0x1C0310DE'",
        scenario="gtx1060_580",
    ),
    "cuda-version-unknown": linux(scenario="driver = 390.157\n[gpu]\nname = X\nbus_id = 0000:01:00.0\ncc = 6.1\n"),
    "cuda-library-differs": linux(
        scenario="cuda_library = 13030\n" + (recorded.FIXTURES / "nvml/gtx1060_580.ini").read_text()
    ),
    "unknown-card": linux("0000:01:00.0 0x10de 0xffff 0x030000 -", {}),
    "card-split": linux(PASCAL.replace("1c03", "20b0"), scenario=SPLIT),
    "cards-hidden": linux(scenario="gtx1060_580", environ={"CUDA_VISIBLE_DEVICES": "-1"}),
    "stale-adapters": windows(GONE, GAME),
    "vc-runtime-missing": windows(GAME, missing=("vcruntime140_1.dll",)),
    "running-in-container": linux("", {"/.dockerenv": ""}),
    "container-without-card": linux(files={"/.dockerenv": "", "/proc/driver/nvidia/version": PROPRIETARY}),
    "amd-card-not-usable": linux(AMD, {**KFD, "/dev/kfd": ""}),
    "amd-no-permission": linux(AMD, KFD),
    "intel-no-permission": closed_nodes,
    "wsl-without-card": linux("", {**WSL, "/dev/dxg": ""}),
    "wsl-without-graphics": linux("", WSL),
    "no-answer-in-time": slow,
    "probe-broke": linux(nvml_program=()),
}


def test_the_list_is_whole() -> None:
    assert set(MADE_BY) == set(get_args(FindingCode))


@pytest.mark.parametrize("code", get_args(FindingCode))
def test_each_is_noticed_on_some_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: FindingCode) -> None:
    found = {one.code: one for one in MADE_BY[code](tmp_path, monkeypatch)}
    assert code in found
    assert found[code].evidence, "nothing shows it"
    assert "{" not in found[code].text
    assert found[code].text.endswith(".")


@pytest.mark.parametrize("code", get_args(FindingCode))
def test_each_is_told_in_both_languages(code: FindingCode) -> None:
    facts = dict.fromkeys(["card", "what", "value", "difference", "container", "library", "driver", "files"], "XYZ")
    english = finding(code, **facts).text
    chinese = in_language("zh_CN", lambda: finding(code, **facts).text)
    assert english != chinese
    assert any("一" <= sign <= "鿿" for sign in chinese)
    assert chinese.count("XYZ") == english.count("XYZ")


def test_what_is_left_out_is_named_in_both_languages() -> None:
    for what in detection._WHAT.values():
        if what not in {"nvidia-smi", "conda"}:
            assert in_language("zh_CN", lambda what=what: _(what)) != what  # type: ignore[misc]


CARD = ListedCard(
    index=0,
    name="NVIDIA GeForce RTX 4090",
    uuid="GPU-1",
    pci_id="10de:2684",
    pci_address="0000:01:00.0",
    compute_capability="8.9",
    memory_mib=24564,
)


@pytest.mark.parametrize(
    ("twin", "more", "words"),
    [
        (CARD, {"driver": "535.10"}, ("580.95.05", "535.10")),
        (CARD, {"cuda": "12.2"}, ("13.0", "12.2")),
        (replace(CARD, compute_capability="9.0"), {}, ("8.9", "9.0")),
        (replace(CARD, name="NVIDIA GeForce RTX 4080"), {}, ("RTX 4090", "RTX 4080")),
        (replace(CARD, memory_mib=16384), {}, ("24564 MiB", "16384 MiB")),
        (None, {}, ("1 (NVML)", "0 (nvidia-smi)")),
    ],
)
def test_what_nvml_and_nvidia_smi_tell_differently_is_shown_with_both_answers(
    tmp_path: Path, twin: ListedCard | None, more: dict[str, str], words: tuple[str, str]
) -> None:
    cards = (twin,) if twin is not None else ()
    facts = {"driver": "580.95.05", "cuda": "13.0"}
    said = gpus.Sources(
        bus=Bus(),
        nvml=DriverAnswer(source="nvml", state="ok", cards=(CARD,), **facts),  # type: ignore[arg-type]
        smi=DriverAnswer(source="nvidia-smi", state="ok", cards=cards, **{**facts, **more}),  # type: ignore[arg-type]
        kernel=KernelDriver(),
    )
    system = SystemFacts(os="linux", arch="x86_64", environment=Surroundings())
    found = findings(said, gpus.merge(said), system, recorded.roots(tmp_path), driver_installed=True)
    (told,) = (one for one in found if one.code == "sources-disagree")
    assert all(word in told.text for word in words)


def test_a_capability_that_the_pci_id_contradicts_is_shown(tmp_path: Path) -> None:
    said = gpus.Sources(
        bus=Bus(),
        nvml=DriverAnswer(source="nvml", state="ok", cards=(replace(CARD, compute_capability="7.5"),)),
        smi=DriverAnswer(source="nvidia-smi", state="absent"),
        kernel=KernelDriver(),
    )
    system = SystemFacts(os="linux", arch="x86_64", environment=Surroundings())
    found = findings(said, gpus.merge(said), system, recorded.roots(tmp_path), driver_installed=True)
    (told,) = (one for one in found if one.code == "sources-disagree")
    assert "7.5" in told.text
    assert "8.9" in told.text
