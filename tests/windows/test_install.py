"""A whole install in Windows' Python: real uv.exe, real torch for the processor, driven from Linux on a simulated PC.

The computer is as bad as they come: a Chinese Windows and folder, the usual limit on paths, no up-to-date Visual C++
runtime. `make test-windows` names the lab in SETUPWIZARD_WINDOWS_LAB and asks for this in SETUPWIZARD_WINDOWS_INSTALL.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from setupwizard.model.events import Outcome
from setupwizard.model.verification import Verification
from setupwizard.model.wire import from_json

PC = Path(__file__).parents[2] / "packaging" / "lab" / "pcs" / "pc.sh"
LAB = os.environ.get("SETUPWIZARD_WINDOWS_LAB", "")
SECONDS = 2400
ROOT = "C:\\用户\\张三\\深度 学习"
MISSING = "vcruntime140_threads.dll"
# each document goes to a file of its own, with the exit status behind it
ASK = rf"""
export WINEPATH='C:\Python313' # the one Python of this computer
root='{ROOT}'
folder="$WINEPREFIX/drive_c/用户/张三/深度 学习"
ask() {{
    code=0
    wine 'C:\Python313\python.exe' -m setupwizard "${{@:2}}" --env "$root" --json >"/lab/install/$1.json" || code=$?
    printf '\n%s' "$code" >>"/lab/install/$1.json"
}}
rm -rf /lab/install && mkdir /lab/install
ask apply apply --yes
ask verify verify
ls "$folder/gens/0001/Library/bin" >/lab/install/beside.txt
"""

pytestmark = [
    pytest.mark.timeout(SECONDS + 60),
    pytest.mark.skipif(sys.platform == "win32", reason="Linux drives this computer"),
    pytest.mark.skipif(
        not (LAB and os.environ.get("SETUPWIZARD_WINDOWS_INSTALL")),
        reason="installing torch in Windows' Python takes minutes; make test-windows does it",
    ),
]


@pytest.fixture(scope="module")
def results() -> Path:
    """Return the folder with what the wizard said."""
    result = subprocess.run(
        [PC, "office-old-runtime", "bash", "-c", ASK],
        env={**os.environ, "SETUPWIZARD_LAB": LAB, "LC_ALL": "zh_CN.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    folder = Path(LAB) / "share" / "install"
    assert (folder / "beside.txt").is_file(), result.stderr.decode("utf-8", "replace")[-4000:]
    return folder


def said(results: Path, name: str, kind: type[Any]) -> tuple[Any, int]:
    text, _end, code = (results / f"{name}.json").read_text("utf-8").rpartition("\n")
    return from_json(kind, text.encode(), name=name), int(code)


def test_it_is_installed_and_proved(results: Path) -> None:
    outcome, code = said(results, "apply", Outcome)
    assert (code, outcome.status, outcome.changed, outcome.root) == (0, "done", True, ROOT), outcome
    assert outcome.verification.passed
    assert outcome.verification.torch.variant == "cpu"
    steps = {step.id: step.status for step in outcome.steps}
    assert {steps[name] for name in ("fetch", "create", "install", "audit", "verify", "switch")} == {"done"}


def test_it_is_proved_again(results: Path) -> None:
    verification, code = said(results, "verify", Verification)
    assert (code, verification.passed, verification.level) == (0, True, "device")
    passed = {check.id for check in verification.checks if check.status == "pass"}
    assert {"files", "import", "matmul"} <= passed


def test_what_windows_lacked_lies_beside_torch(results: Path) -> None:
    assert MISSING in (results / "beside.txt").read_text("utf-8").split()
