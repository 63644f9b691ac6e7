"""What makers, systems, compute platforms and sources are called by people."""

from __future__ import annotations

from typing import get_args

import pytest

from setupwizard.codes import Platform, Vendor
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.naming import source_name, system_name, variant_name, vendor_name
from setupwizard.probes import pci
from setupwizard.steps.sources import known_sources


@pytest.mark.parametrize(
    ("variant", "platform", "name"),
    [
        ("cu126", "linux_x86_64", "CUDA 12.6"),
        ("cu130", "win_amd64", "CUDA 13.0"),
        ("rocm6.4", "linux_x86_64", "ROCm 6.4"),
        ("rocm7.14", None, "ROCm 7.14"),
        ("xpu", "win_amd64", "Intel XPU"),
        ("cpu", "linux_aarch64", "CPU only"),
        ("cpu", None, "CPU only"),
        ("cpu", "macos_arm64", "Apple GPU (MPS)"),
        ("cpu", "macos_x86_64", "CPU only"),
        ("tpu9", "linux_x86_64", "tpu9"),
    ],
)
def test_a_compute_platform_is_called_as_its_makers_write_it(
    variant: str, platform: Platform | None, name: str
) -> None:
    assert variant_name(variant, platform) == name


def test_a_system_is_called_as_its_makers_write_it() -> None:
    assert [system_name(os) for os in ("windows", "linux", "macos")] == ["Windows", "Linux", "macOS"]


def test_every_maker_that_the_code_knows_has_a_name():
    assert {vendor: vendor_name(vendor) for vendor in get_args(Vendor) if not vendor_name(vendor)} == {"other": ""}
    assert set(pci.VENDORS.values()) <= set(get_args(Vendor))


def test_every_source_that_the_data_names_has_one_name():
    known = known_sources(load_catalogue())
    names = [spec.name for spec in known.values()]
    assert all(names)
    assert len(set(names)) == len(names)
    assert source_name("example", "Example mirror") == "Example mirror"
    assert source_name("example") == "example"
