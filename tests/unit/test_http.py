"""Every fault of a server or a network is named by its true cause."""

import socket
import ssl

import pytest
import trustme

from helpers.loopback import Answer, loopback
from setupwizard.errors import SetupError
from setupwizard.tools import http
from setupwizard.tools.http_faults import host_of, next_hop
from setupwizard.tools.transport import FetchSettings


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SETUPWIZARD_PATIENCE", "0.05")


def code_of(url, **options):
    with pytest.raises(SetupError) as caught:
        http.get(url, **options)
    return caught.value


def test_a_page_and_a_size():
    with loopback() as server:
        url = server.page("/x", "hello")
        assert http.get(url).body == b"hello"
        assert http.size_of(url) == 5


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "file-missing"),
        (403, "file-missing"),
        (500, "server-error"),
        (503, "server-error"),
        (407, "proxy-login"),
        (511, "captive-portal"),
        (418, "file-missing"),
    ],
)
def test_statuses(status, code):
    with loopback() as server:
        server.answers["/x"] = Answer(b"", status)
        error = code_of(server.url + "/x")
    assert error.code == code


def test_redirects_are_followed_but_not_for_ever():
    with loopback() as server:
        server.page("/end", "there")
        server.answers["/start"] = Answer(status=302, headers={"Location": "/end"})
        server.answers["/loop"] = Answer(status=302, headers={"Location": "/loop"})
        assert http.get(server.url + "/start").body == b"there"
        assert code_of(server.url + "/loop").code == "file-missing"


def test_https_never_goes_down_to_http():
    with pytest.raises(SetupError) as caught:
        next_hop("https://a.example/x", "http://b.example/y")
    assert (caught.value.code, caught.value.facts["host"]) == ("redirect-insecure", "a.example")
    assert next_hop("https://a.example/x", "/y") == "https://a.example/y"


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert code_of(f"http://127.0.0.1:{port}/").code == "host-blocked"


def test_a_server_that_says_nothing():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert (
            code_of(f"http://127.0.0.1:{silent.getsockname()[1]}/", settings=FetchSettings(stall_seconds=0.2)).code
            == "network-timeout"
        )


def test_a_name_that_has_no_address():
    assert code_of("http://no-such-host.invalid/", settings=FetchSettings(connect_seconds=3)).code == "name-unknown"


def test_a_certificate_that_nobody_knows_is_named_with_its_issuer():
    authority = trustme.CA(organization_name="School Filter")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with loopback(context) as server:
        error = code_of(server.url + "/")
    assert error.code == "tls-intercepted"
    assert "School Filter" in error.advice


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    with loopback() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        proxy.answers["http://files.example/x"] = Answer(b"through the proxy")
        assert http.get("http://files.example/x").body == b"through the proxy"


def test_passwords_never_reach_a_message():
    assert host_of("https://me:secret@h.example/x") == "h.example"
    error = code_of("http://me:secret@127.0.0.1:9/x")
    assert "secret" not in f"{error} {error.detail}"
