"""Taking the Visual C++ runtime along for a Windows that lacks files of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from setupwizard.errors import SetupError
from setupwizard.model.install_data import install_data
from setupwizard.model.machine import Finding, Gpu, Machine
from setupwizard.model.plan import Package
from setupwizard.steps.recommend import recommend
from setupwizard.steps.runtime import bringing_runtime, brings_runtime, copy_files, install_title, place_runtime

LACKS = Finding(code="vc-runtime-missing", level="warn", text="x", evidence=("vcruntime140_threads.dll",))
CARD = Gpu(vendor="nvidia", pci_id="10de:2684", compute_capability="8.9", driver_sees_it=True, sources=("nvml",))


def machine(*findings: Finding) -> Machine:
    return Machine(os="windows", arch="x86_64", gpus=(CARD,), findings=findings)


def package(name: str) -> Package:
    return Package(name=name, version="1", file=f"{name}-1.whl", sha256="0", size=1, url="", origin="general")


def resolve(further: Sequence[str]) -> tuple[Package, ...]:
    return tuple(package(word.partition(">")[0]) for word in ("torch", *further))


def nobody_has_it(further: Sequence[str]) -> tuple[Package, ...]:
    if any(word.startswith("msvc-runtime") for word in further):
        raise SetupError("build-not-in-sources", requirement="msvc-runtime", problem="")
    return resolve(further)


def test_the_runtime_is_a_row_of_the_plan_only_where_it_is_missing() -> None:
    assert not brings_runtime(bringing_runtime(machine(), resolve)(()))
    packages = bringing_runtime(machine(LACKS), resolve)(("numpy",))
    assert [one.name for one in packages] == ["torch", "numpy", "msvc-runtime"]
    assert brings_runtime(packages)
    assert "Visual C++" in install_title(packages)
    assert "Visual C++" not in install_title(packages[:2])


def test_a_source_without_it_still_gives_the_environment() -> None:
    packages = bringing_runtime(machine(LACKS), nobody_has_it)(("numpy",))
    assert [one.name for one in packages] == ["torch", "numpy"]


def test_other_troubles_stay_what_they_are() -> None:
    def offline(_further: Sequence[str]) -> tuple[Package, ...]:
        raise SetupError("network-off")

    with pytest.raises(SetupError) as caught:
        bringing_runtime(machine(LACKS), offline)(())
    assert caught.value.code == "network-off"


def test_only_what_is_missing_is_copied_to_where_torch_looks(tmp_path: Path) -> None:
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts" / "vcruntime140_threads.dll").write_bytes(b"threads")
    (tmp_path / "msvcp140.dll").write_bytes(b"not asked for")
    names = ("vcruntime140_threads.dll", "msvcp140_atomic_wait.dll")
    assert copy_files(names, tmp_path) == ("vcruntime140_threads.dll",)
    assert [path.name for path in (tmp_path / "Library" / "bin").iterdir()] == ["vcruntime140_threads.dll"]


def test_nothing_is_placed_without_the_package(tmp_path: Path) -> None:
    assert place_runtime((package("torch"),), tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_microsofts_installer_is_offered_and_is_no_condition() -> None:
    plain, lacking = recommend(machine()), recommend(machine(LACKS))
    assert lacking.verdict == plain.verdict
    assert lacking.build == plain.build
    (action,) = [one for one in lacking.actions if one not in plain.actions]
    assert (action.code, action.url) == ("install-vc-runtime", install_data().vc_runtime.url)
