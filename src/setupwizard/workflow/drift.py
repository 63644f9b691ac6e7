"""Whether an environment still is what a plan says, for this machine."""

from __future__ import annotations

from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from setupwizard import platforms
from setupwizard.i18n import _, ngettext
from setupwizard.model.format import listed
from setupwizard.model.machine import Machine
from setupwizard.model.verification import Check, Verification
from setupwizard.model.wire import timestamp
from setupwizard.steps.opening import Opened
from setupwizard.steps.portable import bundled_pythons, planned_wheels
from setupwizard.steps.records import plan_of
from setupwizard.steps.suiting import Here, suited
from setupwizard.steps.tracking import Track
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.layout import Root
from setupwizard.store.packages import versions_in
from setupwizard.tools.plan_lock import PlannedWheel
from setupwizard.workflow.deciding import decide
from setupwizard.workflow.proving import ProofOptions, verify_environment
from setupwizard.workflow.session import Choices

_NAMED = 8


def plan_check(opened: Opened, root: Root, machine: Machine) -> Check:
    """Compare an environment with the build that a plan has for this machine; what the user added is no difference.

    Raises:
        SetupError: the plan has no build for this machine, or its driver comes first.
    """
    choices = Choices(root=root.path)
    here = Here(
        machine=machine,
        decision=decide(machine, choices),
        wishes=choices.wishes,
        catalogue=known_catalogue().catalogue,
    )
    build = suited(opened.plan, here, tuple(bundled_pythons(opened, here.platform))).build
    current = root.current_name()
    recorded = plan_of(root, current)
    if current is None or recorded is None or root.read_complete(current) is None:
        return _different([_("nothing is installed in {root}").format(root=root.path)])
    found = []
    if recorded.build.python != build.python:
        found.append(
            _("Python {found} in the place of {wanted}").format(found=recorded.build.python, wanted=build.python)
        )
    shas = {package.sha256 for package in recorded.packages}
    present = versions_in(platforms.site_packages_in(root.generation(current)))
    # what conda brings in a wheel's place is what its plan said
    by_conda = {package.name for package in recorded.by_conda} - {package.name for package in recorded.wheels}
    wheels = [wheel for wheel in planned_wheels(opened, build) if wheel.name not in by_conda]
    found += [text for wheel in wheels if (text := _difference(wheel, present, shas))]
    return _different(found) if found else _same(opened)


def _difference(wheel: PlannedWheel, present: dict[str, str], shas: set[str]) -> str | None:
    version = present.get(canonicalize_name(wheel.name))
    if version is None:
        return _("{name} is missing").format(name=wheel.name)
    if not _equal(version, wheel.version):
        return _("{name} {found} in the place of {wanted}").format(name=wheel.name, found=version, wanted=wheel.version)
    if wheel.sha256 not in shas:
        return _("{name} {found} is from another file").format(name=wheel.name, found=version)
    return None


def _equal(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def _different(found: list[str]) -> Check:
    text = ngettext(
        "{count} difference from the plan: {names}.", "{count} differences from the plan: {names}.", len(found)
    )
    return Check(
        id="packages",
        status="fail",
        text=text.format(count=len(found), names=listed(found[:_NAMED])),
        advice=_("Apply the plan: only what differs is fetched."),
    )


def _same(opened: Opened) -> Check:
    return Check(id="packages", status="pass", text=_("It is what the plan {name} says.").format(name=opened.plan.name))


def verify_against(
    opened: Opened, root: Root, machine: Machine, options: ProofOptions, track: Track
) -> tuple[Verification, bool]:
    """Prove an environment and compare it with a plan; return the proof with the comparison, and whether it differs.

    Raises:
        SetupError: the plan has no build for this machine, or its driver comes first.
        Cancelled: somebody asked to stop.
    """
    check = plan_check(opened, root, machine)
    differs = check.status == "fail"
    there = root.current_name() is not None
    proof = verify_environment(root, machine, options, track) if there else _nothing_there(options)
    together = replace(proof, checks=(*proof.checks, check))
    return (replace(together, passed=False, verdict="fail") if differs else together), differs


def _nothing_there(options: ProofOptions) -> Verification:
    return Verification(passed=False, verdict="fail", level=options.level, mode=options.mode, started=timestamp())
