"""Reading an index page as a list of files: PEP 503 (HTML), PEP 691 (JSON), and flat listings for --find-links.

A page is from outside: its size, the number of its links and every word of them have limits, and what does not look
like a published wheel is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
from msgspec import Struct
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from urllib3.exceptions import HTTPError

from setupwizard.codes import Platform
from setupwizard.errors import SetupError
from setupwizard.tools.addresses import host_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http_faults import problem_of
from setupwizard.tools.redaction import without_login
from setupwizard.tools.transport import Connections, request_headers

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.6, text/html;q=0.5"
MAX_PAGE_BYTES = 32 << 20
"""The flat listing of every wheel of ten years has some megabytes."""
MAX_LINKS = 200_000
_MAX_ADDRESS = 2_000
_ANCHOR = re.compile(r"""<a\s((?:[^<>"']|"[^"]{0,2500}"|'[^']{0,2500}')*+)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z][\w-]{0,40})(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""", re.IGNORECASE)
_FORM = re.compile(r"<form\b", re.IGNORECASE)
_SHA256 = re.compile(r"sha256=([0-9a-f]{64})\Z")
_PLATFORM: tuple[tuple[str, Platform], ...] = (
    (r"(many)?linux\w*_x86_64", "linux_x86_64"),
    (r"(many)?linux\w*_aarch64", "linux_aarch64"),
    (r"win_amd64", "win_amd64"),
    (r"win_arm64", "win_arm64"),
    (r"macosx_\d+_\d+_arm64", "macos_arm64"),
    (r"macosx_\d+_\d+_x86_64", "macos_x86_64"),
)


class Link(Struct, frozen=True, kw_only=True):
    """A file that a page links to: its name, its address, and its sha256 where the page tells it."""

    file: str
    url: str
    sha256: str | None = None


class IndexPage(Struct, frozen=True, kw_only=True):
    """What a server answered.

    Attributes:
        url: the address that answered at last.
        links: the wheels; None: the page is the same as before (304); empty together with `gone`: there is none.
        gone: the server says that there is no such page (404, 410).
    """

    url: str
    links: tuple[Link, ...] | None = None
    gone: bool = False
    etag: str | None = None
    modified: str | None = None


class Wheel(Struct, frozen=True, kw_only=True):
    """What the name of a wheel says. `local` is "cu130" of 2.15.0+cu130; `pythons` are "3.12" or "3.14t"."""

    project: str
    version: str
    local: str | None
    platform: Platform
    pythons: tuple[str, ...]
    tags: tuple[str, ...]
    final: bool


def read_page(
    connections: Connections,
    url: str,
    hosts: Iterable[str],
    cancel: Cancel,
    known: Mapping[str, str | None] | None = None,
) -> IndexPage:
    """Ask for a page, and only for its changes when an earlier state is known.

    Args:
        connections: kept open from page to page.
        url: the address of the page.
        hosts: the only hosts that may answer.
        cancel: stops the asking.
        known: "etag" and "modified" of the state that we have.

    Raises:
        SetupError: the true cause why there is no page; "captive-portal": a page for people; "document-unreadable".
        Cancelled: somebody asked to stop.
    """
    headers = {**request_headers(), "Accept": ACCEPT}
    known = known or {}
    if etag := known.get("etag"):
        headers["If-None-Match"] = etag
    elif modified := known.get("modified"):
        headers["If-Modified-Since"] = modified
    last, answer = connections.open(url, headers, cancel)
    try:
        if urlsplit(last).hostname not in set(hosts):
            raise SetupError("captive-portal", host=host_of(last), detail=f"{host_of(url)} leads to {host_of(last)}")
        if answer.status == 304 and any(known.values()):
            return IndexPage(url=last)
        if answer.status in {404, 410}:
            return IndexPage(url=last, links=(), gone=True)
        problem = problem_of(answer.status, answer.headers, last)
        if problem is not None:
            raise problem
        body = answer.read(MAX_PAGE_BYTES + 1, decode_content=True)
        told = {name: str(answer.headers.get(name, "")) or None for name in ("Content-Type", "ETag", "Last-Modified")}
    except (HTTPError, OSError) as error:
        raise connections.cause_of(error, url) from error
    finally:
        answer.close()
    if answer.status != 200 or len(body) > MAX_PAGE_BYTES:
        raise SetupError("document-unreadable", file=without_login(last), detail=f"{answer.status}, {len(body)} bytes")
    links = links_in(body, told["Content-Type"] or "", last, asked=url)
    return IndexPage(url=last, links=links, etag=_short(told["ETag"]), modified=_short(told["Last-Modified"]))


def _short(header: str | None) -> str | None:
    return header if header is not None and len(header) <= 200 and header.isascii() and header.isprintable() else None


def links_in(
    body: bytes, kind: str, url: str, *, asked: str | None = None, withdrawn: bool = False
) -> tuple[Link, ...]:
    """Return the wheels that a page links to.

    Args:
        body: the page.
        kind: its Content-Type.
        url: where it was at last: links are relative to it.
        asked: where it was asked for, when that is another address.
        withdrawn: those that were withdrawn (yanked), too.

    Raises:
        SetupError: "captive-portal": it is a page for people; "document-unreadable": it is broken, or too long.
    """
    links = _links_of_json(body, url, withdrawn) if "json" in kind else _links_of_html(body, url, withdrawn)
    if links is None:
        raise SetupError("captive-portal", host=host_of(asked or url))
    if len(links) > MAX_LINKS:
        raise SetupError("document-unreadable", file=without_login(url), detail=f"more than {MAX_LINKS} links")
    return tuple(links)


class _JsonFile(Struct):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    yanked: bool | str = False


class _JsonPage(Struct):
    meta: dict[str, Any]
    files: list[_JsonFile]


def _links_of_json(body: bytes, url: str, withdrawn: bool) -> list[Link]:
    try:
        page = msgspec.json.decode(body, type=_JsonPage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SetupError("document-unreadable", file=without_login(url), detail=str(error)) from error
    version = str(page.meta.get("api-version", ""))
    if not version.startswith("1."):
        raise SetupError("document-unreadable", file=without_login(url), detail=f"version {version[:20]} of the page")
    found = []
    for file in page.files:
        sha256 = file.hashes.get("sha256", "")
        link = _link(url, file.url, f"sha256={sha256}") if withdrawn or file.yanked is False else None
        if link is not None and link.file == file.filename:
            found.append(link)
    return found


def _links_of_html(body: bytes, url: str, withdrawn: bool) -> list[Link] | None:
    """Return the links of a page, None when it is for people; html.parser can take the square of this time."""
    text = _without_comments(body.decode("utf-8", "replace"))
    links: list[Link] = []
    for anchor in _ANCHOR.finditer(text):
        named = {name.lower(): unescape(value.strip("'\"")) for name, value in _ATTRIBUTE.findall(anchor[1])}
        target = named.get("href", "").strip()
        link = None if "data-yanked" in named and not withdrawn else _link(url, target, target.partition("#")[2])
        if link is not None:
            links.append(link)
        if len(links) > MAX_LINKS:
            break
    return None if not links and _FORM.search(text) else links


def _without_comments(text: str) -> str:
    parts, place = [], 0
    while (start := text.find("<!--", place)) >= 0:
        parts.append(text[place:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(parts)
        place = end + 3
    return "".join((*parts, text[place:]))


def _link(base: str, target: str, fragment: str) -> Link | None:
    """Return a link to a wheel: never from https to http, and never to anything but a web address."""
    try:
        url = urljoin(base, target.partition("#")[0])
        parts = urlsplit(url)
        allowed = {"https"} if urlsplit(base).scheme == "https" else {"http", "https"}
        if parts.scheme not in allowed or not parts.hostname or parts.username or len(url) > _MAX_ADDRESS:
            return None
    except ValueError:
        return None
    file = unquote(parts.path.rpartition("/")[2])
    if not file.endswith(".whl") or not url.isascii() or not url.isprintable() or " " in url:
        return None
    told = _SHA256.match(fragment)
    return Link(file=file, url=url, sha256=told[1] if told else None)


def wheel_of(file: str) -> Wheel | None:
    """Return what the name of a wheel says, None when it is no wheel for a system and Python that we know."""
    try:
        project, version, _build, tags = parse_wheel_filename(file)
    except (InvalidWheelFilename, ValueError):
        return None
    platforms = {platform for tag in tags for platform in [_platform(tag.platform)] if platform}
    pythons = {python for tag in tags for python in [_python(tag.interpreter, tag.abi)] if python}
    if len(platforms) != 1 or not pythons:
        return None
    return Wheel(
        project=project,
        version=version.public,
        local=version.local,
        platform=platforms.pop(),
        pythons=tuple(sorted(pythons)),
        tags=tuple(sorted({tag.platform for tag in tags})),
        final=not (version.is_prerelease or version.epoch),
    )


def _platform(tag: str) -> Platform | None:
    return next((platform for pattern, platform in _PLATFORM if re.fullmatch(pattern, tag)), None)


def _python(interpreter: str, abi: str) -> str | None:
    told = re.fullmatch(r"cp3(\d{1,2})", interpreter)
    if told is None or abi not in {interpreter, f"{interpreter}m", f"{interpreter}t", "none"}:
        return None
    return f"3.{told[1]}" + ("t" if abi.endswith("t") else "")
