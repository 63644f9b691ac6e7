"""Writing a plan for other machines: what it is for, its locks, and that it is read again as it was meant."""

import hashlib

import pytest
from msgspec.structs import replace

from setupwizard.errors import SetupError
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Build
from setupwizard.steps.exporting import serves
from setupwizard.steps.opening import open_plan
from setupwizard.workflow import save_plan


def build(torch="2.15.0", variant="cu130", platform="linux_x86_64"):
    return Build(
        torch=torch, variant=variant, python="3.12", platform=platform, requirement=f"torch=={torch}+{variant}"
    )


def plan(**more):
    own = build(**more)
    version = f"{own.torch}+{own.variant}"
    tag = {"linux_x86_64": "manylinux_2_28_x86_64"}.get(own.platform, own.platform)
    sha256 = hashlib.sha256(f"{version} {own.platform}".encode()).hexdigest()
    packages = (
        package("torch", version, f"torch-{version}-cp312-cp312-{tag}.whl", sha256),
        package(
            "torchvision", f"0.29.2+{own.variant}", f"torchvision-0.29.2+{own.variant}-cp312-cp312-{tag}.whl", sha256
        ),
    )
    return Plan(
        id=sha256,
        root="/home/somebody/pytorch",
        generation="0001",
        backend="uv",
        python=PlanPython(version="3.12", source="found", path="/home/somebody/python"),
        build=own,
        source=PlanSource(id="official", kind="index", why=""),
        packages=packages,
    )


def package(name, version, file, sha256):
    url = f"https://download.pytorch.org/whl/{file.replace('+', '%2B')}"
    return Package(name=name, version=version, file=file, sha256=sha256, size=1000, url=url, origin="official")


@pytest.mark.parametrize(
    ("own", "taken", "left"),
    [
        (build(), {"7.5", "8.0", "8.9", "9.0", "12.0"}, {"3.5", "6.1", "7.0"}),
        (build(torch="2.13.0", variant="cu126"), {"6.1", "7.0", "8.9"}, {"3.5", "12.0"}),
    ],
)
def test_a_build_is_for_every_card_that_it_holds_code_for(own, taken, left):
    words = set(serves(own, load_catalogue()))
    assert taken <= words
    assert not left & words


def test_a_processor_build_is_for_the_processor():
    assert serves(build(variant="cpu"), load_catalogue()) == "cpu"


def test_several_builds_go_into_one_file_with_a_lock_each(tmp_path):
    file = tmp_path / "Herbst 2026 实验室.toml"
    plans = [plan(), plan(torch="2.13.0", variant="cu126"), plan(platform="win_amd64"), plan()]
    written = save_plan(plans, file)
    assert written.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    opened = open_plan(file)
    assert opened.sha256 == written.sha256
    assert [(row.platform, row.variant) for row in opened.plan.build] == [
        ("linux_x86_64", "cu130"),
        ("linux_x86_64", "cu126"),
        ("win_amd64", "cu130"),
    ]
    assert {path.name for path in tmp_path.iterdir()} == {file.name, *(path.name for path in written.locks)}
    assert opened.plan.build[0].companions == ("torchvision==0.29.2",)
    assert (opened.plan.driver.minimum, opened.plan.driver.policy) == ("525.60.13", "require")


def test_nothing_of_this_computer_is_in_the_file(tmp_path):
    file = tmp_path / "lab.toml"
    written = save_plan([plan()], file)
    text = file.read_text("utf-8") + "".join(lock.read_text("utf-8") for lock in written.locks)
    assert "somebody" not in text
    assert "://" not in file.read_text("utf-8")


def test_the_same_plans_give_the_same_bytes(tmp_path):
    one, two = tmp_path / "a" / "lab.toml", tmp_path / "b" / "lab.toml"
    for file in (one, two):
        file.parent.mkdir()
        save_plan([plan()], file)
    assert one.read_bytes() == two.read_bytes()


def test_another_name_than_toml_is_refused(tmp_path):
    with pytest.raises(SetupError) as caught:
        save_plan([plan()], tmp_path / "plan.json")
    assert caught.value.code == "usage"
    assert list(tmp_path.iterdir()) == []


def test_the_lock_names_wheels_alone(tmp_path):
    """A Python that this computer would bring is its own affair: another one has or brings its own."""
    archive = package("cpython", "3.12.16", "cpython-3.12.16+20261110-x86_64.tar.gz", "0" * 64)
    own = plan()
    written = save_plan([replace(own, packages=(*own.packages, archive))], tmp_path / "lab.toml")
    assert "cpython" not in written.locks[0].read_text("utf-8")
    assert open_plan(written.file).plan.build[0].python == "3.12"


def test_what_conda_chose_cannot_be_saved(tmp_path):
    own = plan()
    brought = package("python", "3.12.16", "python-3.12.16-h0_0.conda", "0" * 64)
    with pytest.raises(SetupError, match="--backend conda") as caught:
        save_plan([replace(own, packages=(*own.packages, brought))], tmp_path / "lab.toml")
    assert caught.value.exit_code() == 2
    assert list(tmp_path.iterdir()) == []
