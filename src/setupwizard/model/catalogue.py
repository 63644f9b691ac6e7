"""What is published of PyTorch and what each build needs: the bundled facts, and plain questions to them.

The facts are data with dates and sources (resources/catalogue.json); nothing here decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, cached_property, lru_cache, wraps
from typing import Concatenate, Literal, ParamSpec, TypeVar, cast

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from setupwizard.codes import OsName, Platform
from setupwizard.model.catalogue_rows import (
    Amd,
    Architecture,
    ArchList,
    Companions,
    Cudnn,
    DeviceRequirement,
    DriverCuda,
    DriverFloor,
    GfxChip,
    Intel,
    Jetson,
    Libc,
    Links,
    LocalTags,
    Macos,
    PackageSource,
    Preference,
    PythonPreference,
    Release,
    SmRule,
    Variant,
    VariantKind,
)
from setupwizard.model.wire import read_document
from setupwizard.resources import resource

Numbers = tuple[int, ...]
"""The numbers of a dotted version, to be compared: "580.65.06" is (580, 65, 6)."""

_PROCESSORS = {"amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "aarch64": "arm64", "armv8l": "arm64"}
_PLATFORMS: dict[tuple[OsName, str], Platform] = {
    ("linux", "x86_64"): "linux_x86_64",
    ("linux", "arm64"): "linux_aarch64",
    ("windows", "x86_64"): "win_amd64",
    ("windows", "arm64"): "win_arm64",
    ("macos", "arm64"): "macos_arm64",
    ("macos", "x86_64"): "macos_x86_64",
}


@lru_cache(maxsize=4096)
def numbers(text: str | None) -> Numbers:
    """Return the numbers that a version begins with: (580, 65, 6) of "580.65.06"; empty when there are none."""
    match = re.match(r"\d{1,9}(?:\.\d{1,9})*", (text or "").strip())
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def processor_of(machine: str) -> str:
    """Return the contract's word for what a system calls its processor: "x86_64", "arm64", else the system's own."""
    word = machine.strip().lower()
    return _PROCESSORS.get(word, word)


def platform_of(os: OsName, arch: str) -> Platform | None:
    """Return the word of the contract for a system and a processor, None when PyTorch knows neither."""
    return _PLATFORMS.get((os, processor_of(arch)))


def variant_kind(variant: str) -> VariantKind:
    """Return what a variant runs on, by its name, also for one that is newer than the catalogue."""
    if re.fullmatch(r"cu\d{2,4}", variant):
        return "cuda"
    if variant.startswith("rocm"):
        return "rocm"
    return "xpu" if variant == "xpu" else "cpu"


P = ParamSpec("P")
R = TypeVar("R")


def _remembered(question: Callable[Concatenate[Catalogue, P], R]) -> Callable[Concatenate[Catalogue, P], R]:
    """Keep the answers to a question on the catalogue itself: its facts never change, and a decision asks often."""

    @wraps(question)
    def ask(catalogue: Catalogue, /, *words: P.args, **more: P.kwargs) -> R:
        key = (question, words, *more.values())
        answers = catalogue._answers
        if key not in answers:
            answers[key] = question(catalogue, *words, **more)
        return cast("R", answers[key])

    return ask


class Catalogue(Struct, frozen=True, kw_only=True, dict=True):
    """All of it. In the file `sources` are the works that the facts come from; here they are `evidence`."""

    schema: Literal[1] = 1
    data_date: str
    evidence: dict[str, str] = field(name="sources")
    preference: Preference
    python: PythonPreference
    variants: tuple[Variant, ...]
    releases: tuple[Release, ...]
    arch_lists: tuple[ArchList, ...]
    device_requirement: DeviceRequirement
    driver_floors: tuple[DriverFloor, ...]
    driver_cuda: tuple[DriverCuda, ...]
    architectures: tuple[Architecture, ...]
    cudnn: Cudnn
    companions: Companions
    local_tags: LocalTags
    libc: Libc
    macos: Macos
    amd: Amd
    intel: Intel
    jetson: Jetson
    links: Links
    sources: tuple[PackageSource, ...] = field(name="package_sources")

    def __post_init__(self) -> None:
        """Refuse facts that contradict each other."""
        known = {variant.name for variant in self.variants}
        for release in self.releases:
            Version(release.torch)
            for published in release.builds.values():
                strange = {*published.variants, *published.probable} - known
                if strange:
                    raise ValueError(f"release {release.torch}: variants {sorted(strange)} are not described")
        strange = {row.variant for row in self.arch_lists} - known
        if strange:
            raise ValueError(f"arch_lists: variants {sorted(strange)} are not described")

    @cached_property
    def _answers(self) -> dict[tuple[object, ...], object]:
        return {}

    @cached_property
    def newest_cuda(self) -> Numbers:
        """The newest CUDA that any driver is known to know."""
        return max(numbers(row.cuda) for row in self.driver_cuda)

    @cached_property
    def _by_torch(self) -> dict[str, Release]:
        return {release.torch: release for release in self.releases}

    @cached_property
    def _by_arch(self) -> dict[tuple[str, Platform], tuple[ArchList, ...]]:
        rows: dict[tuple[str, Platform], list[ArchList]] = {}
        for row in self.arch_lists:
            for platform in row.platforms:
                rows.setdefault((row.variant, platform), []).append(row)
        return {key: tuple(sorted(found, key=lambda row: numbers(row.torch))) for key, found in rows.items()}

    @property
    def newest(self) -> Release:
        """The newest release."""
        return max(self.releases, key=lambda release: Version(release.torch))

    def release(self, torch: str) -> Release | None:
        """Return a release by its version."""
        return self._by_torch.get(torch)

    @_remembered
    def nearest(self, torch: str) -> Release:
        """Return a release by its version; for one that is not known, the newest known one before it."""
        before = [release for release in self.releases if Version(release.torch) <= Version(torch)]
        return max(before or self.releases, key=lambda release: Version(release.torch))

    def variant(self, name: str) -> Variant | None:
        """Return a variant by its name."""
        return next((variant for variant in self.variants if variant.name == name), None)

    def index_url(self, variant: str) -> str:
        """Return the official index of a variant, also of one that is newer than the catalogue."""
        known = self.variant(variant)
        return known.index if known else self.official.url.replace("{variant}", variant)

    @property
    def official(self) -> PackageSource:
        """The official index."""
        return next(source for source in self.sources if source.id == "official")

    def python_tags(self, torch: str, platform: Platform, *, general: bool = False) -> tuple[str, ...]:
        """Return the Pythons that a release has wheels for: on the variant indexes, or on the general index alone."""
        release = self.release(torch)
        published = release.builds.get(platform) if release else None
        if published is None:
            return ()
        return published.python if general else published.python + published.index_python

    def general_variant(self, torch: str, platform: Platform) -> str | None:
        """Return the variant of the wheel that the general index gives, None when it has none for the platform."""
        release = self.release(torch)
        published = release.builds.get(platform) if release else None
        return published.general if published else None

    @_remembered
    def arch_list(self, torch: str, variant: str, platform: Platform) -> ArchList | None:
        """Return what a CUDA build holds code for; for a release not described, the newest older one of its variant."""
        wanted = numbers(torch)
        rows = [row for row in self._by_arch.get((variant, platform), ()) if numbers(row.torch) <= wanted]
        return rows[-1] if rows else None

    @_remembered
    def driver_floor(self, variant: str, *, windows: bool) -> str | None:
        """Return the oldest NVIDIA driver for a CUDA variant; Windows numbers hold for WSL as well."""
        major = self.cuda_of(variant)[:1]
        for floor in self.driver_floors:
            if (floor.cuda_major,) == major:
                return floor.windows if windows else floor.linux
        return None

    @_remembered
    def cuda_of(self, variant: str) -> Numbers:
        """Return the CUDA of a variant, (13, 0) of cu130; empty for the others."""
        known = self.variant(variant)
        if known is not None:
            return numbers(known.cuda)
        return (int(variant[2:-1]), int(variant[-1])) if variant_kind(variant) == "cuda" else ()

    @_remembered
    def cuda_of_driver(self, version: str) -> Numbers:
        """Return the newest CUDA that a driver certainly knows; a driver newer than the table knows the newest."""
        branch = numbers(version)[:1]
        known = [numbers(row.cuda) for row in self.driver_cuda if (row.branch,) <= branch]
        return max(known, default=())

    def architecture_of(self, compute_capability: Numbers) -> Architecture | None:
        """Return the generation of NVIDIA cards that has a compute capability."""
        for architecture in self.architectures:
            if compute_capability in map(numbers, architecture.compute_capabilities):
                return architecture
        return None

    @_remembered
    def runs_on(self, sm: str, compute_capability: Numbers, cuda: Numbers) -> bool:
        """Whether code compiled for `sm` by a CUDA runs on a card: torch's own rule (DEVICE_REQUIREMENT)."""
        rules = self.device_requirement
        rule = next((rule for rule in rules.rules if rule.sm == sm), SmRule(sm=sm, start=sm))
        if rule.only:
            return compute_capability in map(numbers, rule.only)
        unified = sm in rules.unified and cuda >= numbers(rules.unified_from_cuda)
        excluded = () if unified else tuple(map(numbers, rule.exclude))
        start = numbers(rule.start or sm)
        return start[0] == compute_capability[0] and start <= compute_capability and compute_capability not in excluded

    @_remembered
    def holds_code(
        self, torch: str, variant: str, platform: Platform, compute_capability: Numbers, driver_cuda: Numbers
    ) -> bool:
        """Whether a CUDA build runs on a card: compiled for it, or PTX that a driver of that CUDA can compile."""
        row = self.arch_list(torch, variant, platform)
        if row is None:
            return False
        cuda = self.cuda_of(variant)
        if any(self.runs_on(sm, compute_capability, cuda) for sm in row.sm):
            return True
        return cuda <= driver_cuda and any(numbers(ptx) <= compute_capability for ptx in row.ptx)

    @_remembered
    def cudnn_is_too_new(self, torch: str, variant: str, compute_capability: Numbers) -> bool:
        """Whether the cuDNN of a build is known to have left a card behind."""
        limits = self.cudnn.limits
        last = [numbers(row.last) for row in limits if compute_capability < numbers(row.compute_capability_below)]
        builds = [
            numbers(row.version) for row in self.cudnn.builds if variant in row.variants and matches(torch, row.torch)
        ]
        return any(build[: len(limit)] > limit[: len(build)] for build in builds for limit in last)

    @_remembered
    def glibc_floor(self, torch: str, variant: str, platform: Platform) -> Numbers:
        """Return the oldest glibc that a build starts with; empty for other systems."""
        tags = [
            row.tag
            for row in self.libc.exceptions
            if row.platform == platform and variant in row.variants and matches(torch, row.torch)
        ]
        published = self.nearest(torch).builds.get(platform)
        tags = tags or [*(published.tags if published else ())]
        floors = (_glibc_of(part, self.libc.glibc_of_tag) for tag in tags for part in tag.split("."))
        return min((floor for floor in floors if floor), default=())

    @_remembered
    def macos_floor(self, torch: str, platform: Platform, python: str) -> Numbers:
        """Return the oldest macOS that has a wheel of a release for a Python; empty for other systems."""
        for row in self.macos.exceptions:
            if python in row.python and matches(torch, row.torch):
                return numbers(row.macos)
        published = self.nearest(torch).builds.get(platform)
        floors = [re.fullmatch(r"macosx_(\d+)_(\d+)_\w+", tag) for tag in (published.tags if published else ())]
        return min(((int(floor[1]), int(floor[2])) for floor in floors if floor), default=())

    @_remembered
    def carries_tag(self, torch: str, variant: str, platform: Platform) -> bool:
        """Whether the version of a wheel on its variant's index ends with "+variant"."""
        return not any(
            platform in row.platforms and variant in row.variants and matches(torch, row.torch)
            for row in self.local_tags.without
        )

    @_remembered
    def torchvision_for(self, torch: str, variant: str, platform: Platform, python: str) -> str | None:
        """Return the torchvision that certainly fits a build: same tag and Python, or the stable-ABI one; else None."""
        release, rules = self.release(torch), self.companions
        paired = release.torchvision if release else None
        untagged = any(
            row.platform == platform and row.kind == variant_kind(variant) for row in rules.untagged_torchvision
        )
        if paired and not untagged and python in self.python_tags(torch, platform, general=True):
            return paired
        return rules.stable_torchvision.version if matches(torch, rules.stable_torchvision.torch) else None

    def gfx_chip(self, gfx: str | None) -> GfxChip | None:
        """Return an AMD architecture by its word; features behind a colon do not matter."""
        word = (gfx or "").split(":")[0].strip().lower()
        return next((chip for chip in self.amd.gfx if chip.gfx == word), None)


def _glibc_of(tag: str, known: dict[str, str]) -> Numbers:
    """Return the glibc of a platform tag: by the table, else as PEP 600 spells it in the tag itself."""
    name = tag.removesuffix("_x86_64").removesuffix("_aarch64")
    spelled = re.fullmatch(r"manylinux_(\d{1,3})_(\d{1,3})", name)
    return numbers(known[name]) if name in known else (int(spelled[1]), int(spelled[2])) if spelled else ()


@lru_cache(maxsize=4096)
def matches(torch: str, specifier: str) -> bool:
    """Whether a version of torch is among those that a PEP 440 specifier names."""
    return SpecifierSet(specifier).contains(torch, prereleases=True)


@cache
def load_catalogue() -> Catalogue:
    """Return the facts that came with this copy of the program.

    Raises:
        SetupError: "document-unreadable" or "document-invalid": the copy of the program is damaged.
    """
    return read_document(Catalogue, resource("catalogue.json"))
