"""What compute platforms and systems are called by people."""

from __future__ import annotations

import pytest

from setupwizard.codes import Platform
from setupwizard.model.naming import system_name, variant_name


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
