"""Which download server can be reached, what it holds, and the true cause where it cannot."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from msgspec import Struct
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from setupwizard.codes import ProbeCode, SourceKind
from setupwizard.errors import SetupError
from setupwizard.i18n import N_, _
from setupwizard.tools import http, pip
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.lock import target_tags

log = logging.getLogger(__name__)

PROBE_SECONDS = 90
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"


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
    """

    variants: tuple[str, ...]
    pythons: tuple[PythonSpec, ...]
    general_variant: Callable[[str], str | None]


class Offer(Struct, frozen=True, kw_only=True):
    """One build that a source holds. `tagged` tells whether its version carries the variant, as in 2.13.0+cpu."""

    version: str
    variant: str
    python: str
    tagged: bool


class Listing(Struct, frozen=True, kw_only=True):
    """How one source answered."""

    spec: SourceSpec
    code: ProbeCode
    text: str
    offers: frozenset[Offer] = frozenset()
    bytes_per_s: int | None = None

    def offer(self, version: str, variant: str, python: str) -> Offer | None:
        """Return the build with this version, variant and Python, the one that names its variant first."""
        for tagged in (True, False):
            offer = Offer(version=version, variant=variant, python=python, tagged=tagged)
            if offer in self.offers:
                return offer
        return None


def ask_all(
    specs: Iterable[SourceSpec], project: str, question: Question, *, work: Path, cancel: Cancel
) -> tuple[Listing, ...]:
    """Ask every source for a project side by side; one that hangs or breaks does not hold up the others."""
    by_id = {spec.id: spec for spec in specs}
    answers = side_by_side(
        {name: partial(ask, spec, project, question, work=work, cancel=cancel) for name, spec in by_id.items()},
        deadline=PROBE_SECONDS,
        cancel=cancel,
    )
    return tuple(_listing(by_id[name], answer) for name, answer in answers.items())


def _listing(spec: SourceSpec, answer: Listing | Exception | None) -> Listing:
    if isinstance(answer, Listing):
        return answer
    if isinstance(answer, SetupError):
        log.info("source %s: %s %s", spec.id, answer.code, answer.detail)
        code = _PROBE_CODES.get(answer.code, "document-unreadable")
        return Listing(spec=spec, code=code, text=says(code))
    if answer is None:
        return Listing(spec=spec, code="network-timeout", text=says("network-timeout"))
    log.warning("source %s broke: %r", spec.id, answer)
    return Listing(spec=spec, code="document-unreadable", text=says("document-unreadable"))


_PROBE_CODES: Mapping[str, ProbeCode] = {
    "network-off": "network-off",
    "network-timeout": "network-timeout",
    "server-error": "server-error",
    "proxy-login": "proxy-login",
    "captive-portal": "captive-portal",
    "tls-intercepted": "tls-intercepted",
    "clock-wrong": "clock-wrong",
    "file-missing": "file-missing",
    "build-not-in-sources": "build-not-in-sources",
}


_TEXTS: Mapping[ProbeCode, str] = {
    "ok": N_("It answered and has builds for this computer."),
    "network-off": N_("It cannot be reached from this network."),
    "network-timeout": N_("It did not answer in time."),
    "server-error": N_("It has a problem of its own."),
    "proxy-login": N_("The network's proxy wants a name and a password."),
    "captive-portal": N_("This network wants you to log in first."),
    "tls-intercepted": N_("Its certificate is not one that this computer trusts."),
    "clock-wrong": N_("Its certificate does not fit this computer's clock."),
    "file-missing": N_("It does not have the list of files."),
    "build-not-in-sources": N_("It has no build for this computer."),
    "document-unreadable": N_("Its answer could not be read."),
    "not-asked": N_("It needs a Python on this computer, and there is none."),
}


def says(code: ProbeCode) -> str:
    """Return what an answer means, as a sentence in the present language."""
    return _(_TEXTS[code])


def ask(spec: SourceSpec, project: str, question: Question, *, work: Path, cancel: Cancel) -> Listing:
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
    return _ask_index(spec, project, question)


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
    runners = [python for python in question.pythons if python.path is not None and pip.runs_on(python.version)]
    if not runners:
        return Listing(spec=spec, code="not-asked", text=says("not-asked"))
    calls: dict[str, Callable[[], tuple[str, ...]]] = {}
    for python in runners if only_found else question.pythons:
        own = python in runners
        options = () if own else ("--python-version", python.version.removesuffix("t"), "--implementation", "cp")
        calls[python.version] = partial(
            pip.versions,
            project,
            python=(python if own else runners[0]).path or "",
            work=work,
            env=env,
            cancel=cancel,
            options=options,
        )
    answers = side_by_side(calls, deadline=PROBE_SECONDS, cancel=cancel)
    told = {version: answer for version, answer in answers.items() if isinstance(answer, tuple)}
    if not told:
        raise _why_silent(answers.values(), spec)
    offers = [_offer_of(Version(text), version, question) for version, answer in told.items() for text in answer]
    return _found(spec, [offer for offer in offers if offer is not None])


def _why_silent(answers: Iterable[object], spec: SourceSpec) -> SetupError:
    """Return why pip named no version at all: it says "no matching distribution" for a dead network as well."""
    errors = [answer for answer in answers if isinstance(answer, SetupError)]
    telling = [error for error in errors if error.code != "build-not-in-sources"]
    return telling[0] if telling else SetupError("file-missing", host=spec.name)


def _offer_of(version: Version, python: str, question: Question) -> Offer | None:
    variant = version.local or question.general_variant(version.public)
    if variant is None or variant not in question.variants:
        return None
    return Offer(version=version.public, variant=variant, python=python, tagged=version.local is not None)


def _ask_index(spec: SourceSpec, project: str, question: Question) -> Listing:
    offers: set[Offer] = set()
    speed = 0
    missing: SetupError | None = None
    for url in dict.fromkeys(_page_urls(spec, project, question.variants)):
        try:
            page = http.get(url, accept=_ACCEPT)
        except SetupError as error:
            if error.code != "file-missing":
                raise
            missing = error  # this index has no page for this variant; another variant may have one
            continue
        speed = max(speed, page.bytes_per_s)
        offers.update(_offers_in(files_on(page), project, question))
    if not offers and missing is not None:
        raise missing
    return _found(spec, offers, speed or None)


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
    tags = {python.version: target_tags(python.version) for python in question.pythons}
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


def files_on(page: http.Page) -> tuple[str, ...]:
    """Return the file names that a page of a simple index (HTML or JSON) or a flat listing links to.

    Raises:
        SetupError: "captive-portal": it is a page for people; "document-unreadable": it is broken.
    """
    text = page.body.decode("utf-8", "replace")
    if "json" in page.content_type:
        try:
            return tuple(str(file["filename"]) for file in json.loads(text)["files"])
        except (ValueError, KeyError, TypeError) as error:
            raise SetupError("document-unreadable", file=page.url, detail=str(error)) from error
    links = _Links(page.url)
    links.feed(text)
    if links.forms and not links.files:
        raise SetupError("captive-portal", host=urlsplit(page.url).hostname)
    return tuple(links.files)


class _Links(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.files: list[str] = []
        self.forms = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self.forms += 1
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            file = unquote(urlsplit(urljoin(self._base, target)).path.rpartition("/")[2])
            if file.endswith(".whl"):
                self.files.append(file)
