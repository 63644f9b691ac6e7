"""From what was seen of an environment to the causes why PyTorch does not work there. Pure: it looks at nothing."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from setupwizard.codes import CauseCode, FindingLevel
from setupwizard.i18n import N_, _
from setupwizard.model.doctor import Cause, Cure
from setupwizard.model.machine import FoundTorch, Machine
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.model.stages import check_sentence
from setupwizard.model.verification import Check, Verification

_GOES_ON = ("gpu", "cpu")


class Observed(Struct, frozen=True, kw_only=True):
    """What was seen.

    Attributes:
        own: whether the wizard made the environment.
        torch: what its files say, None without any.
        files: the comparison of its files.
        decision: what is right on this computer, for this environment's Python.
        judged: the same question for the build that is installed; None where there is none.
        proof: how it ended when it was tried, None when it was not.
        conda_torch, pip_torch: the names of the records that each of them keeps of torch.
        conda_command: with which conda takes its torch out.
        openmp: files of OpenMP runtimes, by their place in the environment.
        elsewhere: settings that make Python take packages from somewhere else, "PYTHONPATH=/x".
        shadows: files of the person's that have the name of a package.
    """

    machine: Machine
    own: bool
    torch: FoundTorch | None
    files: Check
    decision: Recommendation
    judged: Recommendation | None = None
    proof: Verification | None = None
    conda_torch: tuple[str, ...] = ()
    conda_command: str = ""
    pip_torch: tuple[str, ...] = ()
    openmp: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    shadows: tuple[str, ...] = ()


_TEXTS: dict[CauseCode, str] = {
    "torch-missing": N_("There is no PyTorch in this environment."),
    "cpu-build": N_("The processor version of PyTorch is installed, which cannot use the graphics card."),
    "no-code": N_("The installed PyTorch has no code for the graphics card: {why}"),
    "driver-missing": N_("The graphics card's driver is missing. {next}"),
    "driver-old": N_("The graphics driver is too old for the installed PyTorch. {next}"),
    "not-for-here": N_("The installed PyTorch is not made for this computer: {why}"),
    "files-damaged": "{why}",
    "install-broken-off": "{why}",
    "installers-mixed": N_(
        "PyTorch was installed twice here, by conda and by pip, and their files overwrite each other. Let conda take "
        "its own out, then check again: {command}"
    ),
    "companion-mismatch": N_("The torchvision that is there belongs to another PyTorch."),
    "packages-elsewhere": N_(
        "Python takes packages from outside of this environment. Remove the setting or the packages that are named, "
        "open a new terminal, and check again."
    ),
    "module-shadowed": N_(
        "A file of yours has the name of a package, and Python loads it instead. Only you know what it is for: rename "
        "it, then check again."
    ),
    "vc-runtime-missing": "{why}",
    "openmp-twice": N_(
        'Several OpenMP runtimes are in this environment; programs can stop with "OMP: Error #15" or hang. Let one '
        "tool, conda or pip, install all packages that calculate, or let the wizard make an environment of its own."
    ),
    "card-not-seen": "{why}",
    "proof-failed": "{why}",
}
# What another build, or the same one installed anew, cures.
_CURABLE = frozenset(
    (
        *("torch-missing", "cpu-build", "no-code", "driver-old", "not-for-here", "files-damaged"),
        *("companion-mismatch", "vc-runtime-missing", "proof-failed"),
    )
)
# How an import failed -> which packages have to come anew, where it is not torch itself.
_TORCH = frozenset(("torch",))
_SUSPECTS: dict[str, frozenset[str]] = {"numpy-mismatch": frozenset(("numpy",))}
# What another copy of PyTorch does not change.
_NOT_BY_ANOTHER_COPY = frozenset(
    (
        *("shadowed", "paging-file", "blocked-by-policy", "blocked-by-app-control", "access-denied", "library-init"),
        *("held-by-antivirus", "python-broken", "system-old", "hang"),
    )
)


def causes(seen: Observed) -> tuple[Cause, ...]:
    """Return why PyTorch does not work, the worst first; empty when all is well.

    What the proof could not do is told as a cause of its own only where nothing before explains it.
    """
    found = [
        *_about_the_build(seen),
        *_about_the_files(seen),
        *_about_the_surroundings(seen),
    ]
    problems = any(cause.level == "problem" for cause in found)
    if not problems:
        found += _about_the_proof(seen)
    return tuple(sorted(found, key=lambda cause: ("problem", "warn", "info").index(cause.level)))


def is_healthy(found: tuple[Cause, ...]) -> bool:
    """Whether nothing keeps PyTorch from working."""
    return not any(cause.level == "problem" for cause in found)


def _about_the_build(seen: Observed) -> Iterator[Cause]:
    torch, decision = seen.torch, seen.decision
    if torch is None:
        yield _cause(seen, "torch-missing")
        return
    proved = seen.proof is not None and seen.proof.passed
    judged = seen.judged
    if decision.verdict == "fix-driver" and (torch.variant or "cpu") != "cpu" and not proved:
        code: CauseCode = "driver-old" if seen.machine.nvidia_driver is not None else "driver-missing"
        yield _cause(seen, code, next=" ".join(action.text for action in decision.actions[:1]))
    elif decision.verdict == "gpu" and torch.variant == "cpu" and seen.machine.os != "macos":
        yield _cause(seen, "cpu-build", evidence=(f"torch {torch.version}",))
    elif judged is not None and judged.verdict not in _GOES_ON and not proved:
        yield from _rejected(seen, judged, torch)


def _rejected(seen: Observed, judged: Recommendation, torch: FoundTorch) -> Iterator[Cause]:
    row = next((row for row in judged.rejected if row.variant == torch.variant), None)
    if row is None:
        return
    evidence = (f"torch {torch.version}",)
    if row.code == "arch":
        yield _cause(seen, "no-code", why=row.text, evidence=evidence)
    elif row.code == "driver":
        next_ = " ".join(action.text for action in judged.actions[:1])
        yield _cause(seen, "driver-old", next=next_, evidence=evidence)
    else:
        yield _cause(seen, "not-for-here", why=row.text, evidence=evidence)


def _about_the_files(seen: Observed) -> Iterator[Cause]:
    if seen.files.status == "fail":
        yield _cause(seen, "files-damaged", why=seen.files.text)
    elif seen.files.status == "warn":
        yield _cause(seen, "install-broken-off", "warn", why=check_sentence(seen.files))
    if seen.conda_torch and seen.pip_torch:
        evidence = (*seen.conda_torch, *seen.pip_torch)
        yield _cause(seen, "installers-mixed", command=seen.conda_command, evidence=evidence)


def _about_the_surroundings(seen: Observed) -> Iterator[Cause]:
    if seen.elsewhere:
        yield _cause(seen, "packages-elsewhere", "warn", evidence=seen.elsewhere)
    if seen.shadows:
        yield _cause(seen, "module-shadowed", evidence=seen.shadows)
    if _runtimes_clash(seen):
        yield _cause(seen, "openmp-twice", "warn", evidence=seen.openmp)
    missing = next((finding for finding in seen.machine.findings if finding.code == "vc-runtime-missing"), None)
    started = seen.proof is not None and any(
        check.id == "import" and check.status == "pass" for check in seen.proof.checks
    )
    if missing is not None and not started:
        yield _cause(seen, "vc-runtime-missing", why=missing.text, evidence=missing.evidence)


def _runtimes_clash(seen: Observed) -> bool:
    """Whether more than one OpenMP runtime is worth a word.

    Intel's refuses a second one of its kind, and MKL with it refuses GNU's. Several copies of GNU's are usual, as
    wheels bring their own: they are told only where the proof was not given.
    """
    intel = [place for place in seen.openmp if "libgomp" not in place]
    failed = seen.proof is not None and not seen.proof.passed
    return len(seen.openmp) > 1 and (bool(intel) or failed)


def _about_the_proof(seen: Observed) -> Iterator[Cause]:
    if seen.proof is None:
        return
    companion = next((check for check in seen.proof.checks if _wrong_companion(check)), None)
    if companion is not None:
        yield _cause(seen, "companion-mismatch", evidence=(f"{companion.id}: {companion.status}",))
    for check in seen.proof.checks:
        if check.status == "fail" and check.id not in {"files", "torchvision"}:
            code: CauseCode = "card-not-seen" if check.id == "device" else "proof-failed"
            evidence = (f"{check.id}: {check.status}",)
            yield _cause(seen, code, why=check_sentence(check), evidence=evidence, curable=_by_another_copy(check))
            return


def _wrong_companion(check: Check) -> bool:
    """Whether torchvision does not belong to this PyTorch; where nobody planned one, the proof only has a remark."""
    return check.id == "torchvision" and (check.status == "fail" or check.cause == "companion-mismatch")


def _by_another_copy(check: Check) -> bool:
    return check.id == "import" and check.cause not in _NOT_BY_ANOTHER_COPY


def suspects(proof: Verification | None) -> frozenset[str]:
    """Return the packages that have to come anew because of how the import failed, whatever their records say."""
    for check in proof.checks if proof is not None else ():
        if check.id == "import" and check.status == "fail":
            return _SUSPECTS.get(check.cause, _TORCH)
        if _wrong_companion(check):
            return frozenset(("torchvision",))
    return frozenset()


def _cause(
    seen: Observed,
    code: CauseCode,
    level: FindingLevel = "problem",
    evidence: tuple[str, ...] = (),
    *,
    curable: bool = True,
    **facts: str,
) -> Cause:
    text = _(_TEXTS[code]).format_map(facts).strip()
    curable = curable and code in _CURABLE and level == "problem"
    if curable and seen.conda_torch:  # what conda wrote into its books nobody else may exchange
        text = _("{text} conda installed it: let conda take it out, then check again: {command}").format(
            text=text, command=seen.conda_command
        )
        curable = False
    return Cause(code=code, level=level, text=text, evidence=evidence, fix=_cure(seen) if curable else None)


def _cure(seen: Observed) -> Cure | None:
    """Return the one cure for a wrong or broken PyTorch; None where first something else has to be done."""
    build = seen.decision.build
    if build is None or seen.decision.verdict not in _GOES_ON:
        return None
    if seen.own:
        text = _("Install {torch} anew beside it; what is in use stays until the new one is proved.")
    else:
        text = _("Exchange PyTorch in this environment for {torch}; every file that is replaced is kept aside.")
    return Cure(
        code="new-generation" if seen.own else "repair",
        text=text.format(torch=build.requirement.replace("==", " ")),
        changes=(_change(seen.torch, build),),
    )


def _change(torch: FoundTorch | None, build: Build) -> str:
    new = f"{build.torch}+{build.variant}"
    return f"torch {torch.version} -> {new}" if torch is not None else f"torch -> {new}"
