"""Reads what a child prints: decoded as it comes, cut into lines, bounded in memory."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

from setupwizard import platforms
from setupwizard.tools.decoding import Decoder

log = logging.getLogger(__name__)

MAX_LINE = 1 << 20
"""Characters of one line that are kept; what follows in the same line is dropped, so a flood cannot fill memory."""
MAX_OUTPUT = 4 << 20
"""Characters of one stream that are kept for the result unless less is asked for: the newest ones."""
LAST_WORDS = 256 << 10
"""As many say why a tool failed; for a tool whose answer nobody reads but then."""


class Reader:
    """Reads one stream of a child in a thread of its own, decodes it as it comes and cuts it into lines."""

    def __init__(
        self,
        stream: IO[bytes] | None,
        encoding: str,
        on_line: Callable[[str], None] | None,
        keep: int = MAX_OUTPUT,
    ) -> None:
        """Start to read; `on_line` gets every line from the reader's thread, `failure` keeps what it raised."""
        assert stream is not None  # noqa: S101 - we asked for a pipe
        self._stream = stream
        self._decoder = Decoder(encoding, platforms.console_encoding())
        self._on_line = on_line
        self._keep_most = keep
        self._kept: list[str] = []
        self._size = 0
        self._pending = ""
        self._after_return = False
        self.heard = time.monotonic()
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="read-child", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the end of the stream; a grandchild that keeps the pipe open is not waited for."""
        self._thread.join(seconds)
        if not self._thread.is_alive():
            self._stream.close()

    def text(self) -> str:
        """Return what came, or about as many of its newest characters as are to be kept."""
        return "".join(self._kept)

    def _read(self) -> None:
        descriptor = self._stream.fileno()
        try:
            while chunk := os.read(descriptor, 1 << 16):
                self.heard = time.monotonic()
                self._take(self._decoder.decode(chunk))
            self._take(self._decoder.decode(b"", final=True))
            if self._pending:
                self._line(self._pending)
        except OSError as error:
            log.debug("a child's stream ended with %r", error)
        except Exception as error:  # noqa: BLE001 - the caller's on_line raised: hand it to the caller's thread
            self.failure = error

    def _take(self, text: str) -> None:
        self._keep(text)
        if self._on_line is None:
            return
        for line in self._lines(text):
            self._line(line)

    def _lines(self, text: str) -> Iterator[str]:
        if self._after_return and text.startswith("\n"):
            text = text[1:]
        self._after_return = text.endswith("\r")
        parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for part in parts[:-1]:
            yield (self._pending + part)[:MAX_LINE]
            self._pending = ""
        self._pending = (self._pending + parts[-1])[:MAX_LINE]

    def _line(self, line: str) -> None:
        if self._on_line is not None:
            self._on_line(line)

    def _keep(self, text: str) -> None:
        self._kept.append(text)
        self._size += len(text)
        while self._size > self._keep_most and len(self._kept) > 1:
            self._size -= len(self._kept.pop(0))
