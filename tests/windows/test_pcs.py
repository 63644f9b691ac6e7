"""The computers of packaging/lab/pcs: Windows' Python looks at each and decides about it, in Wine, driven from Linux.

SETUPWIZARD_WINDOWS_LAB names the folder of a lab that packaging/lab/make.sh built. SETUPWIZARD_WINDOWS_PROGRAM names a
packaged program, as the lab sees it, that is asked instead of the checkout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.wire import from_json

PCS = Path(__file__).parents[2] / "packaging" / "lab" / "pcs"
LAB = os.environ.get("SETUPWIZARD_WINDOWS_LAB", "")
SECONDS = 280
# "-" stands for the document; the exit status is the last line of each part
PROGRAM = os.environ.get("SETUPWIZARD_WINDOWS_PROGRAM") or r"C:\Python313\python.exe' -m 'setupwizard"
ASK = rf"""
wine '{PROGRAM}' detect --json >/tmp/machine.json || true
cat /tmp/machine.json
echo "=== 0"
wine '{PROGRAM}' recommend --machine 'Z:\tmp\machine.json' --json && code=0 || code=$?
echo "=== $code"
"""
OF_WINE = "0000:0000"
"""The PCI id of the adapter that Wine itself adds to every computer."""

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Linux drives these computers"),
    pytest.mark.skipif(not LAB, reason="SETUPWIZARD_WINDOWS_LAB names no lab; make test-windows builds one"),
]


def names() -> list[str]:
    return sorted(folder.name for folder in PCS.iterdir() if (folder / "machine.reg").is_file())


@pytest.fixture(scope="module", params=names())
def pc(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return what is expected of a computer, what was detected there, and what is recommended for it."""
    name = str(request.param)
    expected = json.loads((PCS / name / "expected.json").read_text("utf-8"))
    result = subprocess.run(
        [PCS / "pc.sh", name, "bash", "-c", ASK],
        env={**os.environ, "SETUPWIZARD_LAB": LAB},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    said = result.stderr.decode("utf-8", "replace")
    parts = result.stdout.decode("utf-8").split("=== ")
    assert len(parts) == 3, said
    machine, recommendation = parts[0], parts[1].partition("\n")[2]
    from_json(Machine, machine.encode(), name="machine")
    from_json(Recommendation, recommendation.encode(), name="recommendation")
    expected["found exit"] = int(parts[2])
    return expected, json.loads(machine), json.loads(recommendation)


Pc = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


def test_the_cards_and_their_facts(pc: Pc) -> None:
    expected, machine, _recommendation = pc
    cards = {gpu["pci_id"]: gpu for gpu in machine["gpus"] if gpu["pci_id"] != OF_WINE}
    assert set(cards) == {gpu["pci_id"] for gpu in expected["gpus"]}
    for gpu in expected["gpus"]:
        found = cards[gpu["pci_id"]]
        assert {name: found[name] for name in gpu} == gpu
        assert "registry" in found["sources"]
        assert "setupapi" in found["sources"]


def test_the_driver_and_the_surroundings(pc: Pc) -> None:
    expected, machine, _recommendation = pc
    driver = machine["nvidia_driver"]
    assert (driver["version"] if driver else None) == expected["nvidia_driver"]
    assert machine["os"] == "windows"
    assert machine["arch"] == "x86_64"
    found = machine["environment"]
    assert {name: found[name] for name in expected["environment"]} == expected["environment"]


def test_what_is_noticed(pc: Pc) -> None:
    expected, machine, _recommendation = pc
    assert sorted(finding["code"] for finding in machine["findings"]) == sorted(expected["findings"])


def test_the_verdict(pc: Pc) -> None:
    expected, _machine, recommendation = pc
    assert recommendation["verdict"] == expected["verdict"]
    assert recommendation["build"]["variant"] == expected["variant"]
    assert recommendation["build"]["platform"] == "win_amd64"
    if "after" in expected:
        assert recommendation["after"]["variant"] == expected["after"]
    assert [action["code"] for action in recommendation["actions"]] == expected["actions"]
    assert expected["found exit"] == expected["exit"]
