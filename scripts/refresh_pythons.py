"""Writes resources/pythons.json: the Pythons that uv brings, from the list in uv's own source archive.

python scripts/refresh_pythons.py download-metadata.json DATE     (uv's sdist, crates/uv-python*/download-metadata.json)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "resources" / "pythons.json"
PLATFORMS = {
    ("linux", "x86_64", "gnu"): "linux_x86_64",
    ("linux", "aarch64", "gnu"): "linux_aarch64",
    ("windows", "x86_64", "none"): "win_amd64",
    ("windows", "aarch64", "none"): "win_arm64",
    ("darwin", "aarch64", "none"): "macos_arm64",
    ("darwin", "x86_64", "none"): "macos_x86_64",
}
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t")
BASE = "https://github.com/astral-sh/python-build-standalone/releases/download/"


def rows(metadata: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    """Return the newest release of each Python for each platform."""
    best: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
    for row in metadata.values():
        platform = PLATFORMS.get((row["os"], row["arch"]["family"], row["libc"]))
        free = row["variant"] == "freethreaded"
        python = f"{row['major']}.{row['minor']}" + ("t" if free else "")
        usable = row["name"] == "cpython" and not row["prerelease"] and row["arch"]["variant"] is None
        url = str(row["url"])
        if not usable or platform is None or python not in PYTHONS or row["variant"] not in {None, "freethreaded"}:
            continue
        if not url.startswith(BASE) or not url.endswith("install_only_stripped.tar.gz") or not row["sha256"]:
            continue
        found = {
            "python": python,
            "platform": platform,
            "version": f"{row['major']}.{row['minor']}.{row['patch']}",
            "path": url.removeprefix(BASE),
            "sha256": row["sha256"],
        }
        known = best.get((python, platform))
        newer = known is None or (row["patch"], found["path"]) > (known[0], known[1]["path"])
        if newer:
            best[python, platform] = (row["patch"], found)
    return [best[key][1] for key in sorted(best)]


def main() -> None:
    """Keep the places and sources of the file, and renew the rows."""
    metadata = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    document = json.loads(OUT.read_text("utf-8"))
    document |= {"date": sys.argv[2], "pythons": rows(metadata)}
    OUT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
