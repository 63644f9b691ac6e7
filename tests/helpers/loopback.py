"""A small HTTP server on the loopback address: each path answers as a test says."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    kind: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Loopback:
    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    heard: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def page(self, path: str, text: str, **more: object) -> str:
        self.answers[path] = Answer(text.encode(), **more)  # type: ignore[arg-type]
        return self.url + path

    def index(self, base: str, project: str, files: list[str]) -> str:
        links = "".join(
            f'<a href="../../files/{name.replace("+", "%2B")}#sha256={"0" * 64}">{name}</a><br>' for name in files
        )
        self.page(f"{base}/{project}/", f"<!DOCTYPE html><html><body>{links}</body></html>")
        return self.url + base


@contextlib.contextmanager
def loopback(context: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serve until the body ends; with a TLS context over https."""
    served = Loopback()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            return

        def do_GET(self) -> None:
            served.asked.append((self.command, self.path))
            served.heard.append(dict(self.headers))
            found = served.answers.get(self.path, Answer(b"not here", 404))
            answer = found() if callable(found) else found
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_HEAD = do_GET

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
