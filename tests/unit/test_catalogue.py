"""The bundled facts: complete, dated, with sources, and with the corrections that were found."""

from __future__ import annotations

import json
import re
from datetime import date
from urllib.parse import urlsplit

import msgspec
import pytest
from packaging.version import Version

from setupwizard.errors import SetupError
from setupwizard.model.catalogue import Catalogue, load_catalogue, matches, numbers, platform_of, variant_kind
from setupwizard.model.gpu_table import age_of, compute_capability_of, known_gpu, name_of
from setupwizard.model.wire import from_json, read_document
from setupwizard.resources import resource

RAW = json.loads(resource("catalogue.json").read_bytes())
GPUS = json.loads(resource("gpus.json").read_bytes())


@pytest.fixture
def facts() -> Catalogue:
    return load_catalogue()


def rows_with_sources(node: object, path: str = "") -> list[tuple[str, object]]:
    """Every row of a list of rows, and every section that has sources, below a node."""
    found: list[tuple[str, object]] = []
    if isinstance(node, dict):
        if "sources" in node and path:
            found.append((path, node["sources"]))
        for key, value in node.items():
            if key != "sources":
                found += rows_with_sources(value, f"{path}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            found += rows_with_sources(value, f"{path}/{number}")
    return found


def test_every_row_names_its_sources() -> None:
    rows = rows_with_sources(RAW)
    assert len(rows) > 200
    assert [path for path, sources in rows if not sources] == []
    for section in ("releases", "variants", "arch_lists", "driver_floors", "driver_cuda", "architectures"):
        assert all("sources" in row for row in RAW[section]), section


def test_short_sources_stand_in_the_list_of_evidence(facts: Catalogue) -> None:
    short = {source for release in facts.releases for source in release.sources}
    assert short <= set(facts.evidence)


@pytest.mark.parametrize("document", [RAW, GPUS], ids=["catalogue", "gpus"])
def test_the_data_carry_their_date(document: dict[str, str]) -> None:
    assert date.fromisoformat(document["data_date"]) >= date(2026, 11, 22)


@pytest.mark.parametrize("name", ["catalogue.json", "gpus.json"])
def test_no_host_of_a_package_registry_and_no_path_of_a_workplace(name: str) -> None:
    text = resource(name).read_text(encoding="utf-8")
    registry = re.compile(r"pypi\.org|pythonhosted|pypi\.tuna|anaconda\.org|/work/|/tmp/|/home/")
    assert registry.findall(text) == []


def test_versions_parse_and_are_unique(facts: Catalogue) -> None:
    versions = [Version(release.torch) for release in facts.releases]
    assert len(set(versions)) == len(versions)
    assert all(not version.is_prerelease for version in versions)
    for release in facts.releases:
        for companion in (release.torchvision, release.torchaudio):
            assert companion is None or Version(companion)


def test_every_cuda_build_has_an_arch_list_of_its_own(facts: Catalogue) -> None:
    missing = []
    for release in facts.releases:
        for platform, published in release.builds.items():
            for variant in published.variants:
                if variant_kind(variant) == "cuda":
                    row = facts.arch_list(release.torch, variant, platform)
                    if row is None or numbers(row.torch) != numbers(release.torch)[:2]:
                        missing.append((release.torch, variant, platform))
    assert missing == []


def test_every_cuda_variant_has_a_driver_floor(facts: Catalogue) -> None:
    for variant in facts.variants:
        if variant.kind == "cuda":
            assert numbers(facts.driver_floor(variant.name, windows=False)) >= (450,)
            assert numbers(facts.driver_floor(variant.name, windows=True)) >= (450,)


def test_every_capability_of_the_arch_lists_belongs_to_an_architecture(facts: Catalogue) -> None:
    for row in facts.arch_lists:
        for capability in (*row.sm, *row.ptx):
            assert facts.architecture_of(numbers(capability)) is not None, (row.torch, row.variant, capability)


def test_every_variant_is_in_both_orders_of_preference(facts: Catalogue) -> None:
    names = {variant.name for variant in facts.variants if variant.kind == "cuda"}
    assert names == set(facts.preference.newer_cards) == set(facts.preference.older_cards)


def test_the_order_of_preference_is_that_of_the_contract(facts: Catalogue) -> None:
    stated = ["cu130", "cu132", "cu134", "cu129", "cu128", "cu126", "cu118"]
    assert [name for name in facts.preference.newer_cards if name in stated] == stated
    assert facts.preference.older_cards[:2] == ("cu126", "cu118")


# What an independent check of the data found, and what was found since: (version, variant, platform) -> published.
@pytest.mark.parametrize(
    ("torch", "variant", "platform", "published"),
    [
        *[
            (torch, "cu129", "linux_x86_64", True)
            for torch in ("2.8.0", "2.9.0", "2.9.1", "2.10.0", "2.11.0", "2.12.1", "2.13.0")
        ],
        *[(torch, "cu129", "linux_x86_64", False) for torch in ("2.12.0", "2.14.0", "2.14.1", "2.15.0")],
        ("2.8.0", "cu129", "win_amd64", True),
        ("2.9.0", "cu129", "win_amd64", True),
        ("2.9.1", "cu129", "win_amd64", False),
        ("2.13.0", "cu129", "win_amd64", False),
        ("2.15.0", "cu126", "linux_x86_64", False),
        ("2.14.1", "cu126", "linux_x86_64", True),
        ("2.12.0", "cu128", "linux_x86_64", False),
        ("2.11.0", "cu128", "win_amd64", True),
        ("2.15.0", "cu134", "linux_x86_64", False),
        ("2.6.0", "cpu", "win_arm64", False),
        ("2.7.0", "cpu", "win_arm64", True),
        ("2.3.0", "cpu", "macos_x86_64", False),
        ("2.2.2", "cpu", "macos_x86_64", True),
    ],
)
def test_the_catalogue_knows_which_builds_are_published(
    facts: Catalogue, torch: str, variant: str, platform: str, published: bool
) -> None:
    release = facts.release(torch)
    assert release is not None
    builds = release.builds.get(platform)  # type: ignore[call-overload]
    assert (builds is not None and variant in builds.variants) is published


@pytest.mark.parametrize(
    ("torch", "variant", "platform", "held", "missing"),
    [
        ("2.8.0", "cu126", "win_amd64", "6.1 7.0", "5.0 6.0"),
        ("2.9.0", "cu126", "win_amd64", "5.0 6.0 6.1", "10.0"),
        ("2.7.1", "cu128", "win_amd64", "5.0 12.0", ""),
        ("2.8.0", "cu128", "win_amd64", "6.1 12.0", "5.0"),
        ("2.10.0", "cu128", "win_amd64", "7.0 12.0", "6.1"),
        ("2.11.0", "cu128", "win_amd64", "7.5 12.0", "7.0"),
        ("2.11.0", "cu126", "win_amd64", "6.1", "10.0"),
        ("2.11.0", "cu126", "linux_x86_64", "6.0", "6.1"),
        ("2.15.0", "cu130", "linux_aarch64", "11.0", "7.5"),
    ],
)
def test_the_catalogue_knows_for_which_cards_a_build_holds_code(
    facts: Catalogue, torch: str, variant: str, platform: str, held: str, missing: str
) -> None:
    row = facts.arch_list(torch, variant, platform)  # type: ignore[arg-type]
    assert row is not None
    assert set(held.split()) <= set(row.sm)
    assert not set(missing.split()) & set(row.sm)


def test_ptx_of_kepler_is_not_counted(facts: Catalogue) -> None:
    assert all("3.7" not in row.ptx for row in facts.arch_lists)


# torch/cuda/__init__.py, DEVICE_REQUIREMENT
@pytest.mark.parametrize(
    ("sm", "capability", "cuda", "runs"),
    [
        ("8.6", (8, 9), (13, 0), True),
        ("8.0", (8, 6), (12, 6), True),
        ("8.0", (8, 7), (13, 0), False),
        ("8.0", (8, 7), (13, 2), True),
        ("8.6", (8, 7), (12, 6), False),
        ("5.0", (5, 2), (12, 6), True),
        ("5.0", (5, 3), (12, 6), False),
        ("6.0", (6, 1), (12, 6), True),
        ("6.0", (6, 2), (12, 6), False),
        ("7.0", (7, 2), (12, 6), False),
        ("7.0", (7, 5), (12, 6), True),
        ("9.0", (10, 0), (12, 6), False),
        ("10.0", (10, 3), (12, 8), True),
        ("10.0", (11, 0), (13, 0), False),
        ("11.0", (11, 0), (13, 0), True),
        ("12.0", (12, 1), (13, 0), True),
        ("12.0", (11, 0), (13, 0), False),
        ("3.7", (3, 5), (11, 8), False),
        ("3.7", (3, 7), (11, 8), True),
    ],
)
def test_which_code_runs_on_which_card(
    facts: Catalogue, sm: str, capability: tuple[int, ...], cuda: tuple[int, ...], runs: bool
) -> None:
    assert facts.runs_on(sm, capability, cuda) is runs


@pytest.mark.parametrize(
    ("variant", "on_windows", "floor"),
    [
        ("cu130", False, "580"),
        ("cu132", True, "580"),
        ("cu126", False, "525.60.13"),
        ("cu128", True, "528.33"),
        ("cu118", False, "450.80.02"),
        ("cu117", True, "452.39"),
        ("cpu", False, None),
        ("rocm7.14", False, None),
    ],
)
def test_the_catalogue_knows_which_driver_a_build_needs(
    facts: Catalogue, variant: str, on_windows: bool, floor: str | None
) -> None:
    assert facts.driver_floor(variant, windows=on_windows) == floor


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [("580.65.06", (13, 0)), ("581.57", (13, 0)), ("595.45.04", (13, 2)), ("700.1", (13, 4)), ("566.36", (12, 7))],
)
def test_what_a_driver_knows_and_an_unknown_newer_one_knows_the_newest(
    facts: Catalogue, driver: str, cuda: tuple[int, ...]
) -> None:
    assert facts.cuda_of_driver(driver) == cuda


@pytest.mark.parametrize(
    ("system", "arch", "word"),
    [
        ("linux", "x86_64", "linux_x86_64"),
        ("linux", "amd64", "linux_x86_64"),
        ("linux", "aarch64", "linux_aarch64"),
        ("linux", "arm64", "linux_aarch64"),
        ("windows", "AMD64", "win_amd64"),
        ("windows", "x64", "win_amd64"),
        ("windows", "ARM64", "win_arm64"),
        ("macos", "arm64", "macos_arm64"),
        ("macos", "x86_64", "macos_x86_64"),
        ("linux", "i686", None),
        ("linux", "riscv64", None),
    ],
)
def test_each_system_and_processor_becomes_the_contracts_platform(system: str, arch: str, word: str | None) -> None:
    assert platform_of(system, arch) == word  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("torch", "platform", "variant"),
    [
        ("2.15.0", "linux_x86_64", "cu132"),
        ("2.14.1", "linux_x86_64", "cu130"),
        ("2.10.0", "linux_aarch64", "cpu"),
        ("2.15.0", "win_amd64", "cpu"),
        ("2.15.0", "macos_arm64", "cpu"),
        ("2.15.0", "win_arm64", None),
        ("9.9.9", "linux_x86_64", None),
    ],
)
def test_what_the_general_index_gives(facts: Catalogue, torch: str, platform: str, variant: str | None) -> None:
    assert facts.general_variant(torch, platform) == variant  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("torch", "platform", "python", "has"),
    [
        ("2.15.0", "linux_x86_64", "3.10", False),
        ("2.15.0", "linux_x86_64", "3.15t", True),
        ("2.14.1", "win_amd64", "3.10", True),
        ("2.14.1", "win_amd64", "3.15", False),
        ("2.14.0", "win_amd64", "3.15", True),
        ("2.13.0", "linux_x86_64", "3.15", True),
        ("2.13.0", "win_amd64", "3.15", False),
        ("2.12.0", "linux_x86_64", "3.13t", True),
        ("2.12.1", "linux_x86_64", "3.13t", False),
        ("2.8.0", "linux_x86_64", "3.9", True),
        ("2.9.0", "linux_x86_64", "3.9", False),
        ("2.4.1", "win_amd64", "3.8", True),
        ("2.5.0", "win_amd64", "3.8", False),
        ("2.5.1", "linux_x86_64", "3.13", True),
        ("2.5.1", "win_amd64", "3.13", False),
        ("2.15.0", "win_arm64", "3.13", True),
        ("2.15.0", "win_arm64", "3.14", False),
        ("2.2.2", "macos_x86_64", "3.12", True),
    ],
)
def test_the_catalogue_knows_for_which_pythons_there_are_wheels(
    facts: Catalogue, torch: str, platform: str, python: str, has: bool
) -> None:
    assert (python in facts.python_tags(torch, platform)) is has  # type: ignore[arg-type]


def test_the_general_index_lacks_the_pythons_of_the_variant_indexes(facts: Catalogue) -> None:
    assert "3.15" in facts.python_tags("2.14.0", "linux_x86_64")
    assert "3.15" not in facts.python_tags("2.14.0", "linux_x86_64", general=True)


@pytest.mark.parametrize(
    ("torch", "variant", "platform", "floor"),
    [
        ("2.15.0", "cu130", "linux_x86_64", (2, 28)),
        ("2.7.0", "cpu", "linux_x86_64", (2, 28)),
        ("2.6.0", "cpu", "linux_x86_64", (2, 17)),
        ("2.6.0", "cu124", "linux_x86_64", (2, 17)),
        ("2.6.0", "cu126", "linux_x86_64", (2, 28)),  # the one variant that was built on manylinux 2.28 already
        ("2.6.0", "cpu", "linux_aarch64", (2, 28)),
        ("2.5.1", "cpu", "linux_aarch64", (2, 17)),
        ("2.15.0", "cpu", "win_amd64", ()),
    ],
)
def test_the_catalogue_knows_which_glibc_a_build_needs(
    facts: Catalogue, torch: str, variant: str, platform: str, floor: tuple[int, ...]
) -> None:
    assert facts.glibc_floor(torch, variant, platform) == floor  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("torch", "python", "floor"),
    [
        ("2.15.0", "3.12", (14, 0)),
        ("2.12.0", "3.12", (14, 0)),
        ("2.11.0", "3.12", (11, 0)),
        ("2.10.0", "3.13t", (14, 0)),
        ("2.10.0", "3.12", (11, 0)),
    ],
)
def test_the_catalogue_knows_which_macos_a_build_needs(
    facts: Catalogue, torch: str, python: str, floor: tuple[int, ...]
) -> None:
    assert facts.macos_floor(torch, "macos_arm64", python) == floor


@pytest.mark.parametrize(
    ("torch", "variant", "platform", "python", "torchvision"),
    [
        ("2.15.0", "cu130", "linux_x86_64", "3.12", "0.29.2"),
        ("2.14.1", "cu126", "win_amd64", "3.12", "0.29.1"),
        ("2.11.0", "cu128", "win_amd64", "3.12", "0.26.0"),
        ("2.14.0", "cu126", "linux_x86_64", "3.15", "0.29.2"),  # no paired wheel for 3.15, the stable one has
        ("2.13.0", "cu126", "linux_x86_64", "3.15", None),
        ("2.13.0", "cu130", "linux_aarch64", "3.12", None),  # the wheel there does not say for which variant it is
        ("2.14.1", "cu130", "linux_aarch64", "3.12", "0.29.2"),
        ("2.13.0", "cpu", "linux_aarch64", "3.12", "0.28.0"),
    ],
)
def test_the_torchvision_that_fits(
    facts: Catalogue, torch: str, variant: str, platform: str, python: str, torchvision: str | None
) -> None:
    assert facts.torchvision_for(torch, variant, platform, python) == torchvision  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("torch", "variant", "capability", "too_new"),
    [
        ("2.3.1", "cu118", (3, 7), False),
        ("2.4.0", "cu118", (3, 7), True),
        ("2.14.1", "cu126", (6, 1), False),
        ("2.14.1", "cu126", (9, 0), False),
        ("2.7.1", "cu118", (5, 2), False),
    ],
)
def test_the_catalogue_knows_which_cards_a_builds_cudnn_has_left_behind(
    facts: Catalogue, torch: str, variant: str, capability: tuple[int, ...], too_new: bool
) -> None:
    assert facts.cudnn_is_too_new(torch, variant, capability) is too_new


def test_the_catalogue_knows_the_last_driver_of_each_generation(facts: Catalogue) -> None:
    last = {row.name: row.last_branch for row in facts.architectures}
    assert last["Fermi"] == 390
    assert last["Kepler"] == 470
    assert [last[name] for name in ("Maxwell", "Pascal", "Volta")] == [580, 580, 580]
    assert [last[name] for name in ("Turing", "Ampere", "Ada", "Hopper", "Blackwell")] == [None] * 5
    helps = {row.name: row.driver_helps for row in facts.architectures}
    assert [name for name, help_ in helps.items() if not help_] == ["Fermi", "Kepler"]


def test_a_variant_newer_than_the_catalogue_has_its_place(facts: Catalogue) -> None:
    assert facts.index_url("cu136") == "https://download.pytorch.org/whl/cu136"
    assert facts.cuda_of("cu136") == (13, 6)
    assert facts.driver_floor("cu136", windows=False) == "580"


def test_every_source_can_be_asked_for_each_variant_over_a_secure_line(facts: Catalogue) -> None:
    assert facts.official.id == "official"
    assert len({source.id for source in facts.sources}) == len(facts.sources) >= 4
    for source in facts.sources:
        assert source.kind in {"index", "find-links"}
        assert source.url.startswith("https://")
        assert "{variant}" in source.url
        assert urlsplit(source.url).hostname in source.hosts


def test_aarch64_processor_wheels_carried_no_tag_at_first(facts: Catalogue) -> None:
    assert not facts.carries_tag("2.5.1", "cpu", "linux_aarch64")
    assert facts.carries_tag("2.6.0", "cpu", "linux_aarch64")
    assert facts.carries_tag("2.5.1", "cpu", "linux_x86_64")


def test_versions_are_read_as_numbers_and_compared_with_a_wish() -> None:
    assert numbers("580.65.06") == (580, 65, 6)
    assert numbers(" 12.4 beta") == (12, 4)
    assert numbers("N/A") == numbers(None) == ()
    assert matches("2.14.1", "<2.15")
    assert not matches("2.15.0", "<2.15")
    assert matches("2.15.0", "")


def test_a_damaged_catalogue_is_an_error_that_people_understand() -> None:
    with pytest.raises(SetupError) as caught:
        from_json(Catalogue, b'{"schema": 1, "data_date": "2026-11-22"}', name="catalogue.json")
    assert caught.value.code == "document-invalid"
    assert "catalogue.json" in caught.value.title


@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("releases", {"torch": "not a version"}),
        ("releases", {"builds": {"linux_x86_64": {"variants": ["cu999"], "python": []}}}),
        ("arch_lists", {"variant": "cu999"}),
    ],
)
def test_facts_that_contradict_each_other_are_refused(section: str, change: dict[str, object]) -> None:
    broken = json.loads(json.dumps(RAW))
    broken[section][0] |= change
    with pytest.raises((msgspec.ValidationError, ValueError)):
        msgspec.convert(broken, Catalogue)


def test_the_file_is_what_the_program_reads() -> None:
    assert read_document(Catalogue, resource("catalogue.json")).data_date == RAW["data_date"]


# --- the table of cards ------------------------------------------------------------------------------------------


def test_the_table_knows_every_card_of_its_date() -> None:
    assert sum(len(devices) for devices in GPUS["nvidia"].values()) == 951
    assert GPUS["sources"]
    assert "BSD" in GPUS["licence"]["of"]
    assert "Redistribution and use" in GPUS["licence"]["text"]


def test_every_chip_has_an_architecture_that_the_catalogue_describes(facts: Catalogue) -> None:
    for chip, row in GPUS["chips"].items():
        architecture = facts.architecture_of(numbers(row["compute_capability"]))
        assert architecture is not None, chip
        assert architecture.name == row["architecture"], chip
    assert set(GPUS["nvidia"]) == set(GPUS["chips"])


@pytest.mark.parametrize(
    ("pci_id", "capability", "chip"),
    [
        ("10de:2684", "8.9", "AD102"),
        ("10DE:2684", "8.9", "AD102"),
        ("0x10de:0x2b85", "12.0", "GB202"),
        ("10de:1b06", "6.1", "GP102"),
        ("10de:2e12", "12.1", "GB20B"),
        ("10de:0fc5", "3.0", "GK107"),  # sold as GeForce GT 1030 ...
        ("10de:1d01", "6.1", "GP108"),  # ... and so is this one: the name tells nothing
        ("10de:ffff", None, None),
        ("1002:744c", None, None),
        ("nonsense", None, None),
        (None, None, None),
    ],
)
def test_cards_by_pci_id(pci_id: str | None, capability: str | None, chip: str | None) -> None:
    assert compute_capability_of(pci_id) == capability
    known = known_gpu(pci_id)
    assert (known.chip if known and capability else None) == chip


def test_names_are_for_people() -> None:
    assert name_of("10de:2684") == "NVIDIA GeForce RTX 4090"
    assert name_of("8086:56a0") == "Intel Arc A770 Graphics"
    assert name_of("10de:ffff") is None


@pytest.mark.parametrize(
    ("pci_id", "age"),
    [
        ("10de:2684", "listed"),
        ("10de:0a65", "older"),  # GeForce 210, before Fermi
        ("10de:3fff", "newer"),
        ("10de:1500", "unknown"),
        ("8086:56a0", "unknown"),
        (None, "unknown"),
    ],
)
def test_how_an_id_stands_to_the_table(pci_id: str | None, age: str) -> None:
    assert age_of(pci_id) == age


@pytest.mark.parametrize(
    ("pci_id", "supported", "integrated"),
    [
        ("8086:56a0", True, False),  # Arc A770
        ("8086:e20b", True, False),  # Arc B580
        ("8086:7d55", True, True),  # Meteor Lake-H
        ("8086:64a0", True, True),  # Lunar Lake
        ("8086:0bda", True, False),  # Data Center GPU Max 1100
        ("8086:7d45", False, True),  # Meteor Lake-U
        ("8086:56c0", False, False),  # Data Center GPU Flex
    ],
)
def test_intels_cards_are_known_by_their_pci_id(pci_id: str, supported: bool, integrated: bool) -> None:
    known = known_gpu(pci_id)
    assert known is not None
    assert (known.xpu, known.integrated) == (supported, integrated)


def test_uhd_and_iris_xe_are_not_in_the_table_of_supported_cards() -> None:
    assert known_gpu("8086:3e92") is None
    assert known_gpu("8086:9a49") is None
