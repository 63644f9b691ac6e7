"""Hands wheels to an installer while they are still arriving, so that it unpacks during the download.

A server on the loopback address answers with the bytes of each wheel as the fetch writes them into the store. The
installer compares the hash of what it got with its lock; a wheel whose fetch begins anew is cut off.
"""

from __future__ import annotations

import http.server
import logging
import os
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

from setupwizard.model.plan import Package
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.concurrency import Cancel

log = logging.getLogger(__name__)

_CHUNK = 1 << 22
_PAUSE = 0.02


class Feed:
    """The server; it ends with the body of its `with`."""

    def __init__(self, packages: Sequence[Package], store: WheelStore) -> None:
        """Take the wheels that are on their way into a store."""
        self.stopping = Cancel()
        self._token = secrets.token_urlsafe(16)
        self.packages = {f"/{self._token}/{package.sha256}/{package.file}": package for package in packages}
        self.store = store
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.feed = self
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feed")

    def url_of(self, package: Package) -> str:
        """Return the address at which a wheel can be had."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/{self._token}/{package.sha256}/{quote(package.file)}"

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.submit(self._server.serve_forever, 0.05)
        return self

    def __exit__(self, *_args: object) -> None:
        """Cut off who still listens, and stop."""
        self.stopping.request()
        self._server.shutdown()
        self._server.server_close()
        self._thread.shutdown()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    feed: Feed

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base's names
        """Note that an installer went away: it says why itself."""
        log.debug("a listener of the feed went away")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with a wheel, as fast as it comes."""
        feed = self.server.feed
        package = feed.packages.get(self.path) or feed.packages.get(urlsplit(self.path).path.replace("%2B", "+"))
        if package is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(package.size))
        self.end_headers()
        self.wfile.flush()
        sent = 0
        while sent < package.size:
            count = self._pass_on(feed, package, sent)
            if count is None:
                self.close_connection = True
                return
            sent += count

    def _pass_on(self, feed: Feed, package: Package, position: int) -> int | None:
        """Wait for bytes behind a position, send them and return how many.

        None: they will not come, or what came before them was thrown away.
        """
        while not feed.stopping.requested:
            for path in (feed.store.path_of(package), feed.store.part_of(package)):
                count = self._send(path, position)
                if count:
                    return count
                if count is None and position:
                    return None
            time.sleep(_PAUSE)
        return None

    def _send(self, path: Path, position: int) -> int | None:
        """Send what a file holds behind a position and return how much; None where it ends before that.

        It is opened anew each time, as on Windows a file that is open cannot get its final name: there it is closed
        before the listener takes the bytes, who may be slow. Elsewhere the system copies them itself.
        """
        try:
            file = path.open("rb")
        except OSError:
            return 0
        with file:
            here = file.seek(0, 2)
            if here <= position:
                return 0 if here == position else None
            count = min(here - position, _CHUNK)
            if hasattr(os, "sendfile"):
                sent: int = self.connection.sendfile(file, position, count)
                return sent
            file.seek(position)
            chunk = file.read(count)
        self.connection.sendall(chunk)
        return len(chunk)
