"""uv, the bundled program that resolves and installs: its arguments, its environment, and what its endings mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from setupwizard.codes import Platform
from setupwizard.errors import Cancelled, SetupError
from setupwizard.i18n import _
from setupwizard.tools import http
from setupwizard.tools.addresses import host_of
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.full_disk import disk_full
from setupwizard.tools.http_faults import problem_of
from setupwizard.tools.process import ProcessResult, run
from setupwizard.tools.proxies import variables_for
from setupwizard.tools.pylock import NEWEST_MACOS
from setupwizard.tools.reader import LAST_WORDS
from setupwizard.tools.variables import clean_environment, temporary_in
from setupwizard.tools.windows_refusals import refusal_in

Listener = Callable[[str], None]

PROBE_SECONDS = 20
VENV_SECONDS = 120
RESOLVE_SECONDS = 600
ARRIVING_SECONDS = 7 * 24 * 3600
INSTALL_SILENCE = 1800
"""uv prints nothing while it unpacks gigabytes and an antivirus program reads each file: be patient, not blind."""
_ONLY_THE_LOCK = ("--no-index", "--no-build", "--require-hashes", "--preview-features", "pylock")
"""What the lock does not name with its hash is never installed, and nothing is built."""


def uv_program() -> Path:
    """Return the uv that came with this program.

    Raises:
        SetupError: "tool-failed": this copy of the program is incomplete.
    """
    import uv

    try:
        return Path(uv.find_uv_bin())
    except FileNotFoundError as error:
        raise SetupError("tool-failed", tool="uv", detail=str(error)) from error


def why_not(cancel: Cancel | None = None) -> str | None:
    """Return why uv cannot be run on this computer, None when it can.

    A policy for programs, an antivirus program or a drive where nothing may run stands in the way of some computers'
    uv, while their own Python runs.

    Raises:
        Cancelled: somebody asked to stop.
    """
    try:
        result = run([uv_program(), "--version"], env=clean_environment(), timeout=PROBE_SECONDS, cancel=cancel)
    except Cancelled:
        raise
    except SetupError as error:
        return error.detail or str(error)
    return None if result.ok else f"{result.returncode}: {result.stdout}{result.stderr}".strip()


# uv's words for the platforms (uv pip compile --help, 0.13); a wheel of torch needs no newer glibc than that
_PLATFORMS: dict[Platform, str] = {
    "linux_x86_64": "x86_64-manylinux_2_28",
    "linux_aarch64": "aarch64-manylinux_2_28",
    "win_amd64": "x86_64-pc-windows-msvc",
    "win_arm64": "aarch64-pc-windows-msvc",
    "macos_arm64": "aarch64-apple-darwin",
    "macos_x86_64": "x86_64-apple-darwin",
}


class Uv:
    """uv with a cache and a temporary folder of our own, and no setting from the user's files or environment."""

    name = "uv"

    def __init__(self, work: Path, *, cancel: Cancel | None = None, listen: Listener | None = None) -> None:
        """Take a private folder for the cache and temporary files; the caller removes it when the job is over."""
        self._work = work
        self._cancel = cancel
        self._listen = listen

    def venv_argv(self, python: str, folder: Path) -> tuple[str, ...]:
        """Return the command that makes an empty environment on an interpreter that is already there."""
        return (str(uv_program()), "venv", "--quiet", "--no-project", "--python", python, str(folder))

    def sync_argv(self, python: Path, lock: Path, *, arriving: bool = False) -> tuple[str, ...]:
        """Return the command that makes an environment hold exactly what a lock says.

        Args:
            python: the interpreter in the environment.
            lock: with local paths and, if `arriving`, with addresses of our own on this computer.
            arriving: some wheels are still on their way.
        """
        network = () if arriving else ("--offline",)
        return (str(uv_program()), "pip", "sync", *network, *_ONLY_THE_LOCK, "--python", str(python), str(lock))

    def add_argv(self, python: Path, lock: Path) -> tuple[str, ...]:
        """Return the command that installs what a lock says beside what an environment holds already.

        A package of the same version that came another way is exchanged: the lock names files, not versions.
        """
        words = ("pip", "install", "--offline", "--no-deps", "--reinstall", *_ONLY_THE_LOCK)
        return (str(uv_program()), *words, "--python", str(python), "-r", str(lock))

    def bring_argv(self, key: str, folder: Path, listing: Path) -> tuple[str, ...]:
        """Return the command that unpacks a Python which was fetched before.

        Args:
            key: what the list calls it.
            folder: where uv keeps its Pythons.
            listing: a list of this one Python, with the address of the file on this disk and its sha256.
        """
        return (
            *(str(uv_program()), "python", "install", "--offline", "--no-bin", "--no-registry", "--install-dir"),
            *(str(folder), "--python-downloads-json-url", listing.as_uri(), key),
        )

    def bring(self, key: str, folder: Path, listing: Path) -> None:
        """Unpack a Python; uv compares the file with its sha256 once more.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        allowed = {"UV_PYTHON_DOWNLOADS": "manual"}
        self._checked(self.bring_argv(key, folder, listing), cwd=self._work, silence=INSTALL_SILENCE, variables=allowed)

    def venv(self, python: str, folder: Path) -> None:
        """Make an empty environment.

        Raises:
            SetupError: "tool-failed" or a more exact cause.
        """
        self._checked(self.venv_argv(python, folder), cwd=self._work, timeout=VENV_SECONDS)

    def sync(self, python: Path, lock: Path, *, arriving: bool = False) -> None:
        """Install exactly the wheels that the lock names by hash; none comes from another computer.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        # a wheel that is still on its way keeps uv waiting as long as the download takes
        patience = {"UV_HTTP_TIMEOUT": str(ARRIVING_SECONDS), "UV_HTTP_RETRIES": "0"} if arriving else {}
        self._checked(
            self.sync_argv(python, lock, arriving=arriving),
            cwd=lock.parent,
            silence=None if arriving else INSTALL_SILENCE,
            variables=patience,
        )

    def add(self, python: Path, lock: Path) -> None:
        """Install the wheels that the lock names by path and hash beside what is there; nothing is downloaded.

        Raises:
            SetupError: "hash-mismatch", "disk-full", "tool-failed".
        """
        self._checked(self.add_argv(python, lock), cwd=lock.parent, silence=INSTALL_SILENCE)

    def compile(
        self,
        project: Path,
        output: Path,
        *,
        python: str,
        options: Sequence[str] = (),
        variables: Mapping[str, str] = MappingProxyType({}),
        platform: Platform | None = None,
    ) -> None:
        """Resolve the requirements of a project file to a lock with addresses and hashes.

        Args:
            project: a pyproject.toml in a folder of its own, which names the indexes to use.
            output: the lock; uv insists on the name pylock.toml or pylock.<name>.toml.
            python: "3.12" or the path of an interpreter.
            options: further arguments.
            variables: further settings, which may hold passwords.
            platform: of another computer, whose system is taken to be new enough; None: of this one.

        Raises:
            SetupError: "build-not-in-sources", a cause of the network, "tool-failed".
        """
        argv = (
            *(str(uv_program()), "pip", "compile", "--quiet", "--no-build", "--no-header", "--no-annotate"),
            *("--system-certs", "--format", "pylock.toml", "--python", python, "--output-file", str(output)),
            *(("--python-platform", _PLATFORMS[platform]) if platform is not None else ()),
            *options,
            str(project),
        )
        variables = {**variables_for(project.read_text("utf-8"), *options, *variables.values()), **variables}
        if platform is not None:
            variables["MACOSX_DEPLOYMENT_TARGET"] = f"{NEWEST_MACOS}.0"  # else uv takes a macOS that torch has left
        self._checked(argv, cwd=project.parent, timeout=RESOLVE_SECONDS, network=True, variables=variables)

    def _environment(self, *, network: bool, variables: Mapping[str, str]) -> Mapping[str, str]:
        return clean_environment(
            {
                "UV_NO_CONFIG": "1",
                "UV_CACHE_DIR": str(self._work / "uv-cache"),
                "UV_PYTHON_DOWNLOADS": "never",
                "UV_NO_PROGRESS": "1",
                "NO_COLOR": "1",
                **temporary_in(self._work),
                **variables,
            },
            network=network,
        )

    def _checked(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        timeout: float | None = None,
        silence: float | None = None,
        network: bool = False,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        result = run(
            argv,
            cwd=cwd,
            env=self._environment(network=network, variables=variables),
            timeout=timeout,
            silence=silence,
            cancel=self._cancel,
            on_line=self._listen,
            merge=True,
            keep=LAST_WORDS,
        )
        if not result.ok:
            raise failure_of(result, self._work.parent)


def failure_of(result: ProcessResult, folder: Path) -> SetupError:
    """Return the error that an ending of uv stands for.

    Its texts are English and not promised to stay, so only what nothing else can tell is read here: which address it
    stopped at. What is wrong there is asked by our own means, which name the true cause.
    """
    text = result.stdout + result.stderr
    if "os error 28" in text or "No space left" in text:
        return disk_full(folder, text)
    refused = refusal_in(text, "uv")
    if refused is not None:
        return refused
    damaged = re.search(r"(?:Hash mismatch for|Failed to extract archive:) `?([^`\s]{1,200})", text)
    if damaged is not None:
        return SetupError("hash-mismatch", file=damaged[1], host=_("this computer's disk"), detail=text)
    if "No solution found" in text or "no matching" in text.lower():
        name = re.search(r"Because (?:there are no versions of )?([\w.\-]+(?:===?[\w.+\-]+)?)", text)
        return SetupError("build-not-in-sources", requirement=name[1] if name else "", detail=text)
    if any(sign in text for sign in ("error sending request", "client error", "server error", "Failed to fetch")):
        address = re.search(r"https?://[^\s`'\"()<>]{1,2000}", text)
        return _cause_at(address[0] if address else "", text)
    return SetupError("tool-failed", tool="uv", detail=text)


def _cause_at(address: str, text: str) -> SetupError:
    """Return why an address that uv could not read cannot be read: as it is now, else as uv saw it."""
    try:
        if address:
            http.size_of(address)
    except SetupError as error:
        error.detail = f"{error.detail}\n{text}"
        return error
    status = re.search(r"HTTP status \w+ error \((\d{3}) ", text)
    problem = problem_of(int(status[1]), {}, address) if status else None
    cause = problem or SetupError("network-timeout", host=host_of(address))
    cause.detail = text
    return cause
