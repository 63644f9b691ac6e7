"""Comparing the files of an environment with the wheels that it was made from, as a check of the proof."""

from __future__ import annotations

import time

from setupwizard import platforms
from setupwizard.i18n import _, ngettext
from setupwizard.model.plan import Plan
from setupwizard.model.verification import Check
from setupwizard.store.audit import AuditResult, audit
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.concurrency import Cancel

_NAMED = 5
# What the user adds is the user's right: it is told, and it is not damage.
_ADDED = frozenset(("foreign-package", "extra-file"))


def compare(root: Root, name: str, plan: Plan, cancel: Cancel | None = None) -> AuditResult | None:
    """Return how the files of a generation differ from its wheels; None when the wheels are not all in the store.

    Raises:
        Cancelled: somebody asked to stop.
    """
    store = WheelStore(root.store)
    if not all(store.has(package) for package in plan.packages):
        return None
    wheels = [store.path_of(package) for package in plan.packages]
    return audit(platforms.site_packages_in(root.generation(name)), wheels, cancel=cancel)


def is_damaged(result: AuditResult) -> bool:
    """Whether a file of a package is missing or changed; what the user installed beside them is no damage."""
    return any(problem.code not in _ADDED for problem in result.problems)


def files_check(root: Root, name: str, plan: Plan, cancel: Cancel | None = None) -> Check:
    """Return the comparison as a check.

    Raises:
        Cancelled: somebody asked to stop.
    """
    started = time.monotonic()
    result = compare(root, name, plan, cancel)
    seconds = round(time.monotonic() - started, 3)
    if result is None:
        return Check(
            id="files",
            status="not-run",
            seconds=seconds,
            text=_("The packages' own files are no longer here to compare with."),
            advice=_("Install again: only what is missing is downloaded."),
        )
    wrong = [problem.path for problem in result.problems if problem.code not in _ADDED]
    if wrong:
        names = ", ".join(wrong[:_NAMED])
        return Check(
            id="files",
            status="fail",
            seconds=seconds,
            text=ngettext(
                "{count} file is not what the packages brought: {names}.",
                "{count} files are not what the packages brought: {names}.",
                len(wrong),
            ).format(count=len(wrong), names=names),
            advice=_("Install again: only what differs is fetched."),
        )
    text = ngettext("{count} file compared.", "{count} files compared.", result.files).format(count=result.files)
    if result.extra_packages:
        text += " " + _("Added by you: {names}.").format(names=", ".join(result.extra_packages[:_NAMED]))
    return Check(id="files", status="pass", seconds=seconds, text=text)
