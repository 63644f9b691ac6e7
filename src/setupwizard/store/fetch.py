"""Fetches the wheels of a plan into the store: several at once, continued where an earlier run stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from setupwizard.codes import LimitedBy
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.events import Emit, Output, Progress, ignore
from setupwizard.model.format import format_bytes
from setupwizard.model.plan import Package
from setupwizard.store.crash import crash_point
from setupwizard.store.download import Download
from setupwizard.store.files import disk_errors, free_bytes
from setupwizard.store.meter import Meter
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import Pace
from setupwizard.tools.transport import Connections, FetchSettings

__all__ = ["FetchResult", "FetchSettings", "fetch"]

log = logging.getLogger(__name__)

Alternatives = Callable[[Package], Sequence[str]] | Mapping[str, Sequence[str]]
"""More addresses of a wheel: a function of the package, or a table by file name."""

_TICK = 0.1
_LEAVE_AFTER = 3.0
_TROUBLE_SECONDS = 10.0


@dataclass(frozen=True)
class FetchResult:
    """What it cost.

    Attributes:
        fetched_bytes: bytes that came in this run, also those that had to come twice.
        reused_bytes: bytes that were here before: whole wheels and the beginnings of others.
    """

    fetched_bytes: int
    reused_bytes: int


def fetch(
    packages: Sequence[Package],
    store: WheelStore,
    *,
    emit: Emit = ignore,
    cancel: Cancel | None = None,
    threads: int = 4,
    alternatives: Alternatives | None = None,
    settings: FetchSettings | None = None,
    pace: Pace | None = None,
) -> FetchResult:
    """Bring all wheels of a plan into the store.

    Progress counts the wheels that are not whole in the store when it begins: `total` is the sum of their sizes, and
    `done` begins with what an earlier run left of them. It never falls and ends at `total`; wheels that were whole are
    in `reused_bytes` alone. Events come from the calling thread, ten a second at most.

    Args:
        packages: the wheels; their sha256 and size are the truth, whatever a server says.
        store: where they go; it needs to be on the drive of the root.
        emit: gets Progress, and Output for each trouble that was got over.
        cancel: stops within moments; what is here is kept for the next time.
        threads: wheels on their way at once.
        alternatives: other addresses of the same files, tried in order after the package's own.
        settings: patience and proxies.
        pace: how fast it may go, and whether it rests; it may change meanwhile.

    Raises:
        SetupError: "plan-invalid" before anything is asked; "disk-full", also before, when it is foreseeable;
            "hash-mismatch", "file-missing", "server-error", "network-off", "name-unknown", "host-blocked",
            "network-timeout", "proxy-off", "proxy-login", "captive-portal", "tls-intercepted", "redirect-insecure",
            "clock-wrong", "file-in-use", "root-not-writable".
        Cancelled: somebody asked to stop.
    """
    cancel = cancel or Cancel()
    cancel.check()
    wanted = list({package.sha256: package for package in packages}.values())
    missing = sorted(_missing(wanted, store, cancel), key=lambda package: -package.size)
    reused = sum(package.size for package in wanted) - sum(package.size for package in missing)
    if not missing:
        crash_point("after-fetch")
        return FetchResult(0, reused)
    _check_room(missing, store)
    notes: deque[str] = deque()
    settings = (settings or FetchSettings()).as_wished()
    pace = pace or Pace()
    downloads = [
        Download(package, [package.url, *_others(package, alternatives)], store, settings, pace, notes.append)
        for package in missing
    ]
    crew = _Crew(downloads, settings, threads)
    try:
        _watch(crew, downloads, notes, emit, cancel)
    finally:
        crew.leave()
    crash_point("after-fetch")
    return FetchResult(
        fetched_bytes=sum(download.received for download in downloads),
        reused_bytes=reused + sum(download.reused for download in downloads),
    )


def _missing(wanted: Sequence[Package], store: WheelStore, cancel: Cancel) -> list[Package]:
    """Return the wheels that are not here; one that rotted on the disk is thrown away, before an installer meets it."""
    missing = []
    for package in wanted:
        if store.verify(package, cancel=cancel):
            continue
        if store.has(package):
            log.warning("%s in the store is damaged: it is fetched again", package.file)
            store.forget(package)
        missing.append(package)
    return missing


def _others(package: Package, alternatives: Alternatives | None) -> Sequence[str]:
    if alternatives is None:
        return ()
    return alternatives(package) if callable(alternatives) else alternatives.get(package.file, ())


def _check_room(missing: Sequence[Package], store: WheelStore) -> None:
    """Say at once that the disk is too small, not after hours."""
    with disk_errors(store.folder):
        store.folder.mkdir(parents=True, exist_ok=True)
    need = sum(package.size - store.part_size(package) for package in missing)
    free = free_bytes(store.folder)
    if need > free:
        raise SetupError("disk-full", path=str(store.folder), need=format_bytes(need), free=format_bytes(free))


class _Crew:
    """The worker threads. The first one that cannot go on stops the others."""

    def __init__(self, downloads: Sequence[Download], settings: FetchSettings, threads: int) -> None:
        self.error: BaseException | None = None
        self.changed = threading.Event()
        self._halt = Cancel()
        self._waiting = deque(downloads)
        self._running: set[Download] = set()
        self._settings = settings
        self._threads = [
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True)
            for number in range(max(1, min(threads, len(downloads))))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """Whether a worker is still at it."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def running(self) -> list[Download]:
        """The wheels that are on their way now."""
        return sorted(self._running.copy(), key=lambda download: -download.package.size)

    def leave(self) -> None:
        """Stop all workers. One that hangs in a call of the system is left behind: it writes nothing any more."""
        self._halt.request()
        end = time.monotonic() + _LEAVE_AFTER
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
            if thread.is_alive():
                log.warning("%s does not end; it is left behind", thread.name)

    def _work(self) -> None:
        connections = Connections(self._settings)
        while not self._halt.requested:
            try:
                download = self._waiting.popleft()
            except IndexError:
                break
            self._running.add(download)
            try:
                download.run(connections, self._halt)
            except BaseException as error:  # noqa: BLE001 - the main thread raises it
                if self.error is None and not isinstance(error, Cancelled):
                    self.error = error
                self._halt.request()
            finally:
                self._running.discard(download)
                self.changed.set()
        connections.renew()


def _watch(crew: _Crew, downloads: Sequence[Download], notes: deque[str], emit: Emit, cancel: Cancel) -> None:
    """Tell how far it is until all is here, somebody asks to stop, or a worker cannot go on."""
    total = sum(download.package.size for download in downloads)
    meter: Meter | None = None
    shown = 0
    while crew.busy and crew.error is None:
        crew.changed.wait(_TICK)
        crew.changed.clear()
        cancel.check()
        while notes:
            emit(Output(id="fetch", text=notes.popleft()))
        present = time.monotonic()
        here = sum(download.position for download in downloads)
        shown = max(shown, min(here, total))
        received = sum(download.received for download in downloads)
        if meter is None:
            meter = Meter(received, present)
        rate, left = meter.read(received, received + total - here, present)
        running = crew.running
        emit(
            Progress(
                id="fetch",
                done=shown,
                total=total,
                unit="bytes",
                file=running[0].package.file if running else None,
                rate=rate,
                seconds_left=left,
                limited_by=_limit(running, present),
            )
        )
    if crew.error is not None:
        raise crew.error
    cancel.check()
    emit(Progress(id="fetch", done=total, total=total, unit="bytes", seconds_left=0.0))


def _limit(running: Sequence[Download], present: float) -> LimitedBy | None:
    """Return what holds it up, where that is plain; a server and a thin line cannot be told apart from here."""
    if any(one.troubled_at is not None and present - one.troubled_at < _TROUBLE_SECONDS for one in running):
        return "server"
    disk = sum(one.disk_seconds for one in running)
    hashing = sum(one.hash_seconds for one in running)
    spent = disk + hashing + sum(one.network_seconds for one in running)
    if spent < 1.0:
        return None
    if disk > 0.6 * spent:
        return "disk"
    return "cpu" if hashing > 0.6 * spent else None
