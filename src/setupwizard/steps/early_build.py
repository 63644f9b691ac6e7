"""Builds a generation while its wheels are still arriving: what is unpacked during the download costs no time after it.

It is a shortcut and never the only way: when it does not work out, the generation is built from the store afterwards.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from pathlib import Path
from typing import Self

from setupwizard import platforms
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.plan import Plan
from setupwizard.store.feed import Feed
from setupwizard.store.files import disk_errors
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pylock import write_lock
from setupwizard.tools.uv import Uv

log = logging.getLogger(__name__)

_POLL = 0.05


class EarlyBuild:
    """uv at work beside the download. It ends with the body of its `with`, whatever happens there."""

    def __init__(self, plan: Plan, root: Root, folder: Path) -> None:
        """Take the plan and the claimed folder of its generation."""
        self._plan = plan
        self._root = root
        self._folder = folder
        self._store = WheelStore(root.store)
        self._stop = Cancel()
        self._lines: deque[str] = deque()
        missing = [package for package in plan.wheels if not self._store.has(package)]
        self._feed = Feed(missing, self._store)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="early-build")

    def __enter__(self) -> Self:
        """Begin."""
        self._feed.__enter__()
        with disk_errors(self._root.path):
            self._root.work.mkdir(parents=True, exist_ok=True)
        self._uv = Uv(self._root.work, cancel=self._stop, listen=self._lines.append)
        self._created = self._pool.submit(self._create)
        self._installed = self._pool.submit(self._install)
        return self

    def __exit__(self, *_args: object) -> None:
        """End uv and the feed."""
        self._stop.request()
        self._feed.__exit__()
        self._pool.shutdown()

    def create(self, cancel: Cancel) -> bool:
        """Wait for the empty environment; return whether it is there.

        Raises:
            Cancelled: somebody asked to stop.
        """
        return self._wait(self._created, cancel)

    def install(self, cancel: Cancel, listen: Callable[[str], None]) -> bool:
        """Wait for the packages; return whether they are in the environment. `listen` gets what uv printed.

        Raises:
            Cancelled: somebody asked to stop.
        """
        done = self._wait(self._installed, cancel)
        while self._lines:
            listen(self._lines.popleft())
        return done

    def _create(self) -> None:
        self._uv.venv(self._plan.python.path or self._plan.python.version, self._folder)

    def _install(self) -> None:
        self._created.result()
        lock = self._root.work / "pylock.arriving.toml"
        files = [
            self._store.path_of(package) if self._store.has(package) else self._feed.url_of(package)
            for package in self._plan.wheels
        ]
        write_lock(lock, self._plan.wheels, files)
        self._uv.sync(platforms.python_in(self._folder), lock, arriving=True)

    def _wait(self, future: Future[None], cancel: Cancel) -> bool:
        while True:
            cancel.check()
            try:
                future.result(_POLL)
            except (StillRunning, TimeoutError):
                if future.done():
                    return False
            except Cancelled:
                return False
            except (SetupError, OSError) as error:
                detail = error.detail if isinstance(error, SetupError) else ""
                log.info("building during the download did not work out: %s", detail or error)
                return False
            else:
                return True
