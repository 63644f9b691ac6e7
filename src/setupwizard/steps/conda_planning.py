"""What conda brings into an environment: Python and pip for the wheels, or PyTorch itself as conda-forge builds it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource, Setting, Tried
from setupwizard.model.pythons import minor_of
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.probes.listings import says
from setupwizard.steps import backends
from setupwizard.steps.carrying import Carried
from setupwizard.steps.drafting import Draft, Interpreter
from setupwizard.steps.tracking import Track
from setupwizard.store.layout import Root
from setupwizard.tools.conda import CHANNEL, Conda
from setupwizard.tools.conda_answers import CondaPackage

BROUGHT = frozenset(("pip",))
"""Companions of torch that conda brings, so that no wheel has to."""
_NOT_THERE = frozenset(("conda-package-missing", "conda-unsatisfiable"))
_BUILD = re.compile(r"(?:cuda_?(?P<cuda>\d{3})|cpu)")


def interpreter_of_conda(chosen: backends.Chosen, root: Root, python: str, track: Track) -> Interpreter:
    """Return Python and pip from conda, and nothing else: numpy of conda beside a torch of wheels has two OpenMPs.

    Raises:
        SetupError: see `tools/conda_answers`.
        Cancelled: somebody asked to stop.
    """
    free = ("python-freethreading",) if python.endswith("t") else ()
    return _brought(chosen, root, (f"python={python.removesuffix('t')}", *free, "pip"), track, python=python)


def _brought(
    chosen: backends.Chosen, root: Root, specs: Sequence[str], track: Track, *, python: str = "", cuda: str = ""
) -> Interpreter:
    """Return what conda would bring; the version of its Python as it was asked for, else as the solver chose it."""
    assert chosen.conda is not None  # noqa: S101 - who chose conda has one
    conda = Conda(chosen.conda, cancel=track.cancel)
    packages = conda.solve(root.generation(root.next_name()), specs, cuda=cuda)
    solved = next((minor_of(package.version) for package in packages if package.name == "python"), "")
    return Interpreter(
        python=PlanPython(version=python or solved, source="conda"),
        packages=tuple(map(_as_package, packages)),
        settings=conda.settings(),
        maker=backends.conda_of(chosen, root.work, specs),
        conda_bytes=sum(package.size for package in packages if not package.cached),
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
    name = "pytorch-cpu" if wanted.variant == "cpu" else "pytorch-gpu"
    cuda = _cuda_for(wanted, machine)
    python = (f"python={minor_of(machine.insisted.version)}",) if machine.insisted is not None else ()
    # asked for by name, the solver takes the newest CUDA that the driver allows; else any build is as good to it
    along = (*(("cuda-version",) if cuda else ()), *python, "pip")
    try:
        interpreter = _brought(chosen, root, (*along, f"{name}={wanted.torch}"), track, cuda=cuda)
    except SetupError as error:
        if error.code not in _NOT_THERE:
            raise
        interpreter = _brought(chosen, root, (*along, name), track, cuda=cuda)
    build = _build_of(interpreter, wanted, name)
    if cuda and build.variant == "cpu":
        raise SetupError("conda-no-cuda", detail=str(interpreter.packages))
    return Draft(
        root=root,
        backend="conda",
        create_title=backends.create_title(chosen),
        interpreter=interpreter,
        build=build,
        recommended=wanted,
        source=PlanSource(
            id=CHANNEL,
            kind="index",
            why=_("You named conda-forge, whose own builds of PyTorch are installed."),
            settings=(Setting(name=backends.OVERRIDE_CUDA, value=cuda, origin=_("the graphics driver")),),
        ),
        carried=Carried(packages=()),
        recorded=recorded,
        tried=(Tried(id=CHANNEL, code="ok", text=f"conda-forge: {says('ok')}"),),
        reasons=(_why_other(wanted, build),),
    )


def _cuda_for(wanted: Build, machine: Machine) -> str:
    """Return the newest CUDA that the driver supports, for a build that uses it; empty for a processor build.

    Raises:
        SetupError: "conda-no-cuda".
    """
    if wanted.variant == "cpu":
        return ""
    cuda = machine.nvidia_driver.cuda if machine.nvidia_driver is not None else None
    if not cuda or not wanted.variant.startswith("cu"):
        raise SetupError("conda-no-cuda", problem=_("The driver does not tell which CUDA it supports."))
    return cuda


def _why_other(wanted: Build, build: Build) -> str | None:
    if (wanted.torch, wanted.variant) == (build.torch, build.variant):
        return None
    return _("conda-forge has PyTorch {torch} ({variant}) for this driver.").format(
        torch=build.torch, variant=build.variant
    )


def _build_of(interpreter: Interpreter, wanted: Build, name: str) -> Build:
    torch = next((package for package in interpreter.packages if package.name == "pytorch"), None)
    word = _BUILD.search(torch.file) if torch is not None else None
    if torch is None or word is None or not interpreter.python.version:
        raise SetupError("conda-plan-unclear", name="pytorch", detail=str(interpreter.packages))
    return Build(
        torch=torch.version,
        variant=f"cu{word['cuda']}" if word["cuda"] else "cpu",
        python=interpreter.python.version,
        platform=wanted.platform,
        requirement=f"{name}={torch.version}",
        index_url=None,
    )
