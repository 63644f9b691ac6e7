"""From the decision to everything that an install will do on this computer: sources probed, lock resolved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import APPLY_EXIT, Backend, Platform
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Package, Plan, PlanSource, Setting, Tried
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.probes.listings import Listing, Question, SourceSpec, cause_of_silence
from setupwizard.probes.sources import ask_all
from setupwizard.probes.system import platform_here
from setupwizard.steps import backends
from setupwizard.steps.carrying import carry_over
from setupwizard.steps.conda_planning import BROUGHT, interpreter_of_conda, whole_draft
from setupwizard.steps.drafting import Draft, Interpreter, drafted, with_companions
from setupwizard.steps.offers import Choice, candidates, choose, why_other
from setupwizard.steps.records import plan_of
from setupwizard.steps.resolving import Resolver, companions_of, family_requirements
from setupwizard.steps.runtime import bringing_runtime
from setupwizard.steps.sources import known_sources, named_sources, why_from
from setupwizard.steps.supply import Supply, supply_elsewhere, supply_of
from setupwizard.steps.tracking import Track
from setupwizard.steps.verdict_errors import error_of_verdict
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.layout import Root
from setupwizard.store.pythons import kept_archive
from setupwizard.tools import pip
from setupwizard.tools.conda import CHANNEL
from setupwizard.tools.workplace import workplace

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
    recorded = plan_of(root, root.current_name())
    if from_conda:
        with track.step("resolve"):
            return drafted(whole_draft(backend, root, request.machine, request.recommendation, recorded, track))
    with workplace() as folder:
        draft = _Planner(request, root, backend, recorded, folder, track).draft()
    return drafted(draft)


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


class _Planner:
    """Makes the draft of one plan: asks the sources, chooses the build that is there, resolves it."""

    def __init__(
        self,
        request: PlanRequest,
        root: Root,
        backend: backends.Chosen,
        recorded: Plan | None,
        work: Path,
        track: Track,
    ) -> None:
        self._request = request
        self._root = root
        self._backend = backend
        self._recorded = recorded
        self._work = work
        self._track = track
        self._catalogue = known_catalogue().catalogue
        self._builds = candidates(request.recommendation)

    def draft(self) -> Draft:
        """Return what the plan is made of."""
        with self._track.step("probe", _("Ask the download servers")):
            settings = pip.user_settings(self._work, cancel=self._track.cancel)
            supply = self._supply()
            listings, choice = self._probe(supply)
        with self._track.step("resolve"):
            family, left_out = self._family(choice, supply)
            resolver = bringing_runtime(self._request.machine, self._resolver(choice, family, supply))
            carried = carry_over(self._root, self._recorded, resolver)
            interpreter = self._interpreter(choice, supply)
        recommended = self._request.recommendation.build
        return Draft(
            root=self._root,
            backend=self._backend.name,
            create_title=backends.create_title(self._backend),
            interpreter=interpreter,
            build=_as_installed(choice, carried.packages),
            recommended=recommended,
            source=_source(choice.listing, settings),
            carried=carried,
            recorded=self._recorded,
            tried=tuple(_tried(listing) for listing in listings),
            reasons=(why_other(recommended, choice, listings), *left_out),
        )

    def _supply(self) -> Supply:
        """Return the Pythons that the builds are looked for with."""
        best = self._builds[0]
        if self._request.elsewhere is not None:
            return supply_elsewhere(best)
        return supply_of(
            self._request.machine,
            best.python,
            best.platform,
            self._track.cancel,
            by_conda=self._backend.conda is not None,
            kept=kept_archive(self._root, self._recorded, best.python),
        )

    def _probe(self, supply: Supply) -> tuple[tuple[Listing, ...], Choice]:
        """Ask the sources which of the builds they hold; return their answers and the best build that is there."""
        platform = self._builds[0].platform
        variants = tuple(dict.fromkeys(build.variant for build in self._builds))[:MOST_VARIANTS]
        question = Question(
            variants=variants,
            pythons=supply.pythons,
            general_variant=lambda torch: self._catalogue.general_variant(torch, platform),
            platform=self._request.elsewhere,
            runner=supply.helper,
        )
        specs = self._specs(question)
        listings = ask_all(specs, "torch", question, work=self._work, cancel=self._track.cancel)
        there = [listing for listing in listings if listing.code == "ok"]
        choice = choose(self._builds, supply.pythons, there)
        if choice is None:
            raise _nowhere(self._builds, supply, listings)
        row = self._catalogue.arch_list(choice.build.torch, choice.build.variant, platform)
        assumed = row is not None and row.assumed_from is not None
        return listings, replace(choice, build=replace(choice.build, assumed=assumed))

    def _specs(self, question: Question) -> tuple[SourceSpec, ...]:
        """Return the sources to ask, in the order in which they win when they hold the same build."""
        known = known_sources(self._catalogue)
        named = self._request.sources
        if self._request.elsewhere is not None:
            known.pop("pip-config")  # pip can be asked for the computer that it runs on, and for no other
            if "pip-config" in named:
                raise SetupError("usage", what=_("--source pip-config can be asked for this computer's platform alone"))
        if named:
            return tuple(spec for word in named for spec in named_sources(word, known))
        general_helps = any(question.general_variant(build.torch) in question.variants for build in self._builds)
        return tuple(spec for spec in known.values() if spec.kind != "general" or general_helps)

    def _family(self, choice: Choice, supply: Supply) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the requirements of the torch family, as far as the same source has it, and what is left out."""
        build = choice.build
        variant = self._catalogue.general_variant(build.torch, build.platform)
        question = Question(
            variants=(build.variant,),
            pythons=(choice.python,),
            general_variant=lambda _version: variant,
            platform=self._request.elsewhere,
            runner=supply.helper,
        )
        ask = partial(ask_all, [choice.listing.spec], work=self._work, cancel=self._track.cancel, measure=False)
        return family_requirements(choice, {name: ask(name, question)[0] for name in companions_of(build)})

    def _resolver(self, choice: Choice, family: Sequence[str], supply: Supply) -> Resolver:
        work = self._work / "resolve"
        work.mkdir()
        return Resolver(
            choice,
            family,
            work=work,
            track=self._track,
            without_uv=self._backend.without_uv,
            brought=BROUGHT if self._backend.conda is not None else (),
            helper=supply.helper,
            elsewhere=self._request.elsewhere,
        )

    def _interpreter(self, choice: Choice, supply: Supply) -> Interpreter:
        if self._backend.conda is not None:
            return interpreter_of_conda(self._backend, self._root, choice.python.version, self._track)
        return supply.interpreter(choice.python, self._root, choice.build.platform)


def _as_installed(choice: Choice, packages: Sequence[Package]) -> Build:
    """Return the build with the companions that the lock really holds, and the requirement as it was asked for."""
    build = choice.build
    tag = f"+{build.variant}" if choice.offer.tagged else ""
    index = build.index_url if choice.listing.spec.is_of_variants else None
    return with_companions(replace(build, requirement=f"torch=={build.torch}{tag}", index_url=index), packages)


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
