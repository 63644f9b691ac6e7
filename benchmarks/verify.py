"""Is our figure the one that torch's own benchmark gets, and what does it cost that somebody watches?

1. One process of the environment's Python: the measurement of the `matmul` stage and torch.utils.benchmark take turns
   on the shape that the stage chooses, with the same number of threads. What counts is ours / theirs, pair by pair,
   and the median of those.
2. The same proof with the parent (deadlines, lines, sentences) and without it, in turns: wall time, and the processor
   time that the parent itself takes, as a share of its child's.
3. The child that looks at a card five times a second, at a stand-in for NVIDIA's library: its share of one processor.

Nothing is asserted: the goal stands beside each figure.

Usage: python benchmarks/verify.py [--python PYTHON] [--pairs 20] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "tests"))

from helpers import fake_nvml, recorded  # noqa: E402
from setupwizard.model.machine import Gpu  # noqa: E402
from setupwizard.resources import benchmark_program  # noqa: E402
from setupwizard.steps.verify import NvmlSampler, VerifyRequest, verify  # noqa: E402
from setupwizard.tools.concurrency import Cancel  # noqa: E402

TORCH = HERE / "build" / "test-torch" / "current" / "bin" / "python"
STAGES = ("matmul", "train")
CARD = "driver = 581.42\ncuda = 13000\n[gpu]\nname = A card\nuuid = GPU-1\nnow_clock = 2400\nnow_load = 90\n"

# Runs in the environment. Which of the two comes first changes with each pair.
PAIRS = """
import json, os, sys
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, sys.argv[1])
from benchmark.bench import Bench
from benchmark.products import fitting_size, product_speed
from benchmark.program import arguments
from benchmark.stream import Stream
import torch
import torch.utils.benchmark as theirs

bench = Bench(arguments(["--device", "cpu"]), Stream(open(os.devnull, "w")))
bench.torch, bench.device = torch, torch.device("cpu")
size, threads = fitting_size(bench, torch.float32), torch.get_num_threads()

def ours():
    return product_speed(bench, size, torch.float32, 0.5)

def their_own():
    left, right, out = (torch.randn(size, size) for _ in range(3))
    names = {"torch": torch, "left": left, "right": right, "out": out}
    timer = theirs.Timer("torch.mm(left, right, out=out)", globals=names, num_threads=threads)
    return 2 * size**3 / timer.blocked_autorange(min_run_time=0.5).median / 1e12

ours()
for number in range(int(sys.argv[2])):
    if number % 2:
        other, own = their_own(), ours()
    else:
        own, other = ours(), their_own()
    print(json.dumps([size, threads, own, other]), flush=True)
"""


def agreement(python: Path, pairs: int) -> None:
    """Print how our figure compares with the one of torch's own benchmark."""
    words = [str(python), "-I", "-c", PAIRS, str(benchmark_program()), str(pairs)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=1800)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    ratios = sorted(own / other for _size, _threads, own, other in rows)
    size, threads = rows[0][:2]
    print(f"FP32 matrix product, {len(rows)} pairs in turns, {size} x {size}, {threads} threads")
    for name, column in (("ours", 2), ("torch.utils.benchmark", 3)):
        values = [row[column] for row in rows]
        print(f"  {name:<30}{statistics.median(values):8.4f} TFLOPS ({min(values):.4f} to {max(values):.4f})")
    print(f"  {'ours / theirs, median':<30}{statistics.median(ratios):8.3f}        goal 0.95 to 1.05")
    quarter = len(ratios) // 4
    print(f"  {'half of the pairs':<30}{ratios[quarter]:8.3f} to {ratios[-quarter - 1]:.3f}")
    print(f"  {'all pairs':<30}{ratios[0]:8.3f} to {ratios[-1]:.3f}")


def processor(who: int) -> float:
    """Return the processor seconds of this process or of its children that have ended."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def with_parent(python: Path) -> tuple[float, float, float]:
    """Return wall seconds, the parent's own processor seconds and its child's."""
    own, children, begun = (
        processor(resource.RUSAGE_SELF), processor(resource.RUSAGE_CHILDREN), time.perf_counter()
    )  # fmt: skip
    proof = verify(VerifyRequest(python=python, only=STAGES, patience=10), lambda _event: None, Cancel())
    wall = time.perf_counter() - begun
    assert proof.passed, proof
    return wall, processor(resource.RUSAGE_SELF) - own, processor(resource.RUSAGE_CHILDREN) - children


def alone(python: Path) -> float:
    """Return the wall seconds of the child by itself."""
    with tempfile.TemporaryDirectory() as folder:
        words = [str(python), "-I", "-B", "-X", "utf8", "-u", str(benchmark_program()), "--only", ",".join(STAGES)]
        begun = time.perf_counter()
        subprocess.run(words, cwd=folder, capture_output=True, check=True, timeout=600)
        return time.perf_counter() - begun


def overhead(python: Path, rounds: int) -> None:
    """Print what the parent costs."""
    alone(python)
    walls, bare, shares = [], [], []
    for number in range(rounds):
        if number % 2:
            bare.append(alone(python))
        wall, own, child = with_parent(python)
        walls.append(wall)
        shares.append(own / child)
        if not number % 2:
            bare.append(alone(python))
    ratio = statistics.median(one / other for one, other in zip(walls, bare, strict=True))
    print(f"The parent, {rounds} rounds in turns, stages {', '.join(STAGES)} and what they need")
    print(f"  {'wall with it':<30}{statistics.median(walls):8.2f} s")
    print(f"  {'wall without it':<30}{statistics.median(bare):8.2f} s")
    print(f"  {'with / without, median':<30}{ratio:8.3f}        goal 1.02")
    print(f"  {'its processor time / childs':<30}{statistics.median(shares) * 100:8.2f} %      goal 2")


def looking(seconds: float) -> None:
    """Print what the looks at a card cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = fake_nvml.install(folder / "nvml", CARD)
        sampler = NvmlSampler(recorded.roots(folder, environ={"LD_LIBRARY_PATH": str(library)}))
        before = processor(resource.RUSAGE_CHILDREN)
        sampler.start(Gpu(vendor="nvidia", name="A card", uuid="GPU-1"))
        time.sleep(seconds)
        looks = len(sampler.samples())
        sampler.stop()
        used = processor(resource.RUSAGE_CHILDREN) - before
    print(f"The looks at a card, {looks} in {seconds:.0f} s")
    print(f"  {'share of one processor':<30}{used / seconds * 100:8.2f} %      goal 2, its start included")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--python", type=Path, default=Path(os.environ.get("SETUPWIZARD_TORCH_PYTHON") or TORCH))
    options.add_argument("--pairs", type=int, default=20)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    if not chosen.python.is_file():
        command = f"setupwizard apply --yes --cpu --env {TORCH.parents[2]}"
        sys.exit(f"{chosen.python} is not there. Make an environment with torch: {command}")
    agreement(chosen.python, chosen.pairs)
    overhead(chosen.python, chosen.rounds)
    looking(20.0)


if __name__ == "__main__":
    main()
