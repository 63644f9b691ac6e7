"""Every build for a platform, for who wants to choose: what runs here, and for the rest the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setupwizard.codes import RejectedCode
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue, load_catalogue
from setupwizard.model.catalogue_rows import KIND_OF_VENDOR
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Cell, Wishes
from setupwizard.steps.recommend.build import build_of
from setupwizard.steps.recommend.case import Candidate, Case
from setupwizard.steps.recommend.fit import Fit, fits, installs, pick_python, prepare, processor_fits, without_wishes
from setupwizard.steps.recommend.rejected import no_wheel_text, obstacle

_NO_WISHES = Wishes()


def grid(
    machine: Machine,
    wishes: Wishes = _NO_WISHES,
    catalogue: Catalogue | None = None,
    *,
    listed: Mapping[str, frozenset[str]] | None = None,
) -> tuple[Cell, ...]:
    """Return a cell for every build that is published for the machine's platform, newest torch first.

    The wishes for cards and for Python hold; those for torch and for a variant do not, as the grid is there to make
    them. A cell that runs is what `recommend` would answer with to the wish for it.

    Raises:
        SetupError: "usage": a wish is not well-formed.
    """
    case = prepare(machine, wishes, catalogue or load_catalogue(), listed or {})
    if case is None:
        return ()
    free = without_wishes(case)
    running = {_key(fit.candidate): fit for fit in (*processor_fits(free), *fits(free))}
    cells = (_cell(free, candidate, running.get(_key(candidate))) for candidate in _ordered(free))
    return tuple(cells)


def _key(candidate: Candidate) -> tuple[str, str]:
    return candidate.torch, candidate.variant


def _ordered(case: Case) -> Iterator[Candidate]:
    """Yield every build, newest torch first, the variants in the order of preference, the processor build last."""
    order = case.catalogue.preference.newer_cards

    def rank(candidate: Candidate) -> tuple[int, str]:
        place = order.index(candidate.variant) if candidate.variant in order else len(order)
        return (place if candidate.kind != "cpu" else len(order) + 1), candidate.variant

    by_version = sorted(case.published, key=rank)
    yield from sorted(by_version, key=lambda one: one.version, reverse=True)


def _cell(case: Case, candidate: Candidate, fit: Fit | None) -> Cell:
    if fit is not None:
        build = build_of(case, fit)
        return Cell(torch=candidate.torch, variant=candidate.variant, build=build, gpus=fit.indexes)
    code, text = _why_not(case, candidate)
    return Cell(torch=candidate.torch, variant=candidate.variant, code=code, text=text)


def _why_not(case: Case, candidate: Candidate) -> tuple[RejectedCode, str]:
    facts = {"torch": candidate.torch, "variant": candidate.variant, "python": case.limits.python or ""}
    if not installs(case, candidate):
        return "os", _("PyTorch {torch} ({variant}) needs a newer system.").format(**facts)
    if candidate.kind == "cpu" or pick_python(case, candidate) is None:
        return "python", no_wheel_text(case).format(**facts)
    if candidate.kind in {KIND_OF_VENDOR.get(card.vendor) for card in case.play}:
        found = obstacle(case, candidate)
        if found is not None:
            return found
    return "arch", _("This computer has no card that {variant} is made for.").format(**facts)
