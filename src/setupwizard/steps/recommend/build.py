"""From a build that runs to its entry in the document: exact requirement, index, companions."""

from __future__ import annotations

from setupwizard.model.recommendation import Build
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.fit import Fit

MOST_ALTERNATIVES = 50
"""Other builds in one document (contract, "Recommendation")."""


def build_of(case: Case, fit: Fit) -> Build:
    """Return the build as the contract names it."""
    candidate, catalogue = fit.candidate, case.catalogue
    tagged = not case.general_only and catalogue.carries_tag(candidate.torch, candidate.variant, case.platform)
    return Build(
        torch=candidate.torch,
        torchvision=torchvision_of(case, fit),
        torchaudio=_torchaudio_of(case, fit),
        variant=candidate.variant,
        python=fit.python,
        platform=case.platform,
        requirement=f"torch=={candidate.torch}+{candidate.variant}" if tagged else f"torch=={candidate.torch}",
        index_url=None if case.general_only else catalogue.index_url(candidate.variant),
        assumed=candidate.probable or candidate.assumed is not None,
    )


def torchvision_of(case: Case, fit: Fit) -> str | None:
    """Return the torchvision that goes with a build, None when none is certain to fit."""
    if case.limits.python_release in case.catalogue.companions.python_without_torchvision:
        return None
    candidate = fit.candidate
    return case.catalogue.torchvision_for(candidate.torch, candidate.variant, case.platform, fit.python)


def _torchaudio_of(case: Case, fit: Fit) -> str | None:
    release = case.catalogue.release(fit.candidate.torch)
    paired = torchvision_of(case, fit) is not None
    return release.torchaudio if release and paired else None
