"""The Plan document of packages that are known: its id, the room it takes, its steps, whether it changes anything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from setupwizard import platforms
from setupwizard.codes import Backend
from setupwizard.model.format import sentences
from setupwizard.model.install_data import install_data
from setupwizard.model.plan import DiskNeed, Package, Plan, PlanPython, PlanSource, PlanStep, Setting, Tried
from setupwizard.model.pythons import key_of
from setupwizard.model.recommendation import Build
from setupwizard.probes.disks import gives_second_names, mount_point
from setupwizard.steps import backends
from setupwizard.steps.carrying import Carried, in_place
from setupwizard.steps.runtime import install_title
from setupwizard.steps.tracking import step_title
from setupwizard.store import pythons
from setupwizard.store.files import free_bytes
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.uv import Uv


class Interpreter(Struct, frozen=True, kw_only=True):
    """The Python of an environment, and what comes with it.

    Attributes:
        packages: its archive, or all that conda brings.
        settings: of the user's own, that say from where.
        maker: tells the commands that make the environment; None: the usual one of the backend.
        conda_bytes: what conda downloads.
    """

    python: PlanPython
    packages: tuple[Package, ...] = ()
    settings: tuple[Setting, ...] = ()
    maker: backends.Backend | None = None
    conda_bytes: int = 0


class Draft(Struct, frozen=True, kw_only=True):
    """What is decided before the document is made.

    Attributes:
        build: as the packages hold it; recommended: what the decision preferred.
        carried: the packages of the lock, with what comes along from the present environment.
        recorded: the plan of the environment in use.
        reasons: sentences why it is not the recommended build; None is passed over.
        create_title: what the step that makes the environment is called.
    """

    root: Root
    backend: Backend
    interpreter: Interpreter
    build: Build
    recommended: Build | None
    source: PlanSource
    carried: Carried
    recorded: Plan | None
    create_title: str
    tried: tuple[Tried, ...] = ()
    reasons: tuple[str | None, ...] = ()

    @property
    def packages(self) -> tuple[Package, ...]:
        """All that the environment is made of: the lock's packages, and what comes with its Python."""
        return (*self.carried.packages, *self.interpreter.packages)


def with_companions(build: Build, packages: Sequence[Package]) -> Build:
    """Return a build with the versions of torchvision and torchaudio that its packages really hold."""
    versions = {package.name: package.version.partition("+")[0] for package in packages}
    return replace(build, torchvision=versions.get("torchvision"), torchaudio=versions.get("torchaudio"))


def drafted(draft: Draft) -> Plan:
    """Return the document; nothing is written."""
    root, packages, interpreter = draft.root, draft.packages, draft.interpreter
    plan_id = identity(draft.build, draft.backend, packages)
    store = WheelStore(root.store)
    archive = _archive(draft)
    fetched = sum(package.size for package in packages if package.kind == "wheel" and not store.has(package))
    python = archive.size if archive is not None and _brings_python(draft) and not store.has(archive) else 0
    missing = interpreter.conda_bytes + python + fetched
    stored = install_data().stored_bytes(sum(package.size for package in packages))
    name = root.next_name()
    return Plan(
        id=plan_id,
        root=str(root.path),
        generation=name,
        backend=draft.backend,
        python=interpreter.python,
        build=draft.build,
        recommended=draft.recommended,
        why_other=reduce(sentences, (text or "" for text in draft.reasons), "") or None,
        source=replace(draft.source, settings=(*draft.source.settings, *interpreter.settings)),
        tried=draft.tried,
        packages=packages,
        download_bytes=missing,
        stored_bytes=stored,
        disk=room_needed(root.path, missing, stored),
        carried=draft.carried.kept,
        not_carried=draft.carried.lost,
        steps=_steps(draft, name, _Bytes(python, fetched, stored)),
        changes=not _is_in_use(root, plan_id, draft),
    )


def room_needed(root: Path, download: int, stored: int) -> tuple[DiskNeed, ...]:
    """Return what an install takes at its peak on each drive.

    The generation in use is on the disk already and stays, so what is needed is the second one, the download, and what
    the proof writes beside them. Where a drive cannot give a file two names, the unpacked packages are there twice.
    """
    twice = 1 if gives_second_names(root) else 2
    needs = {root: download + stored * twice}
    temporary = platforms.temporary_folder()
    same = mount_point(temporary) == mount_point(root)
    place = root if same else temporary
    needs[place] = needs.get(place, 0) + install_data().room.temporary_bytes
    return tuple(DiskNeed(path=str(path), need_bytes=need, free_bytes=free_bytes(path)) for path, need in needs.items())


def identity(build: Build, backend: str, packages: Sequence[Package]) -> str:
    """Return the id of a plan: the sha256 over what will be on the disk, not over where it comes from."""
    content = {
        "backend": backend,
        "build": [build.torch, build.variant, build.python, build.platform],
        "packages": sorted([package.name, package.version, package.sha256] for package in packages),
    }
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def _is_in_use(root: Root, plan_id: str, draft: Draft) -> bool:
    """Whether the environment in use is what the plan makes: the same lock, or that and what the user added to it."""
    current = root.current_name()
    done = root.read_complete(current) if current else None
    if current is None or done is None or _brings_python(draft):
        return False
    recorded = draft.recorded
    if done.plan == plan_id:
        return True
    same = ("torch", "variant", "python", "platform")
    return (
        recorded is not None
        and (recorded.backend == "conda") == (draft.backend == "conda")  # another Python altogether
        and all(getattr(recorded.build, name) == getattr(draft.build, name) for name in same)
        and in_place(root, current, recorded, draft.packages)
    )


class _Bytes(NamedTuple):
    python: int
    fetched: int
    stored: int


def _steps(draft: Draft, name: str, room: _Bytes) -> tuple[PlanStep, ...]:
    root, folder = draft.root, draft.root.generation(name)
    maker = draft.interpreter.maker or backends.backend_of(draft.backend, root.work)
    wheels = [package for package in draft.packages if package.kind == "wheel"]
    arriving = room.fetched > 0 and draft.backend in backends.EARLY
    lock = root.work / ("pylock.arriving.toml" if arriving else "pylock.toml")
    return (
        _python_step(draft, room.python),
        PlanStep(id="fetch", title=step_title("fetch"), bytes=room.fetched),
        PlanStep(
            id="create",
            title=draft.create_title,
            argv=maker.create_argv(_python_to_be(draft), folder),
            bytes=draft.interpreter.conda_bytes or None,
        ),
        PlanStep(
            id="install",
            title=install_title(draft.packages),
            argv=maker.install_argv(folder, lock, arriving=arriving) if wheels else (),
            bytes=room.stored,
        ),
        PlanStep(id="audit", title=step_title("audit")),
        PlanStep(id="verify", title=step_title("verify")),
        PlanStep(id="switch", title=step_title("switch")),
        PlanStep(id="clean", title=step_title("clean")),
    )


def _python_to_be(draft: Draft) -> PlanPython:
    """Return the Python with the path that it has once it is brought."""
    archive, python = _archive(draft), draft.interpreter.python
    if archive is None:
        return python
    place = pythons.interpreter(draft.root, python.version, draft.build.platform, archive)
    return replace(python, path=str(place))


def _archive(draft: Draft) -> Package | None:
    return next((package for package in draft.packages if package.kind == "python"), None)


def _brings_python(draft: Draft) -> bool:
    return _archive(draft) is not None and draft.interpreter.python.path is None


def _python_step(draft: Draft, download: int) -> PlanStep:
    archive, python = _archive(draft), draft.interpreter.python
    title = backends.python_title(python)
    if archive is None or not _brings_python(draft):
        return PlanStep(id="python", title=title)
    key = key_of(python.version, archive.version, draft.build.platform)
    argv = Uv(draft.root.work).bring_argv(key, pythons.folder_of(draft.root), draft.root.work / "python.json")
    return PlanStep(id="python", title=title, argv=argv, bytes=download)
