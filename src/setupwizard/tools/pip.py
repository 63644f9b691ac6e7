"""pip as a reader of the user's own pip configuration: what it finds there, and the lock that it resolves.

`pip index versions` and `pip lock` are the only children that see the user's settings for pip; they run in an empty
folder, and what they saw is written into the plan.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.plan import Setting
from setupwizard.tools.addresses import local_path
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.full_disk import disk_full
from setupwizard.tools.logins import remember
from setupwizard.tools.process import ProcessResult, own_program, run
from setupwizard.tools.reader import LAST_WORDS
from setupwizard.tools.redaction import without_login
from setupwizard.tools.transport import FetchSettings
from setupwizard.tools.variables import clean_environment, temporary_in

CONFIG_SECONDS = 20
INDEX_SECONDS = 60
LOCK_SECONDS = 600
_QUIET = ("--no-input", "--disable-pip-version-check")

# Settings that decide where packages come from, and which of them may be taken.
_SHOWN = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "constraint",
    "proxy",
    "cert",
    "client-cert",
    "trusted-host",
)

_ON = frozenset(("1", "true", "yes", "on"))
_SETTING = re.compile(r"(?P<where>[^=]*?)\.(?P<name>[\w-]+)=(?P<value>'.*'|\".*\")")


def pip_folder() -> Path:
    """Return the pip that came with this program; any interpreter can run the folder.

    Raises:
        SetupError: "tool-failed": this copy of the program is incomplete.
    """
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        raise SetupError("tool-failed", tool="pip", detail="pip is not part of this copy of the program")
    return Path(found.origin).parent


def runs_on(python: str) -> bool:
    """Whether our pip can be run by a Python of this version: "3.9", "3.14t"."""
    wanted = importlib.metadata.metadata("pip")["Requires-Python"]
    return SpecifierSet(wanted).contains(python.removesuffix("t"), prereleases=True)


def pip_argv(python: str, *words: str) -> tuple[str, ...]:
    """Return the command line that runs our pip with an interpreter of the machine."""
    return (python, "-I", "-B", "-X", "utf8", str(pip_folder()), *_QUIET, *words)


def here(words: Sequence[str]) -> int:
    """Run our pip in this process, whatever Python it is, and return its exit status: a packaged copy has no other."""
    from pip._internal.cli.main import main

    return main([*_QUIET, *words])


def _config_argv() -> tuple[str, ...]:
    """Return the command line that lists the user's settings for pip."""
    return (*own_program(), "_pip", "config", "list")


def user_environment() -> dict[str, str]:
    """Return the clean environment and the user's settings for pip, none of anybody else's."""
    own = {name: value for name, value in os.environ.items() if name.upper().startswith("PIP_")}
    own.pop("PIP_REQUIRE_VIRTUALENV", None)
    certificates = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    own.update({name: os.environ[name] for name in certificates if name in os.environ})
    return clean_environment(own, network=True)


def neutral_environment() -> dict[str, str]:
    """Return an environment in which pip sees no setting at all: its own default index."""
    return clean_environment({"PIP_CONFIG_FILE": os.devnull}, network=True)


def user_settings(work: Path, *, cancel: Cancel, timeout: float = 20) -> tuple[Setting, ...]:
    """Return the user's settings for pip that take part in where packages come from, passwords hidden."""
    result = run(_config_argv(), cwd=work, env=user_environment(), timeout=timeout, cancel=cancel)
    if not result.ok:
        return ()
    settings = []
    for line in result.stdout.splitlines():
        match = _SETTING.fullmatch(line.strip())
        if match is None or match["name"] not in _SHOWN:
            continue
        origin = "environment" if match["where"] == ":env:" else f"pip.conf [{match['where']}]"
        settings.append(Setting(name=match["name"], value=without_login(_value(match)), origin=origin))
    return tuple(settings)


def addresses(env: Mapping[str, str], work: Path, *, cancel: Cancel) -> tuple[str, ...]:
    """Return the indexes that pip asks with these settings, its own default one where none is named.

    They may hold passwords: they are for asking, never for showing.
    """
    found = settings_of(env, work, cancel=cancel)
    if is_on(found.get("no-index", "")):
        return ()
    words = [found.get("index-url") or _default_index(), *found.get("extra-index-url", "").split()]
    return tuple(word for word in words if word.startswith(("http://", "https://")))


def places(env: Mapping[str, str], *, cancel: Cancel) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return the indexes and listings, and the folders of this computer, that pip looks in with these settings."""
    found = settings_of(env, cancel=cancel)
    index = () if is_on(found.get("no-index", "")) else (found.get("index-url") or _default_index(),)
    words = (*index, *found.get("extra-index-url", "").split(), *found.get("find-links", "").split())
    folders = [local_path(word) if word.startswith("file:") else Path(word) for word in words if _is_local(word)]
    return tuple(word for word in words if not _is_local(word)), tuple(folder for folder in folders if folder)


def is_on(value: str) -> bool:
    """Whether pip takes the value of a setting for a yes."""
    return value.lower() in _ON


def _is_local(word: str) -> bool:
    return not word.startswith(("http://", "https://"))


def general_hosts() -> frozenset[str]:
    """Return the hosts of the index that pip itself knows, and of its files."""
    from pip._internal.models.index import PyPI

    return frozenset((str(urlsplit(str(PyPI.simple_url)).hostname), str(PyPI.file_storage_domain)))


def way(base: FetchSettings, env: Mapping[str, str], *, cancel: Cancel) -> FetchSettings:
    """Return settings for our own requests that go the way which pip goes: its proxy, its certificates, its logins.

    The proxy may hold a password: it is for asking, never for showing.
    """
    found = settings_of(env, cancel=cancel)
    for name in ("index-url", "extra-index-url", "find-links"):
        for address in found.get(name, "").split():
            remember(address)
    authorities = found.get("cert") or env.get("REQUESTS_CA_BUNDLE") or env.get("CURL_CA_BUNDLE")
    proxy = found.get("proxy")
    return replace(
        base,
        ca_file=Path(authorities).expanduser() if authorities else base.ca_file,
        proxies={"http": proxy, "https": proxy} if proxy else base.proxies,
    )


def settings_of(env: Mapping[str, str], work: Path | None = None, *, cancel: Cancel) -> dict[str, str]:
    """Return every setting that pip sees, the one that counts where there are several: pip lists that one last.

    They may hold passwords: they are for asking, never for showing.
    """
    result = run(_config_argv(), cwd=work, env=env, timeout=CONFIG_SECONDS, cancel=cancel)
    rows = map(_SETTING.fullmatch, map(str.strip, result.stdout.split("\n")))
    return {row["name"]: _value(row) for row in rows if row}


def _value(row: re.Match[str]) -> str:
    """Return the value of a setting on one line: pip prints it as Python writes a text, its line ends as two signs."""
    try:
        return " ".join(str(ast.literal_eval(row["value"])).split("\n")).strip()
    except (ValueError, SyntaxError):
        return row["value"][1:-1]


def _default_index() -> str:
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def versions(
    name: str,
    *,
    python: str,
    work: Path,
    env: Mapping[str, str],
    cancel: Cancel,
    options: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the versions of a project that have a wheel for this interpreter, newest first.

    Raises:
        SetupError: "build-not-in-sources": none; "network-off": nothing could be asked.
    """
    argv = pip_argv(python, "index", "versions", name, "--json", "--only-binary=:all:", *options)
    result = run(argv, cwd=work, env=env, timeout=INDEX_SECONDS, cancel=cancel)
    if not result.ok:
        raise failure_of(result, work, requirement=name)
    try:
        answer = json.loads(result.stdout)
        return tuple(str(version) for version in answer["versions"])
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError("tool-failed", tool="pip", detail=result.stdout + result.stderr) from error


def lock(
    requirements: Sequence[str],
    output: Path,
    *,
    python: str,
    env: Mapping[str, str],
    cancel: Cancel,
    listen: Callable[[str], None] | None = None,
    options: Sequence[str] = (),
) -> None:
    """Resolve requirements with the user's own settings to a lock of addresses and hashes.

    Args:
        requirements: exact ones for torch, names for the rest.
        output: the lock, named pylock.toml; pip runs in its folder.
        python: the interpreter that the environment will have: the lock holds for it alone.
        env: `user_environment()` or `neutral_environment()`.
        cancel: a wish to stop.
        listen: gets what pip prints.
        options: further arguments.

    Raises:
        SetupError: "build-not-in-sources", "network-off", "tool-failed".
    """
    argv = pip_argv(
        python, "lock", "--only-binary=:all:", "--progress-bar", "off", "--output", str(output), *options, *requirements
    )
    result = run(
        argv,
        cwd=output.parent,
        env={**env, **temporary_in(output.parent)},
        timeout=LOCK_SECONDS,
        cancel=cancel,
        on_line=listen,
        merge=True,
        keep=LAST_WORDS,
    )
    if not result.ok or not output.is_file():
        raise failure_of(result, output.parent, requirement=" ".join(requirements))


def failure_of(result: ProcessResult, folder: Path, *, requirement: str) -> SetupError:
    """Return the error that an ending of pip stands for.

    pip says "No matching distribution" for a server that cannot be reached as well: only the retries that it
    announces before tell the two apart.
    """
    text = result.stdout + result.stderr
    damaged = re.search(r"DO NOT MATCH THE HASHES[^\n]*\n\s*(\S{1,200})", text)
    if damaged is not None:
        return SetupError("hash-mismatch", file=damaged[1], host=_("this computer's disk"), detail=text)
    if "Retrying (" in text or "NewConnectionError" in text or "NameResolutionError" in text:
        host = re.search(r"host='([^'\s]{1,253})'", text)
        return SetupError("host-blocked", host=host[1] if host else "", detail=text)
    if "No matching distribution" in text or "ResolutionImpossible" in text:
        return SetupError("build-not-in-sources", requirement=requirement, detail=text)
    if "No space left" in text:
        return disk_full(folder, text)
    return SetupError("tool-failed", tool="pip", detail=text)
