"""Putting a proved generation in use, going back to the one before, and taking everything away again."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.plan import Plan
from setupwizard.steps.tracking import Track
from setupwizard.store import activate, generation
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore

KEEP_GENERATIONS = 2
"""The one in use and the one before it, for a roll back."""


class Switched(Struct, frozen=True, kw_only=True):
    """What is in use now, and which folders are gone."""

    current: str | None
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def switch(plan: Plan, files: int, track: Track) -> Switched:
    """Declare the plan's generation complete, put it in use in one step, and clear what is no longer needed.

    Raises:
        SetupError: "root-not-writable", "disk-full", "file-in-use".
    """
    root = Root(Path(plan.root))
    with track.step("switch", _("Put the new environment in use")):
        facts = generation.Complete(
            plan=plan.id,
            files=files,
            torch=plan.build.torch,
            variant=plan.build.variant,
            python=plan.python.version,
            packages={package.name: package.version for package in plan.packages},
            wheels=tuple(package.sha256 for package in plan.packages),
        )
        generation.write_complete(root, plan.generation, facts)
        generation.switch(root, plan.generation)
        activate.write(root)
        Journal(root).write("switched", name=plan.generation)
    with track.step("clean", _("Tidy up")):
        removed = clean(root)
    return Switched(current=plan.generation, kept=tuple(root.generations()), removed=removed)


def clean(root: Root, *, dry_run: bool = False) -> tuple[str, ...]:
    """Remove generations beyond the kept ones, leftovers of stopped runs, and wheels that no generation uses."""
    removed = generation.collect(root, keep=KEEP_GENERATIONS, dry_run=dry_run)
    needed = {
        sha256
        for name in root.generations()
        if (facts := generation.complete(root, name)) is not None
        for sha256 in facts.wheels
    }
    wheels = WheelStore(root.store).remove_unused(needed, dry_run=dry_run)
    return tuple(str(path) for path in (*removed, *wheels))


def roll_back(root: Root) -> Switched:
    """Put the generation before the present one in use again.

    Raises:
        SetupError: "environment-missing", "nothing-to-roll-back".
    """
    if root.current_name() is None:
        raise SetupError("environment-missing", root=str(root.path))
    previous = generation.previous(root)
    if previous is None:
        raise SetupError("nothing-to-roll-back", root=str(root.path))
    generation.switch(root, previous)
    activate.write(root)
    Journal(root).write("rolled-back", name=previous)
    return Switched(current=previous, kept=tuple(root.generations()))


def remove(root: Root) -> Switched:
    """Remove everything that setupwizard made below a root; the user's own files stay and are named."""
    removed, kept = generation.remove_all(root)
    return Switched(current=None, kept=tuple(str(path) for path in kept), removed=tuple(str(path) for path in removed))
