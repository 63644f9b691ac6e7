"""The wizard's apply beside bare uv and bare pip on the same wheels, in one run, with the parts apart.

The three take turns, so that a change of load meets all of them; the figures are medians, and the ratios compare only
what was measured in this run. Bare uv and pip get the wheels from the wizard's store: they neither resolve nor
download, so the fair comparison is with create + install; what the wizard does beyond that is shown apart.

Usage: python benchmarks/install.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from setupwizard.tools.process import clean_environment
from setupwizard.tools.uv import uv_program

PARTS = ("probe", "resolve", "python", "fetch", "create", "install", "audit", "verify", "switch", "clean")


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def call(*argv: str | Path) -> None:
    subprocess.run([str(word) for word in argv], check=True, env=clean_environment(), capture_output=True)


def wizard(root: Path) -> dict[str, float]:
    """Apply into a fresh root and return the seconds of each step."""
    argv = [sys.executable, "-m", "setupwizard", "apply", "--yes", "--cpu", "--events", "--env", str(root)]
    started = time.perf_counter()
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    outcome = json.loads(ended.stdout.splitlines()[-1])
    if outcome["status"] != "done":
        sys.exit(f"apply did not end well: {outcome['error']}")
    parts = {step["id"]: step["seconds"] for step in outcome["steps"]}
    return {**parts, "detect and start": seconds - sum(parts.values()), "all": seconds}


def import_seconds(python: Path) -> float:
    return timed(lambda: call(python, "-I", "-c", "import torch"))


def bare_uv(folder: Path, wheels: list[Path], python: str) -> None:
    uv, cache = uv_program(), folder / "cache"
    call(uv, "venv", "--no-config", "--cache-dir", cache, "--python", python, folder / "env")
    call(
        *(uv, "pip", "install", "--no-config", "--offline", "--no-index", "--no-deps", "--cache-dir", cache),
        *("--python", folder / "env" / "bin" / "python", *wheels),
    )


def bare_pip(folder: Path, wheels: list[Path], python: str) -> None:
    call(python, "-m", "venv", folder / "env")
    call(folder / "env" / "bin" / "python", "-m", "pip", "install", "--isolated", "--no-index", "--no-deps", *wheels)


def one_round(place: Path) -> dict[str, dict[str, float]]:
    """Run the three once, each in a folder of its own, and remove what they made."""
    rows: dict[str, dict[str, float]] = {}
    root = place / "wizard"
    rows["wizard"] = wizard(root)
    current = root / "current"
    rows["wizard"]["import"] = import_seconds(current / "bin" / "python")
    python = next(line for line in (current / "pyvenv.cfg").read_text().splitlines() if line.startswith("home"))
    interpreter = str(Path(python.partition("=")[2].strip()) / "python3")
    wheels = sorted((root / "store").rglob("*.whl"))
    for name, install in (("uv", bare_uv), ("pip", bare_pip)):
        folder = place / name
        folder.mkdir()
        seconds = timed(lambda install=install, folder=folder: install(folder, wheels, interpreter))  # type: ignore[misc]
        rows[name] = {"create + install": seconds, "import": import_seconds(folder / "env" / "bin" / "python")}
    rows["wizard"]["create + install"] = rows["wizard"]["create"] + rows["wizard"]["install"]
    shutil.rmtree(place)
    return rows


def medians(rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        who: {part: statistics.median(row[who][part] for row in rounds) for part in rounds[0][who]} for who in rounds[0]
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    count = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="setupwizard-benchmark-") as folder:
        rows = medians([one_round(Path(folder) / str(number)) for number in range(count)])
    print(f"medians of {count} rounds, seconds")
    print("wizard, the whole apply:")
    for part in ("detect and start", *PARTS, "all"):
        print(f"  {part:<18}{rows['wizard'][part]:8.2f}")
    print(f"{'':<20}{'wizard':>8}{'uv':>8}{'pip':>8}{'wizard/uv':>11}{'wizard/pip':>11}")
    for part in ("create + install", "import"):
        mine, uv, pip = (rows[who][part] for who in ("wizard", "uv", "pip"))
        print(f"  {part:<18}{mine:8.2f}{uv:8.2f}{pip:8.2f}{mine / uv:11.2f}{mine / pip:11.2f}")
    whole, uv, pip = rows["wizard"]["all"], rows["uv"]["create + install"], rows["pip"]["create + install"]
    print(f"  {'whole apply':<18}{whole:8.2f}{uv:8.2f}{pip:8.2f}{whole / uv:11.2f}{whole / pip:11.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
