"""The report in a real browser: no complaint, in both languages and colour schemes, on the screen and on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QColor, QImage

from helpers.reports import full_report
from setupwizard.i18n import LANGUAGES, set_language
from setupwizard.steps.report import Report, render_html

BROWSER = next((name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (scripts/set_up_tests.sh does it on Debian)"),
]
SCHEMES = {"dark": "0", "light": "1"}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    set_language("en")


def browse(page: Path, tmp_path: Path, *words: str, scheme: str = "light") -> tuple[str, list[str]]:
    """Open a page, and return what the browser printed and what it complained of."""
    quiet = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
        *("--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}"),
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
    )
    done = subprocess.run(
        [str(BROWSER), *quiet, *words, page.as_uri()], capture_output=True, text=True, timeout=180, check=True
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def written(report: Report, language: str, tmp_path: Path) -> Path:
    set_language(language)
    page = tmp_path / "报告 report.html"
    page.write_text(render_html(report), encoding="utf-8")
    return page


def test_a_complaint_would_be_heard(tmp_path: Path) -> None:
    page = written(full_report(), "en", tmp_path)
    page.write_text(page.read_text(encoding="utf-8").replace("</main>", "<script>1</script></main>"), encoding="utf-8")
    _said, complaints = browse(page, tmp_path, "--dump-dom")
    assert complaints, "the page's own rule against scripts was broken"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_opens_without_a_complaint(tmp_path: Path, language: str, scheme: str) -> None:
    page = written(full_report(), language, tmp_path)
    said, complaints = browse(page, tmp_path, "--dump-dom", scheme=scheme)
    assert complaints == []
    assert f'lang="{language.replace("_", "-")}"' in said
    assert said.count("<polyline") >= 3
    picture = tmp_path / "page.png"
    _said, complaints = browse(page, tmp_path, f"--screenshot={picture}", "--window-size=900,1200", scheme=scheme)
    assert complaints == []
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (900, 1200)
    corner = QColor(image.pixel(2, 2)).lightness()
    assert corner < 60 if scheme == "dark" else corner > 200


@pytest.mark.parametrize("verdict", ["fail", "not-verified"])
def test_a_report_of_what_went_wrong(tmp_path: Path, verdict: str) -> None:
    made = full_report()
    assert made.verification is not None
    proof = replace(made.verification, verdict=verdict, passed=False)
    page = written(replace(made, verdict=verdict, verification=proof, earlier=()), "zh_CN", tmp_path)
    _said, complaints = browse(page, tmp_path, "--dump-dom")
    assert complaints == []


def test_it_does_not_run_over_the_edge_of_a_telephone(tmp_path: Path) -> None:
    page = written(full_report(), "en", tmp_path)
    picture = tmp_path / "page.png"
    browse(page, tmp_path, f"--screenshot={picture}", "--window-size=500,4000")
    image = QImage(str(picture))
    edge = {image.pixel(image.width() - 3, y) for y in range(0, image.height(), 7)}
    assert len(edge) == 1, "something reaches over the margin"


def test_it_prints_on_a_few_pages(tmp_path: Path) -> None:
    page = written(full_report(), "en", tmp_path)
    paper = tmp_path / "page.pdf"
    _said, complaints = browse(page, tmp_path, f"--print-to-pdf={paper}", "--no-pdf-header-footer", scheme="dark")
    assert complaints == []
    pages = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 1 <= pages <= 8
