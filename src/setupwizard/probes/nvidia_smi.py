"""Asks nvidia-smi, the second source: its rows of cards, its XML where there are none, its banner for CUDA."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from setupwizard.errors import SetupError
from setupwizard.probes import driver_files, smi_text
from setupwizard.probes.answers import GRACE, DriverAnswer, driver_environment
from setupwizard.probes.linux import KernelDriver
from setupwizard.probes.roots import Roots
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel

SECONDS = 4.0
"""How long all the questions may take together."""

_NEEDED = ("index", "name")
_UNDERSTOOD = frozenset(["hangs", "mismatch", "not-loaded", "absent", "no-permission", "no-devices", "error"])
"""States that another question would not change: what prints no rows and none of these may still print XML."""
_LINUX_FOLDERS = ("/usr/lib/wsl/lib", "/usr/bin", "/run/current-system/sw/bin", "/usr/local/nvidia/bin", "/opt/bin")


def programs(roots: Roots) -> Iterator[Path]:
    """Yield the places of nvidia-smi that are there, the system's own before those in PATH."""
    for path in _places(roots):
        try:
            if path.is_file():
                yield path
        except OSError:
            continue


def _places(roots: Roots) -> Iterator[Path]:
    if sys.platform == "win32":
        yield from driver_files.places(roots, driver_files.SMI)
    else:
        for place in _LINUX_FOLDERS:
            yield roots.at(place) / "nvidia-smi"
    for folder in roots.search_path():
        yield folder / (driver_files.SMI if sys.platform == "win32" else "nvidia-smi")


def ask(roots: Roots, kernel: KernelDriver, *, cancel: Cancel | None = None) -> DriverAnswer:
    """Return what the first nvidia-smi says that is there."""
    program = next(programs(roots), None)
    if program is None:
        return DriverAnswer(source="nvidia-smi", state="absent")
    return _Questions(program, driver_environment(roots, kernel), cancel).answer()


class _Questions:
    """The runs of one nvidia-smi, which share one deadline."""

    def __init__(self, program: Path, environment: dict[str, str], cancel: Cancel | None) -> None:
        self._program = program
        self._environment = environment
        self._cancel = cancel
        self._end = time.monotonic() + SECONDS

    def answer(self) -> DriverAnswer:
        """Return the rows; where there are none its XML; and the banner for what is still missing."""
        answer = self._rows()
        if not answer.cards and answer.state not in _UNDERSTOOD:
            answer = _better(smi_text.parse(self._run("-q", "-x")), answer)
        if answer.state == "ok" and not answer.cuda:
            banner = smi_text.parse(self._run())
            answer = replace(
                answer,
                driver=answer.driver or banner.driver,
                cuda=banner.cuda,
                cards=answer.cards or banner.cards,
                evidence=(*answer.evidence, *banner.evidence),
            )
        return answer

    def _rows(self) -> DriverAnswer:
        """Ask for the rows; a field that an old version does not know is left out and the rest asked again."""
        fields: tuple[str, ...] = smi_text.FIELDS
        while True:
            result = self._run(f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits")
            unknown = smi_text.unknown_field(result)
            if unknown is None or unknown not in fields or unknown in _NEEDED:
                return smi_text.parse(result, fields)
            fields = tuple(field for field in fields if field != unknown)

    def _run(self, *arguments: str) -> process.ProcessResult:
        words: Sequence[str | Path] = (self._program, *arguments)
        left = self._end - time.monotonic()
        if left <= 0:
            return process.ProcessResult(argv=tuple(map(str, words)), returncode=None, timed_out=True)
        try:
            result = process.run(
                words, env=self._environment, timeout=left, cancel=self._cancel, encoding="latin-1", grace=GRACE
            )
        except SetupError as error:
            if error.code == "cancelled":
                raise
            return process.ProcessResult(argv=tuple(map(str, words)), returncode=None, stderr=error.detail)
        return replace(result, stdout=_decoded(result.stdout), stderr=_decoded(result.stderr))


def _decoded(text: str) -> str:
    return smi_text.readable(text.encode("latin-1"))


def _better(second: DriverAnswer, first: DriverAnswer) -> DriverAnswer:
    """Return the answer that lists cards; where neither does, the first with the words of both."""
    if second.cards or (first.state == "broken" and second.state not in {"broken", "hangs"}):
        return second
    return replace(first, evidence=(*first.evidence, *second.evidence))
