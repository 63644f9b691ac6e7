"""The user's settings for pip in uv's words, for what pip cannot answer: a Python that is not here yet.

pip resolves for the interpreter that runs it (its --python-version changes which wheels fit, and leaves the conditions
of requirements as they are), so a lock for a Python that is still to be brought comes from uv, out of the same places.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pip import is_on, settings_of

# pip's setting -> uv's variable; what may hold a password goes to the child's environment and nowhere else
_AS_THEY_ARE = {"index-url": "UV_DEFAULT_INDEX", "client-cert": "SSL_CLIENT_CERT"}
_LISTS = {
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
}


class UvSettings(Struct, frozen=True, kw_only=True):
    """What uv gets: arguments that everybody may read, and variables that may hold passwords."""

    options: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


def uv_settings(env: Mapping[str, str], *, cancel: Cancel) -> UvSettings:
    """Return the settings that pip sees in an environment, for uv: indexes, links, constraints, proxy, certificates.

    Of several indexes uv takes the first that has a package, pip the newest version of all: here uv does as pip.

    Raises:
        Cancelled: somebody asked to stop.
    """
    found = settings_of(env, cancel=cancel)
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    variables |= {theirs: found[name] for name, theirs in _AS_THEY_ARE.items() if found.get(name)}
    variables |= {theirs: sign.join(found[name].split()) for name, (theirs, sign) in _LISTS.items() if found.get(name)}
    if is_on(found.get("no-index", "")):
        variables["UV_NO_INDEX"] = "1"
    authorities = found.get("cert") or env.get("REQUESTS_CA_BUNDLE") or env.get("CURL_CA_BUNDLE")
    if authorities:
        variables["SSL_CERT_FILE"] = str(Path(authorities).expanduser())
    if found.get("proxy"):
        variables |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), found["proxy"])
    options = tuple(word for file in found.get("constraint", "").split() for word in ("--constraints", file))
    return UvSettings(options=options, variables=variables)
