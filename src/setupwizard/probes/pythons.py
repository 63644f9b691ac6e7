"""The Python interpreters of this computer.

findpython knows where they are (pyenv, asdf, uv, the registry, python.org on macOS); only its lists of paths are used.
It would start each interpreter several times and wait without a deadline for some answers, so each one is started here
instead: once, through tools/process, with a deadline, and several side by side.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath

import msgspec
from findpython.providers.asdf import AsdfProvider
from findpython.providers.base import BaseProvider
from findpython.providers.macos import MacOSProvider
from findpython.providers.path import PathProvider
from findpython.providers.pyenv import PyenvProvider
from findpython.providers.uv import UvProvider
from findpython.providers.winreg import WinregProvider
from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.model.catalogue import numbers
from setupwizard.model.machine import FoundPython
from setupwizard.probes.roots import Roots, entries, exists
from setupwizard.tools import process
from setupwizard.tools.concurrency import Cancel, side_by_side

SECONDS = 5.0
"""How long one interpreter may take to start: antivirus programs look at it for the first time."""
DEADLINE = 10.0
"""How long all of them may take together."""
MOST = 60
"""Interpreters that are started at most; nobody needs more, and a strange PATH could name any number."""
_AT_ONCE = max(2, min(8, os.cpu_count() or 2))

# What an interpreter says about itself, as one line of JSON; it has to run on every Python 3.
_QUESTION = """
import json, platform, site, struct, sys, sysconfig
print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "bits": struct.calcsize("P") * 8,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "platform": sysconfig.get_platform(),
    "prefix": sys.prefix,
    "base_prefix": getattr(sys, "base_prefix", sys.prefix),
    "site_packages": site.getsitepackages() + [site.getusersitepackages()],
}))
"""

# A part of the path -> who made the interpreter; the first that fits.
_MAKERS = (
    ("/pyenv/versions/", "pyenv"),
    ("/.pyenv/", "pyenv"),
    ("/pyenv-win/versions/", "pyenv"),
    ("/uv/python/", "uv"),
    ("/.asdf/", "asdf"),
    ("/mise/installs/", "mise"),
    ("/rye/py/", "rye"),
    ("/cellar/", "homebrew"),
    ("/homebrew/", "homebrew"),
    ("/linuxbrew/", "homebrew"),
    ("/windowsapps/", "store"),
    ("/library/frameworks/python.framework/", "python.org"),
    ("/programs/python/python", "python.org"),
    ("/program files/python", "python.org"),
    (":/python3", "python.org"),
    ("/commandlinetools/", "xcode"),
    ("/xcode.app/", "xcode"),
)
_SCRIPTS = frozenset([".py", ".sh", ".bash", ".csh", ".zsh", ".fish", ".bat", ".cmd"])
_SYSTEM_FOLDERS = ("/usr/bin", "/bin")


class Interpreter(Struct, frozen=True, kw_only=True):
    """A found Python, and the folders that its packages lie in."""

    python: FoundPython
    prefix: str
    site_packages: tuple[str, ...] = ()


class _Answer(Struct, kw_only=True):
    implementation: str
    version: str
    bits: int
    free_threaded: bool
    platform: str
    prefix: str
    base_prefix: str
    site_packages: list[str]


def interpreters(roots: Roots, *, cancel: Cancel | None = None) -> tuple[Interpreter, ...]:
    """Return the CPython 3 interpreters, newest first, each once; virtual environments are left out."""
    found = _inspected(candidates(roots), cancel)
    unique: dict[tuple[str, str, bool], Interpreter] = {}
    for one in sorted(found, key=lambda one: len(one.python.path)):  # python3.7m is python3.7 under another name
        unique.setdefault((os.path.normcase(one.prefix), one.python.version, one.python.free_threaded), one)
    return tuple(sorted(unique.values(), key=lambda one: _sortable(one.python), reverse=True))


def candidates(roots: Roots) -> list[Path]:
    """Return the files that look like interpreters, each true file once, nothing started yet."""
    found: dict[str, Path] = {}
    for path in _all(roots):
        if _never_start(path):
            continue
        try:
            real = path.resolve(strict=True)
        except OSError:
            continue
        stable = path if "/cellar/" in _slashes(real) else real  # Homebrew removes versioned folders when it updates
        found.setdefault(os.path.normcase(real), stable)
    return list(found.values())[:MOST]


def _all(roots: Roots) -> Iterator[Path]:
    for provider in _providers(roots):
        try:
            for found in provider.find_pythons():
                yield found.executable
        except OSError:
            continue


def _providers(roots: Roots) -> Iterator[BaseProvider]:
    """Yield findpython's lists, with our folders in place of what it would read from the environment itself."""
    folders = [folder for folder in roots.search_path() if not _slow(folder, roots)]
    yield PathProvider([*folders, *_tool_folders(roots)])
    yield PyenvProvider(roots.folder("PYENV_ROOT") or roots.home / ".pyenv")
    yield AsdfProvider(roots.folder("ASDF_DATA_DIR") or roots.home / ".asdf")
    for folder in _uv_folders(roots):
        yield UvProvider(folder)
    if sys.platform == "win32":
        yield WinregProvider()
    if sys.platform == "darwin":
        yield MacOSProvider()


def _tool_folders(roots: Roots) -> list[Path]:
    """Return folders that hold interpreters and stand in no PATH."""
    return [
        roots.at("/usr/bin"),
        roots.at("/usr/local/bin"),
        roots.at("/opt/homebrew/bin"),
        roots.at("/Library/Developer/CommandLineTools/usr/bin"),
        *entries(roots.home / ".local/share/mise/installs/python", "*/bin"),
    ]


def _uv_folders(roots: Roots) -> list[Path]:
    """Return where uv keeps the interpreters that it brought (uv's documentation, "Storage")."""
    own = roots.folder("UV_PYTHON_INSTALL_DIR")
    data = roots.folder("APPDATA") if sys.platform == "win32" else roots.folder("XDG_DATA_HOME")
    usual = (data or roots.home / ".local/share") / "uv" / "python"
    return [own, usual] if own else [usual]


def _slow(folder: Path, roots: Roots) -> bool:
    """Return whether listing a folder takes seconds: Windows' drives under WSL, which hold no Linux programs."""
    return bool(roots.variable("WSL_DISTRO_NAME")) and folder.is_relative_to("/mnt")


def _never_start(path: Path) -> bool:
    """Return whether starting a file does something else than Python.

    Only names of CPython count, and no script that happens to be called so. A shim starts a tool that chooses an
    interpreter. The files directly in Microsoft's WindowsApps folder open the Store when Python is not installed. On
    macOS /usr/bin/python3 offers to install developer tools. An embeddable Python (with a ._pth file) belongs to
    another program.
    """
    folder = _slashes(path.parent).rstrip("/")
    if not path.name.lower().startswith("python") or path.suffix.lower() in _SCRIPTS:
        return True
    if folder.endswith(("/shims", "/microsoft/windowsapps")):
        return True
    if sys.platform == "darwin" and folder == "/usr/bin":
        return True
    return sys.platform == "win32" and any(entries(path.parent, "python*._pth"))


def _inspected(paths: Sequence[Path], cancel: Cancel | None) -> list[Interpreter]:
    """Ask all interpreters, a few at a time; one that does not answer in time is left out."""
    lanes = {f"python-{lane}": partial(_ask_some, paths[lane::_AT_ONCE], cancel) for lane in range(_AT_ONCE)}
    answers = side_by_side(
        {name: lane for name, lane in lanes.items() if lane.args[0]}, deadline=DEADLINE, cancel=cancel
    )
    return [one for answer in answers.values() if isinstance(answer, list) for one in answer]


def _ask_some(paths: Iterable[Path], cancel: Cancel | None) -> list[Interpreter]:
    return [one for path in paths if (one := inspect(path, cancel=cancel)) is not None]


def inspect(path: Path, *, cancel: Cancel | None = None) -> Interpreter | None:
    """Start one interpreter and return what it says; None when it is no CPython 3 that an environment can grow from."""
    try:
        result = process.run([path, "-I", "-S", "-c", _QUESTION], timeout=SECONDS, cancel=cancel)
        answer = msgspec.json.decode(result.stdout, type=_Answer) if result.ok else None
    except SetupError as error:
        if error.code == "cancelled":
            raise
        return None
    except msgspec.MsgspecError:
        return None
    if answer is None or not _useful(answer):
        return None
    python = FoundPython(
        path=str(path),
        version=answer.version.rstrip("+"),
        bits=answer.bits,
        free_threaded=answer.free_threaded,
        kind=_kind(path, Path(answer.prefix)),
    )
    return Interpreter(python=python, prefix=answer.prefix, site_packages=tuple(answer.site_packages))


def _useful(answer: _Answer) -> bool:
    """Return whether wheels fit this interpreter: CPython 3, no virtual environment, no MSYS2 or Cygwin build."""
    if answer.implementation != "CPython" or not answer.version.startswith("3."):
        return False
    if answer.prefix != answer.base_prefix:
        return False
    return sys.platform != "win32" or answer.platform in {"win-amd64", "win-arm64", "win32"}


def _kind(path: Path, prefix: Path) -> str | None:
    """Return who made an interpreter, None when its place does not tell."""
    if exists(prefix / "conda-meta"):
        return "conda"
    words = _slashes(path)
    for part, maker in _MAKERS:
        if part in words:
            return maker
    return "system" if _slashes(path.parent) in _SYSTEM_FOLDERS else None


def _slashes(path: PurePath) -> str:
    return str(path).replace("\\", "/").lower()


def _sortable(python: FoundPython) -> tuple[tuple[int, ...], bool, str]:
    return numbers(python.version), not python.free_threaded, python.path
