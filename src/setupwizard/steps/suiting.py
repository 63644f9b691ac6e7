"""Which build of a plan serves a machine: the platform, the cards, the driver; else why none does."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from setupwizard.codes import Platform
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue, matches, numbers, platform_of, variant_kind
from setupwizard.model.format import listed
from setupwizard.model.machine import Gpu, Machine
from setupwizard.model.planfile import PlanFile, PlannedBuild
from setupwizard.model.recommendation import Recommendation, Wishes
from setupwizard.steps.offers import usable_pythons


class Suited(Struct, frozen=True, kw_only=True):
    """A build that serves, and what is worth knowing about it."""

    build: PlannedBuild
    notes: tuple[str, ...] = ()


class Here(Struct, frozen=True, kw_only=True):
    """The machine that the plan is for, as it is, and what its user insists on."""

    machine: Machine
    decision: Recommendation
    wishes: Wishes
    catalogue: Catalogue

    @property
    def platform(self) -> Platform | None:
        """Its platform in the contract's words."""
        return platform_of(self.machine.os, self.machine.arch)

    @property
    def cards(self) -> tuple[Gpu, ...]:
        """The cards that matter and that some build could be for."""
        chosen = self.wishes.gpus
        wanted = [gpu for index, gpu in enumerate(self.machine.gpus) if chosen is None or index in chosen]
        return tuple(gpu for gpu in wanted if _word(gpu))


def suited(plan: PlanFile, here: Here, bundled: Sequence[str] = ()) -> Suited:
    """Return the build that serves a machine: the one for most of its cards, of these the one that stands first.

    A processor build serves machines whose own decision is the processor, and all of a platform that the plan has
    nothing else for; it is never taken in silence where the plan just lacks the build for a card.

    Args:
        plan: the file.
        here: the machine.
        bundled: the Pythons that come with the plan; of builds that serve alike, one whose Python is there is taken.

    Raises:
        SetupError: "plan-not-for-here", "driver-missing", "driver-old", "hardware-unreachable".
    """
    there = [build for build in plan.build if build.platform == here.platform]
    if not there:
        platforms = listed(dict.fromkeys(build.platform for build in plan.build))
        raise _not_for_here(
            plan, _("It is made for {platforms}, and this is {here}.").format(platforms=platforms, here=here.platform)
        )
    wished = [build for build in there if _as_wished(build, here.wishes)]
    if not wished:
        raise _not_for_here(plan, _("None of its builds is what you asked for."))
    pythons = {python.version for python in usable_pythons(here.machine)} | set(bundled)
    build = _for_cards(wished, here, pythons) or _for_processor(plan, wished, here, pythons)
    return Suited(build=build, notes=_driver_notes(plan, build, here))


def _not_for_here(plan: PlanFile, problem: str) -> SetupError:
    return SetupError("plan-not-for-here", name=plan.name, problem=problem)


def _as_wished(build: PlannedBuild, wishes: Wishes) -> bool:
    return (
        wishes.variant in {None, build.variant}
        and wishes.python in {None, build.python}
        and (wishes.torch is None or build.torch == wishes.torch or _fits(build.torch, wishes.torch))
    )


def _fits(torch: str, specifier: str) -> bool:
    try:
        return matches(torch, specifier)
    except ValueError:
        return False


def _word(gpu: Gpu) -> str | None:
    """Return the word under which a plan knows a card."""
    if gpu.vendor == "nvidia":
        return gpu.compute_capability
    if gpu.vendor == "amd":
        return (gpu.gfx or "").partition(":")[0] or None
    return "xpu" if gpu.vendor == "intel" and not gpu.integrated else None


def _served(build: PlannedBuild, cards: Sequence[Gpu]) -> int:
    return sum(1 for gpu in cards if build.serves != "cpu" and _word(gpu) in build.serves)


def _for_cards(builds: Sequence[PlannedBuild], here: Here, pythons: Collection[str]) -> PlannedBuild | None:
    cards = here.cards
    ranked = sorted(builds, key=lambda build: (-_served(build, cards), build.python not in pythons))
    best = ranked[0]
    return best if _served(best, cards) else None


def _for_processor(
    plan: PlanFile, builds: Sequence[PlannedBuild], here: Here, pythons: Collection[str]
) -> PlannedBuild:
    found = [build for build in builds if build.serves == "cpu"]
    alone = len(found) == len(builds)
    if found and (alone or not here.cards or here.decision.verdict == "cpu"):
        return min(found, key=lambda build: build.python not in pythons)
    cards = listed(f"{gpu.name or gpu.vendor} ({_word(gpu)})" for gpu in here.cards)
    if not cards:
        raise _not_for_here(plan, _("It is for graphics cards, and none that PyTorch can use was found here."))
    known = listed(dict.fromkeys(word for build in builds if build.serves != "cpu" for word in build.serves))
    text = _("Its builds are for cards of the kinds {known}, and here is {cards}.")
    raise _not_for_here(plan, text.format(known=known or "cpu", cards=cards))


def _driver_notes(plan: PlanFile, build: PlannedBuild, here: Here) -> tuple[str, ...]:
    """Compare the driver with the plan's and the build's own minimum; return what is only to be said.

    Raises:
        SetupError: "driver-missing", "driver-old", "hardware-unreachable".
    """
    if build.serves == "cpu" or variant_kind(build.variant) != "cuda":
        return ()
    windows = here.machine.os == "windows" or here.machine.wsl
    floors = [plan.driver.minimum, here.catalogue.driver_floor(build.variant, windows=windows)]
    wanted = max((floor for floor in floors if floor), key=numbers, default="")
    driver = here.machine.nvidia_driver.version if here.machine.nvidia_driver else ""
    problem = _driver_problem(here, driver, wanted)
    if problem is None:
        return ()
    if plan.driver.policy == "require":
        raise problem
    return (f"{problem.title}.",)


def _driver_problem(here: Here, driver: str, wanted: str) -> SetupError | None:
    links = here.catalogue.links
    url = links.nvidia_driver if here.machine.os == "windows" else links.nvidia_driver_unix
    if not driver:
        return SetupError("driver-missing", url=url)
    if numbers(driver) < numbers(wanted):
        return SetupError("driver-old", driver=driver, at_least=wanted, url=url)
    return SetupError("hardware-unreachable") if here.decision.verdict == "fix-hardware" else None
