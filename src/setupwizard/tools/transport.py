"""One worker's connections: proxies, logins, redirects, and each fault named by its true cause."""

from __future__ import annotations

import http.client
import logging
import math
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import truststore
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from setupwizard import __version__
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.tools import network
from setupwizard.tools.addresses import file_of, host_of
from setupwizard.tools.certificate import certificate_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http_faults import cause_of, next_hop, problem_of, proxy_login, refusal
from setupwizard.tools.logins import headers_for, userinfo
from setupwizard.tools.redaction import without_login

log = logging.getLogger(__name__)
# At DEBUG it writes whole addresses, and some hold a signature or a password.
logging.getLogger("urllib3").setLevel(logging.WARNING)

AGENT = f"setupwizard/{__version__}"
MAX_REDIRECTS = 10
_CLOCK_TOLERANCE = timedelta(days=1)
PATIENCE_VARIABLE = "SETUPWIZARD_PATIENCE"
"""A factor for all waiting: tests of faults make it small, who has a very slow network may make it large."""


@dataclass(frozen=True)
class FetchSettings:
    """How patient the fetching is, and by which way it goes. Times are in seconds.

    Attributes:
        proxies: scheme to address, {} for none; None: what the environment and the system say.
        ca_file: certificates that are trusted beside the system's: what a company's pip configuration names.
        connect_seconds: for one connection.
        stall_seconds: no byte for so long means that the connection is dead.
        quiet_seconds: no byte for so long is told.
        slow_seconds, slow_bytes: fewer bytes in that time count as none.
        retries: failures in a row, without worthwhile bytes between them, before a server is given up.
        retries_with_others: the same while other servers have the file.
        worthwhile_bytes: so many new bytes make up for a failure.
        backoff_seconds: the first pause; each further one is twice as long.
        longest_pause: no pause is longer, whatever a server asks for.
        sync_seconds, sync_bytes: how much of a part a power cut may cost.
        clock_url: where the true time is asked when a certificate's dates are the trouble; None: the host itself.
        logins: whether a server gets the name and password that .netrc, or an address, holds for it.
    """

    proxies: Mapping[str, str] | None = None
    ca_file: Path | None = None
    connect_seconds: float = 15.0
    stall_seconds: float = 20.0
    quiet_seconds: float = 5.0
    slow_seconds: float = 30.0
    slow_bytes: int = 1 << 14
    retries: int = 6
    retries_with_others: int = 2
    worthwhile_bytes: int = 1 << 20
    backoff_seconds: float = 0.5
    longest_pause: float = 60.0
    sync_seconds: float = 10.0
    sync_bytes: int = 256 << 20
    clock_url: str | None = None
    logins: bool = True

    def as_wished(self) -> FetchSettings:
        """Return the same with every wait multiplied by SETUPWIZARD_PATIENCE, where that is a number above 0."""
        try:
            factor = float(os.environ.get(PATIENCE_VARIABLE, "1"))
        except ValueError:
            return self
        if not 0 < factor < math.inf or factor == 1:
            return self
        # a connection on a busy computer takes its time however impatient somebody is
        return replace(
            self,
            connect_seconds=max(2.0, self.connect_seconds * factor),
            stall_seconds=self.stall_seconds * factor,
            quiet_seconds=self.quiet_seconds * factor,
            slow_seconds=self.slow_seconds * factor,
            backoff_seconds=self.backoff_seconds * factor,
            sync_seconds=self.sync_seconds * factor,
            longest_pause=self.longest_pause * factor,
        )


class Connections:
    """Kept-open connections to servers and proxies. One thread uses it: a slow handshake holds up nobody else."""

    def __init__(self, settings: FetchSettings) -> None:
        """Open nothing yet."""
        self._settings = settings
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def open(
        self, url: str, headers: Mapping[str, str], cancel: Cancel, *, method: str = "GET"
    ) -> tuple[str, BaseHTTPResponse]:
        """Ask for an address and follow its redirects, never from https down to http.

        Returns:
            The address that answered at last, and its answer, whatever its status; the caller closes it.

        Raises:
            SetupError: nobody answered, a redirect is refused, or "offline".
            Cancelled: somebody asked to stop.
        """
        network.check(host_of(url))
        login = self._login(url)
        for _hop in range(MAX_REDIRECTS + 1):
            cancel.check()
            response = self._ask(method, url, {**headers, **login})
            target = response.get_redirect_location()
            if not target:
                return url, response
            response.close()
            before, url = url, next_hop(url, str(target))
            if urlsplit(url).scheme not in {"http", "https"}:
                break
            if urlsplit(url).netloc != urlsplit(before).netloc:
                login = self._login(url)
        host = host_of(url)
        answer = _("It sent the request round in a circle.")
        raise SetupError(
            "file-missing", host=host, file=file_of(url), answer=answer, detail=f"{host}: redirects lead nowhere"
        )

    def renew(self) -> None:
        """Let go of all connections: the next request goes over a new one."""
        for pool in self._pools.values():
            pool.clear()

    def cause_of(self, error: BaseException, url: str) -> SetupError:
        """Return the true cause behind a fault of the connection; a refused certificate is looked at."""
        refused = refusal(error)
        if refused is not None:
            return self._cause_of_refusal(refused, url)
        proxy = self._proxy_for(url)
        cause = cause_of(error, url, proxy=proxy)
        if cause.code == "proxy-login" and proxy is not None:
            return proxy_login(self._ways_of(proxy, url), proxy, cause.detail)
        return cause

    def problem_of(self, response: BaseHTTPResponse, url: str) -> SetupError | None:
        """Return the error that an answer stands for, None for a good one."""
        return problem_of(response.status, response.headers, url, proxy=self._proxy_for(url))

    def _cause_of_refusal(self, error: ssl.SSLError, url: str) -> SetupError:
        host, detail = host_of(url), f"{host_of(url)}: {error}"
        proxy = self._proxy_for(url)
        shown = certificate_of(url, without_login(proxy) if proxy else None, timeout=self._settings.connect_seconds)
        present = datetime.now(UTC)
        if shown is None or shown.not_before <= present <= shown.not_after:
            issuer = (shown.issuer if shown else "") or _("this network")
            return SetupError("tls-intercepted", host=host, issuer=issuer, detail=detail)
        true = self._true_time(host, proxy)
        off = abs(true - present) > _CLOCK_TOLERANCE if true else present < shown.not_before
        if off:
            return SetupError("clock-wrong", host=host, detail=f"{detail}; the clock says {present.isoformat()}")
        return SetupError("server-error", host=host, status=_("a certificate that is out of date"), detail=detail)

    def _true_time(self, host: str, proxy: str | None) -> datetime | None:
        """Return the time as a server tells it over plain http: good enough to name a wrong clock, for nothing else."""
        url = self._settings.clock_url or f"http://{host}/"
        parts, way = urlsplit(url), urlsplit(proxy) if proxy else None
        if way is not None and way.scheme != "http":
            return None
        place, target = (parts, parts.path or "/") if way is None else (way, url)
        headers = {"User-Agent": AGENT, "Host": parts.netloc}
        login = userinfo(proxy) if proxy else None
        if login is not None:
            headers |= urllib3.make_headers(proxy_basic_auth=login)
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=3)
        try:
            connection.request("HEAD", target, headers=headers)
            date = connection.getresponse().getheader("Date")
            return parsedate_to_datetime(date).astimezone(UTC) if date else None
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _ways_of(self, proxy: str, url: str) -> str:
        """Return the ways to log in that a proxy names when it refuses a tunnel; "" when it does not say."""
        way, target = urlsplit(proxy), urlsplit(url)
        connection = http.client.HTTPConnection(way.hostname or "", way.port or 80, timeout=3)
        try:
            connection.request("CONNECT", f"{target.hostname}:{target.port or 443}", headers={"User-Agent": AGENT})
            return ", ".join(connection.getresponse().headers.get_all("Proxy-Authenticate", []))
        except (OSError, ValueError, http.client.HTTPException):
            return ""
        finally:
            connection.close()

    def _ask(self, method: str, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        try:
            return self._pool(self._proxy_for(url)).request(
                method, without_login(url), headers=headers, redirect=False, retries=False, preload_content=False
            )
        except (HTTPError, OSError, ValueError) as error:
            raise self.cause_of(error, url) from error

    def _login(self, url: str) -> dict[str, str]:
        return headers_for(url) if self._settings.logins else {}

    def _proxy_for(self, url: str) -> str | None:
        parts = urlsplit(url)
        proxies = self._settings.proxies
        if proxies is None:
            # with the port: NO_PROXY may name one
            if proxy_bypass(parts.netloc.rpartition("@")[2]):
                return None
            proxies = getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all")
        if proxy and "://" not in proxy:
            proxy = f"http://{proxy}"
        if proxy and urlsplit(proxy).scheme not in {"http", "https"}:
            log.warning("a proxy of the kind %s is not supported: connecting directly", urlsplit(proxy).scheme)
            return None
        return proxy or None

    def _pool(self, proxy: str | None) -> urllib3.PoolManager:
        pool = self._pools.get(proxy)
        if pool is None:
            pool = self._pools[proxy] = self._new_pool(proxy)
        return pool

    def _new_pool(self, proxy: str | None) -> urllib3.PoolManager:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # the variable is obeyed by OpenSSL, but not by the trust stores of Windows and macOS
        for file in (self._settings.ca_file, os.environ.get("SSL_CERT_FILE")):
            if file:
                try:
                    context.load_verify_locations(file)
                except OSError as error:
                    log.warning("no certificates could be read from %s: %s", file, error)
        timeout = urllib3.Timeout(connect=self._settings.connect_seconds, read=self._settings.stall_seconds)
        if proxy is None:
            return urllib3.PoolManager(timeout=timeout, ssl_context=context)
        login = userinfo(proxy)
        proxy_headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
        return urllib3.ProxyManager(
            without_login(proxy), proxy_headers=proxy_headers, timeout=timeout, ssl_context=context
        )


def request_headers() -> dict[str, str]:
    """Return what every request says: who asks, and that the bytes are wanted as they are."""
    return {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
