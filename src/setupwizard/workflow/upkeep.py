"""What is done with an environment that is there: check, go back, tidy up, remove, report."""

from __future__ import annotations

import logging
import platform
import zipfile
from collections.abc import Callable
from pathlib import Path

from setupwizard import __version__, platforms
from setupwizard.codes import CheckId, VerifyLevel, VerifyMode, exit_code
from setupwizard.errors import SetupError
from setupwizard.model.events import Error, Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.verification import Check, Verification
from setupwizard.model.wire import to_json
from setupwizard.steps import report, switching, verify
from setupwizard.steps.detect import redact_text
from setupwizard.steps.tracking import Track
from setupwizard.store import generation
from setupwizard.store.audit import audit
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.store.wheels import WheelStore
from setupwizard.workflow.jobs import cards_for

log = logging.getLogger(__name__)

SUPPORT_LOG_BYTES = 2_000_000


def environment(root: Root) -> tuple[Path, generation.Complete]:
    """Return the interpreter of the environment in use and what is on record about it.

    Raises:
        SetupError: "environment-missing".
    """
    current = root.current_name()
    facts = generation.complete(root, current) if current else None
    if current is None or facts is None:
        raise SetupError("environment-missing", root=str(root.path))
    return platforms.python_in(root.generation(current)), facts


def verify_environment(
    root: Root,
    machine: Machine,
    *,
    level: VerifyLevel,
    mode: VerifyMode,
    only: tuple[CheckId, ...],
    track: Track,
) -> Verification:
    """Prove the environment in use again: its files, its import, its device, as deep as was asked.

    Raises:
        SetupError: "environment-missing".
        Cancelled: somebody asked to stop.
    """
    python, facts = environment(root)
    request = verify.VerifyRequest(
        python=python,
        level=level,
        mode=mode,
        only=only,
        expected=facts.build,
        gpus=cards_for(facts.build, machine),
        driver=machine.nvidia_driver,
        files=_files_check(root, facts),
        previous=_previous(root),
    )
    return verify.verify(request, track.emit, track.cancel)


def _files_check(root: Root, facts: generation.Complete) -> Check:
    current = root.current_name() or ""
    store = WheelStore(root.store)
    wheels = [store.path_of(package) for package in facts.packages if store.has(package)]
    if len(wheels) < len(facts.packages):
        return verify.files_check(None, missing_wheels=len(facts.packages) - len(wheels))
    return verify.files_check(audit(platforms.site_packages_in(root.generation(current)), wheels))


def _previous(root: Root) -> Verification | None:
    current = root.current_name()
    return generation.read_verification(root, current) if current else None


def verification_exit(verification: Verification, style: str = "posix") -> int:
    """Return the exit code of a verification: only a proof is 0, and files that differ are drift."""
    if verification.passed:
        return exit_code("ok", style)
    damaged = any(check.id == "files" and check.status == "fail" for check in verification.checks)
    return exit_code("drift" if damaged else "verify-failed", style)


def roll_back(root: Root, style: str = "posix") -> Outcome:
    """Put the generation before the present one in use again."""

    def work() -> Outcome:
        with working_on(root):
            switched = switching.roll_back(root)
        return Outcome(
            status="done",
            exit=0,
            changed=True,
            root=str(root.path),
            generation=switched.current,
            current=switched.current,
            kept=switched.kept,
        )

    return _tended(work, root, style)


def remove(root: Root, style: str = "posix") -> Outcome:
    """Remove everything that setupwizard made below a root; nothing there is fine as well."""

    def work() -> Outcome:
        if not root.is_ours():
            return Outcome(status="already-done", exit=0, root=str(root.path))
        with working_on(root):
            switching.refuse_if_in_use(root)
        switched = switching.remove(root)
        return Outcome(
            status="done", exit=0, changed=True, root=str(root.path), kept=switched.kept, removed=switched.removed
        )

    return _tended(work, root, style)


def collect_garbage(root: Root, style: str = "posix", *, dry_run: bool = False) -> Outcome:
    """Remove what no environment needs; with `dry_run` only say what it is."""

    def work() -> Outcome:
        if not root.is_ours():
            raise SetupError("environment-missing", root=str(root.path))
        with working_on(root):
            removed = switching.clean(root, dry_run=dry_run)
        status = "planned" if dry_run else "done" if removed else "already-done"
        return Outcome(
            status=status,
            exit=0,
            changed=bool(removed),
            root=str(root.path),
            current=root.current_name(),
            kept=tuple(root.generations()),
            removed=removed,
        )

    return _tended(work, root, style)


def _tended(work: Callable[[], Outcome], root: Root, style: str) -> Outcome:
    try:
        return work()
    except SetupError as error:
        log.info("%s: %s", error.code, error.detail or error)
        return Outcome(
            status="failed",
            exit=error.exit_code(style),
            root=str(root.path),
            current=root.current_name(),
            error=Error.of(error),
        )


def last_report(root: Root) -> report.Report:
    """Return the newest report of an environment.

    Raises:
        SetupError: "environment-missing": there is none.
    """
    found = report.newest(root.reports)
    if found is None:
        raise SetupError("environment-missing", root=str(root.path))
    return found


def write_support_file(path: Path, machine: Machine, log_file: Path | None) -> None:
    """Write what a bug report needs to one zip: facts and logs without names, home folders and passwords.

    Raises:
        SetupError: "root-not-writable".
    """
    versions = {"setupwizard": __version__, "python": platform.python_version(), "system": platform.platform()}
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as support:
            support.writestr("machine.json", to_json(machine))
            support.writestr("versions.json", to_json(versions))
            if log_file is not None and log_file.is_file():
                text = log_file.read_text("utf-8", "replace")[-SUPPORT_LOG_BYTES:]
                support.writestr("setupwizard.log", redact_text(text))
    except OSError as error:
        raise SetupError("root-not-writable", path=str(path.parent), detail=str(error)) from error
