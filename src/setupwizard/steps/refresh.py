"""Asking the download servers which builds of PyTorch there are, and the wheels of new ones what they were made for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace
from packaging.version import Version

from setupwizard.codes import ErrorCode, Platform
from setupwizard.errors import Cancelled, SetupError
from setupwizard.i18n import _, ngettext
from setupwizard.model.catalogue import Catalogue, variant_kind
from setupwizard.model.catalogue_rows import PackageSource
from setupwizard.model.merging import in_use, is_described, seen
from setupwizard.model.refreshed import MAX_BUILDS, ListedBuild, Page, Refreshed, WheelFacts
from setupwizard.model.shapes import is_variant
from setupwizard.probes.index_pages import IndexPage, Link, Wheel, read_page, wheel_of
from setupwizard.probes.wheel_facts import ask_wheel
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.http import PATIENCE
from setupwizard.tools.transport import Connections

log = logging.getLogger(__name__)

PAGES_SECONDS = 120.0
"""For all pages of all servers together, which are asked side by side."""
WHEELS_SECONDS = 180.0
MOST_WHEELS = 16
"""Wheels that are asked in one go, newest release first; about 1.4 MB of each are read."""
MOST_NEW_VARIANTS = 24
_ASKED_FIRST: tuple[Platform, ...] = ("linux_x86_64", "win_amd64", "linux_aarch64")


class Asked(Struct, frozen=True, kw_only=True):
    """How one download server answered: `code` is "ok" or the code of the error; `pages` were read or are unchanged."""

    id: str
    name: str
    code: str
    text: str
    pages: int = 0


class Answers(Struct, frozen=True, kw_only=True):
    """What is known after asking, and how each server answered."""

    refreshed: Refreshed
    asked: tuple[Asked, ...]


class _Read(Struct, frozen=True, kw_only=True):
    """What one server gave; `stopped` is the error that ended it early."""

    pages: tuple[Page, ...]
    stopped: SetupError | None = None


def refresh(bundled: Catalogue, before: Refreshed | None, *, today: str, cancel: Cancel) -> Answers:
    """Read the index pages of every known server, and ask the wheels of builds that the bundled facts do not describe.

    A server that cannot be reached changes nothing: what it said earlier stays, with its date.

    Args:
        bundled: the facts that came with the program: also which servers and hosts are asked at all.
        before: what the servers said earlier.
        today: the date to write down.
        cancel: stops the asking.

    Raises:
        Cancelled: somebody asked to stop.
    """
    kept = Refreshed(
        over=bundled.data_date,
        pages=in_use(bundled, before) if before else (),
        wheels=before.wheels if before else {},
    )
    answers = side_by_side(
        {source.id: partial(_read, source, bundled, kept, today, cancel) for source in bundled.sources},
        deadline=PAGES_SECONDS,
        cancel=cancel,
    )
    reads = {name: _as_read(name, answer) for name, answer in answers.items()}
    pages = _pages(bundled, kept, reads)
    wheels = _ask_wheels(bundled, pages, kept, today, cancel)
    return Answers(
        refreshed=Refreshed(over=bundled.data_date, pages=pages, wheels=wheels),
        asked=tuple(_asked(source, reads[source.id]) for source in bundled.sources),
    )


def _as_read(name: str, answer: _Read | Exception | None) -> _Read:
    if isinstance(answer, _Read):
        return answer
    if isinstance(answer, Exception):
        log.warning("server %s: %r", name, answer)
    stopped = (
        SetupError("network-timeout") if answer is None else SetupError("document-unreadable", detail=repr(answer))
    )
    return _Read(pages=(), stopped=stopped)


def _asked(source: PackageSource, read: _Read) -> Asked:
    code: ErrorCode | str = read.stopped.code if read.stopped else "ok"
    count = len(read.pages)
    text = ngettext("It answered: {n} page.", "It answered: {n} pages.", count).format(n=count)
    if read.stopped is not None:
        text = _("It answered in part.") if read.pages else read.stopped.title
    if code == "build-not-in-sources":
        text = _("It lists no build of PyTorch.")
    return Asked(id=source.id, name=source.name, code=code, text=text, pages=count)


def _pages(bundled: Catalogue, kept: Refreshed, reads: dict[str, _Read]) -> tuple[Page, ...]:
    """Return all pages, the new ones over those of earlier; a mirror's only where they say more than the official."""
    rows = {(page.source, page.variant): page for page in kept.pages}
    rows |= {(page.source, page.variant): page for read in reads.values() for page in read.pages}
    official = bundled.official.id
    decided = {page.variant: page.date for page in rows.values() if page.source == official}
    return tuple(page for page in rows.values() if page.source == official or page.date > decided.get(page.variant, ""))


class _Reader:
    """Reads the pages of one server over connections that stay open."""

    def __init__(self, source: PackageSource, bundled: Catalogue, kept: Refreshed, today: str, cancel: Cancel) -> None:
        self.source = source
        self.bundled = bundled
        self.kept = kept
        self.today = today
        self.cancel = cancel
        self.hosts = hosts_of(bundled)
        self.connections = Connections(PATIENCE)
        self.answered = False
        self.oldest = min(Version(release.torch) for release in bundled.releases)

    def page(self, url: str, known: Page | None = None) -> IndexPage | None:
        """Return a page, None for one that cannot be understood: the others of the server may be fine."""
        state = {"etag": known.etag, "modified": known.modified} if known and known.url == url and known.whole else None
        ask = partial(read_page, self.connections, url, self.hosts, self.cancel, state)
        try:
            try:
                answer = ask()
            except SetupError as error:
                if not (self.answered and error.retryable):
                    raise
                self.connections.renew()  # it answered before: one connection was lost
                answer = ask()
        except SetupError as error:
            if error.code != "document-unreadable":
                raise
            log.info("a page of %s is passed over: %s", self.source.id, error.detail)
            return None
        self.answered = True
        return answer

    def variants(self, listed: Iterable[str]) -> tuple[str, ...]:
        """Return the variants whose pages are read: the known ones, newest first, and those that a listing names."""
        if "{variant}" not in self.source.url:
            return ()
        known = [variant.name for variant in reversed(self.bundled.variants)]
        return (*known, *[name for name in listed if name not in known][:MOST_NEW_VARIANTS])

    def variant_page(self, variant: str) -> Page | None:
        """Return what the server lists for a variant; None when its page says nothing of torch at all."""
        base = self.source.url.replace("{variant}", variant).rstrip("/")
        url = f"{base}/" if self.source.kind == "find-links" else f"{base}/torch/"
        known = self.kept.page(self.source.id, variant)
        answer = self.page(url, known)
        if answer is None:
            return None
        if answer.links is None and known is not None:
            return replace(known, date=self.today)
        builds = tuple(self.builds(answer.links or (), variant))
        if not builds and not answer.gone:
            return None
        return Page(
            source=self.source.id,
            variant=variant,
            url=url,
            date=self.today,
            etag=answer.etag,
            modified=answer.modified,
            builds=builds,
        )

    def listings(self) -> Iterator[Page]:
        """Yield what a page of all variants at once lists: it knows variants that nobody told us of."""
        root, slot, _rest = self.source.url.partition("{variant}")
        places = [f"{root}torch/", f"{root}torch_stable.html"] if slot else [root]
        for url in places:
            answer = self.page(url)
            by_variant: dict[str, list[Link]] = {}
            for link in (answer.links if answer else None) or ():
                variant = variant_of(link)
                if variant is not None:
                    by_variant.setdefault(variant, []).append(link)
            for variant, links in by_variant.items():
                builds = tuple(self.builds(links, variant))
                if builds:
                    yield Page(
                        source=self.source.id, variant=variant, url=url, date=self.today, whole=False, builds=builds
                    )
            if by_variant:
                return

    def builds(self, links: Iterable[Link], variant: str) -> Iterator[ListedBuild]:
        """Yield the builds that files on a page make up: one for each version and platform."""
        rows: dict[tuple[str, Platform], list[tuple[Wheel, Link]]] = {}
        for link in links:
            wheel = wheel_of(link.file)
            if wheel is None or not wheel.final or variant_of(link) != variant:
                continue
            if Version(wheel.version) >= self.oldest:
                rows.setdefault((wheel.version, wheel.platform), []).append((wheel, link))
        for (version, platform), files in islice(rows.items(), MAX_BUILDS):
            build = _build(version, platform, files)
            if build is not None:
                yield build


def _build(version: str, platform: Platform, files: list[tuple[Wheel, Link]]) -> ListedBuild | None:
    first, link = files[-1]
    row = {
        "torch": version,
        "platform": platform,
        "python": sorted({python for wheel, _link in files for python in wheel.pythons}),
        "tags": sorted({tag for wheel, _link in files for tag in wheel.tags}),
        "tagged": first.local is not None,
        "wheel": link.url,
        "sha256": link.sha256,
    }
    try:
        return convert(row, ListedBuild)
    except ValidationError as error:
        log.info("a build of torch %s is not read: %s", version, error)
        return None


def variant_of(link: Link) -> str | None:
    """Return the variant that a wheel of torch belongs to, None when it is none or nobody can tell.

    The version tells it, else the folder. A file outside of all of them stands on the pages of every variant, and is
    the processor build, as everything for macOS is.
    """
    wheel = wheel_of(link.file)
    if wheel is None or wheel.project != "torch":
        return None
    if wheel.platform.startswith("macos"):
        return "cpu" if wheel.local in {None, "cpu"} else None
    words = [wheel.local] if wheel.local is not None else link.url.split("/")[3:-1]
    found = next((word for word in reversed(words) if is_variant(word)), None)
    return found or ("cpu" if wheel.local is None else None)


def _read(source: PackageSource, bundled: Catalogue, kept: Refreshed, today: str, cancel: Cancel) -> _Read:
    reader = _Reader(source, bundled, kept, today, cancel)
    pages: dict[str, Page] = {}
    gone: list[Page] = []
    try:
        for page in reader.listings():
            pages[page.variant] = page
        listed = frozenset(pages)
        for variant in reader.variants(pages):
            answer = reader.variant_page(variant)
            if answer is not None and answer.builds:
                pages[variant] = answer
            elif answer is not None and listed and variant not in listed:
                gone.append(answer)
    except Cancelled:
        raise
    except SetupError as error:
        log.info("server %s: %s %s", source.id, error.code, error.detail)
        return _Read(pages=tuple(pages.values()), stopped=error)
    finally:
        reader.connections.renew()
    if not pages:
        return _Read(pages=(), stopped=SetupError("build-not-in-sources", requirement="torch", problem=""))
    if any(page.whole for page in pages.values()):
        # "not found" alone may be a server that is not what it was; a listing of everything has to agree with it
        pages |= {page.variant: page for page in gone if page.variant not in pages}
    return _Read(pages=tuple(pages.values()))


def hosts_of(bundled: Catalogue) -> frozenset[str]:
    """Return the only hosts that may be asked, or may answer."""
    return frozenset(host for source in bundled.sources for host in source.hosts)


def _ask_wheels(
    bundled: Catalogue, pages: Iterable[Page], kept: Refreshed, today: str, cancel: Cancel
) -> dict[str, WheelFacts]:
    """Return what the wheels of new CUDA builds tell: one for each release and variant, and each only once."""
    groups: dict[tuple[str, str], list[ListedBuild]] = {}
    for variant, one in seen(bundled, pages).items():
        for build in one.builds.values():
            if variant_kind(variant) == "cuda" and not is_described(bundled, build.torch, variant, build.platform):
                groups.setdefault((build.torch, variant), []).append(build)
    known: dict[str, WheelFacts] = {}
    open_questions: dict[str, partial[WheelFacts]] = {}
    for (torch, variant), builds in sorted(groups.items(), key=lambda row: Version(row[0][0]), reverse=True):
        known |= {build.key: kept.wheels[build.key] for build in builds if build.key in kept.wheels}
        told = any(build.key in known and known[build.key].silent is None for build in builds)
        if told or len(open_questions) >= MOST_WHEELS:
            continue
        build = min(builds, key=lambda build: (*_ASKED_FIRST, build.platform).index(build.platform))
        open_questions[build.key] = partial(
            ask_wheel, build.wheel, torch, variant, hosts=hosts_of(bundled), date=today, cancel=cancel
        )
    answers = side_by_side(open_questions, deadline=WHEELS_SECONDS, cancel=cancel)
    for key, answer in answers.items():
        if not isinstance(answer, WheelFacts):
            log.warning("a wheel could not be asked: %r", answer)
        known[key] = answer if isinstance(answer, WheelFacts) else WheelFacts(date=today, silent="unreachable")
    return known
