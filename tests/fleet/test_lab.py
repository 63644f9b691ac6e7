"""A lab in one play, by the real Ansible, setupwizard and uv on simulated computers: what goes wrong on one does not
touch the others, a second run mends exactly what failed, and a third changes nothing and fetches nothing.

Six computers in `make test`, thirty in `make test-fleet` (SETUPWIZARD_FLEET=full).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fleet import lab
from fleet.play import Played, Player
from fleet.rooms import SECRET, Room, room
from helpers import fake_nvml
from helpers.fault_lab import look, make_torch, make_wheels
from helpers.program import environment, run

FULL = os.environ.get("SETUPWIZARD_FLEET") == "full"
MORE = [f"more{number:02}" for number in range(24 if FULL else 0)]
REAL = ("torch==2.13.0", "numpy", "pip")
PROGRAM = Path(sys.executable).with_name("setupwizard")
PAYLOAD = 24 << 20
"""Bytes of the made-up torch: the power has to go while it is on its way."""
ROOT = "/srv/pytorch"
# The card of the lab is a library that answers like a driver: what this torch is asked to calculate there, it cannot.
NO_REAL_CARD = """
def no_card(bench, note):
    raise RuntimeError("No CUDA GPUs are available")


if program is not None:
    program.STAGES["device"] = (no_card, *program.STAGES["device"][1:])
"""
CARD = "/opt/card"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, collections: Path) -> Iterator[Scene]:
    """Return the lab before its first play, with the plan that the administrator made."""
    reason = lab.missing()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("fleet")
    machine, release = look(folder / "look")
    make_wheels(folder / "wheels", release, payload=PAYLOAD)
    card = _computer_with_a_card(folder, machine)
    decided = run("recommend", "--machine", card, "--json", env=environment(folder / "home")).document["build"]
    version = f"{decided['torch']}+{decided['variant']}"
    make_torch(folder / "wheels", version, more=NO_REAL_CARD, payload=1 << 20)
    with room(folder, folder / "wheels") as made:
        plan = _plan(made, folder, [machine, card])
        yield Scene(made, collections, folder, plan)


class Scene:
    """The computers, the plan, and how a play is run."""

    def __init__(self, made: Room, collections: Path, folder: Path, plan: Path) -> None:
        library = fake_nvml.install(folder / "card", "gtx1060_580")
        self.room, self.plan = made, plan
        add = made.add
        self.sound = add("sound")
        self.full = add("full", disk="30m")
        self.slow = add("slow")
        self.cut = add("cut")
        self.done = add("done")
        self.card = add("card", LD_LIBRARY_PATH=CARD)
        for file in library.iterdir():
            made.lab.write(self.card, f"{CARD}/{file.name}", file.read_bytes())
        for name in MORE:
            add(name)
        for host in made.lab.hosts:
            for file in (plan, *plan.parent.glob("pylock.*.toml")):
                made.lab.write(host, f"/srv/plan/{file.name}", file.read_bytes())
        self.player = Player(made.lab, collections, made.lab.inventory(sys.executable))
        self.wanted = {"plan": f"/srv/plan/{plan.name}", "root": ROOT, "exe": [str(PROGRAM)]}
        self.told: list[str] = []

    def play(self, *words: str) -> Played:
        return self._kept(self.player.play(self.wanted, *words))

    def play_and_cut_the_power(self) -> Played:
        """Run the play; one computer loses its power as soon as a part of the torch is on its disk."""
        running = self.player.start(self.wanted)
        parts = self.cut.layer / ROOT.lstrip("/") / "store"
        end = time.monotonic() + 300
        while not any(path.stat().st_size > 2 << 20 for path in parts.glob("*/part")):
            assert running.process.poll() is None, running.process.stdout
            assert time.monotonic() < end, "the download did not begin"
            time.sleep(0.1)
        self.cut.power_off()
        return self._kept(self.player.finish(running))

    def _kept(self, played: Played) -> Played:
        self.told.append(played.out)
        return played

    def current(self, host: lab.Host) -> str:
        return self.room.lab.on(host, f"readlink {ROOT}/current || echo none")


@pytest.mark.slow
def test_a_lab_in_three_plays(scene: Scene) -> None:
    one = scene.player.play(scene.wanted, "--limit", "done")
    assert one.changed() == {"done"}, one.out
    checked = scene.play("--check")
    everybody = {host.name for host in scene.room.lab.hosts}
    assert checked.changed() == everybody - {"done", "full"}, checked.out
    assert checked.broken() == {"full"}  # that there is no room is known before anything is done
    assert scene.current(scene.sound) == "none"

    for host in (scene.slow, scene.cut):
        host.rate(24)
    first = scene.play_and_cut_the_power()
    assert first.broken() == {"full", "cut"}, first.out
    assert first.changed() == everybody - {"full", "cut", "done"}
    assert first.results["full"]["error"]["id"] == "disk"
    assert scene.current(scene.full) == "none"  # nothing half-made is ever offered

    scene.full.grow("900m")
    scene.cut.rate(1000)
    scene.cut.boot()
    assert scene.current(scene.cut) == "none"
    before = len(scene.room.requests())
    second = scene.play()
    assert second.broken() == set(), second.out
    assert second.changed() == {"full", "cut"}
    resumed = [one["range"] for one in scene.room.requests()[before:] if one["range"]]
    assert resumed, "the interrupted download began anew"
    assert second.results["cut"]["reused_bytes"] > 2 << 20

    asked = len(scene.room.requests())
    third = scene.play()
    assert (third.broken(), third.changed()) == (set(), set()), third.out
    assert {result["fetched_bytes"] for result in third.results.values()} == {0}
    assert len(scene.room.requests()) == asked

    builds = {name: _build_on(scene, name) for name in ("sound", "card")}
    assert builds["sound"].endswith("+cpu")
    assert "+cu126" in builds["card"]


@pytest.mark.slow
def test_what_cannot_be_proved_is_not_green(scene: Scene) -> None:
    """The plan asks for no more than that PyTorch starts: that much is right, and on a card it is still not proved."""
    wanted = {**scene.wanted, "state": "verified"}
    played = scene.player.play(wanted, "--limit", "sound,card")
    assert played.changed() == set()
    assert {name: result["verdict"] for name, result in played.results.items()} == {
        "sound": "pass",
        "card": "not-verified",
    }
    asked = {**wanted, "plan": None}
    deeper = scene.player.play(asked, "--limit", "sound,card")
    assert deeper.broken() == {"card"}, deeper.out
    deep = scene.room.lab.on(scene.card, f"{PROGRAM} verify --env {ROOT} --level device --json --quiet")
    proof = json.loads(deep)
    assert not proof["passed"]
    assert proof["verdict"] in {"fail", "not-verified"}


@pytest.mark.slow
def test_the_proxys_password_is_seen_nowhere(scene: Scene) -> None:
    """Not in what Ansible printed, and not in any file that the program wrote on any computer."""
    assert all(SECRET not in told for told in scene.told)
    for host in scene.room.lab.hosts:
        found = [
            path.relative_to(host.layer)
            for path in host.layer.rglob("*")
            if path.is_file() and path.stat().st_size < 1 << 20 and SECRET.encode() in path.read_bytes()
        ]
        assert [str(path) for path in found] == ["etc/ssh/lab.conf"], host.name


@pytest.mark.slow
def test_the_reports_of_the_lab_make_one_table(scene: Scene, tmp_path: Path) -> None:
    for host in scene.room.lab.hosts:
        report = scene.room.lab.on(host, f"{PROGRAM} report --env {ROOT} --json --quiet")
        (tmp_path / f"{host.name}.json").write_text(report, encoding="utf-8")
    table = run("report", "--collect", tmp_path, "--json", env=environment(tmp_path)).document
    assert table["refused"] == []
    assert {line["file"].removesuffix(".json") for line in table["reports"]} == {h.name for h in scene.room.lab.hosts}


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="the real torch is proved on two computers by make test-fleet alone")
def test_two_computers_prove_the_real_torch(tmp_path: Path, collections: Path) -> None:
    """The processor build that pip here can get, from the room's server, by a plan that asks for the whole proof."""
    reason = lab.missing()
    if reason is not None:
        pytest.skip(reason)
    wheels = tmp_path / "wheels"
    got = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "-d", wheels, *REAL],
        capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    if got.returncode:
        pytest.skip(f"pip here cannot get {REAL[0]}: {got.stderr.strip()[-200:]}")
    machine, _release = look(tmp_path / "look")
    with room(tmp_path, wheels) as made:
        plan = _plan(made, tmp_path, [machine], "--torch", REAL[0].partition("==")[2], "--cpu", level="device")
        for name in ("first", "second"):
            host = made.add(name, disk="3g")
            for file in (plan, *plan.parent.glob("pylock.*.toml")):
                made.lab.write(host, f"/srv/plan/{file.name}", file.read_bytes())
        player = Player(made.lab, collections, made.lab.inventory(sys.executable))
        played = player.play({"plan": f"/srv/plan/{plan.name}", "root": ROOT, "exe": [str(PROGRAM)]})
        assert played.changed() == {"first", "second"}, played.out
        assert {result["verdict"] for result in played.results.values()} <= {"pass", "warn"}


@pytest.mark.slow
def test_a_bundle_comes_from_the_server_of_the_room(scene: Scene, tmp_path: Path) -> None:
    """The collection's own playbook, an ordinary web server, and a setupwizard that may not use the network."""
    env = {**os.environ, **scene.room.environment, "SSL_CERT_FILE": str(scene.room.authority), "HOME": str(tmp_path)}
    argv = [PROGRAM, "bundle", scene.plan, tmp_path / "bundle", "--quiet"]
    made = subprocess.run(
        scene.room.lab.inside(argv), env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert made.returncode == 0, made.stdout + made.stderr
    archive = tmp_path / "served" / "bundle.tar"
    archive.parent.mkdir()
    subprocess.run(["tar", "cf", archive, "-C", tmp_path, "bundle"], check=True, timeout=60)
    words = [sys.executable, "-m", "http.server", "--bind", lab.CENTRE, "--directory", archive.parent, "8322"]
    server = subprocess.Popen(scene.room.lab.inside(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        played = scene.player.playbook(
            "room.yml",
            {
                "room_server": f"http://{lab.CENTRE}:8322",
                "room_bundle_sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
                "room_exe": [str(PROGRAM)],
                "room_root": "/srv/from-the-room",
            },
            "--limit",
            "sound",
        )
    finally:
        server.kill()
        server.wait()
    assert played.changed() == {"sound"}, played.out
    python = "/srv/from-the-room/current/bin/python"
    assert scene.room.lab.on(scene.sound, f"{python} -I -c 'import torch; print(torch.__version__)'").endswith("+cpu")


def _computer_with_a_card(folder: Path, machine: Path) -> Path:
    """Return the Machine document of this computer with the card that one host has."""
    found: dict[str, Any] = json.loads(machine.read_text("utf-8"))
    found["gpus"] = [
        {"vendor": "nvidia", "name": "NVIDIA GeForce GTX 1060 6GB", "pci_id": "10de:1c03", "compute_capability": "6.1"}
    ]
    found["nvidia_driver"] = {"version": "580.95.05", "cuda": "13.0"}
    file = folder / "card.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    return file


def _plan(made: Room, folder: Path, machines: list[Path], *more: str, level: str = "import") -> Path:
    """Return the plan that an administrator exports in the network of the room, for all kinds of computers."""
    file = folder / "plan" / "lab.toml"
    file.parent.mkdir()
    env = {**os.environ, **made.environment, "SSL_CERT_FILE": str(made.authority), "HOME": str(folder / "home")}
    words = [word for machine in machines for word in ("--machine", str(machine))]
    argv = [
        PROGRAM,
        "plan",
        *words,
        "--source",
        "official",
        "--env",
        folder / "nowhere",
        "--export",
        file,
        "--quiet",
        *more,
    ]
    done = subprocess.run(made.lab.inside(argv), env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    text = file.read_text("utf-8")
    assert 'level = "device"' in text
    file.write_text(text.replace('level = "device"', f'level = "{level}"'), encoding="utf-8")  # no card here is real
    return file


def _build_on(scene: Scene, name: str) -> str:
    host = next(host for host in scene.room.lab.hosts if host.name == name)
    return scene.room.lab.on(host, f"{ROOT}/current/bin/python -I -c 'import torch; print(torch.__version__)'")
