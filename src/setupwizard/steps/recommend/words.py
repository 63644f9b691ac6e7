"""Pieces of the sentences: cards, drivers, versions, as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from setupwizard.codes import Platform
from setupwizard.i18n import _
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Case


def names(cards: Sequence[Card]) -> str:
    """Return the cards' names, each one once."""
    return _(" and ").join(dict.fromkeys(card.name for card in cards))


def names_with_capability(cards: Sequence[Card]) -> str:
    """Return the cards' names, each with the compute capability or architecture that a build has to match."""
    return _(" and ").join(dict.fromkeys(_with_capability(card) for card in cards))


def _with_capability(card: Card) -> str:
    if card.capability:
        return _("{card} (compute capability {capability})").format(card=card.name, capability=card.capability)
    return f"{card.name} ({card.chip.gfx})" if card.chip else card.name


def platform_name(platform: Platform) -> str:
    """Return a system with its processor as people write it."""
    return {
        "linux_x86_64": "Linux (x86-64)",
        "linux_aarch64": "Linux (ARM64)",
        "win_amd64": "Windows (x86-64)",
        "win_arm64": "Windows (ARM64)",
        "macos_arm64": "macOS (Apple silicon)",
        "macos_x86_64": "macOS (Intel)",
    }[platform]


def driver_words(case: Case) -> str:
    """Return the version of the driver, or words for one that did not tell it."""
    return case.driver.text if case.driver.version else _("(version not known)")
