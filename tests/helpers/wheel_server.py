"""A loopback server for wheels that can fail in every way that real ones do, and remembers what it was asked.

It serves `/files/NAME` (Range, ETag, HEAD), `/simple/PROJECT/` (HTML, or JSON when asked), `/links/`, and a channel of
conda below `/conda-forge/`; it is its own proxy, for plain requests and for CONNECT. As a program of its own:
python -m helpers.wheel_server FOLDER [PORT]
"""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
from email.utils import formatdate
from html import escape
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import quote, unquote, urlsplit

CHUNK = 1 << 14


class Request(NamedTuple):
    method: str
    path: str
    range: str | None
    if_range: str | None
    authorization: str | None
    fault: str | None
    port: int


class Fault:
    """One way to fail.

    status (arg: number, or "503 after 1" with Retry-After, or "503 after DATE"), loop, redirect (arg: base address),
    portal, reset, hang, norange, corrupt, shortlen (bytes), truncate, drop, stall (after bytes), slow (bytes a second),
    badrange, chunked, othertotal, date (days that the Date header is off), once-more (sends more than it says).
    """

    def __init__(self, mode: str, match: str, arg: object, times: int) -> None:
        self.mode = mode
        self.match = re.compile(match)
        self.arg = arg
        self.left = times


class WheelServer:
    def __init__(
        self, folder: Path, *, tls: ssl.SSLContext | None = None, port: int = 0, address: str = "127.0.0.1"
    ) -> None:
        self.folder = folder
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self.login: str | None = None
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._tls = tls
        self._server = _Server((address, port), _Handler)
        self._server.owner = self
        self._server.tls = tls
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base(self) -> str:
        return (
            f"{'https' if self._tls else 'http'}://{self._server.server_address[0]!s}:{self._server.server_address[1]}"
        )

    def url_of(self, wheel: Path | str) -> str:
        return f"{self.base}/files/{quote(Path(wheel).name)}"

    def fault(self, mode: str, arg: object = None, *, match: str = r"/files/", times: int = -1) -> None:
        with self._lock:
            self._faults.append(Fault(mode, match, arg, times))

    def mend(self) -> None:
        with self._lock:
            self._faults.clear()

    def take_fault(self, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.left != 0 and fault.match.search(path):
                    fault.left -= fault.left > 0
                    return fault
        return None

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each request for a file."""
        return [request.range for request in self.requests if "/files/" in request.path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_args: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: WheelServer
    tls: ssl.SSLContext | None

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what these tests are about."""

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        # the handshake is made in the thread of the connection: one that is refused holds up nobody
        secure = self.tls.wrap_socket(request, server_side=True)
        try:
            super().finish_request(secure, client_address)
        finally:
            secure.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    @property
    def owner(self) -> WheelServer:
        return self.server.owner

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        fault = self.owner.take_fault(path)
        headers = self.headers
        self.owner.requests.append(
            Request(
                self.command,
                path,
                headers.get("Range"),
                headers.get("If-Range"),
                headers.get("Authorization"),
                fault.mode if fault else None,
                self.client_address[1],
            )
        )
        self.days_off = float(str(fault.arg)) if fault and fault.mode == "date" else 0.0
        if self.owner.login and headers.get("Authorization") != self.owner.login:
            self._answer(401, b"who are you", "text/plain")
        elif fault is None or not self._fail_early(fault, path):
            self._serve(parts.path, fault)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate((timestamp or time.time()) + getattr(self, "days_off", 0.0) * 86400, usegmt=True)

    def do_CONNECT(self) -> None:
        fault = self.owner.take_fault(f"CONNECT {self.path}")
        self.owner.requests.append(
            Request(
                "CONNECT", self.path, None, None, self.headers.get("Proxy-Authorization"), None, self.client_address[1]
            )
        )
        if fault is not None:
            self._answer(int(str(fault.arg)), b"no", "text/plain")
            return
        host, _sign, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as other:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
            back.start()
            _pump(self.connection, other)
            back.join(5)
        self.close_connection = True

    def _fail_early(self, fault: Fault, path: str) -> bool:
        mode, arg = fault.mode, fault.arg
        if mode == "status":
            number, _after, pause = str(arg).partition(" after ")
            extra = {"Retry-After": pause} if pause else {}
            self._answer(int(number), b"nope", "text/plain", extra)
        elif mode == "loop":
            self._answer(302, b"", "text/plain", {"Location": f"{path}{'&' if '?' in path else '?'}r"})
        elif mode == "redirect":
            self._answer(302, b"", "text/plain", {"Location": f"{arg}{path}"})
        elif mode == "portal":
            self._answer(200, b"<html><body><form>Log in to the campus network</form></body></html>", "text/html")
        elif mode == "reset":
            self._reset()
        elif mode == "hang":
            self.owner.stopping.wait(60)
            self._reset()
        else:
            return False
        return True

    def _serve(self, path: str, fault: Fault | None) -> None:
        if path.startswith("/files/"):
            self._file(unquote(path.rpartition("/")[2]), fault)
        elif path.startswith("/simple/"):
            self._index(path.strip("/").rpartition("/")[2])
        elif path.startswith("/conda-forge/"):
            subdir, _sign, name = unquote(path.removeprefix("/conda-forge/")).partition("/")
            self._file(f"{subdir}-{name}" if name.endswith(".json") else name, fault)
        elif path.startswith("/links"):
            self._links(sorted(self.owner.folder.glob("*.whl")))
        else:
            self._answer(404, b"not here", "text/plain")

    def _index(self, project: str) -> None:
        wanted = re.sub(r"[-_.]+", "-", project).lower()
        wheels = [
            wheel
            for wheel in sorted(self.owner.folder.glob("*.whl"))
            if re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower() == wanted
        ]
        if not wheels:
            self._answer(404, b"no such project", "text/plain")
        elif "json" in (self.headers.get("Accept") or ""):
            files = [
                {
                    "filename": wheel.name,
                    "url": f"{self.owner.base}/files/{quote(wheel.name)}",
                    "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
                    "size": wheel.stat().st_size,
                }
                for wheel in wheels
            ]
            versions = sorted({wheel.name.split("-")[1] for wheel in wheels})
            page = {"meta": {"api-version": "1.1"}, "name": wanted, "versions": versions, "files": files}
            self._answer(200, json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
        else:
            self._links(wheels)

    def _links(self, wheels: list[Path]) -> None:
        rows = "".join(
            f'<a href="/files/{quote(wheel.name)}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}">'
            f"{escape(wheel.name)}</a><br>\n"
            for wheel in wheels
        )
        self._answer(200, f"<!DOCTYPE html><html><body>\n{rows}</body></html>".encode(), "text/html")

    def _file(self, name: str, fault: Fault | None) -> None:
        file = self.owner.folder / Path(name).name
        if not file.is_file():
            self._answer(404, b"no such file", "text/plain")
            return
        mode, arg = (fault.mode, fault.arg) if fault else ("", None)
        whole = file.read_bytes()
        etag = f'"{hashlib.sha256(whole).hexdigest()[:16]}"'
        start, status = 0, 200
        match = re.match(r"bytes=(\d+)-\Z", self.headers.get("Range") or "")
        if match and mode != "norange" and self.headers.get("If-Range") in {None, etag}:
            start, status = int(match[1]), 206
            if start >= len(whole):
                self._answer(416, b"", "text/plain", {"Content-Range": f"bytes */{len(whole)}"})
                return
        body = bytearray(whole[start:])
        if mode == "corrupt":
            body[len(body) // 2] ^= 0xFF
        elif mode == "shortlen":
            del body[int(str(arg)) :]
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("ETag", etag)
        if mode in {"chunked", "once-more"}:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        if status == 206:
            first = start + 1 if mode == "badrange" else start
            total = len(whole) + (7 if mode == "othertotal" else 0)
            self.send_header("Content-Range", f"bytes {first}-{len(whole) - 1}/{total}")
        self.end_headers()
        if self.command != "HEAD":
            self._body(bytes(body), mode, arg)

    def _body(self, body: bytes, mode: str, arg: object) -> None:
        if mode in {"chunked", "once-more"}:
            for piece in (body, b"and more" if mode == "once-more" else b""):
                if piece:
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        limit = int(str(arg)) if mode in {"truncate", "drop", "stall"} else len(body)
        for start in range(0, min(limit, len(body)), CHUNK):
            if mode == "slow":
                self.owner.stopping.wait(CHUNK / float(str(arg)))
            self.wfile.write(body[start : min(start + CHUNK, limit)])
        if limit < len(body):
            self.wfile.flush()
            if mode == "drop":
                time.sleep(0.05)  # what was sent has to arrive before the reset throws it away
                self._reset()
            elif mode == "stall":
                self.owner.stopping.wait(60)
            self.close_connection = True

    def _answer(self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reset(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def main() -> None:
    with WheelServer(Path(sys.argv[1]), port=int(sys.argv[2]) if len(sys.argv) > 2 else 0) as server:
        print(server.base, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
