"""What is done with an environment that is there: check, go back, tidy up, remove, report."""

from __future__ import annotations

import logging
import platform
import zipfile
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from setupwizard import __version__
from setupwizard.codes import OutcomeStatus
from setupwizard.errors import SetupError
from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.events import Error, Outcome
from setupwizard.model.machine import Machine
from setupwizard.model.wire import to_json
from setupwizard.probes.privacy import redacted
from setupwizard.steps import history, report, switching
from setupwizard.steps.offers import usable_pythons
from setupwizard.steps.sources import known_sources
from setupwizard.store.files import disk_errors, write_named
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.lock import working_on
from setupwizard.store.removal import remove_lock
from setupwizard.tools.redaction import redact_text
from setupwizard.workflow.jobs import dismantle, installed_in
from setupwizard.workflow.proving import retold

log = logging.getLogger(__name__)

SUPPORT_LOG_BYTES = 2_000_000


def roll_back(root: Root, style: str = "posix") -> Outcome:
    """Put the generation before the present one in use again."""

    def work() -> Outcome:
        with working_on(root):
            switched = switching.roll_back(root)
        return _switched(root, switched)

    return _tended(work, root, style)


def take_back(root: Root) -> Outcome:
    """Undo the last install: the generation before it is put in use again, and without one everything is removed.

    Raises:
        SetupError: "busy", "file-in-use", "root-not-writable".
    """
    with working_on(root):
        earlier = root.previous_name() is not None
        switched = switching.roll_back(root) if earlier else switching.remove(root)
    if not earlier:
        remove_lock(root)
    return _switched(root, switched)


def remove(root: Root, style: str = "posix") -> Outcome:
    """Remove everything that setupwizard made below a root; nothing there is fine as well."""

    def work() -> Outcome:
        if not root.is_ours():
            return Outcome(status="already-done", exit=0, root=str(root.path))
        with working_on(root):
            switched = switching.remove(root)
        remove_lock(root)
        return _switched(root, switched)

    return _tended(work, root, style)


def _switched(root: Root, switched: switching.Switched) -> Outcome:
    return Outcome(
        status="done",
        exit=0,
        changed=True,
        root=str(root.path),
        generation=switched.current,
        current=switched.current,
        kept=switched.kept,
        removed=switched.removed,
    )


def collect_garbage(root: Root, style: str = "posix", *, dry_run: bool = False) -> Outcome:
    """Remove what no environment needs, downloads that a repair could fetch again among it; `dry_run`: only say it."""

    def work() -> Outcome:
        if not root.is_ours():
            raise SetupError("environment-missing", root=str(root.path))
        with working_on(root):
            removed, freed = switching.would_clean(root, "remove")
            if not dry_run:
                removed = switching.clean(root, "remove")
        status: OutcomeStatus = "planned" if dry_run else "done" if removed else "already-done"
        return Outcome(
            status=status,
            exit=0,
            changed=bool(removed),
            root=str(root.path),
            current=root.current_name(),
            kept=tuple(root.generations()),
            removed=removed,
            freed_bytes=freed,
        )

    return _tended(work, root, style)


def room(root: Root) -> switching.Room:
    """Return what downloads, generations and caches of an environment hold, and what tidying up would give back.

    `collect_garbage` gives it back. It reads all folders, so it is called beside the window's own thread.

    Raises:
        SetupError: "environment-missing", "environment-newer".
    """
    if not root.is_ours():
        raise SetupError("environment-missing", root=str(root.path))
    root.refuse_newer()
    return switching.room(root)


def free_downloads(root: Root) -> int:
    """Remove what `room` says can be freed, and return how many bytes that gave back.

    Raises:
        SetupError: "environment-missing", "busy", "file-in-use", "root-not-writable".
    """
    before = room(root).can_be_freed
    with working_on(root):
        switching.clean(root, "remove")
    return before - switching.would_clean(root, "remove").bytes


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


def last_report(root: Root, look: Callable[[], Machine] | None = None) -> report.Report:
    """Return the newest report of an environment with its newest proof, told in the language that is spoken now.

    Args:
        root: one of ours, or the folder of any environment that was proved.
        look: looks at this computer, for an environment of others, of which no visit is on record.

    Raises:
        SetupError: "environment-missing": nothing is known of it; "environment-newer".
    """
    root.refuse_newer()
    proofs = history.earlier(root.path)
    found = report.newest(root.reports) if root.is_ours() else None
    if found is None:
        if look is None or not proofs:
            raise SetupError("environment-missing", root=str(root.path))
        found = report.report_document(redacted(look()))
    found = report.with_history(replace(found, installed=installed_in(root)), proofs)
    proof = found.verification
    return replace(found, verification=retold(proof) if proof is not None else None)


def collect_reports(folder: Path) -> report.Collection:
    """Return the reports of many computers in one table, their proofs in the language that is spoken now.

    Raises:
        SetupError: "document-unreadable": the folder cannot be read.
    """
    return report.collect(folder, retold)


def save_report(root: Root, path: Path) -> None:
    """Write the newest report of an environment as a page for people.

    Raises:
        SetupError: "environment-missing", "disk-full", "file-in-use" or "root-not-writable".
    """
    write_named(path, report.render_html(last_report(root)))


def forget_downloads(root: Root) -> None:
    """Delete what an unfinished setup left; an environment that is in use keeps its wheels.

    Raises:
        SetupError: "busy", "file-in-use", "root-not-writable".
    """
    if not root.is_ours():
        return
    with working_on(root):
        switching.clean(root)
        Journal(root.journal).finished("apply", status="cancelled")
    if not root.generations():
        dismantle(root)


def options(machine: Machine) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return what can be chosen here: the Pythons, best first, and the download servers as (id, name)."""
    pythons = tuple(python.version for python in usable_pythons(machine))
    sources = known_sources(load_catalogue()).values()
    return pythons, tuple((source.id, source.name) for source in sources)


def write_support_file(path: Path, machine: Machine | None, log_file: Path | None) -> None:
    """Write what a bug report needs to one zip: facts and logs without names, home folders and passwords.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    versions = {"setupwizard": __version__, "python": platform.python_version(), "system": platform.platform()}
    with disk_errors(path.parent), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as support:
        if machine is not None:
            support.writestr("machine.json", to_json(redacted(machine)))
        support.writestr("versions.json", to_json(versions))
        if log_file is not None and log_file.is_file():
            text = log_file.read_text("utf-8", "replace")[-SUPPORT_LOG_BYTES:]
            support.writestr("setupwizard.log", redact_text(text))
