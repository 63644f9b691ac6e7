"""Why PyTorch does not work in an environment, and the cure: look, name the cause, exchange, look again."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import CauseCode
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.doctor import Cause, Cure, Doctor
from setupwizard.model.machine import FoundPython, FoundTorch, Machine, PythonChoice
from setupwizard.model.plan import Package, Plan
from setupwizard.model.recommendation import Recommendation, Wishes
from setupwizard.model.verification import Check, Verification
from setupwizard.probes.torches import look as look_at_torch
from setupwizard.steps import diagnosing, foreign, history, observing, planning, repairing, verify
from setupwizard.steps.recommend import recommend
from setupwizard.steps.tracking import Track
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.store.own_records import audit_own_records
from setupwizard.tools import userdirs
from setupwizard.tools.redaction import redact_text
from setupwizard.workflow import jobs
from setupwizard.workflow.proving import ProofOptions, verify_environment
from setupwizard.workflow.session import Choices


class Examined(Struct, frozen=True, kw_only=True):
    """What the doctor found, and what it needs to cure it; `suspects` come anew whatever their records say."""

    document: Doctor
    root: Root
    machine: Machine
    found: foreign.Foreign | None
    decision: Recommendation
    suspects: frozenset[str] = frozenset()


class Prepared(Struct, frozen=True, kw_only=True):
    """A repair that is worked out and not begun.

    Attributes:
        scratch: where the wheels are kept meanwhile.
        packages: what has to come.
    """

    plan: Plan
    scratch: Root
    packages: tuple[Package, ...]


def examine(root: Root, machine: Machine, track: Track, *, proof: Verification | None = None) -> Examined:
    """Look at an environment and name the causes why PyTorch does not work in it.

    Args:
        root: one of ours, or the folder of any environment.
        machine: this computer.
        track: gets the events of the proof.
        proof: one that was given a moment ago, with its comparison of the files; made here when None.

    Raises:
        SetupError: "environment-missing", "environment-newer".
        Cancelled: somebody asked to stop.
    """
    root.refuse_newer()
    own = root.is_ours()
    found = _found(root, own=own)
    torch = _torch(found)
    here = machine if own or found is None else _for_its_python(machine, found)
    decision = recommend(here, catalogue=known_catalogue().catalogue)
    if proof is None and torch is not None:
        proof = verify_environment(root, machine, ProofOptions(), track)
    records = observing.conda_records(found) if found is not None else ()
    seen = diagnosing.Observed(
        machine=here,
        own=own,
        torch=torch,
        files=_files(found, proof, track),
        decision=decision,
        judged=_judged(here, torch),
        proof=proof,
        conda_torch=records,
        conda_command=observing.conda_command(found, records) if found is not None and records else "",
        pip_torch=observing.pip_records(found) if found is not None else (),
        openmp=observing.openmp(found) if found is not None else (),
        elsewhere=observing.elsewhere(found, here.python.version if here.python else None, os.environ),
        shadows=observing.shadows(Path.cwd()),
    )
    causes = diagnosing.causes(seen)
    document = Doctor(
        healthy=diagnosing.is_healthy(causes), env=redact_text(str(root.path)), torch=torch, causes=causes
    )
    suspects = diagnosing.suspects(proof)
    return Examined(document=document, root=root, machine=here, found=found, decision=decision, suspects=suspects)


def prepare(examined: Examined, track: Track) -> Prepared:
    """Work out what a repair would change: ask the sources, resolve; nothing in the environment is touched.

    Raises:
        SetupError: it cannot be had, or there is no cure that the wizard can carry out.
        Cancelled: somebody asked to stop.
    """
    found = examined.found
    if found is None:
        raise SetupError("environment-missing", root=str(examined.root.path))
    scratch = Root(_scratch(found.folder))
    request = planning.PlanRequest(machine=examined.machine, recommendation=examined.decision, root=scratch.path)
    made = planning.make_plan(request, track)
    damaged = _damaged(found, track) | examined.suspects
    return Prepared(plan=made, scratch=scratch, packages=repairing.to_exchange(found, made, damaged))


def worked_out(examined: Examined, prepared: Prepared) -> Doctor:
    """Return the document with the changes and bytes of the repair."""
    assert examined.found is not None  # noqa: S101 - prepare() made sure
    changes = repairing.change_texts(examined.found, prepared.packages)
    size = sum(package.size for package in prepared.packages)
    causes = tuple(_with(cause, changes, size) for cause in examined.document.causes)
    return replace(examined.document, causes=causes)


def cure(examined: Examined, prepared: Prepared | None, track: Track) -> Doctor:
    """Carry the cure out and look again: a new generation for an environment of ours, else an exchange in place.

    Raises:
        SetupError: why it could not be done; everything is as it was.
        Cancelled: somebody asked to stop; everything is as it was.
    """
    before = {cause.code for cause in examined.document.causes if cause.fix is not None}
    proof = None
    if prepared is None:
        _new_generation(examined, track)
    else:
        proof = _exchange(examined, prepared, track)
    after = examine(examined.root, examined.machine, track, proof=proof).document
    gone: tuple[CauseCode, ...] = tuple(sorted(before - {cause.code for cause in after.causes}))
    return replace(after, fixed=gone)


def curable(document: Doctor) -> Cure | None:
    """Return the first cure that the wizard can carry out, None when there is none."""
    return next((cause.fix for cause in document.causes if cause.fix is not None), None)


def _new_generation(examined: Examined, track: Track) -> None:
    job = jobs.Job(choices=Choices(root=examined.root.path), options=jobs.ApplyOptions())
    outcome = jobs.run(job, lambda: examined.machine, track)
    if outcome.error is not None:
        raise SetupError(outcome.error.code, detail=outcome.error.detail or outcome.error.title)


def _exchange(examined: Examined, prepared: Prepared, track: Track) -> Verification | None:
    found = examined.found
    assert found is not None  # noqa: S101 - prepare() made sure

    def prove() -> Verification:
        proof = verify_environment(examined.root, examined.machine, ProofOptions(), track)
        error = verify.failure(proof)
        if error is not None:
            raise error
        return proof

    prepared.scratch.prepare()
    with working_on(prepared.scratch):
        repairing.undo_unfinished(found)
        proof = None
        if prepared.packages:
            proof = repairing.repair(found, prepared.scratch, prepared.packages, prove, track)
    jobs.dismantle(prepared.scratch)
    return proof


def _found(root: Root, *, own: bool) -> foreign.Foreign | None:
    """Return the environment; None for a root of ours in which nothing is in use."""
    if not own:
        return foreign.look(root.path)
    place = root.in_use
    try:
        return foreign.look(place) if place is not None else None
    except SetupError:
        return None


def _torch(found: foreign.Foreign | None) -> FoundTorch | None:
    if found is None or found.site_packages is None:
        return None
    torch = look_at_torch(found.site_packages, found.folder, foreign.python_version(found))
    return replace(torch, env=redact_text(torch.env)) if torch is not None else None


def _for_its_python(machine: Machine, found: foreign.Foreign) -> Machine:
    """Return the machine with the environment's own Python as the only one that will do."""
    version = foreign.python_version(found)
    if version is None:
        raise SetupError("environment-missing", root=str(found.folder))
    free = version.endswith("t")
    plain = version.removesuffix("t")
    python = FoundPython(path=str(found.python), version=plain, free_threaded=free, kind="environment")
    return replace(machine, python=PythonChoice(version=plain, free_threaded=free, fixed=True), pythons=(python,))


def _judged(machine: Machine, torch: FoundTorch | None) -> Recommendation | None:
    """Return the answer for the build that is there, as if somebody had wished for it."""
    if torch is None or torch.variant is None:
        return None
    wishes = Wishes(torch=torch.version.partition("+")[0], variant=torch.variant)
    try:
        return recommend(machine, wishes, known_catalogue().catalogue)
    except SetupError:  # a build of one's own, of which the data know nothing
        return None


def _files(found: foreign.Foreign | None, proof: Verification | None, track: Track) -> Check:
    """Return the comparison of the files: the proof's own, so that gigabytes are not read twice."""
    done = next((check for check in proof.checks if check.id == "files"), None) if proof is not None else None
    if done is not None:
        return done
    return foreign.files_check(found, track.cancel) if found is not None else Check(id="files", status="not-run")


def _damaged(found: foreign.Foreign, track: Track) -> frozenset[str]:
    if found.site_packages is None:
        return frozenset()
    problems = audit_own_records(found.site_packages, track.cancel).problems
    return frozenset(problem.package for problem in problems if problem.package)


def _scratch(folder: Path) -> Path:
    return userdirs.cache() / "repairs" / history.key_of(folder)


def _with(cause: Cause, changes: tuple[str, ...], size: int) -> Cause:
    return replace(cause, fix=replace(cause.fix, changes=changes, download_bytes=size)) if cause.fix else cause


def default_environment(fallback: Path) -> Path:
    """Return what is looked at when nobody named a folder: ours where there is one, else the one that is active.

    Raises:
        SetupError: "environment-missing": neither is there.
    """
    if Root(fallback).is_ours():
        return fallback
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if os.environ.get(name) and Path(os.environ[name]).is_dir():
            return Path(os.environ[name])
    raise SetupError("environment-missing", root=_("{folder} (name another one with --env)").format(folder=fallback))
