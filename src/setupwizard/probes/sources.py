"""Which download server can be reached, what it holds, and the true cause where it cannot."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from msgspec import Struct
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from setupwizard.codes import Platform, ProbeCode, SourceKind
from setupwizard.errors import SetupError
from setupwizard.i18n import N_, _
from setupwizard.model.format import sentences
from setupwizard.tools import http, pip
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.http_faults import host_of
from setupwizard.tools.lock import platform_tags, target_tags
from setupwizard.tools.transport import FetchSettings

log = logging.getLogger(__name__)

PROBE_SECONDS = 90
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


class SourceSpec(Struct, frozen=True, kw_only=True):
    """A place that may hold wheels. `url` holds "{variant}" where a place has one index for each variant."""

    id: str
    name: str
    kind: SourceKind
    url: str | None = None


class PythonSpec(Struct, frozen=True, kw_only=True):
    """A Python that the environment may get; `path` is None while it would have to be brought."""

    version: str
    path: str | None = None


class Question(Struct, frozen=True, kw_only=True):
    """What the sources are asked: which wheels of a project for these variants and Pythons of this computer.

    Attributes:
        general_variant: the variant of a wheel without local tag, as the general index's default build of a version.
        platform: of another computer, for a plan that it will carry out; None: of this one.
        runner: an interpreter to run pip with where none of the Pythons is here.
    """

    variants: tuple[str, ...]
    pythons: tuple[PythonSpec, ...]
    general_variant: Callable[[str], str | None]
    platform: Platform | None = None
    runner: str | None = None


class Offer(Struct, frozen=True, kw_only=True):
    """One build that a source holds. `tagged` tells whether its version carries the variant, as in 2.13.0+cpu."""

    version: str
    variant: str
    python: str
    tagged: bool


class Listing(Struct, frozen=True, kw_only=True):
    """How one source answered.

    Attributes:
        bytes_per_s: measured over the beginning of one of its files; None: not measured.
        error: the true cause why it has no answer.
    """

    spec: SourceSpec
    code: ProbeCode
    text: str
    offers: frozenset[Offer] = frozenset()
    bytes_per_s: int | None = None
    error: SetupError | None = None

    def offer(self, version: str, variant: str, python: str) -> Offer | None:
        """Return the build with this version, variant and Python, the one that names its variant first."""
        for tagged in (True, False):
            offer = Offer(version=version, variant=variant, python=python, tagged=tagged)
            if offer in self.offers:
                return offer
        return None


def ask_all(
    specs: Iterable[SourceSpec], project: str, question: Question, *, work: Path, cancel: Cancel, measure: bool = True
) -> tuple[Listing, ...]:
    """Ask every source for a project side by side; one that hangs or breaks does not hold up the others.

    Args:
        specs: the sources.
        project: "torch" ...
        question: for which builds.
        work: a folder for what pip writes.
        cancel: a wish to stop.
        measure: measure how fast each sends, too.
    """
    by_id = {spec.id: spec for spec in specs}
    answers = side_by_side(
        {
            name: partial(ask, spec, project, question, work=work, cancel=cancel, measure=measure)
            for name, spec in by_id.items()
        },
        deadline=PROBE_SECONDS,
        cancel=cancel,
    )
    return tuple(_listing(by_id[name], answer) for name, answer in answers.items())


def _listing(spec: SourceSpec, answer: Listing | Exception | None) -> Listing:
    if isinstance(answer, Listing):
        return answer
    if answer is None:
        answer = SetupError("network-timeout", host=_place_of(spec))
    if isinstance(answer, SetupError):
        for code in _TEXTS:
            if code == answer.code:
                log.info("source %s: %s %s", spec.id, code, answer.detail)
                text = sentences(says(code, **answer.facts), str(answer.facts.get("problem", "")))
                return Listing(spec=spec, code=code, text=text, error=answer)
    log.warning("source %s broke: %r %s", spec.id, answer, getattr(answer, "detail", ""))
    return Listing(spec=spec, code="document-unreadable", text=says("document-unreadable"))


def _place_of(spec: SourceSpec) -> str:
    return host_of(spec.url) if spec.url is not None and "://" in spec.url else spec.name


_TEXTS: Mapping[ProbeCode, str] = {
    "ok": N_("It answered and has builds for this computer."),
    "offline": N_("The network was not to be used."),
    "network-off": N_("This computer is not connected to a network."),
    "name-unknown": N_("The network does not know its name (DNS)."),
    "host-blocked": N_("It cannot be reached from this network."),
    "network-timeout": N_("It did not answer in time."),
    "server-error": N_("It has a problem of its own."),
    "proxy-off": N_("The network's proxy does not answer."),
    "proxy-login": N_("The network's proxy wants a name and a password."),
    "captive-portal": N_("This network wants you to log in first."),
    "tls-intercepted": N_("Its certificate, signed by {issuer}, is not one that this computer trusts."),
    "redirect-insecure": N_("It led from the secure connection to an open one."),
    "clock-wrong": N_("Its certificate does not fit this computer's clock."),
    "file-missing": N_("It does not have the list of files."),
    "build-not-in-sources": N_("It has no build for this computer."),
    "document-unreadable": N_("Its answer could not be read."),
    "not-asked": N_("It needs a Python on this computer, and there is none."),
}


def says(code: ProbeCode, **facts: object) -> str:
    """Return what an answer means, as a sentence in the present language."""
    return _(_TEXTS[code]).format(**{"issuer": _("this network"), **facts})


# What stands in the way of every server at once comes first; a file that is missing tells least.
_TELLING: tuple[ProbeCode, ...] = (
    "proxy-login",
    "captive-portal",
    "tls-intercepted",
    "clock-wrong",
    "redirect-insecure",
    "proxy-off",
    "offline",
    "network-off",
    "server-error",
    "network-timeout",
    "host-blocked",
    "name-unknown",
    "file-missing",
)
_OF_THE_WHOLE_NETWORK = frozenset(_TELLING[:8])


def cause_of_silence(listings: Iterable[Listing]) -> SetupError | None:
    """Return why no source could answer, None when one did and just does not have the build.

    What lies at the network itself (its proxy, its log-in page, the certificate that it shows) is the cause even when
    some source answered: the build may well be where nobody gets to.
    """
    asked = [listing for listing in listings if listing.code != "not-asked"]
    errors = {listing.code: listing.error for listing in reversed(asked) if listing.error is not None}
    answered = any(listing.code in {"ok", "build-not-in-sources", "document-unreadable"} for listing in asked)
    telling = next((code for code in _TELLING if code in errors), None)
    if telling is None or (answered and telling not in _OF_THE_WHOLE_NETWORK):
        return None
    error = errors[telling]
    if error is not None:
        error.detail = "\n".join(f"{listing.spec.name}: {listing.text}" for listing in asked) + f"\n{error.detail}"
    return error


FAST = 5_000_000
"""Bytes a second from which a source is fast enough: a faster one is not worth leaving the official one for."""
_MUCH_FASTER = 3


def fastest_first(listings: Sequence[Listing]) -> list[Listing]:
    """Return the sources in the order in which they are preferred: as they were, but slow ones after much faster ones.

    Only a source whose speed was measured, that is not fast, and that another one beats by a factor of three, loses
    its place.
    """
    best = max((listing.bytes_per_s or 0 for listing in listings), default=0)

    def slow(listing: Listing) -> int:
        speed = listing.bytes_per_s
        return 0 if speed is None or speed >= FAST or speed * _MUCH_FASTER > best else best - speed

    return sorted(listings, key=slow)


def ask(
    spec: SourceSpec, project: str, question: Question, *, work: Path, cancel: Cancel, measure: bool = True
) -> Listing:
    """Ask one source.

    Raises:
        SetupError: the true cause why it has no answer.
    """
    folder = work / f"ask-{spec.id}-{project}"
    folder.mkdir(parents=True, exist_ok=True)
    if spec.kind == "pip-config":
        env = pip.user_environment()
        return _ask_pip(spec, project, question, folder, cancel, env=env, only_found=True)
    if spec.kind == "general":
        return _ask_pip(spec, project, question, folder, cancel, env=pip.neutral_environment(), only_found=False)
    if spec.kind in {"folder", "bundle"}:
        return _ask_folder(spec, project, question)
    return _ask_index(spec, project, question, cancel, measure=measure)


def _found(spec: SourceSpec, offers: Iterable[Offer], speed: int | None = None) -> Listing:
    held = frozenset(offers)
    if not held:
        return Listing(spec=spec, code="build-not-in-sources", text=says("build-not-in-sources"))
    return Listing(spec=spec, code="ok", text=says("ok"), offers=held, bytes_per_s=speed)


def _ask_pip(
    spec: SourceSpec,
    project: str,
    question: Question,
    work: Path,
    cancel: Cancel,
    *,
    env: Mapping[str, str],
    only_found: bool,
) -> Listing:
    """Let pip list the versions: once for each Python, as a source may hold wheels for one Python alone."""
    own = {one.version: one.path for one in question.pythons if one.path is not None and pip.runs_on(one.version)}
    runner = next(iter(own.values()), question.runner)
    if runner is None:
        return Listing(spec=spec, code="not-asked", text=says("not-asked"))
    place = [word for tag in _foreign_tags(question) for word in ("--platform", tag)]
    calls: dict[str, Callable[[], tuple[str, ...]]] = {}
    for version in own if only_found else [python.version for python in question.pythons]:
        other = version not in own
        options = ("--python-version", version.removesuffix("t"), "--implementation", "cp", *place) if other else ()
        calls[version] = partial(
            pip.versions,
            project,
            python=own.get(version, runner),
            work=work,
            env=env,
            cancel=cancel,
            options=options,
        )
    answers = side_by_side(calls, deadline=PROBE_SECONDS, cancel=cancel)
    told = {version: answer for version, answer in answers.items() if isinstance(answer, tuple)}
    if not told:
        raise _why_silent(
            answers.values(),
            project,
            pip.addresses(env, work, cancel=cancel),
            pip.way(http.PATIENCE, env, cancel=cancel),
        )
    offers = [_offer_of(Version(text), version, question) for version, answer in told.items() for text in answer]
    return _found(spec, [offer for offer in offers if offer is not None])


def _foreign_tags(question: Question) -> list[str]:
    return platform_tags(question.platform) if question.platform is not None else []


def _why_silent(
    answers: Iterable[object], project: str, addresses: Sequence[str], settings: FetchSettings
) -> SetupError:
    """Return why pip named no version at all: it says "no matching distribution" for a dead network as well.

    So the places that it asks are asked here once more, by who names the true cause.
    """
    missing: SetupError | None = None
    for address in addresses:
        try:
            files_on(http.get(f"{address.rstrip('/')}/{project}/", accept=ACCEPT, settings=settings))
        except SetupError as error:
            if error.code not in {"file-missing", "document-unreadable"}:
                return error
            missing = missing or error
    errors = [answer for answer in answers if isinstance(answer, SetupError)]
    telling = [error for error in errors if error.code not in {"build-not-in-sources", "network-off"}]
    if telling:
        return telling[0]
    return _without_page(missing, project) if missing else SetupError("build-not-in-sources", requirement=project)


def _without_page(missing: SetupError, project: str) -> SetupError:
    """Return what it means that an index has no page of a project: it answered, and it does not have the project."""
    if not missing.facts.get("absent"):
        return missing
    return SetupError(
        "build-not-in-sources", requirement=project, problem=missing.facts["answer"], detail=missing.detail
    )


def _offer_of(version: Version, python: str, question: Question) -> Offer | None:
    variant = version.local or question.general_variant(version.public)
    if variant is None or variant not in question.variants:
        return None
    return Offer(version=version.public, variant=variant, python=python, tagged=version.local is not None)


def _ask_index(spec: SourceSpec, project: str, question: Question, cancel: Cancel, *, measure: bool) -> Listing:
    offers: set[Offer] = set()
    example: str | None = None
    missing: SetupError | None = None
    for url in dict.fromkeys(_page_urls(spec, project, question.variants)):
        try:
            page = http.get(url, accept=ACCEPT, cancel=cancel)
        except SetupError as error:
            if error.code != "file-missing":
                raise
            missing = error  # this index has no page for this variant; another variant may have one
            continue
        files = files_on(page)
        offers.update(_offers_in(files, project, question))
        example = example or next((files[name] for name in files if list(_offers_in([name], project, question))), None)
    if not offers and missing is not None:
        raise _without_page(missing, project)
    return _found(spec, offers, http.speed_of(example, cancel=cancel) if measure and example is not None else None)


def _page_urls(spec: SourceSpec, project: str, variants: Iterable[str]) -> Iterable[str]:
    template = (spec.url or "").rstrip("/")
    for variant in variants:
        base = template.replace("{variant}", variant)
        yield f"{base}/" if spec.kind == "find-links" else f"{base}/{project}/"


def _ask_folder(spec: SourceSpec, project: str, question: Question) -> Listing:
    folder = Path(spec.url or "")
    if not folder.is_dir():
        raise SetupError("file-missing", host=spec.name, file=str(folder))
    return _found(spec, _offers_in([path.name for path in folder.glob("*.whl")], project, question))


def _offers_in(files: Iterable[str], project: str, question: Question) -> Iterable[Offer]:
    tags = {python.version: target_tags(python.version, question.platform) for python in question.pythons}
    for file in files:
        try:
            name, version, _build, wheel_tags = parse_wheel_filename(file)
        except InvalidWheelFilename:
            continue
        if name != project:
            continue
        for python, taken in tags.items():
            offer = _offer_of(version, python, question) if wheel_tags & taken else None
            if offer is not None:
                yield offer


def files_on(page: http.Page) -> dict[str, str]:
    """Return the wheels that a page of a simple index (HTML or JSON) or a flat listing links to: name to address.

    Raises:
        SetupError: "captive-portal": it is a page for people; "document-unreadable": it is broken.
    """
    text = page.body.decode("utf-8", "replace")
    if "json" in page.content_type:
        try:
            return {
                str(file["filename"]): urljoin(page.url, str(file.get("url", ""))) for file in json.loads(text)["files"]
            }
        except (ValueError, KeyError, TypeError) as error:
            raise SetupError("document-unreadable", file=page.url, detail=str(error)) from error
    links = _Links(page.url)
    links.feed(text)
    if links.forms and not links.files:
        raise SetupError("captive-portal", host=host_of(page.asked))
    return links.files


class _Links(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.files: dict[str, str] = {}
        self.forms = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self.forms += 1
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            address = urljoin(self._base, target).partition("#")[0]
            file = unquote(urlsplit(address).path.rpartition("/")[2])
            if file.endswith(".whl"):
                self.files[file] = address
