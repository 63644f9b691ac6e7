"""The second visit: which environments this computer has, and how each of them stands."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace
from packaging.version import InvalidVersion, Version

from setupwizard import platforms
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.environments import Environment, Standing
from setupwizard.model.format import format_date, sentences
from setupwizard.model.machine import FoundTorch, Machine
from setupwizard.model.plan import Plan
from setupwizard.model.recommendation import Build, Recommendation, Wishes
from setupwizard.model.stages import headline
from setupwizard.model.verification import Verification
from setupwizard.probes.roots import true_name
from setupwizard.probes.torches import look as look_at_torch
from setupwizard.steps import history, switching
from setupwizard.steps.recommend import recommend
from setupwizard.steps.records import plan_of, verification_of
from setupwizard.store.catalogue_cache import known_catalogue
from setupwizard.store.files import tree_bytes
from setupwizard.store.known_roots import known_roots
from setupwizard.store.layout import Root

log = logging.getLogger(__name__)


def environments(machine: Machine | None, decision: Recommendation | None) -> tuple[Environment, ...]:
    """Return every environment that is known, ours first; quick: no folder is read through.

    Args:
        machine: this computer, None while nobody has looked: then nothing is said about its driver.
        decision: what is right for it; None: nothing is said about updates.
    """
    own = tuple(_own(root, machine, decision) for root in known_roots() if _worth_showing(root))
    roots = [true_name(Path(one.root)) for one in own]
    return (*own, *_others(machine, roots))


def measured(environment: Environment) -> Environment:
    """Return an environment with what it holds and what tidying up would give back; it reads its folders."""
    root = Root(Path(environment.root))
    if not environment.own or not root.is_ours() or root.written_by_newer():
        return environment
    return replace(environment, free_bytes=switching.would_clean(root, "remove").bytes, bytes=tree_bytes(root.path))


def record(root: Root) -> tuple[Plan | None, Verification | None]:
    """Return how an environment was made and how its last proof ended, as far as that is on record."""
    current = root.current_name()
    return plan_of(root, current), _last_proof(root, current)


def free_root() -> Path:
    """Return a folder for another environment: the default place, with a number where that is taken."""
    place = platforms.default_root()
    number = 2
    while place.exists() and any(place.iterdir()):
        place = platforms.default_root().with_name(f"{platforms.default_root().name}-{number}")
        number += 1
    return place


def _worth_showing(root: Root) -> bool:
    """Whether something was put in use here once; a download that stopped is offered elsewhere."""
    return root.current_name() is not None or bool(root.generation_names())


def _own(root: Root, machine: Machine | None, decision: Recommendation | None) -> Environment:
    current = root.current_name()
    made = plan_of(root, current)
    proof = _last_proof(root, current)
    environment = Environment(
        root=str(root.path),
        torch=made.build.torch if made is not None else None,
        variant=made.build.variant if made is not None else None,
        python=made.python.version if made is not None else None,
        standing="unchecked",
        text="",
        checked=proof.started if proof is not None else None,
        back_to=_name_of(plan_of(root, root.previous_name())),
        update=_update(made, decision),
    )
    standing, text = _standing(root, made, proof, machine, environment.update)
    return replace(environment, standing=standing, text=text)


def _last_proof(root: Root, current: str | None) -> Verification | None:
    """Return the newest proof of the generation in use: the one that it was made with, or a later one."""
    first = verification_of(root, current)
    later = history.earlier(root.path)
    newest = later[-1] if later else None
    if first is None or newest is None:
        return newest or first
    return newest if newest.started >= first.started else first


def _standing(
    root: Root, made: Plan | None, proof: Verification | None, machine: Machine | None, update: str | None
) -> tuple[Standing, str]:
    if root.written_by_newer():
        return "unchecked", _("A newer version of this program made it, and only that one can change it.")
    broken = _broken(root, made)
    if broken:
        return "broken", broken
    assert made is not None  # noqa: S101 - else it would be broken
    if proof is not None and proof.verdict == "fail":
        return "broken", sentences(_("Its last check was not passed."), _on_day(proof))
    driver = _about_driver(made.build, proof, machine)
    if driver:
        return "driver", driver
    if update:
        return "update", _("A newer one is known: PyTorch {version}.").format(version=update)
    if proof is None or proof.verdict == "not-verified":
        return "unchecked", _("It was not checked on a device yet.")
    if proof.verdict == "warn":
        return "warned", sentences(headline(proof)[0] + ".", _on_day(proof))
    return "checked", sentences(_("It works."), _on_day(proof))


def _on_day(proof: Verification) -> str:
    return _("Checked on {date}.").format(date=format_date(proof.started))


def _broken(root: Root, made: Plan | None) -> str:
    """Return what a look at a few files says is missing; empty when nothing is."""
    current = root.current_name()
    if current is None or root.read_complete(current) is None or made is None:
        return _("Its installation is not complete.")
    folder = root.generation(current)
    if not platforms.python_in(folder).exists():
        return _("The Python that it was made with is gone.")
    if look_at_torch(platforms.site_packages_in(folder), folder, None) is None:
        return _("Files of PyTorch are missing.")
    return ""


def _about_driver(build: Build, proof: Verification | None, machine: Machine | None) -> str:
    """Return what the driver of now means for an environment; empty when nothing."""
    if machine is None or build.variant == "cpu":
        return ""
    if _too_old(build, machine):
        return _("The graphics driver is too old for it, or gone.")
    now = machine.nvidia_driver.version if machine.nvidia_driver is not None else ""
    then = next((device.driver for device in proof.devices if device.driver), "") if proof is not None else ""
    if now and then and now != then:
        return _("The graphics driver was {before} when it was checked and is {now} now.").format(before=then, now=now)
    return ""


def _too_old(build: Build, machine: Machine) -> bool:
    try:
        wishes = Wishes(torch=build.torch, variant=build.variant)
        return recommend(machine, wishes, known_catalogue().catalogue).verdict in {"fix-driver", "fix-hardware"}
    except SetupError as error:
        log.info("nothing is known of %s: %s", build.requirement, error)
        return False


def _update(made: Plan | None, decision: Recommendation | None) -> str | None:
    """Return the build that is newer than the installed one; None: there is none, or no server had it last time."""
    build = decision.build if decision is not None and decision.verdict in {"gpu", "cpu"} else None
    if made is None or build is None:
        return None
    known_then = made.recommended
    if known_then is not None and (known_then.torch, known_then.variant) == (build.torch, build.variant):
        return None
    newer = _version(build.torch) > _version(made.build.torch)
    fits_card = build.torch == made.build.torch and made.build.variant == "cpu" != build.variant
    return _name(build) if newer or fits_card else None


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _name(build: Build) -> str:
    return f"{build.torch}+{build.variant}"


def _name_of(plan: Plan | None) -> str | None:
    return _name(plan.build) if plan is not None else None


def _others(machine: Machine | None, ours: list[str]) -> Iterator[Environment]:
    """Yield what other programs made: it can be checked, and repaired when somebody asks for it."""
    for torch in machine.torches if machine is not None else ():
        folder = Path(torch.env)
        place = true_name(folder)
        if not folder.is_dir() or any(place == root or place.startswith(root + os.sep) for root in ours):
            continue
        yield _other(torch)


def _other(torch: FoundTorch) -> Environment:
    proofs = history.earlier(Path(torch.env))
    proof = proofs[-1] if proofs else None
    standing: Standing = "unchecked"
    text = _("Made by another program; not checked yet.")
    if proof is not None:
        standing = {"pass": "checked", "warn": "warned", "fail": "broken"}.get(proof.verdict, "unchecked")  # type: ignore[assignment]
        text = sentences(headline(proof)[0] + ".", _on_day(proof))
    return Environment(
        root=torch.env,
        own=False,
        torch=torch.version.partition("+")[0],
        variant=torch.variant,
        python=torch.python,
        standing=standing,
        text=text,
        checked=proof.started if proof is not None else None,
    )
