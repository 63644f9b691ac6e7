"""The report: nobody's name in it, one page that needs nothing, and many of them in one table."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from setupwizard.errors import SetupError
from setupwizard.i18n import set_language
from setupwizard.model.events import Error, Outcome
from setupwizard.model.machine import Finding, Gpu, Machine, NvidiaDriver
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource, Setting
from setupwizard.model.recommendation import Action, Build, Reason, Recommendation
from setupwizard.model.stages import headline, stage_about, stage_sentence
from setupwizard.model.verification import Check, Device, Figure, TorchFacts, Verification
from setupwizard.model.wire import from_json, to_json
from setupwizard.steps.report import (
    Report,
    collect,
    newest,
    plain_text,
    render_csv,
    render_html,
    render_rollup,
    report_document,
    with_history,
    write_report,
)
from setupwizard.steps.report.advice import next_steps
from setupwizard.steps.report.past import past_of

MACHINE = Machine(
    os="windows",
    os_version="10.0.26100",
    arch="x86_64",
    gpus=(Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060", compute_capability="8.9", memory_mib=8188),),
    nvidia_driver=NvidiaDriver(version="581.57", cuda="13.1"),
    findings=(Finding(code="battery", level="warn", text="The laptop runs on battery."),),
)
BUILD = Build(torch="2.15.0", variant="cu130", python="3.12", platform="win_amd64", requirement="torch==2.15.0+cu130")
DECISION = Recommendation(
    data_date="2026-11-22",
    verdict="gpu",
    build=BUILD,
    reasons=(Reason(code="driver-supports", text="Your driver supports CUDA up to 13.1."),),
    actions=(Action(code="restart", text="Restart.", url="https://www.nvidia.com/drivers"),),
)
PLAN = Plan(
    id="a" * 64,
    root=r"C:\Users\Maria Müller\pytorch",
    generation="0001",
    backend="uv",
    python=PlanPython(version="3.12.4", source="managed", path="/home/maria/python"),
    build=BUILD,
    source=PlanSource(
        id="pip-config",
        kind="pip-config",
        why="x",
        settings=(Setting(name="index-url", value="https://maria:secret@mirror.example/simple", origin="pip.ini"),),
    ),
    packages=(
        Package(
            name="torch", version="2.15.0+cu130", file="torch.whl", sha256="ab" * 32, size=2_610_000_000,
            url="https://maria:secret@mirror.example/torch.whl", origin="pip-config",
        ),
    ),
)  # fmt: skip
PROOF = Verification(
    passed=True,
    verdict="pass",
    level="device",
    mode="quick",
    torch=TorchFacts(version="2.15.0+cu130", variant="cu130", cuda="13.0"),
    devices=(Device(index=0, name="NVIDIA GeForce RTX 4060", compute_capability="8.9", memory_mib=8188),),
    checks=(
        Check(id="import", status="pass", seconds=2.0, text="PyTorch starts."),
        Check(id="autograd", device=0, status="pass", seconds=0.4, text="Gradients are right."),
        Check(
            id="matmul",
            device=0,
            status="pass",
            seconds=3.0,
            figures=(
                Figure(name="fp16", value=31.6, unit="TFLOPS", low=27.2, high=35.4),
                Figure(name="fp32", value=3.0, unit="TFLOPS", low=7.9, high=12.8),
                Figure(name="speedup", value=38.2, unit="x"),
            ),
        ),
    ),
    measurements={"matmul.fp16.tflops": 31.6, "matmul.fp32.tflops": 3.0, "matmul.speedup.size": 4096},
    started="2026-11-22T14:05:00Z",
    seconds=14.2,
)
OUTCOME = Outcome(status="done", exit=0, root=PLAN.root, verification=PROOF)


@pytest.fixture(autouse=True)
def english() -> Any:
    set_language("en")
    yield
    set_language("en")


def report(**changes: Any) -> Report:
    return replace(report_document(MACHINE, DECISION, PLAN, OUTCOME), **changes)


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "path", "circle", "br", "link", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "title"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def test_the_document_takes_the_proof_of_the_outcome_and_reads_back() -> None:
    made = report()
    assert made.verification == PROOF
    assert made.verdict == "pass"
    assert made.outcome is not None
    assert made.outcome.verification is None
    assert from_json(Report, to_json(made).encode(), name="x") == made
    bare = report_document(MACHINE)
    assert (bare.verdict, bare.plan, bare.verification) == (None, None, None)


def test_nobodys_name_or_password_is_in_it() -> None:
    made = report()
    for text in (to_json(made), render_html(made), plain_text(made)):
        for private in ("Maria", "maria", "secret", "Müller"):
            assert private not in text
    assert made.plan is not None
    assert made.plan.root == r"C:\Users\user\pytorch"
    assert made.plan.packages[0].url == "https://mirror.example/torch.whl"


def test_the_page_is_whole_and_says_what_matters() -> None:
    page = Page(render_html(report()))
    assert page.open == []
    for words in (
        "PyTorch works on your GPU",
        "38 times faster than your CPU. Matrix multiplication, 4096 x 4096.",
        "NVIDIA GeForce RTX 4060, 8 GB, compute capability 8.9",
        "581.57, supports CUDA up to 13.1",
        "2.15.0+cu130, CUDA 13.0",
        "Automatic differentiation",
        "torch.autograd, torch.optim",
        "31.6 TFLOPS",
        "usual: 27.2–35.4 TFLOPS",
        "below what is usual: 7.9–12.8 TFLOPS",
        "38.2 times as fast",
        "Your driver supports CUDA up to 13.1.",
        "The laptop runs on battery.",
        "2.6 GB",
        "ab" * 32,
    ):
        assert words in page.text, words
    assert "built-in" not in page.text
    assert "None" not in page.text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (PlanSource(id="official", kind="index", why=""), "pytorch.org"),
        (PlanSource(id="sjtu", kind="index", why=""), "SJTU mirror"),
        (PlanSource(id="pip-config", kind="pip-config", why=""), "pip's own settings"),
        (PlanSource(id="named", kind="index", why=""), "wheels.example"),
        (PlanSource(id="folder", kind="folder", why=""), "A folder of wheels"),
        (PlanSource(id="bundle", kind="bundle", why=""), "A bundle"),
        (PlanSource(id="conda-forge", kind="index", why=""), "conda-forge"),
    ],
)
def test_a_source_is_called_as_people_call_it(source: PlanSource, words: str) -> None:
    made = report()
    assert made.plan is not None
    own = replace(made.plan.packages[0], origin="named", url="https://wheels.example/simple/torch.whl")
    page = Page(render_html(replace(made, plan=replace(made.plan, source=source, packages=(own,)))))
    words_after = page.words[page.words.index("Packages from") + 1 :]
    assert next(word for word in words_after if word.strip()) == words


def test_the_page_needs_nothing_from_anywhere_and_is_accessible() -> None:
    html = render_html(report())
    page = Page(html)
    tags = [tag for tag, _attributes in page.tags]
    assert not {"script", "link", "img", "iframe", "object", "form", "input"} & set(tags)
    assert "url(" not in html
    assert "@import" not in html
    assert "src=" not in html
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == ["https://www.nvidia.com/drivers"]
    assert dict(page.tags)["html"]["lang"] == "en"
    assert tags.count("h1") == 1
    assert "h2" in tags
    assert all(attributes.get("scope") == "col" for tag, attributes in page.tags if tag == "th")
    assert all(attributes.get("aria-hidden") == "true" for tag, attributes in page.tags if tag == "svg")
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    states = [words for words in page.words if words.strip() in {"OK", "Problem", "Remark"}]
    assert len(states) == len(PROOF.checks)  # a word beside each mark


def test_the_page_speaks_the_present_language() -> None:
    set_language("zh_CN")
    assert '<html lang="zh-CN">' in render_html(report())


def test_what_comes_from_outside_stays_text() -> None:
    evil = '<script>alert(1)</script>"&'
    machine = replace(MACHINE, gpus=(Gpu(vendor="nvidia", name=evil),))
    decision = replace(
        DECISION,
        actions=(Action(code="restart", text=evil, url="javascript:alert(1)"),),
        reasons=(Reason(code="rocm", text=evil),),
    )
    checks = (Check(id="conv", device=0, status="fail", text=evil, advice=evil),)
    proof = replace(PROOF, verdict="fail", passed=False, checks=checks)
    html = render_html(report_document(machine, decision, None, None, proof))
    assert "<script>" not in html
    assert "javascript:" not in html
    assert evil in Page(html).text


@pytest.mark.parametrize(
    ("proof", "title", "words"),
    [
        (None, "PyTorch was not checked", "Run the check"),
        (replace(PROOF, level="files"), "The files are complete", "Nothing was calculated"),
        (replace(PROOF, level="import"), "PyTorch starts", "nothing was calculated"),
        (
            replace(PROOF, devices=(Device(index=0, name="A CPU"),), checks=()),
            "PyTorch works on your processor",
            "right",
        ),
        (replace(PROOF, checks=()), "PyTorch works on your GPU", "right"),
        (
            replace(PROOF, verdict="warn", checks=(Check(id="matmul", status="warn", text="Slow.", advice="Wait."),)),
            "PyTorch works, but slower than usual",
            "Slow. Wait.",
        ),
        (
            replace(PROOF, verdict="warn", checks=(Check(id="conv", status="warn", text="Half."),)),
            "PyTorch works, with a remark",
            "Half.",
        ),
        (
            replace(PROOF, verdict="fail", checks=(Check(id="conv", status="fail", text="Wrong."),)),
            "PyTorch does not work here yet",
            "Wrong.",
        ),
        (
            replace(PROOF, verdict="not-verified", checks=(Check(id="device", status="not-run", text="No card."),)),
            "PyTorch was not checked on a graphics card",
            "No card.",
        ),
    ],
)
def test_the_line_at_the_top(proof: Verification | None, title: str, words: str) -> None:
    assert headline(proof)[0] == title
    assert words in headline(proof)[1]
    made = report_document(MACHINE, None, None, None, proof)
    assert title in Page(render_html(made)).text


def test_a_failed_install_tells_its_error_and_its_plan() -> None:
    error = Error.of(SetupError("disk-full", path="C:", need="7 GB", free="3 GB"))
    made = report_document(MACHINE, DECISION, PLAN, Outcome(status="failed", exit=12, error=error))
    text = Page(render_html(made)).text
    assert error.title in text
    assert "Not installed" in text
    assert "PyTorch 2.15.0, CUDA 13.0" in text


def test_what_to_do_next_begins_with_what_is_wrong_and_ends_with_the_first_program() -> None:
    checks = (
        Check(id="conv", status="warn", text="Half.", advice="Use float32."),
        Check(id="attention", status="warn", text="Half.", advice="Use float32."),
        Check(id="memory", status="fail", text="Wrong.", advice="Check again."),
    )
    failed = replace(PROOF, verdict="fail", passed=False, checks=checks)
    said = next_steps(report_document(MACHINE, DECISION, PLAN, None, failed))
    assert said == (("Check again.", None), ("Use float32.", None), ("Restart.", "https://www.nvidia.com/drivers"))
    good = [text for text, _url in next_steps(report())]
    assert good[0] == "Restart."
    assert r"open a terminal in the folder C:\Users\user\pytorch and type activate" in good[1]
    assert good[2] == "Try the five short programs on this page."
    evil = Recommendation(data_date="2026-11-22", verdict="gpu", actions=(Action(code="x", text="X", url="file:///"),))
    assert next_steps(report_document(MACHINE, evil)) == (("X", None),)


def test_the_list_of_packages_tells_what_was_brought_from_what_was_added() -> None:
    made = report(installed={"numpy": "2.3.5", "torch": "2.15.0+cu130"})
    page = Page(render_html(made))
    assert "Installed packages (2)" in page.text
    assert page.text.count("ab" * 32) == 1
    assert "Packages: numpy 2.3.5, torch 2.15.0+cu130" in plain_text(made)
    exchanged = Page(render_html(report(installed={"torch": "2.9.1"})))
    assert "torch 2.9.1" in exchanged.text
    assert "ab" * 32 not in exchanged.text, "the sum is not the one of what is there now"


def earlier(day: int, driver: str, speed: float) -> Verification:
    device = replace(PROOF.devices[0], driver=driver)
    measured = {"matmul.fp16.tflops": speed, "card.looks.seconds": (0.0, 0.2)}
    return replace(PROOF, started=f"2026-11-{day:02d}T14:05:00Z", devices=(device,), measurements=measured)


def test_earlier_checks_and_what_the_new_driver_changed() -> None:
    assert past_of(report()) is None
    proofs = [earlier(day, "570.10", 40.0) for day in range(1, 15)]
    newest_one = replace(
        earlier(29, "581.57", 28.0),
        checks=(
            Check(id="matmul", status="pass", device=0, figures=(Figure(name="fp16", value=28.0, unit="TFLOPS"),)),
        ),
    )
    made = with_history(report(), (*proofs, newest_one))
    assert made.verification == newest_one
    assert [one.started[:10] for one in made.earlier[-2:]] == ["2026-11-14", "2026-11-22"]
    assert len(made.earlier) == 8
    assert all(not one.checks and one.measurements == one.numbers() for one in made.earlier)
    again = with_history(report(verification=None, verdict=None), (proofs[-1], newest_one))
    assert again.verdict == "pass"
    page = Page(render_html(again)).text
    for words in (
        "Checks so far",
        "Driver: was 570.10, is 581.57.",
        "(FP16): −30 % compared with last time.",
        "40 TFLOPS",
    ):
        assert words in page, words
    assert from_json(Report, to_json(again).encode(), name="x") == again
    old_alone = with_history(report(), (proofs[0],))
    assert (old_alone.verification, len(old_alone.earlier)) == (PROOF, 1)


def test_a_stage_is_not_said_to_work_when_it_does_not() -> None:
    about = stage_about("conv")
    for status, told in (("pass", True), ("warn", True), ("fail", False), ("skip", False), ("not-run", False)):
        proof = replace(PROOF, checks=(Check(id="conv", device=0, status=status, text="Said."),))
        assert (about in Page(render_html(report_document(MACHINE, verification=proof))).text) == told
    assert stage_sentence(Check(id="autograd", status="pass")) == "Automatic differentiation: works"
    assert stage_sentence(Check(id="files", status="pass")) == "Installed files: complete"
    assert stage_sentence(Check(id="torchvision", status="skip")) == "Picture tools (torchvision): not needed here"
    assert stage_sentence(Check(id="conv", status="fail", text="Wrong.", advice="Again.")).endswith(": Wrong. Again.")
    assert stage_sentence(Check(id="conv", status="fail")).endswith(": Problem")


def test_two_cards_have_a_section_each() -> None:
    second = replace(PROOF.devices[0], index=1, name="NVIDIA GeForce RTX 4090")
    checks = (*PROOF.checks, replace(PROOF.checks[2], device=1))
    text = Page(
        render_html(
            report_document(MACHINE, None, None, None, replace(PROOF, devices=(*PROOF.devices, second), checks=checks))
        )
    ).text
    assert "Speed: 1. NVIDIA GeForce RTX 4060" in text
    assert "Checks: 2. NVIDIA GeForce RTX 4090" in text


def test_the_text_to_copy() -> None:
    text = plain_text(report())
    assert text.startswith("PyTorch works on your GPU\n")
    assert "Automatic differentiation: works\n" in text
    assert "    Matrix multiplication (FP16): 31.6 TFLOPS, usual 27.2–35.4 TFLOPS" in text


def test_files_are_written_whole_and_the_newest_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    assert newest(folder) is None
    first = report(made="2026-11-22T10:00:00Z")
    page, document = write_report(folder, first)
    assert (page.name, document.name) == ("report-20261122T100000Z.html", "report-20261122T100000Z.json")
    assert page.read_text(encoding="utf-8") == render_html(first)
    assert write_report(folder, first)[1].name == "report-20261122T100000Z-2.json"
    later = report(made="2026-11-23T10:00:00Z", program="9")
    write_report(folder, later)
    (folder / "report-20261124T100000Z.json").write_text("{", encoding="utf-8")
    (folder / "report-evil.json").write_text(to_json(report(program="0")), encoding="utf-8")
    found = newest(folder)
    assert found is not None
    assert found.program == "9"
    assert {path.suffix for path in folder.iterdir()} == {".html", ".json"}


def test_of_two_reports_of_one_second_the_later_is_the_newest(tmp_path: Path) -> None:
    for number in range(1, 12):
        write_report(tmp_path, report(program=str(number)))
    found = newest(tmp_path)
    assert found is not None
    assert found.program == "11"


def test_a_folder_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("x", encoding="utf-8")
    with pytest.raises(SetupError) as caught:
        write_report(tmp_path / "reports", report())
    assert caught.value.code == "root-not-writable"


def many(folder: Path) -> None:
    (folder / "room").mkdir(parents=True)
    good, bad = report(), replace(PROOF, verdict="fail", passed=False, checks=(Check(id="conv", status="fail"),))
    (folder / "b.json").write_text(to_json(good), encoding="utf-8")
    (folder / "room" / "c.json").write_text(to_json(report(verification=bad)), encoding="utf-8")
    (folder / "a.json").write_text(to_json(report_document(MACHINE)), encoding="utf-8")
    (folder / "broken.json").write_text("{}", encoding="utf-8")
    (folder / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")


def test_many_reports_in_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    many(folder)
    found = collect(folder)
    assert [line.file for line in found.reports] == ["room/c.json", "a.json", "b.json"]  # who needs help comes first
    assert [item.file for item in found.refused] == ["broken.json", "deep.json"]
    assert found.working == 1
    assert json.loads(to_json(found))["reports"][2]["figures"]["matmul.fp16.tflops"] == 31.6
    rows = list(csv.DictReader(io.StringIO(render_csv(found))))
    assert [(row["file"], row["verdict"], row["problems"]) for row in rows] == [
        ("room/c.json", "fail", "conv"), ("a.json", "not-checked", ""), ("b.json", "pass", ""),
        ("broken.json", "unreadable", ""), ("deep.json", "unreadable", ""),
    ]  # fmt: skip
    assert (rows[2]["matmul.fp16.tflops"], rows[2]["torch"]) == ("31.6", "2.15.0+cu130")
    page = Page(render_rollup(found))
    assert page.open == []
    assert "PyTorch works on 1 of 3 computers." in page.text
    assert page.text.index("room/c.json") < page.text.index("a.json") < page.text.index("b.json")  # problems first
    assert str(tmp_path) not in page.text


def test_an_untrusted_report_cannot_calculate_or_script(tmp_path: Path) -> None:
    machine = replace(MACHINE, gpus=(Gpu(vendor="nvidia", name="=cmd|'/c calc'!A1"),))
    (tmp_path / "x.json").write_text(to_json(report_document(machine)), encoding="utf-8")
    (tmp_path / "<b>.json" if sys.platform != "win32" else tmp_path / "b.json").write_text("{}", encoding="utf-8")
    found = collect(tmp_path)
    assert next(csv.DictReader(io.StringIO(render_csv(found))))["cards"].startswith("'=")
    assert "<b>" not in render_rollup(found)


@pytest.mark.posix_only("making links needs a right that Windows users rarely have")
def test_links_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "many"
    outside.mkdir()
    folder.mkdir()
    (outside / "x.json").write_text(to_json(report()), encoding="utf-8")
    (folder / "link.json").symlink_to(outside / "x.json")
    (folder / "links").symlink_to(outside, target_is_directory=True)
    os.mkfifo(folder / "pipe.json")
    assert collect(folder).reports == ()
    assert collect(folder).refused == ()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        collect(tmp_path / "none")
    assert caught.value.code == "document-unreadable"
