"""Every fault of a server or a network is named by its true cause."""

import errno
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme

from helpers.loopback import Answer, loopback
from setupwizard import codes, i18n
from setupwizard.errors import SetupError
from setupwizard.sentences import SENTENCES
from setupwizard.tools import http, pip
from setupwizard.tools.addresses import host_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http_faults import cause_of, next_hop, proxy_login, retry_after
from setupwizard.tools.proxies import variables_for
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
def test_each_status_of_a_server_becomes_its_true_cause(status, code):
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


def test_a_port_where_nobody_listens_is_a_blocked_host():
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


NETWORK_CODES = [
    code
    for code in codes.ERROR_CODES
    if SENTENCES[code].exit_id in {"network", "proxy-tls"} or code in {"file-missing", "hash-mismatch"}
    if code != "conda-offline"  # no host was asked or would have been: it is about what conda has kept
]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("code", NETWORK_CODES)
def test_every_sentence_about_the_network_names_the_host_and_what_to_do(code, language):
    i18n.set_language(language)
    try:
        error = SetupError(code, host="files.example", file="torch.whl", issuer="School", target="http://open.example")
        assert "files.example" in f"{error.title} {error.advice}"
        assert error.title
        assert error.advice
        assert (i18n._(error.sentence.title) != error.sentence.title) == (language != "en")
    finally:
        i18n.set_language("en")


def test_a_busy_server_is_asked_again_as_late_as_it_wishes():
    with loopback() as server:
        answers = iter([Answer(b"", 503, headers={"Retry-After": "0"}), Answer(b"", 429), Answer(b"at last")])
        server.answers["/x"] = lambda: next(answers)
        assert http.get(server.url + "/x").body == b"at last"


def test_a_server_that_stays_busy_is_given_up():
    with loopback() as server:
        server.answers["/x"] = Answer(b"", 500)
        error = code_of(server.url + "/x")
        assert len(server.asked) == http.PATIENCE.retries + 1
    assert (error.code, error.facts["status"]) == ("server-error", "HTTP 500")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("soon", None),
        ("-3", None),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2026 00:00:00 -0000", 0.0),
    ],
)
def test_the_pause_that_is_asked_for(text, seconds):
    assert retry_after(text) == seconds


def test_a_pause_until_a_date():
    wished = retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=90)))
    assert 80 < wished < 91


def test_no_proxy_may_name_a_port(monkeypatch):
    with loopback() as server:
        url = server.page("/x", "direct")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", server.url.removeprefix("http://"))
        assert http.get(url).body == b"direct"


def test_a_proxy_that_takes_a_login_of_windows_alone_says_so():
    assert "NTLM" in proxy_login("NTLM", "http://me:s3cret@proxy.example:8080").advice
    assert "s3cret" not in str(proxy_login("NTLM", "http://me:s3cret@proxy.example:8080"))
    assert "NTLM" not in proxy_login('NTLM, Basic realm="x"', "http://proxy.example:8080").advice


def test_no_network_at_all_is_not_the_fault_of_a_host():
    error = cause_of(OSError(errno.ENETUNREACH, "Network is unreachable"), "https://files.example/x")
    assert (error.code, error.facts["host"]) == ("network-off", "files.example")


def test_patience_is_a_factor_for_all_waiting(monkeypatch):
    for text, factor in (("2", 2), ("0.5", 0.5), ("0", 1), ("nan", 1), ("much", 1), ("-1", 1), ("inf", 1)):
        monkeypatch.setenv("SETUPWIZARD_PATIENCE", text)
        assert FetchSettings().as_wished().stall_seconds == FetchSettings().stall_seconds * factor


def test_the_proxies_of_the_system_go_to_children_unless_the_environment_names_one(monkeypatch):
    settings = {"http": "http://proxy.corp:8080", "https": "http://proxy.corp:8080", "no": "ignored"}
    monkeypatch.setattr("setupwizard.tools.proxies.getproxies", lambda: settings)
    monkeypatch.setattr("setupwizard.tools.proxies.proxy_bypass", lambda host: host.endswith(".corp"))
    variables = variables_for('url = "https://wheels.corp/simple"', "https://files.example/x")
    assert variables == {
        "HTTP_PROXY": "http://proxy.corp:8080",
        "HTTPS_PROXY": "http://proxy.corp:8080",
        "NO_PROXY": "localhost,127.0.0.1,wheels.corp",
    }
    monkeypatch.setenv("https_proxy", "http://mine:1")
    assert variables_for() == {}


def test_pip_shows_us_its_proxy_and_its_certificates(monkeypatch, tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nproxy = http://me:s3cret@proxy.corp:8080\ncert = /etc/corp.pem\n")
    for name in ("PIP_CERT", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    way = pip.way(FetchSettings(), pip.user_environment(), cancel=Cancel())
    assert way.proxies == dict.fromkeys(("http", "https"), "http://me:s3cret@proxy.corp:8080")
    assert way.ca_file == Path("/etc/corp.pem")


def test_the_size_of_a_file_is_known_wherever_it_lies(tmp_path):
    (tmp_path / "a.whl").write_bytes(b"x" * 7)
    assert http.file_size((tmp_path / "a.whl").as_uri()) == 7
    with loopback() as server:
        assert http.file_size(server.page("/a.whl", "x" * 9)) == 9
    with pytest.raises(SetupError) as caught:
        http.file_size((tmp_path / "gone.whl").as_uri())
    assert (caught.value.code, caught.value.facts["file"]) == ("file-missing", "gone.whl")
