"""An install that is ended at any moment: what was in use stays usable, and the next run comes to its end.

SETUPWIZARD_TRIALS sets how many times (4); SETUPWIZARD_KILL_SEED which moments.
"""

from __future__ import annotations

import collections
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from helpers.generations import site_packages
from helpers.make_wheels import make_wheel, package_of, random_bytes
from helpers.wheel_server import WheelServer
from setupwizard.store.audit import audit
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore

TRIALS = int(os.environ.get("SETUPWIZARD_TRIALS", "4"))
SEED = int(os.environ.get("SETUPWIZARD_KILL_SEED", "7"))
TESTS = Path(__file__).parent.parent
PROGRAM = TESTS / "helpers" / "store_program.py"
NAMES = [
    *(".lock", "activate", "activate.bat", "activate.ps1", "current", "current.json"),
    *("gens", "journal.jsonl", "logs", "reports", "store"),
]
POINTS = [
    "after-fetch",
    "before-claim",
    "after-claim",
    "before-complete",
    "after-complete",
    "between-current-json-and-pointer",
    "after-pointer",
    "during-discard",
]


class Lab:
    """A server with two sets of wheels, a root, and a way to install one of the sets."""

    def __init__(self, folder: Path, server: WheelServer) -> None:
        self.server = server
        self.root = Root(folder / "root mit ü 文")
        self.sets = []
        for number in (0, 1):
            body = {f"torch/m{index:03d}.py": f"X = {index * 2 + number}\n".encode() for index in range(300)}
            body["torch/lib/big.so"] = random_bytes(400_000, seed=number)
            wheels = [
                make_wheel(server.folder, "torch", f"2.{number}.0", files=body),
                make_wheel(server.folder, "dep", f"1.{number}", files={"dep.py": b"D = %d\n" % number}),
            ]
            self.sets.append((wheels, [package_of(wheel, server.url_of(wheel)) for wheel in wheels]))
        self.wheels_of = {wheels[0].name.split("-")[1]: wheels for wheels, _packages in self.sets}

    def argv(self, which: int) -> list[str]:
        packages = msgspec.json.encode(self.sets[which][1]).decode()
        return [sys.executable, str(PROGRAM), str(TESTS), str(self.root.path), packages]

    def total(self, which: int) -> int:
        return sum(package.size for package in self.sets[which][1])

    def install(self, which: int) -> dict[str, object]:
        child = subprocess.run(self.argv(which), capture_output=True, text=True, timeout=120, check=False)
        assert child.returncode == 0, child.stdout + child.stderr
        return json.loads(child.stdout)

    def check(self, name: str | None) -> str:
        """Look at a generation as a user would use it: whole, every file right; return which set it is."""
        assert name is not None
        proof = self.root.read_complete(name)
        assert proof is not None
        site = site_packages(self.root, name)
        version = next(site.glob("torch-*.dist-info")).name.split("-")[1].removesuffix(".dist")
        result = audit(site, self.wheels_of[version])
        assert result.problems == (), result.problems[:3]
        assert result.files == proof.files
        return version

    def check_bounds(self) -> None:
        """Nothing that a dead run left stays for ever."""
        assert {path.name for path in self.root.gens.iterdir()} == set(self.root.generations())
        assert len(self.root.generations()) <= 2
        store = WheelStore(self.root.store)
        assert len(store.places()) == 2
        assert sorted(path.name for path in self.root.path.iterdir()) == NAMES


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "server").mkdir()
    with WheelServer(tmp_path / "server") as server:
        made = Lab(tmp_path, server)
        made.install(0)
        server.fault("slow", 1_500_000)
        yield made


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_kills_at_random_moments(lab, capsys):
    started = time.monotonic()
    lab.install(1)
    whole = time.monotonic() - started
    chance, seen, wanted = random.Random(SEED), collections.Counter(), 0
    for _trial in range(TRIALS):
        before = lab.root.current_name()
        child = subprocess.Popen(lab.argv(wanted), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            child.wait(chance.uniform(0.1, 1.05) * whole)
            how = "finished"
        except subprocess.TimeoutExpired:
            how = "killed"
        child.kill()
        child.communicate()
        name = lab.root.current_name()
        version = lab.check(name)
        lab.check(lab.root.pointer_name())  # also before anybody heals it
        phase = "new in use" if name != before else "old in use"
        parts = any(lab.root.store.rglob("part"))
        half = bool(set(lab.root.generation_names()) - set(lab.root.generations()))
        seen[how, phase, "part" * parts, "half generation" * half] += 1
        unfinished = Journal(lab.root.journal).unfinished()
        assert how == "finished" or name != before or unfinished is not None or not (parts or half)
        lab.install(wanted)
        assert lab.check(lab.root.current_name()) == f"2.{wanted}.0"
        assert lab.root.pointer_name() == lab.root.current_name()
        assert Journal(lab.root.journal).unfinished() is None
        lab.check_bounds()
        assert version in {"2.0.0", "2.1.0"}
        wanted ^= 1
    with capsys.disabled():
        print(f"\n{TRIALS} trials, one install {whole:.1f} s:")
        for kind, count in seen.most_common():
            print(f"  {count:4d}  {', '.join(word for word in kind if word)}")
    assert sum(count for kind, count in seen.items() if kind[0] == "killed") >= TRIALS // 3


@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_every_named_point(lab, point):
    lab.install(1)
    child = subprocess.run(
        lab.argv(0),
        env={**os.environ, "SETUPWIZARD_CRASH_AT": point},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == 137, child.stdout + child.stderr
    switched = point in {"between-current-json-and-pointer", "after-pointer", "during-discard"}
    assert lab.check(lab.root.current_name()) == ("2.0.0" if switched else "2.1.0")
    lab.check(lab.root.pointer_name())
    assert Journal(lab.root.journal).unfinished() is not None
    result = lab.install(0)
    assert lab.check(lab.root.current_name()) == "2.0.0"
    assert lab.root.pointer_name() == lab.root.current_name()
    if not switched:
        assert result["fetched"] == 0  # what was fetched before the end is not fetched again


def test_death_after_death(lab):
    """Each run dies one step later than the one before; the last one comes to its end."""
    for point in POINTS:
        subprocess.run(
            lab.argv(1),
            env={**os.environ, "SETUPWIZARD_CRASH_AT": point},
            capture_output=True,
            timeout=120,
            check=False,
        )
        lab.check(lab.root.current_name())
    lab.install(1)
    assert lab.check(lab.root.current_name()) == "2.1.0"


# ---- a disk that is too small ----


def in_namespace() -> str | None:
    """Return why a small disk cannot be made here, None when it can."""
    if shutil.which("unshare") is None:
        return "no unshare"
    probe = subprocess.run(
        ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, text=True, check=False
    )
    return None if probe.returncode == 0 else f"no mount namespace: {probe.stderr.strip()}"


WHY_NOT = in_namespace()


def on_small_disk(lab, tmp_path, size, between):
    """Install on a disk of that size, once as it is and once after `between`; return both answers."""
    disk = tmp_path / "small"
    disk.mkdir()
    program = lab.argv(0)
    program[3] = str(disk / "root")
    script = f'mount -t tmpfs -o size="$1" tmpfs "$2" || exit 99; cd "$2"; shift 2; {between}'
    child = subprocess.run(
        ["unshare", "-rm", "bash", "-c", script, "small", size, str(disk), *program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = child.stdout.splitlines()
    assert len(lines) == 3, child.stdout + child.stderr
    assert lines[2] == "12 0", child.stdout + child.stderr
    first, second = json.loads(lines[0]), json.loads(lines[1])
    assert first["error"] == "disk-full"
    assert first["path"].startswith(str(disk))
    assert first["need"]
    assert second["changed"] is True
    return first, second


@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
@pytest.mark.parametrize(
    "size", [pytest.param(size, marks=pytest.mark.full) for size in ("200k", "700k", "1200k")] + ["440k", "1000k"]
)
def test_a_full_disk_is_told_and_the_next_run_goes_on(lab, tmp_path, size):
    """The smallest are too small for the wheels, the others fill up while the environment is built."""
    between = '"$@"; first=$?; mount -o remount,size=20m . || exit 97; "$@"; echo "$first $?"'
    _first, second = on_small_disk(lab, tmp_path, size, between)
    assert second["fetched"] == (0 if size in {"700k", "1000k", "1200k"} else lab.total(0))


@pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
def test_a_disk_that_others_fill_while_we_fetch(lab, tmp_path):
    lab.server.mend()
    lab.server.fault("slow", 300_000)
    between = (
        '"$@" & while ! ls root/store/*/part >/dev/null 2>&1; do sleep 0.05; done; sleep 0.4; '
        "head -c 900k /dev/zero > filler 2>/dev/null; wait $!; first=$?; rm filler; "
        'mount -o remount,size=20m . || exit 97; "$@"; echo "$first $?"'
    )
    _first, second = on_small_disk(lab, tmp_path, "700k", between)
    assert second["reused"] > 0
    assert second["reused"] + second["fetched"] == lab.total(0)
