"""A download server like PyTorch's own on the loopback address: index pages of variants, and wheels by Range.

The wheels look like torch's where a program looks into them (METADATA, torch/version.py, torch/cuda/__init__.py) and
are empty elsewhere. Over TLS it also answers to another name, through a proxy that connects every host to itself.
"""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import re
import socket
import ssl
import threading
import zipfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

TABLE = {
    "12.6": {"x86_64": {50, 60, 70, 75, 80, 86, 90}, "aarch64": {80, 90}},
    "13.0": {"x86_64": {75, 80, 86, 90, 100, 120}, "aarch64": {80, 90, 100, 110, 120}},
    "13.2": {"x86_64": {75, 80, 86, 90, 100, 120}, "aarch64": {80, 90, 100, 110, 120}},
}
YANKED = ' data-yanked="a reason"'
LINUX, WINDOWS, ARM = "manylinux_2_28_x86_64", "win_amd64", "manylinux_2_28_aarch64"
CUDA_SOURCE = """\
r'''The text around the table, as in the real file.'''
import torch

DEVICE_REQUIREMENT: dict[int, int] = {{
    50: 1,
}}

# For each CUDA of this release the architectures of the published builds.
PYTORCH_RELEASES_CODE_CC: dict[str, dict[str, set[int]]] = {{
{rows}
}}


def _host_arch_key() -> str:
    return "x86_64"
"""


def table_source(table: dict[str, dict[str, set[int]]]) -> str:
    rows = "\n".join(
        f'    "{cuda}": {{\n' + "".join(f'        "{arch}": {sms!r},\n' for arch, sms in by_arch.items()) + "    },"
        for cuda, by_arch in table.items()
    )
    return CUDA_SOURCE.format(rows=rows)


def torch_files(
    version: str, *, table: dict[str, dict[str, set[int]]] | None = None, cudnn: str | None = "9.20.0.48"
) -> dict[str, bytes]:
    """Return the small files of a wheel of torch; `version` is "2.16.0+cu130"."""
    public, _plus, variant = version.partition("+")
    cuda = f"'{variant[2:-1]}.{variant[-1]}'" if variant.startswith("cu") else "None"
    needs = f'Requires-Dist: nvidia-cudnn-cu13=={cudnn}; platform_system == "Linux"\n' if cudnn else ""
    return {
        "torch/__init__.py": b"",
        "torch/version.py": (
            "from typing import Optional\n\n__all__ = ['__version__', 'cuda']\n"
            f"__version__ = '{version}'\ndebug = False\ncuda: Optional[str] = {cuda}\n"
        ).encode(),
        "torch/cuda/__init__.py": table_source(TABLE if table is None else table).encode(),
        f"torch-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.4\nName: torch\nVersion: {version}\nRequires-Python: >=3.10\n"
            f"Requires-Dist: filelock\n{needs}\nWords about {public}.\n"
        ).encode(),
    }


def archive_of(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def wheel_name(version: str, python: str = "312", platform: str = LINUX) -> str:
    return f"torch-{version}-cp{python}-cp{python.removesuffix('t')}{'t' * python.endswith('t')}-{platform}.whl"


class WheelIndex:
    """Serves `/whl/VARIANT/torch/` and `/whl/torch/` from what was added; `down` makes it answer nothing but 503."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.wheels: dict[str, tuple[str, bytes | Path]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.sent = 0
        self.status: dict[str, int] = {}
        self.stumbles: dict[str, int] = {}
        self.bodies: dict[str, tuple[bytes, str]] = {}
        self.ranges = True
        self.json = False
        self.flat_only = False
        self.yanked: set[str] = set()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._server.tls = tls
        self._tls = tls
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def template(self) -> str:
        return f"{self.url}/whl/{{variant}}"

    def add(
        self, version: str, *, pythons: Iterable[str] = ("312", "313"), platforms: Iterable[str] = (LINUX, WINDOWS)
    ) -> None:
        """Publish a build, "2.16.0+cu130", for some Pythons and platforms."""
        data = archive_of(torch_files(version))
        for platform in platforms:
            for python in pythons:
                self.put(wheel_name(version, python, platform), version.partition("+")[2] or "cpu", data)

    def put(self, name: str, variant: str, data: bytes | Path) -> None:
        self.wheels[name] = (variant, data)

    def asked(self, part: str) -> list[str]:
        """Return the paths that were asked for and hold a text."""
        return [path for _method, path, _headers in self.requests if part in path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: WheelIndex
    tls: ssl.SSLContext | None

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what these tests are about."""

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        # who wants a proxy speaks plainly first (CONNECT), who wants the server shakes hands
        if self.tls is None or request.recv(1, socket.MSG_PEEK) != b"\x16":
            super().finish_request(request, client_address)
            return
        secure = self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            secure.do_handshake()
            super().finish_request(secure, client_address)
        finally:
            secure.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_args: object) -> None:
        return

    def do_CONNECT(self) -> None:
        owner = self.server.owner
        owner.requests.append(("CONNECT", self.path, dict(self.headers)))
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", owner.port), timeout=10) as other:
            back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
            back.start()
            _pump(self.connection, other)
            back.join(5)
        self.close_connection = True

    def do_GET(self) -> None:
        owner, path = self.server.owner, unquote(urlsplit(self.path).path)
        owner.requests.append((self.command, path, dict(self.headers)))
        stumbled = next(
            (pattern for pattern, left in owner.stumbles.items() if left and re.search(pattern, path)), None
        )
        if stumbled is not None:
            owner.stumbles[stumbled] -= 1
            self._answer(503, b"a moment", "text/plain")
            return
        status = next((code for pattern, code in owner.status.items() if re.search(pattern, path)), 200)
        if status != 200:
            self._answer(status, b"no", "text/plain")
        elif path in owner.bodies:
            body, kind = owner.bodies[path]
            self._answer(200, body, kind)
        elif path.startswith("/files/"):
            self._file(path.rpartition("/")[2])
        else:
            self._page(path)

    def _page(self, path: str) -> None:
        owner = self.server.owner
        match = re.fullmatch(r"/whl/([\w.]+)/torch/", path)
        flat = path in {"/whl/torch_stable.html", "/flat/"} or re.fullmatch(r"/flat/[\w.]+/", path) is not None
        everything = path == "/whl/torch/" or path in {"/whl/torch_stable.html", "/flat/"}
        variant = match[1] if match else path.split("/")[2] if flat else ""
        names = [name for name, (of, _data) in owner.wheels.items() if everything or of == variant]
        if not names or (owner.flat_only and not flat):
            self._answer(404, b"no such page", "text/plain")
            return
        body, kind = self._listing(names)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", kind, {"ETag": etag})
        else:
            self._answer(200, body, kind, {"ETag": etag})

    def _listing(self, names: list[str]) -> tuple[bytes, str]:
        owner = self.server.owner
        if owner.json and "json" in (self.headers.get("Accept") or ""):
            files = [
                {
                    "filename": name,
                    "url": f"/files/{owner.wheels[name][0]}/{quote(name)}",
                    "hashes": {"sha256": _sha(owner.wheels[name][1])},
                    "yanked": "a reason" if name in owner.yanked else False,
                }
                for name in names
            ]
            page = {"meta": {"api-version": "1.1"}, "name": "torch", "files": files}
            return json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json"
        rows = "".join(
            f'<a href="/files/{owner.wheels[name][0]}/{quote(name)}#sha256={_sha(owner.wheels[name][1])}"'
            f"{YANKED if name in owner.yanked else ''}>{escape(name)}</a><br>\n"
            for name in names
        )
        return f"<!DOCTYPE html><html><body>\n{rows}</body></html>".encode(), "text/html"

    def _file(self, name: str) -> None:
        owner = self.server.owner
        if name not in owner.wheels:
            self._answer(404, b"no such file", "text/plain")
            return
        data = owner.wheels[name][1]
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        match = re.match(r"bytes=(\d+)-(\d+)\Z", self.headers.get("Range") or "")
        if match is None or not owner.ranges:
            self._answer(200, _cut(data, 0, min(size, 1 << 20)), "application/zip")
            return
        start, end = int(match[1]), min(int(match[2]), size - 1)
        body = _cut(data, start, end - start + 1)
        extra = {"Content-Range": f"bytes {start}-{end}/{size}", "ETag": f'"{_sha(data)[:16]}"'}
        self._answer(206, body, "application/zip", extra)

    def _answer(self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.server.owner.sent += len(body)


def _sha(data: bytes | Path) -> str:
    return hashlib.sha256(str(data).encode() if isinstance(data, Path) else data).hexdigest()


def _cut(data: bytes | Path, start: int, count: int) -> bytes:
    if isinstance(data, bytes):
        return data[start : start + count]
    with data.open("rb") as file:
        file.seek(start)
        return file.read(count)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
