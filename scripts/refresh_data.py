"""Rebuild resources/catalogue.json from its sources: the pages of the official index, and new wheels themselves.

What no server can tell stays as it is, with its own sources: drivers, cards, libraries, notes. When the official index
cannot be read whole, the file stays untouched and the program ends with exit code 14.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from setupwizard.codes import exit_code
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.merging import merge, seen
from setupwizard.model.refreshed import Refreshed
from setupwizard.model.wire import from_json, read_document, to_builtins
from setupwizard.steps.refresh import refresh
from setupwizard.tools.concurrency import Cancel

CATALOGUE = Path(__file__).resolve().parent.parent / "resources" / "catalogue.json"
LONGEST_ROW = 330
BY_HAND = "drivers, cards, cuDNN limits, AMD, Intel and Jetson rows are facts of other works: they are kept by hand"


def rebuilt(raw: dict[str, Any], bundled: Catalogue, known: Refreshed) -> dict[str, Any]:
    """Return the file's content with what the servers listed; what nobody changed stays letter for letter."""
    merged = merge(bundled, known)
    new = dict(raw)
    new["data_date"] = merged.data_date
    new["sources"] = {**raw["sources"], "refreshed": merged.evidence["refreshed"]}
    names = [row["name"] for row in raw["variants"]]
    added = [variant for variant in merged.variants if variant.name not in names]
    new["variants"] = [*raw["variants"], *map(plain, added)]
    more = [variant.name for variant in added if variant.kind == "cuda"]
    order = raw["preference"]
    new["preference"] = order | {key: [*order[key], *more] for key in ("newer_cards", "older_cards")}
    new["releases"] = releases(raw, bundled, merged, known)
    for name, key in (("cudnn", "builds"), ("local_tags", "without")):
        before, after = getattr(getattr(bundled, name), key), getattr(getattr(merged, name), key)
        new[name] = raw[name] | {key: [*raw[name][key], *map(plain, after[len(before) :])]}
    new["arch_lists"] = [*raw["arch_lists"], *map(plain, merged.arch_lists[len(bundled.arch_lists) :])]
    return new


def releases(raw: dict[str, Any], bundled: Catalogue, merged: Catalogue, known: Refreshed) -> list[Any]:
    rows = {row["torch"]: row for row in raw["releases"]}
    official = [page for page in known.pages if page.source == bundled.official.id]
    listed = {torch for one in seen(bundled, official).values() for torch, _platform in one.builds}
    found = []
    for release in merged.releases:
        row = rows.get(release.torch)
        if row is None:
            found.append(plain(release))
            continue
        before = bundled.release(release.torch)
        if before is not None and release.builds != before.builds:
            row = row | {"builds": {name: plain(build) for name, build in release.builds.items()}}
        if release.torch in listed and row["status"] != "read":
            row = row | {"status": "read", "sources": [*row["sources"], "refreshed"]}
        found.append(row)
    return found


def plain(value: object) -> Any:
    """Return a row as it stands in the file: without what is not set."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if hasattr(value, "__struct_fields__"):
        return {name: plain(one) for name, one in to_builtins(value).items() if one not in (None, [], {})}
    return value


def text_of(value: Any, depth: int = 0) -> str:
    """Return JSON as the file has it: a row of facts on one line, what is long or holds rows on several."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (isinstance(value, list) and not holds_rows(value)):
        return line
    if depth > 0 and not holds_rows(value) and len(line) <= LONGEST_ROW:
        return line
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + text_of(one, depth + 1) for one in value) + f"\n{outer}]"
    rows = (f"{inner}{json.dumps(name)}: {text_of(one, depth + 1)}" for name, one in value.items())
    return "{\n" + ",\n".join(rows) + f"\n{outer}}}"


def holds_rows(value: Any) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(one, dict) for one in inside)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=CATALOGUE, help="the file to rebuild")
    path = parser.parse_args().file
    bundled, raw = read_document(Catalogue, path), json.loads(path.read_text("utf-8"))
    answers = refresh(bundled, None, today=datetime.now(UTC).date().isoformat(), cancel=Cancel())
    silent = [one for one in answers.asked if one.code != "ok"]
    for one in silent:
        print(f"not read: {one.name}: {one.text}", file=sys.stderr)
    if bundled.official.id in {one.id for one in silent}:
        print(
            f"{path.name} stays as it is, of {bundled.data_date}: the official index has to be read whole",
            file=sys.stderr,
        )
        return exit_code("network")
    new = rebuilt(raw, bundled, answers.refreshed)
    text = text_of(new) + "\n"
    from_json(Catalogue, text.encode(), name=path.name)  # nothing is written that could not be read again
    path.write_text(text, encoding="utf-8")
    known = {release["torch"] for release in raw["releases"]}
    for release in new["releases"]:
        if release["torch"] not in known:
            print(f"new: torch {release['torch']}")
    print(f"{path.name} is of {new['data_date']} now; {BY_HAND}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
