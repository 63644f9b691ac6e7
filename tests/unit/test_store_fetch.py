"""The fetcher against a server that fails in every way that real ones do."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from msgspec.structs import replace

from helpers.make_wheels import make_wheel, package_of, random_bytes
from helpers.waiting import wait_for
from helpers.wheel_server import WheelServer
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.events import Output, Progress
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.concurrency import Cancel

QUICK = FetchSettings(
    proxies={},
    connect_seconds=2,
    stall_seconds=0.4,
    retries=2,
    retries_with_others=1,
    worthwhile_bytes=50_000,
    backoff_seconds=0.01,
    longest_pause=2,
    sync_seconds=0,
)
SIZE = 400_000


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "server"


@pytest.fixture
def server(folder):
    folder.mkdir(exist_ok=True)
    with WheelServer(folder) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return WheelStore(tmp_path / "root" / "store")


@pytest.fixture
def wheel(folder):
    return make_wheel(folder, "big", files={"big/data.bin": random_bytes(SIZE)})


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def error_of(packages, store, **options):
    with pytest.raises(SetupError) as caught:
        fetch(packages, store, settings=options.pop("settings", QUICK), **options)
    return caught.value


# ---- what goes well ----


def test_several_wheels_arrive_whole(server, folder, store):
    wheels = [make_wheel(folder, f"w{n}", files={f"w{n}/x.bin": random_bytes(50_000, seed=n)}) for n in range(6)]
    packages = [package_of(wheel, server.url_of(wheel)) for wheel in wheels]
    result = fetch(packages, store, settings=QUICK, threads=3)
    assert result.fetched_bytes == sum(package.size for package in packages)
    assert result.reused_bytes == 0
    for package, wheel in zip(packages, wheels, strict=True):
        assert store.has(package)
        assert store.verify(package)
        assert sha(store.path_of(package)) == sha(wheel)
        assert sorted(path.name for path in store.place_of(package).iterdir()) == [package.file]


def test_what_is_in_the_store_is_not_asked_for_again(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    asked = len(server.requests)
    events = []
    result = fetch([package], store, settings=QUICK, emit=events.append)
    assert (result.fetched_bytes, result.reused_bytes) == (0, package.size)
    assert len(server.requests) == asked
    assert events == []


def test_one_connection_serves_several_wheels(server, folder, store):
    wheels = [make_wheel(folder, f"w{n}", files={f"w{n}/x.bin": random_bytes(30_000, seed=n)}) for n in range(4)]
    fetch([package_of(wheel, server.url_of(wheel)) for wheel in wheels], store, settings=QUICK, threads=1)
    assert len({request.port for request in server.requests}) == 1


def test_the_same_wheel_twice_in_a_plan_is_fetched_once(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    assert fetch([package, package], store, settings=QUICK).fetched_bytes == package.size
    assert len(server.requests) == 1


def test_progress_only_grows_and_reaches_the_total(server, folder, store):
    wheels = [make_wheel(folder, f"w{n}", files={f"w{n}/x.bin": random_bytes(200_000, seed=n)}) for n in range(3)]
    packages = [package_of(wheel, server.url_of(wheel)) for wheel in wheels]
    server.fault("slow", 400_000)
    events = []
    started = time.monotonic()
    fetch(packages, store, settings=QUICK, emit=events.append)
    seconds = time.monotonic() - started
    total = sum(package.size for package in packages)
    progress = [event for event in events if isinstance(event, Progress)]
    assert {event.id for event in progress} == {"fetch"}
    assert {event.total for event in progress} == {total}
    done = [event.done for event in progress]
    assert done == sorted(done)
    assert done[-1] == total
    assert len(done) >= 3
    assert len(done) <= 20 * seconds + 2
    assert progress[0].file in {package.file for package in packages}
    assert all(event.seconds_left is None for event in progress[:-1])  # too short a time to know


def test_progress_never_falls_when_a_server_makes_us_begin_again(server, wheel, store):
    server.fault("truncate", 300_000, times=1)
    server.fault("norange", times=1)
    events = []
    package = package_of(wheel, server.url_of(wheel))
    result = fetch([package], store, settings=QUICK, emit=events.append)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == package.size
    assert result.fetched_bytes == package.size + 300_000


# ---- lines that break ----


@pytest.mark.parametrize("mode", ["truncate", "drop"])
def test_a_broken_line_is_continued(server, wheel, store, mode):
    server.fault(mode, 200_000, times=1)
    package = package_of(wheel, server.url_of(wheel))
    result = fetch([package], store, settings=QUICK)
    assert store.verify(package)
    first, second = server.ranges
    assert first is None
    assert second is not None
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= 200_000
    assert result.fetched_bytes == package.size
    assert server.requests[1].if_range == f'"{package.sha256[:16]}"'


def test_a_line_that_breaks_again_and_again_gets_there_as_long_as_bytes_come(server, wheel, store):
    server.fault("truncate", 60_000)
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert store.verify(package)
    assert len(server.requests) == -(-package.size // 60_000)


def test_a_line_that_brings_next_to_nothing_is_given_up(server, wheel, store):
    server.fault("truncate", 1_000)
    error = error_of([package_of(wheel, server.url_of(wheel))], store)
    assert (error.code, error.facts["host"]) == ("network-timeout", "127.0.0.1")
    assert len(server.requests) == QUICK.retries + 1


def test_a_stalled_line_is_left_and_continued(server, wheel, store):
    server.fault("stall", 100_000, times=1)
    events = []
    package = package_of(wheel, server.url_of(wheel))
    settings = FetchSettings(**{**vars(QUICK), "backoff_seconds": 0.5})
    fetch([package], store, settings=settings, emit=events.append)
    assert server.ranges[1] == "bytes=100000-"
    assert any(isinstance(event, Output) and "Trying again" in event.text for event in events)
    assert any(isinstance(event, Progress) and event.limited_by == "server" for event in events)


def test_silence_is_told_while_it_lasts(server, wheel, store):
    server.fault("stall", 100_000, times=1)
    events = []
    settings = FetchSettings(**{**vars(QUICK), "quiet_seconds": 0.1})
    fetch([package_of(wheel, server.url_of(wheel))], store, settings=settings, emit=events.append)
    told = [event.text for event in events if isinstance(event, Output)]
    assert sum("127.0.0.1 has sent nothing for" in text for text in told) >= 2
    assert any(event.limited_by == "server" for event in events if isinstance(event, Progress))


def test_a_wheel_that_rotted_in_the_store_is_fetched_again(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    with store.path_of(package).open("r+b") as file:
        file.seek(100)
        file.write(b"rotten")
    result = fetch([package], store, settings=QUICK)
    assert (result.fetched_bytes, result.reused_bytes) == (package.size, 0)
    assert store.verify(package)


def test_a_line_that_trickles_counts_as_stalled(server, wheel, store):
    server.fault("slow", 100_000, times=1)
    settings = FetchSettings(**{**vars(QUICK), "slow_seconds": 0.3, "slow_bytes": 200_000})
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=settings)
    assert len(server.requests) == 2
    assert store.verify(package)


def test_a_server_that_never_answers(server, wheel, store):
    server.fault("hang")
    assert error_of([package_of(wheel, server.url_of(wheel))], store).code == "network-timeout"


def test_a_server_that_hangs_up_at_once(server, wheel, store):
    server.fault("reset", times=2)
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert store.verify(package)


def test_a_server_where_nobody_listens_is_a_blocked_host(wheel, store, folder):
    with WheelServer(folder) as gone:
        url = gone.url_of(wheel)
    assert error_of([package_of(wheel, url)], store).code == "host-blocked"


def test_a_name_without_an_address(wheel, store):
    assert error_of([package_of(wheel, "https://no-such-host.invalid/x.whl")], store).code == "name-unknown"


# ---- answers that are not the file ----


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_server_without_the_file(server, wheel, store, status):
    server.fault("status", status)
    error = error_of([package_of(wheel, server.url_of(wheel))], store)
    assert (error.code, error.facts["host"], error.facts["file"]) == ("file-missing", "127.0.0.1", wheel.name)
    assert len(server.requests) == 1


def test_a_server_with_a_trouble_of_its_own_is_asked_again(server, wheel, store):
    server.fault("status", 503, times=1)
    server.fault("status", 500, times=1)
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert len(server.requests) == 3


def test_a_server_that_stays_in_trouble(server, wheel, store):
    server.fault("status", 502)
    error = error_of([package_of(wheel, server.url_of(wheel))], store)
    assert (error.code, error.facts["status"]) == ("server-error", "HTTP 502")
    assert error.exit_code() == 14
    assert len(server.requests) == QUICK.retries + 1


@pytest.mark.parametrize("status", [429, 503])
def test_the_pause_that_a_server_asks_for_is_kept(server, wheel, store, status):
    server.fault("status", f"{status} after 1", times=1)
    started = time.monotonic()
    fetch([package_of(wheel, server.url_of(wheel))], store, settings=QUICK)
    assert time.monotonic() - started >= 1


def test_no_server_makes_us_wait_for_hours(server, wheel, store):
    server.fault("status", "503 after 86400", times=1)
    settings = FetchSettings(**{**vars(QUICK), "longest_pause": 0.1})
    fetch([package_of(wheel, server.url_of(wheel))], store, settings=settings)
    assert len(server.requests) == 2


def test_a_pause_by_date(server, wheel, store):
    server.fault("status", "503 after Thu, 01 Jan 2026 00:00:00 GMT", times=1)
    fetch([package_of(wheel, server.url_of(wheel))], store, settings=QUICK)
    assert len(server.requests) == 2


def test_the_log_in_page_of_a_network(server, wheel, store):
    server.fault("portal")
    error = error_of([package_of(wheel, server.url_of(wheel))], store)
    assert (error.code, error.exit_code()) == ("captive-portal", 15)
    assert len(server.requests) == 1


def test_a_network_that_asks_for_a_login_is_a_captive_portal(server, wheel, store):
    server.fault("status", 511)
    assert error_of([package_of(wheel, server.url_of(wheel))], store).code == "captive-portal"


# ---- bytes that are not the file's ----


def test_a_damaged_file_is_fetched_once_more_over_another_connection(server, wheel, store):
    server.fault("corrupt", times=1)
    package = package_of(wheel, server.url_of(wheel))
    result = fetch([package], store, settings=QUICK)
    assert store.verify(package)
    assert result.fetched_bytes == 2 * package.size
    first, second = server.requests
    assert second.range is None
    assert first.port != second.port


def test_a_file_that_stays_damaged_is_deleted(server, wheel, store):
    server.fault("corrupt")
    package = package_of(wheel, server.url_of(wheel))
    error = error_of([package], store)
    assert (error.code, error.facts["file"], error.facts["host"]) == ("hash-mismatch", wheel.name, "127.0.0.1")
    assert error.exit_code() == 17
    assert len(server.requests) == 2
    assert not store.has(package)
    assert store.part_size(package) == 0


def test_a_file_of_another_size_is_not_even_downloaded(server, wheel, store):
    server.fault("shortlen", 1000)
    package = package_of(wheel, server.url_of(wheel))
    error = error_of([package], store)
    assert error.code == "hash-mismatch"
    assert len(server.requests) == 2


def test_a_server_that_sends_more_than_the_file(server, wheel, store):
    server.fault("once-more")
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert store.path_of(package).stat().st_size == package.size


def test_a_server_that_does_not_tell_the_size(server, wheel, store):
    server.fault("chunked")
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert store.verify(package)


def test_a_server_that_continues_at_another_place(server, wheel, store):
    server.fault("truncate", 200_000, times=1)
    server.fault("badrange", times=1)
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert server.ranges == [None, "bytes=200000-", None]
    assert store.verify(package)


def test_a_file_that_changed_under_its_address_meanwhile(server, wheel, store, folder):
    package = package_of(wheel, server.url_of(wheel))
    server.fault("truncate", 200_000, times=1)
    right = wheel.read_bytes()
    with pytest.raises(SetupError):
        fetch([package], store, settings=FetchSettings(**{**vars(QUICK), "retries": 0}))
    wheel.write_bytes(random_bytes(len(right), seed=9))
    error = error_of([package], store)
    assert error.code == "hash-mismatch"
    assert server.requests[1].if_range is not None
    assert server.requests[1].range == "bytes=200000-"
    wheel.write_bytes(right)
    fetch([package], store, settings=QUICK)
    assert store.verify(package)


def test_a_total_that_is_another(server, wheel, store):
    server.fault("truncate", 200_000, times=1)
    server.fault("othertotal", times=1)
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert server.ranges == [None, "bytes=200000-", None]


# ---- redirects ----


def test_a_redirect_is_followed(server, wheel, store, folder):
    with WheelServer(folder) as other:
        server.fault("redirect", other.base)
        package = package_of(wheel, server.url_of(wheel))
        fetch([package], store, settings=QUICK)
        assert len(other.requests) == 1
    assert store.verify(package)


def test_a_redirect_in_a_circle_ends(server, wheel, store):
    server.fault("loop")
    error = error_of([package_of(wheel, server.url_of(wheel))], store)
    assert (error.code, error.exit_code()) == ("file-missing", 16)
    assert len(server.requests) == 11


@pytest.mark.parametrize("target", ["file:///etc", "ftp://127.0.0.1"])
def test_a_redirect_out_of_the_web_is_refused(server, wheel, store, target):
    server.fault("redirect", target)
    assert error_of([package_of(wheel, server.url_of(wheel))], store).code == "file-missing"


# ---- TLS ----

no_own_authority = pytest.mark.not_in_wine("it judges no certificate by an authority that a program brings along")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA(organization_name="Example Inspection Ltd")


@pytest.fixture
def make_tls():
    import ssl

    def make(certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    return make


@no_own_authority
def test_a_certificate_of_a_known_authority(wheel, folder, store, authority, make_tls, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure:
        package = package_of(wheel, secure.url_of(wheel))
        secure.fault("drop", 200_000, times=1)
        fetch([package], store, settings=FetchSettings(**{**vars(QUICK), "ca_file": file}))
        assert len(secure.requests) == 2
    assert store.verify(package)


@no_own_authority
def test_a_secure_line_that_stalls_is_left_and_can_be_stopped(wheel, folder, store, authority, make_tls, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure:
        package = package_of(wheel, secure.url_of(wheel))
        secure.fault("stall", 100_000, times=1)
        secure.fault("stall", 100_000, times=1)
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file})
        cancel = Cancel()

        def stop_at_the_second(event):
            if len(secure.requests) == 2 and store.part_size(package) == 200_000:
                cancel.request()

        with pytest.raises(Cancelled):
            fetch([package], store, settings=settings, cancel=cancel, emit=stop_at_the_second)
        fetch([package], store, settings=settings)
        assert secure.ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert store.verify(package)


def test_a_file_without_certificates_is_no_reason_to_stop(wheel, server, store, tmp_path, caplog):
    (tmp_path / "ca.pem").write_text("nothing")
    fetch(
        [package_of(wheel, server.url_of(wheel))],
        store,
        settings=FetchSettings(**{**vars(QUICK), "ca_file": tmp_path / "ca.pem"}),
    )
    assert "ca.pem" in caplog.text


@no_own_authority
def test_the_variable_of_openssl_is_obeyed(wheel, folder, store, authority, make_tls, tmp_path, monkeypatch):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure:
        package = package_of(wheel, secure.url_of(wheel))
        fetch([package], store, settings=QUICK)
    assert store.verify(package)


def test_a_network_that_looks_inside_is_named(wheel, folder, store, authority, make_tls):
    with WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure:
        error = error_of([package_of(wheel, secure.url_of(wheel))], store)
        assert secure.requests == []
    assert (error.code, error.exit_code()) == ("tls-intercepted", 15)
    assert error.facts["issuer"] == "Example Inspection Ltd"


def test_a_certificate_for_another_host(wheel, folder, store, authority, make_tls, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with WheelServer(folder, tls=make_tls(authority.issue_cert("example.org"))) as secure:
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file})
        assert error_of([package_of(wheel, secure.url_of(wheel))], store, settings=settings).code == "tls-intercepted"


def dated(authority, not_before_days, not_after_days):
    now = datetime.now(UTC)
    return authority.issue_cert(
        "127.0.0.1",
        not_before=now + timedelta(days=not_before_days),
        not_after=now + timedelta(days=not_after_days),
    )


@pytest.mark.parametrize(("valid", "days_off"), [((-800, -400), -500), ((400, 800), 500)])
def test_a_wrong_clock_is_named_by_the_date_of_the_server(
    wheel, folder, server, store, authority, make_tls, tmp_path, valid, days_off
):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    server.fault("date", days_off, match="/time")
    with WheelServer(folder, tls=make_tls(dated(authority, *valid))) as secure:
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file, "clock_url": f"{server.base}/time"})
        error = error_of([package_of(wheel, secure.url_of(wheel))], store, settings=settings)
    assert (error.code, error.exit_code()) == ("clock-wrong", 15)


def test_a_certificate_that_is_out_of_date_is_the_servers_fault(
    wheel, folder, server, store, authority, make_tls, tmp_path
):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with WheelServer(folder, tls=make_tls(dated(authority, -800, -400))) as secure:
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file, "clock_url": f"{server.base}/time", "retries": 0})
        error = error_of([package_of(wheel, secure.url_of(wheel))], store, settings=settings)
    assert (error.code, error.facts["status"]) == ("server-error", "a certificate that is out of date")


def test_a_certificate_of_the_future_means_a_clock_behind_even_when_nobody_tells_the_time(
    wheel, folder, server, store, authority, make_tls, tmp_path
):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    server.fault("reset", match="/time")
    with WheelServer(folder, tls=make_tls(dated(authority, 400, 800))) as secure:
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file, "clock_url": f"{server.base}/time"})
        assert error_of([package_of(wheel, secure.url_of(wheel))], store, settings=settings).code == "clock-wrong"


@no_own_authority
def test_https_is_never_left_by_a_redirect(wheel, folder, server, store, authority, make_tls, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure:
        secure.fault("redirect", server.base)
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file})
        error = error_of([package_of(wheel, secure.url_of(wheel))], store, settings=settings)
    assert error.code == "redirect-insecure"
    assert server.requests == []


def test_a_server_that_speaks_no_tls(wheel, server, store):
    url = server.url_of(wheel).replace("http:", "https:")
    error = error_of([package_of(wheel, url)], store)
    assert error.code == "tls-intercepted"
    assert error.facts["issuer"] == "this network"


# ---- proxies and logins ----


def test_a_plain_request_goes_through_the_proxy_of_the_environment(wheel, server, folder, store, monkeypatch):
    with WheelServer(folder) as proxy:
        monkeypatch.setenv("http_proxy", proxy.base.replace("//", "//user:s3cret@"))
        package = package_of(wheel, server.url_of(wheel).replace("127.0.0.1", "127.0.0.2"))
        fetch([package], store, settings=FetchSettings(**{**vars(QUICK), "proxies": None}))
        assert len(proxy.requests) == 1
    assert server.requests == []
    assert store.verify(package)


def test_no_proxy_is_obeyed(wheel, server, folder, store, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=FetchSettings(**{**vars(QUICK), "proxies": None}))
    assert len(server.requests) == 1


@no_own_authority
def test_a_secure_request_goes_through_a_tunnel(wheel, folder, store, authority, make_tls, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with (
        WheelServer(folder) as proxy,
        WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure,
    ):
        package = package_of(wheel, secure.url_of(wheel))
        settings = FetchSettings(**{**vars(QUICK), "ca_file": file, "proxies": {"https": proxy.base}})
        fetch([package], store, settings=settings)
        assert [request.method for request in proxy.requests] == ["CONNECT"]
        assert len(secure.requests) == 1
    assert store.verify(package)


def test_the_network_behind_a_tunnel_is_named_too(wheel, folder, store, authority, make_tls):
    with (
        WheelServer(folder) as proxy,
        WheelServer(folder, tls=make_tls(authority.issue_cert("127.0.0.1"))) as secure,
    ):
        settings = FetchSettings(**{**vars(QUICK), "proxies": {"https": proxy.base}})
        error = error_of([package_of(wheel, secure.url_of(wheel))], store, settings=settings)
    assert (error.code, error.facts["issuer"]) == ("tls-intercepted", "Example Inspection Ltd")


def test_a_proxy_that_wants_a_login_for_a_tunnel(wheel, folder, store):
    with WheelServer(folder) as proxy:
        proxy.fault("status", 407, match="CONNECT")
        settings = FetchSettings(**{**vars(QUICK), "proxies": {"https": proxy.base.replace("//", "//me:s3cret@")}})
        error = error_of([package_of(wheel, "https://example.invalid/big.whl")], store, settings=settings)
    assert (error.code, error.exit_code()) == ("proxy-login", 15)
    assert "s3cret" not in f"{error} {error.detail} {error.facts}"


def test_a_proxy_that_wants_a_login_for_a_plain_request(wheel, folder, store):
    with WheelServer(folder) as proxy:
        proxy.fault("status", 407)
        settings = FetchSettings(**{**vars(QUICK), "proxies": {"http": proxy.base}})
        error = error_of([package_of(wheel, f"http://example.invalid/files/{wheel.name}")], store, settings=settings)
    assert error.code == "proxy-login"


def test_a_proxy_that_is_not_there(wheel, server, store, folder):
    with WheelServer(folder) as gone:
        proxy = gone.base.replace("//", "//me:s3cret@")
    settings = FetchSettings(**{**vars(QUICK), "proxies": {"http": proxy}})
    error = error_of([package_of(wheel, server.url_of(wheel))], store, settings=settings)
    assert (error.code, error.facts["host"]) == ("proxy-off", gone.base.removeprefix("http://"))
    assert "s3cret" not in f"{error} {error.detail} {error.facts}"


def test_a_proxy_without_a_scheme_and_one_of_a_kind_that_is_not_spoken(wheel, server, folder, tmp_path):
    with WheelServer(folder) as proxy:
        settings = FetchSettings(**{**vars(QUICK), "proxies": {"http": proxy.base.removeprefix("http://")}})
        fetch([package_of(wheel, server.url_of(wheel))], WheelStore(tmp_path / "a"), settings=settings)
        assert len(proxy.requests) == 1
    settings = FetchSettings(**{**vars(QUICK), "proxies": {"all": "socks5://127.0.0.1:9"}})
    fetch([package_of(wheel, server.url_of(wheel))], WheelStore(tmp_path / "b"), settings=settings)
    assert len(server.requests) == 1


def basic(login):
    import base64

    return "Basic " + base64.b64encode(login.encode()).decode()


def test_a_login_in_the_address_is_used_and_never_shown(wheel, server, store, caplog):
    server.login = basic("me:p@ss word")
    package = package_of(wheel, server.url_of(wheel).replace("//", "//me:p%40ss%20word@"))
    server.fault("truncate", 100_000, times=1)
    events = []
    with caplog.at_level("DEBUG"):
        fetch([package], store, settings=QUICK, emit=events.append)
    assert store.verify(package)
    assert "p%40ss" not in caplog.text + repr(events)


def test_the_password_is_in_no_file_and_no_error(wheel, server, store):
    server.fault("truncate", 1000)
    package = package_of(wheel, server.url_of(wheel).replace("//", "//me:s3cret@"))
    error = error_of([package], store)
    assert "s3cret" not in f"{error} {error.detail} {error.facts}"
    left = [path for path in store.folder.rglob("*") if path.is_file()]
    assert left
    assert all(b"s3cret" not in path.read_bytes() for path in left)


def test_a_login_of_netrc_is_used_for_its_host_only(wheel, server, store, tmp_path, monkeypatch):
    server.login = basic("me:secret")
    netrc = tmp_path / "home" / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    assert store.verify(package)


def test_a_login_that_was_used_once_serves_the_same_server_again(wheel, server, store, folder):
    server.login = basic("me:pw")
    other = make_wheel(folder, "other", files={"other/x.bin": random_bytes(1000)})
    first = package_of(wheel, server.url_of(wheel).replace("//", "//me:pw@"))
    fetch([first], store, settings=QUICK)
    fetch([package_of(other, server.url_of(other))], store, settings=QUICK)
    assert server.requests[-1].authorization == server.login


def test_a_login_does_not_follow_a_redirect_to_another_host(wheel, server, folder, store):
    with WheelServer(folder) as other:
        server.fault("redirect", other.base)
        package = package_of(wheel, server.url_of(wheel).replace("//", "//me:secret@"))
        fetch([package], store, settings=QUICK)
        assert server.requests[0].authorization == basic("me:secret")
        assert [request.authorization for request in other.requests] == [None]


# ---- other servers ----


def test_another_server_goes_on_where_the_first_stopped(server, wheel, folder, store):
    with WheelServer(folder) as other:
        package = package_of(wheel, server.url_of(wheel))
        server.fault("truncate", 200_000, times=1)
        server.fault("status", 500)
        result = fetch([package], store, settings=QUICK, alternatives={wheel.name: [other.url_of(wheel)]})
        assert other.ranges == ["bytes=200000-"]
        assert other.requests[0].if_range is None
    assert result.fetched_bytes == package.size
    assert store.verify(package)


@pytest.mark.parametrize("fault", [("status", 404), ("corrupt", None), ("portal", None), ("reset", None)])
def test_another_server_takes_over(server, wheel, folder, store, fault):
    with WheelServer(folder) as other:
        server.fault(*fault)
        package = package_of(wheel, server.url_of(wheel))
        fetch([package], store, settings=QUICK, alternatives=lambda one: [other.url_of(one.file)])
        assert other.ranges == [None]
    assert store.verify(package)


def test_of_several_troubles_the_telling_one_is_told(server, wheel, folder, store):
    with WheelServer(folder) as other:
        server.fault("status", 500)
        other.fault("status", 404)
        package = package_of(wheel, server.url_of(wheel))
        error = error_of([package], store, alternatives={wheel.name: [other.url_of(wheel), server.url_of(wheel)]})
    assert error.code == "file-missing"


# ---- files of this computer ----


def test_a_file_of_this_computer_is_copied(tmp_path, store):
    wheel = make_wheel(
        tmp_path / "my öffentliche 文件 folder", "big", version="1.0+cpu", files={"b.bin": random_bytes(SIZE)}
    )
    package = package_of(wheel)
    result = fetch([package], store, settings=QUICK)
    assert result.fetched_bytes == package.size
    assert store.verify(package)
    assert store.path_of(package).stat().st_ino != wheel.stat().st_ino
    assert wheel.exists()


def test_a_plain_path_is_an_address_too(wheel, store):
    package = package_of(wheel, "https://no-such-host.invalid/big.whl")
    fetch([package], store, settings=QUICK, alternatives={wheel.name: [str(wheel)]})
    assert store.verify(package)


def test_a_file_that_is_not_there(wheel, store, tmp_path):
    package = package_of(wheel, (tmp_path / "gone" / wheel.name).as_uri())
    error = error_of([package], store)
    assert (error.code, error.facts["host"]) == ("file-missing", str(tmp_path / "gone"))


@pytest.mark.parametrize("content", [b"short", random_bytes(SIZE)])
def test_a_file_of_this_computer_that_is_another_is_refused_and_left_alone(wheel, store, content):
    package = package_of(wheel)
    wheel.write_bytes(content if len(content) < SIZE else content.ljust(package.size, b"x"))
    error = error_of([package], store)
    assert error.code == "hash-mismatch"
    assert wheel.exists()
    assert not store.has(package)


def test_an_address_of_no_kind_is_refused(wheel, store):
    for url in ("relative/path.whl", "ftp://127.0.0.1/x.whl"):
        assert error_of([package_of(wheel, url)], store).code == "plan-invalid"


# ---- the disk ----


def test_too_small_a_disk_is_told_before_anything_is_fetched(server, wheel, store):
    package = replace(package_of(wheel, server.url_of(wheel)), size=1 << 60)
    error = error_of([package], store)
    assert (error.code, error.exit_code()) == ("disk-full", 12)
    assert error.facts["path"] == str(store.folder)
    assert error.facts["need"]
    assert error.facts["free"]
    assert server.requests == []


def test_a_disk_that_fills_up_keeps_the_part(server, wheel, store, monkeypatch):
    """A small quota at the outermost edge: the writes of the system."""
    import errno

    from setupwizard.store import part

    class Small:
        left = 300_000

    real = part.os.fsync
    package = package_of(wheel, server.url_of(wheel))

    def fsync(descriptor):
        if os.fstat(descriptor).st_size > Small.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    error = error_of([package], store)
    assert error.code == "disk-full"
    kept = store.part_size(package)
    assert 0 < kept <= 300_000
    monkeypatch.setattr("os.fsync", real)
    server.requests.clear()
    result = fetch([package], store, settings=QUICK)
    assert server.ranges == [f"bytes={kept}-"]
    assert result.reused_bytes == kept
    assert store.verify(package)


def test_a_store_that_cannot_be_written(server, wheel, tmp_path):
    (tmp_path / "root").write_text("a file where the folder would be")
    error = error_of([package_of(wheel, server.url_of(wheel))], WheelStore(tmp_path / "root" / "store"))
    assert error.code == "root-not-writable"


# ---- stopping ----


def test_cancel_stops_within_moments_even_while_a_server_says_nothing(server, wheel, store):
    server.fault("stall", 100_000)
    settings = FetchSettings(**{**vars(QUICK), "stall_seconds": 60})
    cancel = Cancel()
    package = package_of(wheel, server.url_of(wheel))
    part = store.part_of(package)

    def when_it_stalls() -> None:
        while not (part.exists() and part.stat().st_size == 100_000):
            time.sleep(0.01)
        cancel.request()

    threading.Thread(target=when_it_stalls, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        fetch([package], store, settings=settings, cancel=cancel)
    assert time.monotonic() - started < 10
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fetch-")]
    server.mend()
    result = fetch([package], store, settings=QUICK)
    assert result.reused_bytes == 100_000
    assert server.ranges[-1] == "bytes=100000-"


def test_cancel_during_a_pause(server, wheel, store):
    server.fault("status", "503 after 60")
    settings = FetchSettings(**{**vars(QUICK), "longest_pause": 60})
    cancel = Cancel()
    threading.Timer(0.3, cancel.request).start()
    with pytest.raises(Cancelled):
        fetch([package_of(wheel, server.url_of(wheel))], store, settings=settings, cancel=cancel)


def test_a_wish_that_came_before(server, wheel, store):
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        fetch([package_of(wheel, server.url_of(wheel))], store, settings=QUICK, cancel=cancel)
    assert server.requests == []


def test_one_wheel_that_cannot_be_had_stops_the_others_and_keeps_their_parts(server, folder, store):
    slow = make_wheel(folder, "slow", files={"s.bin": random_bytes(SIZE, seed=3)})
    server.fault("stall", 200_000, match="slow")
    gone = package_of(slow, server.url_of("gone-1.0-py3-none-any.whl"))
    gone = replace(gone, name="gone", file="gone-1.0-py3-none-any.whl", sha256="0" * 64)
    package = package_of(slow, server.url_of(slow))
    server.fault("status", 404, match="gone")
    settings = FetchSettings(**{**vars(QUICK), "stall_seconds": 60})
    error = error_of([package, gone], store, settings=settings)
    assert error.code == "file-missing"


def test_an_emit_that_raises_ends_the_workers(server, wheel, store):
    server.fault("slow", 100_000)

    def broken(_event):
        raise RuntimeError("a fault of the face")

    with pytest.raises(RuntimeError):
        fetch([package_of(wheel, server.url_of(wheel))], store, settings=QUICK, emit=broken)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fetch-")]


# ---- a process that dies ----

PROGRAM = """
import sys
from pathlib import Path
import msgspec
from setupwizard.model.plan import Package
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.wheels import WheelStore
packages = msgspec.json.decode(sys.argv[2], type=list[Package])
print(fetch(packages, WheelStore(Path(sys.argv[1])), settings=FetchSettings(proxies={}, sync_seconds=0)), flush=True)
"""


def test_a_killed_process_is_continued_by_the_next(server, wheel, store):
    import msgspec

    package = package_of(wheel, server.url_of(wheel))
    server.fault("stall", 250_000, times=1)
    argv = [sys.executable, "-c", PROGRAM, str(store.folder), msgspec.json.encode([package]).decode()]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        wait_for(lambda: store.part_size(package) >= 250_000)
        child.kill()
    assert not store.has(package)
    result = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    assert f"fetched_bytes={package.size - 250_000}, reused_bytes=250000" in result.stdout
    assert server.ranges == [None, "bytes=250000-"]
    assert server.requests[1].if_range == f'"{package.sha256[:16]}"'
    assert store.verify(package)


def test_what_a_killed_program_wrote_is_kept_while_the_system_runs(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    server.fault("truncate", 200_000, times=1)
    with pytest.raises(SetupError):
        fetch([package], store, settings=FetchSettings(**{**vars(QUICK), "retries": 0}))
    state = store.part_of(package).with_name("part.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), "synced": 0}))  # a kill comes before the next sync
    fetch([package], store, settings=QUICK)
    assert server.ranges == [None, "bytes=200000-"]


def test_what_a_power_cut_may_have_spoiled_is_fetched_again(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    server.fault("truncate", 200_000, times=1)
    with pytest.raises(SetupError):
        fetch([package], store, settings=FetchSettings(**{**vars(QUICK), "retries": 0}))
    with store.part_of(package).open("ab") as file:
        file.write(bytes(50_000))  # zeros behind what was surely written
    state = store.part_of(package).with_name("part.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), "boot": "the system was started anew"}))
    fetch([package], store, settings=QUICK)
    assert server.ranges == [None, "bytes=200000-"]


def test_a_whole_part_that_was_not_moved_yet_needs_no_server(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    store.path_of(package).rename(store.part_of(package))
    store.part_of(package).with_name("part.json").write_text(f'{{"synced": {package.size}}}')
    server.requests.clear()
    assert fetch([package], store, settings=QUICK).reused_bytes == package.size
    assert server.requests == []


def test_a_whole_part_with_a_wrong_byte_is_thrown_away(server, wheel, store):
    package = package_of(wheel, server.url_of(wheel))
    fetch([package], store, settings=QUICK)
    data = bytearray(store.path_of(package).read_bytes())
    data[1000] ^= 1
    store.path_of(package).unlink()
    store.part_of(package).write_bytes(data)
    store.part_of(package).with_name("part.json").write_text(f'{{"synced": {package.size}}}')
    fetch([package], store, settings=QUICK)
    assert store.verify(package)


@pytest.mark.parametrize("state", ["", "{", '{"synced": -5}', '{"synced": "x"}', '{"synced": 99999999999}', "[]"])
def test_a_note_that_is_spoiled_costs_time_and_nothing_else(server, wheel, store, state):
    package = package_of(wheel, server.url_of(wheel))
    store.place_of(package).mkdir(parents=True)
    store.part_of(package).write_bytes(b"garbage" * 1000)
    store.part_of(package).with_name("part.json").write_text(state)
    fetch([package], store, settings=QUICK)
    assert store.verify(package)


def test_the_server_of_these_tests_can_be_read_by_others_too(server, wheel):
    connection = http.client.HTTPConnection("127.0.0.1", int(server.base.rpartition(":")[2]))
    connection.request("GET", "/simple/big/")
    answer = connection.getresponse()
    assert wheel.name in answer.read().decode()
    connection.close()
