"""From somebody's plan.toml to the Plan of this computer: the build that serves, its wheels, what changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from setupwizard.codes import Backend, Platform
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.bundle import BundledPython
from setupwizard.model.machine import Machine
from setupwizard.model.plan import FAMILY, Package, Plan, PlanPython, PlanSource, PythonSource
from setupwizard.model.planfile import PlannedBuild
from setupwizard.model.recommendation import Build, Recommendation, Wishes
from setupwizard.probes.listings import SourceSpec
from setupwizard.probes.system import platform_here
from setupwizard.steps import backends
from setupwizard.steps.belonging import Found, Search, places
from setupwizard.steps.carrying import carry_over
from setupwizard.steps.conda_planning import BROUGHT, interpreter_of_conda
from setupwizard.steps.drafting import Draft, Interpreter, drafted, with_companions
from setupwizard.steps.offers import usable_pythons
from setupwizard.steps.opening import Opened
from setupwizard.steps.records import plan_of
from setupwizard.steps.sources import known_sources, named_sources, why_from
from setupwizard.steps.suiting import Here, Suited, suited
from setupwizard.steps.supply import supply_of
from setupwizard.steps.tracking import Track
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.layout import Root
from setupwizard.store.pythons import interpreter as interpreter_at
from setupwizard.store.pythons import kept_archive
from setupwizard.tools import http, plan_lock, strict, uv
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.conda import CHANNEL
from setupwizard.tools.plan_lock import PlannedWheel


class PortableRequest(Struct, frozen=True, kw_only=True):
    """What a Plan is made for.

    Attributes:
        sources: ids, addresses or folders that the user named; empty: all known ones.
    """

    opened: Opened
    machine: Machine
    decision: Recommendation
    wishes: Wishes
    root: Path
    backend: Backend = "uv"
    sources: tuple[str, ...] = ()


def portable_plan(request: PortableRequest, track: Track) -> Plan:
    """Choose the build that serves this computer and return what installing it does; nothing is written.

    Raises:
        SetupError: "plan-not-for-here", "driver-old" ... as `suited`; "plan-invalid"; a wheel cannot be had.
        Cancelled: somebody asked to stop.
    """
    root = Root(request.root)
    root.check()
    with track.step("resolve", _("Read the plan")):
        return drafted(_draft(request, root, track))


def _draft(request: PortableRequest, root: Root, track: Track) -> Draft:
    _refuse_conda_forge(request)
    opened = request.opened
    catalogue = known_catalogue().catalogue
    here = Here(machine=request.machine, decision=request.decision, wishes=request.wishes, catalogue=catalogue)
    backend = backends.choose(request.backend, request.machine, track.cancel)
    bundled = bundled_pythons(opened, here.platform)
    chosen = suited(opened.plan, here, tuple(bundled))
    packages, spec = _packages(request, chosen.build, track)
    if backend.conda is not None:
        packages = tuple(package for package in packages if package.name not in BROUGHT)
    recorded = plan_of(root, root.current_name())
    return Draft(
        root=root,
        backend=backend.name,
        create_title=backends.create_title(backend),
        carried=carry_over(root, recorded, lambda further: _with(packages, further)),
        interpreter=_interpreter(request, chosen.build, bundled, recorded, backend, track),
        build=_build(chosen.build, packages, spec),
        recommended=request.decision.build,
        source=PlanSource(id=spec.id, kind=spec.kind, why=why_from(spec)),
        recorded=recorded,
        reasons=_reasons(request, chosen),
    )


def _refuse_conda_forge(request: PortableRequest) -> None:
    if CHANNEL in request.sources:
        raise SetupError(
            "usage",
            what=_(
                "--source conda-forge lets conda choose the packages, and a plan file or a bundle names them; "
                "--backend conda alone installs them"
            ),
        )


def planned_wheels(opened: Opened, build: PlannedBuild) -> tuple[PlannedWheel, ...]:
    """Return the wheels of a build's lock, which holds the torch that the plan names and its companions.

    Raises:
        SetupError: "plan-invalid".
    """
    own = build.platform == platform_here()
    wheels = plan_lock.read(
        opened.locks[build.lock], build.lock, python=build.python, platform=None if own else build.platform
    )
    versions = {wheel.name: Version(wheel.version) for wheel in wheels}
    torch = versions.get("torch")
    if torch is None or torch.public != Version(build.torch).public:
        raise strict.refused(build.lock, _("it does not hold the torch that the plan names."))
    if any(versions[name].local not in {None, build.variant} for name in FAMILY if name in versions):
        raise strict.refused(build.lock, _("it holds another variant than the plan names."))
    for word in build.companions:
        name, _sign, version = word.partition("==")
        held = versions.get(canonicalize_name(name))
        if held is None or (version and held != Version(version) and held.public != version):
            raise strict.refused(build.lock, _("it does not hold {name}.").format(name=word))
    return wheels


def specs_for(words: Sequence[str]) -> tuple[SourceSpec, ...]:
    """Return the sources that words of the user's stand for, with the general index; all known ones without a word.

    Raises:
        SetupError: "usage".
    """
    known = known_sources(known_catalogue().catalogue)
    if not words:
        return tuple(known.values())
    return (*(spec for word in words for spec in named_sources(word, known)), known["general"])


def search_for(words: Sequence[str], track: Track) -> Search:
    """Return a search in the sources that the user named, or in all known ones."""
    catalogue = known_catalogue().catalogue
    sources = places(specs_for(words), catalogue, cancel=track.cancel)
    known = sources if not words else places(specs_for(()), catalogue, cancel=track.cancel)
    return Search(sources, named=bool(words), known=known, cancel=track.cancel)


def as_packages(found: Sequence[Found], lock: str) -> tuple[Package, ...]:
    """Return the lines of a Plan; a size that the lock does not tell is asked.

    Raises:
        SetupError: the size cannot be had.
    """
    return tuple(
        sorted((_package(one, lock) for one in found), key=lambda package: package.name),
    )


def _package(one: Found, lock: str) -> Package:
    wheel = one.wheel
    size = wheel.size if wheel.size is not None else http.file_size(one.url)
    if size <= 0:
        raise strict.refused(lock, _("{file} has no size.").format(file=wheel.file))
    return Package(
        name=wheel.name,
        version=wheel.version,
        file=wheel.file,
        sha256=wheel.sha256,
        size=size,
        url=one.url,
        origin=one.spec.id,
    )


def _packages(request: PortableRequest, build: PlannedBuild, track: Track) -> tuple[tuple[Package, ...], SourceSpec]:
    opened = request.opened
    wheels = planned_wheels(opened, build)
    if opened.bundle is not None:
        spec = SourceSpec(id="bundle", name=opened.name, kind="bundle", url=str(opened.folder))
        found = tuple(Found(wheel=wheel, url=_bundled(opened, wheel, build.lock), spec=spec) for wheel in wheels)
    else:
        found = search_for(request.sources, track).find(wheels, lock=build.lock, variant=build.variant)
        spec = next(one.spec for one in found if one.wheel.name == "torch")
    return as_packages(found, build.lock), spec


def _bundled(opened: Opened, wheel: PlannedWheel, lock: str) -> str:
    if wheel.path is None or wheel.url is not None:
        raise strict.refused(lock, _("{file} would come from elsewhere than the folder.").format(file=wheel.file))
    place = opened.wheel(wheel.path, wheel.sha256)
    if wheel.size is not None and wheel.size != place.stat().st_size:
        raise strict.refused(lock, _("{file} has another size than the list says.").format(file=wheel.file))
    return place.absolute().as_uri()


def _with(packages: tuple[Package, ...], further: Sequence[str]) -> tuple[Package, ...]:
    """Return the packages when they hold what is further required: nothing is added to somebody's plan.

    Raises:
        SetupError: "build-not-in-sources".
    """
    versions = {canonicalize_name(package.name): package.version for package in packages}
    for text in further:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        version = versions.get(canonicalize_name(wanted.name))
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            raise SetupError("build-not-in-sources", requirement=text)
    return packages


def bundled_pythons(opened: Opened, platform: Platform | None) -> dict[str, Package]:
    """Return the Pythons of the folder for a platform: "3.12" to its archive, as a line of a Plan."""
    rows = opened.bundle.python if opened.bundle is not None else ()
    return {row.version.rpartition(".")[0]: _archive(opened, row) for row in rows if row.platform == platform}


def _archive(opened: Opened, python: BundledPython) -> Package:
    place, row = opened.file(python.path)
    return Package(
        name="cpython",
        version=python.version,
        file=place.name,
        sha256=row.sha256,
        size=row.size,
        url=place.absolute().as_uri(),
        origin="bundle",
    )


def _interpreter(
    request: PortableRequest,
    build: PlannedBuild,
    bundled: Mapping[str, Package],
    recorded: Plan | None,
    backend: backends.Chosen,
    track: Track,
) -> Interpreter:
    """Return the Python: conda's own, one that is here, the folder's, one that was brought before, one to bring.

    An offline folder brings its own or none; conda asks conda-forge, or its own cache where no network may be used.

    Raises:
        SetupError: "python-missing", or what conda ends with.
        Cancelled: somebody asked to stop.
    """
    root = Root(request.root)
    if backend.conda is not None:
        return interpreter_of_conda(backend, root, build.python, track)
    found = next((one for one in usable_pythons(request.machine) if one.version == build.python), None)
    if found is not None:
        return Interpreter(python=PlanPython(version=found.version, source="found", path=found.path))
    archive = bundled.get(build.python) or kept_archive(root, recorded, build.python)
    if archive is not None and (made := _of_archive(root, build, archive, track.cancel)) is not None:
        return made
    why = "the offline folder holds none" if archive is None else "uv, which would unpack the folder's, cannot be run"
    closed = why if request.opened.bundle is not None else None
    supply = supply_of(request.machine, build.python, build.platform, track.cancel, closed=closed)
    spec = next((one for one in supply.pythons if one.version == build.python), None)
    if spec is None:
        raise supply.error or SetupError("python-missing", python=build.python)
    return supply.interpreter(spec, root, build.platform)


def _of_archive(root: Root, build: PlannedBuild, archive: Package, cancel: Cancel) -> Interpreter | None:
    """Return the Python of an archive that is at hand; None: nothing here can unpack it, as uv alone does."""
    place = interpreter_at(root, build.python, build.platform, archive)
    there = place.is_file()
    if not there and uv.why_not(cancel) is not None:
        return None
    source: PythonSource = "bundled" if archive.origin == "bundle" else "managed"
    python = PlanPython(version=build.python, source=source, path=str(place) if there else None)
    return Interpreter(python=python, packages=(archive,))


def _build(build: PlannedBuild, packages: Sequence[Package], spec: SourceSpec) -> Build:
    torch = next(package.version for package in packages if package.name == "torch")
    plain = Build(
        torch=build.torch,
        variant=build.variant,
        python=build.python,
        platform=build.platform,
        requirement=f"torch=={torch}",
        index_url=known_catalogue().catalogue.index_url(build.variant) if spec.is_of_variants else None,
    )
    return with_companions(plain, packages)


def _reasons(request: PortableRequest, chosen: Suited) -> tuple[str, ...]:
    best, build = request.decision.build, chosen.build
    other = best is None or (best.torch, best.variant) != (build.torch, build.variant)
    why = (_("The plan {name} says so.").format(name=request.opened.plan.name),) if other else ()
    return (*why, *chosen.notes)
