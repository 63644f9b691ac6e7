"""Speaking HTTP: the system's own trust store and proxies, and every fault named by its true cause."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import truststore
import urllib3
from msgspec import Struct
from urllib3.exceptions import HTTPError

from setupwizard import __version__
from setupwizard.errors import SetupError

AGENT = f"setupwizard/{__version__}"
_RETRY_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
_NOT_THERE = frozenset((401, 403, 404, 410))
# network or host unreachable: Linux, and the same of Windows
_NO_ROUTE = frozenset((101, 113, 10051, 10065))


class Page(Struct, frozen=True, kw_only=True):
    """What a server answered. `bytes_per_s` is measured over the whole answer and means little for a small one."""

    url: str
    status: int
    content_type: str
    body: bytes
    bytes_per_s: int


def trust() -> ssl.SSLContext:
    """Return a TLS context that trusts whom the system trusts."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def pool_for(url: str, *, connect: float, read: float) -> urllib3.PoolManager:
    """Return a pool for one address, through the proxy that the system or the environment names for it."""
    timeout = urllib3.Timeout(connect=connect, read=read)
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    options = {"timeout": timeout, "headers": headers, "ssl_context": trust(), "retries": False, "maxsize": 8}
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and parts.hostname and not proxy_bypass(parts.hostname):
        login = urlsplit(proxy)
        proxy_headers = None
        if login.username:
            proxy_headers = urllib3.make_headers(proxy_basic_auth=f"{login.username}:{login.password or ''}")
        return urllib3.ProxyManager(proxy, proxy_headers=proxy_headers, **options)  # type: ignore[arg-type]
    return urllib3.PoolManager(**options)  # type: ignore[arg-type]


def host_of(url: str) -> str:
    """Return the host of an address, for a message: never a name or password of its login."""
    return urlsplit(url).hostname or url


def without_login(url: str) -> str:
    """Return an address without the name and password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def get(
    url: str, *, accept: str = "*/*", connect: float = 8, read: float = 20, limit: int = 64 << 20, method: str = "GET"
) -> Page:
    """Ask for one address and return the answer, following redirects but never from https down to http.

    Raises:
        SetupError: the true cause why there is none.
    """
    started = time.monotonic()
    for _hop in range(10):
        try:
            answer = pool_for(url, connect=connect, read=read).request(
                method, url, headers={"User-Agent": AGENT, "Accept": accept}, redirect=False, preload_content=False
            )
            body = answer.read(limit, decode_content=True) if method == "GET" else b""
            answer.release_conn()
        except (HTTPError, OSError) as error:
            raise cause_of(error, url) from error
        target = answer.get_redirect_location()
        if not target:
            break
        url = next_hop(url, str(target))
    else:
        raise SetupError("file-missing", host=host_of(url), file=without_login(url), detail="more than 10 redirects")
    problem = problem_of(answer.status, answer.headers, url)
    if problem is not None:
        raise problem
    if method == "HEAD":
        body = str(answer.headers.get("Content-Length", "")).encode()
    seconds = max(time.monotonic() - started, 1e-6)
    return Page(
        url=url,
        status=answer.status,
        content_type=str(answer.headers.get("Content-Type", "")),
        body=body,
        bytes_per_s=int(len(body) / seconds),
    )


def size_of(url: str) -> int | None:
    """Return the size of a file in bytes as its server tells it, None when it does not tell.

    Raises:
        SetupError: the server could not be asked, or does not have it.
    """
    text = get(url, method="HEAD").body
    return int(text) if text.isdigit() else None


def next_hop(url: str, target: str) -> str:
    """Return the absolute address of a redirect.

    Raises:
        SetupError: "tls-intercepted": it would leave https.
    """
    from urllib.parse import urljoin

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
    """Return the true cause behind an exception of urllib3, the TLS library or the socket."""
    host = host_of(url)
    chain = _chain(error)
    detail = f"{host}: {error}"
    refused = next((link for link in chain if isinstance(link, ssl.SSLError)), None)
    if refused is not None:
        return _tls(refused, host)
    if any("407" in str(link) and "Tunnel" in str(link) for link in chain):
        return SetupError("proxy-login", host=host, detail=detail)
    if any(_means_no_way(link) for link in chain):
        return SetupError("network-off", host=host, detail=detail)
    return SetupError("network-timeout", host=host, detail=detail)


def _means_no_way(error: BaseException) -> bool:
    """Whether the name has no address, nobody listens there, or no route leads there."""
    if isinstance(error, socket.gaierror | ConnectionRefusedError):
        return True
    return isinstance(error, OSError) and error.errno in _NO_ROUTE


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        link = todo.pop(0)
        if not isinstance(link, BaseException) or link in links:
            continue
        links.append(link)
        todo += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return links


def _tls(error: ssl.SSLError, host: str) -> SetupError:
    detail = f"{host}: {error}"
    text = str(error).lower()
    if "expired" in text or "not yet valid" in text:
        return SetupError("clock-wrong", host=host, detail=detail)
    return SetupError("tls-intercepted", host=host, issuer=issuer_of(host), detail=detail)


def issuer_of(host: str, port: int = 443, *, timeout: float = 5) -> str:
    """Return who signed the certificate that a host shows, without trusting it; "" when that cannot be had."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=timeout) as raw,
            context.wrap_socket(raw, server_hostname=host) as connection,
        ):
            certificate = connection.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return ""
    return _issuer_name(certificate or b"")


def _issuer_name(certificate: bytes) -> str:
    """Return the printable names in the first half of a DER certificate: issuer before subject, by X.509's order."""
    names: list[str] = []
    position = 0
    while (position := certificate.find(b"\x55\x04", position)) >= 0:
        kind, tag, length = certificate[position + 2 : position + 5]
        if kind in {3, 10} and tag in {12, 19, 20, 22}:
            names.append(certificate[position + 5 : position + 5 + length].decode("utf-8", "replace"))
            if kind == 3:
                break
        position += 3
    return names[-1] if names else ""
