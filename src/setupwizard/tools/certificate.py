"""The few facts of a server's certificate that explain why it was refused. Nothing is ever trusted by them."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

_SEQUENCE, _SET, _CONTEXT_0 = 0x30, 0x31, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
# the DER bytes of the object identifiers 2.5.4.10 and 2.5.4.3
_ORGANIZATION, _COMMON_NAME = b"\x55\x04\x0a", b"\x55\x04\x03"
_TEXT_TAGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}


class Certificate(NamedTuple):
    """Who signed a certificate, and when it is valid (UTC)."""

    issuer: str
    not_before: datetime
    not_after: datetime


def certificate_of(url: str, proxy: str | None, *, timeout: float) -> Certificate | None:
    """Return the certificate that the other end of a refused connection shows, None when it cannot be had.

    The handshake is made only to read it: nothing is sent or read over that connection.

    Args:
        url: the https address that was refused.
        proxy: the proxy that the connection goes through, without its login.
        timeout: seconds for each wait.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    target, way = urlsplit(url), urlsplit(proxy) if proxy else None
    host, port = target.hostname or "", target.port or 443
    if way is None:
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPSConnection(way.hostname or "", way.port or 8080, timeout=timeout, context=context)
        connection.set_tunnel(host, port)
    try:
        connection.connect()
        raw = connection.sock.getpeercert(binary_form=True)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return read_certificate(raw or b"")


def read_certificate(der: bytes) -> Certificate | None:
    """Return the facts of a certificate in DER (RFC 5280, section 4.1), None when it is not one."""
    try:
        fields = list(_items(_inside(_inside(der, _SEQUENCE), _SEQUENCE)))
        if fields[0][0] == _CONTEXT_0:
            fields.pop(0)
        # serial number, signature algorithm, issuer, validity
        (issuer_tag, issuer), (validity_tag, validity) = fields[2:4]
        if issuer_tag != _SEQUENCE or validity_tag != _SEQUENCE:
            return None
        start, end = (_time(tag, body) for tag, body in _items(validity))
        return Certificate(_name(issuer), start, end)
    except (ValueError, IndexError):
        return None


def _name(body: bytes) -> str:
    names: dict[bytes, str] = {}
    for _set, group in _items(body):
        for _sequence, pair in _items(group):
            (_oid, kind), (tag, value) = _items(pair)
            if tag in _TEXT_TAGS:
                names.setdefault(kind, value.decode(_TEXT_TAGS[tag], "replace"))
    name = names.get(_ORGANIZATION) or names.get(_COMMON_NAME) or ""
    return "".join(sign for sign in name if sign.isprintable())[:100]


def _time(tag: int, body: bytes) -> datetime:
    text = body.decode("ascii")
    if tag == _UTC_TIME:
        # two digits of the year: 50 and later are of the last century (RFC 5280, 4.1.2.5.1)
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError(tag)
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _inside(data: bytes, wanted: int) -> bytes:
    tag, body = next(_items(data), (0, b""))
    if tag != wanted:
        raise ValueError(tag)
    return body


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut a run of DER values into their tags and bodies."""
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length >= 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError(length)
            length = int.from_bytes(data[position : position + count], "big")
            position += count
        if position + length > len(data):
            raise ValueError(length)
        yield tag, data[position : position + length]
        position += length
