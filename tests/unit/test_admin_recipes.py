"""The recipes for administrators: every command line in them is one that the program takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from setupwizard.cli.main import verbs as program

TOP = Path(__file__).resolve().parents[2]
RECIPES = [*sorted((TOP / "docs" / "admin").glob("*.md")), *sorted((TOP / "packaging" / "admin").iterdir())]
_VERBS = "|".join(program.commands)
_COMMAND = re.compile(rf"(?:setupwizard(?:\.exe)?\"?|\$program)\s+((?:{_VERBS})\b[^`|\n)]*)")


def commands() -> Iterator[tuple[str, str]]:
    for file in RECIPES:
        for match in _COMMAND.finditer(file.read_text("utf-8")):
            yield file.name, re.split(r"\s{2,}", match[1].strip())[0]  # what stands further to the right explains it


@pytest.mark.parametrize(("file", "line"), sorted(set(commands())))
def test_every_command_line_is_one_that_the_program_takes(file: str, line: str) -> None:
    words = shlex.split(line.replace("\\", "/"))
    command = program.commands[words[0]]
    parser = command.make_parser(click.Context(command, info_name=words[0]))
    values, rest, _order = parser.parse_args([word for word in words[1:] if word != "..."])
    assert not rest, f"{file}: {line}"
    assert values, f"{file}: {line}"


def test_there_are_recipes_to_check() -> None:
    found = {file for file, _line in commands()}
    assert {"windows-tools.md", "intune-detect.ps1", "startup.cmd", "pytorch.winget"} <= found
