"""One wheel on its way into the store: continued where it stopped, hashed as it comes, from whoever has it."""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util.wait import wait_for_read

from setupwizard.codes import ErrorCode
from setupwizard.errors import Cancelled, SetupError
from setupwizard.i18n import _
from setupwizard.model.plan import Package
from setupwizard.store.part import Part, TooLong
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.addresses import host_of, local_path
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http_faults import WORTH_ANOTHER_TRY, retry_after
from setupwizard.tools.pace import Pace
from setupwizard.tools.transport import Connections, FetchSettings, request_headers

_CHUNK = 1 << 18
_POLL = 0.1
_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)\Z")

# When every server has a trouble of its own, the person hears of the one that tells most.
_TELLING: tuple[ErrorCode, ...] = (
    "hash-mismatch",
    "proxy-login",
    "captive-portal",
    "clock-wrong",
    "tls-intercepted",
    "redirect-insecure",
    "file-missing",
    "server-error",
    "network-timeout",
    "proxy-off",
    "host-blocked",
    "name-unknown",
    "network-off",
)


class _Damaged(Exception):  # noqa: N818 - an answer about the bytes, caught here
    """What the server sends is not the file."""


class _TryAgain(Exception):  # noqa: N818 - a plan, not a fault
    """The attempt ended early, and another one may go on."""

    def __init__(self, error: SetupError, pause: float | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.pause = pause


class _Paused(Exception):  # noqa: N818 - a wish
    """Somebody wishes that nothing comes for now."""


class Download:
    """One wheel. A worker thread runs it; the main thread reads its numbers.

    Attributes:
        position: bytes of the file that are here.
        reused: how many of them an earlier run left.
        received: bytes that came in this run, also those that had to come twice.
        troubled_at: when the server last failed us, on the monotonic clock.
    """

    def __init__(
        self,
        package: Package,
        urls: Sequence[str],
        store: WheelStore,
        settings: FetchSettings,
        pace: Pace,
        note: Callable[[str], None],
    ) -> None:
        """Take the wheel, the addresses that have it in the order to try them, and where lines for people go."""
        self.package = package
        self.position = 0
        self.reused = 0
        self.received = 0
        self.network_seconds = 0.0
        self.troubled_at: float | None = None
        self._urls = list(dict.fromkeys(urls))
        self._store = store
        self._settings = settings
        self._pace = pace
        self._note = note
        self._part = Part(
            store.part_of(package),
            package.size,
            sync_seconds=settings.sync_seconds,
            sync_bytes=settings.sync_bytes,
        )

    @property
    def disk_seconds(self) -> float:
        """Time spent writing."""
        return self._part.disk_seconds

    @property
    def hash_seconds(self) -> float:
        """Time spent computing the hash."""
        return self._part.hash_seconds

    def run(self, connections: Connections, cancel: Cancel) -> None:
        """Bring the wheel into the store.

        Raises:
            SetupError: no server could give it, or the disk took no more; what is here is kept for the next time.
            Cancelled: somebody asked to stop.
        """
        with self._part.open(cancel) as part:
            self.position = self.reused = part.length
            if part.whole and part.sha256 != self.package.sha256:
                self._restart()
            self._from_any(connections, cancel)
        self._store.adopt(self.package, part.path, sha256=part.sha256)

    def _from_any(self, connections: Connections, cancel: Cancel) -> None:
        """Go round the addresses until the file is here; each may be damaged once, a lone one twice."""
        errors: list[SetupError] = []
        damaged = 0
        todo = list(self._urls)
        while not self._part.whole:
            if not todo:
                raise min(errors, key=_telling)
            url = todo.pop(0)
            try:
                self._from_one(url, connections, cancel, others=bool(todo))
            except _Damaged as error:
                damaged += 1
                self._restart()
                connections.renew()
                self._note(_("{file}: what {host} sent is damaged.").format(file=self.package.file, host=_host(url)))
                errors.append(
                    SetupError(
                        "hash-mismatch", file=self.package.file, host=_host(url), detail=f"{_host(url)}: {error}"
                    )
                )
                if damaged == 1 and not todo:
                    todo.append(url)
            except SetupError as error:
                if error.code not in _TELLING:
                    raise
                errors.append(error)

    def _from_one(self, url: str, connections: Connections, cancel: Cancel, *, others: bool) -> None:
        """Ask one address until the file is here, with pauses that grow."""
        allowed = self._settings.retries_with_others if others else self._settings.retries
        failures = 0
        while True:
            before = self._part.length
            self._pace.hold(cancel)
            try:
                self._attempt(url, connections, cancel)
            except _Paused:
                self._part.sync()
                continue
            except _TryAgain as again:
                error, pause = again.error, again.pause
            else:
                if self._part.sha256 != self.package.sha256:
                    raise _Damaged("the bytes are others")
                return
            cancel.check()
            self._part.sync()
            self.troubled_at = time.monotonic()
            failures = 1 if self._part.length - before >= self._settings.worthwhile_bytes else failures + 1
            if failures > allowed:
                raise error
            growing = self._settings.backoff_seconds * 2 ** (failures - 1)
            seconds = min(self._settings.longest_pause, growing if pause is None else pause)
            self._note(
                _("{file}: {host} stopped. Trying again in {seconds} s.").format(
                    file=self.package.file, host=_host(url), seconds=round(seconds)
                )
            )
            if cancel.wait(seconds):
                raise Cancelled

    def _attempt(self, url: str, connections: Connections, cancel: Cancel) -> None:
        path = _file_at(url)
        if path is not None:
            self._copy(path, cancel)
            return
        headers = request_headers()
        if self._part.length:
            headers["Range"] = f"bytes={self._part.length}-"
            etag = self._part.etag_of(url)
            if etag:
                headers["If-Range"] = etag
        try:
            final, response = connections.open(url, headers, cancel)
        except SetupError as error:
            if error.code in WORTH_ANOTHER_TRY:
                raise _TryAgain(error) from error
            raise
        try:
            self._check_answer(final, response, connections)
            self._part.came_from(url, response.headers.get("ETag"))
            self._stream(final, response, connections, cancel)
        finally:
            response.close()

    def _check_answer(self, url: str, response: BaseHTTPResponse, connections: Connections) -> None:
        """Look at the head of an answer and make the part fit to it: continued, or begun again."""
        if response.status == 416:
            self._restart()
            raise _TryAgain(SetupError("server-error", host=host_of(url), status="HTTP 416"), 0)
        problem = connections.problem_of(response, url)
        if problem is not None:
            problem.facts.update(file=self.package.file)
            if problem.code in WORTH_ANOTHER_TRY:
                raise _TryAgain(problem, retry_after(response.headers.get("Retry-After")))
            raise problem
        length = response.headers.get("Content-Length", "")
        expected = self.package.size - (self._part.length if response.status == 206 else 0)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in {"text/html", "application/xhtml+xml"} and length != str(self.package.size):
            raise SetupError("captive-portal", host=host_of(url), detail=f"{host_of(url)} answered with a page")
        if response.status == 206:
            self._check_range(url, response.headers.get("Content-Range", ""))
        elif response.status != 200:
            raise SetupError("server-error", host=host_of(url), status=f"HTTP {response.status}")
        elif self._part.length:
            self._restart()
        if length.isdigit() and int(length) != expected:
            raise _Damaged(f"{length} bytes instead of {expected}")

    def _check_range(self, url: str, text: str) -> None:
        match = _RANGE.match(text.strip())
        if match is None or int(match[1]) != self._part.length:
            self._restart()
            error = SetupError("server-error", host=host_of(url), status=f"Content-Range {text[:60]}")
            raise _TryAgain(error)
        if match[2] not in {"*", str(self.package.size)}:
            raise _Damaged(f"{match[2]} bytes instead of {self.package.size}")

    def _stream(self, url: str, response: BaseHTTPResponse, connections: Connections, cancel: Cancel) -> None:
        """Take the bytes as they come until the file is here or the answer ends."""
        slow_since, slow_from = time.monotonic(), self._part.length
        while not self._part.whole:
            if self._pace.paused:
                raise _Paused
            chunk = self._next_chunk(url, response, connections)
            cancel.check()
            if not chunk:
                text = f"{host_of(url)} ended after {self._part.length} of {self.package.size} bytes"
                raise _TryAgain(SetupError("network-timeout", host=host_of(url), detail=text))
            self._take(chunk)
            slow_since += self._keep_pace(chunk, cancel)
            present = time.monotonic()
            if present - slow_since > self._settings.slow_seconds:
                if self._part.length - slow_from < self._settings.slow_bytes:
                    text = f"{host_of(url)} sends next to nothing"
                    raise _TryAgain(SetupError("network-timeout", host=host_of(url), detail=text))
                slow_since, slow_from = present, self._part.length
            if not self._part.whole:
                self._wait_for_bytes(url, response, cancel)
        if response.headers.get("Content-Length"):
            # nothing is left to read, but the connection can serve the next file only after it was tried
            response.drain_conn()

    def _wait_for_bytes(self, url: str, response: BaseHTTPResponse, cancel: Cancel) -> None:
        """Return when there is something to read; a read that waits by itself could not be told to stop."""
        wire = getattr(response.connection, "sock", None)
        hidden = not isinstance(wire, socket.socket) or response.headers.get("Content-Length") is None
        if wire is None or hidden or (isinstance(wire, ssl.SSLSocket) and wire.pending()):
            # what was read from the wire already, but not by us, does not show on it
            return
        started = time.monotonic()
        told = 0.0
        try:
            while not wait_for_read(wire, timeout=_POLL):
                cancel.check()
                if self._pace.paused:
                    return
                quiet = time.monotonic() - started
                if quiet >= told + self._settings.quiet_seconds:
                    told = quiet
                    self._tell_of_silence(url, quiet)
                if quiet > self._settings.stall_seconds:
                    text = f"{host_of(url)} sent nothing for {self._settings.stall_seconds} s"
                    raise _TryAgain(SetupError("network-timeout", host=host_of(url), detail=text))
        except (OSError, ValueError):
            # closed meanwhile: the read says so
            return
        finally:
            self.network_seconds += time.monotonic() - started

    def _tell_of_silence(self, url: str, seconds: float) -> None:
        self.troubled_at = time.monotonic()
        self._note(
            _("{file}: {host} has sent nothing for {seconds} s.").format(
                file=self.package.file, host=host_of(url), seconds=round(seconds)
            )
        )

    def _next_chunk(self, url: str, response: BaseHTTPResponse, connections: Connections) -> bytes:
        started = time.perf_counter()
        try:
            return response.read1(self._pace.piece(_CHUNK), decode_content=False)
        except (HTTPError, OSError, ValueError) as error:
            raise _TryAgain(connections.cause_of(error, url)) from error
        finally:
            self.network_seconds += time.perf_counter() - started

    def _copy(self, path: Path, cancel: Cancel) -> None:
        """Take the bytes from a file of this computer or a network drive."""
        try:
            file = path.open("rb")
        except OSError as error:
            raise SetupError("file-missing", host=str(path.parent), file=path.name, detail=str(error)) from error
        with file:
            if os.fstat(file.fileno()).st_size != self.package.size:
                raise _Damaged("the size is another")
            file.seek(self._part.length)
            while chunk := self._read(file.read, path):
                cancel.check()
                self._take(chunk)
                self._pace.hold(cancel)
                self._keep_pace(chunk, cancel)
        if not self._part.whole:
            raise _Damaged("it ended early")

    def _read(self, read: Callable[[int], bytes], path: Path) -> bytes:
        started = time.perf_counter()
        try:
            return read(self._pace.piece(1 << 20))
        except OSError as error:
            raise _TryAgain(SetupError("network-timeout", host=str(path.parent), detail=str(error))) from error
        finally:
            self.network_seconds += time.perf_counter() - started

    def _take(self, chunk: bytes) -> None:
        self.received += len(chunk)
        try:
            self._part.write(chunk)
        except TooLong as error:
            raise _Damaged("more bytes than the file has") from error
        self.position = self._part.length

    def _keep_pace(self, chunk: bytes, cancel: Cancel) -> float:
        """Wait as the limit wishes; it counts as time of the network, so that no disk is blamed for it."""
        seconds = self._pace.spend(len(chunk), cancel)
        self.network_seconds += seconds
        return seconds

    def _restart(self) -> None:
        self._part.restart()
        self.reused = 0
        self.position = 0


def _telling(error: SetupError) -> int:
    return _TELLING.index(error.code)


def _host(url: str) -> str:
    path = _file_at(url)
    return str(path.parent) if path is not None else host_of(url)


def _file_at(url: str) -> Path | None:
    """Return the file that an address or a path means; None: ask a server.

    Raises:
        SetupError: "plan-invalid": it is neither.
    """
    if urlsplit(url).scheme in {"http", "https"}:
        return None
    path = local_path(url) or Path(url)
    if not path.is_absolute():
        raise SetupError("plan-invalid", file="pylock.toml", problem=url.partition("?")[0])
    return path
