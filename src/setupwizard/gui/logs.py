"""The log file of the window: capped, beside nothing of the user's, and the place where every crash ends."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading  # noqa: TID251 - only its hook; no thread starts here
from collections import deque
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from setupwizard.tools import userdirs

LOG_BYTES = 2_000_000
LOG_FILES = 3
NAME = "setupwizard.log"

root = logging.getLogger("setupwizard")
qt_log = logging.getLogger("setupwizard.qt")

_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _capped(file: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    return RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True)


def log_folder() -> Path:
    """Return where the logs of this user are."""
    return userdirs.logs()


def start_log(folder: Path, *, capped: bool = True) -> Path:
    """Begin to write the log and return its file; a folder that cannot be written to is no reason to stop.

    Without `capped` the log grows without a limit until it is started again with one: what limits it takes some time to
    load, and the window is waited for.
    """
    file = folder / NAME
    handler: logging.Handler
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = _capped(file) if capped else logging.FileHandler(file, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    except OSError:
        handler = logging.NullHandler()
    for old in root.handlers:
        old.close()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    root.propagate = False
    logging.raiseExceptions = False
    return file


class CrashCatcher:
    """Takes what nobody caught, in whatever thread, logs it and keeps it until the window asks.

    The hooks may run in any thread, so they only write to the log and to a queue; no Qt object is touched.
    """

    def __init__(self, folder: Path) -> None:
        """Put the hooks in place; `folder` gets the traces of crashes below Python."""
        self._caught: deque[BaseException] = deque(maxlen=20)
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        self._qt_before = qInstallMessageHandler(_on_qt_message)
        self._trace = None
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            self._trace = (folder / "crash.log").open("a", encoding="utf-8")
            faulthandler.enable(self._trace)

    def take(self) -> list[BaseException]:
        """Return what was caught since the last time."""
        caught = []
        while self._caught:
            caught.append(self._caught.popleft())
        return caught

    def close(self) -> None:
        """Put the hooks of before back."""
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(self._qt_before)
        if self._trace is not None:
            faulthandler.disable()
            self._trace.close()

    def _on_exception(
        self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None = None
    ) -> None:
        root.critical("nobody caught %r", error, exc_info=error)
        if not isinstance(error, KeyboardInterrupt | SystemExit):
            self._caught.append(error)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_exception(args.exc_type, args.exc_value)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    qt_log.log(_QT_LEVELS.get(kind, logging.WARNING), "%s: %s", context.category, message)
