"""Where the wheels of somebody's lock may come from: the sources of this computer's plan, and nowhere else.

The lock's hashes are the trust; this keeps a stranger's lock from making the computer speak to a stranger's server.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import Catalogue
from setupwizard.model.catalogue_rows import PackageSource
from setupwizard.probes.index_pages import ACCEPT
from setupwizard.probes.listings import SourceSpec
from setupwizard.probes.sources import files_on
from setupwizard.tools import http, network, pip, strict
from setupwizard.tools.addresses import host_of, local_path, origin_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.plan_lock import PlannedWheel

log = logging.getLogger(__name__)


class Place(Struct, frozen=True, kw_only=True):
    """A source with the hosts, addresses and folders that it consists of.

    Attributes:
        hosts: spoken to by https alone; origins: "scheme://host:port" of indexes that somebody set up.
        pages: addresses of indexes and listings that can be asked for a file.
        folders: on this computer.
    """

    spec: SourceSpec
    hosts: frozenset[str] = frozenset()
    pages: tuple[str, ...] = ()
    origins: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()

    def holds(self, url: str) -> bool:
        """Whether an address belongs to the source."""
        path = local_path(url)
        if path is not None:
            return any(_is_below(path, folder) for folder in self.folders)
        parts = urlsplit(url)
        secure = parts.scheme == "https" and parts.port in {None, 443} and parts.hostname in self.hosts
        return secure or origin_of(url) in self.origins


class Found(Struct, frozen=True, kw_only=True):
    """Where a wheel is taken from."""

    wheel: PlannedWheel
    url: str
    spec: SourceSpec


def places(specs: Iterable[SourceSpec], catalogue: Catalogue, *, cancel: Cancel) -> tuple[Place, ...]:
    """Return what each source consists of."""
    known = {source.id: source for source in catalogue.sources}
    return tuple(_place(spec, known, cancel) for spec in specs)


def _place(spec: SourceSpec, known: Mapping[str, PackageSource], cancel: Cancel) -> Place:
    if spec.kind == "general":
        return Place(spec=spec, hosts=pip.general_hosts())
    if spec.kind == "pip-config":
        addresses, folders = pip.places(pip.user_environment(), cancel=cancel)
        origins = frozenset(map(origin_of, addresses))
        general = pip.general_hosts()
        hosts = general if any(urlsplit(address).hostname in general for address in addresses) else frozenset()
        return Place(spec=spec, hosts=hosts, pages=addresses, origins=origins, folders=folders)
    if spec.kind in {"folder", "bundle"}:
        return Place(spec=spec, folders=(Path(spec.url or ""),))
    if spec.id in known:
        return Place(spec=spec, hosts=frozenset(known[spec.id].hosts))
    return Place(spec=spec, pages=(spec.url or "",), origins=frozenset((origin_of(spec.url or ""),)))


class Search:
    """Looks wheels up in the sources of a plan; what a source lists is asked once."""

    def __init__(self, sources: Sequence[Place], *, named: bool, known: Sequence[Place], cancel: Cancel) -> None:
        """Take where wheels may come from.

        Args:
            sources: those that may be used.
            named: somebody named them, so they are searched for the same file when its address is elsewhere.
            known: every source of this computer, named or not.
            cancel: a wish to stop.
        """
        self._sources, self._named, self._known, self._cancel = sources, named, known, cancel
        self._pages: dict[str, dict[str, str]] = {}

    def find(self, wheels: Iterable[PlannedWheel], *, lock: str, variant: str) -> tuple[Found, ...]:
        """Return where each wheel comes from: its own address where that belongs to a source, else one that has it.

        Raises:
            SetupError: "plan-invalid": an address belongs to no source; "build-not-in-sources": the named ones lack it.
        """
        return tuple(self._find(wheel, lock, variant) for wheel in wheels)

    def _find(self, wheel: PlannedWheel, lock: str, variant: str) -> Found:
        url = wheel.url
        if url is None:
            raise strict.refused(lock, _("{file} lies in an offline folder, and this is none.").format(file=wheel.file))
        _must_be_plain(url, lock)
        owner = next((place for place in self._sources if place.holds(url)), None)
        if owner is not None:
            return Found(wheel=wheel, url=url, spec=owner.spec)
        # a source that somebody named may give the same file in the place of another known one, or of another
        # computer's folder; an address at a stranger's makes the whole lock suspect
        known = local_path(url) is not None or any(place.holds(url) for place in self._known)
        for place in self._sources:
            for address in _addresses(place, wheel.name, variant):
                listed = self._listed(place, address)
                if listed.get(wheel.file) == url or (known and self._named and wheel.file in listed):
                    return Found(wheel=wheel, url=listed[wheel.file], spec=place.spec)
        if known and self._named:
            raise SetupError("build-not-in-sources", requirement=f"{wheel.name}=={wheel.version}")
        text = _("{file} would come from {host}, which is no download server of this computer's.")
        raise strict.refused(lock, text.format(file=wheel.file, host=host_of(url) or "file:"))

    def _listed(self, place: Place, address: str) -> dict[str, str]:
        """Return what a page or a folder lists, name to address; nothing where it cannot be asked."""
        if address not in self._pages:
            self._pages[address] = {}
            folder = local_path(address)
            try:
                if folder is not None:
                    self._pages[address] = {path.name: path.as_uri() for path in folder.glob("*.whl")}
                elif not network.is_forbidden():
                    page = http.get(address, accept=ACCEPT, cancel=self._cancel)
                    self._pages[address] = {name: url.partition("#")[0] for name, url in files_on(page).items()}
            except (SetupError, OSError) as error:
                log.info("%s lists nothing: %s", place.spec.id, error)
        return self._pages[address]


def _addresses(place: Place, project: str, variant: str) -> tuple[str, ...]:
    """Return the pages of a source that may list a project: its own page, or one that lists all files."""
    bases = [base.replace("{variant}", variant).rstrip("/") for base in place.pages]
    local = tuple(folder.as_uri() for folder in place.folders)
    return (*local, *(f"{base}/{project}/" for base in bases), *(f"{base}/" for base in bases))


def _must_be_plain(url: str, lock: str) -> None:
    """Refuse an address that hides something: a login, a fragment, another scheme, a file elsewhere on the network."""
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
        parts = urlsplit("")
    odd = not port_is_fine or parts.username is not None or parts.password is not None or parts.fragment
    # two slashes, or two backslashes, begin the name of another computer on Windows: to look there would already
    # tell it who is asking
    place = unquote(parts.path)
    here = parts.netloc in {"", "localhost"} and not place.startswith("//") and "\\" not in place
    local = parts.scheme == "file" and here and ".." not in place.split("/")
    if odd or not (local or (parts.scheme in {"http", "https"} and parts.hostname)):
        raise strict.refused(lock, _("it holds an address that is not a plain one."))


def _is_below(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False
