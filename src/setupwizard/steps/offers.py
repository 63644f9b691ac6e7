"""From what the sources hold to the build that is installed: the best one that is really there."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from setupwizard.i18n import _
from setupwizard.model.catalogue import numbers
from setupwizard.model.format import listed, sentences
from setupwizard.model.machine import FoundPython, Machine
from setupwizard.model.pythons import minor_of
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.probes.listings import Listing, Offer, PythonSpec, fastest_first

NEWEST_PREFERRED = (3, 13)
"""Pythons up to this one are preferred, newest first; a newer one is taken when nothing else fits (contract)."""


class Choice(Struct, frozen=True, kw_only=True):
    """A build, the Python for it, and the source that has it."""

    build: Build
    python: PythonSpec
    listing: Listing
    offer: Offer


def candidates(recommendation: Recommendation) -> tuple[Build, ...]:
    """Return the builds that may be installed, best first.

    A build for the card is never replaced by a processor build in silence: that one is for machines where it is the
    right answer, or for who asks for it.
    """
    best = recommendation.build
    if best is None:
        return ()
    others = (
        build for build in recommendation.alternatives if _kind(build.variant) == _kind(best.variant) and build != best
    )
    return (best, *others)


def _kind(variant: str) -> str:
    return "cpu" if variant == "cpu" else "gpu"


def usable_pythons(machine: Machine) -> tuple[PythonSpec, ...]:
    """Return the Pythons of the machine that an environment can be made with, in the contract's order.

    The one that the user insists on is the only one; else the newest up to 3.13 comes first.
    """
    found = [python for python in machine.pythons if python.bits == 64]
    if machine.insisted is not None:
        wanted = machine.insisted.name
        found = [python for python in found if _matches(python, wanted)]
    else:
        found = [python for python in found if not python.free_threaded]
    by_version: dict[str, PythonSpec] = {}
    for python in sorted(found, key=lambda python: numbers(python.version), reverse=True):
        minor = minor_of(python.version, free_threaded=python.free_threaded)
        spec = PythonSpec(version=minor, path=python.path)
        by_version.setdefault(spec.version, spec)
    return tuple(sorted(by_version.values(), key=_preference))


def _matches(python: FoundPython, wanted: str) -> bool:
    number = wanted.removesuffix("t")
    same = python.version == number or python.version.startswith(number + ".")
    return same and python.free_threaded == wanted.endswith("t")


def _preference(python: PythonSpec) -> tuple[bool, int, int]:
    major, minor = numbers(python.version)
    too_new = (major, minor) > NEWEST_PREFERRED
    return (too_new, -major, minor if too_new else -minor)


def choose(builds: Sequence[Build], pythons: Sequence[PythonSpec], listings: Sequence[Listing]) -> Choice | None:
    """Return the first build, in the order of preference, that a source has for a Python that is there."""
    for build in builds:
        for python in _own_first(build, pythons):
            for listing in fastest_first(listings):
                offer = listing.offer(build.torch, build.variant, python.version)
                if offer is not None:
                    fitting = replace(build, python=python.version, assumed=False)
                    return Choice(build=fitting, python=python, listing=listing, offer=offer)
    return None


def _own_first(build: Build, pythons: Sequence[PythonSpec]) -> list[PythonSpec]:
    return sorted(pythons, key=lambda python: python.version != build.python)


def why_other(recommended: Build | None, choice: Choice, listings: Sequence[Listing]) -> str | None:
    """Return why the build is not the recommended one, None when it is the same release and variant."""
    build = choice.build
    if recommended is None or (recommended.torch, recommended.variant) == (build.torch, build.variant):
        return None
    silent = [listing for listing in listings if listing.code not in {"ok", "build-not-in-sources", "not-asked"}]
    text = _("PyTorch {wanted} ({variant}) is on no download server that can be reached from here.").format(
        wanted=recommended.torch, variant=recommended.variant
    )
    if silent:
        names = listed(listing.spec.name for listing in silent)
        text = sentences(text, _("Without an answer: {names}.").format(names=names))
    best = _("The best one that is there: PyTorch {torch} ({variant}) for Python {python}.").format(
        torch=build.torch, variant=build.variant, python=build.python
    )
    return sentences(text, best)
