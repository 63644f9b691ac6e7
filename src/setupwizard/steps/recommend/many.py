"""One build for several computers that are named by file, or the word that there is none."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue, Numbers, load_catalogue, numbers
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Action, Build, MachineChoice, Part, Reason, Recommendation, Wishes
from setupwizard.steps.recommend.build import MOST_ALTERNATIVES, build_of
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Candidate, Case
from setupwizard.steps.recommend.fit import (
    AS_IT_IS,
    REPAIRED,
    Fit,
    Waive,
    fits,
    preference,
    prepare,
    processor_fits,
)
from setupwizard.steps.recommend.verdicts import decide, no_platform

_NO_WISHES = Wishes()


class _One(Struct, frozen=True, kw_only=True):
    """One of the computers."""

    file: str
    case: Case | None
    recommendation: Recommendation


class _Shared(Struct, frozen=True, kw_only=True):
    """A build that runs on every computer, and the cards that it serves on each."""

    build: Build
    gpus: tuple[tuple[int, ...], ...]


def recommend_many(
    machines: Sequence[tuple[str, Machine]],
    wishes: Wishes = _NO_WISHES,
    catalogue: Catalogue | None = None,
) -> Recommendation:
    """Return one build for all computers, else the verdict "split" with the right build for each of them.

    Args:
        machines: the name of each file, and what it says; at least one.
        wishes: what the user insists on; the indexes of cards hold for each computer.
        catalogue: the facts; those that came with the program when None.

    Raises:
        SetupError: "usage": a wish is not well-formed.
    """
    catalogue = catalogue or load_catalogue()
    ones = [_one(file, machine, wishes, catalogue) for file, machine in machines]
    if len(ones) == 1:
        return replace(ones[0].recommendation, machines=_own_choices(ones))
    verdicts = {one.recommendation.verdict for one in ones}
    verdict = next(iter(verdicts)) if len(verdicts) == 1 else "split"
    if verdict in {"gpu", "cpu"}:
        shared = _shared(ones, AS_IT_IS, processor=verdict == "cpu")
        if shared:
            return _together(ones, shared)
    elif verdict in {"fix-driver", "fix-hardware"}:
        shared = _shared(ones, REPAIRED, processor=False)
        if shared:
            return _after_repair(ones, shared[0])
    elif verdict != "split":
        return _same_word(ones)
    apart = _apart(ones)
    if verdicts <= {"gpu", "fix-driver", "fix-hardware"}:
        repaired = _shared(ones, REPAIRED, processor=False)
        if repaired:
            return replace(apart, after=repaired[0].build, reasons=(*apart.reasons, _once_repaired(ones, repaired[0])))
    return apart


def _once_repaired(ones: Sequence[_One], best: _Shared) -> Reason:
    text = _("Once the drivers are right, PyTorch {torch} ({variant}) runs on all {count} computers.").format(
        torch=best.build.torch, variant=best.build.variant, count=len(ones)
    )
    return Reason(code="mixed-machines", text=text)


def _one(file: str, machine: Machine, wishes: Wishes, catalogue: Catalogue) -> _One:
    case = prepare(machine, wishes, catalogue, {})
    recommendation = no_platform(catalogue, machine) if case is None else decide(case)
    return _One(file=file, case=case, recommendation=recommendation)


def _own_choices(ones: Sequence[_One]) -> tuple[MachineChoice, ...]:
    return tuple(
        MachineChoice(file=one.file, gpus=one.recommendation.gpus, build=one.recommendation.build) for one in ones
    )


def _shared(ones: Sequence[_One], waive: Waive, *, processor: bool) -> list[_Shared]:
    """Return the builds that run on every computer as well as anything does there, best first."""
    cases = [one.case for one in ones if one.case is not None]
    if len({case.platform for case in cases}) != 1:
        return []
    choices = [_full_service(processor_fits(case, waive) if processor else fits(case, waive)) for case in cases]
    common = set.intersection(*(set(choice) for choice in choices))
    found: list[tuple[tuple[Version, int, Numbers], _Shared]] = []
    for key in common:
        members = [choice[key] for choice in choices]
        python = _python_for_all(cases, members)
        if python is not None:
            cards: tuple[Card, ...] = tuple(card for fit in members for card in fit.cards)
            together = Fit(candidate=members[0].candidate, python=python, cards=cards)
            build = build_of(cases[0], together)
            shared = _Shared(build=build, gpus=tuple(fit.indexes for fit in members))
            found.append((preference(cases[0], together)[1:], shared))
    return [shared for _rank, shared in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _full_service(found: Sequence[Fit]) -> dict[tuple[str, str], Fit]:
    """Return the builds that leave out no card which any build serves, by version and variant."""
    most = max((len(fit.cards) for fit in found), default=0)
    return {(fit.candidate.torch, fit.candidate.variant): fit for fit in found if len(fit.cards) == most}


def _python_for_all(cases: Sequence[Case], members: Sequence[Fit]) -> str | None:
    """Return the Python for all: the one insisted on, else the newest preferred one found on all, else the default."""
    candidate: Candidate = members[0].candidate
    insisted = {case.limits.python for case in cases if case.limits.python is not None}
    if insisted:
        return next(iter(insisted)) if len(insisted) == 1 and insisted <= set(candidate.python) else None
    rules = cases[0].catalogue.python
    everywhere = set.intersection(*(set(case.pythons) for case in cases)) & set(candidate.python)
    preferred = [python for python in everywhere if numbers(python) <= numbers(rules.newest_preferred)]
    if preferred:
        return max(preferred, key=numbers)
    return rules.default if rules.default in candidate.python else members[0].python


def _together(ones: Sequence[_One], shared: Sequence[_Shared]) -> Recommendation:
    best = shared[0]
    text = _("PyTorch {torch} ({variant}) runs on all {count} computers.").format(
        torch=best.build.torch, variant=best.build.variant, count=len(ones)
    )
    return Recommendation(
        data_date=ones[0].recommendation.data_date,
        verdict=ones[0].recommendation.verdict,
        build=best.build,
        reasons=(Reason(code="mixed-machines", text=text),),
        actions=_actions(ones),
        alternatives=tuple(other.build for other in shared[1 : MOST_ALTERNATIVES + 1]),
        machines=tuple(
            MachineChoice(file=one.file, gpus=gpus, build=best.build) for one, gpus in zip(ones, best.gpus, strict=True)
        ),
    )


def _after_repair(ones: Sequence[_One], best: _Shared) -> Recommendation:
    """Return the decision for computers that all need a repair first, and share a build after it."""
    return replace(_same_word(ones), after=best.build, reasons=(_once_repaired(ones, best),))


def _same_word(ones: Sequence[_One]) -> Recommendation:
    """Return the decision for computers that all get the same verdict and nothing to share."""
    builds = [one.recommendation.build for one in ones]
    reasons = dict.fromkeys(reason for one in ones for reason in one.recommendation.reasons)
    return Recommendation(
        data_date=ones[0].recommendation.data_date,
        verdict=ones[0].recommendation.verdict,
        build=builds[0] if all(build == builds[0] for build in builds) else None,
        reasons=tuple(reasons),
        actions=_actions(ones),
        machines=_own_choices(ones),
    )


def _actions(ones: Sequence[_One]) -> tuple[Action, ...]:
    return tuple(dict.fromkeys(action for one in ones for action in one.recommendation.actions))


def _apart(ones: Sequence[_One]) -> Recommendation:
    lines = "; ".join(_line(one) for one in ones)
    text = _("No single build runs on all {count} computers. {lines}.").format(count=len(ones), lines=lines)
    builds = dict.fromkeys(one.recommendation.build for one in ones if one.recommendation.build is not None)
    return Recommendation(
        data_date=ones[0].recommendation.data_date,
        verdict="split",
        reasons=(Reason(code="mixed-machines", text=text),),
        actions=_actions(ones),
        parts=tuple(Part(gpus=(), build=build) for build in builds),
        machines=_own_choices(ones),
    )


def _line(one: _One) -> str:
    build = one.recommendation.build
    if build is None:
        return _("{file}: nothing that runs yet").format(file=one.file)
    return _("{file}: PyTorch {torch} ({variant})").format(file=one.file, torch=build.torch, variant=build.variant)
