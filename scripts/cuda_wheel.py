"""Installs the CUDA build of torch from where pip on this computer looks, compares every file, and asks for its proof.

python scripts/cuda_wheel.py [TORCH] [VARIANT]     (2.14.1 cu130)     several GB; the environment is removed afterwards

The decision is that for a computer with an RTX 4090. Where there is no NVIDIA card, the proof has to say so; anything
else than that, or a file that differs, ends with 1. Where the build cannot be had it says so and ends with 77.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CARD = {
    "vendor": "nvidia",
    "name": "NVIDIA GeForce RTX 4090",
    "pci_id": "10de:2684",
    "compute_capability": "8.9",
    "memory_mib": 24564,
}
NOT_HERE = {14, 16}


def program(*words: object) -> tuple[int, dict[str, Any]]:
    """Run the program and return its exit code and document."""
    argv = [sys.executable, "-m", "setupwizard", *map(str, words), "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, check=False)
    sys.stderr.write(done.stderr)
    return done.returncode, json.loads(done.stdout or "{}")


def main(torch: str = "2.14.1", variant: str = "cu130") -> int:
    """Plan, install, compare, prove; print figures."""
    folder = Path(tempfile.mkdtemp(prefix="cuda-wheel-", dir=Path(__file__).parent.parent / "build"))
    try:
        return lane(folder, torch, variant)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lane(folder: Path, torch: str, variant: str) -> int:
    """Do the work in a folder."""
    _code, machine = program("detect")
    has_card = any(gpu["vendor"] == "nvidia" and gpu["driver_sees_it"] for gpu in machine["gpus"])
    file = folder / "machine.json"
    if not has_card:
        machine |= {"gpus": [CARD], "nvidia_driver": {"version": "580.95.05", "cuda": "13.0"}}
    file.write_text(json.dumps(machine), encoding="utf-8")
    wish = ("--machine", file, "--torch", torch, "--variant", variant, "--source", "pip-config")
    root = folder / "root"
    code, plan = program("plan", *wish, "--env", root)
    if code in NOT_HERE:
        print(f"skipped: torch {torch} for {variant} cannot be had here: {plan.get('title')}")
        return 77
    if code != 0:
        return 1
    print(f"plan: {len(plan['packages'])} packages, {plan['download_bytes'] / 1e9:.2f} GB to download")
    begun = time.monotonic()
    code, outcome = program("apply", "--yes", *wish, "--accept-unverified", "--env", root)
    print(f"apply: exit {code}, {outcome.get('status')}, {time.monotonic() - begun:.0f} s")
    for step in outcome.get("steps", ()):
        print(f"  {step['id']:8} {step['status']:8} {step['seconds']:8.1f} s")
    if code != 0:
        print(json.dumps(outcome.get("error"), indent=1))
        return 1
    whole = sum(path.lstat().st_size for path in (root / "current").rglob("*") if not path.is_dir())
    print(f"environment: {whole / 1e9:.2f} GB, held torch {outcome['verification']['torch']}")
    begun = time.monotonic()
    files, proof = program("verify", "--level", "files", "--env", root)
    compared = next(check["text"] for check in proof["checks"] if check["id"] == "files")
    print(f"files: exit {files}, {compared} {time.monotonic() - begun:.1f} s")
    imported, proof = program("verify", "--level", "import", "--env", root)
    print(f"import: exit {imported}, torch {proof['torch']['version']} for {proof['torch']['variant']}")
    proved, proof = program("verify", "--env", root)
    seen = next((check["text"] for check in proof["checks"] if check["id"] == "device"), "")
    print(f"device: exit {proved}, {proof['verdict']}: {seen}")
    truthful = proof["passed"] if has_card else not proof["passed"] and proved == 20
    return 0 if (files, imported) == (0, 0) and proof["torch"]["variant"] == variant and truthful else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
