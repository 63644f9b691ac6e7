"""Asking the download servers which builds they hold, side by side: indexes, listings, folders, pip's own settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from setupwizard.errors import SetupError
from setupwizard.model.format import sentences
from setupwizard.probes.index_pages import ACCEPT, links_in
from setupwizard.probes.listings import Listing, Offer, Question, SourceSpec, code_of, says
from setupwizard.tools import http, pip
from setupwizard.tools.addresses import host_of
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.pylock import platform_tags, target_tags
from setupwizard.tools.redaction import without_login
from setupwizard.tools.transport import FetchSettings

log = logging.getLogger(__name__)

PROBE_SECONDS = 90


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
        code = code_of(answer)
        if code is not None:
            log.info("source %s: %s %s", spec.id, code, answer.detail)
            text = sentences(says(code, **answer.facts), str(answer.facts.get("problem", "")))
            return Listing(spec=spec, code=code, text=text, error=answer)
    log.warning("source %s broke: %r %s", spec.id, answer, getattr(answer, "detail", ""))
    return Listing(spec=spec, code="document-unreadable", text=says("document-unreadable"))


def _place_of(spec: SourceSpec) -> str:
    return host_of(spec.url) if spec.url is not None and "://" in spec.url else spec.name


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
        return _ask_pip(spec, project, question, folder, cancel, env=env)
    if spec.kind == "general":
        return _ask_pip(spec, project, question, folder, cancel, env=pip.neutral_environment())
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
) -> Listing:
    """Let pip list the versions: once for each Python, as a source may hold wheels for one Python alone."""
    own = {one.version: one.path for one in question.pythons if one.path is not None and pip.runs_on(one.version)}
    runner = next(iter(own.values()), question.runner)
    if runner is None:
        return Listing(spec=spec, code="not-asked", text=says("not-asked"))
    place = [word for tag in _foreign_tags(question) for word in ("--platform", tag)]
    calls: dict[str, Callable[[], tuple[str, ...]]] = {}
    for version in (python.version for python in question.pythons):
        other = version not in own
        options = (*_python_options(version), *place) if other else ()
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


def _python_options(version: str) -> tuple[str, ...]:
    """Return what makes pip list for another Python than the one that runs it."""
    number = version.removesuffix("t")
    free = ("--abi", f"cp{number.replace('.', '')}t") if version.endswith("t") else ()
    return ("--python-version", number, "--implementation", "cp", *free)


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
    """Return the wheels that a page of an index or a flat listing links to: name to address.

    Withdrawn ones are among them, as a plan asks for exact versions alone.

    Raises:
        SetupError: "captive-portal": it is a page for people; "document-unreadable": it is broken.
    """
    # an address keeps its login to itself; the links get it back from those that are remembered (tools/logins)
    links = links_in(page.body, page.content_type, without_login(page.url), asked=page.asked, withdrawn=True)
    return {link.file: link.url for link in links}
