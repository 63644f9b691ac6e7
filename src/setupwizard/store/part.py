"""The beginning of a file that is being fetched: it survives a kill and a power cut, and is never trusted unread."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.store.documents import read_or_none
from setupwizard.store.files import disk_errors, remove_file, replace_patiently, write_atomic
from setupwizard.store.wheels import STATE
from setupwizard.tools.concurrency import Cancel

_CHUNK = 1 << 20
_ROOM_FOR_STATE = 1 << 17
_WORTH_NOTING = 1 << 18


class TooLong(Exception):  # noqa: N818 - an answer about the bytes, caught by the download
    """More bytes came than the file has."""


class PartState(Struct, frozen=True, kw_only=True):
    """What is noted beside a part.

    Attributes:
        synced: bytes that are on the disk for certain; a power cut can leave garbage behind them.
        source: the sha256 of the address that the bytes came from: an address may hold a password.
        etag: the server's name for exactly these bytes, of that source.
        boot: since which start of the system the rest was written: while it runs, what a dead program wrote is there.
    """

    synced: int = 0
    source: str | None = None
    etag: str | None = None
    boot: str | None = None


class Part:
    """An open part with the hash of what it holds. One thread uses it."""

    def __init__(self, path: Path, size: int, *, sync_seconds: float, sync_bytes: int) -> None:
        """Take the place of the part and the size of the whole file in bytes; nothing is opened yet."""
        self.path = path
        self.size = size
        self.length = 0
        self.disk_seconds = 0.0
        self.hash_seconds = 0.0
        self._store = path.parent.parent
        self._digest = hashlib.sha256()
        self._state = PartState()
        self._sync_seconds = sync_seconds
        self._sync_bytes = sync_bytes
        self._synced_at = 0.0

    def open(self, cancel: Cancel) -> Self:
        """Open the part and read what an earlier run is known to have left: all of it, unless the system stopped since.

        Raises:
            SetupError: "disk-full", "file-in-use" or "root-not-writable".
            Cancelled: somebody asked to stop.
        """
        with disk_errors(self._store, need=self.size):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("r+b" if self.path.exists() else "w+b", buffering=0)
            try:
                self._read(cancel)
            except BaseException:
                self._file.close()
                raise
        self._synced_at = time.monotonic()
        return self

    def _read(self, cancel: Cancel) -> None:
        state = read_or_none(PartState, self._state_path)
        state = state or PartState()
        written = self.path.stat().st_size
        left = min(written, self.size, written if state.boot == platforms.boot_id() else state.synced)
        while self.length < left:
            cancel.check()
            chunk = self._file.read(min(_CHUNK, left - self.length))
            if not chunk:
                break
            self._digest.update(chunk)
            self.length += len(chunk)
        self._file.truncate(self.length)
        self._file.seek(self.length)
        self._state = msgspec.structs.replace(state, synced=min(state.synced, self.length))

    @property
    def whole(self) -> bool:
        """Whether as many bytes are here as the file has."""
        return self.length == self.size

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far."""
        return self._digest.hexdigest()

    def etag_of(self, url: str) -> str | None:
        """Return the ETag to make a continuation depend on, None when the bytes are from elsewhere."""
        return self._state.etag if self._state.source == _name_of(url) else None

    def came_from(self, url: str, etag: str | None) -> None:
        """Note where the bytes come from. Only a strong ETag names exact bytes."""
        strong = etag if etag and not etag.startswith("W/") else None
        self._state = msgspec.structs.replace(self._state, source=_name_of(url), etag=strong, boot=platforms.boot_id())
        if self.size >= _WORTH_NOTING:
            with disk_errors(self._store, need=_ROOM_FOR_STATE):
                self._note()

    def _note(self) -> None:
        """Write the state down. What a power cut may tear is no loss: without a state nothing was synced before."""
        content = msgspec.json.encode(self._state)
        if self._state.synced:
            write_atomic(self._state_path, content)
            return
        fresh = self._state_path.with_name(f".{STATE}.tmp")
        fresh.write_bytes(content)
        replace_patiently(fresh, self._state_path)

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end.

        Raises:
            TooLong: the file would be longer than it is.
            SetupError: "disk-full", "file-in-use" or "root-not-writable"; what was written stays.
        """
        if self.length + len(chunk) > self.size:
            raise TooLong
        started = time.perf_counter()
        self._digest.update(chunk)
        hashed = time.perf_counter()
        with disk_errors(self._store, need=self.size - self.length):
            self._write_all(memoryview(chunk))
            late = time.monotonic() - self._synced_at >= self._sync_seconds
            if late or self.length - self._state.synced >= self._sync_bytes:
                self.sync()
        self.hash_seconds += hashed - started
        self.disk_seconds += time.perf_counter() - hashed

    def _write_all(self, view: memoryview) -> None:
        while view:
            written = self._file.write(view) or 0
            self.length += written
            view = view[written:]

    def sync(self) -> None:
        """Bring what was written to the disk and note how much that is; nothing happens when there is nothing new.

        Raises:
            SetupError: "disk-full", "file-in-use" or "root-not-writable".
        """
        self._synced_at = time.monotonic()
        if self.length == self._state.synced:
            return
        with disk_errors(self._store, need=self.size - self.length):
            os.fsync(self._file.fileno())
            self._state = msgspec.structs.replace(self._state, synced=self.length)
            write_atomic(self._state_path, msgspec.json.encode(self._state))

    def restart(self) -> None:
        """Throw away what is here and begin again.

        Raises:
            SetupError: "root-not-writable".
        """
        with disk_errors(self._store, need=self.size):
            remove_file(self._state_path)
            self._file.seek(0)
            self._file.truncate()
        self._digest = hashlib.sha256()
        self._state = PartState()
        self.length = 0

    def __enter__(self) -> Self:
        """Take an opened part."""
        return self

    def __exit__(self, *_args: object) -> None:
        """Keep what is here for the next time, and close."""
        self.close()

    def close(self) -> None:
        """Keep what is here for the next time, and close.

        Raises:
            SetupError: "root-not-writable".
        """
        try:
            self.sync()
        except SetupError as error:
            if error.code != "disk-full":
                raise
            self._sync_on_full_disk()
        finally:
            self._file.close()

    def _sync_on_full_disk(self) -> None:
        """Give up the last bytes of the part, so that there is room to note how many there are."""
        self.length = max(0, self.length - _ROOM_FOR_STATE)
        with suppress(SetupError, OSError):
            self._file.truncate(self.length)
            self.sync()

    @property
    def _state_path(self) -> Path:
        return self.path.with_name(STATE)


def _name_of(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
