"""Reading a page or the size of a file from a server."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from msgspec import Struct
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from setupwizard.errors import Cancelled, SetupError
from setupwizard.tools.addresses import host_of, local_path
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http_faults import retry_after
from setupwizard.tools.transport import Connections, FetchSettings, request_headers

PATIENCE = FetchSettings(connect_seconds=8, stall_seconds=20, retries=3, longest_pause=10)
MAX_PAGE_BYTES = 64 << 20
_SAMPLE_BYTES = 4 << 20
_SAMPLE_SECONDS = 1.5
_AGAIN = frozenset(("server-error", "network-timeout"))
_QUICKLY = 3.0
"""Seconds: what took longer to break is not asked again, as a person waits for the answer."""


T = TypeVar("T")


class Page(Struct, frozen=True, kw_only=True):
    """What a server answered: `url` is where it was at last, `asked` where it was asked for."""

    url: str
    asked: str
    content_type: str
    body: bytes


@contextmanager
def _asked(
    method: str, url: str, headers: Mapping[str, str], cancel: Cancel | None, settings: FetchSettings
) -> Iterator[tuple[str, BaseHTTPResponse]]:
    """Yield the address that answered and its answer; afterwards the connection is closed."""
    connections = Connections(settings)
    try:
        last, answer = connections.open(url, {**request_headers(), **headers}, cancel or Cancel(), method=method)
        try:
            problem = connections.problem_of(answer, last)
            if problem is not None:
                problem.facts["pause"] = retry_after(answer.headers.get("Retry-After"))
                raise problem
            yield last, answer
        except (HTTPError, OSError) as error:
            raise connections.cause_of(error, url) from error
        finally:
            answer.close()
    finally:
        connections.renew()


def get(
    url: str,
    *,
    accept: str = "*/*",
    cancel: Cancel | None = None,
    settings: FetchSettings = PATIENCE,
    most: int = MAX_PAGE_BYTES,
) -> Page:
    """Ask for one address and return the page, following redirects but never from https down to http.

    A server that is busy or hangs up is asked again some times, with the pause that it asks for. No more than `most`
    bytes are read.

    Raises:
        SetupError: the true cause why there is none.
        Cancelled: somebody asked to stop.
    """
    settings = settings.as_wished()

    def ask() -> Page:
        with _asked("GET", url, {"Accept": accept}, cancel, settings) as (last, answer):
            body = answer.read(most, decode_content=True)
            kind = str(answer.headers.get("Content-Type", ""))
        return Page(url=last, asked=url, content_type=kind, body=body)

    return _again(ask, cancel or Cancel(), settings)


def _again(ask: Callable[[], T], cancel: Cancel, settings: FetchSettings) -> T:
    for failures in itertools.count(1):
        started = time.monotonic()
        try:
            return ask()
        except SetupError as error:
            if (
                error.code not in _AGAIN
                or failures > min(settings.retries, PATIENCE.retries)
                or time.monotonic() - started > _QUICKLY
            ):
                raise
            wished = error.facts.get("pause")
            growing = settings.backoff_seconds * 2 ** (failures - 1)
            pause = min(settings.longest_pause, wished if isinstance(wished, float) else growing)
        if cancel.wait(pause):
            raise Cancelled
    raise AssertionError  # a count has no end


def speed_of(url: str, *, cancel: Cancel | None = None, settings: FetchSettings = PATIENCE) -> int | None:
    """Return how many bytes a second a server sends of a file, measured over its beginning; None when it does not.

    At most 4 MiB or about a second and a half are read, and the time to connect does not count.

    Raises:
        Cancelled: somebody asked to stop.
    """
    try:
        beginning = {"Range": f"bytes=0-{_SAMPLE_BYTES - 1}"}
        with _asked("GET", url, beginning, cancel, settings.as_wished()) as (_last, answer):
            started, got = time.perf_counter(), 0
            while got < _SAMPLE_BYTES and time.perf_counter() - started < _SAMPLE_SECONDS:
                chunk = answer.read1(1 << 16, decode_content=False)
                if not chunk:
                    break
                got += len(chunk)
            seconds = time.perf_counter() - started
    except Cancelled:
        raise
    except SetupError:
        return None
    return int(got / seconds) if got and seconds > 0 else None


def size_of(url: str, *, cancel: Cancel | None = None, settings: FetchSettings = PATIENCE) -> int | None:
    """Return the size of a file in bytes as its server tells it, None when it does not tell.

    Raises:
        SetupError: the server could not be asked, or does not have it.
        Cancelled: somebody asked to stop.
    """
    settings = settings.as_wished()

    def ask() -> int | None:
        with _asked("HEAD", url, {}, cancel, settings) as (_last, answer):
            text = str(answer.headers.get("Content-Length", ""))
        return int(text) if text.isdigit() else None

    return _again(ask, cancel or Cancel(), settings)


def file_size(url: str, *, cancel: Cancel | None = None, settings: FetchSettings = PATIENCE) -> int:
    """Return the size in bytes of a file at an address: as the disk has it, or as its server tells.

    Raises:
        SetupError: "file-missing"; "server-error": its server does not tell; or the cause why it could not be asked.
        Cancelled: somebody asked to stop.
    """
    path = local_path(url)
    if path is not None:
        try:
            return path.stat().st_size
        except OSError as error:
            raise SetupError("file-missing", host=str(path.parent), file=path.name, detail=str(error)) from error
    size = size_of(url, cancel=cancel, settings=settings)
    if size is None:
        raise SetupError("server-error", host=host_of(url), status="no Content-Length")
    return size
