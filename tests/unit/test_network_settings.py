"""A way to the servers is tried for real before it is trusted, and everybody who may be asked is named."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme

from helpers.loopback import Answer, loopback
from setupwizard import workflow
from setupwizard.errors import SetupError
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.settings import Preferences, Settings
from setupwizard.tools import preferences


@pytest.fixture
def unused_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    yield
    preferences.use(Preferences())


def test_a_proxy_that_answers_is_told_with_the_server_behind_it():
    with loopback() as proxy:
        proxy.answers["http://files.example/torch/"] = Answer(b"through the proxy")
        reached = workflow.try_connection(Settings(proxy=proxy.url), url="http://files.example/torch/")
    assert reached.host == "files.example"


def test_a_server_that_lacks_the_page_has_answered():
    with loopback() as server:
        assert workflow.try_connection(Settings(proxy="none"), url=f"{server.url}/missing/").host.startswith(
            "127.0.0.1"
        )


def test_a_proxy_that_is_not_there_is_named_as_the_cause(unused_port):
    with pytest.raises(SetupError) as caught:
        workflow.try_connection(Settings(proxy=f"http://127.0.0.1:{unused_port}"), url="http://files.example/")
    assert caught.value.code == "proxy-off"


def test_a_proxy_that_wants_a_login_is_named_as_the_cause():
    with loopback() as proxy:
        proxy.answers["http://files.example/"] = Answer(
            b"", 407, headers={"Proxy-Authenticate": 'Basic realm="school"'}
        )
        with pytest.raises(SetupError) as caught:
            workflow.try_connection(Settings(proxy=proxy.url), url="http://files.example/")
    assert caught.value.code == "proxy-login"


@pytest.mark.not_in_wine("it judges no certificate by an authority that a program brings along")
def test_the_certificates_are_tried_too(tmp_path):
    authority = trustme.CA(organization_name="School Filter")
    file = tmp_path / "school.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with loopback(context) as server:
        server.answers["/"] = Answer(b"hello")
        with pytest.raises(SetupError) as caught:
            workflow.try_connection(Settings(proxy="none"), url=f"{server.url}/")
        assert caught.value.code == "tls-intercepted"
        assert workflow.try_connection(Settings(proxy="none", certificates=str(file)), url=f"{server.url}/")


def test_what_holds_now_does_not_take_part_in_a_try(monkeypatch, unused_port):
    preferences.use(Preferences(settings=Settings(proxy=f"http://127.0.0.1:{unused_port}")))
    with loopback() as server:
        server.answers["/"] = Answer(b"hello")
        workflow.try_connection(Settings(proxy="none"), url=f"{server.url}/")
        workflow.try_connection(Settings(proxy="system"), url=f"{server.url}/")
    assert {path for _method, path in server.asked} == {"/"}
    assert len(server.asked) >= 2  # both came to the server, not to the proxy that holds now


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (Settings(proxy="ftp://old"), "document-invalid"),
        (Settings(certificates=str(Path("not-there.pem").absolute())), "document-unreadable"),
    ],
)
def test_what_cannot_be_tried_is_said(settings, code):
    with pytest.raises(SetupError) as caught:
        workflow.try_connection(settings, url="http://127.0.0.1:9/")
    assert caught.value.code == code


def test_every_server_of_the_catalogue_is_named_with_its_hosts():
    told = workflow.contacts()
    hosts = {host for one in told for host in one.hosts}
    assert hosts == {host for source in load_catalogue().sources for host in source.hosts}
    assert {one.id for one in told if not one.hosts} == {"pip-config", "general"}
    assert all(one.when for one in told)
