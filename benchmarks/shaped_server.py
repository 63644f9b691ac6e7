"""A package index on the loopback address whose whole output is held to a rate, in a process of its own.

python benchmarks/shaped_server.py FOLDER [MBIT_PER_SECOND]

It serves /files/NAME (Range, HEAD) and /simple/PROJECT/ (JSON with sha256 and size) out of a folder, prints where, and
answers /count with the bytes of files that it has sent since the last question.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote, unquote

CHUNK = 1 << 15


class Bucket:
    """Lets so many bytes through a second, all connections together; None: all of them."""

    def __init__(self, bytes_a_second: float | None) -> None:
        self.rate = bytes_a_second
        self.free_at = time.monotonic()
        self.lock = threading.Lock()
        self.sent = 0

    def take(self, count: int) -> None:
        with self.lock:
            self.sent += count
            if self.rate is None:
                return
            self.free_at = max(self.free_at, time.monotonic() - 0.05) + count / self.rate
            wait = self.free_at - time.monotonic()
        if wait > 0:
            time.sleep(wait)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, rate: float | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bucket = Bucket(rate)
        self.files = {path.name: path for path in folder.glob("*.whl")}
        self.hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in self.files.items()}

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is part of the measurement."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        # what lies in the buffers of the loopback device when somebody is killed would count as fetched
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        super().setup()

    def log_message(self, *_args: object) -> None:
        return

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        place = unquote(self.path)
        if place == "/count":
            with self.server.bucket.lock:
                count, self.server.bucket.sent = self.server.bucket.sent, 0
            self.answer(json.dumps(count).encode(), "application/json")
        elif place.startswith("/files/") and place[7:] in self.server.files:
            self.file(self.server.files[place[7:]])
        elif place.startswith("/simple/"):
            self.index(place.split("/")[2])
        else:
            self.send_error(404)

    def index(self, project: str) -> None:
        names = [name for name in self.server.files if re.sub(r"[-_.]+", "-", name.split("-")[0]).lower() == project]
        files = [
            {
                "filename": name,
                "url": f"/files/{quote(name)}",
                "hashes": {"sha256": self.server.hashes[name]},
                "size": self.server.files[name].stat().st_size,
            }
            for name in names
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project, "versions": [], "files": files}
        self.answer(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def file(self, path: Path) -> None:
        size = path.stat().st_size
        match = re.fullmatch(r"bytes=(\d+)-(\d*)|bytes=-(\d+)", self.headers.get("Range") or "")
        first, last = 0, size - 1
        if match:
            first = int(match[1]) if match[1] else max(0, size - int(match[3]))
            last = min(last, int(match[2])) if match[2] else last
        self.send_response(206 if match else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{self.server.hashes[path.name][:16]}"')
        self.send_header("Content-Length", str(last - first + 1))
        if match:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        with path.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left:
                chunk = file.read(min(CHUNK, left))
                self.server.bucket.take(len(chunk))
                self.wfile.write(chunk)
                left -= len(chunk)


if __name__ == "__main__":
    mbit = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    with Server(Path(sys.argv[1]), mbit * 125_000 or None) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()
