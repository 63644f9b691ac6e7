"""Small files out of a zip archive on a server, by HTTP Range: the archive itself stays where it is.

A wheel of torch weighs gigabytes; its directory weighs about one megabyte, and the files that tell what it was made for
some tens of kilobytes. Everything a server sends is doubted: its answers have to be exactly the ranges that were asked
for, of a file that stays the same, and the archive may not cost more than a budget.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from setupwizard.errors import Cancelled, SetupError
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http import PATIENCE
from setupwizard.tools.transport import Connections, FetchSettings, request_headers

Silence = Literal["no-range", "not-found", "unreachable", "foreign-host", "broken-archive"]
"""Why an archive could not be asked."""

MAX_ARCHIVE_BYTES = 64 << 30
"""No wheel comes near this."""
MAX_ENTRIES = 100_000
"""torch 2.13.0 holds 12 252 files."""
MAX_NAME = 1 << 10
_WINDOW = (1 << 16) + 22 + 20 + 56  # the end of an archive: its records, zip64 ones too, and the longest comment
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})\Z")


class Unasked(Exception):  # noqa: N818 - an answer of the server, not a fault of ours
    """The archive could not be asked; `why` is one of the words of `Silence`."""

    def __init__(self, why: Silence, detail: str = "") -> None:
        """Say why, and what was seen."""
        super().__init__(f"{why}: {detail}")
        self.why = why


class Limits(Struct, frozen=True, kw_only=True):
    """What asking one archive may cost.

    Attributes:
        hosts: the only hosts that may answer; None: any host.
        budget: bytes that are read at most, all ranges together.
        member: bytes of one unpacked file at most.
    """

    hosts: frozenset[str] | None = None
    budget: int = 6 << 20
    member: int = 2 << 20


class _Ranges(io.RawIOBase):
    """A file on a server, to be read like one on the disk: each piece is asked for once."""

    def __init__(self, url: str, connections: Connections, cancel: Cancel, limits: Limits) -> None:
        self._url = url
        self._connections = connections
        self._cancel = cancel
        self._limits = limits
        self._pieces: list[tuple[int, bytes]] = []
        self._etag: str | None = None
        self._place = 0
        self.spent = 0
        self.size = 0
        self._first_look()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning of the file")
        self._place = base + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        left = max(0, self.size - self._place)
        wanted = left if size < 0 else min(size, left)
        if wanted == 0:
            return b""
        data = self._kept(self._place, wanted)
        if data is None:
            piece = self._fetch(self._place, min(max(wanted, _WINDOW), left))
            data = piece[:wanted]
        self._place += len(data)
        return data

    def _kept(self, start: int, count: int) -> bytes | None:
        for first, piece in self._pieces:
            if first <= start and start + count <= first + len(piece):
                return piece[start - first : start - first + count]
        return None

    def _first_look(self) -> None:
        """Ask for one byte: whether ranges are served, and how large the file is; then keep its end."""
        self._fetch(0, 1)
        self._pieces.clear()
        start = max(0, self.size - _WINDOW)
        self._fetch(start, self.size - start)

    def _fetch(self, start: int, count: int) -> bytes:
        self._cancel.check()
        if self.spent + count > self._limits.budget:
            raise Unasked("broken-archive", f"it would cost more than {self._limits.budget} bytes")
        last, answer = self._open({"Range": f"bytes={start}-{start + count - 1}"})
        try:
            self._check(last, answer, start, count)
            data = answer.read(count + 1, decode_content=False)
        except (HTTPError, OSError) as error:
            raise Unasked("unreachable", str(error)) from error
        finally:
            answer.close()
        if len(data) != count:
            raise Unasked("broken-archive", f"{len(data)} bytes instead of {count}")
        self.spent += count
        self._pieces.append((start, data))
        return data

    def _open(self, more: Mapping[str, str]) -> tuple[str, BaseHTTPResponse]:
        try:
            return self._connections.open(self._url, {**request_headers(), **more}, self._cancel)
        except Cancelled:
            raise
        except SetupError as error:
            raise Unasked("unreachable", f"{error.code} {error.detail}") from error

    def _check(self, last: str, answer: BaseHTTPResponse, start: int, count: int) -> None:
        """Refuse an answer that is not the range of the file that was asked for."""
        hosts = self._limits.hosts
        if hosts is not None and urlsplit(last).hostname not in hosts:
            raise Unasked("foreign-host", str(urlsplit(last).hostname))
        if answer.status == 200:
            raise Unasked("no-range")
        if answer.status in {401, 403, 404, 410}:
            raise Unasked("not-found", f"HTTP {answer.status}")
        if answer.status == 416:
            raise Unasked("broken-archive", "it is empty")
        if answer.status != 206:
            raise Unasked("unreachable", f"HTTP {answer.status}")
        told = _CONTENT_RANGE.match(str(answer.headers.get("Content-Range", "")))
        total, etag = int(told[3]) if told else 0, answer.headers.get("ETag")
        if self.size and total and (total != self.size or etag != self._etag):
            raise Unasked("broken-archive", "the file changed while it was read")
        if told is None or (int(told[1]), int(told[2])) != (start, start + count - 1):
            raise Unasked("no-range", "another range than the one that was asked for")
        if not 0 < total <= MAX_ARCHIVE_BYTES:
            raise Unasked("broken-archive", f"{total} bytes")
        self.size, self._etag = total, etag


def read_members(
    url: str,
    wanted: Callable[[Iterable[str]], Iterable[str]],
    *,
    limits: Limits,
    cancel: Cancel | None = None,
    settings: FetchSettings = PATIENCE,
) -> dict[str, bytes]:
    """Return some files of an archive on a server.

    Args:
        url: where the archive is; redirects are followed as for a download, never from https down to http.
        wanted: gets the names of all files and returns those to read.
        limits: which hosts may answer, and what it may cost.
        cancel: stops the reading.
        settings: patience, proxies, certificates.

    Raises:
        Unasked: the server gives no parts, lacks the file, is another one than allowed, or the archive is broken.
        Cancelled: somebody asked to stop.
    """
    if limits.hosts is not None and urlsplit(url).hostname not in limits.hosts:
        raise Unasked("foreign-host", str(urlsplit(url).hostname))
    connections = Connections(settings)
    try:
        with _Ranges(url, connections, cancel or Cancel(), limits) as file, zipfile.ZipFile(file) as archive:
            names = [entry.filename for entry in archive.infolist()]
            if len(names) > MAX_ENTRIES or len(set(names)) != len(names) or any(len(name) > MAX_NAME for name in names):
                raise Unasked("broken-archive", "its directory is not one of a wheel")
            return {name: _member(archive, name, limits.member) for name in wanted(names)}
    except _BROKEN as error:
        raise Unasked("broken-archive", repr(error)) from error
    finally:
        connections.renew()


_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeError,
    ValueError,
)
"""What zipfile raises for archives that lie."""


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    entry = archive.getinfo(name)
    if entry.file_size > most or entry.compress_size > most:
        raise Unasked("broken-archive", f"{name} is too large")
    with archive.open(entry) as file:
        data = file.read(most + 1)  # reading to the end of the entry compares its CRC
    if len(data) != entry.file_size:
        raise Unasked("broken-archive", f"{name}: {len(data)} bytes instead of {entry.file_size}")
    return data
