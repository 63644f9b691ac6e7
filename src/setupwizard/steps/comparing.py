"""Comparing the files of an environment with the wheels that it was made from, as a check of the proof."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec.structs import replace
from packaging.utils import canonicalize_name

from setupwizard import platforms
from setupwizard.i18n import _, ngettext
from setupwizard.model.events import Emit, ignore
from setupwizard.model.format import sentences
from setupwizard.model.plan import FAMILY, Plan
from setupwizard.model.verification import Check
from setupwizard.store.ahead import Ahead
from setupwizard.store.audit import AuditResult, Problem, audit
from setupwizard.store.conda_prefix import compare_with_plan, files_beside
from setupwizard.store.layout import Root
from setupwizard.store.packages import versions_in
from setupwizard.store.skeleton import references
from setupwizard.tools.concurrency import Cancel

_NAMED = 5
# What the user adds is the user's right: it is told, and it is not damage.
_ADDED = frozenset(("foreign-package", "extra-file"))


def compare(root: Root, name: str, plan: Plan, cancel: Cancel | None = None) -> AuditResult | None:
    """Return how the files of a generation differ from its wheels; None when nothing is here to compare with.

    Raises:
        Cancelled: somebody asked to stop.
    """
    wheels = references(root, name, plan.wheels)
    if wheels is None:
        return None
    return compare_folder(root.generation(name), plan, wheels, cancel=cancel)


def compare_folder(
    folder: Path,
    plan: Plan,
    wheels: Sequence[Path],
    *,
    allowed: Collection[str] = (),
    ahead: Ahead | None = None,
    emit: Emit = ignore,
    cancel: Cancel | None = None,
) -> AuditResult:
    """Compare an environment with a plan: every file with its wheel, and what conda brought with conda's own notes.

    Args:
        folder: the environment.
        plan: what it was made from.
        wheels: those of the plan, or what was kept of them.
        allowed: names of packages that may be there without a wheel.
        ahead: what was read of the files and wheels before now.
        emit: gets Progress in files.
        cancel: stops within moments.

    Raises:
        Cancelled: somebody asked to stop.
    """
    site_packages = platforms.site_packages_in(folder)
    if not plan.by_conda:
        return audit(site_packages, wheels, allowed=allowed, ahead=ahead, emit=emit, cancel=cancel)
    # conda's Pythons have lib/python3.1 beside lib/python3.12, which leads to it: its notes name the true folder
    prefix, site_packages = folder.resolve(), site_packages.resolve()
    beside = files_beside(prefix, site_packages)
    ours = audit(site_packages, wheels, allowed=allowed, beside=beside, emit=emit, cancel=cancel)
    replaced = {canonicalize_name(package.name) for package in plan.wheels}
    theirs = compare_with_plan(prefix, plan.by_conda, replaced=replaced, cancel=cancel)
    return AuditResult(ours.files + theirs.files, ours.problems + theirs.problems)


def exchanged(root: Root, name: str, plan: Plan) -> tuple[str, ...]:
    """Return the packages that the user exchanged for another version; torch itself is decided, so it never counts."""
    present = versions_in(platforms.site_packages_in(root.generation(name)))
    locked = {canonicalize_name(package.name): package.version for package in plan.wheels}
    return tuple(
        sorted(own for own, version in locked.items() if own not in FAMILY and present.get(own, version) != version)
    )


def is_damaged(result: AuditResult, exchanged_names: Collection[str] = ()) -> bool:
    """Whether a file of a package is missing or changed; what the user added or exchanged is no damage."""
    return any(_is_damage(problem, exchanged_names) for problem in result.problems)


def _is_damage(problem: Problem, exchanged_names: Collection[str]) -> bool:
    return problem.code not in _ADDED and problem.package not in exchanged_names


def files_check(root: Root, name: str, plan: Plan, cancel: Cancel | None = None) -> Check:
    """Return the comparison as a check.

    Raises:
        Cancelled: somebody asked to stop.
    """
    started = time.monotonic()
    result = compare(root, name, plan, cancel)
    check = Check(id="files", status="not-run", seconds=round(time.monotonic() - started, 3))
    if result is None:
        return retold(replace(check, facts={"count": "0"}))
    other = exchanged(root, name, plan)
    wrong = [problem.path for problem in result.problems if _is_damage(problem, other)]
    facts: dict[str, str | tuple[str, ...]] = {
        "count": str(len(wrong) or result.files),
        "wrong": tuple(wrong[:_NAMED]),
        "added": tuple(one for one in result.extra_packages if one not in other)[:_NAMED],
        "exchanged": other[:_NAMED],
    }
    return retold(replace(check, status="fail" if wrong else "pass", facts=facts))


def retold(check: Check) -> Check:
    """Return the comparison with its sentences made again, in the present language; an older copy noted no facts."""
    told = str(check.facts.get("count", ""))
    if check.id != "files" or not told.isdecimal():
        return check
    count = int(told)
    wrong, added, other = (", ".join(check.facts.get(name, ())) for name in ("wrong", "added", "exchanged"))
    if check.status == "not-run":
        text = _("The packages' own files are no longer here to compare with.")
        return replace(check, text=text, advice=_("Install again: only what is missing is downloaded."))
    if wrong:
        text = ngettext(
            "{count} file is not what the packages brought: {names}.",
            "{count} files are not what the packages brought: {names}.",
            count,
        ).format(count=count, names=wrong)
        return replace(check, text=text, advice=_("Install again: only what differs is fetched."))
    text = ngettext("{count} file compared.", "{count} files compared.", count).format(count=count)
    if added:
        text = sentences(text, _("Added by you: {names}.").format(names=added))
    if other:
        text = sentences(text, _("Exchanged by you: {names}.").format(names=other))
    return replace(check, text=text)
