"""Writing a plan.toml with its locks, for machines that are not this one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import tomlkit
from msgspec import Struct

from setupwizard.codes import VerifyLevel
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue, numbers, variant_kind
from setupwizard.model.plan import FAMILY, Plan
from setupwizard.model.planfile import PlanFile
from setupwizard.model.recommendation import Build
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.files import write_atomic
from setupwizard.tools import strict
from setupwizard.tools.pylock import lock_of


class Exported(Struct, frozen=True, kw_only=True):
    """What was written: the plan's file, its sha256 for --expect-plan, and the locks beside it."""

    file: Path
    sha256: str
    locks: tuple[Path, ...]


def export(plans: Sequence[Plan], file: Path, *, level: VerifyLevel = "device") -> Exported:
    """Write the builds of some plans as one portable file, and a lock for each beside it; the locks come first.

    Args:
        plans: of different machines; the same build is written once. What stands first is preferred.
        file: NAME.toml; the locks are named after it.
        level: how deep the other machines prove what they installed.

    Raises:
        SetupError: "root-not-writable", "disk-full"; "plan-invalid": it would not be read again; "usage": conda chose
            the packages.
    """
    catalogue = known_catalogue().catalogue
    name = re.sub("[^A-Za-z0-9_-]+", "-", file.stem).strip("-")[:40] or "plan"
    rows: list[dict[str, object]] = []
    locks: dict[str, bytes] = {}
    for plan in {plan.id: plan for plan in plans}.values():
        _must_be_of_wheels(plan)
        lock = f"pylock.{name}-{_word(plan.build)}.toml"
        if lock in locks:
            lock = f"pylock.{name}-{_word(plan.build)}-{len(locks)}.toml"
        locks[lock] = lock_of(plan.wheels, [wheel.url for wheel in plan.wheels])
        rows.append(_row(plan, lock, locks[lock], catalogue))
    data = tomlkit.dumps(_document(name, rows, plans, catalogue, level)).encode()
    strict.from_toml(PlanFile, data, file.name)
    for lock, content in locks.items():
        write_atomic(file.with_name(lock), content)
    write_atomic(file, data)
    return Exported(
        file=file, sha256=hashlib.sha256(data).hexdigest(), locks=tuple(file.with_name(lock) for lock in locks)
    )


def _must_be_of_wheels(plan: Plan) -> None:
    """Refuse what conda chose: a lock names wheels, and those of conda's environments lack what conda brings."""
    if plan.by_conda:
        raise SetupError(
            "usage",
            what=_(
                "a plan's file names wheels, and conda's packages are none: save it without conda; "
                "`apply FILE --backend conda` lets conda make the environment"
            ),
        )


def serves(build: Build, catalogue: Catalogue) -> str | list[str]:
    """Return what a build is for in the words of a plan: compute capabilities that it holds code for, or "cpu"."""
    kind = variant_kind(build.variant)
    if kind == "cuda":
        every = [one for row in catalogue.architectures for one in row.compute_capabilities]
        return [one for one in every if _runs_on(build, one, catalogue)]
    if kind == "rocm":
        number = numbers(build.variant.removeprefix("rocm"))
        return [chip.gfx for chip in catalogue.amd.gfx if numbers(chip.rocm_from) <= number]
    return ["xpu"] if kind == "xpu" else "cpu"


def _runs_on(build: Build, capability: str, catalogue: Catalogue) -> bool:
    card = numbers(capability)
    return catalogue.holds_code(
        build.torch, build.variant, build.platform, card, ()
    ) and not catalogue.cudnn_is_too_new(build.torch, build.variant, card)


def _word(build: Build) -> str:
    words = f"{build.platform}-{build.variant}-py{build.python}"
    return re.sub("[^A-Za-z0-9_-]", "", words)


def _row(plan: Plan, lock: str, content: bytes, catalogue: Catalogue) -> dict[str, object]:
    build = plan.build
    versions = {package.name: package.version.partition("+")[0] for package in plan.packages}
    return {
        "platform": build.platform,
        "torch": build.torch,
        "variant": build.variant,
        "python": build.python,
        "companions": [f"{name}=={versions[name]}" for name in FAMILY[1:] if name in versions],
        "lock": lock,
        "lock_sha256": hashlib.sha256(content).hexdigest(),
        "for": serves(build, catalogue),
    }


def _document(
    name: str, rows: Sequence[dict[str, object]], plans: Sequence[Plan], catalogue: Catalogue, level: VerifyLevel
) -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document["schema"] = 1
    document["name"] = name
    builds = tomlkit.aot()
    for row in rows:
        table = tomlkit.table()
        table.update(row)
        builds.append(table)
    document["build"] = builds
    floors = [_floor(plan.build, catalogue) for plan in plans]
    lowest = min((floor for floor in floors if floor), key=numbers, default=None)
    document["driver"] = {"policy": "require"} if lowest is None else {"minimum": lowest, "policy": "require"}
    document["verify"] = {"level": level}
    return document


def _floor(build: Build, catalogue: Catalogue) -> str | None:
    """Return the oldest driver for a build; each machine compares with the floor of its own build as well."""
    if variant_kind(build.variant) != "cuda":
        return None
    return catalogue.driver_floor(build.variant, windows=build.platform.startswith("win"))
