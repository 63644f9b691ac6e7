"""From what torch, CUDA or the system said to the cause: a stable word for which there is a sentence."""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from setupwizard.model.wire import read_document
from setupwizard.resources import resource
from setupwizard.tools.process import ProcessResult


class _Message(Struct, frozen=True):
    code: str
    patterns: tuple[str, ...]


class _Messages(Struct, frozen=True):
    messages: tuple[_Message, ...]


# POSIX: minus the signal. Windows: the status that the system ends a process with, as Python shows it.
_SIGNALS = {-4: "crash-instruction", -9: "killed", -7: "crash-disk", -6: "crash", -8: "crash", -11: "crash"}
_STATUSES = {
    0xC0000005: "crash",
    0xC0000374: "crash",
    0xC0000409: "crash",
    0xC00000FD: "crash",
    0xC000001D: "crash-instruction",
    0xC0000135: "missing-library",
    0xC0000142: "library-init",
    0xC000012D: "paging-file",
    0xC0000017: "paging-file",
}


@cache
def _patterns() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    data = read_document(_Messages, resource("torch_messages.json"))
    return tuple(
        (message.code, tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in message.patterns))
        for message in data.messages
    )


def known_causes() -> tuple[str, ...]:
    """Return every cause that a message can stand for."""
    return tuple(code for code, _patterns_of in _patterns())


def cause_of(*texts: str | None) -> str | None:
    """Return the cause that the texts stand for; None when nothing known is in them."""
    text = "\n".join(text for text in texts if text)
    for code, patterns in _patterns():
        if any(pattern.search(text) for pattern in patterns):
            return code
    return None


def cause_of_end(result: ProcessResult, *, began: bool) -> str:
    """Return why the child ended before it was done.

    Args:
        result: how it ended.
        began: whether it said at least which stages it would run: before that, Python itself did not come up.
    """
    if result.timed_out:
        return "hang"
    code = result.returncode
    if code is None:
        return "hang"
    crash = _SIGNALS.get(code) if code < 0 else _STATUSES.get(code & 0xFFFFFFFF)
    if crash is not None:
        return crash
    if not began:
        return "python-broken" if code != 0 else "ended-early"
    return "crash" if code < 0 or code > 0x80000000 else "ended-early"


def exit_text(result: ProcessResult) -> str:
    """Return how the child ended, for who reports it: "signal 11", "0xC0000005", "exit status 1"."""
    code = result.returncode
    if code is None:
        return "no end"
    if code < 0:
        return f"signal {-code}"
    return f"0x{code & 0xFFFFFFFF:08X}" if code > 255 else f"exit status {code}"
