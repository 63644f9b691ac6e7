"""The fault matrix: every fault with the outcome that is promised for it. docs/faults.md is its readable form.

A row says what goes wrong, how the program ends, what its sentence names, and what is kept. `test_matrix.py` runs all
of them with the real program; what no loopback server can do by itself stands as a function in `acts.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from helpers.fault_lab import Lab
from helpers.program import Ended

IN_FULL = os.environ.get("SETUPWIZARD_FAULTS") == "full"

DESIGNED = (
    *("kill -9 anywhere", "power loss", "disk full (env)", "disk full (cache)", "connection reset / truncated body"),
    *("corrupt body", "tampered wheel, right CRC", "RECORD lies, hash right", "short Content-Length", "stall"),
    *("slow (4 MB/s)", "403/404", "407", "429/503 + Retry-After", "500 forever", "redirect loop"),
    *("https -> http redirect", "captive portal", "TLS interception", "clock skew", "suspend / hibernate"),
    *("second instance", "window closed mid-install", "locked file (AV, running Jupyter)", "read-only root"),
    *("space, umlaut, CJK, 254-char prefix", "hostile env vars / pip.ini / uv.toml / cwd"),
    "mirror without ETag/Cache-Control",
)
"""The faults of the design. Others were added where a cause of its own deserves a name."""

HOST = "download.pytorch.org"
INDEX = r"GET download\.pytorch\.org/whl/cpu/torch/"
TORCH = r"GET download\.pytorch\.org/files/torch-[^ ?]*\.whl(\?[^ ]*)?( bytes=\d+-)?$"
WAY = r"CONNECT download\.pytorch\.org"


class Fault(NamedTuple):
    """A fault of the loopback server: see `helpers.fault_server`."""

    match: str
    mode: str
    arg: object = None
    times: int = -1


def _apply(lab: Lab) -> Ended:
    return lab.apply()


def _nothing(_lab: Lab) -> None:
    return


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        fault: the name of the fault in the design's matrix, or of one that was added here.
        case: which form of it.
        faults: what the server does wrong.
        ready: prepares more than that.
        act: what the user does; an install by default.
        exit: the exit code that is promised.
        code: the code of the error.
        names: what the sentence has to hold.
        kept: smallest and largest size in bytes of the torch's part that is kept; None: there is none.
        told: what the fetcher says on its way.
        asked: how many requests for torch's wheel the server got.
        check: looks at more than that.
        full: it takes long, and runs in `make test-faults` alone.
        again: the same install, once the fault is gone, comes to its end.
    """

    fault: str
    case: str
    faults: tuple[Fault, ...] = ()
    ready: Callable[[Lab], None] = _nothing
    act: Callable[[Lab], Ended] = _apply
    exit: int = 0
    code: str | None = None
    names: tuple[str, ...] = ()
    kept: tuple[int, int] | None = None
    told: str | None = None
    asked: int | None = None
    check: Callable[[Lab, Ended], None] = field(default=lambda _lab, _ended: None)
    full: bool = False
    again: bool = True

    @property
    def id(self) -> str:
        """The name of the test."""
        return f"{self.fault}: {self.case}"
