"""An environment that somebody else made: found, compared with its own records, proved, remembered."""

import base64
import hashlib
from pathlib import Path

import pytest

from helpers.torch_environment import fake_torch_environment, packages_of
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.machine import Gpu, Machine, NvidiaDriver
from setupwizard.model.verification import Check, Device, Figure, TorchFacts, Verification
from setupwizard.steps import foreign, history
from setupwizard.steps.tracking import Track
from setupwizard.store.layout import Root
from setupwizard.store.own_records import audit_own_records
from setupwizard.tools.concurrency import Cancel
from setupwizard.workflow import ProofOptions, changes_since, last_report, must_be_environment, verify_environment
from setupwizard.workflow.proving import _cards

pytestmark = pytest.mark.usefixtures("home")

CARD = Gpu(vendor="nvidia", name="NVIDIA GeForce RTX 4060", uuid="GPU-1", driver_sees_it=True)
MACHINE = Machine(os="linux", arch="x86_64", gpus=(), nvidia_driver=NvidiaDriver(version="580.95"))
WITH_CARD = Machine(os="linux", arch="x86_64", gpus=(CARD, Gpu(vendor="intel", name="UHD")))


def add_package(site_packages: Path, name: str, files: dict[str, str], version: str = "1.0") -> Path:
    info = site_packages / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    rows = [f"{info.name}/METADATA,,", f"{info.name}/RECORD,,"]
    for path, text in files.items():
        place = site_packages / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text)}")
    (info / "RECORD").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return info


@pytest.fixture
def environment(tmp_path):
    folder = tmp_path / "自己的 env"
    fake_torch_environment(folder)
    add_package(packages_of(folder), "torch_extra", {"torch_extra/__init__.py": "x = 1\n", "torch_extra/b.py": "y\n"})
    return folder


def track() -> Track:
    return Track(lambda _event: None, Cancel())


def test_a_folder_without_python_is_no_environment(tmp_path):
    with pytest.raises(SetupError) as caught:
        must_be_environment(Root(tmp_path))
    assert caught.value.code == "environment-missing"


def test_what_a_package_recorded_is_compared_with_what_is_there(environment):
    found = foreign.look(environment)
    assert found.packages() == {"torch-extra": "1.0"}
    check = foreign.files_check(found)
    assert (check.status, check.text) == ("pass", "3 files compared.")
    (found.site_packages / "torch_extra" / "b.py").write_bytes(b"z\n")
    (found.site_packages / "torch_extra" / "__init__.py").unlink()
    broken = foreign.files_check(found)
    assert broken.status == "fail"
    assert "torch_extra/__init__.py" in broken.text
    assert "torch_extra/b.py" in broken.text
    assert broken.advice


def test_what_a_broken_off_install_left_is_named(environment):
    found = foreign.look(environment)
    (found.site_packages / "~orch").mkdir()
    (add_package(found.site_packages, "half", {}) / "RECORD").unlink()
    check = foreign.files_check(found)
    assert check.status == "warn"
    assert "~orch" in check.text
    assert "half-1.0.dist-info/RECORD" in check.text


def test_a_record_that_leads_elsewhere_is_not_followed(environment, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    found = foreign.look(environment)
    info = add_package(found.site_packages, "bad", {})
    (info / "RECORD").write_text(f"../../../../../secret,sha256=AAAA,1\n{secret},,\n")
    result = audit_own_records(found.site_packages)
    assert (result.files, result.problems) == (3, ())


def test_it_stops_when_asked(environment):
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        foreign.files_check(foreign.look(environment), cancel)


def test_it_is_proved_and_remembered_without_a_file_of_ours_in_it(environment):
    before = sorted(path for path in environment.rglob("*") if "__pycache__" not in path.parts)
    options = ProofOptions(level="import")
    proof = verify_environment(Root(environment), MACHINE, options, track())
    assert [check.id for check in proof.checks][:2] == ["files", "import"]
    assert proof.passed
    assert history.earlier(environment) == (), "what was not a whole proof is not kept"
    history.remember(environment, proof)
    assert history.earlier(environment) == (proof,)
    again = verify_environment(Root(environment), MACHINE, options, track())
    assert again.previous == proof.started
    assert sorted(path for path in environment.rglob("*") if "__pycache__" not in path.parts) == before


@pytest.mark.parametrize(
    ("torch", "cards"),
    [("2.15.0+cu130", (CARD,)), ("2.15.0+cpu", (CARD,)), ("2.15.0+xpu", WITH_CARD.gpus[1:]), ("2.15.0+rocm6.4", ())],
)
def test_the_cards_are_those_that_the_torch_there_should_use(environment, torch, cards):
    found = foreign.look(environment)
    (found.site_packages / "torch" / "version.py").write_text(f"__version__ = '{torch}'\ncuda: str | None = None\n")
    assert _cards(found, WITH_CARD) == cards


def proof(**changes) -> Verification:
    usual = {
        "passed": True,
        "verdict": "pass",
        "level": "device",
        "mode": "quick",
        "torch": TorchFacts(version="2.15.0+cu130"),
        "devices": (Device(index=0, driver="580.95"),),
        "checks": (
            Check(id="matmul", device=0, status="pass", figures=(Figure(name="fp16", value=1.0, unit="TFLOPS"),)),
        ),
        "measurements": {"matmul.fp16.tflops": 30.0, "card.looks.seconds": (0.0, 1.0)},
        "started": "2026-11-22T00:00:00Z",
    }
    return Verification(**{**usual, **changes})


def test_what_has_changed_is_said(tmp_path):
    slow = proof(
        devices=(Device(index=0, driver="590.10"),),
        measurements={"matmul.fp16.tflops": 21.0},
        started="2026-11-23T00:00:00Z",
        previous="2026-11-22T00:00:00Z",
    )
    assert list(history.changes(proof(), slow)) == [
        "Driver: was 580.95, is 590.10.",
        "Matrix multiplication (FP16): −30 % compared with last time.",
    ]
    assert list(history.changes(proof(), proof(measurements={"matmul.fp16.tflops": 31.0}))) == []
    history.remember(tmp_path, proof())
    history.remember(tmp_path, slow)
    assert len(changes_since(Root(tmp_path), slow)) == 2
    assert "card.looks.seconds" not in history.earlier(tmp_path)[0].measurements


def test_a_report_of_an_environment_that_others_made(environment):
    with pytest.raises(SetupError) as unknown:
        last_report(Root(environment), lambda: MACHINE)
    assert unknown.value.code == "environment-missing"
    for day in (1, 2):
        history.remember(environment, proof(started=f"2026-11-0{day}T00:00:00Z"))
    found = last_report(Root(environment), lambda: MACHINE)
    assert (found.machine.nvidia_driver, found.plan) == (MACHINE.nvidia_driver, None)
    assert found.verification is not None
    assert found.verification.started == "2026-11-02T00:00:00Z"
    assert [one.started for one in found.earlier] == ["2026-11-01T00:00:00Z"]
    assert found.installed == {"torch-extra": "1.0"}
    with pytest.raises(SetupError):
        last_report(Root(environment))


def test_only_the_newest_proofs_are_kept_and_a_broken_file_is_none(tmp_path):
    for number in range(history.KEPT + 3):
        history.remember(tmp_path, proof(started=f"{number}"))
    kept = history.earlier(tmp_path)
    assert [one.started for one in kept] == [str(number) for number in range(3, history.KEPT + 3)]
    history.place_of(tmp_path).write_text("[{")
    assert history.earlier(tmp_path) == ()
    history.place_of(tmp_path).unlink()
    history.place_of(tmp_path).mkdir()
    history.remember(tmp_path, proof())
    assert history.earlier(tmp_path) == ()
