"""From what was seen to the cause and its cure: one case for each cause."""

import pytest
from msgspec.structs import replace

from helpers.facts import recommend
from setupwizard.codes import CauseCode
from setupwizard.model.machine import Finding, FoundTorch, Gpu, Machine, NvidiaDriver, PythonChoice
from setupwizard.model.verification import Check, Verification
from setupwizard.steps.diagnosing import Observed, causes, is_healthy, suspects
from setupwizard.workflow.doctoring import _judged

CARD = Gpu(vendor="nvidia", name="RTX 4090", pci_id="10de:2684", compute_capability="8.9", driver_sees_it=True)
PASCAL = replace(CARD, name="GTX 1080 Ti", pci_id="10de:1b06", compute_capability="6.1")
FINE = Check(id="files", status="pass")
IMPORTED = Check(id="import", status="pass")
PYTHON = PythonChoice(version="3.12", fixed=True)


def machine(*cards: Gpu, driver: str | None = "581.57", os: str = "linux") -> Machine:
    return Machine(
        os=os,
        arch="x86_64",
        gpus=cards,
        nvidia_driver=NvidiaDriver(version=driver) if driver else None,
        python=PYTHON,
    )


def torch(version: str) -> FoundTorch:
    return FoundTorch(env="/env", version=version, variant=version.partition("+")[2] or None, python="3.12")


def proof(*checks: Check) -> Verification:
    failed = any(check.status == "fail" for check in checks)
    return Verification(
        passed=not failed,
        verdict="fail" if failed else "pass",
        level="device",
        mode="quick",
        checks=checks,
        started="2026-11-22T00:00:00Z",
    )


def seen(here: Machine, found: FoundTorch | None, **more) -> Observed:
    usual = {"own": False, "files": FINE, "decision": recommend(here), "judged": _judged(here, found)}
    return Observed(machine=here, torch=found, **{**usual, **more})


GOOD = seen(machine(CARD), torch("2.15.0+cu130"), proof=proof(IMPORTED))
NO_DEVICE = proof(IMPORTED, Check(id="device", status="fail", text="Not seen.", advice="Restart."))
LOW_DRIVER = machine(CARD, driver="460.27")
MISSING_DLL = Finding(code="vc-runtime-missing", level="problem", text="Files are missing.", evidence=("a.dll",))

COMMAND = "conda remove --prefix /env pytorch"

CASES: dict[CauseCode, Observed] = {
    "torch-missing": seen(machine(CARD), None),
    "cpu-build": seen(machine(CARD), torch("2.15.0+cpu"), proof=NO_DEVICE),
    "no-code": seen(machine(PASCAL, driver="580.95"), torch("2.14.1+cu130"), proof=NO_DEVICE),
    "driver-missing": seen(machine(CARD, driver=None), torch("2.15.0+cu130"), proof=NO_DEVICE),
    "driver-old": seen(LOW_DRIVER, torch("2.15.0+cu130"), proof=NO_DEVICE),
    "not-for-here": seen(
        replace(machine(CARD), python=replace(PYTHON, version="3.10")), torch("2.15.0+cu130"), proof=NO_DEVICE
    ),
    "files-damaged": replace(GOOD, files=Check(id="files", status="fail", text="1 file differs.")),
    "install-broken-off": replace(GOOD, files=Check(id="files", status="warn", text="Left: ~orch.")),
    "installers-mixed": replace(
        GOOD, conda_torch=("conda-meta/pytorch-2.5.1.json",), conda_command=COMMAND, pip_torch=("torch-2.dist-info",)
    ),
    "companion-mismatch": replace(GOOD, proof=proof(IMPORTED, Check(id="torchvision", status="fail", text="Other."))),
    "packages-elsewhere": replace(GOOD, elsewhere=("PYTHONPATH=/x",)),
    "module-shadowed": replace(GOOD, shadows=("/x/torch.py",)),
    "vc-runtime-missing": replace(
        GOOD,
        machine=replace(machine(CARD, os="windows"), findings=(MISSING_DLL,)),
        proof=proof(Check(id="import", status="fail", text="x")),
    ),
    "openmp-twice": replace(GOOD, openmp=("Library/bin/libiomp5md.dll", "Lib/site-packages/torch/lib/libiomp5md.dll")),
    "card-not-seen": replace(GOOD, proof=NO_DEVICE),
    "proof-failed": replace(GOOD, proof=proof(IMPORTED, Check(id="conv", status="fail", text="Wrong results."))),
}
BY_HAND = {
    *("driver-missing", "packages-elsewhere", "module-shadowed", "installers-mixed"),
    *("card-not-seen", "proof-failed", "install-broken-off", "openmp-twice"),
}
REMARKS = {"install-broken-off", "packages-elsewhere", "openmp-twice"}


def test_every_cause_has_a_case():
    assert set(CASES) == set(CauseCode.__args__)


@pytest.mark.parametrize("code", CASES)
def test_one_cause_one_sentence_one_cure(code):
    found = causes(CASES[code])
    assert [cause.code for cause in found] == [code]
    cause = found[0]
    assert cause.text
    assert "{" not in cause.text
    assert is_healthy(found) == (code in REMARKS)
    if code in BY_HAND or code == "not-for-here":
        assert code == "not-for-here" or cause.fix is None
    else:
        assert cause.fix is not None
        assert cause.fix.code == "repair"
        assert "torch" in cause.fix.text


def test_a_good_environment_has_no_cause_of_trouble():
    assert causes(GOOD) == ()


def test_what_works_is_not_called_too_old_or_without_code():
    works = proof(IMPORTED, Check(id="device", status="pass"))
    for case in ("no-code", "driver-old", "not-for-here"):
        assert causes(replace(CASES[case], proof=works)) == ()


def test_an_environment_of_ours_gets_a_new_generation():
    cause = causes(replace(CASES["cpu-build"], own=True))[0]
    assert cause.fix.code == "new-generation"
    assert cause.fix.changes == ("torch 2.15.0+cpu -> 2.15.0+cu130",)


def test_a_cure_that_would_not_run_is_not_offered():
    case = replace(CASES["files-damaged"], decision=recommend(machine(CARD, driver="390.10")))
    assert {cause.fix for cause in causes(case)} == {None}


def test_an_old_driver_is_cured_by_an_older_build_only_where_one_runs():
    assert "cu118" in causes(CASES["driver-old"])[0].fix.text
    nothing = seen(machine(CARD, driver="390.10"), torch("2.15.0+cu130"), proof=NO_DEVICE)
    assert [(cause.code, cause.fix) for cause in causes(nothing)] == [("driver-old", None)]


def test_the_processor_build_is_right_without_a_card_and_on_a_mac():
    assert causes(seen(machine(driver=None), torch("2.15.0+cpu"), proof=proof(IMPORTED))) == ()
    mac = Machine(os="macos", arch="arm64", gpus=(Gpu(vendor="apple", name="M3"),), os_version="15.1", python=PYTHON)
    assert causes(seen(mac, torch("2.15.0+cpu"), proof=proof(IMPORTED))) == ()


def test_what_conda_installed_is_for_conda_to_take_out():
    for code in ("cpu-build", "files-damaged", "no-code"):
        (cause,) = causes(replace(CASES[code], conda_torch=("conda-meta/pytorch-2.5.1.json",), conda_command=COMMAND))
        assert (cause.code, cause.fix) == (code, None)
        assert COMMAND in cause.text


@pytest.mark.parametrize(
    ("cause", "package", "curable"),
    [
        ("incomplete", "torch", True),
        ("package-missing", "torch", True),
        ("numpy-mismatch", "numpy", True),
        ("error", "torch", True),
        ("shadowed", "torch", False),
        ("paging-file", "torch", False),
        ("blocked-by-policy", "torch", False),
    ],
)
def test_an_import_that_fails_is_cured_by_another_copy_where_that_helps(cause, package, curable):
    failed = proof(Check(id="import", status="fail", cause=cause, text="It does not start."))
    (found,) = causes(replace(GOOD, proof=failed))
    assert (found.code, found.fix is not None) == ("proof-failed", curable)
    assert suspects(failed) == {package}


def test_a_companion_of_another_pytorch_is_found_also_where_nobody_planned_one():
    remark = Check(id="torchvision", status="warn", cause="companion-mismatch", text="Other.")
    given = replace(proof(IMPORTED, remark), verdict="warn")
    (found,) = causes(replace(GOOD, proof=given))
    assert (found.code, found.fix is not None) == ("companion-mismatch", True)
    assert suspects(given) == {"torchvision"}
    other = replace(remark, cause="comfort")
    assert causes(replace(GOOD, proof=proof(IMPORTED, other))) == ()


@pytest.mark.parametrize(
    ("places", "failed", "told"),
    [
        (("a/libiomp5.so", "b/libiomp5.so"), False, True),
        (("lib/libiomp5.so", "torch/lib/libgomp-1.so.1"), False, True),
        (("torch/lib/libgomp-1.so.1", "sklearn.libs/libgomp-2.so.1"), False, False),
        (("torch/lib/libgomp-1.so.1", "sklearn.libs/libgomp-2.so.1"), True, True),
        (("torch/lib/libgomp-1.so.1",), True, False),
    ],
)
def test_openmp_runtimes_are_told_where_they_can_clash(places, failed, told):
    ended = proof(IMPORTED, Check(id="conv", status="fail" if failed else "pass", text="x"))
    found = causes(replace(GOOD, openmp=places, proof=ended))
    assert ("openmp-twice" in [cause.code for cause in found]) == told


def test_the_worst_comes_first():
    case = replace(CASES["packages-elsewhere"], files=Check(id="files", status="fail", text="1 file differs."))
    assert [cause.level for cause in causes(case)] == ["problem", "warn"]
