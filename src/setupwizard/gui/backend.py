"""What the window needs from the program behind it: blocking functions without Qt, called from a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from setupwizard.codes import Backend as Installer
from setupwizard.codes import StepId, VerifyMode
from setupwizard.errors import SetupError
from setupwizard.model.events import Emit, Outcome
from setupwizard.model.settings import Contact, Preferences, Settings
from setupwizard.model.verification import Verification
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import Pace

if TYPE_CHECKING:
    from setupwizard.model.doctor import Doctor
    from setupwizard.model.environments import Environment
    from setupwizard.model.machine import Machine
    from setupwizard.model.plan import Plan
    from setupwizard.model.recommendation import Build, Cell, Recommendation
    from setupwizard.model.release import Newer


class Choices(Struct, frozen=True, kw_only=True):
    """What the person chose; None leaves it to the program.

    Attributes:
        root: the folder of the environment.
        torch, variant, python: what `recommend` is asked for; `variant` "cpu" is the stop-gap as well.
        gpus: indexes of the cards to serve, where no build serves them all; None: as many as one build can.
        source: the id of a download server out of the options, or a folder.
        companions: take torchvision along where the decision knows the one that fits.
    """

    root: str
    torch: str | None = None
    variant: str | None = None
    python: str | None = None
    gpus: tuple[int, ...] | None = None
    installer: Installer = "uv"
    source: str | None = None
    companions: bool = True

    def free(self) -> Choices:
        """Return the choices with the build, its Python, its source and its installer left to the program."""
        return Choices(root=self.root, companions=self.companions)


class Option(Struct, frozen=True):
    """A value that can be chosen, and its words in the present language."""

    value: str
    text: str


class Options(Struct, frozen=True, kw_only=True):
    """What the details of page 3 offer beside the builds of the recommendation.

    Attributes:
        pythons: versions that a build can be made for here, best first: "3.12".
        sources: download servers; "automatic" is added by the page.
    """

    pythons: tuple[str, ...] = ()
    installers: tuple[Installer, ...] = ("uv",)
    sources: tuple[Option, ...] = ()


class Estimate(Struct, frozen=True, kw_only=True):
    """What a build takes, as far as it is known before any server is asked; in bytes."""

    download_bytes: int
    stored_bytes: int


class Unfinished(Struct, frozen=True, kw_only=True):
    """A setup that stopped before its end.

    Attributes:
        step: the id of the step in which it stopped.
        kept_bytes: what is on this computer already and will be reused.
        total_bytes: what the whole download is, None when that is not known.
        plan: what to go on with, None when it has to be made again.
    """

    root: str
    step: StepId
    kept_bytes: int
    total_bytes: int | None = None
    plan: Plan | None = None


class Usage(Struct, frozen=True, kw_only=True):
    """How the environment is used from now on: each a line for a terminal or a path.

    Attributes:
        activate: turns it on in a terminal of this system.
        check: shows in that terminal that it works.
        python: the interpreter to choose in an editor; it stays right when the environment is updated.
    """

    activate: str
    check: str
    python: str


class Diagnosis(Struct, frozen=True, kw_only=True):
    """Why an environment does not work, and the cure where there is one; nothing was changed yet."""

    document: Doctor
    cure: Callable[[Emit, Cancel], Doctor] | None = None


class Keeping(Protocol):
    """What is done with environments that are there; as in `Backend`, every function may block and raise SetupError."""

    def environments(self, machine: Machine | None, decision: Recommendation | None) -> tuple[Environment, ...]:
        """Return the environments of this computer, ours first; quick."""
        ...

    def measured(self, environment: Environment) -> Environment:
        """Return one with what it holds and what tidying up would give back; it reads its folders."""
        ...

    def free_root(self) -> str:
        """Return a folder for another environment."""
        ...

    def record(self, root: str) -> tuple[Plan | None, Verification | None]:
        """Return how an environment was made and how its last proof ended, as far as that is on record."""
        ...

    def roll_back(self, root: str) -> Outcome:
        """Put the generation before the present one in use again; what went wrong stands in the outcome."""
        ...

    def remove(self, root: str) -> Outcome:
        """Remove all that setupwizard made there; what went wrong stands in the outcome."""
        ...

    def tidy(self, root: str, *, dry_run: bool = False) -> Outcome:
        """Remove what no environment needs; `dry_run`: only say what would go."""
        ...

    def examine(self, root: str, machine: Machine, emit: Emit, cancel: Cancel) -> Diagnosis:
        """Find out why an environment does not work, and work out what a cure would change."""
        ...

    def failure(self, proof: Verification, root: str) -> SetupError | None:
        """Return what a proof of an environment that was there means; None when it was given."""
        ...


class Backend(Keeping, Protocol):
    """The program behind the window.

    Every function may block, none knows Qt, and each may raise SetupError (Cancelled included); whatever else it
    raises is shown as a fault of ours. Functions with `cancel` end soon after it is requested. Texts are made in the
    language that is spoken when they are called. Making the object imports nothing heavy: that happens inside.
    """

    def defaults(self) -> Choices:
        """Return what is chosen while nobody has chosen; quick."""
        ...

    @property
    def pace(self) -> Pace:
        """How fast downloads may go, and whether they rest; it may be changed while they run, from any thread."""
        ...

    def preferences(self) -> Preferences:
        """Return the settings that hold now; quick."""
        ...

    def keep(self, settings: Settings) -> Preferences:
        """Write other settings and let them hold; what the administrator fixed stays.

        Raises:
            SetupError: they could not be written, or a value is impossible.
        """
        ...

    def try_connection(self, settings: Settings, cancel: Cancel) -> str:
        """Ask a server by the way of these settings; return its name.

        Raises:
            SetupError: the true cause why there is no answer.
        """
        ...

    def contacts(self) -> tuple[Contact, ...]:
        """Return everybody whom the program may ask, and when."""
        ...

    def newer_version(self, cancel: Cancel) -> Newer | None:
        """Ask whether there is a newer version of the program; None as well where nobody may be asked or knows."""
        ...

    def unfinished(self) -> Unfinished | None:
        """Return a setup that stopped and can go on."""
        ...

    def detect(self, emit: Emit, cancel: Cancel) -> Machine:
        """Look at the computer; nothing is sent anywhere."""
        ...

    def options(self, machine: Machine) -> Options:
        """Return what can be chosen on this computer."""
        ...

    def recommend(self, machine: Machine, choices: Choices) -> Recommendation:
        """Decide for this computer and these wishes; nothing is asked of any server."""
        ...

    def grid(self, machine: Machine, choices: Choices) -> tuple[Cell, ...]:
        """Return every published build, newest torch first: what would be installed, or why it does not run here.

        The choices of cards and of Python take part, those of torch and variant do not: the grid is there for them.
        """
        ...

    def estimate(self, build: Build) -> Estimate | None:
        """Return what a build takes, from bundled data; None when nobody knows."""
        ...

    def plan(
        self, machine: Machine, recommendation: Recommendation, choices: Choices, emit: Emit, cancel: Cancel
    ) -> Plan:
        """Ask the servers and work out exactly what an install would do; nothing is changed."""
        ...

    def awake(self) -> AbstractContextManager[bool]:
        """Ask the system not to fall asleep meanwhile; yields whether it promises that."""
        ...

    def apply(
        self, plan: Plan, machine: Machine, recommendation: Recommendation, emit: Emit, cancel: Cancel
    ) -> Outcome:
        """Install, prove and put in use. What went wrong stands in the outcome."""
        ...

    def verify(self, root: str, mode: VerifyMode, machine: Machine, emit: Emit, cancel: Cancel) -> Verification:
        """Prove the environment in use again."""
        ...

    def retell(self, proof: Verification) -> Verification:
        """Return a proof with its sentences in the language that is spoken now."""
        ...

    def discard(self, root: str) -> None:
        """Delete what an unfinished setup left: downloads, and the root itself when nothing else is in it."""
        ...

    def take_back(self, root: str) -> Outcome:
        """Undo the last install although it is in use: what was in use before it is again, or nothing stays.

        Raises:
            SetupError: it could not be undone.
        """
        ...

    def usage(self, root: str, build: Build) -> Usage:
        """Return how the environment with this build is turned on."""
        ...

    def freeable(self, root: str) -> int:
        """Return how many bytes downloads and leftovers hold that the environment does not need to work."""
        ...

    def free_downloads(self, root: str) -> int:
        """Remove them and return how many bytes that gave back; a repair then downloads what it needs."""
        ...

    def open_terminal(self, root: str) -> None:
        """Open a terminal in which the environment is on."""
        ...

    def save_report(self, root: str, path: Path) -> None:
        """Write the report of the last install as a page that can be read anywhere."""
        ...

    def save_plan(self, plan: Plan, path: Path) -> None:
        """Write what a plan installs as a file for other machines, with its lock beside it."""
        ...

    def save_support(self, path: Path, machine: Machine | None) -> None:
        """Write a file for a bug report, without names, home folders and passwords."""
        ...

    def redact(self, text: str) -> str:
        """Return a text without names, home folders and passwords."""
        ...
