"""Print what the Windows lane did: tests by outcome, skipped ones by reason. Usage: summary.py FOLDER SECONDS."""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree


def main(folder: Path, seconds: str) -> None:
    total: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for file in sorted(folder.glob("*.xml")):
        counts: Counter[str] = Counter()
        for case in ElementTree.parse(file).iter("testcase"):
            kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
            kind = kinds[0] if kinds else "passed"
            counts[kind] += 1
            if kind == "skipped":
                reasons[case.find("skipped").get("message", "")] += 1  # type: ignore[union-attr]  # just seen
        print(f"{file.stem}: " + ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items())))
        total += counts
    print("Skipped in the Windows lane, by reason:")
    for reason, number in reasons.most_common():
        print(f"{number:5} {reason}")
    broken = total["failure"] + total["error"]
    print(f"Windows lane: {total['passed']} passed, {broken} failed, {total['skipped']} skipped in {seconds} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
