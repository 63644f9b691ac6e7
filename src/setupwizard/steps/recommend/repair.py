"""What is decided when the driver or the hardware has to be repaired first, and what can be installed until then."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from setupwizard.codes import Verdict
from setupwizard.i18n import _
from setupwizard.model.recommendation import Action, Build, Reason, Recommendation
from setupwizard.steps.recommend.actions import (
    driver_action,
    hardware_actions,
    processor_action,
    restart_action,
)
from setupwizard.steps.recommend.build import build_of
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.document import document_of, groups_of, mixed, parts_of
from setupwizard.steps.recommend.fit import (
    REPAIRED,
    Fit,
    processor_fits,
)
from setupwizard.steps.recommend.reasons import about_unserved, about_wishes
from setupwizard.steps.recommend.trouble import HARDWARE, RESTARTED
from setupwizard.steps.recommend.trouble_words import about_trouble, driver_old
from setupwizard.steps.recommend.words import names


def stop_gap(case: Case, found: Fit | None) -> tuple[Build | None, list[Reason]]:
    """Return what can be installed until the repair is done: what was insisted on, else the processor build."""
    if found is not None and case.limits.variant is not None:
        text = _("It can be installed now, and runs once that is done.")
        return build_of(case, found), [Reason(code="stop-gap", text=text)]
    processor = next(iter(processor_fits(case)), None)
    if processor is None:
        return None, []
    text = _("Until then the processor version works, only slower.")
    return build_of(case, processor), [Reason(code="stop-gap", text=text)]


def _repair(
    case: Case, verdict: Verdict, found: Fit | None, told: list[Reason], actions: list[Action]
) -> Recommendation:
    """Return the document of a verdict that wants something repaired first."""
    build, meanwhile = stop_gap(case, found)
    after = build_of(case, found) if found is not None else None
    reasons = [*told]
    if found is not None:
        reasons.extend(_promise(found))
    groups = groups_of(case, found, REPAIRED) if found is not None else []
    if len(groups) > 1:
        reasons.append(mixed(groups))
    if build is not None and build.variant == "cpu":
        actions.append(processor_action())
    unserved = [card for card in case.play if found is not None and card not in found.cards]
    if len(groups) < 2:
        reasons.extend(about_unserved(case, card) for card in unserved)
    document = document_of(case, verdict, build, processor_fits(case) if case.limits.variant is None else ())
    return replace(
        document,
        after=after,
        reasons=(*reasons, *meanwhile, *about_wishes(case, found)),
        actions=tuple(actions),
        parts=parts_of(case, groups) if len(groups) > 1 else (),
    )


def _promise(found: Fit) -> list[Reason]:
    text = _("Then PyTorch {torch} ({variant}) runs on {cards}.").format(
        torch=found.candidate.torch, variant=found.candidate.variant, cards=names(found.cards)
    )
    if all(card.known for card in found.cards):
        return [Reason(code="code-for-card", text=text)]
    return [Reason(code="compute-capability-unknown", text=text)]


def fix_hardware(case: Case, reached: Fit, *, driver_too: bool = False) -> Recommendation:
    """Return the decision for cards that something outside the driver keeps away; `driver_too`: that comes after."""
    cards = [card for card in reached.cards if card.trouble in HARDWARE]
    told = [about_trouble(case, card) for card in cards]
    actions = [*hardware_actions(cards)]
    if driver_too:
        actions.append(driver_action(case, reached.cards, reached.candidate))
    return _repair(case, "fix-hardware", reached, told, actions)


def fix_driver(case: Case, repaired: Fit, *, driver_too: bool = True) -> Recommendation:
    """Return the decision for cards that the driver keeps away; without `driver_too` a restart may be enough."""
    told = []
    fine = [card for card in repaired.cards if card.trouble is None]
    if fine:
        told.append(driver_old(case, fine))
    told.extend(about_trouble(case, card) for card in repaired.cards if card.trouble is not None)
    stopped = any(card.trouble in RESTARTED for card in repaired.cards)
    actions = [restart_action()] if stopped else []
    if driver_too or any(card.trouble == "driver-not-running" for card in repaired.cards):
        actions.append(driver_action(case, repaired.cards, repaired.candidate))
    actions.extend(hardware_actions([card for card in repaired.cards if card.trouble in HARDWARE]))
    return _repair(case, "fix-driver", repaired, told, actions)


def fix_driver_first(case: Case, riddles: Sequence[Card]) -> Recommendation:
    """Return the decision for cards that only a driver can name."""
    told = [about_trouble(case, card) for card in riddles]
    text = _("Once a driver is there, it tells which build {cards} needs.").format(cards=names(riddles))
    told.append(Reason(code="compute-capability-unknown", text=text))
    return _repair(case, "fix-driver", None, told, [driver_action(case, riddles, None)])
