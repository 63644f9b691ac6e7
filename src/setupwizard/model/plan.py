"""What an install will do on this computer, all of it, before anything is done (contract, "Plan")."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from setupwizard.codes import SCHEMA, Backend, ProbeCode, SourceKind, StepId
from setupwizard.i18n import _
from setupwizard.model.recommendation import Build

FAMILY = ("torch", "torchvision", "torchaudio")
"""The packages that are built for one torch and stop on import beside another."""


PythonSource = Literal["found", "managed", "bundled", "conda"]
"""Where a Python comes from: the computer, uv, a package of ours or an offline folder, conda."""


class PlanPython(Struct, frozen=True, kw_only=True):
    """The Python of the environment; `path` is None while it still has to be brought."""

    version: str
    source: PythonSource
    path: str | None = None


class Setting(Struct, frozen=True, kw_only=True, rename={"origin": "from"}):
    """A setting of the user's own tools that takes part, and where it comes from ("from" in the document)."""

    name: str
    value: str
    origin: str


class PlanSource(Struct, frozen=True, kw_only=True):
    """Where the packages come from."""

    id: str
    kind: SourceKind
    why: str
    settings: tuple[Setting, ...] = ()


class Tried(Struct, frozen=True, kw_only=True):
    """A source that was asked, and how it answered."""

    id: str
    code: ProbeCode
    text: str
    bytes_per_s: int | None = None


class Package(Struct, frozen=True, kw_only=True):
    """One file that is downloaded: a wheel, a package of conda, or a Python.

    Attributes:
        url: may be a file: address.
        origin: the id of the source that named it.
    """

    name: str
    version: str
    file: str
    sha256: str
    size: int
    url: str
    origin: str

    @property
    def kind(self) -> Literal["wheel", "conda", "python"]:
        """What the file is, by its name: the document says it no other way."""
        if self.file.endswith((".conda", ".tar.bz2")):
            return "conda"
        return "python" if self.name == "cpython" and self.file.endswith(".tar.gz") else "wheel"


class DiskNeed(Struct, frozen=True, kw_only=True):
    """Room that the install takes at its peak, in bytes."""

    path: str
    need_bytes: int
    free_bytes: int


class PlanStep(Struct, frozen=True, kw_only=True):
    """One step, and the program that it runs where it runs one."""

    id: StepId
    title: str
    argv: tuple[str, ...] = ()
    bytes: int | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that will happen; nothing runs that it does not show.

    Attributes:
        id: sha256 of the lock and the choices: the same id means the same bytes.
        generation: the name of the folder under ROOT/gens that will hold it.
        recommended: what the decision preferred; differs from `build` only with a `why_other`.
        carried: packages of the present generation that the new one keeps; not_carried: those it does not.
        changes: False when the environment is already what the plan says.
    """

    schema: Literal[1] = SCHEMA
    id: str
    root: str
    generation: str
    backend: Backend
    python: PlanPython
    build: Build
    recommended: Build | None = None
    why_other: str | None = None
    source: PlanSource
    tried: tuple[Tried, ...] = ()
    packages: tuple[Package, ...] = ()
    download_bytes: int = 0
    stored_bytes: int = 0
    disk: tuple[DiskNeed, ...] = ()
    carried: tuple[str, ...] = ()
    not_carried: tuple[str, ...] = ()
    steps: tuple[PlanStep, ...] = ()
    changes: bool = True

    @property
    def wheels(self) -> tuple[Package, ...]:
        """The wheels among the packages: what is compared file by file."""
        return tuple(package for package in self.packages if package.kind == "wheel")

    @property
    def fetched(self) -> tuple[Package, ...]:
        """What is downloaded into the store; conda fetches its own packages into its own folder."""
        return tuple(package for package in self.packages if package.kind != "conda")

    @property
    def archive(self) -> Package | None:
        """The Python that is brought, None when it is there already or comes another way."""
        return next((package for package in self.packages if package.kind == "python"), None)

    def title_of(self, step_id: StepId) -> str | None:
        """Return what the plan calls a step; None for a step that it does not have."""
        return next((step.title for step in self.steps if step.id == step_id), None)

    @property
    def by_conda(self) -> tuple[Package, ...]:
        """What conda brings."""
        return tuple(package for package in self.packages if package.kind == "conda")


def about_folder(plan: Plan) -> str | None:
    """Return what is worth knowing about the folder of an environment that works there; None: nothing."""
    if plan.build.platform.startswith("win") and not plan.root.isascii():
        return _(
            "The path of the folder holds letters beyond A to Z. PyTorch works there, but torch.compile, "
            "torch.jit.save and torch.export.save can fail with such paths on Windows."
        )
    return None
