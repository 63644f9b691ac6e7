"""The command of page 3: what a person would type to get the same."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from gui import recorded
from setupwizard.codes import SourceKind
from setupwizard.gui.command import command
from setupwizard.model.plan import Plan, PlanSource, PlanStep

TAGGED = "pip install torch==2.15.0+cu130 torchvision==0.30.0+cu130"


def plan(source: str, kind: SourceKind, **changes: object) -> Plan:
    return recorded.plan(source=PlanSource(id=source, kind=kind, why=""), **changes)


@pytest.mark.parametrize(
    ("source", "kind", "wanted"),
    [
        (
            "official",
            "index",
            "pip install torch==2.15.0 torchvision==0.30.0 --index-url https://download.pytorch.org/whl/cu130",
        ),
        (
            "sjtu",
            "index",
            "pip install torch==2.15.0 torchvision==0.30.0 --index-url https://mirror.sjtu.edu.cn/pytorch-wheels/cu130",
        ),
        (
            "aliyun",
            "find-links",
            f"{TAGGED} --find-links https://mirrors.aliyun.com/pytorch-wheels/cu130/",
        ),
        ("pip-config", "pip-config", TAGGED),
        ("general", "general", TAGGED),
        ("named", "index", ""),
    ],
)
def test_each_source_has_its_command(source: str, kind: SourceKind, wanted: str) -> None:
    assert command(plan(source, kind)) == wanted


def test_a_folder_is_named(tmp_path: Path) -> None:
    packages = tuple(
        replace(package, url=(tmp_path / "my wheels" / package.file).as_uri()) for package in recorded.plan().packages
    )
    line = command(plan("folder", "folder", packages=packages))
    assert line == (
        f'pip install torch==2.15.0+cu130 torchvision==0.30.0+cu130 --no-index --find-links "{tmp_path / "my wheels"}"'
    )


def test_what_is_not_in_the_plan_is_not_in_the_command() -> None:
    alone = tuple(package for package in recorded.plan().packages if package.name != "torchvision")
    assert "torchvision" not in command(plan("official", "index", packages=alone))


def test_conda_makes_the_environment_and_pip_fills_it() -> None:
    create = PlanStep(id="create", title="", argv=("conda", "create", "--yes", "--prefix", "C:\\my env", "python=3.12"))
    made = plan("official", "index", backend="conda", steps=(create,))
    first, second = command(made).splitlines()
    assert first == 'conda create --yes --prefix "C:\\my env" python=3.12'
    assert second.startswith("pip install torch==2.15.0")
    assert command(replace(made, source=PlanSource(id="conda-forge", kind="index", why=""))) == first
