"""How long detection takes: on this computer, and on recorded ones whose driver answers, fails and hangs.

The figures stand beside those of nvidia-smi alone, which most programs run and wait for: a stand-in that answers, one
that fails, and one that never ends. The recorded computers take turns, so that a change of load meets all of them.

Usage: python benchmarks/detect.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests"))

from helpers import recorded  # noqa: E402 - the stand-ins live with the tests
from helpers.computers import LOADED, PASCAL, computer  # noqa: E402
from setupwizard.model.machine import Machine  # noqa: E402
from setupwizard.probes import nvml  # noqa: E402
from setupwizard.probes.roots import Roots  # noqa: E402
from setupwizard.steps.detect import DEADLINE, detect  # noqa: E402
from setupwizard.tools.process import own_program  # noqa: E402

WAIT = 10.0
"""Seconds that we wait for a bare nvidia-smi that hangs before we give up; most programs never do."""
ROW = "0, NVIDIA GeForce GTX 1060 6GB, 580.95.05, 6.1, 6144, 00000000:01:00.0, GPU-1, 0x1C0310DE"
SMI = {
    "answers": f"case $1 in --query-gpu=*) echo '{ROW}';; *) echo 'Driver Version: 580.95.05 CUDA Version: 13.0'; esac",
    "fails": 'echo "NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver."; exit 9',
    "hangs": "trap '' TERM; while :; do sleep 1; done",
}
NVML = {"answers": "gtx1060_580", "fails": "version_mismatch", "hangs": "hangs_at_start"}
LIMITS = {"answers": 1.5, "fails": 1.5, "hangs": 6.0}


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bare(program: Path) -> float:
    """Run nvidia-smi as a program without a deadline would, but give up after a while."""

    def run() -> None:
        child = subprocess.Popen([program, "--query-gpu=name"], stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            child.wait(WAIT)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    return timed(run)


def recorded_computer(place: Path, kind: str) -> tuple[Roots, Path]:
    """Make a computer with one card whose driver library and nvidia-smi answer, fail or hang."""
    place.mkdir(parents=True)
    program = recorded.program(place / "bin" / "nvidia-smi", SMI[kind])
    environ = {"PATH": f"{place / 'bin'}:/usr/bin:/bin"}
    children = {"nvml_program": (*own_program(), "_nvml"), "cuda_program": (*own_program(), "_cuda")}
    return computer(place, PASCAL, LOADED, scenario=NVML[kind], environ=environ, **children), program


def command() -> float:
    """Run the whole program once, as a user does."""
    words = [sys.executable, "-m", "setupwizard", "detect", "--json"]
    return timed(lambda: subprocess.run(words, check=True, capture_output=True, stdin=subprocess.DEVNULL))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        print("the stand-in for NVIDIA's library needs a C compiler; only this computer is measured")
        kinds: tuple[str, ...] = ()
    else:
        kinds = tuple(SMI)
    here = [timed(detect) for _round in range(rounds)]
    whole = [command() for _round in range(rounds)]
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    alone: dict[str, list[float]] = {kind: [] for kind in kinds}
    said: dict[str, Machine] = {}
    with tempfile.TemporaryDirectory(prefix="setupwizard-benchmark-") as folder:
        for number in range(rounds):
            for kind in kinds:
                roots, program = recorded_computer(Path(folder) / f"{kind}{number}", kind)
                started = time.perf_counter()
                said[kind] = detect(roots=roots)
                seconds[kind].append(time.perf_counter() - started)
                if kind != "hangs" or number == 0:
                    alone[kind].append(bare(program))
    print(f"medians of {rounds} rounds, seconds (the worst in brackets)")
    print(f"  {'this computer, detection':<34}{statistics.median(here):7.2f} ({max(here):.2f})   limit 1.5")
    print(f"  {'this computer, setupwizard detect':<34}{statistics.median(whole):7.2f} ({max(whole):.2f})")
    print(f"  {'nvidia-smi and NVML':<22}{'detection':>16}{'limit':>8}{'nvidia-smi alone':>20}   what detection says")
    for kind in kinds:
        median, worst = statistics.median(seconds[kind]), max(seconds[kind])
        lone = f"{statistics.median(alone[kind]):.2f}" if kind != "hangs" else f"never ({WAIT:.0f} s waited)"
        codes = ", ".join(finding.code for finding in said[kind].findings) or said[kind].gpus[0].name
        print(f"  {kind:<22}{f'{median:.2f} ({worst:.2f})':>16}{LIMITS[kind]:>8.1f}{lone:>20}   {codes}")
    print(f"deadlines: NVML silent for {nvml.SECONDS:.0f} s, all that is quick {DEADLINE:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
