"""Write docs/builds.md from resources/catalogue.json: which build is published, for what, and what it runs on.

`--check` only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from setupwizard.codes import Platform
from setupwizard.model.catalogue import Catalogue, load_catalogue, numbers, variant_kind
from setupwizard.model.catalogue_rows import ArchList, Release
from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.steps.recommend import recommend

PAGE = Path(__file__).resolve().parent.parent / "docs" / "builds.md"
SYSTEMS: dict[Platform, str] = {
    "linux_x86_64": "Linux x86-64",
    "linux_aarch64": "Linux ARM64",
    "win_amd64": "Windows x86-64",
    "win_arm64": "Windows ARM64",
    "macos_arm64": "macOS, Apple silicon",
    "macos_x86_64": "macOS, Intel",
}
WITH_CUDA: tuple[Platform, ...] = ("linux_x86_64", "linux_aarch64", "win_amd64")
CARDS = (
    ("3.5", "GT 710, GTX 780 (Kepler)"),
    ("3.7", "Tesla K80"),
    ("5.2", "GTX 750 to 980 (Maxwell)"),
    ("6.1", "GTX 1050 to 1080 Ti (Pascal)"),
    ("7.0", "TITAN V, V100 (Volta)"),
    ("7.5", "GTX 16, RTX 20 (Turing)"),
    ("8.6", "RTX 30 (Ampere)"),
    ("8.9", "RTX 40 (Ada)"),
    ("9.0", "H100 (Hopper)"),
    ("12.0", "RTX 50 (Blackwell)"),
)
DRIVERS = (("450.80.02", "452.39"), ("525.60.13", "528.33"), ("570.124.06", "572.16"), ("580.65.06", "580.88"))


INTRO = """
Made from `resources/catalogue.json` (facts of {date}) by `scripts/builds_page.py`; a test keeps it current. Every row
of that file names its sources. Where an index can be read, its listing wins over this table, and the proof on the card
itself has the last word.
"""
SHORT = """
The answer of `setupwizard recommend`. `-` means: no build for the card runs with that driver. WSL goes by the drivers
of Windows and by the builds of Linux.
"""
RELEASES = """
Variants and Pythons of the wheels. *Italic*: expected, but nobody has seen it listed; it counts only when an index
lists it. Pythons in brackets are on the indexes of the variants alone.
"""
CODE = """
Compute capabilities, compiled; `+PTX` is compiled by the driver for newer cards, if it knows the CUDA of the build.
Code for 8.6 runs on 8.9 and the like: the same first number, the second at least as high; 8.0 and 8.6 do not run on the
Orin board (8.7) before CUDA 13.2, 10.0 does not run on 11.0.
"""
NOTES = """
- PTX of compute capability 3.7 in the Windows builds of CUDA 11 is not counted: the CUDA libraries in them hold nothing
  for newer cards.
- cu130 of 2.11 carries PTX 12.0 on Linux alone; cu126 of 2.11 holds 6.1 on Windows alone.
- Windows on ARM: no index could be listed, and the general one has no file. Python 3.11 to 3.13 comes from the build
  matrix of the project, for every release from 2.7.0 on.
- Python 3.15 and 3.15t of 2.13.0 (Linux) and 2.14.0 are on the indexes of the variants only.
- 2.6.0 for Linux x86-64: cu126, rocm6.2.4 and xpu were built on manylinux 2.28 already, the other variants start with
  glibc 2.17.
- macOS 13 and older: whether MPS of an older torch works there was not verified, so it is not promised.
- Cards by PCI id (`resources/gpus.json`): 951 NVIDIA ids. The first driver of a card is kept only where it is newer
  than branch 515, which is older than every driver that matters here. AMD and Intel ids tell the architecture where no
  driver does.
- Volta in cu128 of 2.8 to 2.10: build files and measurements contradict the release notes. cu126 goes before it.
"""


def page(facts: Catalogue) -> str:
    """Return the page."""
    parts = [
        "# Which build of PyTorch runs where",
        INTRO.format(date=facts.data_date).strip(),
        "## In short: card and driver",
        SHORT.strip(),
        *_short(facts),
        "## Drivers",
        *_drivers(facts),
        "## Releases",
        RELEASES.strip(),
        *(_releases(facts, platform) for platform in SYSTEMS),
        "## What the CUDA builds hold code for",
        CODE.strip(),
        *(_code(facts, platform) for platform in WITH_CUDA),
        "## AMD cards",
        "On Linux from the official index, on Windows from AMD's own.",
        _amd(facts),
        "## What was decided about the facts",
        NOTES.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _short(facts: Catalogue) -> Iterator[str]:
    for system, title in (("linux", "Linux"), ("windows", "Windows")):
        chosen = [pair[system == "windows"] for pair in DRIVERS]
        rows = [
            (name, capability, *(_answer(facts, system, capability, driver) for driver in chosen))
            for capability, name in CARDS
        ]
        yield _table((title, "capability", *(f"driver {driver}" for driver in chosen)), rows)


def _answer(facts: Catalogue, system: str, capability: str, driver: str) -> str:
    card = Gpu(vendor="nvidia", name=capability, compute_capability=capability)
    machine = Machine(
        os="windows" if system == "windows" else "linux",
        arch="x86_64",
        gpus=(card,),
        nvidia_driver=NvidiaDriver(version=driver),
    )
    document = recommend(machine, catalogue=facts)
    if document.verdict == "gpu" and document.build is not None:
        return f"{document.build.torch} {document.build.variant}"
    return "processor" if document.verdict == "cpu" else "-"


def _drivers(facts: Catalogue) -> Iterator[str]:
    yield _table(
        ("CUDA", "Linux", "Windows and WSL"),
        ((f"{row.cuda_major}.x", row.linux, row.windows) for row in facts.driver_floors),
    )
    rows = (
        (
            row.name,
            ", ".join(row.compute_capabilities),
            str(row.first_branch or ""),
            str(row.last_branch or "no end"),
            "" if row.driver_helps else "no driver is asked for: none makes a build run",
        )
        for row in facts.architectures
    )
    yield _table(("Generation", "capability", "first driver branch", "last driver branch", ""), rows)


def _releases(facts: Catalogue, platform: Platform) -> str:
    rows = []
    for release in reversed(facts.releases):
        published = release.builds.get(platform)
        if published is None:
            continue
        variants = [*published.variants, *(f"*{name}*" for name in published.probable)]
        pythons = ", ".join(sorted(published.python, key=_python))
        more = ", ".join(sorted(published.index_python, key=_python))
        rows.append(
            (
                release.torch,
                ", ".join(variants),
                pythons + (f" ({more})" if more else ""),
                _companions(release),
                release.status,
            )
        )
    title = f"### {SYSTEMS[platform]}\n\n"
    return title + _table(("torch", "variants", "Python", "torchvision / torchaudio", "known by"), rows)


def _companions(release: Release) -> str:
    return f"{release.torchvision or '-'} / {release.torchaudio or '-'}"


def _python(version: str) -> tuple[tuple[int, ...], bool]:
    return numbers(version), version.endswith("t")


def _code(facts: Catalogue, platform: Platform) -> str:
    rows = []
    names = [variant.name for variant in facts.variants if variant_kind(variant.name) == "cuda"]
    for name in reversed(names):
        held = sorted(
            (row for row in facts.arch_lists if row.variant == name and platform in row.platforms),
            key=lambda row: numbers(row.torch),
        )
        for (codes, evidence), group in groupby(held, key=lambda row: (_held(row), row.evidence)):
            versions = [row.torch for row in group]
            span = versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"
            rows.append((name, span, codes, evidence))
    return f"### {SYSTEMS[platform]}\n\n" + _table(("variant", "torch", "capabilities", "evidence"), rows)


def _held(row: ArchList) -> str:
    return ", ".join(row.sm) + "".join(f", {ptx}+PTX" for ptx in row.ptx)


def _amd(facts: Catalogue) -> str:
    words = {True: "yes", False: "listed, not tested", None: "no"}
    rows = ((chip.gfx, chip.gpus, f"rocm{chip.rocm_from}", words[chip.windows_tested]) for chip in facts.amd.gfx)
    return _table(("architecture", "cards", "Linux: from", "Windows: AMD's index"), rows)


def main() -> int:
    """Write the page, or compare it."""
    text = page(load_catalogue())
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
    if not current:
        sys.stderr.write("docs/builds.md is not current: run scripts/builds_page.py\n")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main())
