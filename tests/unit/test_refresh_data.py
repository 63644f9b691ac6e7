"""`make refresh-data`, and a word to the maintainers when the bundled facts grow old."""

import json
import os
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from helpers.refreshing import RAW, publish_today
from helpers.wheel_index import ARM, LINUX, WINDOWS, WheelIndex
from setupwizard.model.catalogue import Catalogue, load_catalogue
from setupwizard.model.wire import read_document

SCRIPT = Path(__file__).parents[2] / "scripts" / "refresh_data.py"
OLD_DAYS = 120


def bundled_file(folder, url):
    source = {
        "id": "official",
        "name": "pytorch.org",
        "kind": "index",
        "url": url,
        "hosts": ["127.0.0.1"],
        "sources": [],
    }
    path = folder / "catalogue.json"
    path.write_text(json.dumps({**RAW, "package_sources": [source]}))
    return path


def rebuild(path):
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        [sys.executable, SCRIPT, "--file", path], capture_output=True, text=True, env=env, timeout=120, check=False
    )


def test_sources_that_cannot_be_reached_are_named_and_nothing_changes(tmp_path):
    with WheelIndex() as server:
        url = server.template
    path = bundled_file(tmp_path, url)
    before = path.read_bytes()
    ended = rebuild(path)
    assert ended.returncode == 14
    assert path.read_bytes() == before
    assert "not read: pytorch.org" in ended.stderr
    assert f"stays as it is, of {RAW['data_date']}" in ended.stderr.splitlines()[-1]


def test_the_file_is_rebuilt_from_what_the_index_lists_and_the_wheels_tell(tmp_path):
    with WheelIndex() as server:
        publish_today(server)
        server.add("2.16.0+cu136", platforms=(LINUX, WINDOWS, ARM))
        server.add("2.16.0+cu130", platforms=(LINUX, WINDOWS, ARM))
        path = bundled_file(tmp_path, server.template)
        ended = rebuild(path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "new: torch 2.16.0" in ended.stdout
    rebuilt = read_document(Catalogue, path)
    today = datetime.now(UTC).date().isoformat()
    assert (rebuilt.data_date, rebuilt.newest.torch) == (max(today, RAW["data_date"]), "2.16.0")
    row = rebuilt.arch_list("2.16.0", "cu130", "linux_aarch64")
    assert (row.sm, row.assumed_from) == (("8.0", "9.0", "10.0", "11.0", "12.0"), None)
    assert rebuilt.arch_list("2.16.0", "cu136", "win_amd64").assumed_from == "PyTorch 2.15 (cu132)"
    names = {variant.name for variant in rebuilt.variants if variant.kind == "cuda"}
    assert names == set(rebuilt.preference.newer_cards) == set(rebuilt.preference.older_cards)
    raw = json.loads(path.read_text("utf-8"))
    kept = ("driver_floors", "driver_cuda", "architectures", "companions", "amd", "intel", "jetson", "links", "macos")
    assert {name: raw[name] for name in kept} == {name: RAW[name] for name in kept}
    assert raw["arch_lists"][: len(RAW["arch_lists"])] == RAW["arch_lists"]
    assert [row["notes"] for row in raw["releases"][:-1]] == [row["notes"] for row in RAW["releases"]]
    assert len(path.read_text("utf-8").splitlines()) > 500  # in lines, so that a change can be read


@pytest.mark.filterwarnings("default::UserWarning")
def test_facts_of_more_than_a_few_months_are_pointed_out():
    """Nobody's work stops for it; who releases the next version sees it."""
    age = (datetime.now(UTC).date() - date.fromisoformat(load_catalogue().data_date)).days
    if age > OLD_DAYS:
        warnings.warn(f"the bundled facts are {age} days old: run `make refresh-data`", UserWarning, stacklevel=1)
    assert age > -2  # facts of the future are a mistake
