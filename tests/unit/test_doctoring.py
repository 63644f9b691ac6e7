"""The doctor on made-up environments, through the true child, records and decision: each cause and what it offers."""

from __future__ import annotations

import csv
import hashlib
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from helpers.torch_environment import fake_torch_environment, packages_of
from setupwizard.codes import CauseCode
from setupwizard.i18n import set_language
from setupwizard.model.doctor import Cause
from setupwizard.model.machine import Finding, Gpu, Machine, NvidiaDriver
from setupwizard.steps.tracking import Track
from setupwizard.store.layout import Root
from setupwizard.tools.concurrency import Cancel
from setupwizard.workflow import doctoring
from setupwizard.workflow.doctoring import Examined, examine

pytestmark = pytest.mark.not_in_wine("the environments are those of Linux")

ADA = Gpu(vendor="nvidia", name="RTX 4090", pci_id="10de:2684", compute_capability="8.9", driver_sees_it=True)
PASCAL = Gpu(vendor="nvidia", name="GTX 1080 Ti", pci_id="10de:1b06", compute_capability="6.1", driver_sees_it=True)
NO_KERNEL = {"raise": ["RuntimeError", "CUDA error: no kernel image is available for execution on the device"]}
NOT_COMPILED = {"raise": ["AssertionError", "Torch not compiled with CUDA enabled"]}


def machine(*cards: Gpu, driver: str | None = "581.57", **more: Any) -> Machine:
    usual = {"os": "linux", "arch": "x86_64", "libc": "glibc 2.36"}
    return Machine(**usual | more, gpus=cards, nvidia_driver=NvidiaDriver(version=driver) if driver else None)


@pytest.fixture(autouse=True)
def nobodys_home(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of the person who runs the tests come in."""
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


class Somebodys:
    """An environment that somebody made with venv and pip."""

    def __init__(self, folder: Path, version: str, **scenario: Any) -> None:
        cuda = {"cuda": "13.0"} if "+cu" in version else {"available": False, "init": NOT_COMPILED}
        self.folder = folder
        fake_torch_environment(folder, version=version, **cuda | scenario)
        self.site = packages_of(folder)
        (self.site / "torch" / "version.py").write_text(f"__version__ = '{version}'\n")
        self.info = self.record("torch", version, "torch/__init__.py", "torch/version.py")

    def record(self, name: str, version: str, *files: str, installer: str = "pip") -> Path:
        """Write the records that an installer leaves."""
        info = self.site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "INSTALLER").write_text(f"{installer}\n")
        with (info / "RECORD").open("w", newline="") as file:
            for path in files:
                content = (self.site / path).read_bytes()
                digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                csv.writer(file).writerow([path, f"sha256={digest}", len(content)])
        return info

    def conda(self, *records: str) -> None:
        """Write the books that conda keeps."""
        (self.folder / "conda-meta").mkdir(exist_ok=True)
        for record in records:
            (self.folder / "conda-meta" / f"{record}.json").write_text("{}")


def look(env: Somebodys, here: Machine) -> Examined:
    return examine(Root(env.folder), here, Track(lambda _event: None, Cancel()))


def cause(examined: Examined, code: CauseCode) -> Cause:
    found = {cause.code: cause for cause in examined.document.causes}
    assert code in found, found
    return found[code]


def test_a_processor_build_beside_a_card(tmp_path: Path) -> None:
    found = look(Somebodys(tmp_path / "env", "2.13.0+cpu"), machine(ADA))
    told = cause(found, "cpu-build")
    assert told.fix is not None
    assert told.fix.code == "repair"
    assert "+cu" in told.fix.changes[0]
    assert doctoring.curable(found.document) == told.fix


def test_a_build_without_kernels_for_the_card(tmp_path: Path) -> None:
    scenario = {"capability": [6, 1], "built_for": ["sm_75"], "calculate": NO_KERNEL}
    told = cause(look(Somebodys(tmp_path / "env", "2.13.0+cu130", **scenario), machine(PASCAL)), "no-code")
    assert told.fix is not None
    assert "cu126" in told.fix.changes[0]


def test_a_driver_that_is_too_old_is_cured_by_an_older_build_where_one_runs(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cu130", available=False)
    told = cause(look(env, machine(ADA, driver="525.60")), "driver-old")
    assert told.fix is not None
    hopeless = cause(look(env, machine(ADA, driver="390.10")), "driver-old")
    assert hopeless.fix is None
    assert "driver" in hopeless.text.lower(), "what the person can do is said"


def test_a_half_made_install_and_what_it_left(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    (env.site / "torch" / "functional.py").write_text("x")
    env.record("torchgen", "1", "torch/functional.py")
    (env.site / "torch" / "functional.py").unlink()
    (env.site / "~orch").mkdir()
    found = look(env, machine())
    told = cause(found, "files-damaged")
    assert "torch/functional.py" in told.text
    assert told.fix is not None
    assert found.document.healthy is False


def test_what_a_broken_off_install_left_is_a_remark(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    (env.site / "~orch").mkdir()
    told = cause(look(env, machine()), "install-broken-off")
    assert (told.level, told.fix) == ("warn", None)
    assert "can be deleted" in told.text


def test_a_torch_that_does_not_start_and_has_no_record_comes_anew(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    (env.info / "RECORD").unlink()
    (env.site / "torch" / "__init__.py").unlink()
    found = look(env, machine())
    told = cause(found, "proof-failed")
    assert told.fix is not None
    assert found.suspects == {"torch"}


def test_a_torchvision_of_another_pytorch(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu", available=False)
    vision = env.site / "torchvision"
    vision.mkdir()
    (vision / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')\n")
    found = look(env, machine())
    told = cause(found, "companion-mismatch")
    assert told.fix is not None
    assert found.suspects == {"torchvision"}


def test_pips_torch_over_condas_is_named_and_left_to_its_owner(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "my env", "2.13.0+cpu")
    env.conda("pytorch-2.5.1-py3.11_cpu_0", "libtorch-2.5.1-cpu_generic_1", "python-3.11.9-0")
    told = cause(look(env, machine()), "installers-mixed")
    assert told.fix is None
    assert 'env" libtorch pytorch' in told.text
    assert told.evidence[-1] == "torch-2.13.0+cpu.dist-info"


def test_a_torch_of_conda_is_for_conda_to_exchange(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    (env.info / "INSTALLER").write_text("conda\n")
    env.conda("pytorch-2.13.0-cpu_generic_0")
    found = look(env, machine(ADA))
    told = cause(found, "cpu-build")
    assert told.fix is None
    assert "conda remove --prefix" in told.text
    assert "installers-mixed" not in [one.code for one in found.document.causes]


def test_two_openmp_runtimes_are_a_warning(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    for place in (env.folder / "lib" / "libiomp5.so", env.site / "torch" / "lib" / "libgomp-98b.so.1"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"x")
    (env.folder / "lib" / "libomp.so").symlink_to("libiomp5.so")
    told = cause(look(env, machine()), "openmp-twice")
    assert told.level == "warn"
    assert [Path(place).name for place in told.evidence] == ["libiomp5.so", "libgomp-98b.so.1"], "a second name is none"


def test_settings_that_lead_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    monkeypatch.setenv("PYTHONPATH", "/opt/old")
    told = cause(look(env, machine()), "packages-elsewhere")
    assert (told.level, told.fix, told.evidence) == ("warn", None, ("PYTHONPATH=/opt/old",))


def test_packages_of_the_user_come_first_in_an_environment_of_conda(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / "home" / ".local" / "lib" / minor / "site-packages" / "torch").mkdir(parents=True)
    assert "packages-elsewhere" not in [one.code for one in look(env, machine()).document.causes], "a venv hides them"
    settings = env.folder / "pyvenv.cfg"
    settings.write_text(settings.read_text().replace("site-packages = false", "site-packages = true"))
    told = cause(look(env, machine()), "packages-elsewhere")
    assert told.evidence == (f"~/.local/lib/{minor}/site-packages/torch",)


def test_a_file_that_hides_a_package(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    (tmp_path / "work" / "torch.py").write_text("mine = 1\n")
    told = cause(look(env, machine()), "module-shadowed")
    assert (told.level, told.fix) == ("problem", None)
    assert told.evidence[0].endswith("torch.py")
    assert "rename it" in told.text


def test_missing_files_of_the_visual_cpp_runtime_come_with_the_repair(tmp_path: Path) -> None:
    error = {"raise": ["OSError", "[WinError 126] The specified module could not be found."]}
    env = Somebodys(tmp_path / "env", "2.13.0+cpu", **{"import": error})
    lacks = Finding(code="vc-runtime-missing", level="problem", text="Files are missing.", evidence=("msvcp140.dll",))
    here = machine(os="windows", os_version="10.0.26100", libc=None, findings=(lacks,), driver=None)
    told = cause(look(env, here), "vc-runtime-missing")
    assert told.fix is not None
    assert told.evidence == ("msvcp140.dll",)


def test_every_sentence_is_there_in_chinese(tmp_path: Path) -> None:
    env = Somebodys(tmp_path / "env", "2.13.0+cpu")
    (env.site / "~orch").mkdir()
    (tmp_path / "work" / "torch.py").write_text("mine = 1\n")
    set_language("zh_CN")
    try:
        found = look(env, machine(ADA))
    finally:
        set_language("en")
    assert len(found.document.causes) >= 3
    for told in found.document.causes:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in told.text), told
