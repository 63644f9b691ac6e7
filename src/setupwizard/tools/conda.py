"""conda, mamba and micromamba, as they are on the computer: called by their full path, one channel, a folder of ours.

Never `conda run` (it holds back what is printed), never an environment or a name that is there already, never base,
never another channel than conda-forge: the terms of others' channels are not ours to accept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from setupwizard.errors import Cancelled, SetupError
from setupwizard.model.machine import FoundConda
from setupwizard.model.plan import Setting
from setupwizard.tools import network
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.conda_answers import CondaPackage, answer_of, failure_of, packages_of
from setupwizard.tools.process import ProcessResult, run
from setupwizard.tools.redaction import without_login
from setupwizard.tools.variables import clean_environment

CHANNEL = "conda-forge"
INFO_SECONDS = 60
SOLVE_SECONDS = 900
STILL_SECONDS = 1800
"""Nothing printed and no byte more in the cache for so long: it hangs. Linking is silent, and antivirus reads along."""
GRACE = 1.2
"""Seconds to follow SIGINT, on which conda 26.7 takes its transaction back in 0.2 s, and as long for SIGTERM."""
_POLL = 0.25

# Settings of the user's that say where conda-forge lies, how to get there, and where packages are kept.
_OF_THE_SOURCE = (
    *("CONDARC", "MAMBARC", "CONDA_CHANNEL_ALIAS", "CONDA_CUSTOM_CHANNELS", "CONDA_MIRRORED_CHANNELS"),
    *("CONDA_SSL_VERIFY", "CONDA_CLIENT_SSL_CERT", "CONDA_CLIENT_SSL_CERT_KEY", "CONDA_PKGS_DIRS", "CONDA_OFFLINE"),
    *("CONDA_REMOTE_READ_TIMEOUT_SECS", "CONDA_REMOTE_CONNECT_TIMEOUT_SECS", "CONDA_REMOTE_MAX_RETRIES"),
    *("MAMBA_ROOT_PREFIX", "REQUESTS_CA_BUNDLE"),
)
_SHOWN = frozenset(
    (
        *("channel_alias", "custom_channels", "mirrored_channels", "proxy_servers", "ssl_verify", "client_ssl_cert"),
        *("offline", "pkgs_dirs"),
    )
)

_FOR_WANT_OF_NETWORK = frozenset(
    ("conda-package-missing", "conda-unsatisfiable", "conda-network", "conda-file-missing", "proxy-off")
)

Arriving = Callable[[int, int, str | None], None]
"""Gets the bytes that are there, all bytes, and the file that grows."""


class CondaInfo(Struct, frozen=True, kw_only=True):
    """Where an installation keeps its packages, and where its environments lie."""

    caches: tuple[Path, ...]
    root: Path | None = None


class Conda:
    """One program of the three, with the user's settings for its sources and none else."""

    def __init__(
        self, program: FoundConda, *, cancel: Cancel | None = None, listen: Callable[[str], None] | None = None
    ) -> None:
        """Take the program as it was found."""
        self._program = program
        self._cancel = cancel
        self._listen = listen

    @property
    def name(self) -> str:
        """What the program is called: conda, mamba or micromamba."""
        return self._program.kind or Path(self._program.path).stem

    def create_argv(self, prefix: Path, specs: Sequence[str]) -> tuple[str, ...]:
        """Return the command that makes a new environment of these packages and what they need."""
        # the user's usual packages for every new environment are not for this one; only conda knows the word
        bare = ("--no-default-packages",) if self.name == "conda" else ()
        words = ("--yes", "--json", "--override-channels", "--channel", CHANNEL, "--strict-channel-priority")
        return (self._program.path, "create", "--prefix", str(prefix), *words, *bare, *specs)

    def info(self) -> CondaInfo:
        """Ask where the packages are kept.

        Raises:
            SetupError: "conda-missing": the program does not start; "tool-failed".
            Cancelled: somebody asked to stop.
        """
        try:
            result = self._run((self._program.path, "info", "--json"), timeout=INFO_SECONDS)
        except Cancelled:
            raise
        except SetupError as error:
            raise SetupError("conda-missing", path=self._program.path, detail=error.detail) from error
        if not result.ok:
            raise failure_of(result, Path(self._program.path))
        answer = answer_of(result)
        caches = answer.get("pkgs_dirs") or answer.get("package cache") or ()
        root = answer.get("root_prefix") or str(answer.get("base environment") or "").partition(" (")[0]
        return CondaInfo(caches=tuple(map(Path, caches)), root=Path(root) if root else None)

    def settings(self) -> tuple[Setting, ...]:
        """Return the user's settings that decide where conda-forge lies and how to get there, passwords hidden."""
        result = self._run((self._program.path, "config", "--show-sources", "--json"), timeout=INFO_SECONDS)
        found = []
        for origin, rows in answer_of(result).items() if result.ok else ():
            for name, value in rows.items() if isinstance(rows, dict) else ():
                if name in _SHOWN:
                    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                    found.append(Setting(name=name, value=without_login(text), origin=str(origin)))
        return tuple(found)

    def solve(self, prefix: Path, specs: Sequence[str], *, cuda: str = "") -> tuple[CondaPackage, ...]:
        """Return the packages that an environment would get; nothing is written but conda's own lists.

        Args:
            prefix: where it would be; nothing may be there.
            specs: what is asked for.
            cuda: the newest CUDA that the driver supports, "13.0"; empty: none.

        Raises:
            SetupError: see `tools/conda_answers`.
            Cancelled: somebody asked to stop.
        """
        caches = self.info().caches
        argv = (*self.create_argv(prefix, specs), "--dry-run")
        result = self._run(argv, timeout=SOLVE_SECONDS, cuda=cuda)
        if not result.ok:
            raise _failure_of(result, prefix)
        return packages_of(answer_of(result), caches)

    def create(
        self,
        argv: Sequence[str],
        prefix: Path,
        packages: Sequence[CondaPackage],
        *,
        cuda: str = "",
        arriving: Arriving | None = None,
    ) -> None:
        """Make the environment, and tell how much of it has arrived: by the files that grow in conda's own folder.

        Args:
            argv: the command, as the plan shows it.
            prefix: where; nothing may be there.
            packages: what will be downloaded.
            cuda: as for `solve`.
            arriving: told now and then.

        Raises:
            SetupError: "conda-folder-taken", or see `tools/conda_answers`.
            Cancelled: somebody asked to stop.
        """
        if os.path.lexists(prefix):
            raise SetupError("conda-folder-taken", path=str(prefix))
        watch = _Watch(self.info().caches, packages, arriving)
        result = self._run(argv, overdue=watch.overdue, cuda=cuda)
        watch.look()
        if not result.ok:
            raise _failure_of(result, prefix)

    def _run(
        self,
        argv: Sequence[str],
        *,
        timeout: float | None = None,
        overdue: Callable[[], bool] | None = None,
        cuda: str = "",
    ) -> ProcessResult:
        return run(
            argv,
            env=self._environment(cuda),
            timeout=timeout,
            overdue=overdue,
            cancel=self._cancel,
            on_line=self._listen if overdue else None,
            interrupt=True,
            grace=GRACE,
        )

    def _environment(self, cuda: str) -> Mapping[str, str]:
        own = {name: value for name, value in os.environ.items() if name.upper() in _OF_THE_SOURCE}
        environment = clean_environment({**own, "CONDA_OVERRIDE_CUDA": cuda, "NO_COLOR": "1"}, network=True)
        if sys.platform == "win32":  # conda finds its own OpenSSL by PATH (conda/conda#11795)
            libraries = Path(self._program.path).parent.parent / "Library" / "bin"
            environment["PATH"] = f"{libraries}{os.pathsep}{environment.get('PATH', '')}"
        return environment


def _failure_of(result: ProcessResult, prefix: Path) -> SetupError:
    """Return what an ending stands for; without a network conda says of all that is not in its cache that it is not."""
    error = failure_of(result, prefix)
    if network.is_forbidden() and error.code in _FOR_WANT_OF_NETWORK:
        return SetupError("conda-offline", detail=error.detail)
    return error


class _Watch:
    """Looks at the files that arrive in the folders of packages: `name.partial` (mamba: `.part`), then `name`."""

    def __init__(self, caches: Sequence[Path], packages: Sequence[CondaPackage], arriving: Arriving | None) -> None:
        self._caches = caches
        self._packages = [package for package in packages if not package.cached]
        self._total = sum(package.size for package in self._packages)
        self._arriving = arriving
        self._done = -1
        self._looked = self._moved = time.monotonic()

    def overdue(self) -> bool:
        """Whether nothing has moved for too long; looks at the files on its way."""
        if time.monotonic() - self._looked > _POLL:
            self.look()
        return time.monotonic() - self._moved > STILL_SECONDS

    def look(self) -> None:
        """Add up what is there and tell it when it is more than before."""
        self._looked = time.monotonic()
        sizes = [(package, self._size(package)) for package in self._packages]
        done = sum(size for _package, size in sizes)
        if done > self._done:
            self._done, self._moved = done, self._looked
            growing = next((package.file for package, size in sizes if 0 < size < package.size), None)
            if self._arriving is not None and self._total:
                self._arriving(done, self._total, growing)

    def _size(self, package: CondaPackage) -> int:
        bare = package.file.removesuffix(".conda").removesuffix(".tar.bz2")
        for cache in self._caches:
            if (cache / bare / "info").is_dir():
                return package.size
            for name in (package.file, f"{package.file}.partial", f"{package.file}.part"):
                try:
                    return min((cache / name).stat().st_size, package.size)
                except OSError:
                    continue
        return 0
