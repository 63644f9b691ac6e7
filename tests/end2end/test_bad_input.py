"""Bad input and bad surroundings: an exit code, a sentence what happened, one what to do, and nothing left behind."""

import json
import os
import subprocess
import sys

import pytest

from helpers.program import environment, run


@pytest.fixture
def env(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return environment(home)


def two_sentences(ended):
    lines = ended.err.strip().splitlines()
    assert len(lines) >= 2, ended.err
    assert all("Traceback" not in line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": 2, "os": "linux", "arch": "x86_64", "gpus": []}',
        '{"schema": 1, "os": "beos", "arch": "x86_64", "gpus": []}',
        '{"schema": 1, "os": "linux", "gpus": []}',
        '{"schema": 1, "os": "linux", "arch": "x86_64", "gpus": [{"vendor": "nvidia", "memory_mib": "much"}]}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_foreign_or_damaged_document(text, env, tmp_path):
    path = tmp_path / "machine.json"
    path.write_text(text, encoding="latin-1")
    ended = run("recommend", "--machine", path, "--json", env=env)
    assert ended.code == 2
    assert ended.document["code"] == "document-invalid"
    two_sentences(ended)


def test_a_document_that_is_not_there(env):
    ended = run("recommend", "--machine", "/nowhere.json", env=env)
    assert ended.code == 2
    two_sentences(ended)


def test_a_document_from_standard_input(env):
    text = json.dumps({"schema": 1, "os": "linux", "arch": "x86_64", "gpus": [], "unknown": {"key": 1}})
    ended = run("recommend", "--machine", "-", "--json", env=env, given=text)
    assert (ended.code, ended.document["verdict"]) == (0, "cpu")


@pytest.mark.parametrize(
    "words",
    [
        ("dance",),
        ("detect", "--nothing"),
        ("apply", "--json", "--events", "--yes"),
        ("apply",),
        ("recommend", "--cpu", "--variant", "cu126"),
        ("recommend", "--gpu", "x"),
        ("recommend", "--torch", "not a version"),
        ("verify", "--only", "nothing"),
        ("plan", "--source", "no-such-source"),
    ],
)
def test_words_that_are_not_understood_end_in_two_sentences_and_exit_2(words, env):
    ended = run(*words, env=env)
    assert ended.code == 2
    two_sentences(ended)


def test_the_same_with_the_numbers_of_windows(env):
    assert run("dance", "--exit-codes", "windows", env=env).code in {87, 87 % 256}


@pytest.mark.parametrize(("verb", "code"), [("verify", 2), ("rollback", 2), ("report", 2), ("gc", 2), ("remove", 0)])
def test_an_environment_that_is_not_there(verb, code, env, tmp_path):
    ended = run(verb, "--env", tmp_path / "nothing", "--json", env=env)
    assert ended.code == code
    json.loads(ended.out)


def test_a_folder_that_is_a_file_or_cannot_be_written(env, tmp_path):
    file = tmp_path / "file"
    file.touch()
    for place in (file, "/proc/pytorch"):
        ended = run("apply", "--yes", "--cpu", "--json", "--env", place, env=env)
        assert ended.code == 13, ended.err
        two_sentences(ended)


def test_a_folder_with_other_peoples_files_is_not_touched(env, tmp_path):
    root = tmp_path / "photos"
    root.mkdir()
    (root / "cat.jpg").write_text("cat")
    ended = run("apply", "--yes", "--cpu", "--json", "--env", root, env=env)
    assert (ended.code, ended.document["error"]["code"]) == (13, "root-not-empty")
    assert [path.name for path in root.iterdir()] == ["cat.jpg"]


def test_without_a_network_nothing_is_made_and_the_cause_is_named(env, tmp_path):
    nowhere = "http://127.0.0.1:9"
    cut = {name: value for name, value in env.items() if not name.startswith("PIP_")}
    cut.update(HTTP_PROXY=nowhere, HTTPS_PROXY=nowhere, http_proxy=nowhere, https_proxy=nowhere)
    cut.update(PIP_CONFIG_FILE=os.devnull, PIP_RETRIES="0")
    root = tmp_path / "root"
    ended = run("apply", "--yes", "--cpu", "--json", "--env", root, env=cut)
    assert ended.code == 14, ended.err
    assert ended.document["error"]["retryable"]
    two_sentences(ended)
    assert not root.exists()


def test_without_room_nothing_is_made_and_both_figures_are_named(env, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", small], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be made here: {made.stderr.decode().strip()}")
    try:
        ended = run("apply", "--yes", "--cpu", "--source", "pip-config", "--json", "--env", small / "root", env=env)
        if ended.code in {14, 16}:
            pytest.skip(f"no processor build of torch can be reached from here: {ended.err.strip()}")
        assert ended.code == 12, ended.err
        two_sentences(ended)
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_machine_that_needs_a_driver_installs_nothing(env, tmp_path):
    machine = tmp_path / "machine.json"
    card = {"vendor": "nvidia", "name": "GTX 1080", "pci_id": "10de:1b80", "compute_capability": "6.1"}
    machine.write_text(json.dumps({"schema": 1, "os": "linux", "arch": "x86_64", "gpus": [card]}))
    ended = run("apply", "--yes", "--json", "--machine", machine, "--env", tmp_path / "root", env=env)
    assert ended.code == 11
    assert not (tmp_path / "root").exists()


def test_the_language_of_the_sentences(env):
    ended = run("dance", "--lang", "zh_CN", env={**env, "SETUPWIZARD_LANG": "zh_CN"})
    assert any("\u4e00" <= sign <= "\u9fff" for sign in ended.err)


def test_help_and_version_answer(env):
    assert run("--version", env=env).out.startswith("setupwizard ")
    assert run("--help", env=env).code == 0
    assert sys.version_info >= (3, 11)
