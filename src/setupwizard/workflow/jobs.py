"""One job from the decision to the outcome: plan, install, prove, and only then put in use."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from setupwizard.codes import OutcomeStatus, VerifyLevel, VerifyMode
from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.events import Error, Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Recommendation
from setupwizard.model.settings import Downloads
from setupwizard.model.verification import Verification
from setupwizard.probes.privacy import redacted
from setupwizard.steps import foreign, install, report, switching, verify
from setupwizard.steps.opening import damaged
from setupwizard.steps.records import verification_of
from setupwizard.steps.tracking import Track
from setupwizard.store import generation, removal
from setupwizard.store.journal import Journal
from setupwizard.store.known_roots import remember
from setupwizard.store.layout import Root
from setupwizard.store.lock import refuse_if_busy, working_on
from setupwizard.store.wheels import WheelStore
from setupwizard.tools import network, preferences
from setupwizard.workflow.cards import cards_for
from setupwizard.workflow.deciding import decide, plan
from setupwizard.workflow.portable import Given, must_be_expected, plan_from
from setupwizard.workflow.session import Choices

log = logging.getLogger(__name__)


class ApplyOptions(Struct, frozen=True, kw_only=True):
    """How a plan is carried out.

    Attributes:
        downloads: whether the wheels stay afterwards.
        leave_out: go on without what the user added and the new environment cannot keep.
    """

    accept_unverified: bool = False
    leave_out: bool = False
    downloads: Downloads = field(default_factory=lambda: preferences.present().settings.downloads)
    dry_run: bool = False
    level: VerifyLevel = "device"
    mode: VerifyMode = "quick"
    exit_codes: str = "posix"


def _agreed(_decision: Recommendation, _made: Plan) -> bool:
    return True


class Job(Struct, frozen=True, kw_only=True):
    """A whole job as somebody asked for it.

    Attributes:
        given: a plan's file or an offline folder to carry out; None: what the decision says.
        offline: never touch the network.
        expected_plan: "sha256:HEX" of the plan's file, or the id of the Plan: go on only if it is this one.
        confirm: gets the decision and the plan before anything is changed; False stops there.
    """

    choices: Choices
    options: ApplyOptions
    given: Given | None = None
    offline: bool = False
    expected_plan: str | None = None
    confirm: Callable[[Recommendation, Plan], bool] = _agreed


class _Case(NamedTuple):
    """What a job is about, once it is known: all that a report needs beside the outcome."""

    machine: Machine
    decision: Recommendation
    plan: Plan


def run(job: Job, look: Callable[[], Machine], track: Track) -> Outcome:
    """Look at the computer, decide, plan and carry the plan out. Never raises: the outcome tells how it ended."""
    root = Root(job.choices.root)
    case: _Case | None = None

    def work() -> Outcome:
        nonlocal case
        opened = job.given.open() if job.given is not None else None
        if not job.options.dry_run:
            refuse_if_busy(root)
        machine = look()
        decision = decide(machine, job.choices)
        if opened is None:
            made = plan(machine, decision, job.choices, track)
        else:
            made = plan_from(opened, machine, decision, job.choices, track)
        case = _Case(machine, decision, made)
        must_be_expected(made, opened, job.expected_plan)
        if not job.confirm(decision, made):
            raise Cancelled
        options = job.options if opened is None else replace(job.options, level=opened.plan.verify.level)
        return _apply(made, machine, options, track)

    with network.forbidden(job.offline):
        outcome = _guarded(work, root, job.options, track)
    if case is not None:
        _write_report(root, case, outcome)
    return outcome


def apply(made: Plan, machine: Machine, decision: Recommendation, options: ApplyOptions, track: Track) -> Outcome:
    """Carry a plan out that somebody has seen, with all it cannot keep. Never raises: the outcome tells how it ended.

    The environment that was in use before stays in use unless the new one is proved.
    """
    root = Root(Path(made.root))
    seen = replace(options, leave_out=True)
    outcome = _guarded(lambda: _apply(made, machine, seen, track), root, options, track)
    _write_report(root, _Case(machine, decision, made), outcome)
    return outcome


def _write_report(root: Root, case: _Case, outcome: Outcome) -> None:
    """Keep the report of a job that did something to an environment of ours. Never raises: the job's end counts."""
    if outcome.status not in {"done", "failed"} or not root.is_ours():
        return
    try:
        installed = installed_in(root) if outcome.status == "done" else {}
        machine = redacted(case.machine)
        document = report.report_document(machine, case.decision, case.plan, outcome, outcome.verification, installed)
        report.write_report(root.reports, document)
    except Exception:
        log.exception("the report could not be written")


def installed_in(root: Root) -> dict[str, str]:
    """Return name and version of every package in use, as `pip list` tells them; empty where nothing can be read."""
    place = root.in_use if root.is_ours() else root.path
    try:
        return foreign.look(place).packages() if place is not None else {}
    except (SetupError, OSError):
        return {}


def _guarded(work: Callable[[], Outcome], root: Root, options: ApplyOptions, track: Track) -> Outcome:
    """Run a job and turn every way in which it can end into an outcome."""
    try:
        return work()
    except Cancelled as error:
        return _ended("cancelled", error, root, options, track)
    except SetupError as error:
        log.info("%s: %s", error.code, error.detail or error)
        return _ended("failed", error, root, options, track)
    except Exception as error:
        # a fault of ours ends in a sentence and a log, never in a traceback
        log.exception("the job broke")
        return _ended("failed", SetupError("internal-error", detail=repr(error)), root, options, track)


def _ended(status: OutcomeStatus, error: SetupError, root: Root, options: ApplyOptions, track: Track) -> Outcome:
    verification = error.facts.get("verification")
    return Outcome(
        status=status,
        exit=error.exit_code(options.exit_codes),
        root=str(root.path),
        current=root.current_name(),
        steps=tuple(track.results),
        kept=(str(root.store),) if root.store.is_dir() else (),
        verification=verification if isinstance(verification, Verification) else None,
        error=Error.of(error),
    )


def _apply(made: Plan, machine: Machine, options: ApplyOptions, track: Track) -> Outcome:
    root = Root(Path(made.root))
    if install.is_already_there(made, track.cancel):
        if not options.dry_run:
            switching.settle(root)
        return _already(made, root, track)
    if made.not_carried and not options.leave_out:
        raise SetupError("not-carried", names=", ".join(made.not_carried))
    if options.dry_run:
        install.check_room(made)  # a rehearsal ends as the real run would, as far as that can be known
        return _planned(made, root, track)
    with _prepared(root, made):
        installed = _installed(made, track)
        verification = _prove(made, machine, installed, options, track)
        switched = switching.switch(made, installed, verification, track, options.downloads)
        remember(root)
    return Outcome(
        status="done",
        exit=0,
        changed=True,
        root=made.root,
        generation=made.generation,
        current=switched.current,
        fetched_bytes=installed.fetched_bytes,
        reused_bytes=installed.reused_bytes,
        steps=tuple(track.results),
        kept=switched.kept,
        removed=switched.removed,
        verification=verification,
    )


def _installed(made: Plan, track: Track) -> install.Installed:
    """Install; a damaged wheel of an offline folder is the folder's damage, as nothing of it came from a server."""
    try:
        return install.install(made, track)
    except SetupError as error:
        if error.code == "hash-mismatch" and made.source.kind == "bundle":
            raise damaged(str(error.facts.get("file", ""))) from error
        raise


@contextlib.contextmanager
def _prepared(root: Root, made: Plan) -> Iterator[None]:
    """Hold the root for ourselves, with its journal. One that was made now and got nothing worth keeping goes again."""
    fresh = not root.path.exists()
    root.prepare()
    try:
        with working_on(root):
            generation.heal(root)
            journal = Journal(root.journal)
            wheels = {package.sha256: package.size for package in made.fetched}
            journal.started("apply", plan=made.id, generation=made.generation, wheels=wheels)
            try:
                yield
            except BaseException as error:
                journal.finished("apply", status="cancelled" if isinstance(error, Cancelled) else "failed")
                raise
            journal.finished("apply", status="done")
    finally:
        if fresh and not root.generations() and not WheelStore(root.store).size():
            dismantle(root)


def dismantle(root: Root) -> removal.Removed:
    """Remove a root and its lock file; nobody may hold the lock any more."""
    gone = removal.remove_all(root)
    removal.remove_lock(root)
    return gone


def _planned(made: Plan, root: Root, track: Track) -> Outcome:
    """Return what a run would do: `changed` and the bytes are those of the run that was not made."""
    return Outcome(
        status="planned",
        exit=0,
        changed=True,
        root=made.root,
        generation=made.generation,
        current=root.current_name(),
        fetched_bytes=made.download_bytes,
        reused_bytes=sum(package.size for package in made.packages) - made.download_bytes,
        steps=tuple(track.results),
    )


def _already(made: Plan, root: Root, track: Track) -> Outcome:
    current = root.current_name()
    for step in made.steps:
        track.skip(step.id)
    return Outcome(
        status="already-done",
        exit=0,
        root=made.root,
        generation=current,
        current=current,
        reused_bytes=sum(package.size for package in made.packages),
        steps=tuple(track.results),
        kept=tuple(root.generations()),
        verification=verification_of(root, current),
    )


def _prove(
    made: Plan, machine: Machine, installed: install.Installed, options: ApplyOptions, track: Track
) -> Verification:
    """Verify the new generation; discard it when the proof is not given and nobody asked to accept that.

    Raises:
        SetupError: why it is not proved, with the verification among its facts.
    """
    root = Root(Path(made.root))
    request = verify.VerifyRequest(
        python=installed.python,
        level=options.level,
        mode=options.mode,
        expected=made.build,
        gpus=cards_for(made.build, machine),
        driver=machine.nvidia_driver,
        on_battery=machine.environment.power == "battery",
    )
    try:
        with track.step("verify"):
            verification = verify.verify(request, track.emit, track.cancel, verify.NvmlSampler())
            if not options.accept_unverified:
                _must_be_proved(verification)
    except BaseException:
        removal.discard(root, made.generation)
        raise
    return verification


def is_as_deep_as_asked(verification: Verification) -> bool:
    """Whether a proof that was not to reach the device found nothing wrong as far as it went."""
    failed = any(check.status == "fail" for check in verification.checks)
    proved = any(check.status in {"pass", "warn"} for check in verification.checks)
    return verification.level != "device" and proved and not failed


def _must_be_proved(verification: Verification) -> None:
    error = verify.failure(verification)
    if error is not None and not is_as_deep_as_asked(verification):
        error.facts["verification"] = verification
        raise error
