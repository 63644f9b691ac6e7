"""Why the newest torch of each variant is not the answer."""

from __future__ import annotations

from collections.abc import Sequence

from setupwizard.codes import RejectedCode
from setupwizard.i18n import _
from setupwizard.model.catalogue import matches, variant_kind
from setupwizard.model.catalogue_rows import KIND_OF_VENDOR, VariantKind
from setupwizard.model.recommendation import Rejected
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Candidate, Case
from setupwizard.steps.recommend.fit import (
    AS_IT_IS,
    Fit,
    card_obstacle,
    is_riddle,
    pick_python,
    preference,
    system_is_fine,
)
from setupwizard.steps.recommend.trouble import HARDWARE, RESTARTED, Trouble
from setupwizard.steps.recommend.words import driver_words, names, names_with_capability

WHEEL_BITS = 64
_NEAREST_FIRST: tuple[RejectedCode, ...] = ("driver", "os", "library", "arch")

_STOPPED: frozenset[Trouble] = RESTARTED | {"driver-incomplete"}


def rejected(case: Case) -> tuple[Rejected, ...]:
    """Return a row for each variant made for the machine's makers of cards, newest torch first."""
    kinds = {KIND_OF_VENDOR[card.vendor] for card in case.play if card.vendor in KIND_OF_VENDOR}
    newest: dict[str, Candidate] = {}
    for candidate in case.published:
        if candidate.kind in kinds and matches(candidate.torch, case.limits.torch):
            held = newest.get(candidate.variant)
            if held is None or candidate.version > held.version:
                newest[candidate.variant] = candidate
    ordered = sorted(
        newest.values(),
        key=lambda candidate: preference(case, Fit(candidate=candidate, python="", cards=case.play)),
        reverse=True,
    )
    rows = [row for row in (_row(case, candidate) for candidate in ordered) if row is not None]
    return (*_unconfirmed(case, kinds), *rows, *_not_for_this_system(case, kinds))


def _row(case: Case, candidate: Candidate) -> Rejected | None:
    found = obstacle(case, candidate)
    if found is None:
        return None
    code, text = found
    return Rejected(torch=candidate.torch, variant=candidate.variant, code=code, text=text)


def obstacle(case: Case, candidate: Candidate) -> tuple[RejectedCode, str] | None:
    """Return what keeps a build from running on any of the cards, None when it runs on one."""
    of_kind = [card for card in case.play if KIND_OF_VENDOR.get(card.vendor) == candidate.kind]
    codes = {card.index: card_obstacle(case, candidate, card, AS_IT_IS) for card in of_kind}
    code: RejectedCode | None = None
    if None not in codes.values():
        # The cure that is nearest: a card that only waits for a driver says more than one that never will run it.
        code = next((code for code in _NEAREST_FIRST if code in codes.values()), "arch")
    elif not system_is_fine(case, candidate, AS_IT_IS):
        code = "os"
    elif pick_python(case, candidate) is None:
        code = "python"
    if code is None:
        return None
    # The sentence is about the cards that it is true for, and no others.
    cards = [card for card in of_kind if codes[card.index] == code] or of_kind
    return code, _text(case, candidate, cards, code)


def _text(case: Case, candidate: Candidate, cards: Sequence[Card], code: RejectedCode) -> str:
    facts = {
        "torch": candidate.torch,
        "variant": candidate.variant,
        "cards": names_with_capability(cards),
        "names": names(cards),
        "driver": driver_words(case) if case.driver.present else "",
        "floor": case.catalogue.driver_floor(candidate.variant, windows=case.on_windows_driver) or "",
        "python": case.limits.python or "",
    }
    text = {
        "arch": _arch_text(cards),
        "library": _("The libraries of PyTorch {torch} ({variant}) no longer support {cards}."),
        "os": _("PyTorch {torch} ({variant}) needs a newer system."),
        "python": no_wheel_text(case),
        "driver": _driver_text(case, cards),
    }[code]
    return text.format(**facts)


def no_wheel_text(case: Case) -> str:
    """Return the sentence about a build that has no wheel for the Python that is insisted on, to be filled in."""
    if case.limits.bits != WHEEL_BITS:
        return _("PyTorch {torch} ({variant}) has wheels for 64-bit Pythons only.")
    return _("PyTorch {torch} ({variant}) has no wheel for Python {python}.")


def _arch_text(cards: Sequence[Card]) -> str:
    if any(card.vendor == "intel" for card in cards):
        return _("PyTorch {torch} ({variant}) is not made for {cards}.")
    if all(is_riddle(card) for card in cards):
        return _("Nobody can say whether PyTorch {torch} ({variant}) holds code for {cards}.")
    return _("PyTorch {torch} ({variant}) holds no code for {cards}.")


def _driver_text(case: Case, cards: Sequence[Card]) -> str:
    if any(card.trouble in HARDWARE for card in cards):
        return _("PyTorch {torch} ({variant}) cannot reach {names} as it is.")
    if any(card.vendor != "nvidia" for card in cards) or any(card.trouble in _STOPPED for card in cards):
        return _("The driver of {names} does not work as it is, so PyTorch {torch} ({variant}) cannot use it.")
    if not case.driver.present:
        return _("PyTorch {torch} ({variant}) needs NVIDIA driver {floor} or newer, and none is known here.")
    if any(card.trouble is not None for card in cards):
        return _("The present driver {driver} does not use {names}.")
    if not case.driver.version:
        return _("PyTorch {torch} ({variant}) needs NVIDIA driver {floor} or newer; the version here is not known.")
    return _("PyTorch {torch} ({variant}) needs NVIDIA driver {floor} or newer; here it is {driver}.")


def _unconfirmed(case: Case, kinds: set[VariantKind]) -> list[Rejected]:
    """Return the variants that the data expect and no index has listed."""
    rows = []
    known = {(candidate.torch, candidate.variant) for candidate in case.published}
    seen: set[str] = set()
    for release in reversed(case.catalogue.releases):
        published = release.builds.get(case.platform)
        for variant in published.probable if published else ():
            wanted = variant_kind(variant) in kinds and matches(release.torch, case.limits.torch)
            listed_elsewhere = any(candidate.variant == variant for candidate in case.published)
            if wanted and variant not in seen and not listed_elsewhere and (release.torch, variant) not in known:
                seen.add(variant)
                rows.append(
                    Rejected(
                        torch=release.torch,
                        variant=variant,
                        code="no-wheel",
                        text=_("PyTorch {torch} ({variant}) is expected, but no index is known to hold it.").format(
                            torch=release.torch, variant=variant
                        ),
                    )
                )
    return rows


def _not_for_this_system(case: Case, kinds: set[VariantKind]) -> list[Rejected]:
    """Return one row for a kind of build that is published for other systems only."""
    rows = []
    for kind in sorted(kinds - {candidate.kind for candidate in case.published}):
        for release in reversed(case.catalogue.releases):
            found = [
                variant
                for published in release.builds.values()
                for variant in published.variants
                if variant_kind(variant) == kind
            ]
            if found:
                rows.append(
                    Rejected(
                        torch=release.torch,
                        variant=found[-1],
                        code="no-wheel",
                        text=_("PyTorch {torch} ({variant}) is not published for this system.").format(
                            torch=release.torch, variant=found[-1]
                        ),
                    )
                )
                break
    return rows
