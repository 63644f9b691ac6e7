"""Exchanging packages in somebody's environment: real uv and made-up wheels; what goes wrong leaves no trace."""

import hashlib

import pytest

from helpers.make_wheels import make_wheel, package_of, unpack
from helpers.torch_environment import bare_environment
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.plan import Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Verification
from setupwizard.steps import foreign
from setupwizard.steps.repairing import change_texts, repair, to_exchange, undo_unfinished
from setupwizard.steps.tracking import Track
from setupwizard.store.aside import FOLDER, begin
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.tools.concurrency import Cancel

PROOF = Verification(passed=True, verdict="pass", level="device", mode="quick", started="2026-11-23T00:00:00Z")
BUILD = Build(torch="2.0", variant="cpu", python="3.11", platform="linux_x86_64", requirement="torch==2.0+cpu")


@pytest.fixture
def environment(tmp_path):
    folder = tmp_path / "env 环境"
    bare_environment(folder)
    found = foreign.look(folder)
    for name, version in (("torch", "1.0"), ("nvidia_x", "1.0"), ("numpy", "1.26"), ("mine", "7.0")):
        unpack(make_wheel(tmp_path / "old", name, version), found.site_packages)
    return found


@pytest.fixture
def wheels(tmp_path):
    rows = (("torch", "2.0+cpu"), ("nvidia_x", "2.0"), ("numpy", "2.3"), ("sympy", "1.14"), ("pip", "26.0"))
    return [package_of(make_wheel(tmp_path / "new", name, version)) for name, version in rows]


@pytest.fixture
def scratch(tmp_path):
    root = Root(tmp_path / "scratch")
    root.prepare()
    with working_on(root):
        yield root


def plan(wheels) -> Plan:
    return Plan(
        id="0" * 64,
        root="/r",
        generation="0001",
        backend="uv",
        python=PlanPython(version="3.11", source="found"),
        build=BUILD,
        source=PlanSource(id="x", kind="index", why=""),
        packages=tuple(wheels),
    )


def state(found) -> dict[str, str]:
    return {
        path.relative_to(found.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found.folder.rglob("*")
        if path.is_file() and FOLDER not in path.parts and "__pycache__" not in path.parts
    }


def track() -> Track:
    return Track(lambda _event: None, Cancel())


def test_what_the_person_installed_stays_and_what_comes_along_does_not_come(environment, wheels):
    chosen = to_exchange(environment, plan(wheels), ())
    assert [package.name for package in chosen] == ["torch", "nvidia_x", "sympy"]
    assert change_texts(environment, chosen) == (
        "torch 1.0 -> 2.0+cpu",
        "nvidia-x 1.0 -> 2.0",
        "sympy -> 1.14",
    )
    assert "numpy" in [package.name for package in to_exchange(environment, plan(wheels), {"numpy"})]


def test_an_exchange_that_is_proved(environment, wheels, scratch):
    chosen = to_exchange(environment, plan(wheels), ())
    assert repair(environment, scratch, chosen, lambda: PROOF, track()) is PROOF
    now = environment.packages()
    assert (now["torch"], now["nvidia-x"], now["sympy"]) == ("2.0+cpu", "2.0", "1.14")
    assert (now["numpy"], now["mine"]) == ("1.26", "7.0")
    assert not scratch.work.exists()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SetupError("wrong-results", problem="The sum is wrong."), "cure-undone"),
        (SetupError("audit-failed"), "cure-undone"),
        (SetupError("disk-full", path="/x"), "disk-full"),
        (Cancelled(), "cancelled"),
        (KeyboardInterrupt(), None),
    ],
)
def test_whatever_ends_the_proof_everything_is_put_back(environment, wheels, scratch, error, told):
    before = state(environment)

    def prove() -> Verification:
        assert environment.packages()["torch"] == "2.0+cpu"
        raise error

    with pytest.raises((SetupError, KeyboardInterrupt)) as ended:
        repair(environment, scratch, to_exchange(environment, plan(wheels), ()), prove, track())
    assert getattr(ended.value, "code", None) == told
    if told == "cure-undone":
        assert "Every file is as it was before." in ended.value.advice
        assert "deleted" not in str(ended.value)
        assert ended.value.exit_id == "drift"
    assert state(environment) == before
    assert not (environment.folder / FOLDER).exists()


def test_a_wheel_that_uv_refuses_changes_nothing(environment, tmp_path, scratch):
    before = state(environment)
    broken = package_of(make_wheel(tmp_path / "bad", "torch", "2.0+cpu", broken="lying-record"))
    with pytest.raises(SetupError):
        repair(environment, scratch, (broken,), lambda: PROOF, track())
    assert state(environment) == before


def test_what_a_dead_run_left_is_undone_by_the_next(environment, wheels):
    before = state(environment)
    begin(environment.folder).take_out({"torch"}, [])
    assert state(environment) != before
    undo_unfinished(environment)
    assert state(environment) == before
