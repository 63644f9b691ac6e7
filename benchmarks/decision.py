"""How long a decision takes, for every machine of tests/machines/table.toml, in one process.

Processor time in milliseconds. Each machine is decided several times and its median counts; the first decision of the
process, which reads the facts, is told apart. Nothing is asserted: the goal stands beside the figures.

Usage: python benchmarks/decision.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "tests"))

from helpers.table import rows  # noqa: E402
from setupwizard.steps.recommend import grid, recommend  # noqa: E402

GOAL_MS = 10.0


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor time of a piece of work: other programs' load does not come in."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    rounds = options.parse_args().rounds
    machines = [(row.machine, row.wishes, row.facts) for row in rows()]
    first = milliseconds(lambda: recommend(*machines[0][:2]))
    cold = [milliseconds(lambda m=machine, w=wishes: recommend(m, w)) for machine, wishes, _facts in machines]  # type: ignore[misc]
    medians = sorted(
        (
            statistics.median(milliseconds(lambda m=machine, w=wishes: recommend(m, w)) for _round in range(rounds)),
            facts,
        )  # type: ignore[misc]
        for machine, wishes, facts in machines
    )
    times = [median for median, _facts in medians]
    grids = [milliseconds(lambda m=machine: grid(m)) for machine, _wishes, _facts in machines]  # type: ignore[misc]
    print(f"machines                        {len(machines)}, {rounds} rounds")
    for name, value in (
        ("first decision of the process", first),
        ("first time for each, median", statistics.median(cold)),
        ("a decision, median", statistics.median(times)),
        ("a decision, 95 of 100", times[int(len(times) * 0.95)]),
        ("a decision, slowest", times[-1]),
        ("the whole grid, median", statistics.median(grids)),
    ):
        print(f"{name:<32}{value:6.2f} ms")
    print(f"slowest: {medians[-1][1]}; goal: {GOAL_MS:.0f} ms for each")


if __name__ == "__main__":
    main()
