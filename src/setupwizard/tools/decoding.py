"""Reads what programs print: UTF-8, and line by line the system's old encoding where a line is no UTF-8."""

from __future__ import annotations

import codecs

_MOST_WAITING = 1 << 16
"""Bytes without the end of a line that are kept back, so that a flood without lines cannot fill memory."""


class Decoder:
    """Decodes one stream as it comes; what nobody can decode is escaped, never lost.

    Old tools of Windows write in the OEM code page, whatever they are asked for: GBK in China. Some lines of it are
    UTF-8 by chance, most are not; so each line is judged whole, never a part of it.
    """

    def __init__(self, encoding: str, fallback: str) -> None:
        """Decode by `encoding`, and a line that is none by `fallback`."""
        self._encoding, self._fallback = encoding, fallback
        self._strict = codecs.lookup(encoding) == codecs.lookup(fallback)
        self._incremental = codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
        self._waiting = b""

    def decode(self, data: bytes, *, final: bool = False) -> str:
        """Return the text of what came, except for the beginning of a line of which the rest is still to come."""
        if self._strict:
            return self._incremental.decode(data, final)
        self._waiting += data
        end = max(self._waiting.rfind(b"\n"), self._waiting.rfind(b"\r")) + 1
        if final or len(self._waiting) - end > _MOST_WAITING:
            end = len(self._waiting)
        ready, self._waiting = self._waiting[:end], self._waiting[end:]
        return "".join(map(self._line, ready.splitlines(keepends=True)))

    def _line(self, line: bytes) -> str:
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            return line.decode(self._fallback, "backslashreplace")
