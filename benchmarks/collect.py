"""How long the reports of a lab take to become one page and one table: `make benchmark-collect`.

The reports are copies of one that a real install wrote where the tests' environment stands (build/test-torch), else of
a made-up one; each gets another speed, so that kinds, medians and sorting have something to do.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from helpers.lab_reports import Computer
from setupwizard.model.wire import to_builtins

COUNTS = (100, 1000, 10_000)
REAL = Path("build/test-torch/reports")


def pattern() -> tuple[dict[str, object], str]:
    """Return a report and where it comes from."""
    for path in sorted(REAL.glob("report-*.json"), reverse=True):
        return json.loads(path.read_text("utf-8")), "a real install"
    return to_builtins(Computer(name="x").report()), "made up"


def fill(folder: Path, count: int, report: dict[str, object]) -> int:
    """Write the reports; return how many bytes they are."""
    size = 0
    for number in range(count):
        measured = dict((report.get("verification") or {}).get("measurements") or {})  # type: ignore[union-attr]
        measured["matmul.fp16.tflops"] = 40 + number % 17
        gpus = [{"vendor": "nvidia", "name": f"NVIDIA GeForce RTX {3060 + 10 * (number % 3)}"}]
        changed = {
            **report,
            "machine": {**report["machine"], "gpus": gpus},  # type: ignore[dict-item]
            "verification": {**report["verification"], "measurements": measured},  # type: ignore[dict-item]
        }
        text = json.dumps(changed)
        (folder / f"pc{number:05}.json").write_text(text, encoding="utf-8")
        size += len(text)
    return size


def main() -> None:
    report, origin = pattern()
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as name:
            folder, out = Path(name) / "reports", Path(name) / "out"
            folder.mkdir()
            out.mkdir()
            size = fill(folder, count, report)
            argv = [sys.executable, "-m", "setupwizard", "report", "--collect", str(folder), "--quiet"]
            argv += ["--html", str(out / "lab.html"), "--csv", str(out / "lab.csv")]
            start = time.perf_counter()
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
            page, table = ((out / file).stat().st_size for file in ("lab.html", "lab.csv"))
            print(
                f"{count:5} reports ({origin}, {size / 1e6:.1f} MB): {seconds:.2f} s, "
                f"page {page / 1e3:.0f} kB, table {table / 1e3:.0f} kB"
            )


if __name__ == "__main__":
    main()
