"""The one module that starts programs. A child has a clean environment, a deadline, and dies with all its children."""

from __future__ import annotations

import atexit
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.resources import bundled_python, packaged
from setupwizard.tools import guard
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.reader import MAX_OUTPUT, Reader
from setupwizard.tools.variables import clean_environment
from setupwizard.tools.windows_refusals import refusal

log = logging.getLogger(__name__)

_POLL = 0.05
_GRACE = 1.5
_DRAIN = 2.0


class ProcessResult(Struct, frozen=True, kw_only=True):
    """How a child ended.

    Attributes:
        returncode: the exit status; negative is the signal that ended it on POSIX; None when it cannot even be ended.
        stdout, stderr: what it printed, decoded; `stderr` is empty when both went into one stream.
        timed_out: we ended it because a deadline was over.
    """

    argv: tuple[str, ...]
    returncode: int | None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with status 0."""
        return self.returncode == 0 and not self.timed_out


def own_program() -> tuple[str, ...]:
    """Return how to start this program again: a packaged one is its own file, never `python -m`."""
    if packaged():
        return (sys.executable,)
    return (sys.executable, "-I", "-X", "utf8", "-m", "setupwizard")


def own_python() -> Path | None:
    """Return the interpreter that came with this copy of the program, None when a package carries none."""
    return bundled_python() if packaged() else Path(sys.executable)


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    silence: float | None = None,
    overdue: Callable[[], bool] | None = None,
    cancel: Cancel | None = None,
    on_line: Callable[[str], None] | None = None,
    merge: bool = False,
    encoding: str = "utf-8",
    grace: float = _GRACE,
    interrupt: bool = False,
    given: Path | None = None,
    keep: int = MAX_OUTPUT,
) -> ProcessResult:
    """Run a program to its end and return what it printed.

    Standard input is empty, or the file that is given. Lines end at a line feed or a carriage return, so that progress
    bars arrive as lines. Whatever ends the wait (end, deadline, cancel, an exception), the whole tree of children is
    gone afterwards.

    Args:
        argv: the program and its arguments; never a command line for a shell.
        cwd: the working folder; the system's temporary folder when not given, so nothing of the user's is picked up.
        env: the whole environment; `clean_environment()` when not given.
        timeout: seconds for the whole run.
        silence: seconds without a line of output after which it counts as hung.
        overdue: asked many times a second; True ends the run as timed out. For deadlines that move with the output.
        cancel: a wish to stop.
        on_line: gets every line of standard output (and standard error when merged) as it comes, from a reader thread.
        merge: standard error goes into standard output.
        encoding: how the child writes; what cannot be decoded is escaped, never lost.
        grace: seconds to end by itself after a deadline; short for a child that has nothing to tidy up.
        interrupt: ask with the signal of Ctrl+C first, for a program that tidies up on that one.
        given: a file for its standard input.
        keep: so many of the newest characters of each stream stay in the result; what `on_line` gets is never cut.

    Raises:
        Cancelled: somebody asked to stop.
        SetupError: "tool-failed": the program could not be started at all.
    """
    words = tuple(str(word) for word in argv)
    started = time.monotonic()
    child, group = _start(words, cwd=cwd, env=env, merge=merge, given=given)
    out = Reader(child.stdout, encoding, on_line, keep)
    err = None if merge else Reader(child.stderr, encoding, None, keep)
    readers = (out, err)
    try:
        timed_out = _wait(child, readers, started, timeout=timeout, silence=silence, overdue=overdue, cancel=cancel)
    finally:
        _end(child, group, grace, interrupt=interrupt)
        _drain(child, readers, grace)
    result = ProcessResult(
        argv=words,
        returncode=child.returncode,
        stdout=out.text(),
        stderr=err.text() if err else "",
        seconds=round(time.monotonic() - started, 3),
        timed_out=timed_out,
    )
    log.debug("end %s: %s after %s s", words[0], result.returncode, result.seconds)
    if out.failure is not None:
        raise out.failure
    return result


@contextmanager
def beside(
    argv: Sequence[str | Path],
    *,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    grace: float = _GRACE,
) -> Iterator[None]:
    """Keep a program running beside what the body does; the whole tree of it is gone afterwards.

    Args:
        argv: the program and its arguments.
        on_line: gets every line of its standard output as it comes, from a reader thread.
        env: the whole environment; `clean_environment()` when not given.
        grace: seconds to end by itself once the body is done.

    Raises:
        SetupError: "tool-failed": the program could not be started at all.
    """
    child, group = _start(tuple(str(word) for word in argv), cwd=None, env=env, merge=False)
    readers = (Reader(child.stdout, "utf-8", on_line), Reader(child.stderr, "utf-8", None))
    try:
        yield
    finally:
        _end(child, group, grace)
        _drain(child, readers, grace)


def launch(argv: Sequence[str | Path]) -> None:
    """Start a program for the user and leave it alone: a terminal, a file manager. It outlives us.

    It gets the user's own environment, without what a packaged copy of ours adds to the dynamic loader's.

    Raises:
        SetupError: "tool-failed": it could not be started.
    """
    words = [str(word) for word in argv]
    log.debug("launch %s", words)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LD_LIBRARY", "QT_"))}
    try:
        child = subprocess.Popen(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **platforms.launch_options(),
        )
    except (OSError, ValueError) as error:
        raise _not_started(words[0], error) from error
    # whoever waits for nobody leaves a dead entry in the system's list of processes until the window closes
    threading.Thread(target=child.wait, name="launched", daemon=True).start()


def _start(
    words: tuple[str, ...],
    *,
    cwd: Path | None,
    env: Mapping[str, str] | None,
    merge: bool,
    given: Path | None = None,
) -> tuple[subprocess.Popen[bytes], platforms.ProcessGroup]:
    log.debug("start %s", words)
    _guard.stand_by()
    try:
        with Path(given or os.devnull).open("rb") as source:
            child = subprocess.Popen(
                words,
                cwd=cwd or platforms.temporary_folder(),
                env=dict(env) if env is not None else clean_environment(),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merge else subprocess.PIPE,
                **platforms.popen_options(),
            )
    except (OSError, ValueError) as error:
        raise _not_started(words[0], error) from error
    group = platforms.ProcessGroup(child)
    _guard.watch(child.pid)
    return child, group


def _not_started(program: str, error: OSError | ValueError) -> SetupError:
    name = Path(program).name
    refused = refusal(error, name, starting=True) if isinstance(error, OSError) else None
    return refused or SetupError("tool-failed", tool=name, detail=str(error))


def _drain(child: subprocess.Popen[bytes], readers: Sequence[Reader | None], grace: float) -> None:
    for reader in readers:
        if reader is not None:
            reader.join(min(_DRAIN, grace) if child.returncode is None else _DRAIN)


def _wait(
    child: subprocess.Popen[bytes],
    readers: tuple[Reader | None, ...],
    started: float,
    *,
    timeout: float | None,
    silence: float | None,
    overdue: Callable[[], bool] | None,
    cancel: Cancel | None,
) -> bool:
    """Wait for the end; return whether a deadline ended the wait."""
    while True:
        if _ends_within_a_moment(child, started):
            return False
        if cancel is not None:
            cancel.check()
        now = time.monotonic()
        if timeout is not None and now - started > timeout:
            return True
        heard = max((reader.heard for reader in readers if reader), default=started)
        if silence is not None and now - heard > silence:
            return True
        if overdue is not None and overdue():
            return True
        if any(reader is not None and reader.failure is not None for reader in readers):
            return False


def _ends_within_a_moment(child: subprocess.Popen[bytes], started: float) -> bool:
    """Wait for the end, and return whether it came.

    On POSIX Python's own wait looks seven times in such a moment, which pays for a program that ends at once and costs
    as much as the whole parent for one that runs for minutes.
    """
    if os.name == "posix" and time.monotonic() - started > 1:
        time.sleep(_POLL)
        return child.poll() is not None
    try:
        child.wait(_POLL)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(
    child: subprocess.Popen[bytes], group: platforms.ProcessGroup, grace: float, *, interrupt: bool = False
) -> None:
    """End the whole tree: politely if it still runs, then for certain."""
    import psutil

    strays: list[psutil.Process] = []
    if child.poll() is None:
        with suppress(psutil.Error):
            strays = psutil.Process(child.pid).children(recursive=True)
        follows = interrupt and group.interrupt() and _follows(child, grace)
        if not follows and group.ask_to_end():
            _follows(child, grace)
    group.kill()
    for stray in strays:  # one that left the group; psutil knows a number that was given to somebody else
        with suppress(psutil.Error):
            stray.kill()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:  # stuck inside a driver: not even the system can end it, so nobody waits for it
        log.warning("%s cannot be ended", child.args)
    _guard.forget(child.pid)
    group.close()


def _follows(child: subprocess.Popen[bytes], grace: float) -> bool:
    """Whether a child that was asked to end does so by itself."""
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        log.debug("%s does not end by itself", child.args)
        return False
    return True


class _Guard:
    """The one process that ends our children when we are killed; it is started before the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def stand_by(self) -> None:
        """Start the guard unless it runs: a child that came first would live on if we were killed in between."""
        with self._lock:
            if self._process is None:
                self._start()

    def watch(self, group: int) -> None:
        """End this group when we are gone."""
        with self._lock:
            self._groups.add(group)
            if self._process is None or not self._tell(f"+{group}"):
                self._start()

    def forget(self, group: int) -> None:
        """Leave this group alone: it has ended."""
        with self._lock:
            self._groups.discard(group)
            self._tell(f"-{group}")

    def _start(self) -> None:
        if sys.platform == "win32":
            return
        # it starts within 20 ms and nobody waits for it: what it is told stays in the pipe
        argv = (sys.executable, "_guard") if packaged() else (sys.executable, "-I", "-S", str(guard.__file__))
        try:
            self._process = subprocess.Popen(
                argv,
                cwd=platforms.temporary_folder(),
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **platforms.popen_options(),
            )
        except OSError as error:
            log.warning("nobody ends our children if we are killed: %s", error)
            return
        atexit.register(self._leave, self._process)
        for group in self._groups:
            self._tell(f"+{group}")

    def _tell(self, line: str) -> bool:
        if self._process is None or self._process.stdin is None:
            return False
        try:
            os.write(self._process.stdin.fileno(), f"{line}\n".encode())
        except OSError as error:
            log.debug("the guard is gone: %s", error)
            self._process = None
            return False
        return True

    @staticmethod
    def _leave(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


_guard = _Guard()
