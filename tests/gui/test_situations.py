"""Ten people in front of the window, each from the first page to the end, with the real program behind it.

What they have is recorded: trees of files and a stand-in for the driver's library that detection reads, or a document
of a machine. What they meet on the network is one loopback server. Nothing of ours is replaced: see internet.py.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt

from gui.internet import Computer, RealVisit, card
from gui.test_error_cards import Volume
from helpers.computers import LAPTOP, LOADED, PASCAL
from helpers.table import machine_of
from setupwizard import i18n
from setupwizard.model.machine import NvidiaDriver

pytestmark = [pytest.mark.linux_only("the recorded computers run Linux"), pytest.mark.timeout(300)]

ADA = card("NVIDIA GeForce RTX 4060 Laptop GPU", "8.9")
WAY = r"CONNECT download\.pytorch\.org"


def to_the_end(real: RealVisit) -> None:
    """Install, see the proof, and come to the last page."""
    real.install()
    assert real.state.phase == "done", real.texts()
    assert real.page == "verify"
    real.press_primary()
    assert real.page == "finish"
    assert str(real.root) in real.texts()


def works(root: Path) -> str:
    """Return what the torch in use says of itself, asked as the last page says it is done."""
    python = root / "current" / "bin" / "python"
    words = [str(python), "-I", "-c", "import torch; print(torch.__version__)"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_beginner_with_a_laptop_presses_three_buttons(real: RealVisit) -> None:
    real.computer = Computer.recorded(real.folder / "pc", LAPTOP, LOADED, scenario="laptop4060_581")
    real.offer("2.15.0", "cu130", more=ADA)
    real.begin()
    assert "NVIDIA GeForce RTX 4060 Laptop GPU" in real.texts()
    real.only_from("official")
    real.press_primary()
    assert "Your graphics card can run PyTorch" in real.texts()
    real.press_primary()
    real.wait(lambda: real.state.plan is not None and not real.state.planning)
    assert "PyTorch 2.15.0 for CUDA 13.0" in real.texts()
    assert not real.root.exists(), "nothing is written before Install is pressed"
    real.press_primary()
    real.wait(real.settled)
    assert "PyTorch works on your GPU" in real.texts()
    real.press_primary()
    assert "NVIDIA GeForce RTX 4060 Laptop GPU" in real.texts()
    assert works(real.root) == "2.15.0+cu130"


def test_an_old_gtx_gets_the_build_that_still_has_its_code(real: RealVisit) -> None:
    real.computer = Computer.recorded(real.folder / "pc", PASCAL, LOADED, scenario="gtx1060_580")
    real.begin()
    decision = real.state.decision
    assert decision is not None
    assert decision.verdict == "gpu"
    assert decision.build is not None
    assert decision.build.variant == "cu126", "CUDA 13 left these cards behind"
    real.offer(decision.build.torch, "cu126", more=card("NVIDIA GeForce GTX 1060 6GB", "6.1", 6144))
    real.only_from("official")
    to_the_end(real)
    assert works(real.root) == f"{decision.build.torch}+cu126"


def test_an_rtx_50_with_an_old_driver_is_led_to_the_driver_and_back(real: RealVisit) -> None:
    facts = "linux; nvidia cc=12.0 name=NVIDIA_GeForce_RTX_5070_Ti seen=no; driver 550.54.14"
    real.computer = Computer(replace(machine_of(facts), os_version="Ubuntu 24.04.3 LTS"))
    real.offer("2.15.0", "cu130", more=card("NVIDIA GeForce RTX 5070 Ti", "12.0", 16303))
    real.begin()
    real.press_primary()
    assert "Your graphics card needs a driver first" in real.texts()
    (command,) = real.window.computer.driver.commands.used()
    assert command.command == "sudo ubuntu-drivers install"
    real.click(real.window.computer.again)
    real.wait(lambda: not real.state.looking)
    assert "Your graphics card needs a driver first" in real.texts(), "it is still the old one"
    # the driver is installed and the computer started anew
    gpus = tuple(replace(gpu, driver_sees_it=True) for gpu in real.computer.machine.gpus)
    driver = NvidiaDriver(version="580.95.05", cuda="13.0")
    real.computer.machine = replace(real.computer.machine, gpus=gpus, nvidia_driver=driver)
    real.come_back()
    real.wait(lambda: real.page == "computer")
    assert "Your graphics card can run PyTorch" in real.texts()
    real.only_from("official")
    to_the_end(real)
    assert works(real.root) == "2.15.0+cu130"


def test_a_computer_without_a_card_gets_the_processor_build(real: RealVisit) -> None:
    real.computer = Computer.recorded(real.folder / "pc", "0000:00:02.0 0x8086 0x9bc4 0x030000 i915")
    real.offer("2.15.0")
    real.begin()
    real.press_primary()
    assert "This PC has no graphics card that PyTorch can use" in real.texts()
    real.only_from("official")
    to_the_end(real)
    assert works(real.root) == "2.15.0+cpu"


def test_a_radeon_gets_rocm(real: RealVisit) -> None:
    real.computer = Computer(machine_of("linux; amd gfx=gfx1100 name=AMD_Radeon_RX_7900_XTX seen=yes kernel=amdgpu"))
    real.begin()
    decision = real.state.decision
    assert decision is not None
    assert decision.build is not None
    assert decision.build.variant.startswith("rocm"), decision.verdict
    radeon = card("AMD Radeon RX 7900 XTX", "11.0", 24560).replace('kind="cuda"', 'kind="rocm"')
    real.offer(decision.build.torch, decision.build.variant, more=radeon)
    real.only_from("official")
    to_the_end(real)
    assert works(real.root) == f"{decision.build.torch}+{decision.build.variant}"


def test_behind_a_company_proxy_the_login_goes_into_the_settings(real: RealVisit) -> None:
    real.offer("2.15.0")
    real.server.login = "Basic bWU6czNjcmV0"  # me:s3cret
    real.server.fault("status", '407 with Basic realm="corp"', match=WAY)
    real.begin()
    real.only_from("official")
    real.to_build()
    assert real.error == "proxy-login"
    real.server.mend()  # it lets in who has a name
    real.fix("Proxy settings...")
    dialog = real.window.settings.dialog
    assert dialog is not None
    dialog.address.setFocus()
    real.qtbot.keyClicks(dialog.address, real.server.base.replace("//", "//me:s3cret@"))
    real.qtbot.keyClick(dialog.address, Qt.Key.Key_Return)
    dialog.accept()
    real.wait(lambda: real.error is None and real.state.plan is not None and not real.state.planning)
    to_the_end(real)
    assert works(real.root) == "2.15.0+cpu"
    log = real.folder / "setupwizard.log"
    assert not log.exists() or "s3cret" not in log.read_text()


def test_on_a_chinese_campus_network_a_mirror_serves_in_chinese(real: RealVisit) -> None:
    i18n.set_language("zh_CN")
    real.offer("2.15.0", hosts=r"^mirror\.nju\.edu\.cn$")
    real.server.fault("status", 403, match=WAY)
    real.begin()
    assert "让 PyTorch 用上你的显卡" in real.texts()
    real.to_build()
    assert real.state.plan is not None, real.texts()
    assert real.state.plan.source.id == "nju"
    assert "南京大学" in real.texts() or "NJU" in real.texts()
    real.press_primary()
    real.wait(real.settled)
    assert real.state.phase == "done", real.texts()
    assert "PyTorch 已经能在你的 CPU 上使用" in real.texts()
    assert works(real.root) == "2.15.0+cpu"
    assert real.server.asked_for(r"^mirror\.nju\.edu\.cn/files/torch-")


def test_a_full_disk_is_made_room_on(real: RealVisit) -> None:
    """What an earlier environment keeps of downloads is what the next one needs."""
    real.offer("2.14.1")
    real.begin()
    real.only_from("official")
    volume = Volume(real.home / "pytorch", "size=64m")
    try:
        real.window.settings.keeper.keep(downloads="keep")
        real.wait(lambda: not real.window.settings.keeper.busy)
        to_the_end(real)
        filler = real.root / "holiday.iso"
        free = os.statvfs(real.root).f_bavail * os.statvfs(real.root).f_frsize
        filler.write_bytes(bytes(max(0, free - 15_000_000)))
        real.offer("2.15.0")
        real.come_back()
        real.only_from("official")
        real.wait(lambda: real.environments()[0].button("tidy") is not None)
        real.act("update")
        real.wait(lambda: real.state.plan is not None and not real.state.planning)
        real.press_primary()
        real.wait(real.settled)
        assert real.error == "disk-full", real.texts()
        assert "Free space here..." in real.fixes(), real.fixes()
        real.fix("Free space here...")
        said = real.agree()
        assert "holiday.iso" not in said
        real.wait(lambda: real.state.tending is not None and not real.state.tending.running)
        filler.unlink()  # the person deletes the film as well
        real.fix("Try again")
        real.wait(lambda: real.settled() and real.state.phase == "done")
        assert works(real.root) == "2.15.0+cpu"
    finally:
        volume.free()


def test_returning_after_a_month_updates_checks_and_goes_back(real: RealVisit) -> None:
    real.computer = Computer(machine_of("linux; nvidia cc=8.9 name=RTX_4060 seen=yes; driver 580.65.06"))
    real.offer("2.14.1", "cu130", more=ADA)
    real.begin()
    real.only_from("official")
    real.window.flow.tell(choices=replace(real.state.choices, torch="2.14.1", variant="cu130"))
    to_the_end(real)
    # a month later: a newer driver, and a newer PyTorch on the server
    driver = NvidiaDriver(version="585.20", cuda="13.0")
    real.computer.machine = replace(real.computer.machine, nvidia_driver=driver)
    real.offer("2.15.0", "cu130", more=ADA)
    real.come_back()
    real.only_from("official")
    assert len(real.environments()) == 1
    assert "PyTorch 2.14.1, CUDA 13.0" in real.texts()
    real.act("update")
    real.wait(lambda: real.state.plan is not None and not real.state.planning)
    real.press_primary()
    real.wait(real.settled)
    assert works(real.root) == "2.15.0+cu130"
    real.come_back()
    assert real.environments()[0].button("go-back") is not None
    real.act("check")
    real.wait(lambda: real.page == "verify" and real.state.verification is not None and not real.state.checking)
    assert "PyTorch works on your GPU" in real.texts()
    real.click(real.window.footer.back)
    assert real.page == "start"
    real.act("go-back")
    assert "2.14.1+cu130" in real.agree()
    real.wait(lambda: works(real.root) == "2.14.1+cu130")
    real.wait(lambda: real.state.tending is not None and not real.state.tending.running)
    real.act("remove")
    assert str(real.root) in real.agree()
    real.wait(lambda: not real.state.environments)
    assert not real.root.exists()


def test_a_lab_admin_saves_a_plan_for_the_other_machines(real: RealVisit) -> None:
    real.computer = Computer(machine_of("linux; nvidia cc=8.9 name=RTX_4060 seen=yes; driver 580.65.06"))
    real.offer("2.15.0", "cu130", more=ADA)
    real.begin()
    real.only_from("official")
    to_the_end(real)
    file = real.folder / "lab.toml"
    real.desktop.answer = str(file)
    real.click(real.window.finish.plan)
    real.wait(lambda: real.window.finish.saved.isVisible())
    text = file.read_text()
    assert 'torch = "2.15.0"' in text
    assert 'variant = "cu130"' in text
    assert str(real.root) not in text, "a plan names no folder of this machine"
    assert "http" not in text, "and no address"
    locks = list(real.folder.glob("*pylock*.toml"))
    assert locks, list(real.folder.iterdir())
