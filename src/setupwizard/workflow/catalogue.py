"""What is known about PyTorch's builds, how old that is, and asking the download servers for what is new."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal

from msgspec import Struct
from packaging.version import Version

from setupwizard.codes import SCHEMA, Platform
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.refreshed import AssumedWhy
from setupwizard.steps.refresh import Asked
from setupwizard.steps.refresh import refresh as ask_servers
from setupwizard.store.catalogue_cache import Known, keep, known_catalogue
from setupwizard.tools.concurrency import Cancel

OLD_DAYS = 120
"""PyTorch has a new release about every two months: facts older than this miss some."""

_Listed = tuple[str, str, Platform]
"""Version of torch, variant, platform."""


class Change(Struct, frozen=True, kw_only=True):
    """A build that the download servers list and the bundled facts do not, or the other way round.

    In lists of them the oldest release comes first.
    """

    torch: str
    variant: str
    platforms: tuple[Platform, ...]


class Assumed(Struct, frozen=True, kw_only=True):
    """A build that could not be asked for which cards it was made; `nearest` is the one whose row it got."""

    torch: str
    variant: str
    platforms: tuple[Platform, ...]
    nearest: str
    why: AssumedWhy | str | None


class Knowledge(Struct, frozen=True, kw_only=True):
    """What `catalog` says beside the facts themselves.

    Attributes:
        data_date: how new the newest facts are.
        age_days: days from then until today.
        bundled_date: the date of the facts that came with the program: drivers, cards, libraries are of that day.
        refreshed: the day on which a download server was read last; None: never, or before the bundled facts.
        newest: the newest release of torch.
        asked: how each server answered just now; empty when none was asked.
        appeared: what the servers list beyond the bundled facts.
        disappeared: what they no longer list.
        note: a sentence when something was kept and could not be used.
    """

    schema: Literal[1] = SCHEMA
    data_date: str
    age_days: int
    bundled_date: str
    refreshed: str | None = None
    newest: str
    asked: tuple[Asked, ...] = ()
    appeared: tuple[Change, ...] = ()
    disappeared: tuple[Change, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    note: str | None = None


def known() -> Known:
    """Return all that is known of PyTorch's builds: the bundled facts, and what the servers said; no network."""
    return known_catalogue()


def today() -> date:
    """Return the present day in UTC."""
    return datetime.now(UTC).date()


def knowledge(now: Known | None = None, *, asked: tuple[Asked, ...] = ()) -> Knowledge:
    """Return how new the facts are and what the servers changed in them; no network.

    Args:
        now: what is known; read from the disk when None.
        asked: how the servers answered, when they were asked just now.
    """
    now = now or known()
    catalogue, bundled = now.catalogue, now.bundled
    here, before = _builds(catalogue), _builds(bundled)
    pages = now.refreshed.pages if now.refreshed else ()
    return Knowledge(
        data_date=catalogue.data_date,
        age_days=max(0, (today() - date.fromisoformat(catalogue.data_date)).days),
        bundled_date=bundled.data_date,
        refreshed=max((page.date for page in pages), default=None),
        newest=catalogue.newest.torch,
        asked=asked,
        appeared=_changes(here - before),
        disappeared=_changes(before - here),
        assumed=tuple(_assumed(catalogue)),
        note=now.note,
    )


def refresh(cancel: Cancel | None = None, *, bundled: Catalogue | None = None) -> Knowledge:
    """Ask the download servers what there is, keep it for later decisions, and return what is known then.

    A server that cannot be reached is no error: the answer says how each one answered and how old the facts are.

    Args:
        cancel: stops the asking; nothing is kept then.
        bundled: the facts that came with the program when None: they name the servers that are asked.

    Raises:
        SetupError: what the servers said could not be kept: "disk-full", "root-not-writable".
        Cancelled: somebody asked to stop.
    """
    now = known_catalogue(bundled)
    answers = ask_servers(now.bundled, now.refreshed, today=today().isoformat(), cancel=cancel or Cancel())
    if any(one.pages for one in answers.asked):
        keep(answers.refreshed)
        now = known_catalogue(bundled)
    return knowledge(now, asked=answers.asked)


def _builds(catalogue: Catalogue) -> set[_Listed]:
    return {
        (release.torch, variant, platform)
        for release in catalogue.releases
        for platform, published in release.builds.items()
        for variant in published.variants
    }


def _changes(builds: Iterable[_Listed]) -> tuple[Change, ...]:
    rows: dict[tuple[str, str], list[Platform]] = {}
    for torch, variant, platform in sorted(builds, key=lambda build: (Version(build[0]), build)):
        rows.setdefault((torch, variant), []).append(platform)
    return tuple(
        Change(torch=torch, variant=variant, platforms=tuple(platforms)) for (torch, variant), platforms in rows.items()
    )


def _assumed(catalogue: Catalogue) -> Iterable[Assumed]:
    for row in catalogue.arch_lists:
        if row.assumed_from is not None:
            yield Assumed(
                torch=row.torch,
                variant=row.variant,
                platforms=row.platforms,
                nearest=row.assumed_from,
                why=row.assumed_why,
            )
