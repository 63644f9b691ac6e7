"""What keeps a driver from a card, as a stable word and a sentence."""

from __future__ import annotations

from setupwizard.codes import ReasonCode
from setupwizard.i18n import N_, _
from setupwizard.model.recommendation import Reason
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.trouble import Trouble
from setupwizard.steps.recommend.words import driver_words, names

_TROUBLES: dict[Trouble, tuple[ReasonCode, str]] = {
    "driver-missing": ("driver-missing", N_("No NVIDIA driver is installed for {card}.")),
    "nouveau": (
        "driver-missing",
        N_("{card} is run by nouveau, the driver of the Linux kernel; PyTorch needs NVIDIA's own."),
    ),
    "driver-too-new": (
        "driver-too-new",
        N_("Driver {driver} no longer knows {card}: branch {branch} was the last one that did."),
    ),
    "driver-unknown": (
        "driver-version-unknown",
        N_("{card} has a driver, but its version could not be read, so nobody can say what runs with it."),
    ),
    "driver-incomplete": (
        "driver-incomplete",
        N_("The kernel's part of the NVIDIA driver runs {card}, but the part that programs need is missing."),
    ),
    "driver-mismatch": (
        "driver-not-running",
        N_("The NVIDIA driver was updated while the old one is still running {card}: a restart is missing."),
    ),
    "driver-hangs": ("driver-not-running", N_("The NVIDIA driver of {card} does not answer as it should.")),
    "driver-not-running": (
        "driver-not-running",
        N_("The NVIDIA driver for {card} is installed, but it is not running."),
    ),
    "open-module": (
        "driver-wrong-kind",
        N_("The open version of the NVIDIA driver does not drive {card}; the proprietary version does."),
    ),
    "passed-through": (
        "card-not-reachable",
        N_("{card} is reserved for a virtual machine (vfio-pci), so this system cannot use it."),
    ),
    "switched-off": ("card-not-reachable", N_("{card} is switched off in the Device Manager.")),
    "no-container-access": ("card-not-reachable", N_("This container was started without access to {card}.")),
    "no-permission": ("card-not-reachable", N_("You are not allowed to use {card}.")),
    "not-started": ("card-not-reachable", N_("The NVIDIA driver tried to start {card} and could not.")),
    "fell-off": ("card-not-reachable", N_("{card} stopped answering while the computer ran.")),
    "not-seen": ("card-not-reachable", N_("{card} is in the computer, but its driver does not find it.")),
}
"""What keeps a driver from a card -> the word for it and the sentence."""


def about_trouble(case: Case, card: Card) -> Reason:
    """Say what keeps the driver from a card."""
    row = _TROUBLES.get(card.trouble) if card.trouble is not None else None
    if row is None:
        return driver_old(case, [card])
    code, text = row
    branch = card.architecture.last_branch if card.architecture else None
    return Reason(code=code, text=_(text).format(card=card.name, driver=driver_words(case), branch=branch))


def driver_old(case: Case, cards: list[Card]) -> Reason:
    """Say that the driver is too old, or that nobody knows whether it is."""
    if case.driver.present and not case.driver.version:
        return Reason(
            code="driver-version-unknown",
            text=_("The version of the NVIDIA driver could not be read, so nobody can say what runs with it."),
        )
    return Reason(
        code="driver-old",
        text=_("Driver {driver} is too old for every build that runs on {cards}.").format(
            driver=driver_words(case), cards=names(cards)
        ),
    )
