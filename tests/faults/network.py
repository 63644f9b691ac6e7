"""Rows of the fault matrix that a server, a proxy or a line brings about."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from faults.rows import HOST, INDEX, TORCH, WAY, Fault, Row
from helpers.fault_lab import PAYLOAD, TAG, Lab, make_wheels, outcome_of
from helpers.make_wheels import make_wheel, random_bytes
from helpers.program import Ended

MIB = 1 << 20
CLOCK = r"HEAD download\.pytorch\.org/$"


def _resumed(lab: Lab, ended: Ended) -> None:
    """Every request after the first one went on where the part ended, and nothing came twice."""
    ranges = [one.range for one in lab.server.asked_for(r"/files/torch-.*\.whl$") if one.method == "GET"]
    begun = [text for text in ranges if text is None]
    assert len(begun) == 1, ranges
    assert any(text and text.endswith("-") and text != "bytes=0-" for text in ranges), ranges
    size = next(wheel.stat().st_size for wheel in lab.server.folder.glob("torch-*.whl"))
    assert outcome_of(ended)["fetched_bytes"] < size + MIB


def _never_open(lab: Lab, _ended: Ended) -> None:
    assert not lab.server.asked_for(r"^open\.example")


def _no_file(lab: Lab, _ended: Ended) -> None:
    assert not lab.kept()
    assert not lab.server.asked_for(r"/files/torch-.*\.whl$")


def _by_plain_http(lab: Lab) -> None:
    lab.source = ("--source", "http://plain.example/whl")
    lab.server.holds[r"^plain\.example$"] = {"torch"}


def _trust_the_filter(lab: Lab) -> None:
    file = Path(lab.env["SSL_CERT_FILE"])
    file.write_bytes(file.read_bytes() + lab.server.inspector.cert_pem.bytes())


def _other_bytes(lab: Lab, *, same_size: bool) -> None:
    """Put another, well-made wheel in the place of the one whose hash the page tells."""
    torch = next(lab.server.folder.glob("torch-*.whl"))
    lab.server.promised[torch.name] = hashlib.sha256(torch.read_bytes()).hexdigest()
    size = torch.stat().st_size
    name, version, *tag = torch.name.removesuffix(".whl").split("-")

    def make(payload: int) -> int:
        body = {"torch/__init__.py": b"raise SystemExit('evil')\n", "torch/lib/x.so": random_bytes(payload)}
        return make_wheel(lab.server.folder, name, version, tag="-".join(tag), files=body).stat().st_size

    made = make(PAYLOAD)
    if same_size:
        assert make(PAYLOAD + size - made) == size


def _lying_record(lab: Lab) -> None:
    torch = next(lab.server.folder.glob("torch-*.whl"))
    name, version, *tag = torch.name.removesuffix(".whl").split("-")
    body = {"torch/__init__.py": b"x = 1\n", "torch/lib/x.so": random_bytes(PAYLOAD // 2)}
    make_wheel(lab.server.folder, name, version, tag="-".join(tag), files=body, broken="lying-record")


def _honest_time_left(_lab: Lab, ended: Ended) -> None:
    """What is told of the time left is never far from what it then takes."""
    fetch = [event for event in ended.events if event["event"] == "progress" and event["id"] == "fetch"]
    end = datetime.fromisoformat(fetch[-1]["time"])
    told = [event for event in fetch[:-1] if event["seconds_left"] is not None]
    assert told, "never told"
    for event in told:
        left = (end - datetime.fromisoformat(event["time"])).total_seconds()
        assert event["seconds_left"] < 3 * left + 3, (event, left)
        assert event["seconds_left"] > left / 3 - 3, (event, left)


def _older_family(lab: Lab) -> None:
    """Have the torch of a time when torchvision and torchaudio were made for each."""
    for wheel in lab.server.folder.glob("torch-*.whl"):
        wheel.unlink()
    make_wheels(lab.server.folder, "2.10.0")
    tag = f"{TAG}-{TAG}-manylinux_2_28_{os.uname().machine}"
    for name, version in (("torchvision", "0.25.0+cpu"), ("torchaudio", "2.10.0+cpu")):
        make_wheel(lab.server.folder, name, version, tag=tag)
    lab.server.holds = {r"^download\.pytorch\.org$": {"torch", "torchvision", "torchaudio"}, "": {"numpy", "pip"}}
    lab.source = (*lab.source, "--torch", "2.10.0")


def _family_came(lab: Lab, _ended: Ended) -> None:
    came = {place.name for place in lab.root.glob("current/lib/python*/site-packages/torch*.dist-info")}
    assert came == {f"{name}.dist-info" for name in _FAMILY}


_FAMILY = ("torch-2.10.0+cpu", "torchvision-0.25.0+cpu", "torchaudio-2.10.0+cpu")
NETWORK: tuple[Row, ...] = (
    Row("no fault", "everything as it should be", asked=1),
    Row(
        "no fault",
        "torchvision and torchaudio come along",
        ready=_older_family,
        check=_family_came,
        full=True,
    ),
    # ---- lines that break ----
    Row(
        "connection reset / truncated body",
        "the line is cut twice",
        (Fault(TORCH, "drop", MIB, 2),),
        told="Trying again",
        asked=3,
        check=_resumed,
    ),
    Row(
        "connection reset / truncated body",
        "the answer ends too early, twice",
        (Fault(TORCH, "truncate", MIB, 2),),
        told="Trying again",
        asked=3,
        check=_resumed,
        full=True,
    ),
    Row(
        "connection reset / truncated body",
        "every line is cut after 700 kB",
        (Fault(TORCH, "drop", 700_000),),
        check=_resumed,
        full=True,
    ),
    Row(
        "connection reset / truncated body",
        "the list of files is cut twice",
        (Fault(INDEX, "reset", None, 2),),
        full=True,
    ),
    Row(
        "connection reset / truncated body",
        "nothing ever comes",
        (Fault(TORCH, "reset"),),
        exit=14,
        code="network-timeout",
        names=(HOST,),
        asked=7,
        full=True,
    ),
    Row(
        "stall",
        "the line is silent once",
        (Fault(TORCH, "stall", MIB, 1),),
        told="has sent nothing for",
        asked=2,
        check=_resumed,
    ),
    Row(
        "stall",
        "the line falls silent again and again",
        (Fault(TORCH, "stall", 100_000),),
        exit=14,
        code="network-timeout",
        names=(HOST, "kept"),
        kept=(500_000, 2 * MIB),
        asked=7,
        full=True,
    ),
    Row(
        "stall",
        "the list of files never comes",
        (Fault(INDEX, "hang"),),
        exit=14,
        code="network-timeout",
        names=(HOST,),
        full=True,
    ),
    Row(
        "slow (4 MB/s)", "the time left is honest", (Fault(TORCH, "slow", 250_000),), check=_honest_time_left, full=True
    ),
    # ---- bytes that are not the file's ----
    Row("corrupt body", "one byte, once", (Fault(TORCH, "corrupt", None, 1),), told="damaged", asked=2, full=True),
    Row(
        "corrupt body",
        "one byte, always",
        (Fault(TORCH, "corrupt"),),
        exit=17,
        code="hash-mismatch",
        names=(HOST, "torch-"),
        kept=(0, 0),
        asked=2,
    ),
    Row(
        "tampered wheel, right CRC",
        "of another size",
        ready=lambda lab: _other_bytes(lab, same_size=False),
        exit=17,
        code="hash-mismatch",
        names=(HOST,),
        again=False,
        full=True,
    ),
    Row(
        "tampered wheel, right CRC",
        "of the same size",
        ready=lambda lab: _other_bytes(lab, same_size=True),
        exit=17,
        code="hash-mismatch",
        names=(HOST,),
        again=False,
    ),
    Row(
        "RECORD lies, hash right",
        "a file is another than its RECORD says",
        ready=_lying_record,
        exit=17,
        code="audit-failed",
        again=False,
    ),
    Row(
        "short Content-Length",
        "the server says that the file is smaller",
        (Fault(TORCH, "shortlen", 1000),),
        exit=17,
        code="hash-mismatch",
        names=(HOST,),
        asked=2,
    ),
    # ---- answers that are no file ----
    Row(
        "403/404",
        "no list of files",
        (Fault(INDEX, "status", 404),),
        exit=16,
        code="build-not-in-sources",
        names=(HOST, "/whl/cpu/torch/", "404"),
    ),
    Row(
        "403/404",
        "the list is refused",
        (Fault(INDEX, "status", 403),),
        exit=16,
        code="file-missing",
        names=(HOST, "/whl/cpu/torch/", "403"),
        full=True,
    ),
    Row(
        "403/404",
        "the file is gone",
        (Fault(TORCH, "status", 404),),
        exit=16,
        code="file-missing",
        names=(HOST, "/files/torch-", "404"),
        asked=1,
        full=True,
    ),
    Row(
        "403/404",
        "the file is refused",
        (Fault(TORCH, "status", 403),),
        exit=16,
        code="file-missing",
        names=(HOST, "/files/torch-", "403"),
        asked=1,
        full=True,
    ),
    Row(
        "407",
        "the proxy wants a login",
        (Fault(WAY, "status", '407 with Basic realm="corp"'),),
        exit=15,
        code="proxy-login",
        names=("127.0.0.1:", "HTTPS_PROXY"),
        check=_no_file,
    ),
    Row(
        "407",
        "the proxy takes a login of Windows alone",
        (Fault(WAY, "status", "407 with NTLM"),),
        exit=15,
        code="proxy-login",
        names=("127.0.0.1:", "NTLM"),
        full=True,
    ),
    Row(
        "407",
        "for a plain request",
        (Fault(r"GET plain\.example", "status", '407 with Basic realm="corp"'),),
        ready=_by_plain_http,
        exit=15,
        code="proxy-login",
        names=("127.0.0.1:",),
        full=True,
    ),
    Row(
        "429/503 + Retry-After",
        "seconds, once",
        (Fault(TORCH, "status", "503 after 1", 1),),
        told="Trying again in 1 s",
        asked=2,
    ),
    Row(
        "429/503 + Retry-After",
        "a day: it is capped",
        (Fault(TORCH, "status", "429 after 86400", 1),),
        told="Trying again in 3 s",
        asked=2,
        full=True,
    ),
    Row(
        "429/503 + Retry-After",
        "a date that is over",
        (Fault(TORCH, "status", "429 after Thu, 01 Jan 2026 00:00:00 GMT", 1),),
        told="Trying again in 0 s",
        asked=2,
        full=True,
    ),
    Row("429/503 + Retry-After", "for the list of files", (Fault(INDEX, "status", "429 after 0", 2),), full=True),
    Row(
        "500 forever",
        "the file",
        (Fault(TORCH, "status", 500),),
        exit=14,
        code="server-error",
        names=(HOST, "HTTP 500"),
        asked=7,
    ),
    Row(
        "500 forever",
        "the list of files",
        (Fault(INDEX, "status", 500),),
        exit=14,
        code="server-error",
        names=(HOST, "HTTP 500"),
        full=True,
    ),
    Row(
        "redirect loop",
        "the list of files",
        (Fault(INDEX, "loop"),),
        exit=16,
        code="file-missing",
        names=(HOST, "circle"),
    ),
    Row(
        "redirect loop",
        "the file",
        (Fault(TORCH, "loop"),),
        exit=16,
        code="file-missing",
        names=(HOST, "circle"),
        full=True,
    ),
    Row(
        "https -> http redirect",
        "the file",
        (Fault(TORCH, "redirect", "http://open.example"),),
        exit=15,
        code="redirect-insecure",
        names=(HOST, "open.example"),
        check=_never_open,
    ),
    Row(
        "https -> http redirect",
        "the list of files",
        (Fault(INDEX, "redirect", "http://open.example"),),
        exit=15,
        code="redirect-insecure",
        names=(HOST, "open.example"),
        check=_never_open,
        full=True,
    ),
    Row(
        "captive portal",
        "its page in the place of the list",
        (Fault(r"GET plain\.example", "portal"),),
        ready=_by_plain_http,
        exit=15,
        code="captive-portal",
        names=("plain.example", "log in"),
        check=_no_file,
    ),
    Row(
        "captive portal",
        "every request is led to it",
        (Fault(r"GET plain\.example", "portal-redirect"),),
        ready=_by_plain_http,
        exit=15,
        code="captive-portal",
        names=("plain.example",),
        full=True,
    ),
    Row(
        "captive portal",
        "its page in the place of the file",
        (Fault(TORCH, "portal"),),
        exit=15,
        code="captive-portal",
        names=(HOST,),
        full=True,
    ),
    Row(
        "captive portal",
        "status 511",
        (Fault(TORCH, "status", 511),),
        exit=15,
        code="captive-portal",
        names=(HOST,),
        full=True,
    ),
    # ---- certificates ----
    Row(
        "TLS interception",
        "from the beginning",
        (Fault(WAY, "inspected"),),
        exit=15,
        code="tls-intercepted",
        names=(HOST, "School Filter Ltd"),
        check=_no_file,
    ),
    Row(
        "TLS interception",
        "the administrator made the filter known to the system",
        (Fault(WAY, "inspected"),),
        ready=_trust_the_filter,
        full=True,
    ),
    Row(
        "clock skew",
        "the certificate is not valid yet, and a server tells another time",
        (Fault(WAY, "early"), Fault(CLOCK, "date", 500)),
        exit=15,
        code="clock-wrong",
        names=(HOST, "date"),
    ),
    Row(
        "clock skew",
        "the certificate is not valid yet, and nobody tells the time",
        (Fault(WAY, "early"), Fault(CLOCK, "reset")),
        exit=15,
        code="clock-wrong",
        names=(HOST, "date"),
        full=True,
    ),
    Row(
        "clock skew",
        "the certificate is over, but a server tells another time",
        (Fault(WAY, "expired"), Fault(CLOCK, "date", -500)),
        exit=15,
        code="clock-wrong",
        names=(HOST,),
        full=True,
    ),
    Row(
        "clock skew",
        "the certificate is over, and the clock is right",
        (Fault(WAY, "expired"),),
        exit=14,
        code="server-error",
        names=(HOST, "out of date"),
        full=True,
    ),
)
