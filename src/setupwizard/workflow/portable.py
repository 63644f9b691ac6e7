"""Plans for other machines and offline folders: saving them, opening them, and what they do here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.codes import VerifyLevel
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.bundle import Bundle
from setupwizard.model.machine import Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Recommendation
from setupwizard.steps import bundling, exporting, opening
from setupwizard.steps.exporting import Exported
from setupwizard.steps.portable import PortableRequest, portable_plan
from setupwizard.steps.tracking import Track
from setupwizard.workflow.session import Choices

__all__ = ["Exported", "Given", "make_bundle", "must_be_expected", "plan_from", "save_plan"]


class Given(Struct, frozen=True, kw_only=True):
    """What somebody named to be carried out: a plan's file, an offline folder, or both.

    Attributes:
        signers: ssh's file of allowed signers: the folder must carry the signature of one of them.
    """

    plan_file: Path | None = None
    bundle: Path | None = None
    signers: Path | None = None

    def open(self) -> opening.Opened:
        """Read it strictly, and compare everything with what it should be.

        Raises:
            SetupError: "document-unreadable", "plan-invalid", "plan-unexpected", "bundle-damaged".
        """
        if self.bundle is None:
            assert self.plan_file is not None  # noqa: S101 - one of both was named
            if self.signers is not None:
                raise SetupError("usage", what=_("--allowed-signers goes with --bundle"))
            return opening.open_plan(self.plan_file)
        folder = opening.open_bundle(self.bundle, signers=self.signers)
        if self.plan_file is None:
            return folder
        plan = opening.open_plan(self.plan_file)
        if plan.sha256 != folder.sha256 and not opening.is_made_of(folder, plan):
            raise SetupError("plan-unexpected", expected=f"sha256:{plan.sha256}", found=f"sha256:{folder.sha256}")
        return replace(folder, sha256=plan.sha256)


def plan_from(
    opened: opening.Opened, machine: Machine, decision: Recommendation, choices: Choices, track: Track
) -> Plan:
    """Return what a plan of somebody's does on this computer; nothing is changed.

    Raises:
        SetupError: it serves no computer like this one, or a wheel of it cannot be had.
        Cancelled: somebody asked to stop.
    """
    request = PortableRequest(
        opened=opened,
        machine=machine,
        decision=decision,
        wishes=choices.wishes,
        root=choices.root,
        backend=choices.backend,
        sources=choices.sources,
    )
    return portable_plan(request, track)


def must_be_expected(made: Plan, opened: opening.Opened | None, expected: str | None) -> None:
    """Compare a plan with the digest that somebody expects: of the file that was named, or of the Plan itself.

    Raises:
        SetupError: "plan-unexpected".
    """
    file = opened.sha256 if opened is not None else None
    if expected is not None and expected.removeprefix("sha256:").lower() not in {made.id, file}:
        raise SetupError("plan-unexpected", expected=expected, found=f"sha256:{file or made.id}")


def save_plan(plans: Sequence[Plan], file: Path, *, level: VerifyLevel = "device") -> Exported:
    """Save what some plans install as one file for other machines, with a lock for each build beside it.

    Raises:
        SetupError: "usage": the name does not end in .toml; "root-not-writable", "disk-full".
    """
    if file.suffix != ".toml":
        raise SetupError("usage", what=_("a plan's file is named NAME.toml"))
    return exporting.export(plans, file, level=level)


def make_bundle(
    plan_file: Path, folder: Path, track: Track, *, sources: Sequence[str] = (), key: Path | None = None
) -> Bundle:
    """Make an offline folder of a plan: wheels, locks, the program, checksums; its list is signed where a key is named.

    Raises:
        SetupError: the plan cannot be used, a wheel cannot be had, the folder is somebody else's.
        Cancelled: somebody asked to stop; the next run goes on.
    """
    opened = opening.open_plan(plan_file)
    request = bundling.BundleRequest(opened=opened, folder=folder, sources=tuple(sources), key=key)
    return bundling.bundle(request, track)
