"""Stopping at any moment: every program that was started is gone within three seconds, and nothing half-made stays.

A fifth of SETUPWIZARD_TRIALS says how often at random moments (2; `make test-faults` makes 40 of it); the longest time
is printed. The time that is asserted is three times as long as the promise: a computer under test is busy.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time

import psutil
import pytest

from faults.rows import INDEX, TORCH
from helpers.fault_lab import Lab
from helpers.make_wheels import make_wheel

TRIALS = int(os.environ.get("SETUPWIZARD_TRIALS", "10")) // 5
SEED = int(os.environ.get("SETUPWIZARD_KILL_SEED", "7"))
PROMISED = 3.0
_HANGS = """
import pathlib, subprocess, sys, time
pathlib.Path({note!r}).touch()
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"])
time.sleep(600)
"""


class Stopped:
    """An install that was asked to stop, and how it ended."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        below = psutil.Process(child.pid).children(recursive=True)
        started = time.monotonic()
        child.send_signal(signal.SIGTERM)
        child.wait(60)
        _gone, self.alive = psutil.wait_procs(below, timeout=60)
        self.seconds = time.monotonic() - started
        out, self.err = child.communicate(timeout=60)
        self.code = child.returncode
        self.outcome = json.loads(out.splitlines()[-1]) if out.strip() else {}


def _until(child: subprocess.Popen[str], step: str) -> None:
    """Read what a run tells until a step begins."""
    assert child.stdout is not None
    for line in child.stdout:
        event = json.loads(line)
        if event["event"] == "step-started" and event["id"] == step:
            return
    pytest.fail(f"{step} never began")


def _as_promised(lab: Lab, stopped: Stopped) -> None:
    assert not stopped.alive
    assert stopped.seconds < 3 * PROMISED
    assert not (lab.root / "work").exists()
    assert all((lab.root / "gens" / name / "COMPLETE.json").is_file() for name in lab.generations)
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid() and any(str(lab.root) in word for word in process.info["cmdline"] or ())
    ]
    assert not left


def _hanging_torch(lab: Lab) -> None:
    """Have a torch whose import never ends, with a child that hears no polite word."""
    torch = next(lab.server.folder.glob("torch-*.whl"))
    name, version, *tag = torch.name.removesuffix(".whl").split("-")
    files = {
        "torch/__init__.py": _HANGS.format(note=str(lab.folder / "hangs")).encode(),
        "torch/version.py": f'__version__ = "{version}"\n'.encode(),
    }
    make_wheel(lab.server.folder, name, version, tag="-".join(tag), files=files)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("step", [pytest.param("probe", marks=pytest.mark.full), "fetch", "verify"])
def test_a_step_that_hangs_is_stopped_with_all_its_programs(step: str, lab: Lab) -> None:
    lab.env["SETUPWIZARD_PATIENCE"] = "100"
    if step == "probe":
        lab.server.fault("hang", match=INDEX)
    elif step == "fetch":
        lab.server.fault("stall", 100_000, match=TORCH)
    else:
        _hanging_torch(lab)
    child = lab.start()
    _until(child, step)
    if step == "verify":
        while not (lab.folder / "hangs").exists():
            time.sleep(0.05)
    time.sleep(0.5)
    stopped = Stopped(child)
    _as_promised(lab, stopped)
    assert (stopped.code, stopped.outcome["status"]) == (22, "cancelled"), stopped.err
    assert lab.current is None


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("backend", "step"),
    [
        pytest.param(backend, step, marks=() if (backend, step) == ("pip", "install") else (pytest.mark.full,))
        for backend in ("uv", "pip")
        for step in ("create", "install", "audit")
    ],
)
def test_a_stop_while_an_environment_is_made_leaves_the_one_before(backend: str, step: str, lab: Lab) -> None:
    """With conda: tests/end2end/test_conda.py."""
    lab.source = ("--source", str(lab.server.folder), "--backend", backend)
    assert lab.apply().code == 0
    before = lab.current
    next((lab.root / "gens").glob("0001/lib/python3.*/site-packages/torch/version.py")).unlink()
    child = lab.start()
    _until(child, step)
    stopped = Stopped(child)
    _as_promised(lab, stopped)
    assert (stopped.code, stopped.outcome["status"]) == (22, "cancelled"), stopped.err
    assert lab.current == before
    again = lab.apply()
    assert (again.code, lab.works(), lab.current) == (0, True, "0002"), again.err


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_stops_at_random_moments(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    assert lab.apply().code == 0
    whole = time.monotonic() - started
    chance, longest, ends = random.Random(SEED), 0.0, dict.fromkeys(("cancelled", "done"), 0)
    for _trial in range(TRIALS):
        assert lab.say("remove", "--env", str(lab.root)).code == 0
        child = lab.start()
        _until(child, "probe")
        try:
            child.wait(chance.uniform(0.0, whole))
        except subprocess.TimeoutExpired:
            stopped = Stopped(child)
            _as_promised(lab, stopped)
            assert (stopped.code, stopped.outcome["status"]) in {(22, "cancelled"), (0, "done")}, stopped.err
            assert (lab.current is not None) == (stopped.code == 0)
            longest = max(longest, stopped.seconds)
            ends[stopped.outcome["status"]] += 1
        else:
            child.communicate()
    again = lab.apply()
    assert (again.code, lab.works()) == (0, True)
    with capsys.disabled():
        print(f"\n{ends} of {TRIALS} stops at random moments; all programs were gone after {longest:.1f} s at most")
