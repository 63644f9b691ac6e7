"""What the kernel's messages tell, read from stub programs; rights and slow journals are answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import recorded
from helpers.recorded import FIXTURES
from setupwizard.probes import kernel_log
from setupwizard.probes.kernel_log import KernelLog

pytestmark = pytest.mark.posix_only("the stub programs are shell scripts")


def prints(tmp_path: Path, program: str, name: str, *, code: int = 0) -> None:
    recorded.program(tmp_path / "root/usr/bin" / program, f"cat '{FIXTURES}/linux/{name}'; exit {code}")


def test_dmesg_tells_which_card_did_not_start(tmp_path: Path) -> None:
    prints(tmp_path, "dmesg", "dmesg_rminit_failed.txt")
    assert kernel_log.read(recorded.roots(tmp_path)).not_started == frozenset(["0000:98:00.0"])


def test_the_journal_is_read_where_dmesg_is_closed(tmp_path: Path) -> None:
    recorded.program(tmp_path / "root/usr/bin/dmesg", "echo 'dmesg: read kernel buffer failed' >&2; exit 1")
    prints(tmp_path, "journalctl", "journal_secure_boot.txt")
    assert kernel_log.read(recorded.roots(tmp_path)).key_rejected is True


@pytest.mark.parametrize("body", ["exit 1", "sleep 30", "exit 0"])
def test_a_log_that_cannot_be_read_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr(kernel_log, "SECONDS", 0.3)
    recorded.program(tmp_path / "root/usr/bin/dmesg", body)
    recorded.program(tmp_path / "root/usr/bin/journalctl", body)
    assert kernel_log.read(recorded.roots(tmp_path)) == KernelLog()


def test_no_program_at_all(tmp_path: Path) -> None:
    assert kernel_log.read(recorded.roots(tmp_path)) == KernelLog()


@pytest.mark.parametrize(
    ("text", "field", "place"),
    [
        ("NVRM: GPU 0000:01:00.0: GPU has fallen off the bus.", "fallen", "0000:01:00.0"),
        ("NVRM: Xid (PCI:0000:65:00): 79, pid=1, GPU has fallen off the bus.", "fallen", "0000:65:00.0"),
        (
            "NVRM: The NVIDIA GPU 0000:04:00.0 (PCI ID: 10de:1184)\nNVRM: is driven by the 470.xx Legacy drivers.",
            "legacy",
            "0000:04:00.0",
        ),
        ("[  9.1] NVRM: GPU 0000:98:00.0: RmInitAdapter failed! (0x26:0x56:1463)", "not_started", "0000:98:00.0"),
    ],
)
def test_each_message_of_the_kernel_is_given_to_its_card(text: str, field: str, place: str) -> None:
    said = kernel_log.parse(text)
    assert said.lines
    assert getattr(said, field) == frozenset([place])


def test_the_log_of_a_computer_that_is_well_tells_nothing() -> None:
    text = "[    1.0] usb 1-1: new device\n[    2.0] nvidia 0000:01:00.0: vgaarb: VGA decodes changed\n"
    said = kernel_log.parse(text)
    assert said == KernelLog(lines=("kernel: [    2.0] nvidia 0000:01:00.0: vgaarb: VGA decodes changed",))
