"""The bundled facts and what the download servers listed since, as one catalogue.

The official index decides: what it lists is there, what it no longer lists is gone. A mirror may lag behind, so that
what a mirror lists is there too, and what it lacks means nothing; where the official index was read, only a mirror
that was read on a later day adds to it, and only newer releases. On macOS the builds come from the general index:
there no page of a variant can make one disappear. Releases older than all the bundled ones are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from setupwizard.codes import Platform
from setupwizard.model.catalogue import Catalogue, numbers, variant_kind
from setupwizard.model.catalogue_rows import ArchList, CudnnBuild, Published, Release, Variant, WithoutTag
from setupwizard.model.refreshed import ListedBuild, Page, Refreshed

Key = tuple[str, Platform]
"""A version of torch, and a platform."""

_EVIDENCE = "refreshed"
_PROCESSOR: Mapping[Platform, Literal["x86_64", "aarch64"]] = {
    "linux_x86_64": "x86_64",
    "win_amd64": "x86_64",
    "linux_aarch64": "aarch64",
}
"""Which row of torch's own table is about a platform."""


class Seen(Struct, frozen=True, kw_only=True):
    """What is listed of a variant; `decides` tells whether a build that is missing here is gone."""

    builds: Mapping[Key, ListedBuild]
    decides: bool


def in_use(bundled: Catalogue, known: Refreshed) -> tuple[Page, ...]:
    """Return the pages that still say something: not those that are older than the bundled facts."""
    same = known.over == bundled.data_date
    ids = {source.id for source in bundled.sources}
    return tuple(page for page in known.pages if page.source in ids and (same or page.date >= bundled.data_date))


def seen(bundled: Catalogue, pages: Iterable[Page]) -> dict[str, Seen]:
    """Return what is listed of each variant: by the official index, and by mirrors that were read after it."""
    pages, oldest = tuple(pages), min(Version(release.torch) for release in bundled.releases)
    official = {page.variant: page for page in pages if page.source == bundled.official.id}
    newest = max((Version(build.torch) for page in official.values() for build in page.builds), default=oldest)
    rows: dict[str, dict[Key, ListedBuild]] = {}
    for page in (*official.values(), *(page for page in pages if page.source != bundled.official.id)):
        first = official.get(page.variant, page)
        if first is not page and page.date <= first.date:
            continue
        for build in page.builds:
            version = Version(build.torch)
            # what the official index withdrew does not come back by a mirror that lags: only newer releases count
            if version >= oldest and (first is page or version > newest):
                rows.setdefault(page.variant, {}).setdefault((build.torch, build.platform), build)
    for variant in official:
        rows.setdefault(variant, {})
    return {
        variant: Seen(builds=builds, decides=variant in official and official[variant].whole)
        for variant, builds in rows.items()
    }


def merge(bundled: Catalogue, known: Refreshed) -> Catalogue:
    """Return the bundled facts with everything that the servers listed since.

    `data_date` becomes the day on which a server was read last. Without any page the bundled facts are returned.
    """
    pages = in_use(bundled, known)
    if not pages:
        return bundled
    listed = seen(bundled, pages)
    variants = (*bundled.variants, *_new_variants(bundled, listed))
    newest = max(page.date for page in pages)
    facts = _Facts(bundled, known, listed)
    return replace(
        bundled,
        data_date=max(bundled.data_date, newest),
        evidence={**bundled.evidence, _EVIDENCE: f"pages and wheels of the download servers, read until {newest}"},
        variants=variants,
        releases=_releases(bundled, listed),
        arch_lists=(*bundled.arch_lists, *facts.arch_lists()),
        cudnn=replace(bundled.cudnn, builds=(*bundled.cudnn.builds, *facts.cudnn())),
        local_tags=replace(bundled.local_tags, without=(*bundled.local_tags.without, *facts.untagged())),
    )


def is_described(bundled: Catalogue, torch: str, variant: str, platform: Platform) -> bool:
    """Whether the bundled facts know a build, so that nobody has to ask its wheel."""
    release = bundled.release(torch)
    published = release.builds.get(platform) if release else None
    return published is not None and variant in (*published.variants, *published.probable)


def _new_variants(bundled: Catalogue, listed: Mapping[str, Seen]) -> Iterable[Variant]:
    for name, one in sorted(listed.items()):
        if bundled.variant(name) is None and one.builds:
            yield Variant(
                name=name,
                kind=variant_kind(name),
                index=bundled.index_url(name),
                cuda=".".join(map(str, bundled.cuda_of(name))) or None,
                rocm=name.removeprefix("rocm") if name.startswith("rocm") else None,
                sources=(_EVIDENCE,),
            )


def _releases(bundled: Catalogue, listed: Mapping[str, Seen]) -> tuple[Release, ...]:
    merged = {release.torch: _changed(release, listed) for release in bundled.releases}
    by_torch: dict[str, dict[Platform, dict[str, ListedBuild]]] = {}
    for variant, one in listed.items():
        for (torch, platform), build in one.builds.items():
            by_torch.setdefault(torch, {}).setdefault(platform, {})[variant] = build
    for torch, platforms in by_torch.items():
        if torch not in merged:
            merged[torch] = _new_release(bundled, torch, platforms)
    kept = [
        release for release in merged.values() if any(row.variants or row.probable for row in release.builds.values())
    ]
    return tuple(sorted(kept, key=lambda release: Version(release.torch)))


def _changed(release: Release, listed: Mapping[str, Seen]) -> Release:
    platforms = {*release.builds, *(key[1] for one in listed.values() for key in one.builds if key[0] == release.torch)}
    builds: dict[Platform, Published] = {}
    for platform in sorted(platforms):
        before = release.builds.get(platform)
        here = {
            variant: one.builds[release.torch, platform]
            for variant, one in listed.items()
            if (release.torch, platform) in one.builds
        }
        if before is None:
            builds[platform] = _published(here, general=None)
            continue
        gone = {
            variant
            for variant, one in listed.items()
            if one.decides and variant not in here and not platform.startswith("macos")
        }
        builds[platform] = replace(
            before,
            variants=tuple(name for name in dict.fromkeys((*before.variants, *here)) if name not in gone),
            probable=tuple(name for name in before.probable if name not in here and name not in gone),
            listed_python={name: build.python for name, build in here.items()},
        )
    return release if builds == release.builds else replace(release, builds=builds)


def _new_release(bundled: Catalogue, torch: str, platforms: Mapping[Platform, Mapping[str, ListedBuild]]) -> Release:
    """Return a release that the bundled facts do not know; where no page tells, the release before it does."""
    before = bundled.nearest(torch).builds
    builds = {}
    for platform, rows in platforms.items():
        row = before.get(platform)
        # on Linux the general index changes its default CUDA from time to time: that one cannot be told
        builds[platform] = _published(rows, general="cpu" if row and row.general == "cpu" else None)
    return Release(torch=torch, status="read", builds=builds, sources=(_EVIDENCE,))


def _published(rows: Mapping[str, ListedBuild], *, general: str | None) -> Published:
    pythons = sorted({python for row in rows.values() for python in row.python}, key=lambda name: (numbers(name), name))
    return Published(
        variants=tuple(rows),
        python=tuple(pythons),
        general=general,
        tags=tuple(dict.fromkeys(tag for row in rows.values() for tag in row.tags)),
        listed_python={name: row.python for name, row in rows.items()},
    )


class _Facts:
    """What the wheels of builds told that the bundled facts do not describe."""

    def __init__(self, bundled: Catalogue, known: Refreshed, listed: Mapping[str, Seen]) -> None:
        self._bundled = bundled
        self._known = known
        self._new = [
            (variant, build)
            for variant, one in sorted(listed.items())
            for build in one.builds.values()
            if not is_described(bundled, build.torch, variant, build.platform)
        ]

    def arch_lists(self) -> Iterable[ArchList]:
        """Yield for which cards each new CUDA build was made: read in a wheel, else assumed from the nearest build."""
        for variant, build in self._new:
            if variant_kind(variant) != "cuda":
                continue
            answers = [self._known.wheels[key] for key in self._keys(variant, build) if key in self._known.wheels]
            arch = _PROCESSOR.get(build.platform)
            told = next((answer.sm[arch] for answer in answers if arch in answer.sm), None) if arch else None
            if told is not None:
                yield ArchList(
                    torch=build.torch,
                    variant=variant,
                    platforms=(build.platform,),
                    sm=tuple(f"{sm // 10}.{sm % 10}" for sm in told),
                    evidence="file",
                    sources=(_EVIDENCE,),
                )
                continue
            nearest = _nearest(self._bundled, build, variant)
            if nearest is not None:
                silent = next((answer.silent for answer in answers if answer.silent), None)
                yield replace(
                    nearest,
                    torch=build.torch,
                    variant=variant,
                    platforms=(build.platform,),
                    evidence="assumed",
                    assumed_from=f"PyTorch {nearest.torch} ({nearest.variant})",
                    assumed_why=silent or ("no-table" if answers else "not-asked"),
                )

    def cudnn(self) -> Iterable[CudnnBuild]:
        """Yield the cuDNN that new builds ask for."""
        rows = {}
        for variant, build in self._new:
            for key in self._keys(variant, build):
                answer = self._known.wheels.get(key)
                if answer is not None and answer.cudnn is not None:
                    rows[variant, build.torch] = answer.cudnn
        for (variant, torch), version in rows.items():
            yield CudnnBuild(torch=f"=={torch}", variants=(variant,), version=version, sources=(_EVIDENCE,))

    def untagged(self) -> Iterable[WithoutTag]:
        """Yield the new builds whose version does not carry the variant."""
        for variant, build in self._new:
            if not build.tagged:
                yield WithoutTag(platforms=(build.platform,), variants=(variant,), torch=f"=={build.torch}")

    def _keys(self, variant: str, build: ListedBuild) -> list[str]:
        """Return the wheels that speak for a build: its own, then those of the variant for other platforms."""
        others = [one.key for name, one in self._new if name == variant and one.torch == build.torch and one != build]
        return [build.key, *others]


def _nearest(bundled: Catalogue, build: ListedBuild, variant: str) -> ArchList | None:
    """Return the row of the nearest known build of the same CUDA major, of the same variant where there is one."""
    same = bundled.arch_list(build.torch, variant, build.platform)
    if same is not None:
        return same
    cuda, wanted = bundled.cuda_of(variant), numbers(build.torch)
    rows = [
        row
        for row in bundled.arch_lists
        if build.platform in row.platforms
        and bundled.cuda_of(row.variant)[:1] == cuda[:1]
        and numbers(row.torch) <= wanted
    ]
    return max(
        rows, key=lambda row: (numbers(row.torch), -abs(bundled.cuda_of(row.variant)[1] - cuda[1])), default=None
    )
