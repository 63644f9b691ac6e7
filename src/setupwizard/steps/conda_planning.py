"""What conda brings into an environment: Python and pip for the wheels, or PyTorch itself as conda-forge builds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource, Setting, Tried
from setupwizard.model.pythons import minor_of
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.probes.listings import says
from setupwizard.steps import backends
from setupwizard.steps.carrying import Carried
from setupwizard.steps.drafting import Draft
from setupwizard.steps.tracking import Track
from setupwizard.store.conda_prefix import records_in
from setupwizard.store.layout import Root
from setupwizard.tools.conda import CHANNEL, Conda
from setupwizard.tools.conda_answers import CondaPackage

BROUGHT = frozenset(("pip",))
"""Companions of torch that conda brings, so that no wheel has to."""
_NOT_THERE = frozenset(("conda-package-missing", "conda-unsatisfiable"))
_BUILD = re.compile(r"(?:cuda_?(?P<cuda>\d{3})|cpu)")


class CondaPart(NamedTuple):
    """What conda would bring. `missing`: bytes that it downloads; `settings`: of the user's own, that take part."""

    packages: tuple[Package, ...]
    missing: int
    maker: backends.Backend
    settings: tuple[Setting, ...]


def python_part(chosen: backends.Chosen, root: Root, python: str, track: Track) -> CondaPart:
    """Return Python and pip from conda, and nothing else: numpy of conda beside a torch of wheels has two OpenMPs.

    Raises:
        SetupError: see `tools/conda_answers`.
        Cancelled: somebody asked to stop.
    """
    free = ("python-freethreading",) if python.endswith("t") else ()
    return _part(chosen, root, (f"python={python.removesuffix('t')}", *free, "pip"), "", track)


def _part(chosen: backends.Chosen, root: Root, specs: Sequence[str], cuda: str, track: Track) -> CondaPart:
    assert chosen.conda is not None  # noqa: S101 - who chose conda has one
    conda = Conda(chosen.conda, cancel=track.cancel)
    packages = conda.solve(root.generation(root.next_name()), specs, cuda=cuda)
    return CondaPart(
        packages=tuple(map(_as_package, packages)),
        missing=sum(package.size for package in packages if not package.cached),
        maker=backends.conda_of(chosen, root.work, specs),
        settings=conda.settings(),
    )


def _as_package(one: CondaPackage) -> Package:
    return Package(
        name=one.name, version=one.version, file=one.file, sha256=one.sha256, size=one.size, url=one.url, origin=CHANNEL
    )


def whole_draft(
    chosen: backends.Chosen,
    root: Root,
    machine: Machine,
    recommendation: Recommendation,
    recorded: Plan | None,
    track: Track,
) -> Draft:
    """Draft an environment that is conda-forge's from top to bottom, PyTorch included (the expert's way).

    `pytorch-gpu` is asked for by name: plain `pytorch` gives a processor build in silence where conda does not see the
    driver. The version that was decided is asked for first, then the newest one that conda-forge has.

    Raises:
        SetupError: "conda-no-cuda", "conda-package-missing" ...
        Cancelled: somebody asked to stop.
    """
    wanted = recommendation.build
    assert wanted is not None  # noqa: S101 - refused before
    gpu = wanted.variant != "cpu"
    cuda = (machine.nvidia_driver.cuda if machine.nvidia_driver else None) or "" if gpu else ""
    if gpu and not (wanted.variant.startswith("cu") and cuda):
        raise SetupError("conda-no-cuda", problem=_("The driver does not tell which CUDA it supports."))
    name = "pytorch-gpu" if gpu else "pytorch-cpu"
    python = (f"python={minor_of(machine.insisted.version)}",) if machine.insisted is not None else ()
    # asked for by name, the solver takes the newest CUDA that the driver allows; else any build is as good to it
    along = ("cuda-version", *python, "pip") if gpu else (*python, "pip")
    try:
        part = _part(chosen, root, (*along, f"{name}={wanted.torch}"), cuda, track)
    except SetupError as error:
        if error.code not in _NOT_THERE:
            raise
        part = _part(chosen, root, (*along, name), cuda, track)
    build = _build_of(part.packages, wanted, name)
    if gpu and build.variant == "cpu":
        raise SetupError("conda-no-cuda", detail=str(part.packages))
    override = (Setting(name=backends.OVERRIDE_CUDA, value=cuda, origin=_("the graphics driver")),)
    return Draft(
        root=root,
        backend="conda",
        create_title=backends.create_title(chosen),
        maker=part.maker,
        conda_bytes=part.missing,
        python=PlanPython(version=build.python, source="conda"),
        build=build,
        recommended=wanted,
        source=PlanSource(
            id=CHANNEL,
            kind="index",
            why=_("You named conda-forge, whose own builds of PyTorch are installed."),
            settings=(*override, *part.settings),
        ),
        carried=Carried(packages=part.packages),
        recorded=recorded,
        tried=(Tried(id=CHANNEL, code="ok", text=f"conda-forge: {says('ok')}"),),
        reasons=(_why_other(wanted, build),),
    )


def _why_other(wanted: Build, build: Build) -> str | None:
    if (wanted.torch, wanted.variant) == (build.torch, build.variant):
        return None
    return _("conda-forge has PyTorch {torch} ({variant}) for this driver.").format(
        torch=build.torch, variant=build.variant
    )


def _build_of(packages: Sequence[Package], wanted: Build, name: str) -> Build:
    versions = {package.name: package for package in packages}
    torch, python = versions.get("pytorch"), versions.get("python")
    word = _BUILD.search(torch.file) if torch is not None else None
    if torch is None or python is None or word is None:
        raise SetupError("conda-plan-unclear", name="pytorch", detail=str(packages))
    return Build(
        torch=torch.version,
        variant=f"cu{word['cuda']}" if word["cuda"] else "cpu",
        python=minor_of(python.version),
        platform=wanted.platform,
        requirement=f"{name}={torch.version}",
        index_url=None,
    )


def lost_with_conda(root: Root, name: str | None, recorded: Plan | None) -> tuple[str, ...]:
    """Return what somebody added with conda itself: the next environment does not get it, so it is named."""
    if name is None or recorded is None or not recorded.by_conda:
        return ()
    planned = {package.name for package in recorded.by_conda}
    prefix: Path = root.generation(name)
    return tuple(f"{record.name} {record.version}" for record in records_in(prefix) if record.name not in planned)
