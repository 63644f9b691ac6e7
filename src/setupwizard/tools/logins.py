"""Names and passwords for servers: from an address, from one that was used before in this process, from .netrc.

A lock names its files without the login of the index that listed them, so what an address brought is remembered for the
same scheme, host and port, in memory alone. Nothing here is ever shown or written.
"""

from __future__ import annotations

import netrc
from urllib.parse import unquote, urlsplit

import urllib3

from setupwizard.tools.addresses import origin_of

_known: dict[str, str] = {}  # origin -> "name:password"


def remember(url: str) -> None:
    """Take the login of an address, if it has one, for later requests to the same place."""
    login = userinfo(url)
    if login is not None:
        _known[origin_of(url)] = login


def headers_for(url: str) -> dict[str, str]:
    """Return the header that logs in at an address; empty: nobody knows a login for it."""
    remember(url)
    login = _known.get(origin_of(url)) or _of_netrc(url)
    return dict(urllib3.make_headers(basic_auth=login)) if login else {}


def userinfo(url: str) -> str | None:
    """Return "name:password" of an address, None when it has none."""
    parts = urlsplit(url)
    return f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None


def _of_netrc(url: str) -> str | None:
    try:
        found = netrc.netrc().hosts.get(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError, RuntimeError):
        return None
    return f"{found[0]}:{found[2]}" if found else None
