"""The system apart from its cards, from recorded trees, and what this computer itself says."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from helpers import recorded
from helpers.recorded import fixture
from setupwizard.model.catalogue import processor_of
from setupwizard.probes import disks, facts, firmware, linux, macos, system
from setupwizard.probes.roots import Roots, entries, read_text


def tree(tmp_path: Path, files: dict[str, str], **environ: str) -> Roots:
    roots = recorded.roots(tmp_path, environ=environ)
    recorded.write(roots.root, files)
    return roots


def test_the_name_of_a_distribution(tmp_path: Path) -> None:
    roots = tree(tmp_path, {"/etc/os-release": 'NAME="Ubuntu"\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n'})
    assert linux.os_version(roots) == "Ubuntu 24.04.3 LTS"
    roots = tree(tmp_path, {"/etc/os-release": "NAME='Arch Linux'\n# a comment\n"})
    assert linux.os_version(roots) == "Arch Linux"


def test_a_system_without_a_name(tmp_path: Path) -> None:
    assert linux.os_version(tree(tmp_path, {"/proc/sys/kernel/osrelease": "6.1.0\n"})) == "Linux 6.1.0"
    roots = recorded.roots(tmp_path, root=tmp_path / "empty")
    assert linux.os_version(roots) == "Linux"


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        ("5.15.167.4-microsoft-standard-WSL2", True),
        ("4.4.0-19041-Microsoft", True),
        ("6.1.0-28-amd64", False),
        ("", False),
    ],
)
def test_linux_inside_windows_is_told_by_its_kernel_and_is_no_virtual_machine(
    tmp_path: Path, kernel: str, expected: bool
) -> None:
    roots = tree(tmp_path, {"/proc/sys/kernel/osrelease": kernel, "/proc/cpuinfo": "flags\t\t: fpu hypervisor"})
    assert linux.wsl(roots) is expected
    assert linux.virtual_machine(roots) == (None if expected else "vm")


@pytest.mark.parametrize(
    ("files", "environ", "expected"),
    [
        ({"/.dockerenv": ""}, {}, "docker"),
        ({"/run/.containerenv": ""}, {}, "podman"),
        ({"/.flatpak-info": ""}, {}, "flatpak"),
        ({"/run/systemd/container": "systemd-nspawn"}, {}, "systemd-nspawn"),
        ({"/proc/1/cgroup": "0::/kubepods/besteffort/pod1"}, {}, "kubernetes"),
        ({"/proc/1/cgroup": "12:cpu:/docker/4711"}, {}, "docker"),
        ({}, {"container": "lxc"}, "lxc"),
        ({}, {"APPTAINER_NAME": "image.sif"}, "apptainer"),
        ({"/.dockerenv": ""}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({"/proc/1/cgroup": "0::/init.scope"}, {}, None),
    ],
)
def test_a_container_is_told_by_what_it_leaves_on_the_disk_or_in_the_environment(
    tmp_path: Path, files: dict[str, str], environ: dict[str, str], expected: str | None
) -> None:
    assert linux.container(tree(tmp_path, files, **environ)) == expected


@pytest.mark.parametrize(
    ("vendor", "product", "expected"),
    [
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "qemu"),
        ("VMware, Inc.", "VMware20,1", "vmware"),
        ("innotek GmbH", "VirtualBox", "virtualbox"),
        ("Microsoft Corporation", "Virtual Machine", "hyper-v"),
        ("Microsoft Corporation", "Surface Laptop 5", None),
        ("Amazon EC2", "g5.xlarge", "amazon"),
        ("ASUSTeK COMPUTER INC.", "ROG Zephyrus", None),
    ],
)
def test_a_virtual_machine_is_told_by_its_firmware(
    tmp_path: Path, vendor: str, product: str, expected: str | None
) -> None:
    assert firmware.virtual_machine_named(f"{vendor} {product}") == expected
    files = {"/sys/class/dmi/id/sys_vendor": vendor, "/sys/class/dmi/id/product_name": product}
    assert linux.virtual_machine(tree(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"\x06\x00\x00\x00\x01", True), (b"\x06\x00\x00\x00\x00", False), (b"\x01", None), (None, None)],
)
def test_secure_boot_is_read_from_the_firmwares_variable_or_not_known(
    tmp_path: Path, value: bytes | None, expected: bool | None
) -> None:
    roots = recorded.roots(tmp_path)
    if value is not None:
        path = roots.at("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c")
        path.parent.mkdir(parents=True)
        path.write_bytes(value)
    assert linux.secure_boot(roots) is expected


def test_a_session_over_ssh_counts_as_remote(tmp_path: Path) -> None:
    assert linux.remote(recorded.roots(tmp_path, environ={"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"})) is True
    assert linux.remote(recorded.roots(tmp_path)) is False


def test_the_limit_of_a_container_counts_as_its_memory(tmp_path: Path) -> None:
    assert linux.memory_limit(tree(tmp_path, {"/sys/fs/cgroup/memory.max": "max\n"})) is None
    limit = linux.memory_limit(tree(tmp_path, {"/sys/fs/cgroup/memory.max": "1073741824\n"}))
    assert facts.memory_mib(limit) == 1024
    assert facts.memory_mib() == psutil.virtual_memory().total >> 20


def test_the_proprietary_kernel_module(tmp_path: Path) -> None:
    version = fixture("linux/proc_driver_nvidia_version_proprietary.txt")
    kernel = linux.kernel_driver(tree(tmp_path, {"/proc/driver/nvidia/version": version, "/dev/nvidia0": ""}))
    assert (kernel.loaded, kernel.version, kernel.open_module, kernel.nodes) == (True, "550.90.07", False, True)


def test_the_open_kernel_module(tmp_path: Path) -> None:
    version = fixture("linux/proc_driver_nvidia_version_open.txt")
    kernel = linux.kernel_driver(tree(tmp_path, {"/proc/driver/nvidia/version": version}))
    assert (kernel.loaded, kernel.version, kernel.open_module, kernel.nodes) == (True, "515.57", True, False)


def test_a_control_file_alone_proves_no_driver(tmp_path: Path) -> None:
    kernel = linux.kernel_driver(tree(tmp_path, {"/dev/nvidiactl": ""}))
    assert kernel.runs is False


def test_windows_lends_its_cards(tmp_path: Path) -> None:
    assert linux.kernel_driver(tree(tmp_path, {"/dev/dxg": ""})).runs is True


@pytest.mark.linux_only("the C library is asked on Linux")
def test_the_c_library_of_this_computer(tmp_path: Path) -> None:
    found = linux.libc(Roots())
    assert found is not None
    name, _space, version = found.partition(" ")
    assert name in {"glibc", "musl"}
    assert version[0].isdigit()


@pytest.mark.parametrize(
    ("word", "expected"),
    [("AMD64", "x86_64"), ("x86_64", "x86_64"), ("aarch64", "arm64"), ("ARM64", "arm64"), ("riscv64", "riscv64")],
)
def test_each_systems_word_for_a_processor_becomes_ours(word: str, expected: str) -> None:
    assert processor_of(word) == expected


def test_what_needs_no_question(tmp_path: Path) -> None:
    least = system.minimal(recorded.roots(tmp_path))
    assert least.arch == processor_of(platform.machine())
    assert least.os in {"linux", "windows", "macos"}


def test_this_system_tells_its_version_and_memory() -> None:
    said = system.facts(Roots())
    assert said.os_version
    assert said.memory_mib is not None
    assert said.memory_mib > 256


def test_the_drives_of_this_computer_each_once(tmp_path: Path) -> None:
    found = disks.disks(recorded.roots(tmp_path, environment_roots=(tmp_path / "a", tmp_path / "a" / "b" / "c")))
    paths = [disk.path for disk in found]
    assert paths
    assert len(paths) == len(set(paths))
    assert str(disks.mount_point(tmp_path)) in paths
    assert all(0 <= disk.free_bytes <= disk.total_bytes for disk in found)


def test_a_folder_that_is_not_there_yet_lies_on_the_drive_of_its_parent(tmp_path: Path) -> None:
    assert disks.mount_point(tmp_path / "not" / "there" / "yet") == disks.mount_point(tmp_path)


def test_files_that_cannot_be_read_are_empty(tmp_path: Path) -> None:
    assert read_text(tmp_path / "absent") == ""
    assert read_text(tmp_path) == ""
    (tmp_path / "latin").write_bytes("Grafikkarte für Müller\n\0".encode("latin-1"))
    assert read_text(tmp_path / "latin").startswith("Grafikkarte f")
    assert entries(tmp_path / "absent") == []


@pytest.mark.posix_only("Windows has no confstr")
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"/lib/ld-musl-x86_64.so.1": "x", "/lib/apk/db/installed": "C:Q1\nP:musl\nV:1.2.5-r9\nA:x86_64\n"},
            "musl 1.2",
        ),
        ({"/lib/ld-musl-aarch64.so.1": "musl libc\0 1.1.24\0"}, "musl 1.1"),
        ({}, None),
    ],
)
def test_the_version_of_musl_is_found_where_libc_does_not_tell_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: str | None
) -> None:
    def unknown(name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", unknown)
    assert linux.libc(tree(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("system", "options", "kind"),
    [
        ("nfs4", "rw", "network"),
        ("NTFS", "rw,remote", "network"),
        ("tmpfs", "rw", "memory"),
        ("vfat", "rw,removable", "removable"),
    ],
)
def test_the_kind_of_a_drive_is_told_by_its_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, options: str, kind: str
) -> None:
    top = str(disks.mount_point(tmp_path))
    table = [SimpleNamespace(mountpoint=top, fstype=system, opts=options)]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_words: table)
    assert disks.drive_kind(tmp_path / "later") == kind
    assert disks.gives_second_names(tmp_path) is (system != "vfat")


@pytest.mark.linux_only("another system tells it otherwise")
@pytest.mark.parametrize(("said", "kind"), [("1", "hdd"), ("0", "ssd"), (None, None)])
def test_a_disk_that_turns_is_told_from_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, kind: str | None
) -> None:
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_words: [])
    number = disks.mount_point(tmp_path).stat().st_dev  # type: ignore[union-attr]
    roots = recorded.roots(tmp_path, home=tmp_path, environment_roots=())
    disk = roots.at("/sys/devices/sda")
    (disk / "sda1").mkdir(parents=True)
    if said is not None:
        (disk / "queue").mkdir()
        (disk / "queue" / "rotational").write_text(said + "\n")
    link = roots.at(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    link.parent.mkdir(parents=True)
    link.symlink_to(disk / "sda1")
    assert disks.disks(roots)[0].kind == kind


def test_a_table_of_drives_that_cannot_be_read_leaves_the_kind_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_words: object) -> None:
        raise RuntimeError("no table")

    monkeypatch.setattr(psutil, "disk_partitions", broken)
    assert disks.gives_second_names(tmp_path)


def test_a_mac_whose_own_programs_do_not_answer_still_has_its_facts(tmp_path: Path) -> None:
    told = macos.facts(recorded.roots(tmp_path, environ={"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}))
    assert (told.os, told.environment.remote) == ("macos", True)
    assert told.memory_mib is not None
    if sys.platform != "darwin":
        assert macos.displays() == ()


@pytest.mark.parametrize(
    ("plugged", "word"), [(True, "ac"), (False, "battery"), (None, None)], ids=["plugged", "on-battery", "unknown"]
)
def test_the_current_comes_from_the_wall_or_the_battery_or_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, plugged: bool | None, word: str | None
) -> None:
    battery = SimpleNamespace(power_plugged=plugged)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert facts.power() == word


def test_a_system_that_cannot_tell_about_batteries_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise NotImplementedError

    monkeypatch.setattr(psutil, "sensors_battery", broken, raising=False)
    assert facts.power() is None
