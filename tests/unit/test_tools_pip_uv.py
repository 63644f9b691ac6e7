"""What we read from pip and uv, and what we never hand to them."""

import sys
import time
from pathlib import Path

import pytest

from helpers.loopback import Answer, loopback
from setupwizard.errors import Cancelled
from setupwizard.model.plan import Setting
from setupwizard.tools import pip, uv
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pip_places import uv_settings
from setupwizard.tools.process import ProcessResult, clean_environment, own_program, run


def ended(text):
    return ProcessResult(argv=("x",), returncode=1, stdout=text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("error: No solution found when resolving dependencies", "build-not-in-sources"),
        ("Hash mismatch for `mpmath==1.3.0`", "hash-mismatch"),
        ("failed to copy: No space left on device (os error 28)", "disk-full"),
        ("error sending request for url (http://127.0.0.1:9/simple/x/)", "host-blocked"),
        ("thread main panicked", "tool-failed"),
    ],
)
def test_what_uv_ended_with_becomes_its_true_cause(text, code, tmp_path):
    assert uv.failure_of(ended(text), tmp_path).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ERROR: No matching distribution found for torch==9", "build-not-in-sources"),
        ("WARNING: Retrying (Retry(total=4\nERROR: No matching distribution found for torch", "host-blocked"),
        ("OSError: [Errno 28] No space left on device", "disk-full"),
        ("Traceback", "tool-failed"),
    ],
)
def test_what_pip_ended_with_becomes_its_true_cause(text, code, tmp_path):
    assert pip.failure_of(ended(text), tmp_path, requirement="torch").code == code


def test_what_uv_saw_counts_when_the_server_answers_again(tmp_path):
    with loopback() as server:
        url = server.page("/simple/numpy/", "here again")
        text = (
            f"cause: Failed to fetch: {url}\n cause: HTTP status server error (503 Service Unavailable) for url ({url})"
        )
        error = uv.failure_of(ended(text), tmp_path)
    assert (error.code, error.facts["host"], error.facts["status"]) == ("server-error", "127.0.0.1", "HTTP 503")


def test_the_users_settings_are_read_with_their_place_and_without_passwords(tmp_path, monkeypatch):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://me:secret@mirror.example/simple\nfind-links = /a /b\ntimeout = 9\n"
    )
    for name in [name for name in pip.user_environment() if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    settings = pip.user_settings(tmp_path, cancel=Cancel())
    assert Setting(name="index-url", value="https://mirror.example/simple", origin="pip.conf [global]") in settings
    assert Setting(name="find-links", value="/a /b", origin="pip.conf [global]") in settings
    assert Setting(name="no-index", value="1", origin="environment") in settings
    assert not any(setting.name == "timeout" or "secret" in setting.value for setting in settings)


def test_a_setting_that_forbids_our_use_of_pip_is_not_passed(monkeypatch):
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    assert "PIP_REQUIRE_VIRTUALENV" not in pip.user_environment()


def test_neutral_pip_sees_no_setting(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://evil.example/simple")
    assert not any("evil" in value for value in pip.neutral_environment().values())


def test_uv_never_downloads_a_python_nor_reads_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "https://evil.example/simple")
    folder = tmp_path / "环境 with space"
    worker = uv.Uv(tmp_path / "work")
    (tmp_path / "work").mkdir()
    worker.venv(sys.executable, folder)
    assert (folder / "pyvenv.cfg").is_file()
    assert "--extra-index-url" not in " ".join(worker.sync_argv(folder, tmp_path / "pylock.toml"))


@pytest.mark.posix_only("a packaged program on Windows is an .exe; the packages' own tests start it")
def test_a_packaged_program_asks_pip_in_itself(monkeypatch, tmp_path):
    """Its file is no Python: started with -m it would be started as the wizard, again and again."""
    program = tmp_path / "setupwizard"
    program.write_text('#!/bin/sh\n[ "$*" = "_pip config list" ] && echo "global.find-links=\'/opt/wheels\'"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    settings = pip.user_settings(tmp_path, cancel=Cancel())
    assert [(one.name, one.value) for one in settings] == [("find-links", "/opt/wheels")]


def test_the_child_that_is_pip_is_the_one_that_came_along(tmp_path):
    result = run([*own_program(), "_pip", "--version"])
    assert result.ok, result.stderr
    assert str(pip.pip_folder()) in result.stdout


def test_pips_settings_in_uvs_words(tmp_path):
    """What may hold a password is no argument: whoever lists the processes would read it."""
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\n"
        "index-url = https://maria:secret@mirror.example/simple\n"
        "extra-index-url =\n    https://one.example/simple\n    https://two.example/simple\n"
        "find-links =\n    /srv/one\n    https://links.example/\n"
        "trusted-host = mirror.example\n"
        "proxy = http://proxy.example:3128\n"
        "cert = /etc/company.pem\n"
        "constraint = /etc/limits.txt\n"
    )
    env = {**clean_environment(), "PIP_CONFIG_FILE": str(config)}
    addresses, folders = pip.places(env, cancel=Cancel())
    assert addresses[1:] == ("https://one.example/simple", "https://two.example/simple", "https://links.example/")
    assert folders == (Path("/srv/one"),)
    found = uv_settings(env, cancel=Cancel())
    assert found.options == ("--constraints", "/etc/limits.txt")
    assert found.variables == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://maria:secret@mirror.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "/srv/one,https://links.example/",
        "UV_INSECURE_HOST": "mirror.example",
        "SSL_CERT_FILE": str(Path("/etc/company.pem")),
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://proxy.example:3128"),
    }
    config.write_text("[global]\nno-index = true\nfind-links = /srv/one\n")
    alone = uv_settings({**clean_environment(), "PIP_CONFIG_FILE": str(config)}, cancel=Cancel())
    assert (alone.variables["UV_NO_INDEX"], alone.variables["UV_FIND_LINKS"]) == ("1", "/srv/one")


def test_a_pip_that_is_stopped_while_it_resolves_leaves_nothing_behind(tmp_path, monkeypatch):
    """It fetches whole wheels to read what they need; stopped, it clears nothing away: gigabytes of torch."""
    system, work, cancel = tmp_path / "system", tmp_path / "work", Cancel()
    for folder in (system, work):
        folder.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(system))

    def slow():
        cancel.request()
        time.sleep(3)
        return Answer(b"late")

    with loopback() as server:
        words = {"env": pip.neutral_environment(), "cancel": cancel}
        words["options"] = ("--index-url", server.index("/simple", "big", ["big-1.0-py3-none-any.whl"]))
        server.answers["/files/big-1.0-py3-none-any.whl"] = slow
        with pytest.raises(Cancelled):
            pip.lock(["big"], work / "pylock.toml", python=sys.executable, **words)
    assert list(system.iterdir()) == []
    assert list(work.rglob("pip-*")), "it was stopped at its work"
