"""Makes environments whose torch is a stand-in: the outermost edge of what the proof looks at."""

from __future__ import annotations

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def bare_environment(folder: Path, *, code: str = "") -> Path:
    """Return the interpreter of a fresh environment without any package; `code` runs whenever it starts."""
    if find_spec("venv"):
        import venv

        venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    else:  # the embeddable Python of Windows comes without
        import subprocess

        import uv

        subprocess.run(
            [uv.find_uv_bin(), "venv", "-q", "--python", sys.executable, str(folder)], check=True, timeout=120
        )
    if code:
        (packages_of(folder) / "sitecustomize.py").write_text(code, encoding="utf-8")
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def packages_of(folder: Path) -> Path:
    """Return the folder of an environment's packages."""
    if sys.platform == "win32":
        return folder / "Lib" / "site-packages"
    return next((folder / "lib").glob("python3*")) / "site-packages"


def fake_torch_environment(folder: Path, **scenario: Any) -> Path:
    """Return the interpreter of an environment with the stand-in torch, which behaves as the scenario says."""
    python = bare_environment(folder)
    package = packages_of(folder) / "torch"
    shutil.copytree(HERE / "fake_torch" / "torch", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "scenario.json").write_text(json.dumps(scenario), encoding="utf-8")
    return python


def pretend_card_environment(folder: Path, real_python: Path, real_packages: Path, **scenario: Any) -> Path:
    """Return the interpreter of an environment with a real processor build of torch that claims to have a card.

    Args:
        folder: where to make it.
        real_python: an interpreter of the version that the real torch was installed for.
        real_packages: the site-packages that hold it.
        scenario: see pretend_card.py.
    """
    import subprocess

    subprocess.run([str(real_python), "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    packages = packages_of(folder)
    (packages / "real.pth").write_text(f"{real_packages}\n", encoding="utf-8")
    shutil.copy(HERE / "fake_torch" / "pretend_card.py", packages / "sitecustomize.py")
    (packages / "scenario.json").write_text(json.dumps(scenario), encoding="utf-8")
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
