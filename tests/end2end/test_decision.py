"""recommend as an administrator calls it: a document in every case, and the exit code of its verdict."""

import json

import pytest

from helpers.program import environment, run

PASCAL = {"vendor": "nvidia", "name": "GTX 1080 Ti", "pci_id": "10de:1b06"}
ADA = {"vendor": "nvidia", "name": "RTX 4090", "pci_id": "10de:2684"}
BLACKWELL = {"vendor": "nvidia", "name": "RTX 5090", "pci_id": "10de:2b85"}


@pytest.fixture
def env(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return environment(home)


def machine(folder, name, *gpus, driver="580.65.06"):
    path = folder / name
    driver = {"version": driver} if driver else None
    path.write_text(
        json.dumps({"schema": 1, "os": "linux", "arch": "x86_64", "gpus": gpus, "nvidia_driver": driver}),
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("words", "code", "verdict"),
    [
        ((), 0, "gpu"),
        (("--variant", "cu126"), 0, "gpu"),
        (("--cpu",), 0, "cpu"),
        (("--variant", "cu130"), 10, "unsupported-os"),
        (("--torch", "2.15.0"), 10, "unsupported-os"),
        (("--torch", "9.9.9"), 10, "unsupported-os"),
        (("--python", "3.6"), 10, "change-python"),
    ],
)
def test_every_wish_gets_a_document(words, code, verdict, env, tmp_path):
    ended = run("recommend", "--machine", machine(tmp_path, "m.json", PASCAL), *words, "--json", env=env)
    assert (ended.code, ended.document["verdict"]) == (code, verdict)
    assert ended.document["reasons"]
    if verdict == "unsupported-os":
        assert ended.document["build"] is None
        assert ended.document["reasons"][0]["code"] == "wish-unmet"
        assert ended.document["alternatives"][0]["requirement"] == "torch==2.14.1+cu126"


def test_a_wish_in_vain_is_told_in_words(env, tmp_path):
    ended = run("recommend", "--machine", machine(tmp_path, "m.json", PASCAL), "--variant", "cu130", env=env)
    assert ended.code == 10
    assert "holds no code for GTX 1080 Ti" in ended.out
    assert "2.14.1 (cu126)" in ended.out


def test_an_old_driver_comes_first_with_the_branch_that_the_card_can_live_with(env, tmp_path):
    ended = run("recommend", "--machine", machine(tmp_path, "m.json", PASCAL, driver=None), "--json", env=env)
    assert (ended.code, ended.document["verdict"]) == (11, "fix-driver")
    action = ended.document["actions"][0]
    assert (action["code"], action["at_most_branch"]) == ("install-nvidia-driver", "580")


def test_a_room_of_computers(env, tmp_path):
    room = [
        machine(tmp_path, "one.json", PASCAL),
        machine(tmp_path, "two.json", ADA),
    ]
    words = [word for path in room for word in ("--machine", path)]
    ended = run("recommend", *words, "--json", env=env)
    assert (ended.code, ended.document["build"]["requirement"]) == (0, "torch==2.14.1+cu126")
    assert len(ended.document["machines"]) == 2
    apart = run("recommend", *words, "--machine", machine(tmp_path, "three.json", BLACKWELL), "--json", env=env)
    assert (apart.code, apart.document["verdict"], apart.document["build"]) == (10, "split", None)
    assert len(apart.document["machines"]) == 3
