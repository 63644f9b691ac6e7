"""`catalog` as a user runs it: offline it tells how old it is; online it learns, and the decisions follow."""

import json
import platform
import ssl
import sys
from datetime import UTC, datetime

import pytest
import trustme

from helpers.make_wheels import make_wheel
from helpers.program import environment, run
from helpers.wheel_index import LINUX, WINDOWS, WheelIndex
from setupwizard.resources import resource

FACTS = json.loads(resource("catalogue.json").read_bytes())
HOSTS = {host for source in FACTS["package_sources"] for host in source["hosts"]}
MACHINE = {
    "schema": 1,
    "os": "windows",
    "arch": "x86_64",
    "gpus": [{"vendor": "nvidia", "name": "NVIDIA GeForce RTX 4090", "compute_capability": "8.9"}],
    "nvidia_driver": {"version": "581.57", "cuda": "13.0"},
}
# A port where nobody listens: nothing is reached, wherever these tests run.
NOWHERE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def machine(tmp_path):
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(MACHINE))
    return path


@pytest.fixture
def internet(tmp_path):
    """Return a server that is every download server at once, behind a proxy, and the environment that leads there."""
    authority = trustme.CA(organization_name="Example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with WheelIndex(tls=context) as server:
        proxy = f"http://127.0.0.1:{server.port}"
        yield server, {"https_proxy": proxy, "no_proxy": "", "SSL_CERT_FILE": str(tmp_path / "authority.pem")}


def publish_everything(server):
    """Publish what the bundled facts know for two systems."""
    for release in FACTS["releases"]:
        for where, tag in (("linux_x86_64", LINUX), ("win_amd64", WINDOWS)):
            for variant in release["builds"].get(where, {}).get("variants", ()):
                name = f"torch-{release['torch']}+{variant}-cp312-cp312-{tag}.whl"
                server.put(name, variant, b"old")


def recommended(machine, env):
    return run("recommend", "--machine", machine, "--json", env=env).document


def test_without_a_network_it_says_how_old_it_is_and_nothing_is_an_error(home, machine):
    env = environment(home, **NOWHERE)
    before = recommended(machine, env)
    ended = run("catalog", "--refresh", "--json", env=env)
    assert (ended.code, ended.err) == (0, "")
    told = ended.document
    age = (datetime.now(UTC).date() - datetime.fromisoformat(FACTS["data_date"]).date()).days
    assert (told["data_date"], told["bundled_date"], told["age_days"]) == (
        FACTS["data_date"],
        FACTS["data_date"],
        max(0, age),
    )
    assert told["refreshed"] is None
    assert all(one["code"] != "ok" for one in told["asked"])
    assert {release["torch"] for release in told["releases"]} == {release["torch"] for release in FACTS["releases"]}
    assert not list(home.rglob("catalogue.json"))
    assert recommended(machine, env) == before
    spoken = run("catalog", "--refresh", env=env)
    assert (spoken.code, spoken.err) == (0, "")
    assert FACTS["data_date"] in spoken.out
    assert "Aliyun mirror" in spoken.out, "a server is called as everywhere else"


def test_recommend_never_asks_by_itself(home, machine, internet):
    server, way = internet
    server.add("2.99.0+cu130")
    assert recommended(machine, environment(home, **way))["data_date"] == FACTS["data_date"]
    assert server.requests == []


def test_what_was_learned_is_used_by_every_decision_afterwards(home, machine, internet):
    server, way = internet
    publish_everything(server)
    server.add("2.99.0+cu130")
    env = environment(home, **way)
    ended = run("catalog", "--refresh", "--json", env=env)
    assert (ended.code, ended.err) == (0, "")
    today = datetime.now(UTC).date().isoformat()
    told = ended.document
    assert {one["id"]: one["code"] for one in told["asked"]}["official"] == "ok"
    assert (told["data_date"], told["refreshed"], told["age_days"], told["newest"]) == (today, today, 0, "2.99.0")
    assert {"torch": "2.99.0", "variant": "cu130"}.items() <= told["appeared"][-1].items()
    assert told["assumed"] == []
    assert {host for method, host, _headers in server.requests if method == "CONNECT"} <= {f"{h}:443" for h in HOSTS}
    offline = environment(home, **NOWHERE)
    answer = recommended(machine, offline)
    assert (answer["build"]["torch"], answer["build"]["variant"], answer["data_date"]) == ("2.99.0", "cu130", today)
    assert answer["build"]["assumed"] is False
    assert answer["build"]["index_url"] == "https://download.pytorch.org/whl/cu130"
    (kept,) = home.rglob("catalogue.json")
    kept.write_text("{")
    damaged = run("recommend", "--machine", machine, "--json", env=offline)
    assert damaged.code == 0
    assert damaged.document["build"]["torch"] == FACTS["releases"][-1]["torch"]
    assert str(kept) in damaged.err


@pytest.mark.linux_only("the published builds differ elsewhere")
def test_a_plan_takes_the_newest_build_and_says_that_it_is_assumed(home, tmp_path, internet):
    server, way = internet
    publish_everything(server)
    word = f"{sys.version_info.major}{sys.version_info.minor}"
    tag = f"manylinux_2_28_{platform.machine()}"
    server.add("2.99.0+cu130", pythons=(word,), platforms=(tag,))
    server.ranges = False
    assert run("catalog", "--refresh", env=environment(home, **way)).code == 0
    offline = environment(home, **NOWHERE)
    here = run("detect", "--json", env=offline).document
    card = {"vendor": "nvidia", "name": "Card", "compute_capability": "9.0", "driver_sees_it": True}
    here |= {"gpus": [card], "nvidia_driver": {"version": "581.57"}, "findings": []}
    path = tmp_path / "here.json"
    path.write_text(json.dumps(here))
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "torch", "2.99.0+cu130", tag=f"cp{word}-cp{word}-{tag}", files={"torch/__init__.py": b""})
    for name in ("numpy", "pip", "setuptools", "wheel"):
        make_wheel(wheels, name, "99.0")
    planned = run("plan", "--json", "--machine", path, "--source", wheels, "--env", tmp_path / "root", env=offline)
    assert planned.code == 0, planned.err
    build = planned.document["build"]
    assert (build["torch"], build["variant"], build["assumed"]) == ("2.99.0", "cu130", True)


def test_a_network_that_shows_a_certificate_of_its_own_is_no_news(home, machine, internet):
    server, way = internet
    server.add("2.99.0+cu130")
    env = environment(home, **{name: value for name, value in way.items() if name != "SSL_CERT_FILE"})
    told = run("catalog", "--refresh", "--json", env=env).document
    assert {one["code"] for one in told["asked"]} == {"tls-intercepted"}
    assert told["data_date"] == FACTS["data_date"]
