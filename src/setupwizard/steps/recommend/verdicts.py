"""From what runs, now and after a repair, to one verdict and its document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue, numbers
from setupwizard.model.machine import Machine
from setupwizard.model.naming import system_name
from setupwizard.model.recommendation import Action, Reason, Recommendation
from setupwizard.steps.recommend.actions import (
    amd_action,
    cards_action,
    driver_action,
    hardware_actions,
    jetson_action,
    lost_card_action,
    processor_action,
    python_action,
    update_os_action,
)
from setupwizard.steps.recommend.build import build_of
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.document import document_of, groups_of, mixed, parts_of
from setupwizard.steps.recommend.fit import (
    REACHED,
    REPAIRED,
    RESTARTED_ONCE,
    WITH_DRIVER,
    Fit,
    Waive,
    best,
    fits,
    installs,
    is_for_other_index,
    is_riddle,
    processor_fits,
    without_wishes,
)
from setupwizard.steps.recommend.reasons import about_newer, about_wishes, why, why_processor
from setupwizard.steps.recommend.repair import fix_driver, fix_driver_first, fix_hardware, stop_gap
from setupwizard.steps.recommend.trouble import HARDWARE
from setupwizard.steps.recommend.unfulfilled import refused
from setupwizard.steps.recommend.words import names


def decide(case: Case) -> Recommendation:
    """Return the decision; a card that is newer than all the facts never goes without a word."""
    document = _decided(case)
    newer = [card for card in case.cards if card.newer]
    if not newer or any(reason.code == "gpu-newer-than-data" for reason in document.reasons):
        return document
    return replace(document, reasons=(*document.reasons, *(about_newer(case, card) for card in newer)))


def _decided(case: Case) -> Recommendation:
    if not any(installs(case, candidate) for candidate in case.published):
        return no_system(case)
    if case.limits.variant == "cpu":
        return _processor(case)
    if not case.candidates:
        return _refused(case)
    now = best(case)
    if now is not None:
        return _on_cards(case, now)
    return _after_repair(case) or _elsewhere(case)


def _after_repair(case: Case) -> Recommendation | None:
    """Return the decision for cards that a repair makes usable, None when no repair does."""
    reached = best(case, REACHED)
    if reached is not None:
        return fix_hardware(case, reached)
    restarted = best(case, RESTARTED_ONCE)
    if restarted is not None:
        return fix_driver(case, restarted, driver_too=False)
    repaired = best(case, REPAIRED)
    if repaired is not None:
        # a card that was given away has no driver here either: getting the card back comes first
        away = all(card.trouble in HARDWARE for card in repaired.cards)
        return fix_hardware(case, repaired, driver_too=True) if away else fix_driver(case, repaired)
    if case.limits.python is not None:
        other = best(case, replace(REPAIRED, python=True))
        if other is not None:
            return _change_python(case, other)
    riddles = [card for card in case.play if is_riddle(card) and card.trouble not in {None, *HARDWARE}]
    return fix_driver_first(case, riddles) if riddles and case.limits.variant is None else None


def _elsewhere(case: Case) -> Recommendation:
    """Return the decision for cards that no build of the official indexes serves."""
    others = [card for card in case.play if is_for_other_index(case, card)]
    if others:
        return _other_route(case, others)
    if case.limits.variant is not None or _wish_shuts_cards_out(case):
        return _refused(case)
    return _processor(case)


def _wish_shuts_cards_out(case: Case) -> bool:
    """Whether only the wished version keeps the cards from being used: nobody gets the processor build for that."""
    if not case.limits.torch:
        return False
    return best(replace(case, candidates=case.published), replace(REPAIRED, python=True)) is not None


def _refused(case: Case) -> Recommendation:
    """Return the decision for wishes that nothing fulfils: what would run without them stands in the alternatives."""
    if not case.limits.torch and case.limits.variant is None:
        return no_system(case)  # no wish is in the way: the indexes hold no processor build any more
    return refused(case, decide(without_wishes(case)))


def _on_cards(case: Case, now: Fit) -> Recommendation:
    """Return the decision for cards that work as they are: what runs on them, and what a repair would add."""
    groups, later = groups_of(case, now), _better_with_driver(case, now)
    is_split = len(groups) > 1
    reasons = why(case, now)
    processors = () if case.limits.variant is not None or case.general_only else processor_fits(case)
    document = document_of(
        case, "split" if is_split else "gpu", build_of(case, now), alternatives=[*fits(case), *processors]
    )
    return replace(
        document,
        gpus=now.indexes,
        after=build_of(case, later) if later is not None else None,
        reasons=(mixed(groups), *reasons) if is_split else tuple(reasons),
        actions=(
            *((cards_action(len(groups)),) if is_split else ()),
            *_driver_repair(case, now, later),
            *_hardware_repair(case, now),
        ),
        parts=parts_of(case, groups) if is_split else (),
    )


def _better_with_driver(case: Case, now: Fit) -> Fit | None:
    """Return what another driver would make possible, where that is more: more cards, or a newer PyTorch for them."""
    later = best(case, WITH_DRIVER)
    if later is None:
        return None
    gain = (len(later.cards), later.candidate.version) > (len(now.cards), now.candidate.version)
    return later if gain else None


def _driver_repair(case: Case, now: Fit, later: Fit | None) -> Iterator[Action]:
    """Yield what to do about the driver: for more than there is now, else for the cards that only wait for it."""
    if later is not None:
        yield driver_action(case, later.cards, later.candidate)
        return
    waiting = [card for card in _left_out(case, now) if _waits_for_driver(case, card)]
    if waiting:
        helped = best(case, REPAIRED, waiting)
        yield driver_action(case, waiting, helped.candidate if helped else None)


def _hardware_repair(case: Case, now: Fit) -> Iterable[Action]:
    """Return what to do about cards that no driver brings back."""
    out_of_reach = [card for card in _left_out(case, now) if card.trouble in HARDWARE]
    return hardware_actions([card for card in out_of_reach if _would_serve(case, card)])


def _left_out(case: Case, now: Fit) -> list[Card]:
    return [card for card in case.play if card.index not in now.indexes]


def _waits_for_driver(case: Case, card: Card) -> bool:
    return card.trouble is not None and card.trouble not in HARDWARE and _would_serve(case, card)


def _would_serve(case: Case, card: Card) -> bool:
    return best(case, REPAIRED, [card]) is not None


def _change_python(case: Case, other: Fit) -> Recommendation:
    limits = case.limits
    document = document_of(case, "change-python", None, processor_fits(case) if limits.variant is None else ())
    return replace(
        document,
        after=build_of(case, other),
        reasons=(_why_not_python(case, other), *about_wishes(case, None)),
        actions=(python_action(case, other.python),),
    )


def _why_not_python(case: Case, other: Fit) -> Reason:
    python, bits = case.limits.python or "", case.limits.bits
    if bits != 64:
        text = _("This Python has {bits} bits; PyTorch is published for 64-bit Pythons only.")
        return Reason(code="python-unsupported", text=text.format(bits=bits))
    text = _("PyTorch has no wheel for Python {python} on this system; Python {better} has one.")
    if other.cards:
        text = _(
            "No build that runs on this computer's cards has a wheel for Python {python}; Python {better} has one."
        )
    text = text.format(python=python, better=other.python)
    if numbers(python) == numbers(other.python):
        return Reason(code="python-unsupported", text=text)
    return Reason(code="python-too-new" if numbers(python) > numbers(other.python) else "python-too-old", text=text)


def _other_route(case: Case, cards: Sequence[Card]) -> Recommendation:
    boards = [card for card in cards if card.jetson]
    if boards:
        action = jetson_action(case, boards)
        text = _("The official builds do not run on {cards} with this JetPack; the index for NVIDIA's boards has some.")
        reason = Reason(code="jetson-index", text=text.format(cards=names(boards)))
    else:
        action = amd_action(case, cards)
        text = _("For Windows the official index has no build for {cards}; AMD publishes its own.")
        reason = Reason(code="amd-index", text=text.format(cards=names(cards)))
    build, meanwhile = stop_gap(case, None)
    document = document_of(case, "other-route", build, processor_fits(case))
    return replace(
        document,
        reasons=(reason, *meanwhile, *about_wishes(case, None)),
        actions=(action, *([processor_action()] if build is not None else [])),
    )


def _processor(case: Case) -> Recommendation:
    """Return the decision for the processor build."""
    fitting = processor_fits(case)
    if not fitting:
        other = next(iter(processor_fits(case, Waive(python=True))), None)
        if other is None:
            return _refused(case)
        return _change_python(case, other)
    document = document_of(case, "cpu", build_of(case, fitting[0]), fitting)
    later, needed = _on_a_newer_system(case) if case.limits.variant is None else (None, [])
    return replace(
        document,
        reasons=tuple(why_processor(case, fitting[0])),
        after=build_of(case, later) if later is not None else None,
        actions=(*_lost_card(case), *needed),
    )


def _on_a_newer_system(case: Case) -> tuple[Fit | None, list[Action]]:
    """Return the build that would run on the cards once the system is newer, and all that has to be done for it."""
    newer = replace(REPAIRED, system=True)
    fit = best(case, newer)
    if fit is not None:
        return fit, [update_os_action(case)]
    fit = best(case, replace(newer, python=True))  # the Python that is insisted on is in the way as well
    return fit, [update_os_action(case), python_action(case, fit.python)] if fit is not None else []


def _lost_card(case: Case) -> list[Action]:
    """Return where to look for the card of an NVIDIA driver that finds none."""
    lost = case.driver.present and not case.machine.wsl and case.limits.variant is None and case.limits.cards is None
    return [lost_card_action()] if lost and all(card.vendor != "nvidia" for card in case.cards) else []


def no_system(case: Case) -> Recommendation:
    """Return the decision for a system that no wheel is made for."""
    machine = case.machine
    libc = machine.os == "linux" and bool(machine.libc)
    text = (
        _("PyTorch has no wheels for a Linux with {libc}.").format(libc=machine.libc)
        if libc
        else _("PyTorch has no wheels for {system} {version}.").format(
            system=system_name(machine.os), version=machine.os_version
        )
    )
    reason = Reason(code="libc-unsupported" if libc else "os-too-old", text=text)
    return _nowhere(case.catalogue, reason, update_os_action(case))


def no_platform(catalogue: Catalogue, machine: Machine) -> Recommendation:
    """Return the decision for a processor that no wheel is made for."""
    text = _("PyTorch has no wheels for {system} on a processor of the kind {arch}.").format(
        system=system_name(machine.os), arch=machine.arch
    )
    return _nowhere(catalogue, Reason(code="processor-unsupported", text=text))


def _nowhere(catalogue: Catalogue, reason: Reason, *actions: Action) -> Recommendation:
    return Recommendation(data_date=catalogue.data_date, verdict="unsupported-os", reasons=(reason,), actions=actions)
