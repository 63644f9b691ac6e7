"""The document for wishes that nothing fulfils: why not, and what would run without them."""

from __future__ import annotations

from setupwizard.i18n import _
from setupwizard.model.catalogue_rows import KIND_OF_VENDOR
from setupwizard.model.format import sentences
from setupwizard.model.recommendation import Reason, Recommendation, Rejected
from setupwizard.steps.recommend.build import MOST_ALTERNATIVES
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.reasons import about_wishes
from setupwizard.steps.recommend.rejected import obstacle, rejected
from setupwizard.steps.recommend.words import names_with_capability, platform_name


def refused(case: Case, free: Recommendation) -> Recommendation:
    """Return the decision for wishes that nothing fulfils.

    The verdict is the one that says that there is no build; `free`, the decision without the wishes, gives the builds
    that would run.
    """
    text, row = _wished(case, free)
    rows = rejected(case)
    if row is not None and (row.torch, row.variant) not in {(other.torch, other.variant) for other in rows}:
        rows = (row, *rows)
    runs = [build for build in (free.build, *free.alternatives) if build is not None]
    kept = runs if len(runs) <= MOST_ALTERNATIVES else [*runs[: MOST_ALTERNATIVES - 1], runs[-1]]
    return Recommendation(
        data_date=case.catalogue.data_date,
        verdict="unsupported-os",
        reasons=(Reason(code="wish-unmet", text=_with_help(text, free)), *about_wishes(case, None)),
        alternatives=tuple(kept),
        rejected=rows,
    )


def _with_help(text: str, free: Recommendation) -> str:
    if free.build is None or free.verdict not in {"gpu", "split", "cpu"}:
        return text
    would = _("Without that choice it would be PyTorch {torch} ({variant}).")
    if free.verdict == "cpu":
        would = _("Without that choice it would be the processor version, PyTorch {torch}.")
    return sentences(text, would.format(torch=free.build.torch, variant=free.build.variant))


def _wished(case: Case, free: Recommendation) -> tuple[str, Rejected | None]:
    """Return why the wishes cannot be fulfilled, and the row of the build that comes nearest to them."""
    limits = case.limits
    newest = max(case.candidates, key=lambda candidate: candidate.version, default=None)
    if newest is None:
        return _unpublished(case)
    if limits.variant is None:
        cards = [card for card in case.play if card.index in free.gpus] or list(case.play)
        text = _("No build of the version that you chose runs on {cards}.")
        return text.format(cards=names_with_capability(cards)), None
    kinds = {KIND_OF_VENDOR.get(card.vendor) for card in case.play}
    found = obstacle(case, newest) if newest.kind in kinds else None
    text = _("This computer has no card that {variant} is made for.").format(variant=newest.variant)
    code, text = found or ("arch", text)
    return text, Rejected(torch=newest.torch, variant=newest.variant, code=code, text=text)


def _unpublished(case: Case) -> tuple[str, Rejected | None]:
    """Return the answer about a build that was never published for the system."""
    limits, system = case.limits, platform_name(case.platform)
    same = [other for other in case.published if other.variant == limits.variant]
    newest = max(same or case.published, key=lambda candidate: candidate.version)
    if limits.variant is not None and same:
        text = _("{variant} is not published for that version of PyTorch; for {system} its newest is {torch}.")
    elif limits.variant is not None:
        text = _("{variant} is not published for {system}.")
    else:
        text = _("No such version of PyTorch is published for {system}; the newest is {torch}.")
    text = text.format(variant=limits.variant, system=system, torch=newest.torch)
    exact = limits.torch.removeprefix("==") if limits.torch.startswith("==") and "*" not in limits.torch else None
    torch = exact or (newest.torch if not same else None)
    if limits.variant is None or torch is None:
        return text, None
    return text, Rejected(torch=torch, variant=limits.variant, code="no-wheel", text=text)
