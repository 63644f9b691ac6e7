"""The program behind the window: the workflow, in the words of `gui.backend`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from setupwizard import platforms
from setupwizard.codes import Backend as Installer
from setupwizard.codes import StepId, VerifyMode
from setupwizard.gui.backend import Choices, Estimate, Option, Options, Unfinished, Usage
from setupwizard.gui.keeping import Keeper
from setupwizard.model.events import Emit, Outcome
from setupwizard.model.settings import Contact, Preferences, Settings
from setupwizard.model.verification import Verification
from setupwizard.tools import preferences
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import Pace

if TYPE_CHECKING:
    from setupwizard import workflow
    from setupwizard.model.machine import Machine
    from setupwizard.model.plan import Plan
    from setupwizard.model.recommendation import Build, Cell, Recommendation
    from setupwizard.model.release import Newer

Look = Callable[[Emit, Cancel], "Machine"]
"""Looks at a computer."""

# By the kind of the variant. ROCm answers under CUDA's name; the sum of six ones is 6 where the device calculates.
_CHECKS = {
    "cuda": "torch.ones(6, device='cuda').sum().item(), torch.cuda.get_device_name()",
    "rocm": "torch.ones(6, device='cuda').sum().item(), torch.cuda.get_device_name(), torch.version.hip",
    "xpu": "torch.ones(6, device='xpu').sum().item(), torch.xpu.get_device_name()",
    "mps": "torch.ones(6, device='mps').sum().item()",
    "cpu": "torch.ones(6).sum().item()",
}

# The workflow and its steps bring heavy modules along: they are imported by the worker thread that first needs them,
# after the window is on the screen.


class Program(Keeper):
    """Answers the window's questions; every function may block and is called from a worker thread."""

    def __init__(self, log_file: Path | None = None, look: Look | None = None) -> None:
        """Take the log that goes into a support file, and who looks at the computer; this computer when None."""
        self._log_file = log_file
        self._look = look
        self._pace = Pace(preferences.present().settings.speed_limit or None)

    @property
    def pace(self) -> Pace:
        """How fast downloads may go, and whether they rest."""
        return self._pace

    def defaults(self) -> Choices:
        """Return what is chosen while nobody has chosen."""
        return Choices(root=str(platforms.default_root()), source=preferences.present().settings.source or None)

    def preferences(self) -> Preferences:
        """Return the settings that hold now."""
        return preferences.present()

    def keep(self, settings: Settings) -> Preferences:
        """Write other settings and let them hold."""
        from setupwizard.store.settings_file import save

        held = save(settings)
        preferences.use(held)
        self._pace.limit = held.settings.speed_limit or None
        return held

    def try_connection(self, settings: Settings, cancel: Cancel) -> str:
        """Ask the official server by the way of these settings."""
        from setupwizard import workflow

        return workflow.try_connection(settings, cancel=cancel).host

    def contacts(self) -> tuple[Contact, ...]:
        """Return everybody whom the program may ask, and when."""
        from setupwizard import workflow

        return workflow.contacts()

    def newer_version(self, cancel: Cancel) -> Newer | None:
        """Ask whether there is a newer version of the program."""
        from setupwizard import workflow

        return workflow.newer_version(cancel=cancel)

    def unfinished(self) -> Unfinished | None:
        """Return a setup that stopped below the default root."""
        from setupwizard import workflow

        left = workflow.unfinished(workflow.Root(platforms.default_root()))
        if left is None:
            return None
        total = left.total_bytes
        step: StepId = "install" if total is not None and left.kept_bytes >= total else "fetch"
        return Unfinished(root=left.root, step=step, kept_bytes=left.kept_bytes, total_bytes=total)

    def detect(self, emit: Emit, cancel: Cancel) -> Machine:
        """Look at the computer."""
        if self._look is not None:
            return self._look(emit, cancel)
        from setupwizard import workflow

        return workflow.detect(emit, cancel)

    def options(self, machine: Machine) -> Options:
        """Return what can be chosen on this computer."""
        from setupwizard import workflow
        from setupwizard.gui.wording import source_button

        pythons, sources = workflow.options(machine)
        named = tuple(Option(key, source_button(key, name)) for key, name in sources)
        installers: tuple[Installer, ...] = ("uv", "pip", *(("conda",) if machine.condas else ()))
        return Options(pythons=pythons, installers=installers, sources=named)

    def recommend(self, machine: Machine, choices: Choices) -> Recommendation:
        """Decide for this computer and these wishes."""
        from setupwizard import workflow

        return workflow.decide(machine, _choices(choices))

    def grid(self, machine: Machine, choices: Choices) -> tuple[Cell, ...]:
        """Return every published build, with the reason for each that does not run here."""
        from setupwizard import workflow

        return workflow.grid(machine, _choices(choices))

    def estimate(self, build: Build) -> Estimate | None:  # noqa: ARG002 - nobody knows before the servers are asked
        """Return None: sizes are told by the plan, not guessed."""
        return None

    def plan(
        self, machine: Machine, recommendation: Recommendation, choices: Choices, emit: Emit, cancel: Cancel
    ) -> Plan:
        """Ask the servers and work out what an install would do."""
        from setupwizard import workflow

        wanted = recommendation if choices.companions else _alone(recommendation)
        return workflow.plan(machine, wanted, _choices(choices), workflow.Track(emit, cancel))

    def awake(self) -> AbstractContextManager[bool]:
        """Ask the system not to fall asleep meanwhile."""
        from setupwizard.tools.awake import awake

        return awake()

    def apply(
        self, plan: Plan, machine: Machine, recommendation: Recommendation, emit: Emit, cancel: Cancel
    ) -> Outcome:
        """Install, prove and put in use."""
        from setupwizard import workflow

        track = workflow.Track(emit, cancel, self._pace)
        return workflow.apply(plan, machine, recommendation, workflow.ApplyOptions(), track)

    def verify(self, root: str, mode: VerifyMode, machine: Machine, emit: Emit, cancel: Cancel) -> Verification:
        """Prove the environment in use again."""
        from setupwizard import workflow

        track = workflow.Track(emit, cancel)
        return workflow.verify_environment(workflow.Root(Path(root)), machine, workflow.ProofOptions(mode=mode), track)

    def retell(self, proof: Verification) -> Verification:
        """Return a proof with its sentences in the language that is spoken now."""
        from setupwizard.workflow.proving import retold

        return retold(proof)

    def discard(self, root: str) -> None:
        """Delete what an unfinished setup left."""
        from setupwizard import workflow

        workflow.forget_downloads(workflow.Root(Path(root)))

    def take_back(self, root: str) -> Outcome:
        """Undo the last install: go back to the environment before it, or remove everything."""
        from setupwizard import workflow

        return workflow.take_back(workflow.Root(Path(root)))

    def usage(self, root: str, build: Build) -> Usage:
        """Return how the environment with this build is turned on."""
        from setupwizard import workflow

        place = workflow.Root(Path(root))
        python = platforms.python_in(place.in_use or place.current)
        return Usage(activate=workflow.activation_line(place), check=check_line(build), python=str(python))

    def freeable(self, root: str) -> int:
        """Return how many bytes the environment can do without."""
        from setupwizard import workflow

        return workflow.room(workflow.Root(Path(root))).can_be_freed

    def free_downloads(self, root: str) -> int:
        """Remove downloads and leftovers, and return how many bytes that gave back."""
        from setupwizard import workflow

        return workflow.free_downloads(workflow.Root(Path(root)))

    def open_terminal(self, root: str) -> None:
        """Open a terminal in which the environment is on."""
        from setupwizard.tools.terminal import open_terminal

        open_terminal(Path(root))

    def save_report(self, root: str, path: Path) -> None:
        """Write the report of the last install as a page."""
        from setupwizard import workflow

        workflow.save_report(workflow.Root(Path(root)), path)

    def save_plan(self, plan: Plan, path: Path) -> None:
        """Write what a plan installs as a file for other machines."""
        from setupwizard import workflow

        workflow.save_plan((plan,), path)

    def save_support(self, path: Path, machine: Machine | None) -> None:
        """Write a file for a bug report."""
        from setupwizard import workflow

        workflow.write_support_file(path, machine, self._log_file)

    def redact(self, text: str) -> str:
        """Return a text without names, home folders and passwords."""
        from setupwizard.tools.redaction import redact_text

        return redact_text(text)


def check_line(build: Build) -> str:
    """Return a line for a terminal that calculates on the device of a build and says which one that is."""
    from setupwizard.model.catalogue import variant_kind

    kind = "mps" if build.platform == "macos_arm64" else variant_kind(build.variant)
    return f'python -c "import torch; print(torch.__version__, {_CHECKS[kind]})"'


def _alone(decision: Recommendation) -> Recommendation:
    """Return a decision whose builds come without companions."""

    def alone(build: Build) -> Build:
        return replace(build, torchvision=None, torchaudio=None)

    return replace(
        decision,
        build=alone(decision.build) if decision.build is not None else None,
        alternatives=tuple(alone(build) for build in decision.alternatives),
    )


def _choices(choices: Choices) -> workflow.Choices:
    from setupwizard import workflow
    from setupwizard.model.recommendation import Wishes

    return workflow.Choices(
        wishes=Wishes(torch=choices.torch, variant=choices.variant, python=choices.python, gpus=choices.gpus),
        root=Path(choices.root).expanduser().absolute(),
        backend=choices.installer,
        sources=(choices.source,) if choices.source else (),
    )
