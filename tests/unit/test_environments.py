"""The second visit's list: real folders of environments, and what each says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers.machines import linux, nvidia
from helpers.torch_environment import packages_of
from setupwizard import workflow
from setupwizard.model.machine import FoundTorch, NvidiaDriver
from setupwizard.model.plan import Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Device, Verification
from setupwizard.steps import history
from setupwizard.steps.recommend import recommend
from setupwizard.steps.records import write_records
from setupwizard.store import generation
from setupwizard.store.known_roots import known_roots, remember
from setupwizard.store.layout import Root

pytestmark = pytest.mark.posix_only("the folders of an environment are named in the way of POSIX")


def build(torch: str = "2.13.0", variant: str = "cpu") -> Build:
    return Build(
        torch=torch,
        variant=variant,
        python="3.12",
        platform="linux_x86_64",
        requirement=f"torch=={torch}+{variant}",
    )


def proof(verdict: str = "pass", started: str = "2026-10-20T10:00:00Z", driver: str | None = None) -> Verification:
    return Verification(
        passed=verdict in {"pass", "warn"},
        verdict=verdict,  # type: ignore[arg-type]
        level="device",
        mode="quick",
        devices=(Device(index=0, name="card", driver=driver),) if driver else (),
        started=started,
    )


def make(folder: Path, name: str = "0001", made: Build | None = None, proved: Verification | None = None) -> Root:
    """Make a generation as an install leaves it, and put it in use."""
    root, made = Root(folder), made or build()
    root.prepare()
    place = generation.claim(root, name)
    (place / "bin").mkdir()
    (place / "bin" / "python").write_text("#!/bin/sh\n")
    torch = place / "lib" / "python3.12" / "site-packages" / "torch"
    torch.mkdir(parents=True)
    (torch / "version.py").write_text(f"__version__ = '{made.torch}+{made.variant}'\n")
    plan = Plan(
        id="a" * 64,
        root=str(root.path),
        generation=name,
        backend="uv",
        python=PlanPython(version="3.12", source="found"),
        build=made,
        recommended=made,
        source=PlanSource(id="official", kind="index", why=""),
    )
    write_records(root, name, plan, proved or proof())
    generation.mark_complete(
        root, name, plan=plan.id, lock_sha256="b" * 64, files=1, torch=made.torch, variant=made.variant, python="3.12"
    )
    generation.switch(root, name)
    return root


def only(machine=None, decision=None):  # type: ignore[no-untyped-def]
    (one,) = workflow.environments(machine, decision)
    return one


def test_a_computer_without_environments_has_none(home: Path) -> None:
    assert workflow.environments(None, None) == ()
    assert workflow.free_root() == home / "pytorch"


def test_one_in_the_default_place_is_known_without_a_note(home: Path) -> None:
    make(home / "pytorch")
    one = only()
    assert (one.torch, one.variant, one.python) == ("2.13.0", "cpu", "3.12")
    assert one.standing == "checked"
    assert "2026-10-20" in one.text
    assert workflow.free_root() == home / "pytorch-2"


def test_one_elsewhere_is_known_once_it_was_noted(home: Path, tmp_path: Path) -> None:
    root = make(tmp_path / "elsewhere")
    assert known_roots() == ()
    remember(root)
    remember(root)
    assert known_roots() == (root,)
    assert only().root == str(root.path)
    workflow.remove(root)
    assert workflow.environments(None, None) == ()


def test_a_note_that_somebody_spoiled_is_no_note(home: Path) -> None:
    file = home / "setupwizard" / "environments.json"
    file.parent.mkdir()
    for text in ("{", '{"schema": 1, "roots": ["relative", 5]}', '{"schema": 1, "roots": ["relative/path"]}'):
        file.write_text(text)
        assert known_roots() == ()


def test_missing_files_are_seen(home: Path) -> None:
    root = make(home / "pytorch")
    (root.generation("0001") / "lib/python3.12/site-packages/torch/version.py").unlink()
    assert (only().standing, only().text) == ("broken", "Files of PyTorch are missing.")
    (root.generation("0001") / "bin/python").unlink()
    assert (only().standing, only().text) == ("broken", "The Python that it was made with is gone.")
    root.complete_json("0001").unlink()
    assert (only().standing, only().text) == ("broken", "Its installation is not complete.")


def test_the_newest_proof_counts(home: Path) -> None:
    root = make(home / "pytorch")
    history.remember(root.path, proof("fail", "2026-11-01T10:00:00Z"))
    assert only().standing == "broken"
    history.remember(root.path, proof("warn", "2026-11-02T10:00:00Z"))
    assert only().standing == "warned"
    history.remember(root.path, proof("not-verified", "2026-11-03T10:00:00Z"))
    assert only().standing == "unchecked"


def test_going_back_names_what_it_leads_to(home: Path) -> None:
    root = make(home / "pytorch")
    assert only().back_to is None
    make(root.path, "0002", build("2.15.0"))
    assert only().back_to == "2.13.0+cpu"
    assert workflow.roll_back(root).current == "0001"
    assert only().torch == "2.13.0"


def test_a_newer_build_is_an_update_unless_no_server_had_it_last_time(home: Path) -> None:
    machine = linux()
    decision = recommend(machine)
    newest = decision.build
    assert newest is not None
    make(home / "pytorch", made=build("2.10.0"))
    one = only(machine, decision)
    assert (one.standing, one.update) == ("update", f"{newest.torch}+cpu")
    root = make(home / "pytorch", "0002", build("2.10.0"))
    plan = root.generation("0002") / "plan.json"
    plan.write_text(
        plan.read_text().replace(
            '"recommended": {\n    "torch": "2.10.0"', f'"recommended": {{\n    "torch": "{newest.torch}"'
        )
    )
    assert only(machine, decision).standing == "checked", "the servers that were asked did not have it"


def test_another_driver_and_one_that_is_too_old_are_told(home: Path) -> None:
    card = nvidia("8.9")
    new = linux(card, driver="580.95.05")
    make(home / "pytorch", made=build("2.15.0", "cu130"), proved=proof(driver="580.65.06"))
    changed = only(new)
    assert changed.standing == "driver"
    assert "580.65.06" in changed.text
    assert "580.95.05" in changed.text
    same = replace(new, nvidia_driver=NvidiaDriver(version="580.65.06"))
    assert only(same).standing == "checked"
    old = replace(new, nvidia_driver=NvidiaDriver(version="535.54.03"))
    assert (only(old).standing, only(old).text) == ("driver", "The graphics driver is too old for it, or gone.")


def test_what_another_program_made_is_listed_and_ours_not_twice(home: Path, tmp_path: Path) -> None:
    root = make(home / "pytorch")
    venv = tmp_path / "venv"
    (venv / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    assert packages_of(venv)
    machine = linux(
        torches=(
            FoundTorch(env=str(venv), version="2.9.1+cpu", variant="cpu", python="3.12"),
            FoundTorch(env=str(root.generation("0001")), version="2.13.0+cpu", variant="cpu", python="3.12"),
            FoundTorch(env=str(tmp_path / "gone"), version="2.9.1", variant=None, python=None),
        )
    )
    ours, other = workflow.environments(machine, None)
    assert ours.own
    assert (other.root, other.own, other.torch, other.standing) == (str(venv), False, "2.9.1", "unchecked")
    history.remember(venv, proof("fail"))
    assert workflow.environments(machine, None)[1].standing == "broken"


def test_what_tidying_gives_back_is_measured(home: Path) -> None:
    root = make(home / "pytorch")
    wheel = root.store / ("c" * 64)
    wheel.mkdir()
    (wheel / "torch.whl").write_bytes(bytes(50_000))
    one = workflow.measured(only())
    assert one.free_bytes == 50_000
    assert one.bytes > 50_000
    assert workflow.collect_garbage(root).freed_bytes == 50_000
    assert workflow.measured(only()).free_bytes == 0
