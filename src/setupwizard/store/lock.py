"""One worker at a time on a root: a lock that the system takes back when its process dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.store.files import disk_error
from setupwizard.store.layout import Root
from setupwizard.store.suitable import unsuitable
from setupwizard.tools.concurrency import Cancel


@contextmanager
def working_on(root: Root, cancel: Cancel | None = None) -> Iterator[None]:
    """Be the only one who changes a root while the body runs.

    The lock belongs to an open file, not to its existence: a process that died holds nothing up.

    Raises:
        SetupError: "environment-missing": this folder is no root of ours, and nothing is written there;
            "environment-newer"; "busy": another process, or another job of this one, works on it; "root-not-writable".
        Cancelled: somebody asked to stop before the work began.
    """
    if cancel is not None:
        cancel.check()
    if not root.is_ours():
        raise SetupError("environment-missing", root=str(root.path))
    root.refuse_newer()
    lock = FileLock(root.lock, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise SetupError("busy", root=str(root.path)) from error
    except OSError as error:
        raise disk_error(error, root.path) from error
    except NotImplementedError as error:
        raise unsuitable(root.path, _("Its drive cannot lock files.")) from error
    try:
        yield
    finally:
        lock.release()


def refuse_if_busy(root: Root) -> None:
    """Say at once that another copy works on a root, before time is spent on what could not be carried out.

    Raises:
        SetupError: "busy", "environment-newer", "root-not-writable".
    """
    if root.is_ours():
        with working_on(root):
            return
