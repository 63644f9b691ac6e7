"""The table of machines: one line of facts, and what is right for it.

A line is parts with "; " between them. The first is the system: linux, wsl, windows or macos, then words: a processor
(x86_64 is meant otherwise, arm64 for macOS), glibc=2.27, musl=1.2, os=10.0.19045, jetpack=6.2, container=docker,
secure-boot. The others begin with what they are about:

    nvidia, amd, intel, apple, qualcomm, other   a card: id= cc= gfx= name= (_ for a space) kernel= from=nvml+sysfs
                                                 seen=yes|no integrated=yes|no laptop=yes|no
    driver VERSION [cuda=12.6]                   the NVIDIA driver
    python VERSION[t] [bits=32]                  the Python that is insisted on
    found VERSION...                             the Pythons of the machine
    finding CODE                                 what detection noticed
    wish [torch=] [variant=] [python=] [gpu=0,1] [cpu]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from setupwizard.model.machine import Finding, FoundPython, Gpu, Machine, NvidiaDriver, PythonChoice, Surroundings
from setupwizard.model.recommendation import Recommendation, Wishes

TABLE = Path(__file__).parent.parent / "machines" / "table.toml"
_VENDORS = {"nvidia", "amd", "intel", "apple", "qualcomm", "other"}
_YES = {"yes": True, "no": False}


class Row(NamedTuple):
    """One machine with the answer that is right for it."""

    facts: str
    why: str
    verdict: str
    build: str
    python: str | None
    gpus: tuple[int, ...]
    after: str
    actions: tuple[str, ...]

    @property
    def machine(self) -> Machine:
        return machine_of(self.facts)

    @property
    def wishes(self) -> Wishes:
        return wishes_of(self.facts)


def rows() -> list[Row]:
    """Return the table."""
    known = {"facts", "why", "verdict", "build", "python", "gpus", "after", "actions"}
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    read = table["machine"]
    assert all(set(row) <= known for row in read), [set(row) - known for row in read]
    return [
        Row(
            facts=row["facts"],
            why=row["why"],
            verdict=row["verdict"],
            build=row["build"].replace("newest", table["newest"]),
            python=row.get("python"),
            gpus=tuple(row.get("gpus", ())),
            after=row.get("after", "-").replace("newest", table["newest"]),
            actions=tuple(row.get("actions", ())),
        )
        for row in read
    ]


def machine_of(facts: str) -> Machine:
    """Return the machine that a line describes."""
    head, *parts = [part.strip().split() for part in facts.split(";")]
    system, wsl = ("linux", True) if head[0] == "wsl" else (head[0], False)
    arch = "arm64" if system == "macos" else "x86_64"
    surroundings: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for word in head[1:]:
        name, _sign, value = word.partition("=")
        if name in {"glibc", "musl"}:
            more["libc"] = f"{name} {value}"
        elif name in {"os", "jetpack"}:
            more["os_version" if name == "os" else name] = value
        elif name == "container":
            surroundings[name] = value
        elif name == "secure-boot":
            surroundings["secure_boot"] = True
        else:
            assert not value, word
            arch = name
    for part in parts:
        _add(more, part)
    return Machine(
        os=system,  # type: ignore[arg-type]
        arch=arch,
        wsl=wsl,
        environment=Surroundings(**surroundings),
        **{"gpus": (), **more},
    )


def _add(more: dict[str, Any], part: list[str]) -> None:
    kind, values = part[0], dict(word.split("=", 1) for word in part[1:] if "=" in word)
    words = [word for word in part[1:] if "=" not in word]
    if kind in _VENDORS:
        more["gpus"] = (*more.get("gpus", ()), _card(kind, values))
    elif kind == "driver":
        more["nvidia_driver"] = NvidiaDriver(version=words[0], cuda=values.get("cuda"))
    elif kind == "python":
        number = words[0].removesuffix("t")
        more["python"] = PythonChoice(
            version=number, free_threaded=number != words[0], bits=int(values.get("bits", 64)), fixed=True
        )
    elif kind == "found":
        more["pythons"] = tuple(FoundPython(path=f"/opt/{word}/python", version=word) for word in words)
    elif kind == "finding":
        more["findings"] = (*more.get("findings", ()), Finding(code=words[0], level="problem", text=words[0]))
    else:
        assert kind == "wish", kind


def _card(vendor: str, values: dict[str, str]) -> Gpu:
    known = {"id", "cc", "gfx", "name", "kernel", "from", "seen", "integrated", "laptop"}
    assert set(values) <= known, values
    return Gpu(
        vendor=vendor,  # type: ignore[arg-type]
        name=values.get("name", "").replace("_", " "),
        pci_id=values.get("id"),
        compute_capability=values.get("cc"),
        gfx=values.get("gfx"),
        kernel_driver=values.get("kernel"),
        sources=tuple(values["from"].split("+")) if "from" in values else (),
        driver_sees_it=_YES.get(values.get("seen", "")),
        integrated=_YES.get(values.get("integrated", "")),
        laptop=_YES.get(values.get("laptop", "")),
    )


def wishes_of(facts: str) -> Wishes:
    """Return the wishes of a line."""
    for part in facts.split(";"):
        kind, *words = part.split()
        if kind == "wish":
            values = dict(word.split("=", 1) for word in words if "=" in word)
            gpus = tuple(int(index) for index in values["gpu"].split(",")) if "gpu" in values else None
            variant = "cpu" if "cpu" in words else values.get("variant")
            return Wishes(gpus=gpus, python=values.get("python"), torch=values.get("torch"), variant=variant)
    return Wishes()


def answer_of(document: Recommendation) -> tuple[str, str, tuple[int, ...], str, tuple[str, ...]]:
    """Return verdict, build, cards, what comes after, and the actions, as the table writes them."""
    build, after = document.build, document.after
    actions = tuple(
        action.code
        + (f" >={action.at_least}" if action.at_least else "")
        + (f" <={action.at_most_branch}" if action.at_most_branch else "")
        for action in document.actions
    )
    return (
        document.verdict,
        f"{build.torch}+{build.variant}" if build else "-",
        document.gpus,
        f"{after.torch}+{after.variant}" if after else "-",
        actions,
    )
