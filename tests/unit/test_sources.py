"""What download servers answer, and which build that makes possible."""

import json
import os
import platform
import sys

import pytest

from helpers.loopback import Answer, loopback
from setupwizard.errors import SetupError
from setupwizard.probes.listings import (
    FAST,
    Listing,
    Offer,
    PythonSpec,
    Question,
    SourceSpec,
    cause_of_silence,
    fastest_first,
)
from setupwizard.probes.sources import ask_all, files_on
from setupwizard.tools import http
from setupwizard.tools.concurrency import Cancel

ARCH = platform.machine()
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = MINOR.replace(".", "")
PLATFORM = {"linux": f"manylinux_2_17_{ARCH}.manylinux2014_{ARCH}", "win32": "win_amd64"}.get(sys.platform, "any")


def wheel(version, tag=TAG, where=PLATFORM, name="torch"):
    return f"{name}-{version}-cp{tag}-cp{tag}-{where}.whl"


def question(*variants, general=lambda _version: None):
    return Question(
        variants=variants or ("cpu", "cu130"),
        pythons=(PythonSpec(version=MINOR, path=sys.executable),),
        general_variant=general,
    )


def ask(spec, asked, tmp_path, project="torch"):
    (listing,) = ask_all([spec], project, asked, work=tmp_path, cancel=Cancel())
    return listing


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SETUPWIZARD_PATIENCE", "0.05")


def test_an_index_offers_what_fits_this_computer_and_nothing_else(tmp_path):
    with loopback() as server:
        files = [wheel("2.13.0+cpu"), wheel("2.12.0+cpu", tag="27"), wheel("2.11.0+cpu", where="win_ia64"), "notes.txt"]
        server.index("/whl/cpu", "torch", files)
        spec = SourceSpec(id="mine", name="Mine", kind="index", url=server.url + "/whl/{variant}")
        listing = ask(spec, question(), tmp_path)
    assert listing.code == "ok"
    assert listing.offers == {Offer(version="2.13.0", variant="cpu", python=MINOR, tagged=True)}


def test_a_json_index_is_read_as_well(tmp_path):
    with loopback() as server:
        file = {"filename": wheel("2.13.0+cpu"), "url": wheel("2.13.0+cpu").replace("+", "%2B"), "hashes": {}}
        body = json.dumps({"meta": {"api-version": "1.0"}, "name": "torch", "files": [file]}).encode()
        server.answers["/whl/cpu/torch/"] = Answer(body, kind="application/vnd.pypi.simple.v1+json")
        spec = SourceSpec(id="mine", name="Mine", kind="index", url=server.url + "/whl/{variant}")
        assert ask(spec, question("cpu"), tmp_path).offer("2.13.0", "cpu", MINOR) is not None


def test_links_of_an_index_with_a_login_are_found_and_do_not_hold_it():
    with loopback() as server:
        url = server.index("/whl/cpu", "torch", [wheel("2.13.0+cpu")]).replace("//", "//name:secret@") + "/torch/"
        files = files_on(http.get(url))
    assert files == {wheel("2.13.0+cpu"): f"{server.url}/whl/files/{wheel('2.13.0+cpu').replace('+', '%2B')}"}


def test_a_withdrawn_wheel_is_listed_as_a_plan_names_exact_versions():
    with loopback() as server:
        url = server.page("/torch/", f'<a data-yanked="broken" href="{wheel("2.13.0")}">x</a>')
        assert list(files_on(http.get(url))) == [wheel("2.13.0")]


def test_a_secure_page_cannot_lead_to_an_open_server():
    text = b'<a href="http://other.example/torch-2.13.0-py3-none-any.whl">x</a>'
    page = http.Page(url="https://here.example/torch/", asked="", content_type="text/html", body=text)
    assert files_on(page) == {}


def test_a_flat_listing_is_read_as_well(tmp_path):
    with loopback() as server:
        server.page("/wheels/cpu/", f'<a href="{wheel("2.13.0+cpu").replace("+", "%2B")}">x</a>')
        spec = SourceSpec(id="flat", name="Flat", kind="find-links", url=server.url + "/wheels/{variant}")
        assert ask(spec, question("cpu"), tmp_path).code == "ok"


def test_a_folder_offers_the_builds_whose_wheels_lie_in_it(tmp_path):
    (tmp_path / wheel("2.13.0+cpu")).touch()
    spec = SourceSpec(id="folder", name="Folder", kind="folder", url=str(tmp_path))
    assert ask(spec, question("cpu"), tmp_path).code == "ok"
    assert ask(spec, question("cu130"), tmp_path).code == "build-not-in-sources"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"", 404), "build-not-in-sources"),
        (Answer(b"", 403), "file-missing"),
        (Answer(b"", 500), "server-error"),
        (Answer(b"<html><form>log in</form></html>"), "captive-portal"),
        (Answer(b"{", kind="application/vnd.pypi.simple.v1+json"), "document-unreadable"),
        (Answer(b"<html></html>"), "build-not-in-sources"),
    ],
)
def test_the_true_cause_is_named(answer, code, tmp_path):
    with loopback() as server:
        server.answers["/whl/cpu/torch/"] = answer
        spec = SourceSpec(id="mine", name="Mine", kind="index", url=server.url + "/whl/{variant}")
        listing = ask(spec, question("cpu"), tmp_path)
    assert listing.code == code
    assert listing.text


def test_an_index_without_a_page_has_answered_whatever_others_did(tmp_path):
    with loopback() as server:
        spec = SourceSpec(id="mine", name="Mine", kind="index", url=server.url + "/whl/{variant}")
        listing = ask(spec, question("cpu"), tmp_path)
    assert f"HTTP 404 for {spec.url.replace('{variant}', 'cpu')}/torch/" in listing.text
    assert cause_of_silence([listing, silent("mirror", "network-timeout", host="mirror.example")]) is None


def test_pip_says_what_the_users_settings_hold(tmp_path, monkeypatch):
    links = tmp_path / "links"
    links.mkdir()
    (links / wheel("2.13.0+cpu")).touch()
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nno-index = true\nfind-links = {links}\n")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    spec = SourceSpec(id="pip-config", name="pip", kind="pip-config")
    listing = ask(spec, question("cpu"), tmp_path / "work")
    assert listing.offers == {Offer(version="2.13.0", variant="cpu", python=MINOR, tagged=True)}


def test_an_untagged_wheel_is_the_general_default(tmp_path, monkeypatch):
    links = tmp_path / "links"
    links.mkdir()
    (links / wheel("2.14.1")).touch()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nno-index = true\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    spec = SourceSpec(id="pip-config", name="pip", kind="pip-config")
    listing = ask(spec, question("cu130", general=lambda _version: "cu130"), tmp_path / "work")
    assert listing.offers == {Offer(version="2.14.1", variant="cu130", python=MINOR, tagged=False)}


def test_a_tagged_build_comes_before_an_untagged_one():
    both = [Offer(version="1", variant="cpu", python="3.12", tagged=tagged) for tagged in (True, False)]
    spec = SourceSpec(id="x", name="x", kind="index")
    listing = Listing(spec=spec, code="ok", text="", offers=frozenset(both))
    assert listing.offer("1", "cpu", "3.12") == both[0]
    assert listing.offer("2", "cpu", "3.12") is None


# ---- who is asked first, and why nobody answered ----


def silent(name, code, **facts):
    spec = SourceSpec(id=name, name=name, kind="index", url=f"https://{name}.example/whl")
    error = None if code in {"ok", "build-not-in-sources", "not-asked"} else SetupError(code, **facts)
    return Listing(spec=spec, code=code, text="text", error=error)


def measured(name, speed):
    return Listing(spec=SourceSpec(id=name, name=name, kind="index"), code="ok", text="", bytes_per_s=speed)


@pytest.mark.parametrize(
    ("speeds", "first"),
    [
        ((100_000, 3_000_000), "mirror"),
        ((1_500_000, 3_000_000), "official"),
        ((FAST, 50 * FAST), "official"),
        ((None, 3_000_000), "official"),
        ((100_000, None), "official"),
    ],
)
def test_a_slow_source_steps_behind_a_much_faster_one(speeds, first):
    listings = [measured(name, speed) for name, speed in zip(("official", "mirror"), speeds, strict=True)]
    assert fastest_first(listings)[0].spec.id == first


@pytest.mark.parametrize(
    ("codes", "cause"),
    [
        (("host-blocked", "host-blocked"), "host-blocked"),
        (("name-unknown", "server-error"), "server-error"),
        (("file-missing", "server-error"), "server-error"),
        (("file-missing", "file-missing"), "file-missing"),
        (("network-off", "not-asked"), "network-off"),
        (("host-blocked", "build-not-in-sources"), None),
        (("tls-intercepted", "build-not-in-sources"), "tls-intercepted"),
        (("proxy-login", "network-timeout"), "proxy-login"),
        (("not-asked", "build-not-in-sources"), None),
    ],
)
def test_the_most_telling_cause_of_silence_is_named(codes, cause):
    listings = [silent(name, code, host=f"{name}.example") for name, code in zip("ab", codes, strict=True)]
    error = cause_of_silence(listings)
    assert (error.code if error else None) == cause
    if error:
        assert error.facts["host"].endswith(".example")
        assert "a: text" in error.detail


def test_the_speed_is_measured_on_a_file_not_on_the_page(tmp_path):
    with loopback() as server:
        name = wheel("2.13.0+cpu")
        server.index("/whl/cpu", "torch", [name])
        server.answers[f"/whl/files/{name.replace('+', '%2B')}"] = Answer(b"x" * 300_000)
        spec = SourceSpec(id="mine", name="Mine", kind="index", url=server.url + "/whl/{variant}")
        listing = ask(spec, question("cpu"), tmp_path)
    assert listing.code == "ok"
    assert listing.bytes_per_s is not None
    assert listing.bytes_per_s > 0


def test_a_source_without_the_file_that_it_lists_has_no_speed(tmp_path):
    with loopback() as server:
        server.index("/whl/cpu", "torch", [wheel("2.13.0+cpu")])
        spec = SourceSpec(id="mine", name="Mine", kind="index", url=server.url + "/whl/{variant}")
        listing = ask(spec, question("cpu"), tmp_path)
    assert (listing.code, listing.bytes_per_s) == ("ok", None)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b"<html><form>log in</form></html>"), "captive-portal"),
        (Answer(b"", 500), "server-error"),
        (Answer(b"", 407), "proxy-login"),
        (Answer(b"", 404), "build-not-in-sources"),
        (Answer(b"", 403), "file-missing"),
    ],
)
def test_what_pip_calls_no_matching_distribution_is_named_by_its_cause(answer, code, tmp_path, monkeypatch):
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    with loopback() as server:
        server.answers["/simple/torch/"] = answer
        monkeypatch.setenv("PIP_INDEX_URL", server.url.replace("//", "//me:s3cret@") + "/simple")
        listing = ask(SourceSpec(id="pip-config", name="pip", kind="pip-config"), question("cpu"), tmp_path / "work")
    assert listing.code == code
    assert listing.error is not None
    assert "s3cret" not in f"{listing.error} {listing.error.detail} {listing.text}"


def test_a_source_that_breaks_is_passed_over_with_a_sentence(tmp_path):
    def broken(_version):
        raise ZeroDivisionError

    (tmp_path / wheel("2.13.0")).touch()
    spec = SourceSpec(id="folder", name="Folder", kind="folder", url=str(tmp_path))
    listing = ask(spec, question(general=broken), tmp_path)
    assert listing.code == "document-unreadable"
    assert listing.error is None
    assert listing.text


def test_a_folder_that_is_gone_is_named(tmp_path):
    spec = SourceSpec(id="folder", name="Folder", kind="folder", url=str(tmp_path / "gone"))
    listing = ask(spec, question(), tmp_path)
    assert listing.code == "file-missing"
    assert listing.error is not None
    assert listing.error.facts["file"] == str(tmp_path / "gone")


def test_other_projects_and_names_that_are_no_wheels_are_passed_over(tmp_path):
    for name in (wheel("2.13.0+cpu"), wheel("0.28.0+cpu", name="torchvision"), "torch-2.13.0.whl", "notes.txt"):
        (tmp_path / name).touch()
    spec = SourceSpec(id="folder", name="Folder", kind="folder", url=str(tmp_path))
    assert ask(spec, question("cpu"), tmp_path).offers == {
        Offer(version="2.13.0", variant="cpu", python=MINOR, tagged=True)
    }


def test_pips_settings_are_not_asked_where_no_python_can_run_pip(tmp_path):
    asked = Question(variants=("cpu",), pythons=(PythonSpec(version=MINOR),), general_variant=lambda _version: None)
    spec = SourceSpec(id="pip-config", name="pip", kind="pip-config")
    assert ask(spec, asked, tmp_path).code == "not-asked"
