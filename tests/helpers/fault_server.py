"""The whole internet as the wizard meets it, in one loopback server that fails in every way that real servers do.

It is the proxy of the environment, for http and https alike: for https it shows a certificate of an authority of its
own, which SSL_CERT_FILE makes known, so it can be every host that the program asks, without one of them being reached.
Every host serves `/whl/VARIANT/PROJECT/`, `/simple/PROJECT/` and `/files/NAME`; `holds` says which host has which
project. A fault is laid on what a pattern finds in "METHOD host/path RANGE"; the ways to fail stand in
`wheel_server.Fault`, and here:

    status 407     with the ways to log in as its argument: "407 with NTLM"
    portal         the log-in page of a network in the place of every answer; portal-redirect: a way there by 302
    inspected      (for "CONNECT host") https is shown a certificate of an authority that nobody knows
    expired, early (for "CONNECT host") a certificate that is out of date by 400 days, or not valid for 400 more
    no-name        (for "CONNECT host") the proxy does not find the host
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import trustme

from helpers.wheel_server import Fault, Request, WheelServer, _Handler, _pump

__all__ = ["FaultServer"]


class FaultServer(WheelServer):
    """A loopback server that stands for all hosts.

    Attributes:
        authority: signs the certificates of all hosts; `ca_file` holds it for SSL_CERT_FILE.
        holds: pattern of a host to the projects that it has; a host that no pattern finds has none.
        promised: file name to the sha256 that the pages tell, where that is not the file's own.
        plain: like a folder behind the simplest of servers: no ETag.
        guarded: pattern of a host to the Authorization header without which it answers 401.
        passes: hosts whose CONNECT is passed on to a real address, "127.0.0.1:port".
    """

    def __init__(self, folder: Path, *, port: int = 0, address: str = "127.0.0.1") -> None:
        super().__init__(folder, port=port, address=address)
        self._server.RequestHandlerClass = _FaultHandler
        self.authority = trustme.CA(organization_name="Loopback Tests")
        self.inspector = trustme.CA(organization_name="School Filter Ltd")
        self.holds: dict[str, set[str]] = {}
        self.promised: dict[str, str] = {}
        self.plain = False
        self.guarded: dict[str, str] = {}
        self.passes: dict[str, tuple[str, int]] = {}
        self._contexts: dict[tuple[str, str], ssl.SSLContext] = {}
        self._issuing = threading.Lock()

    def write_authority(self, file: Path) -> Path:
        """Write the authority where SSL_CERT_FILE can name it."""
        self.authority.cert_pem.write_to_path(str(file))
        return file

    def has(self, host: str, project: str) -> bool:
        return any(re.search(pattern, host) and project in projects for pattern, projects in self.holds.items())

    def context_for(self, host: str, kind: str) -> ssl.SSLContext:
        """Return the TLS context of a host: signed by our authority, or wrong in the way that a fault names."""
        with self._issuing:
            made = self._contexts.get((host, kind))
            if made is None:
                days = {"expired": (-800, -400), "early": (400, 800)}.get(kind, (-1, 300))
                now = datetime.now(UTC)
                signer = self.inspector if kind == "inspected" else self.authority
                certificate = signer.issue_cert(
                    host, not_before=now + timedelta(days=days[0]), not_after=now + timedelta(days=days[1])
                )
                made = self._contexts[host, kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                certificate.configure_cert(made)
            return made

    def asked_for(self, pattern: str) -> list[Request]:
        """Return the requests whose host and path the pattern finds, in their order."""
        return [request for request in self.requests if re.search(pattern, request.path)]


class _FaultHandler(_Handler):
    """Every host, by the Host header of the request or the name of the tunnel."""

    @property
    def fault_owner(self) -> FaultServer:
        owner = self.server.owner
        assert isinstance(owner, FaultServer)
        return owner

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        host = parts.netloc or self.headers.get("Host") or ""
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        fault = self._noted(host + path)
        self.days_off = float(str(fault.arg)) if fault and fault.mode == "date" else 0.0
        self.host = host.partition(":")[0]
        wanted = next((one for pattern, one in self.fault_owner.guarded.items() if re.search(pattern, self.host)), None)
        if wanted is not None and self.headers.get("Authorization") != wanted:
            self._answer(401, b"who are you", "text/plain", {"WWW-Authenticate": 'Basic realm="wheels"'})
        elif fault is None or not self._fail_early(fault, path):
            self._serve(parts.path, fault)

    def _noted(self, address: str) -> Fault | None:
        headers = self.headers
        fault = self.owner.take_fault(f"{self.command} {address} {headers.get('Range') or ''}".rstrip())
        self.owner.requests.append(
            Request(
                self.command,
                address,
                headers.get("Range"),
                headers.get("If-Range"),
                headers.get("Authorization"),
                fault.mode if fault else None,
                self.client_address[1],
            )
        )
        return fault

    def send_header(self, keyword: str, value: str) -> None:
        if keyword != "ETag" or not self.fault_owner.plain:
            super().send_header(keyword, value)

    def do_CONNECT(self) -> None:
        fault = self._noted(self.path)
        host, _sign, _port = self.path.rpartition(":")
        kind = fault.mode if fault else ""
        if fault is not None and self._fail_early(fault, "/"):
            self.close_connection = True
            return
        if kind == "no-name":
            self._answer(502, b"DNS error", "text/plain")
            return
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        if self.path in self.fault_owner.passes:
            self._pass_on(*self.fault_owner.passes[self.path])
            return
        context = self.fault_owner.context_for(host, kind)
        try:
            secure = context.wrap_socket(self.connection, server_side=True)
        except (OSError, ssl.SSLError):
            return  # the certificate was refused: that is what some of these tests are about
        try:
            type(self)(secure, self.client_address, self.server)
        finally:
            secure.close()

    def _pass_on(self, host: str, port: int) -> None:
        with socket.create_connection((host, port), timeout=10) as other:
            back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
            back.start()
            _pump(self.connection, other)
            back.join(5)

    def _fail_early(self, fault: Fault, path: str) -> bool:
        text = str(fault.arg or "")
        if fault.mode == "status" and " with " in text:
            number, _with, ways = text.partition(" with ")
            self._answer(int(number), b"who are you", "text/html", {"Proxy-Authenticate": ways})
            return True
        if fault.mode == "portal-redirect":
            self._answer(302, b"", "text/html", {"Location": "http://login.portal.example/?next=x"})
            return True
        return super()._fail_early(fault, path)

    def _serve(self, path: str, fault: Fault | None) -> None:
        words = path.strip("/").split("/")
        if path.endswith(".whl.metadata"):
            self._metadata(unquote(words[-1]).removesuffix(".metadata"))
        elif path.startswith("/files/"):
            self._file(unquote(words[-1]), fault)
        elif self.host == "login.portal.example":
            self._answer(200, b"<html><form action='/login'>Log in to the campus network</form></html>", "text/html")
        elif len(words) >= 2 and words[0] in {"whl", "simple", "pytorch-wheels", "pytorch"}:
            self._project(words)
        else:
            self._answer(404, b"not here", "text/plain")

    def _project(self, words: list[str]) -> None:
        project = re.sub(r"[-_.]+", "-", words[-1]).lower()
        variant = words[-2] if words[0] != "simple" else None
        wheels = [
            wheel
            for wheel in sorted(self.owner.folder.glob("*.whl"))
            if wheel.name.split("-")[0].replace("_", "-").lower() == project
            and (variant is None or variant in {"whl", "simple"} or f"+{variant}-" in wheel.name)
        ]
        if not wheels or not self.fault_owner.has(self.host, project):
            self._answer(404, b"no such project", "text/plain")
        elif "json" in (self.headers.get("Accept") or "") and words[0] == "simple":
            self._json(project, wheels)
        else:
            self._links(wheels)

    def _metadata(self, name: str) -> None:
        """Serve the metadata beside a wheel (PEP 658), so that no resolver fetches whole wheels to read it."""
        wheel = self.owner.folder / Path(name).name
        if not wheel.is_file():
            self._answer(404, b"no such file", "text/plain")
            return
        with zipfile.ZipFile(wheel) as archive:
            inside = next(entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA"))
            self._answer(200, archive.read(inside), "application/octet-stream")

    def _links(self, wheels: list[Path]) -> None:
        rows = "".join(
            f'<a href="/files/{quote(wheel.name)}#sha256={self._hash(wheel)}" data-core-metadata="true">'
            f"{escape(wheel.name)}</a><br>\n"
            for wheel in wheels
        )
        self._answer(200, f"<!DOCTYPE html><html><body>\n{rows}</body></html>".encode(), "text/html")

    def _hash(self, wheel: Path) -> str:
        return self.fault_owner.promised.get(wheel.name) or hashlib.sha256(wheel.read_bytes()).hexdigest()

    def _json(self, project: str, wheels: list[Path]) -> None:
        files = [
            {
                "filename": wheel.name,
                "url": f"/files/{quote(wheel.name)}",
                "hashes": {"sha256": self._hash(wheel)},
                "core-metadata": True,
                "size": wheel.stat().st_size,
            }
            for wheel in wheels
        ]
        versions = sorted({wheel.name.split("-")[1] for wheel in wheels})
        page = {"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": files}
        self._answer(200, json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
