"""The programs to try PyTorch with, run by a real torch exactly as a person would run them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from setupwizard.model.snippets import snippets

NAME = "SETUPWIZARD_TORCH_PYTHON"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get(NAME), reason=f"{NAME} names no interpreter with torch"),
]

PROGRAMS = {snippet.id: snippet.code for snippet in snippets("cpu")}


def run(name: str, folder: Path) -> list[str]:
    program = folder / "try.py"
    program.write_text(PROGRAMS[name], encoding="utf-8")
    done = subprocess.run([os.environ[NAME], program.name], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_snippet_of_a_calculation_does_what_it_says(tmp_path: Path) -> None:
    device, mean = run("tensor", tmp_path)[0].split()
    assert device == "cpu"
    assert abs(float(mean) - 500) < 5


def test_the_snippet_of_a_differentiation_does_what_it_says(tmp_path: Path) -> None:
    assert run("autograd", tmp_path) == ["8.0"]


def test_the_snippet_of_a_network_learns(tmp_path: Path) -> None:
    steps, losses = zip(*(line.split() for line in run("network", tmp_path)), strict=True)
    assert steps == ("100", "200", "300", "400", "500")
    assert float(losses[-1]) < float(losses[0]) < 1


def test_the_snippet_of_batches_does_what_it_says(tmp_path: Path) -> None:
    assert run("loader", tmp_path) == ["16 torch.Size([40, 8]) cpu"]


def test_the_snippet_of_saving_does_what_it_says(tmp_path: Path) -> None:
    assert run("save", tmp_path) == ["True"]
    assert (tmp_path / "model.pt").is_file()


def test_every_program_is_tested() -> None:
    assert list(PROGRAMS) == ["tensor", "autograd", "network", "loader", "save"]
