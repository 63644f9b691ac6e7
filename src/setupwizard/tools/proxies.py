"""The proxies of Windows and macOS, for children that read variables alone."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

_SCHEMES = ("http", "https", "all")
_ADDRESS = re.compile(r"https?://[^\s'\"<>]+")


def variables_for(*texts: str) -> dict[str, str]:
    """Return the proxy variables of a child, from the system's settings; nothing where the environment names a proxy.

    They may hold a password, so they go to the child's environment and nowhere else.

    Args:
        texts: what the child gets to read: hosts in it that the system reaches directly go into NO_PROXY, as the
            system's own list of them has another form.
    """
    if any(os.environ.get(name) for scheme in _SCHEMES for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())):
        return {}
    found = getproxies()
    variables = {f"{scheme.upper()}_PROXY": found[scheme] for scheme in _SCHEMES if scheme in found}
    if not variables:
        return {}
    hosts = {urlsplit(address).hostname or "" for text in texts for address in _ADDRESS.findall(text)}
    direct = sorted(host for host in hosts if host and proxy_bypass(host))
    return {**variables, "NO_PROXY": ",".join(("localhost", "127.0.0.1", *direct))}
