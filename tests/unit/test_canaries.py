"""Names, home folders, passwords and tokens are put into everything that a report is made of, and must not come out."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from helpers.reports import full_report
from setupwizard.errors import SetupError
from setupwizard.i18n import LANGUAGES, set_language
from setupwizard.model.events import Error, Outcome
from setupwizard.model.machine import Finding, FoundConda, FoundPython, FoundTorch
from setupwizard.model.plan import Setting
from setupwizard.model.verification import Check
from setupwizard.model.wire import from_json, to_json
from setupwizard.probes.privacy import redacted
from setupwizard.steps.report import Report, plain_text, render_html, report_document, write_report
from setupwizard.workflow.upkeep import write_support_file

CANARIES = ("kanarie", "Vogel", "hunter2", "t0k3n", "pr0xy", "n4chbar")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make the person who runs this a canary."""
    folder = tmp_path / "kanarie"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    for name in ("USER", "USERNAME", "LOGNAME"):
        monkeypatch.setenv(name, "kanarie")
    return folder


def poison(home: Path) -> tuple[str, ...]:
    """Return texts as programs print them."""
    return (
        f"File '{home}/env/lib/python3.12/site-packages/torch/__init__.py', line 1",
        r"C:\Users\Vogel\AppData\Local\pytorch\torch_cpu.dll",
        "/home/n4chbar/.local/lib/libgomp.so.1: cannot open shared object file",
        "https://kanarie:hunter2@mirror.example/simple/torch",
        "https://mirror.example/simple?access_token=t0k3n&x=1",
        "proxy http://kanarie:pr0xy@10.0.0.1:3128 refused",
        "Authorization: Bearer t0k3n",
    )


def poisoned(home: Path) -> Report:
    texts = poison(home)
    made = full_report()
    assert made.plan is not None
    assert made.verification is not None
    machine = replace(
        made.machine,
        findings=tuple(Finding(code="x", level="warn", text=text, evidence=texts) for text in texts),
        pythons=(FoundPython(path=f"{home}/py/bin/python", version="3.12"),),
        condas=(FoundConda(path=r"C:\Users\Vogel\miniconda3", version="24.1", kind="conda"),),
        torches=(FoundTorch(env="/home/n4chbar/env", version="2.13.0", variant="cpu", python="3.12"),),
    )
    settings = tuple(Setting(name="index-url", value=text, origin=f"{home}/pip.conf") for text in texts)
    plan = replace(
        made.plan,
        root=f"{home}/pytorch",
        source=replace(made.plan.source, settings=settings, why=texts[3]),
        packages=tuple(replace(package, url=texts[4]) for package in made.plan.packages),
    )
    checks = tuple(
        Check(id="import", status="fail", text=text, advice=text, cause="error", facts={"error": text})
        for text in texts
    )
    error = Error.of(SetupError("tool-failed", tool=texts[0], detail="\n".join(texts)))
    outcome = Outcome(status="failed", exit=1, root=str(home / "pytorch"), error=error)
    proof = replace(made.verification, checks=checks, verdict="fail", passed=False)
    return report_document(redacted(machine), made.recommendation, plan, outcome, proof)


def assert_clean(text: str) -> None:
    found = [canary for canary in CANARIES if canary in text]
    assert not found, [line for line in text.splitlines() if any(canary in line for canary in found)][:3]


def test_the_canaries_would_be_seen(home: Path) -> None:
    text = "\n".join(poison(home))
    assert all(canary in text for canary in CANARIES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_canary_is_in_a_report(home: Path, tmp_path: Path, language: str) -> None:
    set_language(language)
    try:
        made = poisoned(home)
        for text in (to_json(made), render_html(made), plain_text(made)):
            assert_clean(text)
        for path in write_report(tmp_path / "reports", made):
            assert_clean(path.read_text(encoding="utf-8"))
        assert from_json(Report, to_json(made).encode(), name="report") == made, "it can be read back and replayed"
    finally:
        set_language("en")


def test_no_canary_is_in_a_support_file(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "setupwizard.log"
    log.write_text("\n".join(poison(home)), encoding="utf-8")
    target = tmp_path / "support.zip"
    write_support_file(target, poisoned(home).machine, log)
    with zipfile.ZipFile(target) as support:
        assert set(support.namelist()) >= {"machine.json", "versions.json", "setupwizard.log"}
        for name in support.namelist():
            assert_clean(support.read(name).decode("utf-8"))
