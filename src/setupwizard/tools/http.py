"""Reading a page or the size of a file from a server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http_faults import problem_of
from setupwizard.tools.transport import Connections, FetchSettings, request_headers

PATIENCE = FetchSettings(connect_seconds=8, stall_seconds=20)
MAX_PAGE_BYTES = 64 << 20


class Page(Struct, frozen=True, kw_only=True):
    """What a server answered. `bytes_per_s` is measured over the whole answer and means little for a small one."""

    url: str
    content_type: str
    body: bytes
    bytes_per_s: int


@contextmanager
def _asked(
    method: str, url: str, accept: str, cancel: Cancel | None, settings: FetchSettings
) -> Iterator[tuple[str, BaseHTTPResponse]]:
    """Yield the address that answered and its answer; afterwards the connection is closed."""
    connections = Connections(settings)
    try:
        last, answer = connections.open(url, {**request_headers(), "Accept": accept}, cancel or Cancel(), method=method)
        try:
            problem = problem_of(answer.status, answer.headers, last)
            if problem is not None:
                raise problem
            yield last, answer
        except (HTTPError, OSError) as error:
            raise connections.cause_of(error, url) from error
        finally:
            answer.close()
    finally:
        connections.renew()


def get(url: str, *, accept: str = "*/*", cancel: Cancel | None = None, settings: FetchSettings = PATIENCE) -> Page:
    """Ask for one address and return the page, following redirects but never from https down to http.

    Raises:
        SetupError: the true cause why there is none.
        Cancelled: somebody asked to stop.
    """
    started = time.monotonic()
    with _asked("GET", url, accept, cancel, settings) as (last, answer):
        body = answer.read(MAX_PAGE_BYTES, decode_content=True)
        kind = str(answer.headers.get("Content-Type", ""))
    seconds = max(time.monotonic() - started, 1e-6)
    return Page(url=last, content_type=kind, body=body, bytes_per_s=int(len(body) / seconds))


def size_of(url: str, *, cancel: Cancel | None = None, settings: FetchSettings = PATIENCE) -> int | None:
    """Return the size of a file in bytes as its server tells it, None when it does not tell.

    Raises:
        SetupError: the server could not be asked, or does not have it.
        Cancelled: somebody asked to stop.
    """
    with _asked("HEAD", url, "*/*", cancel, settings) as (_last, answer):
        text = str(answer.headers.get("Content-Length", ""))
    return int(text) if text.isdigit() else None
