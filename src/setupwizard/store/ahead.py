"""Reads files for the audit while they are unpacked, so that comparing them costs little time after the last byte.

uv unpacks each wheel into its cache and then gives the files a second name (a hard link) in the environment. What was
read under the first name holds for the second one, as long as it is the same file of the file system, in the same size
and not written since. Where uv copies instead, nothing is known ahead, and the audit reads everything itself.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self

from setupwizard import platforms
from setupwizard.errors import Cancelled
from setupwizard.store.wheel_record import Digest, Listing, digests_of, read_listing
from setupwizard.tools.concurrency import Cancel

log = logging.getLogger(__name__)

_ALGORITHM = "sha256"
_SETTLED = 0.2
"""Seconds since the last writing, much more than a tick of the clock of a file system: a later one shows."""
_PAUSE = 0.2
_SHARE_OF_TIME = 8
"""Looking for new files takes at most one part in so many of a processor's time."""


class _Seen(NamedTuple):
    device: int
    size: int
    written: int
    digest: Digest


class Ahead:
    """The reader; it ends with the body of its `with`, and what it knows stays.

    Attributes:
        listings: what the wheels list that are in the store as a whole.
    """

    def __init__(self, folder: Path, wheels: Sequence[Path]) -> None:
        """Take the folder below which an installer unpacks, and where the wheels are or will be."""
        self.listings: dict[Path, Listing] = {}
        self._folder = folder
        self._wheels = list(wheels)
        self._seen: dict[int, _Seen] = {}
        self._stop = Cancel()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def __enter__(self) -> Self:
        """Begin."""
        self._pool.submit(self._work)
        return self

    def __exit__(self, *_args: object) -> None:
        """Stop at once."""
        self._stop.request()
        self._pool.shutdown()

    def digest_of(self, found: os.stat_result) -> Digest | None:
        """Return the hash of a file by what the system says about it; None: it was not read, or written since."""
        seen = self._seen.get(found.st_ino)
        same = seen is not None and seen[:3] == (found.st_dev, found.st_size, found.st_mtime_ns)
        return seen.digest if seen is not None and same else None

    def _work(self) -> None:
        try:
            pause = 0.0
            while not self._stop.wait(pause):
                started = time.monotonic()
                self._list_wheels()
                fresh = list(self._fresh_files(str(platforms.extended(self._folder))))
                pause = max(_PAUSE, _SHARE_OF_TIME * (time.monotonic() - started))
                for path in fresh:
                    self._read(path)
        except Cancelled:
            return
        except Exception:
            # the audit reads for itself what is not known
            log.exception("reading ahead ended")

    def _list_wheels(self) -> None:
        for wheel in [wheel for wheel in self._wheels if wheel.is_file()]:
            self._stop.check()
            self._wheels.remove(wheel)
            try:
                self.listings[wheel] = read_listing(wheel)
            except (OSError, ValueError) as error:
                log.debug("%s cannot be read ahead: %s", wheel.name, error)

    def _fresh_files(self, folder: str) -> Iterator[str]:
        """Go through the files that were not read yet."""
        self._stop.check()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    # a folder with an open file in it cannot get its final name on some systems
                    if platforms.MOVES_OPEN_FILES or not entry.name.startswith("."):
                        yield from self._fresh_files(entry.path)
                elif entry.is_file(follow_symlinks=False) and entry.inode() not in self._seen:
                    yield entry.path
            except OSError:
                continue

    def _read(self, path: str) -> None:
        """Read a file that nobody has written to for a moment, and note its hash if nobody did meanwhile either."""
        try:
            before = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - as in the audit
            if time.time() - before.st_mtime < _SETTLED:
                return
            (digest,) = digests_of(path, (_ALGORITHM,), self._stop)
            after = os.stat(path, follow_symlinks=False)  # noqa: PTH116
        except OSError:
            return
        if (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns):
            self._seen[after.st_ino] = _Seen(after.st_dev, after.st_size, after.st_mtime_ns, digest)
