"""Generations for tests: built by unpacking wheels, as quickly as a test wants them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from helpers.make_wheels import unpack
from setupwizard import platforms
from setupwizard.store import generation
from setupwizard.store.layout import Root

WINDOWS = os.name == "nt"


def site_packages(root: Root, name: str) -> Path:
    folder = root.generation(name)
    return folder / "Lib" / "site-packages" if WINDOWS else folder / "lib" / "python3.11" / "site-packages"


def build(root: Root, name: str, wheels: Sequence[Path] = (), *, complete: bool = True, plan: str = "a" * 64) -> Path:
    """Make a generation with the shape of a virtual environment."""
    folder = generation.claim(root, name)
    python = platforms.python_in(folder)
    python.parent.mkdir()
    python.write_text("#!/bin/sh\n")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    target = site_packages(root, name)
    target.mkdir(parents=True)
    for wheel in wheels:
        unpack(wheel, target)
    if complete:
        generation.mark_complete(
            root,
            name,
            plan=plan,
            lock_sha256="b" * 64,
            files=len(wheels),
            torch="2.15.0+cpu",
            variant="cpu",
            python="3.11",
        )
    return folder
