"""The wizard's apply beside bare `uv pip install` and default `pip install`: same wheels, same server, one run.

The wheels come from a shaped server on the loopback address, at 100 Mbit/s and unshaped. The three take turns, so that
a change of load meets all of them; the figures are medians, and the ratios compare only what was measured in this run.
The wizard's audit and proof, which the others have nothing like, are printed apart. A last part kills each of them at
90 % of the bytes and counts what the next try fetches again.

Usage: python benchmarks/install.py [--rounds 3] [--rates 100 0] [--place FOLDER] [--only times|build|kill]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
from shaped_server import CHUNK

from setupwizard.model.plan import Plan
from setupwizard.store.layout import Root
from setupwizard.tools.uv import uv_program
from setupwizard.tools.variables import clean_environment

HERE = Path(__file__).parent
APPLY = HERE.parent / "tests" / "helpers" / "apply_program.py"
PARTS = ("python", "fetch", "create", "install", "audit", "verify", "switch", "clean")
WITHOUT_PROOF = ("python", "fetch", "create", "install", "switch", "clean")
KILL_AT = 0.9


class Lab:
    """The wheels of one plan in a folder, and what each of the three is told."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.wheels = place / "wheels"
        self.wheels.mkdir()
        argv = [sys.executable, "-m", "setupwizard", "plan", "--cpu", "--json", "--env", str(place / "root")]
        planned = subprocess.run(argv, capture_output=True, check=False)
        if planned.returncode:
            sys.exit(planned.stderr.decode())
        self.plan = msgspec.json.decode(planned.stdout, type=Plan)
        self.python = str(self.plan.python.path)
        self.bytes = sum(package.size for package in self.plan.packages)
        for package in self.plan.packages:
            with urllib.request.urlopen(package.url) as source, (self.wheels / package.file).open("wb") as target:
                shutil.copyfileobj(source, target)

    def requirements(self) -> list[str]:
        return [f"{package.name}=={package.version}" for package in self.plan.packages]

    @contextlib.contextmanager
    def server(self, mbit: float) -> Iterator[str]:
        argv = [sys.executable, str(HERE / "shaped_server.py"), str(self.wheels), str(mbit)]
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.kill()
            child.wait()

    def wizard(self, folder: Path, url: str) -> list[str]:
        """Return the command that applies the plan with the server's addresses."""
        root = Root(folder / "root")
        packages = tuple(
            msgspec.structs.replace(package, url=f"{url}/files/{package.file.replace('+', '%2B')}")
            for package in self.plan.packages
        )
        plan = msgspec.structs.replace(self.plan, root=str(root.path), generation=root.next_name(), packages=packages)
        file = folder / "plan.json"
        file.write_bytes(msgspec.json.encode(plan))
        return [sys.executable, str(APPLY), str(file)]

    def uv(self, folder: Path, url: str) -> list[str]:
        call(uv_program(), "venv", "--no-config", "--clear", "--python", self.python, folder / "env")
        return [
            *(str(uv_program()), "pip", "install", "--no-config", "--cache-dir", str(folder / "cache")),
            *("--index-url", f"{url}/simple", "--python", str(folder / "env/bin/python"), *self.requirements()),
        ]

    def pip(self, folder: Path, url: str) -> list[str]:
        call(self.python, "-m", "venv", "--clear", folder / "env")
        return [
            *(str(folder / "env/bin/python"), "-m", "pip", "install", "--isolated", "--disable-pip-version-check"),
            *("--cache-dir", str(folder / "cache"), "--index-url", f"{url}/simple", *self.requirements()),
        ]


def call(*argv: str | Path) -> float:
    started = time.perf_counter()
    done = subprocess.run([str(word) for word in argv], check=False, env=clean_environment(), capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return time.perf_counter() - started


def import_seconds(python: Path) -> float:
    return call(python, "-I", "-c", "import torch")


def one_round(lab: Lab, mbit: float) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    with lab.server(mbit) as url:
        for who in ("wizard", "uv", "pip"):
            folder = Path(tempfile.mkdtemp(dir=lab.place))
            started = time.perf_counter()
            argv = getattr(lab, who)(folder, url)
            done = subprocess.run(argv, capture_output=True, text=True, check=False, env=clean_environment())
            seconds = time.perf_counter() - started
            if done.returncode:
                sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
            row = {"all": seconds, "build": seconds}
            python = folder / "env/bin/python"
            if who == "wizard":
                parts = {step["id"]: step["seconds"] for step in json.loads(done.stdout)["steps"]}
                row |= parts | {"build": sum(parts[part] for part in WITHOUT_PROOF)}
                python = folder / "root/current/bin/python"
            row["import"] = import_seconds(python)
            rows[who] = row
            shutil.rmtree(folder)
    return rows


def build_round(lab: Lab) -> dict[str, float]:
    """Build from wheels that are all here: the wizard's two commands beside bare uv's and pip's."""
    wheels = [str(path) for path in sorted(lab.wheels.iterdir())]
    rows = {}
    for who in ("wizard", "uv", "pip"):
        folder = Path(tempfile.mkdtemp(dir=lab.place))
        started = time.perf_counter()
        if who == "wizard":
            rows[who] = wizard_build(lab, folder)
        else:
            argv = getattr(lab, who)(folder, "http://127.0.0.1:9")
            argv = [*argv[: argv.index("--index-url")], "--no-index", "--no-deps"]
            argv += ["--python", str(folder / "env/bin/python")] if who == "uv" else []
            call(*argv, *wheels)
            rows[who] = time.perf_counter() - started
        shutil.rmtree(folder)
    return rows


def wizard_build(lab: Lab, folder: Path) -> float:
    """Return the seconds of create and install out of an apply whose store holds all wheels."""
    root = Root(folder / "root")
    root.prepare()
    for package in lab.plan.packages:
        place = root.store / package.sha256
        place.mkdir()
        shutil.copy(lab.wheels / package.file, place / package.file)
    argv = lab.wizard(folder, "http://127.0.0.1:9")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=clean_environment())
    parts = {step["id"]: step["seconds"] for step in json.loads(done.stdout)["steps"]}
    return float(parts["create"] + parts["install"])


def counted(url: str) -> int:
    with urllib.request.urlopen(f"{url}/count") as answer:
        return int(json.load(answer))


def killed(lab: Lab, who: str, mbit: float) -> float:
    """Kill at 90 % of the bytes; return which share of them the next try fetched again."""
    folder = Path(tempfile.mkdtemp(dir=lab.place))
    with lab.server(mbit) as url:
        argv = getattr(lab, who)(folder, url)
        counted(url)
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
        sent = 0
        while sent < KILL_AT * lab.bytes and child.poll() is None:
            time.sleep(0.05)
            sent += counted(url)
        child.kill()
        child.wait()
        time.sleep(0.5)
        sent += counted(url)
        if who == "wizard":
            argv = lab.wizard(folder, url)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=clean_environment())
        if done.returncode:
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        sent += counted(url)
    shutil.rmtree(folder)
    return (sent - lab.bytes) / lab.bytes


def medians(rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        who: {part: statistics.median(row[who][part] for row in rounds) for part in rounds[0][who]} for who in rounds[0]
    }


def print_times(lab: Lab, rate: float, rounds: int) -> None:
    rows = medians([one_round(lab, rate) for _round in range(rounds)])
    print(f"\n{rate:g} Mbit/s" if rate else "\nunshaped", f"medians of {rounds} rounds, seconds", sep=", ")
    print("wizard: " + ", ".join(f"{part} {rows['wizard'][part]:.2f}" for part in PARTS))
    print(f"{'':<34}{'wizard':>8}{'uv':>8}{'pip':>8}{'wizard/uv':>11}{'wizard/pip':>11}")
    for part, text in (("build", "download and build"), ("import", "first import"), ("all", "with audit and proof")):
        mine, uv, pip = (rows[who][part] for who in ("wizard", "uv", "pip"))
        print(f"  {text:<32}{mine:8.2f}{uv:8.2f}{pip:8.2f}{mine / uv:11.2f}{mine / pip:11.2f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="*", default=[100.0, 0.0], metavar="MBIT")
    parser.add_argument("--place", type=Path, default=None)
    parser.add_argument("--only", choices=("times", "build", "kill"), default=None)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="setupwizard-benchmark-", dir=wanted.place) as folder:
        lab = Lab(Path(folder))
        print(f"{len(lab.plan.packages)} wheels, {lab.bytes / 1e6:.0f} MB, torch {lab.plan.build.torch}", flush=True)
        if wanted.only in {None, "times"}:
            for rate in wanted.rates:
                print_times(lab, rate, wanted.rounds)
        if wanted.only in {None, "build"}:
            builds = [build_round(lab) for _round in range(wanted.rounds)]
            mine, uv, pip = (statistics.median(row[who] for row in builds) for who in ("wizard", "uv", "pip"))
            print("\nbuild alone, all wheels here, create + install")
            print(f"  wizard {mine:.2f}, uv {uv:.2f}, pip {pip:.2f}: {mine / uv:.2f} of uv, {mine / pip:.2f} of pip")
        if wanted.only in {None, "kill"}:
            print(
                f"\nkilled at {KILL_AT:.0%} of the bytes: fetched again by the next try (pieces of {CHUNK >> 10} KiB)"
            )
            for who in ("wizard", "uv", "pip"):
                print(f"  {who:<8}{100 * killed(lab, who, wanted.rates[0] if wanted.rates else 0):8.2f} %", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
