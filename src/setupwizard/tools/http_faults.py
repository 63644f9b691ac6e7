"""What an answer or an exception of a server means, by its true cause."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from setupwizard.codes import ErrorCode
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.tools.addresses import host_of, place_of
from setupwizard.tools.redaction import without_login

_RETRY_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
_ABSENT = frozenset((404, 410))
# network unreachable, network down; with the numbers of Windows
_NO_NETWORK = frozenset((errno.ENETUNREACH, errno.ENETDOWN, 10050, 10051))
_NO_WAY_THERE = frozenset((errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM, 10013, 10061, 10065))
# Addresses for documentation alone (RFC 5737, RFC 3849): a route there is a route anywhere.
_ANYWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

WORTH_ANOTHER_TRY: frozenset[ErrorCode] = frozenset(
    ("network-off", "name-unknown", "host-blocked", "network-timeout", "server-error", "proxy-off")
)
"""What may pass by itself within seconds: a line that comes back, a server that is busy."""


def next_hop(url: str, target: str) -> str:
    """Return the absolute address of a redirect.

    Raises:
        SetupError: "redirect-insecure": it would leave https.
    """
    absolute = urljoin(url, target)
    if urlsplit(url).scheme == "https" and urlsplit(absolute).scheme != "https":
        open_way = without_login(absolute).partition("?")[0]
        raise SetupError(
            "redirect-insecure",
            host=host_of(url),
            target=open_way,
            detail=f"redirect from https://{host_of(url)} to {open_way}",
        )
    return absolute


def problem_of(status: int, headers: Mapping[str, str], url: str, *, proxy: str | None = None) -> SetupError | None:
    """Return the error that a status stands for, None for a good one.

    Args:
        status: of the answer.
        headers: of the answer.
        url: that was asked for.
        proxy: address of the proxy that was asked, None for none: 407 is its word, not the server's.
    """
    host, name = host_of(url), without_login(url).partition("?")[0]
    if status < 400:
        return None
    if status == 407:
        return proxy_login(str(headers.get("Proxy-Authenticate", "")), proxy or url)
    if status == 511:
        return SetupError("captive-portal", host=host)
    if status in _RETRY_LATER or status >= 500:
        return SetupError("server-error", host=host, status=f"HTTP {status}")
    answer = _("It answered HTTP {status} for {url}.").format(status=status, url=name)
    return SetupError(
        "file-missing", host=host, file=name, answer=answer, absent=status in _ABSENT, detail=f"HTTP {status}"
    )


def proxy_login(ways: str, proxy: str, detail: str = "") -> SetupError:
    """Return the error for a proxy that wants a login; `ways` are the schemes that it takes, as its header says."""
    schemes = [word for word in ("Negotiate", "NTLM", "Kerberos") if word.lower() in ways.lower()]
    text = ""
    if schemes and "basic" not in ways.lower():
        text = _(
            "It takes a login of Windows alone ({schemes}), which this program cannot give: ask the administrator for "
            "a way without it, or use another network."
        ).format(schemes=", ".join(schemes))
    return SetupError("proxy-login", host=place_of(proxy), ways=text, detail=detail or ways)


def cause_of(error: BaseException, url: str, *, proxy: str | None = None) -> SetupError:
    """Return the cause behind an exception of urllib3 or the socket, for everything but a refused certificate.

    Args:
        error: the exception.
        url: that was asked for.
        proxy: address of the proxy that the way goes through, None for none.
    """
    host = host_of(url)
    detail = without_login(f"{host}: {error}")
    links = list(causes(error))
    if any("407" in str(link) and "Tunnel" in str(link) for link in links):
        return proxy_login("", proxy or url, detail)
    numbers = {link.errno for link in links if isinstance(link, OSError)}
    nameless = any(isinstance(link, socket.gaierror) for link in links)
    if numbers & _NO_NETWORK or (nameless and not has_route()):
        return SetupError("network-off", host=host, detail=detail)
    if any("Tunnel connection failed" in str(link) for link in links):
        return SetupError("host-blocked", host=host, detail=detail)  # the proxy may not go there, or finds no way
    # urllib3 says ProxyError also for a line that broke long after the proxy had been reached
    unreached = any(isinstance(link, NewConnectionError | ConnectTimeoutError) for link in links)
    if proxy is not None and (nameless or unreached):
        return SetupError("proxy-off", host=place_of(proxy), detail=detail)
    if nameless:
        return SetupError("name-unknown", host=host, detail=detail)
    if numbers & _NO_WAY_THERE:
        return SetupError("host-blocked", host=host, detail=detail)
    return SetupError("network-timeout", host=host, detail=detail)


def has_route() -> bool:
    """Whether this computer has a way to any address at all. Nothing is sent to find out."""
    for family, address in _ANYWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
        except OSError:
            continue
        return True
    return False


def retry_after(text: str | None) -> float | None:
    """Return the pause that a server asks for, in seconds: a number, or a date (RFC 9110, 10.2.3); None: no wish."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


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
