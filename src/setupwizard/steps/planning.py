"""From the decision to everything that an install will do on this computer: sources probed, lock resolved."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from setupwizard.codes import APPLY_EXIT, Backend, Platform
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource, Setting, Tried
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.probes.listings import Listing, Question, SourceSpec, cause_of_silence
from setupwizard.probes.sources import ask_all
from setupwizard.probes.system import platform_here
from setupwizard.steps import backends
from setupwizard.steps.carrying import Carried, added_since, carry
from setupwizard.steps.conda_planning import BROUGHT, CondaPart, lost_with_conda, python_part, whole_draft
from setupwizard.steps.drafting import Draft, drafted
from setupwizard.steps.offers import Choice, candidates, choose, why_other
from setupwizard.steps.records import plan_of
from setupwizard.steps.refusing import error_of_verdict
from setupwizard.steps.resolving import companions_of, family_requirements, resolve
from setupwizard.steps.runtime import bringing_runtime
from setupwizard.steps.sources import known_sources, named_sources, why_from
from setupwizard.steps.supply import Supply, supply_elsewhere, supply_of
from setupwizard.steps.tracking import Track
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.layout import Root
from setupwizard.store.pythons import kept_archive
from setupwizard.tools import pip
from setupwizard.tools.conda import CHANNEL

MOST_VARIANTS = 4
"""Variants whose indexes are read: the recommended one and the best alternatives."""


class PlanRequest(Struct, frozen=True, kw_only=True):
    """What a plan is made for.

    Attributes:
        sources: ids, addresses or folders that the user named; empty: all known ones, the best that has the files.
        stop_gap: the user asked for the build although the decision is that something else comes first.
        portable: the plan is saved for other computers, and may be for another platform than this one's.
    """

    machine: Machine
    recommendation: Recommendation
    root: Path
    backend: Backend = "uv"
    sources: tuple[str, ...] = ()
    stop_gap: bool = False
    portable: bool = False

    @property
    def elsewhere(self) -> Platform | None:
        """The platform of the build where that is another one than this computer's."""
        build = self.recommendation.build
        return build.platform if self.portable and build is not None and build.platform != platform_here() else None


def make_plan(request: PlanRequest, track: Track) -> Plan:
    """Probe the sources, resolve the lock, and return the plan. Nothing is written below the root.

    Raises:
        SetupError: the decision has no build to install, no source has it, or the resolver stopped.
        Cancelled: somebody asked to stop.
    """
    refuse_without_build(request)
    from_conda = _from_conda(request)
    root = Root(request.root)
    root.check()
    backend = backends.choose(request.backend, request.machine, track.cancel)
    current = root.current_name()
    recorded = plan_of(root, current)
    if from_conda:
        with track.step("resolve", _("Work out the exact packages")):
            return drafted(whole_draft(backend, root, request.machine, request.recommendation, recorded, track))
    catalogue = known_catalogue().catalogue
    with tempfile.TemporaryDirectory(prefix="setupwizard-plan-") as folder:
        work = Path(folder)
        with track.step("probe", _("Ask the download servers")):
            settings = pip.user_settings(work, cancel=track.cancel)
            best = candidates(request.recommendation)[0]
            by_conda = backend.conda is not None
            supply = (
                supply_of(
                    request.machine,
                    best.python,
                    best.platform,
                    track.cancel,
                    by_conda=by_conda,
                    kept=kept_archive(root, recorded, best.python),
                )
                if request.elsewhere is None
                else supply_elsewhere(best)
            )
            listings, choice = _probe(request, catalogue, supply, work, track)
        with track.step("resolve", _("Work out the exact packages")):
            requirements, left_out = _family(choice, catalogue, supply.helper, request.elsewhere, work, track)
            empty = _empty(work / "resolve")
            once = partial(
                _resolve,
                choice=choice,
                family=requirements,
                work=empty,
                track=track,
                backend=backend,
                helper=supply.helper,
                elsewhere=request.elsewhere,
            )
            carried = carry(added_since(root, current, recorded), bringing_runtime(request.machine, once))
            carried = msgspec.structs.replace(carried, lost=(*carried.lost, *lost_with_conda(root, current, recorded)))
            conda = python_part(backend, root, choice.python.version, track) if backend.conda is not None else None
    found = _Found(
        choice=choice,
        listings=listings,
        carried=carried,
        recorded=recorded,
        settings=settings,
        left_out=left_out,
        backend=backend,
        conda=conda,
        supply=supply,
    )
    return _plan(request, root, found)


def _resolve(
    further: Sequence[str],
    *,
    choice: Choice,
    family: Sequence[str],
    work: Path,
    track: Track,
    backend: backends.Chosen,
    helper: str | None,
    elsewhere: Platform | None,
) -> tuple[Package, ...]:
    return resolve(
        choice,
        family,
        work=work,
        cancel=track.cancel,
        listen=track.listener("resolve"),
        further=further,
        without_uv=backend.without_uv,
        helper=helper,
        elsewhere=elsewhere,
        brought=BROUGHT if backend.conda is not None else frozenset(),
    )


def _from_conda(request: PlanRequest) -> bool:
    """Whether PyTorch itself is to come from conda-forge, which only conda can do.

    Raises:
        SetupError: "usage".
    """
    if CHANNEL not in request.sources:
        return False
    if request.backend != "conda" or len(request.sources) > 1:
        raise SetupError("usage", what=_("--source conda-forge stands alone and needs --backend conda"))
    return True


def refuse_without_build(request: PlanRequest) -> None:
    """Raise the error that stands for a verdict with nothing to install.

    `fix-driver` goes on only when the user asked for the stop-gap by name (contract, "Command line").

    Raises:
        SetupError: "split", "driver-old", "no-build" ...
    """
    recommendation = request.recommendation
    if APPLY_EXIT[recommendation.verdict] == "ok" and recommendation.build is not None:
        return
    if request.stop_gap and recommendation.build is not None:
        return
    raise error_of_verdict(recommendation, request.machine)


def _probe(
    request: PlanRequest, catalogue: Catalogue, supply: Supply, work: Path, track: Track
) -> tuple[tuple[Listing, ...], Choice]:
    builds = candidates(request.recommendation)
    variants = tuple(dict.fromkeys(build.variant for build in builds))[:MOST_VARIANTS]
    pythons = supply.pythons
    platform = builds[0].platform
    question = Question(
        variants=variants,
        pythons=pythons,
        general_variant=lambda torch: catalogue.general_variant(torch, platform),
        platform=request.elsewhere,
        runner=supply.helper,
    )
    specs = _specs(request, catalogue, builds, question)
    listings = ask_all(specs, "torch", question, work=work, cancel=track.cancel)
    choice = choose(builds, pythons, [listing for listing in listings if listing.code == "ok"])
    if choice is None:
        raise _nowhere(builds, supply, listings)
    row = catalogue.arch_list(choice.build.torch, choice.build.variant, platform)
    assumed = row is not None and row.assumed_from is not None
    return listings, msgspec.structs.replace(choice, build=msgspec.structs.replace(choice.build, assumed=assumed))


def _specs(
    request: PlanRequest, catalogue: Catalogue, builds: Sequence[Build], question: Question
) -> tuple[SourceSpec, ...]:
    """Return the sources to ask, in the order in which they win when they hold the same build."""
    known = known_sources(catalogue)
    if request.elsewhere is not None:
        known.pop("pip-config")  # pip can be asked for the computer that it runs on, and for no other
        if "pip-config" in request.sources:
            raise SetupError("usage", what=_("--source pip-config can be asked for this computer's platform alone"))
    if request.sources:
        return tuple(spec for word in request.sources for spec in named_sources(word, known))
    general_helps = any(question.general_variant(build.torch) in question.variants for build in builds)
    return tuple(spec for spec in known.values() if spec.kind != "general" or general_helps)


def _nowhere(builds: Sequence[Build], supply: Supply, listings: Sequence[Listing]) -> SetupError:
    """Return why no build can be had: the network's own fault where there is one, else that nobody has it."""
    if not supply.pythons:
        return supply.error or SetupError("python-missing", python=builds[0].python)
    cause = cause_of_silence(listings)
    if cause is not None:
        return cause
    detail = "\n".join(f"{listing.spec.name}: {listing.text}" for listing in listings)
    return SetupError(
        "build-not-in-sources", requirement=builds[0].requirement, problem=detail.replace("\n", " "), detail=detail
    )


def _family(
    choice: Choice, catalogue: Catalogue, helper: str | None, elsewhere: Platform | None, work: Path, track: Track
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    platform = choice.build.platform
    question = Question(
        variants=(choice.build.variant,),
        pythons=(choice.python,),
        general_variant=lambda _version: catalogue.general_variant(choice.build.torch, platform),
        platform=elsewhere,
        runner=helper,
    )
    listings = {
        name: ask_all([choice.listing.spec], name, question, work=work, cancel=track.cancel, measure=False)[0]
        for name in companions_of(choice.build)
    }
    return family_requirements(choice, listings)


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


class _Found(Struct, frozen=True, kw_only=True):
    """What probing and resolving brought."""

    choice: Choice
    listings: tuple[Listing, ...]
    carried: Carried
    recorded: Plan | None
    settings: tuple[Setting, ...]
    left_out: tuple[str, ...]
    backend: backends.Chosen
    conda: CondaPart | None
    supply: Supply


def _plan(request: PlanRequest, root: Root, found: _Found) -> Plan:
    choice, conda = found.choice, found.conda
    build = _as_installed(choice, found.carried.packages)
    if conda is not None:
        python, more, settings = (
            PlanPython(version=choice.python.version, source="conda"),
            conda.packages,
            conda.settings,
        )
    else:
        python, more, settings = found.supply.python_of(choice.python, root, build.platform)
    source = _source(choice.listing, found.settings)
    source = msgspec.structs.replace(source, settings=(*source.settings, *settings))
    carried = msgspec.structs.replace(found.carried, packages=(*found.carried.packages, *more))
    return drafted(
        Draft(
            root=root,
            backend=found.backend.name,
            create_title=backends.create_title(found.backend),
            maker=conda.maker if conda is not None else None,
            conda_bytes=conda.missing if conda is not None else 0,
            python=python,
            build=build,
            recommended=request.recommendation.build,
            source=source,
            carried=carried,
            recorded=found.recorded,
            tried=tuple(_tried(listing) for listing in found.listings),
            reasons=(why_other(request.recommendation.build, choice, found.listings), *found.left_out),
        )
    )


def _as_installed(choice: Choice, packages: Sequence[Package]) -> Build:
    """Return the build with the companions that the lock really holds, and the requirement as it was asked for."""
    versions = {package.name: package.version for package in packages}
    build = choice.build
    vision, audio = (versions.get(name, "").partition("+")[0] or None for name in ("torchvision", "torchaudio"))
    tag = f"+{build.variant}" if choice.offer.tagged else ""
    official = choice.listing.spec.kind in {"index", "find-links"}
    return msgspec.structs.replace(
        build,
        torchvision=vision,
        torchaudio=audio,
        requirement=f"torch=={build.torch}{tag}",
        index_url=build.index_url if official else None,
    )


def _source(listing: Listing, settings: tuple[Setting, ...]) -> PlanSource:
    spec = listing.spec
    return PlanSource(
        id=spec.id,
        kind=spec.kind,
        why=why_from(spec),
        settings=settings if spec.kind == "pip-config" else (),
    )


def _tried(listing: Listing) -> Tried:
    return Tried(
        id=listing.spec.id,
        code=listing.code,
        text=f"{listing.spec.name}: {listing.text}",
        bytes_per_s=listing.bytes_per_s,
    )
