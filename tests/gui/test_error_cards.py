"""Every error code has its card: it is reached by a real fault, its fix is pressed, and it goes away or says why not.

Each case is the whole program behind the window: see internet.py. What conda ends with is reached in
test_conda_cards.py; what no window can meet stands below with its reason.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt

from gui.internet import Computer, RealVisit, begin, broken, card, done, gone, met, planned, this_python
from gui.test_conda_cards import CARDS
from helpers.fault_lab import make_wheels
from helpers.make_wheels import make_wheel, random_bytes
from helpers.table import machine_of
from setupwizard import workflow
from setupwizard.codes import ERROR_CODES
from setupwizard.model.events import ignore
from setupwizard.steps.tracking import Track
from setupwizard.store.layout import Root
from setupwizard.tools.concurrency import Cancel

pytestmark = [pytest.mark.linux_only("made-up wheels and volumes for Linux"), pytest.mark.timeout(240)]

INDEX = r"GET download\.pytorch\.org/whl/cpu/torch/"
TORCH = r"GET download\.pytorch\.org/files/torch-[^ ?]*\.whl(\?[^ ]*)?( bytes=\d+-)?$"
WAY = r"CONNECT download\.pytorch\.org"
CLOCK = r"HEAD download\.pytorch\.org/$"
MIRROR = r"^mirror\.sjtu\.edu\.cn$"
REACHED: dict[str, Callable[[RealVisit], None]] = {}
NOT_IN_THE_WINDOW = {
    "cancelled": "a wish is no error: the page says that it was stopped, and no card is shown",
    "not-built": "what is not built yet is not offered; tests/end2end/test_bad_input.py reaches it",
    "document-unreadable": "the window reads no document yet; tests/end2end/test_bad_input.py reaches it",
    "document-invalid": "the window reads no document yet; tests/end2end/test_bad_input.py reaches it",
    "plan-invalid": "the window reads no plan of others yet; tests/end2end/test_bad_input.py reaches it",
    "plan-not-for-here": "the window reads no plan of others yet; tests/end2end reaches it",
    "bundle-damaged": "the window installs from no bundle yet; tests/end2end reaches it",
    "offline": "the window never forbids the network; tests/end2end reaches it",
    "cure-undone": "a repair that could neither be done nor undone; tests/unit/test_repairing.py reaches it",
    "conda-offline": "the window never forbids the network; tests/end2end/test_conda_plans.py reaches it",
    "not-carried": "the window shows what cannot be kept beside Install, and goes on without it",
}
"""Codes of which no card can appear, each with its reason; their buttons are pressed in test_window.py."""


def reaches(code: str) -> Callable[[Callable[[RealVisit], None]], Callable[[RealVisit], None]]:
    def note(case: Callable[[RealVisit], None]) -> Callable[[RealVisit], None]:
        assert code not in REACHED
        REACHED[code] = case
        return case

    return note


def test_every_code_has_its_card_or_the_reason_why_not() -> None:
    every = [*REACHED, *CARDS, *NOT_IN_THE_WINDOW]
    assert sorted(every) == sorted(ERROR_CODES), "each stands in one of the three"


def at_planning(fault: Callable[[RealVisit], None], code: str, *fixes: str, fix: str = "Try again") -> None:
    def case(real: RealVisit) -> None:
        begin(real)
        fault(real)
        real.to_build()
        met(real, code, *fixes)
        assert "Nothing on this PC was changed." in real.texts()
        real.server.mend()
        real.fix(fix)
        planned(real)

    reaches(code)(case)


def at_installing(fault: Callable[[RealVisit], None], code: str, *fixes: str, fix: str = "Try again") -> None:
    def case(real: RealVisit) -> None:
        begin(real)
        fault(real)
        real.install()
        met(real, code, *fixes)
        real.server.mend()
        real.fix(fix)
        done(real)
        assert real.torch_in_use() == "2.15.0+cpu"

    reaches(code)(case)


def fault(mode: str, match: str, arg: object = None) -> Callable[[RealVisit], None]:
    return lambda real: real.server.fault(mode, arg, match=match)


# the network

OTHER = "Continue from another server"
at_planning(fault("status", WAY, 403), "host-blocked", OTHER, "Try again", fix="Try again")
at_planning(fault("status", WAY, '407 with Basic realm="corp"'), "proxy-login", "Proxy settings...", "Try again")
at_planning(fault("inspected", WAY), "tls-intercepted", "Add the certificate...", "Try again")
at_installing(fault("status", TORCH, 500), "server-error", OTHER, "Try again")
at_installing(fault("portal", TORCH), "captive-portal", "Try again")
at_installing(fault("redirect", TORCH, "http://open.example"), "redirect-insecure", OTHER, "Try again")
at_installing(fault("corrupt", TORCH, 1 << 20), "hash-mismatch", "Try again", OTHER)


@reaches("clock-wrong")
def clock_wrong(real: RealVisit) -> None:
    begin(real)
    real.server.fault("early", match=WAY)
    real.server.fault("date", 500, match=CLOCK)
    real.to_build()
    met(real, "clock-wrong", "Try again")
    real.fix("Try again")
    met(real, "clock-wrong", "Try again")  # the clock is still wrong: it says so again
    real.server.mend()
    real.fix("Try again")
    planned(real)


@reaches("network-timeout")
def network_timeout(real: RealVisit) -> None:
    begin(real)
    real.server.holds[MIRROR] = {"torch"}
    real.server.fault("reset", match=TORCH)
    real.install()
    met(real, "network-timeout", OTHER, "Try again")
    real.fix(OTHER)  # the first one stays as it is
    done(real)
    assert real.server.asked_for(r"^mirror\.sjtu\.edu\.cn/files/torch-")


@reaches("file-missing")
def file_missing(real: RealVisit) -> None:
    begin(real)
    real.server.holds[MIRROR] = {"torch"}
    real.server.fault("status", 404, match=TORCH)
    real.install()
    met(real, "file-missing", OTHER, "Try again")
    real.fix(OTHER)
    done(real)


@reaches("network-off")
def network_off(real: RealVisit) -> None:
    begin(real)
    before = dict(os.environ)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    try:
        # the address of everybody at once: to connect there is answered as if no line were there
        real.only_from("http://255.255.255.255/whl")
        real.to_build()
        met(real, "network-off", "Try again")
    finally:
        os.environ.update(before)
    real.only_from("official")  # the line is back
    real.fix("Try again")
    planned(real)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@reaches("proxy-off")
def proxy_off(real: RealVisit) -> None:
    begin(real)
    before = dict(os.environ)
    dead = f"http://127.0.0.1:{_free_port()}"
    os.environ.update(HTTP_PROXY=dead, HTTPS_PROXY=dead, http_proxy=dead)
    try:
        real.to_build()
        met(real, "proxy-off", "Proxy settings...", "Try again")
        assert dead.removeprefix("http://") in real.texts()
        real.fix("Try again")
        met(real, "proxy-off", "Proxy settings...", "Try again")
        real.fix("Proxy settings...")
        dialog = real.window.settings.dialog
        assert dialog is not None
        dialog.address.setFocus()
        real.qtbot.keyClicks(dialog.address, real.server.base)
        real.qtbot.keyClick(dialog.address, Qt.Key.Key_Return)
        dialog.accept()
        planned(real)  # by the proxy of the settings: the environment still names the dead one
    finally:
        os.environ.update(before)


@reaches("name-unknown")
def name_unknown(real: RealVisit) -> None:
    begin(real)
    os.environ["NO_PROXY"] = "no-such-host.invalid"
    try:
        real.only_from("http://no-such-host.invalid/whl")
        real.to_build()
        if real.error == "network-off":
            pytest.skip("this computer has no way out at all, and says so")
        met(real, "name-unknown", OTHER, "Try again")
        assert "no-such-host.invalid" in real.texts()
    finally:
        del os.environ["NO_PROXY"]
    real.fix(OTHER)
    planned(real)


# what is wanted and what there is


@reaches("build-not-in-sources")
def not_in_sources(real: RealVisit) -> None:
    begin(real)
    real.window.flow.tell(choices=replace(real.state.choices, torch="2.13.0", variant="cpu"))
    real.to_build()
    met(real, "build-not-in-sources", "Try again")
    real.fix("Leave the choice to us")
    planned(real)
    assert real.state.plan.build.torch == "2.15.0"  # type: ignore[union-attr]  # just checked


def _unfit_choice(code: str, **choice: str) -> None:
    def case(real: RealVisit) -> None:
        begin(real)
        real.window.flow.tell(choices=replace(real.state.choices, **choice))
        real.to_build()
        met(real, code, "Leave the choice to us")
        real.fix("Leave the choice to us")
        planned(real)

    reaches(code)(case)


_unfit_choice("no-build", torch="1.0.0")
_unfit_choice("change-python", python="3.16")
_unfit_choice("usage", source="/no/such/folder")


@reaches("conda-missing")
def conda_missing(real: RealVisit) -> None:
    begin(real)
    real.window.flow.tell(choices=replace(real.state.choices, installer="conda"))
    real.to_build()
    met(real, "conda-missing", "Leave the choice to us", "Check again")
    real.fix("Check again")
    met(real, "conda-missing")  # nobody installed one: it says so again
    real.fix("Leave the choice to us")
    planned(real)
    assert real.state.plan.backend == "uv"  # type: ignore[union-attr]


@reaches("split")
def split(real: RealVisit) -> None:
    real.computer = Computer(machine_of("linux; nvidia cc=12.0; nvidia cc=5.0; driver 580.65.06"))
    for variant in ("cu130", "cu126"):
        real.offer("2.15.0", variant, more=card("NVIDIA card", "12.0"))
    real.begin()
    real.only_from("official")
    if real.state.decision.verdict != "split":  # type: ignore[union-attr]  # it was looked at
        pytest.skip(f"the data decide {real.state.decision.verdict} for these cards")  # type: ignore[union-attr]
    while real.page != "build":
        real.press_primary()
    real.window.flow.tell(choices=replace(real.state.choices, variant=None))
    real.window.flow.make_plan()
    met(real, "split")
    real.fix(real.fixes()[0])
    planned(real)


@reaches("python-missing")
def python_missing(real: RealVisit) -> None:
    real.computer.machine = replace(real.computer.machine, pythons=())
    begin(real)
    real.to_build()
    met(real, "python-missing", "Check again")
    real.computer.machine = replace(real.computer.machine, pythons=(this_python(),))  # somebody installs one
    real.fix("Check again")
    planned(real)


# the computer


def _blocked_by(facts: str, code: str, *fixes: str) -> Callable[[RealVisit], None]:
    """Return what brings the card of a verdict that has to be dealt with first."""

    def come(real: RealVisit) -> None:
        real.computer = Computer(machine_of(facts))
        for variant in ("cpu", "cu130"):
            real.offer("2.15.0", variant, more=card("NVIDIA GeForce RTX 4060", "8.9") if variant != "cpu" else "")
        real.begin()
        real.only_from("official")
        while real.page != "build":
            real.press_primary()
        real.wait(lambda: not real.state.planning)
        # the stop-gap that the page takes by itself is left again
        real.window.flow.tell(choices=real.state.choices.free())
        real.only_from("official")
        real.window.flow.make_plan()
        met(real, code, *fixes)

    return come


_HEALTHY = "linux; nvidia cc=8.9 name=NVIDIA_GeForce_RTX_4060 seen=yes; driver 580.65.06"


def _driver(real: RealVisit, come: Callable[[RealVisit], None]) -> None:
    come(real)
    real.fix("Open the driver page")
    assert real.desktop.urls
    assert all(url.startswith("https://www.nvidia.com/") for url in real.desktop.urls)
    real.computer.machine = Computer(machine_of(_HEALTHY)).machine  # the driver was installed
    real.fix("Check again")
    planned(real)
    assert real.state.plan.build.variant == "cu130"  # type: ignore[union-attr]


@reaches("driver-missing")
def driver_missing(real: RealVisit) -> None:
    come = _blocked_by("linux; nvidia cc=8.9 seen=no; finding no-driver", "driver-missing", "Open the driver page")
    _driver(real, come)


@reaches("driver-old")
def driver_old(real: RealVisit) -> None:
    _driver(real, _blocked_by("linux; nvidia cc=12.0; driver 525.60.13", "driver-old", "Open the driver page"))


@reaches("hardware-unreachable")
def hardware(real: RealVisit) -> None:
    facts = "linux; nvidia cc=8.9 seen=no kernel=vfio-pci; driver 580.65.06"
    _blocked_by(facts, "hardware-unreachable", "Check again")(real)
    real.fix("Use the CPU version for now")
    planned(real)
    assert real.state.plan.build.variant == "cpu"  # type: ignore[union-attr]


@reaches("other-route")
def other_route(real: RealVisit) -> None:
    _blocked_by("windows; amd gfx=gfx1100", "other-route", "Open the page")(real)
    real.fix("Open the page")
    assert real.desktop.urls
    assert real.error == "other-route", "what is behind the link is not ours to do"


@reaches("unsupported-os")
def unsupported(real: RealVisit) -> None:
    facts = "linux glibc=2.12"
    real.computer.machine = replace(machine_of(facts), pythons=(this_python(),))
    real.offer("2.15.0")
    real.begin()
    real.window.go_to("build")
    real.window.flow.make_plan()
    met(real, "unsupported-os", "Check again")
    real.computer.machine = Computer(machine_of("linux")).machine
    real.fix("Check again")
    planned(real)


@reaches("internal-error")
def internal(real: RealVisit) -> None:
    begin(real)

    def breaks(_emit: object, _cancel: object) -> object:
        raise ValueError("a driver that answers nonsense")

    looks, real.backend._look = real.backend._look, breaks  # type: ignore[assignment]  # it breaks on purpose
    real.press_primary()
    real.click(real.window.computer.again)
    met(real, "internal-error", "Try again")
    real.backend._look = looks
    real.fix("Try again")
    gone(real)


# folders and disks


@reaches("root-not-empty")
def not_empty(real: RealVisit) -> None:
    begin(real)
    taken = real.folder / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("mine")
    real.window.flow.tell(choices=replace(real.state.choices, root=str(taken)))
    real.to_build()
    met(real, "root-not-empty", "Choose another folder")
    real.desktop.answer = str(real.folder / "elsewhere")
    real.fix("Choose another folder")
    planned(real)
    assert real.state.plan.root == str(real.folder / "elsewhere")  # type: ignore[union-attr]
    assert (taken / "thesis.txt").read_text() == "mine"


@reaches("environment-newer")
def made_by_a_newer_version(real: RealVisit) -> None:
    begin(real)
    newer = real.folder / "newer"
    newer.mkdir()
    (newer / "journal.jsonl").write_text('{"schema": 2, "what": "opened"}\n')
    real.window.flow.tell(choices=replace(real.state.choices, root=str(newer)))
    real.to_build()
    met(real, "environment-newer", "Choose another folder")
    real.desktop.answer = str(real.folder / "elsewhere")
    real.fix("Choose another folder")
    planned(real)
    assert [place.name for place in newer.iterdir()] == ["journal.jsonl"]


@reaches("path-unsuitable")
def unsuitable(real: RealVisit) -> None:
    begin(real)
    real.window.flow.tell(choices=replace(real.state.choices, root=str(real.home)))
    real.to_build()
    met(real, "path-unsuitable", f"Use {real.root}", "Choose another folder")
    real.fix(f"Use {real.root}")
    planned(real)
    assert real.state.plan.root == str(real.root)  # type: ignore[union-attr]


class Volume:
    """A small volume of its own."""

    def __init__(self, place: Path, options: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.place = place
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"no volume can be mounted here: {done.stderr.strip()}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.place)], check=True)

    def free(self) -> None:
        """Take it away, wherever the folder that it lies in was moved to."""
        for line in Path("/proc/mounts").read_text().splitlines():
            place = Path(line.split()[1])
            if place.name == self.place.name and place.is_relative_to(self.place.parents[2]):
                subprocess.run(["umount", "-l", str(place)], check=True)


@reaches("root-not-writable")
def not_writable(real: RealVisit) -> None:
    begin(real)
    volume = Volume(real.folder / "volume", "size=40m,ro")
    try:
        real.window.flow.tell(choices=replace(real.state.choices, root=str(volume.place / "pytorch")))
        real.to_build()
        met(real, "root-not-writable", "Choose another folder", "Try again")
        real.fix("Try again")
        met(real, "root-not-writable", "Choose another folder", "Try again")
        volume.remount("rw")
        real.fix("Try again")
        planned(real)
    finally:
        volume.free()


@reaches("disk-full")
def disk_full(real: RealVisit) -> None:
    begin(real)
    volume = Volume(real.folder / "volume", "size=10m")
    try:
        real.window.flow.tell(choices=replace(real.state.choices, root=str(volume.place / "pytorch")))
        real.install()
        met(real, "disk-full", "Choose another folder", "Try again")
        real.fix("Try again")
        met(real, "disk-full", "Choose another folder", "Try again")
        real.desktop.answer = str(real.root)
        real.fix("Choose another folder")
        planned(real)
        real.install()
        done(real)
    finally:
        volume.free()


@reaches("busy")
def busy(real: RealVisit) -> None:
    begin(real)
    real.to_build()
    Root(real.root).prepare()
    code = (
        "import sys; from pathlib import Path; from setupwizard.store.layout import Root; "
        "from setupwizard.store.lock import working_on\n"
        "with working_on(Root(Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(real.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        real.press_primary()
        met(real, "busy", "Try again")
    finally:
        other.communicate("")
    real.fix("Try again")
    done(real)


@reaches("plan-unexpected")
def plan_unexpected(real: RealVisit) -> None:
    begin(real)
    real.to_build()
    plan, machine, decision = real.state.plan, real.state.machine, real.state.decision
    assert plan is not None
    assert machine is not None
    assert decision is not None
    # another copy of the program is quicker, with another folder of wheels
    ended = workflow.apply(plan, machine, decision, workflow.ApplyOptions(), Track(ignore, Cancel()))
    assert ended.status == "done"
    (real.root / "current" / "lib").rename(real.root / "current" / "lib-gone")
    real.press_primary()
    met(real, "plan-unexpected", "Make the plan again")
    real.fix("Make the plan again")
    planned(real)
    assert real.state.plan.generation == "0002"  # type: ignore[union-attr]


@reaches("audit-failed")
def audit_failed(real: RealVisit) -> None:
    begin(real)
    torch = next(real.server.folder.glob("torch-*.whl"))
    name, version, *tag = torch.name.removesuffix(".whl").split("-")
    body = {"torch/__init__.py": b"x = 1\n", "torch/lib/x.so": random_bytes(1 << 20)}
    make_wheel(real.server.folder, name, version, tag="-".join(tag), files=body, broken="lying-record")
    real.install()
    met(real, "audit-failed", "Try again")
    real.fix("Try again")
    met(real, "audit-failed", "Try again")  # the same wheel again: it says why it is still not used
    assert not (real.root / "current").exists()


# the proof


def _at_proof(code: str, more: str, *fixes: str, fix: str) -> None:
    def case(real: RealVisit) -> None:
        begin(real, more=more)
        make_wheels(real.server.folder, "2.14.1")
        real.install()
        assert real.page == "verify"
        met(real, code, *fixes)
        assert not (real.root / "current").exists(), "it was not put in use"
        real.fix(fix)
        if fix == "Try another build":
            planned(real)
            assert real.state.plan.build.torch == "2.14.1"  # type: ignore[union-attr]
            real.install()
        done(real)

    reaches(code)(case)


_at_proof(
    "torch-import-failed", "\nraise ImportError('no way')\n", "Try another build", "Try again", fix="Try another build"
)
_at_proof(
    "wrong-results",
    broken("correctness", "note.require('fp32', False)"),
    "Try again",
    "Try another build",
    fix="Try another build",
)
_at_proof(
    "verify-failed",
    broken("train", "raise RuntimeError('boom')"),
    "Try again",
    "Try another build",
    fix="Try another build",
)


@reaches("gpu-not-seen")
def gpu_not_seen(real: RealVisit) -> None:
    real.computer = Computer(machine_of(_HEALTHY))
    lost = broken(
        "device", "raise RuntimeError('CUDA unknown error - this may be due to an incorrectly set up environment')"
    )
    real.offer("2.15.0", "cu130", more=lost)
    real.offer("2.15.0", "cpu")
    real.begin()
    real.only_from("official")
    real.install()
    met(real, "gpu-not-seen", "Try again")
    real.fix("Use the CPU version for now")
    planned(real)
    real.install()
    done(real)
    assert real.torch_in_use() == "2.15.0+cpu"


def _refused_by_windows(code: str, words: str) -> None:
    """Torch raises what it raises on Windows, until somebody has allowed the file."""

    def case(real: RealVisit) -> None:
        allowed = real.folder / "allowed"
        more = f"\nimport os\nif not os.path.exists({str(allowed)!r}):\n    raise OSError({words!r})\n"
        begin(real, more=more)
        real.install()
        met(real, code)
        real.fix("Try again")
        met(real, code)
        allowed.touch()
        real.fix("Try again")
        done(real)

    reaches(code)(case)


_refused_by_windows(
    "blocked-by-app-control",
    '[WinError 4551] An Application Control policy has blocked this file. Error loading "C:\\pytorch\\c10.dll"',
)
_refused_by_windows("blocked-by-policy", "[WinError 1260] This program is blocked by group policy")
_refused_by_windows("held-by-antivirus", "[WinError 225] Operation did not complete: the file contains a virus")


# what is there already


def installed(real: RealVisit) -> None:
    """Install, and come back on another day."""
    begin(real)
    real.install()
    done(real)
    real.come_back()
    real.only_from("official")
    real.environments()


@reaches("drift")
def drift(real: RealVisit) -> None:
    installed(real)
    (file,) = real.root.glob("gens/0001/lib/python3*/site-packages/torch/m007.py")
    file.write_bytes(b"X = 'changed'\n")
    real.act("check")
    met(real, "drift", "Repair it")
    assert "m007.py" in real.texts()
    real.fix("Repair it")
    said = real.agree()
    assert "torch 2.15.0" in said
    real.wait(lambda: real.state.verification is not None and real.state.verification.passed)
    gone(real)
    assert (real.root / "current").resolve().name == "0002"


@reaches("environment-missing")
def environment_missing(real: RealVisit) -> None:
    installed(real)
    shutil.rmtree(real.root)
    real.act("check")
    met(real, "environment-missing", "Install it there")
    real.fix("Install it there")
    planned(real)
    assert real.state.plan.root == str(real.root)  # type: ignore[union-attr]


@reaches("nothing-to-roll-back")
def nothing_to_roll_back(real: RealVisit) -> None:
    installed(real)
    (file,) = real.root.glob("gens/0001/lib/python3*/site-packages/torch/m007.py")
    file.write_bytes(b"X = 'changed'\n")
    real.act("update")
    real.wait(lambda: real.state.plan is not None)
    real.install()
    done(real)
    real.come_back()
    real.environments()
    shutil.rmtree(real.root / "gens" / "0001")
    real.act("go-back")
    real.agree()
    met(real, "nothing-to-roll-back", "Check again")
    real.fix("Check again")
    gone(real)
    real.wait(lambda: real.environments()[0].button("go-back") is None)


@reaches("file-in-use")
def file_in_use(real: RealVisit) -> None:
    installed(real)
    volume = Volume(real.root / "gens" / "0001" / "bin", "size=1m")
    try:
        real.act("remove")
        real.agree()
        met(real, "file-in-use", "Try again")
    finally:
        volume.free()
    real.fix("Try again")
    real.wait(lambda: not real.state.environments)
    gone(real)


@reaches("tool-failed")
def tool_failed(real: RealVisit) -> None:
    installed(real)
    real.act("use")
    real.wait(lambda: real.page == "finish")
    before = os.environ["PATH"]
    programs = real.folder / "programs"
    programs.mkdir()
    os.environ["PATH"] = str(programs)
    try:
        real.qtbot.mouseClick(real.window.finish.terminal, Qt.MouseButton.LeftButton)
        met(real, "tool-failed", "Try again")
        terminal = programs / "xterm"  # somebody installs one
        opened = real.folder / "opened"
        terminal.write_text(f'#!/bin/sh\necho "$@" > {opened}\n')
        terminal.chmod(0o755)
        real.fix("Try again")
        real.wait(opened.is_file)
        assert str(real.root / "activate") in opened.read_text()
        gone(real)
    finally:
        os.environ["PATH"] = before


@pytest.mark.parametrize("code", sorted(REACHED))
def test_the_fix_of_the_card_fixes_it(code: str, real: RealVisit) -> None:
    REACHED[code](real)
