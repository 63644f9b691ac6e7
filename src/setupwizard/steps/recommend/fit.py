"""Which builds run where: the five conditions of compatibility, and the order of preference among what is left."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from setupwizard.codes import RejectedCode
from setupwizard.model.catalogue import Catalogue, Numbers, matches, numbers, platform_of
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Wishes
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Candidate, Case, Listed, case_of
from setupwizard.steps.recommend.trouble import HARDWARE, RESTARTED
from setupwizard.steps.recommend.wishes import understood

_KIND_ORDER = {"cuda": 2, "rocm": 1, "xpu": 0, "cpu": 0}
_WINDOWS_10 = 10


class Waive(Struct, frozen=True, kw_only=True):
    """Obstacles that do not count, to see what would run once they are out of the way.

    Attributes:
        driver: the newest driver that all the cards can live with is installed.
        restart: the driver that is there runs.
        hardware: every card is plugged in, awake and not given away.
        python: any Python will do.
        system: the system and its libraries are new.
    """

    driver: bool = False
    restart: bool = False
    hardware: bool = False
    python: bool = False
    system: bool = False


AS_IT_IS = Waive()
REACHED = Waive(hardware=True)
RESTARTED_ONCE = Waive(restart=True, hardware=True)
WITH_DRIVER = Waive(driver=True)
REPAIRED = Waive(driver=True, hardware=True)


class Fit(Struct, frozen=True, kw_only=True):
    """A build that runs: with this Python, on these cards of the machine."""

    candidate: Candidate
    python: str
    cards: tuple[Card, ...] = ()

    @property
    def indexes(self) -> tuple[int, ...]:
        """The cards by their places in the Machine."""
        return tuple(card.index for card in self.cards)


def fits(case: Case, waive: Waive = AS_IT_IS, cards: Iterable[Card] | None = None) -> list[Fit]:
    """Return the builds that run on at least one card, best first."""
    wanted = tuple(case.play if cards is None else cards)
    found = []
    for candidate in case.candidates:
        served = tuple(card for card in wanted if card_obstacle(case, candidate, card, waive) is None)
        python = pick_python(case, candidate, waive) if served and system_is_fine(case, candidate, waive) else None
        if python is not None:
            found.append(Fit(candidate=candidate, python=python, cards=served))
    return sorted(found, key=lambda fit: preference(case, fit), reverse=True)


def best(case: Case, waive: Waive = AS_IT_IS, cards: Iterable[Card] | None = None) -> Fit | None:
    """Return the preferred build that runs, None when there is none."""
    return next(iter(fits(case, waive, cards)), None)


def processor_fits(case: Case, waive: Waive = AS_IT_IS) -> list[Fit]:
    """Return the processor builds that run, newest first."""
    found = []
    for candidate in case.processors:
        python = pick_python(case, candidate, waive) if system_is_fine(case, candidate, waive) else None
        if python is not None:
            found.append(Fit(candidate=candidate, python=python))
    return sorted(found, key=lambda fit: fit.candidate.version, reverse=True)


def preference(case: Case, fit: Fit) -> tuple[int, Version, int, Numbers]:
    """Return the rank of a build: most cards, newest torch, then the variant (contract, "Order of preference")."""
    candidate = fit.candidate
    return len(fit.cards), candidate.version, _KIND_ORDER[candidate.kind], _variant_rank(case, candidate, fit.cards)


def _variant_rank(case: Case, candidate: Candidate, cards: tuple[Card, ...]) -> Numbers:
    if candidate.kind == "rocm":
        return numbers(candidate.variant.removeprefix("rocm"))
    order = case.catalogue.preference
    newer_from = numbers(order.newer_from)
    older = any(capability < newer_from for card in cards for capability in card.capabilities)
    names = order.older_cards if older else order.newer_cards
    return (-names.index(candidate.variant),) if candidate.variant in names else (-len(names),)


def card_obstacle(case: Case, candidate: Candidate, card: Card, waive: Waive) -> RejectedCode | None:
    """Return what keeps a build from running on a card, None when it runs."""
    if candidate.kind == "cuda":
        return _cuda_obstacle(case, candidate, card, waive)
    if not _is_for(case, candidate, card, waive):
        return "arch"
    if candidate.kind == "xpu" and not waive.system and not _xpu_windows_is_fine(case, candidate):
        return "os"
    return "driver" if card.trouble is not None and not waive.hardware else None


def _is_for(case: Case, candidate: Candidate, card: Card, waive: Waive) -> bool:
    """Whether a ROCm, Intel or Apple build is made for a card."""
    if candidate.kind == "rocm":
        if card.vendor != "amd":
            return False
        if card.chip is None:
            return not card.gfx and case.limits.variant == candidate.variant
        return numbers(candidate.variant.removeprefix("rocm")) >= numbers(card.chip.rocm_from)
    if candidate.kind == "xpu":
        return card.xpu
    return card.vendor == "apple" and case.platform == "macos_arm64" and (waive.system or _has_mps(case))


def _has_mps(case: Case) -> bool:
    have = numbers(case.machine.os_version)
    return not have or have >= numbers(case.catalogue.macos.mps_from)[: len(have)]


def _xpu_windows_is_fine(case: Case, candidate: Candidate) -> bool:
    build = numbers(case.machine.os_version)
    if case.machine.os != "windows" or len(build) < 3 or build[0] != _WINDOWS_10:
        return True
    intel = case.catalogue.intel
    return build[2] >= intel.windows_build or matches(candidate.torch, intel.older_windows_torch)


def _cuda_obstacle(case: Case, candidate: Candidate, card: Card, waive: Waive) -> RejectedCode | None:
    if card.vendor != "nvidia" or not card.official or not _holds_code_for(case, candidate, card, waive):
        return "arch"
    too_new = case.catalogue.cudnn_is_too_new
    if any(too_new(candidate.torch, candidate.variant, capability) for capability in card.capabilities):
        return "library"
    if card.trouble in HARDWARE and not waive.hardware:
        return "driver"
    return None if _driver_is_fine(case, candidate, card, waive) else "driver"


def _holds_code_for(case: Case, candidate: Candidate, card: Card, waive: Waive) -> bool:
    if not card.capabilities or (not card.known and case.limits.variant == candidate.variant):
        return case.limits.variant == candidate.variant and not card.too_old  # the user vouches for it
    holds_code, driver_cuda = case.catalogue.holds_code, _driver_cuda(case, waive)
    return all(
        holds_code(candidate.torch, candidate.variant, case.platform, capability, driver_cuda)
        for capability in card.capabilities
    )


def _driver_cuda(case: Case, waive: Waive) -> Numbers:
    """Return the newest CUDA whose PTX the driver can compile: minor-version compatibility does not reach that far."""
    if not waive.driver:
        return case.driver.cuda
    branch = case.last_branch
    return case.catalogue.newest_cuda if branch is None else case.catalogue.cuda_of_driver(str(branch))


def _driver_is_fine(case: Case, candidate: Candidate, card: Card, waive: Waive) -> bool:
    if card.jetson:  # the driver comes with JetPack, which was looked at already
        return True
    floor = numbers(case.catalogue.driver_floor(candidate.variant, windows=case.on_windows_driver))
    if not floor:  # a CUDA newer than all the facts: only the driver itself can say that it supports it
        told = numbers(case.machine.nvidia_driver.cuda if case.machine.nvidia_driver else None)
        return card.trouble is None and told >= candidate.cuda
    if waive.driver and card.driver_helps:
        branch = case.last_branch
        return branch is None or (branch,) >= floor[:1]
    if card.trouble is not None and card.trouble not in HARDWARE and not (waive.restart and card.trouble in RESTARTED):
        return False
    driver = case.driver
    return driver.version >= floor if driver.version else driver.cuda[:1] >= candidate.cuda[:1]


def system_is_fine(case: Case, candidate: Candidate, waive: Waive) -> bool:
    """Whether the wheels of a build can be installed on the system: its libc on Linux (macOS goes by Python)."""
    if waive.system or case.machine.os != "linux" or not case.machine.libc:
        return True
    name, _, version = case.machine.libc.strip().lower().partition(" ")
    if name == "musl":
        return False
    have = numbers(version)
    floor = case.catalogue.glibc_floor(candidate.torch, candidate.variant, case.platform)
    return not have or have >= floor


def installs(case: Case, candidate: Candidate) -> bool:
    """Whether a build has a wheel for the system, with whatever Python."""
    return system_is_fine(case, candidate, AS_IT_IS) and pick_python(case, candidate, Waive(python=True)) is not None


def pick_python(case: Case, candidate: Candidate, waive: Waive = AS_IT_IS) -> str | None:
    """Return the Python of the environment: the fixed one, else one that was found, else the default."""
    wheels = candidate.python
    if case.machine.os == "macos" and not waive.system:
        wheels = tuple(python for python in wheels if _macos_is_fine(case, candidate, python))
    limits, rules = case.limits, case.catalogue.python
    if limits.python is not None and not waive.python:
        return limits.python if limits.python in wheels and limits.bits == 64 else None
    preferred, newer = _in_order(wheels, rules.newest_preferred)
    found = case.pythons.intersection(preferred)
    if found:
        return max(found, key=numbers)
    if rules.default in preferred:
        return rules.default
    return next(reversed(preferred or newer), None)


@lru_cache(maxsize=512)
def _in_order(wheels: tuple[str, ...], newest_preferred: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ordinary Pythons up to the newest preferred one, and the newer ones, oldest first."""
    ordinary = sorted((python for python in wheels if not python.endswith("t")), key=numbers)
    preferred = [python for python in ordinary if numbers(python) <= numbers(newest_preferred)]
    return tuple(preferred), tuple(ordinary[len(preferred) :])


def _macos_is_fine(case: Case, candidate: Candidate, python: str) -> bool:
    have = numbers(case.machine.os_version)
    if case.machine.os != "macos" or not have:
        return True
    floor = case.catalogue.macos_floor(candidate.torch, case.platform, python)
    return have >= floor[: len(have)]


def prepare(machine: Machine, wishes: Wishes, catalogue: Catalogue, listed: Listed) -> Case | None:
    """Return the material of a decision, None for a processor that PyTorch has no wheels for.

    Raises:
        SetupError: "usage": a wish is not well-formed.
    """
    limits = understood(wishes, machine)
    platform = platform_of(machine.os, machine.arch)
    return None if platform is None else in_play(case_of(machine, platform, limits, catalogue, listed))


def in_play(case: Case) -> Case:
    """Return the case with the cards that decide: a card of its own never loses against graphics in the processor.

    Cards that the user chose are all in play; so is everything when no card of its own can be used by anybody.
    """
    if case.limits.cards is not None:
        return case
    own = tuple(card for card in case.cards if not card.integrated)
    some_day = Waive(driver=True, hardware=True, python=True, system=True)
    usable = {index for fit in fits(case, some_day, own) for index in fit.indexes}
    if usable or any(is_for_other_index(case, card) or is_riddle(card) for card in own):
        return replace(case, play=own)
    return case


def without_wishes(case: Case) -> Case:
    """Return the case of somebody who leaves version and variant to the program."""
    published = tuple(candidate for candidate in case.published if not candidate.probable)
    free = replace(
        case,
        limits=replace(case.limits, torch="", variant=None),
        play=case.cards,
        published=published,
        candidates=published,
        processors=tuple(candidate for candidate in published if candidate.variant == "cpu"),
    )
    return in_play(free)


def is_riddle(card: Card) -> bool:
    """Whether nobody can say what the card needs until a driver tells its compute capability."""
    return card.vendor == "nvidia" and not card.known and not card.too_old and not card.jetson


def is_for_other_index(case: Case, card: Card) -> bool:
    """Whether another publisher's index serves the card: AMD's on Windows, that for NVIDIA's boards."""
    if card.jetson:
        return not card.official
    if card.vendor != "amd" or case.platform != "win_amd64":
        return False
    if card.chip is None:
        return not card.gfx and not card.integrated
    return card.chip.windows_tested is not None
