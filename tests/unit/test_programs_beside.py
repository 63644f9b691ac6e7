"""The programs beside the package (benchmarks, scripts, packaging): no test runs all, so imports are looked up."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PROGRAMS = sorted(path for folder in ("benchmarks", "scripts", "packaging") for path in (TOP / folder).rglob("*.py"))


def imports(program: Path) -> Iterator[tuple[str, str]]:
    """Yield each name of ours that a program imports, as (module, name)."""
    for node in ast.walk(ast.parse(program.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "setupwizard":
            yield from ((node.module or "", alias.name) for alias in node.names)


def is_there(module: str, name: str) -> bool:
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError as error:
        return not (error.name or "").startswith("setupwizard")  # winreg, Qt: of another system, or not installed here
    return True


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.relative_to(TOP).as_posix())
def test_what_a_program_imports_of_ours_is_there(program: Path) -> None:
    assert [f"{module}.{name}" for module, name in imports(program) if not is_there(module, name)] == []


def test_a_name_that_is_gone_is_seen() -> None:
    assert is_there("setupwizard.tools.variables", "clean_environment")
    assert is_there("setupwizard.tools", "variables")
    assert not is_there("setupwizard.tools.environment", "clean_environment")
    assert not is_there("setupwizard.tools.variables", "unclean_environment")
