"""What is read of pages and wheels: what servers really write, and nothing of what only looks like it."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.loopback import Answer, loopback
from helpers.refreshing import PROXIES, RAW, TODAY, facts
from helpers.wheel_index import WheelIndex, torch_files
from setupwizard.errors import SetupError
from setupwizard.probes.index_pages import links_in, wheel_of
from setupwizard.probes.wheel_facts import code_table, facts_in
from setupwizard.steps.refresh import refresh, variant_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.remote_zip import Unasked


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with WheelIndex() as one:
        yield one


@pytest.mark.parametrize(
    "page",
    [
        b"<html><form>log in</form></html>",
        b"<html></html>",
        b"\x00\xff" * 1000,
        b"<a href='torch-9.9.9%2Bcu130-cp312-cp312-win_amd64.whl.exe'>x</a>",
        b"<a href='torch-2.99.0.dev1%2Bcu130-cp312-cp312-win_amd64.whl'>x</a>",
        b"<a href='torchvision-2.99.0%2Bcu130-cp312-cp312-win_amd64.whl'>x</a>",
        b"<a href='javascript:torch-2.99.0%2Bcu130-cp312-cp312-win_amd64.whl'>x</a>",
        b"<a href='//user:pw@127.0.0.1/torch-2.99.0%2Bcu130-cp312-cp312-win_amd64.whl'>x</a>",
        b"<a " * 1_000_000,
        b"<a '" * 500_000,
        b"<!--" * 500_000,
        b"<a href='torch-2.99.0%2Bcu130-cp312-cp312-win_amd64.whl' data-yanked>x</a>",
        b"<!-- <a href='torch-2.99.0%2Bcu130-cp312-cp312-win_amd64.whl'>x</a> -->",
        b"<![x",
    ],
)
def test_a_page_that_is_none_brings_nothing(server, page):
    for path in ("/whl/cu130/torch/", "/whl/torch/"):
        server.bodies[path] = (page, "text/html")
    bundled = facts(server)
    answers = refresh(bundled, None, today=TODAY, cancel=Cancel())
    assert answers.refreshed.pages == ()
    assert answers.asked[0].code != "ok"


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"files": 1}', b'{"meta": {"api-version": "2.0"}, "files": []}', b"[" * 9999]
)
def test_broken_json_brings_nothing(server, body):
    for path in ("/whl/cu130/torch/", "/whl/torch/"):
        server.bodies[path] = (body, "application/vnd.pypi.simple.v1+json")
    assert refresh(facts(server), None, today=TODAY, cancel=Cancel()).refreshed.pages == ()


@pytest.mark.parametrize(
    "anchor",
    [
        "<a href='{}'>x</a>",
        '<A HREF="{}" data-requires-python=">=3.10">x</A>',
        "<a\n  data-x='a > b'\n  href={}\n>x</a>",
        '<a class=x href=" {}#sha256=0 ">',
        "<!-- one --><a href='{}'><!-- two -->",
    ],
)
def test_links_as_servers_write_them(anchor):
    name = "torch-2.99.0%2Bcu130-cp312-cp312-win_amd64.whl"
    page = anchor.format(name.replace("-cp312-", "&#45;cp312-", 1)).encode()
    (link,) = links_in(page, "text/html", "https://download.pytorch.org/whl/cu130/torch/")
    assert link.file == "torch-2.99.0+cu130-cp312-cp312-win_amd64.whl"
    assert link.url == f"https://download.pytorch.org/whl/cu130/torch/{name}"


@pytest.mark.parametrize(
    ("url", "variant"),
    [
        ("/whl/cu130/torch-2.9.0%2Bcu130-cp312-cp312-win_amd64.whl", "cu130"),
        ("/whl/rocm6.4/torch-2.9.0%2Brocm6.4-cp312-cp312-manylinux_2_28_x86_64.whl", "rocm6.4"),
        ("https://download-r2.pytorch.org/whl/cu132/torch-2.15.0%2Bcu132-cp312-cp312-win_amd64.whl", "cu132"),
        ("/whl/cu128/torch-2.7.0-cp312-cp312-manylinux_2_28_aarch64.whl", "cu128"),
        ("/whl/cpu/torch-2.5.1-cp312-cp312-manylinux2014_aarch64.whl", "cpu"),
        ("/whl/torch-2.9.0-cp312-none-macosx_11_0_arm64.whl", "cpu"),
        ("/whl/cu130/torch-2.9.0-cp312-none-macosx_11_0_arm64.whl", "cpu"),
        ("/whl/torch-2.9.0-cp312-cp312-win_amd64.whl", "cpu"),
        ("/whl/cpu-cxx11-abi/torch-2.5.1%2Bcpu.cxx11.abi-cp312-cp312-linux_x86_64.whl", None),
        ("/whl/cu121/torch-2.1.0%2Bcu121.with.pypi.cudnn-cp311-cp311-linux_x86_64.whl", None),
        ("/whl/cu130/torchvision-0.24.0%2Bcu130-cp312-cp312-win_amd64.whl", None),
    ],
)
def test_the_variant_of_a_file_as_the_official_pages_name_it(url, variant):
    page = f'<a href="{url}#sha256={"0" * 64}" data-core-metadata="sha256={"1" * 64}">x</a><br/>'.encode()
    (link,) = links_in(page, "text/html", "https://download.pytorch.org/whl/cu130/torch/")
    assert link.sha256 == "0" * 64
    assert variant_of(link) == variant


def test_a_page_lists_nothing_for_another_variant(server):
    page = b"<a href='/files/torch-2.99.0%2Bcu126-cp312-cp312-win_amd64.whl'>x</a>"
    server.bodies["/whl/cu130/torch/"] = (page, "text/html")
    assert refresh(facts(server), None, today=TODAY, cancel=Cancel()).refreshed.pages == ()


def test_a_network_that_leads_elsewhere_is_not_believed(server):
    server.add("2.99.0+cu130")
    with loopback() as portal:
        there = server.url.replace("127.0.0.1", "localhost")
        for path in ("/whl/torch/", "/whl/cu130/torch/"):
            portal.answers[path] = Answer(b"", 302, headers={"Location": there + path})
        raw = [{**RAW["package_sources"][0], "url": portal.url + "/whl/{variant}", "hosts": ["127.0.0.1"]}]
        answers = refresh(facts(package_sources=raw), None, today=TODAY, cancel=Cancel())
    assert answers.refreshed.pages == ()
    assert answers.asked[0].code == "captive-portal"


PIECES = st.sampled_from(
    [
        "<a href=",
        "'",
        '"',
        ">",
        "torch-2.16.0%2Bcu130-cp312-cp312-win_amd64.whl",
        "#sha256=",
        "0" * 64,
        "<base href='//x'>",
        "http://",
        "https://[",
        "..",
        "\x00",
        "<!--",
        "<![CDATA[",
        "&#x110000;",
        "data-yanked",
        '{"files": [',
        "]}",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200), st.sampled_from(["text/html", "x/json"]))
def test_no_page_breaks_the_reading(text, kind):
    try:
        links = links_in(text.encode("utf-8", "replace"), kind, "https://download.pytorch.org/whl/cu130/torch/")
    except SetupError:
        return
    for link in links:
        assert link.url.startswith("https://")
        assert link.file.endswith(".whl")
        assert link.sha256 is None or set(link.sha256) <= set(string.hexdigits)
        wheel_of(link.file)


@given(st.text(max_size=200), st.text(alphabet="0123456789{}:,\"'x86_ar#\n", max_size=300))
@example("", "{" * 200 + "}" * 200)
@example("", '"13.0": {"x86_64": {True, 10**9}}')
def test_no_text_of_a_wheel_breaks_the_reading(text, table):
    source = f"{text}\nPYTORCH_RELEASES_CODE_CC: dict = {{\n{table}\n}}\n"
    for rows in code_table(source).values():
        assert all(isinstance(sm, int) for sms in rows.values() for sm in sms)
    good = torch_files("2.16.0+cu130")
    texts = {name.rpartition("dist-info/")[2]: data for name, data in good.items()}
    try:
        found = facts_in(
            {**texts, "torch/cuda/__init__.py": source.encode("utf-8", "replace")}, "2.16.0", "cu130", TODAY
        )
    except Unasked:
        return
    assert found.silent in {None, "no-table"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("METADATA", b"Name: torch", b"Name: torchvision"),
        ("METADATA", b"Version: 2.16.0+cu130", b"Version: 2.15.0+cu130"),
        ("METADATA", b"Version: 2.16.0+cu130", b"Version: 2.16.0+cu126"),
        ("torch/version.py", b"'2.16.0+cu130'", b"'2.17.0+cu130'"),
        ("torch/version.py", b"'13.0'", b"'12.6'"),
        ("torch/version.py", b"'13.0'", b"None"),
        ("torch/cuda/__init__.py", b"120", b"12000"),
    ],
)
def test_a_wheel_that_is_another_than_its_page_said_is_not_believed(name, old, new):
    texts = {name.rpartition("dist-info/")[2]: data for name, data in torch_files("2.16.0+cu130").items()}
    assert facts_in(texts, "2.16.0", "cu130", TODAY).sm["x86_64"] == (75, 80, 86, 90, 100, 120)
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new)
    with pytest.raises(Unasked, match="broken-archive"):
        facts_in(texts, "2.16.0", "cu130", TODAY)
