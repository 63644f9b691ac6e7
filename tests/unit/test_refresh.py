"""The product stays right when its data is old: servers are believed, new wheels are asked, and all of it is dated."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers.refreshing import PROXIES, RAW, TODAY, YOUNGEST, facts, publish_today
from helpers.wheel_index import LINUX, WINDOWS, WheelIndex, archive_of, torch_files, wheel_name
from setupwizard.cli.commands.catalog import spoken
from setupwizard.errors import Cancelled
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.model.refreshed import Refreshed
from setupwizard.model.wire import from_json, to_json
from setupwizard.steps.recommend import recommend
from setupwizard.steps.refresh import refresh
from setupwizard.store.catalogue_cache import keep, known_catalogue
from setupwizard.tools.concurrency import Cancel
from setupwizard.workflow.catalogue import Knowledge


class Cache:
    """Where it is kept what the servers said, in each test a place of its own: never the tester's."""

    file: Path


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    Cache.file = tmp_path / "cache" / "catalogue.json"
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with WheelIndex() as one:
        yield one


def asked(bundled, before=None, today=TODAY):
    """Ask, keep, and return what is known then, as the program does."""
    answers = refresh(bundled, before, today=today, cancel=Cancel())
    keep(answers.refreshed, Cache.file)
    known = known_catalogue(bundled, Cache.file)
    assert known.note is None
    return known, answers


def machine(capability="8.9", driver="581.57", os="windows", **more):
    gpu = Gpu(
        vendor="nvidia", name="NVIDIA Card", compute_capability=capability, driver_sees_it=True, sources=("nvml",)
    )
    return Machine(os=os, arch="x86_64", gpus=(gpu,), nvidia_driver=NvidiaDriver(version=driver), **more)


def test_facts_three_releases_old_still_lead_to_the_newest_build(server):
    newest = YOUNGEST[-1]
    for torch in YOUNGEST:
        server.add(f"{torch}+cu130")
        server.add(f"{torch}+cpu")
    server.add("2.13.0+cu130")
    old = facts(server, aged=True)
    assert recommend(machine(), catalogue=old).build.torch == "2.13.0"
    known, _answers = asked(old)
    answer = recommend(machine(), catalogue=known.catalogue)
    assert (answer.build.torch, answer.build.variant, answer.verdict) == (newest, "cu130", "gpu")
    assert answer.build.requirement == f"torch=={newest}+cu130"
    assert answer.build.assumed is False
    assert answer.data_date == TODAY
    assert known.catalogue.newest.torch == newest


def test_without_a_refresh_the_bundled_facts_decide():
    known = known_catalogue(path=Cache.file)
    assert known.catalogue is load_catalogue()
    assert known.refreshed is None
    assert not Cache.file.exists()


def test_servers_that_list_what_is_known_change_nothing_but_the_date(server):
    publish_today(server)
    bundled = facts(server)
    known, _answers = asked(bundled)
    for one in (machine(), machine("6.1", "571.96"), machine("12.0", "572.16"), machine("9.0", "535.1", os="linux")):
        before, after = recommend(one, catalogue=bundled), recommend(one, catalogue=known.catalogue)
        assert after.build == before.build
        assert after.verdict == before.verdict
        assert after.alternatives == before.alternatives
    assert server.asked("/files/") == []


def test_what_a_wheel_tells_of_itself_decides_for_which_cards_it_is(server):
    publish_today(server)
    table = {"13.0": {"x86_64": {90, 100, 130}, "aarch64": {130}}}
    for platform in (LINUX, WINDOWS):
        data = archive_of(torch_files("2.16.0+cu130", table=table))
        server.put(wheel_name("2.16.0+cu130", "312", platform), "cu130", data)
    known, _answers = asked(facts(server))
    row = known.catalogue.arch_list("2.16.0", "cu130", "win_amd64")
    assert (row.sm, row.evidence, row.assumed_from) == (("9.0", "10.0", "13.0"), "file", None)
    assert recommend(machine("13.0"), catalogue=known.catalogue).build.torch == "2.16.0"
    ada = recommend(machine("8.9"), catalogue=known.catalogue)
    assert ada.build.torch != "2.16.0"
    assert "older-torch-for-card" in {reason.code for reason in ada.reasons}


def test_a_wheel_is_asked_once_and_its_answer_kept_by_its_sha256(server):
    server.add("2.16.0+cu130")
    bundled = facts(server)
    known, answers = asked(bundled)
    (key,) = answers.refreshed.wheels
    assert len(key) == 64
    assert answers.refreshed.wheels[key].cudnn == "9.20.0.48"
    first = len(server.asked("/files/"))
    assert first
    asked(bundled, known.refreshed)
    assert len(server.asked("/files/")) == first


@pytest.mark.parametrize("how", ["no-range", "not-found", "broken-archive", "no-table", "foreign-host"])
def test_a_wheel_that_cannot_be_asked_is_assumed_like_the_nearest_build(server, how):
    server.add("2.16.0+cu130")
    if how == "no-range":
        server.ranges = False
    elif how == "not-found":
        server.status["/files/"] = 404
    elif how == "broken-archive":
        for name in list(server.wheels):
            server.put(name, "cu130", b"this is no archive" * 9)
    elif how == "no-table":
        for name in list(server.wheels):
            server.put(name, "cu130", archive_of(torch_files("2.16.0+cu130", table={})))
    else:
        url = f"http://localhost:{server.port}/files/cu130/{wheel_name('2.16.0+cu130', '312', WINDOWS)}"
        page = f'<a href="{url.replace("+", "%2B")}">x</a>'.encode()
        server.bodies["/whl/cu130/torch/"] = (page, "text/html")
    known, _answers = asked(facts(server))
    answer = recommend(machine(), catalogue=known.catalogue)
    assert (answer.build.torch, answer.build.assumed) == ("2.16.0", True)
    (reason,) = [reason for reason in answer.reasons if reason.code == "assumed-code"]
    assert "PyTorch 2.15 (cu130)" in reason.text
    row = known.catalogue.arch_list("2.16.0", "cu130", "win_amd64")
    assert (row.evidence, row.assumed_why) == ("assumed", how)


def test_a_new_variant_takes_after_the_nearest_of_its_cuda_major(server):
    publish_today(server)
    server.add("2.16.0+cu136")
    server.ranges = False
    known, _answers = asked(facts(server))
    assert known.catalogue.variant("cu136").cuda == "13.6"
    answer = recommend(machine(), catalogue=known.catalogue)
    assert (answer.build.torch, answer.build.variant, answer.build.assumed) == ("2.16.0", "cu136", True)
    assert answer.build.index_url == server.template.replace("{variant}", "cu136")
    assert recommend(machine(driver="571.96"), catalogue=known.catalogue).build.torch != "2.16.0"  # the floor of 13.x


def test_a_cuda_major_that_nobody_knows_is_for_drivers_that_say_so_themselves(server):
    publish_today(server)
    table = {"14.0": {"x86_64": {75, 80, 86, 90, 100, 120}}}
    server.put(
        wheel_name("2.18.0+cu140", "312", WINDOWS), "cu140", archive_of(torch_files("2.18.0+cu140", table=table))
    )
    known, _answers = asked(facts(server))
    assert recommend(machine(), catalogue=known.catalogue).build.torch == "2.15.0"
    told = replace(machine(), nvidia_driver=NvidiaDriver(version="650.10", cuda="14.0"))
    assert recommend(told, catalogue=known.catalogue).build.torch == "2.18.0"
    server.put(wheel_name("2.18.0+cu140", "312", WINDOWS), "cu140", b"no archive")
    silent, _answers = asked(facts(server))
    assert recommend(told, catalogue=silent.catalogue).build.torch == "2.15.0"  # no build of its major to take after


def test_a_build_that_disappears_from_the_official_index_is_gone(server):
    publish_today(server)
    for name in [name for name in server.wheels if name.startswith("torch-2.15.0+cu130")]:
        del server.wheels[name]
    known, _answers = asked(facts(server))
    answer = recommend(machine(), catalogue=known.catalogue)
    assert (answer.build.torch, answer.build.variant) == ("2.15.0", "cu132")
    assert "cu130" not in {build.variant for build in answer.alternatives if build.torch == "2.15.0"}


def test_a_withdrawn_wheel_counts_as_gone(server):
    publish_today(server)
    server.yanked = {name for name in server.wheels if name.startswith("torch-2.15.0+")}
    for server.json in (False, True):
        known, _answers = asked(facts(server))
        assert recommend(machine(), catalogue=known.catalogue).build.torch == "2.14.1"


def test_a_variant_whose_page_is_gone_is_believed_while_others_are_there(server):
    publish_today(server)
    server.status["/whl/cu132/"] = 404
    for name in [name for name in server.wheels if "+cu132" in name]:
        del server.wheels[name]
    known, _answers = asked(facts(server))
    variants = {build.variant for build in recommend(machine(), catalogue=known.catalogue).alternatives}
    assert "cu126" in variants
    assert "cu132" not in variants


def test_a_mirror_adds_and_never_takes_away(server):
    server.status["/"] = 503
    with WheelIndex() as mirror:
        mirror.add("2.16.0+cu130")
        known, answers = asked(facts(server, mirror))
    assert [one.code for one in answers.asked] == ["server-error", "ok"]
    answer = recommend(machine(), catalogue=known.catalogue)
    assert answer.build.torch == "2.16.0"
    assert {"2.15.0", "2.14.1", "2.13.0"} <= {build.torch for build in answer.alternatives}


def test_the_official_index_has_the_last_word_over_a_mirror(server):
    publish_today(server)
    with WheelIndex() as mirror:
        mirror.add("2.16.0+cu130")
        known, _answers = asked(facts(server, mirror))
    assert known.catalogue.newest.torch == "2.15.0"


def test_a_mirror_goes_on_where_the_official_index_was_left(server):
    """The official index was read once, from another network; here a mirror is all there is."""
    publish_today(server)
    for name in [name for name in server.wheels if name.startswith("torch-2.15.0+cu130")]:
        del server.wheels[name]
    with WheelIndex() as mirror:
        mirror.add("2.15.0+cu130")
        bundled = facts(server, mirror)
        known, _answers = asked(bundled, today="2026-12-01")
        assert recommend(machine(), catalogue=known.catalogue).build.variant == "cu132"
        server.status["/"] = 503
        mirror.add("2.16.0+cu130")
        later, _answers = asked(bundled, known.refreshed, today="2027-02-01")
    answer = recommend(machine(), catalogue=later.catalogue)
    assert (answer.build.torch, answer.build.variant) == ("2.16.0", "cu130")
    withdrawn = [one for one in answer.alternatives if (one.torch, one.variant) == ("2.15.0", "cu130")]
    assert withdrawn == []


def test_a_flat_listing_of_everything_is_read_where_there_are_no_pages(server):
    server.flat_only = True
    server.add("2.16.0+cu130")
    known, _answers = asked(facts(server))
    answer = recommend(machine(), catalogue=known.catalogue)
    assert answer.build.torch == "2.16.0"
    assert "2.15.0" in {build.torch for build in answer.alternatives}  # what a flat listing lacks may be elsewhere
    assert "/whl/torch_stable.html" in [path for _method, path, _headers in server.requests]


def test_a_json_index_is_read_as_well(server):
    server.json = True
    server.add("2.16.0+cu130")
    known, _answers = asked(facts(server))
    assert recommend(machine(), catalogue=known.catalogue).build.torch == "2.16.0"


def test_a_page_that_did_not_change_is_not_sent_again(server):
    server.add("2.16.0+cu130")
    bundled = facts(server)
    known, _answers = asked(bundled, today="2026-12-01")
    server.requests.clear()
    later, answers = asked(bundled, known.refreshed, today="2026-12-24")
    (headers,) = [headers for _method, path, headers in server.requests if path == "/whl/cu130/torch/"]
    assert headers["If-None-Match"]
    page = answers.refreshed.page("official", "cu130")
    assert (page.date, page.builds) == ("2026-12-24", known.refreshed.page("official", "cu130").builds)
    assert later.catalogue.data_date == "2026-12-24"


def test_offline_nothing_changes_and_the_dates_stay(server):
    server.add("2.16.0+cu130")
    bundled = facts(server)
    known, _answers = asked(bundled, today="2026-12-01")
    server.status["/"] = 503
    later, answers = asked(bundled, known.refreshed, today="2027-03-01")
    assert [one.code for one in answers.asked] == ["server-error"]
    assert later.catalogue.data_date == "2026-12-01"
    assert recommend(machine(), catalogue=later.catalogue) == recommend(machine(), catalogue=known.catalogue)


def test_a_connection_that_is_lost_once_costs_nothing(server):
    server.add("2.16.0+cu130")
    server.stumbles = {"/whl/cu130/": 1, "/files/": 1}
    known, answers = asked(facts(server))
    assert answers.asked[0].code == "ok"
    assert known.catalogue.arch_list("2.16.0", "cu130", "win_amd64").evidence == "file"


def test_a_server_that_breaks_down_midway_keeps_what_it_said(server):
    publish_today(server)
    server.add("2.16.0+cu134")
    server.status["/whl/cu128/"] = 503
    known, answers = asked(facts(server))
    assert (answers.asked[0].code, answers.asked[0].pages > 0) == ("server-error", True)
    assert known.catalogue.newest.torch == "2.16.0"
    assert "cu118" in {build.variant for build in recommend(machine(), catalogue=known.catalogue).alternatives}


@pytest.mark.parametrize(("days", "said"), [(0, False), (120, False), (121, True)])
def test_old_facts_are_said_to_be_old(days, said):
    known = known_catalogue(path=Cache.file)
    told = Knowledge(data_date=RAW["data_date"], age_days=days, bundled_date=RAW["data_date"], newest=YOUNGEST[-1])
    assert ("catalog --refresh" in spoken(known.catalogue, told)) is said
    assert RAW["data_date"] in spoken(known.catalogue, told)


def test_newer_bundled_facts_win_over_what_was_kept(server):
    server.add("2.16.0+cu130")
    known, _answers = asked(facts(server), today="2026-12-01")
    assert known.catalogue.newest.torch == "2.16.0"
    updated = facts(server, data_date="2027-01-15")
    assert known_catalogue(updated, Cache.file).catalogue is updated


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema": 2, "over": "2026-11-22"}',
        b'{"schema": 1, "over": "2026-11-22", "extra": 1}',
        b"\xff" * 99,
    ],
)
def test_a_damaged_cache_is_not_used_and_said(body):
    Cache.file.parent.mkdir(parents=True)
    Cache.file.write_bytes(body)
    known = known_catalogue(path=Cache.file)
    assert known.catalogue is load_catalogue()
    assert str(Cache.file) in known.note


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("torch", "2.16.0.dev20261101"),
        ("torch", "../../x"),
        ("wheel", "file:///etc/passwd"),
        ("wheel", "http://a b/x.whl"),
        ("sha256", "0"),
        ("platform", "linux_riscv64"),
        ("python", []),
        ("python", ["three"]),
        ("tags", ["A" * 200]),
    ],
)
def test_a_cache_with_a_strange_value_is_not_used(server, field, value):
    server.add("2.16.0+cu130")
    bundled = facts(server)
    asked(bundled)
    document = json.loads(Cache.file.read_text())
    document["pages"][0]["builds"][0][field] = value
    Cache.file.write_text(json.dumps(document))
    known = known_catalogue(bundled, Cache.file)
    assert known.catalogue is bundled
    assert known.note


def test_what_is_kept_can_be_read_again(server):
    server.add("2.16.0+cu130")
    _known, answers = asked(facts(server))
    assert from_json(Refreshed, to_json(answers.refreshed).encode(), name="test") == answers.refreshed


def test_not_found_alone_takes_nothing_away(server):
    """Variants without a page stay, while no listing of everything agrees that they are gone."""
    server.add("2.16.0+cu130")
    server.add("2.15.0+cu130")
    server.status["^/whl/(torch/|torch_stable)"] = 404
    known, _answers = asked(facts(server))
    variants = {build.variant for build in recommend(machine(), catalogue=known.catalogue).alternatives}
    assert {"cu126", "cu132", "cpu"} <= variants


def test_an_index_without_anything_for_the_processor_is_no_crash(server):
    server.put(wheel_name("2.16.0+cu130", "312", WINDOWS), "cu130", b"no archive")
    known, _answers = asked(facts(server))
    assert recommend(machine("3.5", "470.1"), catalogue=known.catalogue).build is None


def test_a_refresh_that_is_stopped_asks_nobody(server):
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        refresh(facts(server), None, today=TODAY, cancel=cancel)
    assert server.requests == []


NEW_CARDS = {
    "told by the driver": (Gpu(vendor="nvidia", name="Card", compute_capability="13.0", driver_sees_it=True), "650.10"),
    "of a known family": (Gpu(vendor="nvidia", name="Card", compute_capability="12.2", driver_sees_it=True), "650.10"),
    "of no known id": (Gpu(vendor="nvidia", name="Card", pci_id="10de:3f00", driver_sees_it=True), "650.10"),
    "without a driver": (Gpu(vendor="nvidia", name="Card", pci_id="10de:3f00"), None),
    "of AMD": (Gpu(vendor="amd", name="Card", gfx="gfx1300"), None),
}


@pytest.mark.parametrize("which", NEW_CARDS)
@pytest.mark.parametrize("os", ["linux", "windows"])
def test_a_card_newer_than_all_facts_gets_an_honest_sentence(which, os):
    gpu, driver = NEW_CARDS[which]
    answer = recommend(
        Machine(os=os, arch="x86_64", gpus=(gpu,), nvidia_driver=NvidiaDriver(version=driver) if driver else None)
    )
    (reason,) = [reason for reason in answer.reasons if reason.code == "gpu-newer-than-data"]
    assert RAW["data_date"] in reason.text
    assert "catalog --refresh" in reason.text


def test_a_card_that_is_known_gets_no_such_sentence():
    for capability in ("3.5", "6.1", "8.9", "12.1"):
        assert "gpu-newer-than-data" not in {reason.code for reason in recommend(machine(capability)).reasons}


def test_a_wheel_for_a_newer_system_is_for_newer_systems(server):
    publish_today(server)
    server.add("2.16.0+cu130", platforms=("manylinux_2_39_x86_64",))
    known, _answers = asked(facts(server))
    old, new = (machine(driver="580.95.05", os="linux", libc=f"glibc {version}") for version in ("2.35", "2.39"))
    assert recommend(new, catalogue=known.catalogue).build.torch == "2.16.0"
    assert recommend(old, catalogue=known.catalogue).build.torch == "2.15.0"


def test_each_variant_has_the_pythons_that_its_page_lists(server):
    publish_today(server)
    server.add("2.16.0+cu130", pythons=("314", "314t"))
    server.add("2.16.0+cpu", pythons=("312", "313"))
    known, _answers = asked(facts(server))
    assert recommend(machine(), catalogue=known.catalogue).build.python == "3.14"
