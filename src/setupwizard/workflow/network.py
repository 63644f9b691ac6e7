"""Whether a server answers by the way that somebody wants to set, and which servers are asked for what."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.i18n import N_, _
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.release import ReleaseData, release_data
from setupwizard.model.settings import DIRECT, SYSTEM, Contact, Settings, problem_of
from setupwizard.steps.sources import known_sources
from setupwizard.tools import http, preferences
from setupwizard.tools.addresses import host_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.transport import FetchSettings

_PAGE = "torch/"


class Reached(Struct, frozen=True, kw_only=True):
    """A server answered, `seconds` after it was asked."""

    host: str
    seconds: float


def try_connection(settings: Settings, *, url: str | None = None, cancel: Cancel | None = None) -> Reached:
    """Ask a server by the way that settings describe, whatever holds now; nothing is changed by it.

    Args:
        settings: with the proxy and the certificates to try.
        url: what to ask for; a page of the official download server when None.
        cancel: a wish to stop.

    Raises:
        SetupError: the true cause why there is no answer; "document-invalid" for values that cannot be tried,
            "document-unreadable" for certificates that are not there.
        Cancelled: somebody asked to stop.
    """
    problem = problem_of(settings)
    if problem:
        raise SetupError("document-invalid", file=str(preferences.settings_file()), problem=problem)
    file = Path(settings.certificates) if settings.certificates else None
    if file is not None and not file.is_file():
        raise SetupError("document-unreadable", file=str(file))
    target = url or _official_page()
    patience = FetchSettings(
        proxies=_way(settings), ca_file=file, connect_seconds=8, stall_seconds=10, retries=0, longest_pause=1
    )
    begun = time.monotonic()
    try:
        http.get(target, cancel=cancel, settings=patience)
    except SetupError as error:
        if error.code != "file-missing":  # somebody who says that it is not there has answered
            raise
    return Reached(host=host_of(target), seconds=time.monotonic() - begun)


def _way(settings: Settings) -> Mapping[str, str] | None:
    if settings.proxy == DIRECT:
        return {}
    if settings.proxy != SYSTEM:
        return {"http": settings.proxy, "https": settings.proxy}
    if preferences.present().settings.proxy == SYSTEM:
        return None
    before = preferences.environment_before()
    return {scheme: before[f"{scheme.upper()}_PROXY"] for scheme in ("http", "https", "all")}


def _official_page() -> str:
    source = next(source for source in load_catalogue().sources if source.id == "official")
    return f"{source.url.replace('{variant}', 'cpu')}/{_PAGE}"


_WHEN = {
    "official": N_("On page 3, to learn what it has and how fast it is; then for the packages of the build."),
    "pip-config": N_("Like pip on this computer would ask them: on page 3, and for the packages that PyTorch needs."),
    "general": N_("For the packages that PyTorch needs, once the build is chosen."),
}
_MIRROR = N_("Like the official server, unless another one is named; a mirror serves who is far from it.")


def contacts(release: ReleaseData | None = None) -> tuple[Contact, ...]:
    """Return everybody who may be asked by the program, in the order in which they are.

    Args:
        release: where a newer version of the program would be announced; what came with this copy when None.
    """
    rows = {source.id: source.hosts for source in load_catalogue().sources}
    servers = tuple(
        Contact(id=spec.id, name=spec.name, hosts=tuple(rows.get(spec.id, ())), when=_(_WHEN.get(spec.id, _MIRROR)))
        for spec in known_sources(load_catalogue()).values()
    )
    return servers + _of_news(release or release_data())


def _of_news(release: ReleaseData) -> tuple[Contact, ...]:
    if release.announcement is None or not preferences.present().settings.tell_new_version:
        return ()
    when = _(
        "After the download servers, whether there is a newer version of this program. The settings switch it off."
    )
    return (Contact(id="news", name=_("News of this program"), hosts=(host_of(release.announcement),), when=when),)
