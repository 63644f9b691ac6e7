"""The document of a verdict: its builds, what is worth showing besides, and cards that need several builds."""

from __future__ import annotations

from collections.abc import Sequence

from setupwizard.codes import Verdict
from setupwizard.i18n import _
from setupwizard.model.recommendation import Build, Part, Reason, Recommendation
from setupwizard.steps.recommend.build import MOST_ALTERNATIVES, build_of
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.fit import (
    AS_IT_IS,
    Fit,
    Waive,
    best,
)
from setupwizard.steps.recommend.rejected import rejected
from setupwizard.steps.recommend.words import names


def document_of(case: Case, verdict: Verdict, build: Build | None, alternatives: Sequence[Fit]) -> Recommendation:
    """Return the document with its build and alternatives; a processor build is always among those that there are."""
    builds = [build_of(case, fit) for fit in alternatives]
    others = [other for other in builds if build is None or _key(other) != _key(build)]
    kept = others[:MOST_ALTERNATIVES]
    if len(others) > len(kept) and all(other.variant != "cpu" for other in kept):
        processor = next((other for other in others if other.variant == "cpu"), None)
        kept = [*kept[:-1], processor] if processor else kept
    return Recommendation(
        data_date=case.catalogue.data_date,
        verdict=verdict,
        build=build,
        alternatives=tuple(kept),
        rejected=rejected(case),
    )


def _key(build: Build) -> tuple[str, str]:
    return build.torch, build.variant


def groups_of(case: Case, first: Fit, waive: Waive = AS_IT_IS) -> list[Fit]:
    """Return the builds that together serve every card that any build serves: the preferred one, then the rest."""
    groups, left = [first], [card for card in case.play if card not in first.cards]
    while left:
        fit = best(case, waive, left)
        if fit is None:
            break
        groups.append(fit)
        left = [card for card in left if card not in fit.cards]
    return groups


def parts_of(case: Case, groups: Sequence[Fit]) -> tuple[Part, ...]:
    """Return which cards get which build."""
    return tuple(Part(gpus=fit.indexes, build=build_of(case, fit)) for fit in groups)


def mixed(groups: Sequence[Fit]) -> Reason:
    """Return why more than one build is needed, with the cards of each."""
    parts = "; ".join(
        _("{cards}: PyTorch {torch} ({variant})").format(
            cards=names(fit.cards), torch=fit.candidate.torch, variant=fit.candidate.variant
        )
        for fit in groups
    )
    return Reason(
        code="mixed-cards",
        text=_("No single build runs on all of the cards. {parts}.").format(parts=parts),
    )
