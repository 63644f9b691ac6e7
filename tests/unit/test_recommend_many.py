"""One build for several computers, or the word that there is none."""

from __future__ import annotations

import pytest

from helpers.facts import recommend, recommend_many
from helpers.machines import amd, linux, macos, nvidia, windows
from setupwizard.errors import SetupError
from setupwizard.model.machine import FoundPython, Gpu, PythonChoice
from setupwizard.model.recommendation import Wishes

NEW = windows(nvidia("8.9"), driver="581.57")
OLD = windows(nvidia("6.1"), driver="581.57")


def test_one_file_is_the_ordinary_decision_with_its_name() -> None:
    document = recommend_many([("room1.json", NEW)])
    alone = recommend(NEW)
    assert (document.verdict, document.build, document.reasons) == (alone.verdict, alone.build, alone.reasons)
    assert [(row.file, row.gpus, row.build) for row in document.machines] == [("room1.json", (0,), alone.build)]


def test_one_build_for_all() -> None:
    document = recommend_many([("a.json", NEW), ("b.json", OLD), ("c.json", NEW)])
    assert document.verdict == "gpu"
    assert document.build is not None
    assert document.build.requirement == "torch==2.14.1+cu126"
    assert [(row.file, row.gpus, row.build) for row in document.machines] == [
        ("a.json", (0,), document.build),
        ("b.json", (0,), document.build),
        ("c.json", (0,), document.build),
    ]
    assert [reason.code for reason in document.reasons] == ["mixed-machines"]
    assert document.alternatives[0].requirement == "torch==2.14.0+cu126"


def test_the_newest_for_a_room_of_equal_computers() -> None:
    document = recommend_many([("a.json", NEW), ("b.json", NEW)])
    assert document.build is not None
    assert document.build.requirement == "torch==2.15.0+cu130"


def test_no_build_for_all() -> None:
    newest = linux(nvidia("12.0"), driver="580.65.06")
    document = recommend_many([("a.json", newest), ("b.json", linux(nvidia("6.1"), driver="580.65.06"))])
    assert (document.verdict, document.build) == ("split", None)
    assert [row.build.requirement for row in document.machines if row.build] == [
        "torch==2.15.0+cu130",
        "torch==2.14.1+cu126",
    ]
    assert len(document.parts) == 2
    assert "b.json" in document.reasons[0].text


@pytest.mark.parametrize(
    "other",
    [
        linux(nvidia("8.9"), driver="580.65.06"),  # another system
        windows(),  # no card
        windows(nvidia("8.9")),  # no driver
        windows(amd("gfx1100")),
        macos(Gpu(vendor="apple", name="Apple M3")),
        linux(arch="i686"),
    ],
)
def test_computers_that_share_no_build(other: object) -> None:
    document = recommend_many([("a.json", NEW), ("b.json", other)])  # type: ignore[list-item]
    assert document.verdict == "split"
    assert len(document.machines) == 2


def test_processors_share_a_build() -> None:
    document = recommend_many([("a.json", linux()), ("b.json", linux(libc="glibc 2.27"))])
    assert document.verdict == "cpu"
    assert document.build is not None
    assert document.build.requirement == "torch==2.6.0+cpu"


def test_computers_that_all_wait_for_a_driver() -> None:
    document = recommend_many([("a.json", linux(nvidia("8.9"))), ("b.json", linux(nvidia("6.1")))])
    assert document.verdict == "fix-driver"
    assert document.after is not None
    assert document.after.requirement == "torch==2.14.1+cu126"
    assert {action.code for action in document.actions} == {"install-nvidia-driver", "use-cpu-build"}
    apart = recommend_many([("a.json", linux(nvidia("12.0"))), ("b.json", linux(nvidia("6.1")))])
    assert apart.verdict == "split"


def test_the_same_other_route_for_all() -> None:
    document = recommend_many([("a.json", windows(amd("gfx1100"))), ("b.json", windows(amd("gfx1030")))])
    assert document.verdict == "other-route"
    assert all(action.url for action in document.actions if action.code == "use-amd-index")


def test_a_python_that_all_have() -> None:
    def with_pythons(*versions: str) -> object:
        found = tuple(FoundPython(path=f"/opt/{version}", version=version) for version in versions)
        return windows(nvidia("8.9"), driver="581.57", pythons=found)

    both = recommend_many([("a.json", with_pythons("3.11.4", "3.13.1")), ("b.json", with_pythons("3.11.9"))])  # type: ignore[list-item]
    assert both.build is not None
    assert both.build.python == "3.11"
    none = recommend_many([("a.json", with_pythons("3.11.4")), ("b.json", with_pythons("3.13.1"))])  # type: ignore[list-item]
    assert none.build is not None
    assert none.build.python == "3.12"


def test_pythons_that_are_insisted_on_and_differ() -> None:
    def insisting(version: str) -> object:
        return windows(nvidia("8.9"), driver="581.57", python=PythonChoice(version=version, fixed=True))

    assert recommend_many([("a", insisting("3.11")), ("b", insisting("3.12"))]).verdict == "split"  # type: ignore[list-item]
    same = recommend_many([("a", insisting("3.11")), ("b", insisting("3.11.9"))])  # type: ignore[list-item]
    assert same.build is not None
    assert same.build.python == "3.11"


def test_wishes_hold_for_all() -> None:
    document = recommend_many([("a.json", NEW), ("b.json", OLD)], Wishes(torch="2.13.0"))
    assert document.build is not None
    assert document.build.requirement == "torch==2.13.0+cu126"
    with pytest.raises(SetupError) as caught:
        recommend_many([("a.json", NEW), ("b.json", windows())], Wishes(gpus=(0,)))
    assert caught.value.code == "usage"
