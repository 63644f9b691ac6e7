"""The one module that starts programs. A child has a clean environment, a deadline, and dies with all its children."""

from __future__ import annotations

import atexit
import codecs
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from msgspec import Struct

from setupwizard import platforms
from setupwizard.errors import Cancelled, SetupError
from setupwizard.tools import guard
from setupwizard.tools.concurrency import Cancel

log = logging.getLogger(__name__)

MAX_LINE = 1 << 20
"""Characters of one line that are kept; what follows in the same line is dropped, so a flood cannot fill memory."""
MAX_OUTPUT = 4 << 20
"""Characters of one stream that are kept for the result: the newest ones."""
_POLL = 0.05
_GRACE = 1.5
_DRAIN = 2.0

# What a child needs to live, and no setting of any tool: those are passed on purpose or not at all.
_KEEP = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP"),
        *("TMP", "LANG", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"),
        *("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "SYSTEMROOT", "WINDIR"),
        *("SYSTEMDRIVE", "COMSPEC", "PATHEXT", "USERPROFILE"),
        *("HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA"),
        *("PROGRAMDATA", "ALLUSERSPROFILE", "PROGRAMFILES", "PROGRAMFILES(X86)"),
        *("PROGRAMW6432", "COMMONPROGRAMFILES", "USERNAME"),
        *("USERDOMAIN", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
        *("PROCESSOR_ARCHITEW6432", "OS", "WINEPREFIX"),
        *("WINEDEBUG", "WINEDLLOVERRIDES", "LD_LIBRARY_PATH_ORIG"),
    )
)
_NETWORK = frozenset(
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"],
)


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


def clean_environment(extra: Mapping[str, str] | None = None, *, network: bool = False) -> dict[str, str]:
    """Return an environment without any setting of pip, uv, conda, Python, Qt or the dynamic loader.

    Args:
        extra: variables to add.
        network: keep the proxy and certificate variables, for a child that speaks to servers.
    """
    keep = _KEEP | _NETWORK if network else _KEEP
    environment = {name: value for name, value in os.environ.items() if name.upper() in keep}
    environment.update(PYTHONUTF8="1", PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
    if sys.platform != "win32":
        environment["LC_ALL"] = "C.UTF-8"
    environment.update(extra or {})
    return environment


def own_program() -> tuple[str, ...]:
    """Return how to start this program again: a frozen one is its own file, never `python -m`."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    return (sys.executable, "-I", "-m", "setupwizard")


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
) -> ProcessResult:
    """Run a program to its end and return what it printed.

    Standard input is empty. Lines end at a line feed or a carriage return, so that progress bars arrive as lines.
    Whatever ends the wait (end, deadline, cancel, an exception), the whole tree of children is gone afterwards.

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

    Raises:
        Cancelled: somebody asked to stop.
        SetupError: "tool-failed": the program could not be started at all.
    """
    words = tuple(str(word) for word in argv)
    started = time.monotonic()
    log.debug("start %s", words)
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd or platforms.temporary_folder(),
            env=dict(env) if env is not None else clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge else subprocess.PIPE,
            **platforms.popen_options(),
        )
    except (OSError, ValueError) as error:
        raise SetupError("tool-failed", tool=Path(words[0]).name, detail=str(error)) from error
    group = platforms.ProcessGroup(child)
    _guard.watch(child.pid)
    out = _Reader(child.stdout, encoding, on_line)
    err = None if merge else _Reader(child.stderr, encoding, None)
    try:
        readers = (out, err)
        timed_out = _wait(child, readers, started, timeout=timeout, silence=silence, overdue=overdue, cancel=cancel)
    finally:
        _end(child, group, grace)
        for reader in (out, err):
            if reader is not None:
                reader.join(min(_DRAIN, grace) if child.returncode is None else _DRAIN)
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
        subprocess.Popen(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **platforms.launch_options(),
        )
    except (OSError, ValueError) as error:
        raise SetupError("tool-failed", tool=Path(words[0]).name, detail=str(error)) from error


def _wait(
    child: subprocess.Popen[bytes],
    readers: tuple[_Reader | None, ...],
    started: float,
    *,
    timeout: float | None,
    silence: float | None,
    overdue: Callable[[], bool] | None,
    cancel: Cancel | None,
) -> bool:
    """Wait for the end; return whether a deadline ended the wait."""
    while True:
        try:
            child.wait(_POLL)
        except subprocess.TimeoutExpired:
            pass
        else:
            return False
        if cancel is not None and cancel.requested:
            raise Cancelled
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


def _end(child: subprocess.Popen[bytes], group: platforms.ProcessGroup, grace: float) -> None:
    """End the whole tree: politely if it still runs, then for certain."""
    import psutil

    strays: list[psutil.Process] = []
    if child.poll() is None:
        with suppress(psutil.Error):
            strays = psutil.Process(child.pid).children(recursive=True)
        group.ask_to_end()
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            log.debug("%s does not end by itself", child.args)
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


class _Guard:
    """The one process that ends our children when we are killed; it is started with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

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
        frozen = getattr(sys, "frozen", False)
        # it starts within 20 ms and nobody waits for it: what it is told stays in the pipe
        argv = (sys.executable, "_guard") if frozen else (sys.executable, "-I", "-S", str(guard.__file__))
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


class _Reader:
    """Reads one stream of a child in a thread of its own, decodes it as it comes and cuts it into lines."""

    def __init__(self, stream: IO[bytes] | None, encoding: str, on_line: Callable[[str], None] | None) -> None:
        assert stream is not None  # noqa: S101 - we asked for a pipe
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
        self._on_line = on_line
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
        while self._size > MAX_OUTPUT and len(self._kept) > 1:
            self._size -= len(self._kept.pop(0))
