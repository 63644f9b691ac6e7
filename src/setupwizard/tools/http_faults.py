"""What an answer or an exception of a server means, by its true cause."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from setupwizard.errors import SetupError
from setupwizard.tools.redaction import without_login

_RETRY_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
_NOT_THERE = frozenset((401, 403, 404, 410))
# network or host unreachable: Linux, and the same of Windows
_NO_ROUTE = frozenset((101, 113, 10051, 10065))


def host_of(url: str) -> str:
    """Return the host of an address, for a message: never a name or password of its login."""
    return urlsplit(url).hostname or url


def next_hop(url: str, target: str) -> str:
    """Return the absolute address of a redirect.

    Raises:
        SetupError: "tls-intercepted": it would leave https.
    """
    absolute = urljoin(url, target)
    if urlsplit(url).scheme == "https" and urlsplit(absolute).scheme != "https":
        raise SetupError(
            "tls-intercepted", issuer=host_of(absolute), detail=f"redirect from https to {without_login(absolute)}"
        )
    return absolute


def problem_of(status: int, headers: Mapping[str, str], url: str) -> SetupError | None:
    """Return the error that a status stands for, None for a good one."""
    host, name = host_of(url), without_login(url)
    if status < 400:
        return None
    if status == 407:
        return SetupError("proxy-login", host=host, detail=str(headers.get("Proxy-Authenticate", "")))
    if status == 511:
        return SetupError("captive-portal", host=host)
    if status in _NOT_THERE:
        return SetupError("file-missing", host=host, file=name, detail=f"HTTP {status}")
    if status in _RETRY_LATER or status >= 500:
        return SetupError("server-error", host=host, status=f"HTTP {status}")
    return SetupError("file-missing", host=host, file=name, detail=f"HTTP {status}")


def cause_of(error: BaseException, url: str) -> SetupError:
    """Return the cause behind an exception of urllib3 or the socket, for everything but a refused certificate."""
    host = host_of(url)
    detail = without_login(f"{host}: {error}")
    links = list(causes(error))
    if any("407" in str(link) and "Tunnel" in str(link) for link in links):
        return SetupError("proxy-login", host=host, detail=detail)
    if any(_means_no_way(link) for link in links):
        return SetupError("network-off", host=host, detail=detail)
    return SetupError("network-timeout", host=host, detail=detail)


def refusal(error: BaseException) -> ssl.SSLError | None:
    """Return the refusal of a certificate, or of TLS altogether, behind an exception; a broken line is none."""
    for link in causes(error):
        if isinstance(link, ssl.SSLCertVerificationError):
            return link
        if isinstance(link, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(link):
            return link
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Go through an exception and all that caused it."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo:
        link = todo.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        todo += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]


def _means_no_way(error: BaseException) -> bool:
    """Whether the name has no address, nobody listens there, or no route leads there."""
    if isinstance(error, socket.gaierror | ConnectionRefusedError):
        return True
    return isinstance(error, OSError) and error.errno in _NO_ROUTE
