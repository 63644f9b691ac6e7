"""Proving an environment again, also one that the wizard did not make, and what has changed since the last time."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from setupwizard import platforms
from setupwizard.codes import CheckId, VerifyLevel, VerifyMode, exit_code
from setupwizard.errors import SetupError
from setupwizard.model.machine import Gpu, Machine
from setupwizard.model.plan import Plan
from setupwizard.model.verification import Verification
from setupwizard.probes.torches import look as look_at_torch
from setupwizard.steps import comparing, foreign, history, verify
from setupwizard.steps.records import plan_of, verification_of
from setupwizard.steps.tracking import Track
from setupwizard.steps.verify import sentences
from setupwizard.store.layout import Root
from setupwizard.workflow.cards import cards_for, cards_to_ask
from setupwizard.workflow.jobs import is_as_deep_as_asked


class ProofOptions(Struct, frozen=True, kw_only=True):
    """How deep to look: see VerifyRequest."""

    level: VerifyLevel = "device"
    mode: VerifyMode = "quick"
    only: tuple[CheckId, ...] = ()

    @property
    def with_files(self) -> bool:
        """Whether the files are compared as well."""
        return not self.only or "files" in self.only


def environment(root: Root) -> tuple[str, Plan]:
    """Return the generation in use and the plan that it was made from.

    Raises:
        SetupError: "environment-missing", "environment-newer".
    """
    root.refuse_newer()
    current = root.current_name()
    made = plan_of(root, current)
    if current is None or made is None or root.read_complete(current) is None:
        raise SetupError("environment-missing", root=str(root.path))
    return current, made


def must_be_environment(root: Root) -> None:
    """Refuse a folder in which nothing can be proved, before anything takes time.

    Raises:
        SetupError: "environment-missing".
    """
    if root.is_ours():
        environment(root)
    else:
        foreign.look(root.path)


def verify_environment(root: Root, machine: Machine, options: ProofOptions, track: Track) -> Verification:
    """Prove an environment: its files, its import, its device, as deep as was asked; the proof is remembered.

    Args:
        root: one of ours, or the folder of any venv, conda environment or unpacked Python.
        machine: this computer.
        options: how deep.
        track: gets the events.

    Raises:
        SetupError: "environment-missing".
        Cancelled: somebody asked to stop.
    """
    before = history.earlier(root.path)
    request = _own(root, machine, options, track) if root.is_ours() else _foreign(root.path, machine, options, track)
    request = _with(request, machine, options, before)
    proof = verify.verify(request, track.emit, track.cancel, verify.NvmlSampler())
    if not options.only and options.level == "device":
        history.remember(root.path, proof)
    return proof


def changes_since(root: Root, proof: Verification) -> tuple[str, ...]:
    """Return what has changed since the proof before this one, a sentence each."""
    known = (verification_of(root, root.current_name()), *history.earlier(root.path))
    before = next((one for one in reversed(known) if one is not None and one.started == proof.previous), None)
    return tuple(history.changes(before, proof)) if before is not None else ()


def retold(verification: Verification) -> Verification:
    """Return a proof with its sentences made again, in the present language."""
    return replace(
        verification, checks=tuple(comparing.retold(sentences.retold(check)) for check in verification.checks)
    )


def verification_exit(verification: Verification, style: str = "posix") -> int:
    """Return the exit code of a verification: all that was asked for is proved, or files differ, or it is not proved.

    Who asks for less than the device gets 0 when that much is right, though a build for cards stays "not-verified".
    """
    if verification.passed or is_as_deep_as_asked(verification):
        return exit_code("ok", style)
    damaged = any(check.id == "files" and check.status == "fail" for check in verification.checks)
    return exit_code("drift" if damaged else "verify-failed", style)


def _own(root: Root, machine: Machine, options: ProofOptions, track: Track) -> verify.VerifyRequest:
    current, made = environment(root)
    return verify.VerifyRequest(
        python=platforms.python_in(root.generation(current)),
        expected=made.build,
        gpus=cards_for(made.build, machine),
        files=comparing.files_check(root, current, made, track.cancel) if options.with_files else None,
        previous=verification_of(root, current),
    )


def _foreign(folder: Path, machine: Machine, options: ProofOptions, track: Track) -> verify.VerifyRequest:
    found = foreign.look(folder)
    return verify.VerifyRequest(
        python=found.python,
        gpus=_cards(found, machine),
        files=foreign.files_check(found, track.cancel) if options.with_files else None,
    )


def _cards(found: foreign.Foreign, machine: Machine) -> tuple[Gpu, ...]:
    torch = look_at_torch(found.site_packages, found.folder, None) if found.site_packages is not None else None
    return cards_to_ask((torch.variant if torch is not None else None) or "cpu", machine)


def _with(
    request: verify.VerifyRequest, machine: Machine, options: ProofOptions, before: tuple[Verification, ...]
) -> verify.VerifyRequest:
    return replace(
        request,
        level=options.level,
        mode=options.mode,
        only=options.only,
        driver=machine.nvidia_driver,
        on_battery=machine.environment.power == "battery",
        previous=before[-1] if before else request.previous,
    )
