"""One decision's material: the machine, the wishes, the cards that count, and every build for its platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from packaging.version import Version

from setupwizard.codes import Platform
from setupwizard.model.catalogue import Catalogue, Numbers, matches, numbers, variant_kind
from setupwizard.model.catalogue_rows import Architecture, ArchList, Published, VariantKind
from setupwizard.model.machine import Machine
from setupwizard.steps.recommend.cards import Card, Driver, cards_of, driver_of
from setupwizard.steps.recommend.wishes import Limits

Listed = Mapping[str, frozenset[str]]
"""Variant to the versions of torch that a live index listed for the machine's platform."""


class Candidate(Struct, frozen=True, kw_only=True):
    """One variant of one release for the platform.

    Attributes:
        cuda: the CUDA that it brings along; empty for other kinds.
        python: the Pythons that it has wheels for.
        probable: the data call it probable, and no index has listed it.
        assumed: the row of a build that could not be asked what it holds code for: taken from the nearest known one.
    """

    torch: str
    version: Version
    variant: str
    kind: VariantKind
    cuda: Numbers
    python: tuple[str, ...]
    probable: bool = False
    assumed: ArchList | None = None


class Case(Struct, frozen=True, kw_only=True):
    """Everything that one decision looks at.

    Attributes:
        cards: the cards that were chosen, all of them without a choice.
        play: those of them that decide: a card of its own goes before one inside the processor.
        published: every build for the platform, `candidates` those that the wishes allow.
        processors: the processor builds of the wished version.
        pythons: the ordinary 64-bit Pythons of the machine, "3.12".
    """

    machine: Machine
    catalogue: Catalogue
    platform: Platform
    limits: Limits
    driver: Driver
    cards: tuple[Card, ...]
    play: tuple[Card, ...]
    published: tuple[Candidate, ...]
    candidates: tuple[Candidate, ...]
    processors: tuple[Candidate, ...]
    pythons: frozenset[str] = frozenset()

    @property
    def on_windows_driver(self) -> bool:
        """Whether the driver is a Windows one: WSL uses that of the Windows around it."""
        return self.machine.os == "windows" or self.machine.wsl

    @property
    def general_only(self) -> bool:
        """Whether the builds come from the general index: macOS has no index of variants."""
        return self.machine.os == "macos"

    @property
    def bound(self) -> Architecture | None:
        """The generation of cards in play that newer drivers leave behind first, None while all are looked after."""
        ending = [
            card.architecture
            for card in self.play
            if card.architecture is not None and card.driver_helps and card.architecture.last_branch is not None
        ]
        return min(ending, key=lambda architecture: architecture.last_branch or 0, default=None)

    @property
    def last_branch(self) -> int | None:
        """The newest driver branch that all the cards in play can live with, None while there is no end."""
        return self.bound.last_branch if self.bound else None


def case_of(machine: Machine, platform: Platform, limits: Limits, catalogue: Catalogue, listed: Listed) -> Case:
    """Gather the material; all the chosen cards are in play until somebody knows better."""
    driver = driver_of(machine, catalogue)
    cards = cards_of(machine, catalogue, driver)
    chosen = tuple(card for card in cards if limits.cards is None or card.index in limits.cards)
    published = tuple(_published(catalogue, platform, listed, limits.variant))
    wished = tuple(candidate for candidate in published if matches(candidate.torch, limits.torch))
    return Case(
        machine=machine,
        catalogue=catalogue,
        platform=platform,
        limits=limits,
        driver=driver,
        cards=chosen,
        play=chosen,
        published=published,
        candidates=tuple(c for c in wished if limits.variant in {None, c.variant}),
        processors=tuple(c for c in wished if c.variant == "cpu"),
        pythons=frozenset(_pythons(machine)),
    )


def _pythons(machine: Machine) -> Iterable[str]:
    found = [(python.version, python.bits, python.free_threaded) for python in machine.pythons]
    if machine.python is not None and not machine.python.fixed:
        found.append((machine.python.version, machine.python.bits, machine.python.free_threaded))
    for version, bits, free_threaded in found:
        if bits == 64 and not free_threaded and not version.endswith("t"):
            yield ".".join(map(str, numbers(version)[:2]))


def _published(catalogue: Catalogue, platform: Platform, listed: Listed, insisted: str | None) -> Iterable[Candidate]:
    for release in catalogue.releases:
        published = release.builds.get(platform)
        if published is None:
            continue
        for variant in (*published.variants, *published.probable):
            confirmed = release.torch in _versions(listed.get(variant, frozenset()))
            if variant in listed and not confirmed:
                continue
            probable = variant in published.probable and not confirmed
            if not probable or variant == insisted:
                yield _candidate(catalogue, platform, published, release.torch, variant, probable)
    yield from _only_listed(catalogue, platform, listed)


def _only_listed(catalogue: Catalogue, platform: Platform, listed: Listed) -> Iterable[Candidate]:
    """Return what an index lists and the catalogue does not know: a new release, or a variant of a known one."""
    for variant, versions in listed.items():
        for torch in _versions(versions):
            release = catalogue.nearest(torch)
            published = release.builds.get(platform)
            if published is None:
                continue
            if release.torch == torch and variant in (*published.variants, *published.probable):
                continue
            yield _candidate(catalogue, platform, published, torch, variant, probable=False)


def _versions(listed: frozenset[str]) -> list[str]:
    found = []
    for text in listed:
        try:
            version = Version(text)
        except ValueError:
            continue
        if not version.is_prerelease:
            found.append(version.public)
    return sorted(found, key=Version)


def _candidate(
    catalogue: Catalogue, platform: Platform, published: Published, torch: str, variant: str, probable: bool
) -> Candidate:
    general = platform.startswith("macos")
    everywhere = published.python + published.index_python
    row = catalogue.arch_list(torch, variant, platform)
    return Candidate(
        torch=torch,
        version=Version(torch),
        variant=variant,
        kind=variant_kind(variant),
        cuda=catalogue.cuda_of(variant),
        python=published.python if general else published.listed_python.get(variant, everywhere),
        probable=probable,
        assumed=row if row is not None and row.assumed_from is not None else None,
    )
