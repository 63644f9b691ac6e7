"""From a chosen build to the exact wheels: address, sha256 and size of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import tomlkit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from setupwizard.codes import Platform
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.install_data import install_data
from setupwizard.model.plan import FAMILY, Package
from setupwizard.model.recommendation import Build
from setupwizard.probes.listings import Listing, SourceSpec
from setupwizard.steps.offers import Choice
from setupwizard.steps.tracking import Track
from setupwizard.tools import http, pip
from setupwizard.tools.addresses import host_of
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.pip_places import UvSettings, uv_settings
from setupwizard.tools.pylock import LockedWheel, read_lock
from setupwizard.tools.uv import Uv

SIZE_SECONDS = 60


class Resolver:
    """Makes one build exact, as often as it is asked for with further requirements beside it."""

    def __init__(
        self,
        choice: Choice,
        family: Sequence[str],
        *,
        work: Path,
        track: Track,
        without_uv: bool = False,
        brought: Collection[str] = (),
        helper: str | None = None,
        elsewhere: Platform | None = None,
    ) -> None:
        """Take what the environment is made of, and with what it is resolved.

        Args:
            choice: the build, its Python and its source.
            family: exact requirements of the torch family.
            work: an empty folder; the lock is written there.
            track: gets what the resolver prints, and holds the wish to stop.
            without_uv: pip resolves from every kind of source, not from its own settings' places alone. A Python that
                is still to come is uv's to resolve for, as uv brings it.
            brought: names of companions that come another way.
            helper: an interpreter of another version, for uv to start where the environment's Python is still to come.
            elsewhere: the platform of another computer that the lock is for; None: it is for this one.
        """
        self._choice, self._spec = choice, choice.listing.spec
        self._work, self._cancel, self._listen = work, track.cancel, track.listener("resolve")
        self._without_uv, self._helper, self._elsewhere = without_uv, helper, elsewhere
        companions = install_data().companions_of(choice.build.torch)
        along = [text for text in companions if canonicalize_name(Requirement(text).name) not in brought]
        self._requirements = [*family, *along]

    def __call__(self, further: Sequence[str]) -> tuple[Package, ...]:
        """Return the wheels of an environment: the torch family, what it needs, what comes along, what is added.

        Args:
            further: requirements of what the user added.

        Raises:
            SetupError: "build-not-in-sources", "network-off", "plan-invalid", "file-missing" ...
            Cancelled: somebody asked to stop.
        """
        requirements = [*self._requirements, *further]
        lock = self._work / "pylock.toml"
        lock.unlink(missing_ok=True)
        # pip resolves for the interpreter that runs it, so uv does where that is still to come
        if self._choice.python.path is not None and (self._without_uv or self._spec.kind == "pip-config"):
            self._lock_by_pip(requirements, lock, self._choice.python.path)
        else:
            self._lock_by_uv(requirements, lock)
        wheels = read_lock(lock, python=self._choice.build.python, platform=self._elsewhere)
        _must_be_the_build(wheels, self._choice)
        return _with_sizes(wheels, self._spec, self._cancel)

    def _lock_by_pip(self, requirements: Sequence[str], lock: Path, python: str) -> None:
        own = self._spec.kind == "pip-config"
        pip.lock(
            requirements,
            lock,
            python=python,
            env=pip.user_environment() if own else pip.neutral_environment(),
            cancel=self._cancel,
            listen=self._listen,
            options=() if own else _index_option(self._spec, self._choice.build.variant),
        )

    def _lock_by_uv(self, requirements: Sequence[str], lock: Path) -> None:
        project = self._work / "pyproject.toml"
        project.write_text(_project(self._choice, requirements), encoding="utf-8")
        python = self._choice.python
        runner = python.path or self._helper
        if runner is None:
            raise SetupError("python-missing", python=self._choice.build.python)
        version = () if python.path is not None else ("--python-version", python.version.removesuffix("t"))
        own = self._spec.kind == "pip-config"
        places = uv_settings(pip.user_environment(), cancel=self._cancel) if own else UvSettings()
        Uv(self._work, cancel=self._cancel, listen=self._listen).compile(
            project,
            lock,
            python=runner,
            options=(*version, *places.options, *_resolver_options(self._spec, self._choice.build.variant)),
            variables=places.variables,
            platform=self._elsewhere,
        )


def companions_of(build: Build) -> dict[str, str]:
    """Return the rest of the family that goes with a build: version by name."""
    named = {"torchvision": build.torchvision, "torchaudio": build.torchaudio}
    return {name: version for name, version in named.items() if version is not None}


def family_requirements(
    choice: Choice, listings: Mapping[str, Listing | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the exact requirements of the torch family, and a sentence for each companion that is left out.

    One is taken only where the same source holds it with the same tag: torch of one variant beside the torchvision of
    another stops on import with "operator torchvision::nms does not exist".
    """
    build = choice.build
    requirements = [_exact("torch", build.torch, choice)]
    left_out = []
    for name, version in companions_of(build).items():
        listing = listings.get(name)
        offer = listing.offer(version, build.variant, build.python) if listing is not None else None
        if offer is not None and offer.tagged == choice.offer.tagged:
            requirements.append(_exact(name, version, choice))
        else:
            left_out.append(
                _("{package} is left out: there is none for this PyTorch in the same place.").format(package=name)
            )
    return tuple(requirements), tuple(left_out)


def _exact(name: str, version: str, choice: Choice) -> str:
    # "==2.13.0" would let a resolver take 2.13.0+cpu as well: an untagged wheel is asked for letter by letter.
    return f"{name}=={version}+{choice.build.variant}" if choice.offer.tagged else f"{name}==={version}"


def _project(choice: Choice, requirements: Sequence[str]) -> str:
    document = tomlkit.document()
    document["project"] = {
        "name": "environment",
        "version": "0",
        "requires-python": f"=={choice.build.python.removesuffix('t')}.*",
        "dependencies": list(requirements),
    }
    spec = choice.listing.spec
    if spec.kind == "index":
        whole = install_data().needs_whole_index(choice.build.variant)
        url = (spec.url or "").replace("{variant}", choice.build.variant)
        index = {"name": "torch", "url": url, "explicit": not whole}
        asked = {canonicalize_name(Requirement(word).name) for word in requirements}
        named = [name for name in FAMILY if name in asked]
        document["tool"] = {"uv": {"index": [index], "sources": {name: {"index": "torch"} for name in named}}}
    return tomlkit.dumps(document)


def _index_option(spec: SourceSpec, variant: str) -> tuple[str, ...]:
    """Return what makes pip look in a source: never in a second index beside it, which could slip a package in."""
    if spec.kind == "index":
        return ("--index-url", (spec.url or "").replace("{variant}", variant))
    return _resolver_options(spec, variant)


def _resolver_options(spec: SourceSpec, variant: str) -> tuple[str, ...]:
    place = (spec.url or "").replace("{variant}", variant)
    if spec.kind == "find-links":
        return ("--find-links", place)
    if spec.kind in {"folder", "bundle"}:
        return ("--no-index", "--find-links", place)
    return ()


def _must_be_the_build(wheels: Sequence[LockedWheel], choice: Choice) -> None:
    """Refuse a lock that holds another torch than the one that was decided: never a silent CPU build.

    What else is of the family has to carry the same tag, or it stops on import.
    """
    build = choice.build
    torch = next((wheel for wheel in wheels if wheel.name == "torch"), None)
    found = Version(torch.version) if torch is not None else None
    tag = build.variant if choice.offer.tagged else None
    family = [Version(wheel.version).local for wheel in wheels if wheel.name in FAMILY]
    if found is None or found.public != Version(build.torch).public or any(local != tag for local in family):
        raise SetupError(
            "build-not-in-sources", requirement=build.requirement, problem=str(found or ""), detail=str(wheels)
        )


def _with_sizes(wheels: Sequence[LockedWheel], spec: SourceSpec, cancel: Cancel) -> tuple[Package, ...]:
    unknown = [wheel for wheel in wheels if wheel.size is None]
    way = http.PATIENCE
    if spec.kind == "pip-config" and unknown:
        way = pip.way(way, pip.user_environment(), cancel=cancel)
    asked = {wheel.file: partial(http.file_size, wheel.url, settings=way) for wheel in unknown}
    answers = side_by_side(asked, deadline=SIZE_SECONDS, cancel=cancel)
    packages = []
    for wheel in wheels:
        size = wheel.size if wheel.size is not None else answers.get(wheel.file)
        if isinstance(size, SetupError):
            raise size
        if not isinstance(size, int):
            raise SetupError("network-timeout", host=host_of(wheel.url), detail=f"size of {wheel.file}: {size!r}")
        packages.append(
            Package(
                name=wheel.name,
                version=wheel.version,
                file=wheel.file,
                sha256=wheel.sha256,
                size=size,
                url=wheel.url,
                origin=spec.id,
            )
        )
    return tuple(sorted(packages, key=lambda package: package.name))
