"""What conda, mamba and micromamba answer with --json: packages of a transaction, and the errors by their names.

The names and texts are those of conda 26.7, and of libmamba where it has names of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from setupwizard.errors import SetupError
from setupwizard.tools.addresses import host_of
from setupwizard.tools.full_disk import disk_full
from setupwizard.tools.process import ProcessResult

_MOST_WORDS = 300


class CondaPackage(Struct, frozen=True, kw_only=True):
    """One package of a transaction.

    Attributes:
        cached: it lies in conda's folder already and is not downloaded.
    """

    name: str
    version: str
    file: str
    url: str
    sha256: str
    size: int
    cached: bool = False


def answer_of(result: ProcessResult) -> dict[str, Any]:
    """Return the document that a program printed, empty when there is none.

    Progress comes as records that end with a NUL, before the document; warnings may stand before it.
    """
    text = result.stdout.rpartition("\0")[2] if "\0" in result.stdout.strip("\0") else result.stdout
    for start in (match.start() for match in re.finditer(r"^\{", text, re.MULTILINE)):
        try:
            found = json.loads(text[start:].rstrip("\0 \r\n"))
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}


def packages_of(answer: Mapping[str, Any], caches: Iterable[Path]) -> tuple[CondaPackage, ...]:
    """Return the packages of a transaction: what is fetched says size and hash, what is in a cache has a record there.

    Raises:
        SetupError: "conda-plan-unclear": a package comes without hash, so nobody could check it.
    """
    actions = answer.get("actions") or {}
    fetched = {_file_of(row): _package(row, cached=False) for row in actions.get("FETCH") or ()}
    linked = {}
    for row in actions.get("LINK") or ():
        file = _file_of(row)
        bare = file.removesuffix(".conda").removesuffix(".tar.bz2")
        known = next((fetched[name] for name in (f"{bare}.conda", f"{bare}.tar.bz2") if name in fetched), None)
        linked[bare] = known or _package({**row, **_record_in(caches, bare)}, cached=True)
    return tuple(sorted(linked.values(), key=lambda package: package.name))


def _file_of(row: Mapping[str, Any]) -> str:
    named = row.get("fn") or str(row.get("url") or "").rpartition("/")[2]
    return str(named or row.get("dist_name") or f"{row.get('name')}-{row.get('version')}-{row.get('build')}")


def _package(row: Mapping[str, Any], *, cached: bool) -> CondaPackage:
    try:
        package = CondaPackage(
            name=str(row["name"]),
            version=str(row["version"]),
            file=_file_of(row),
            url=str(row["url"]),
            sha256=str(row["sha256"]).lower(),
            size=int(row["size"]),
            cached=cached,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SetupError("conda-plan-unclear", name=str(row.get("name", "")), detail=f"{error!r}: {row}") from error
    if not re.fullmatch(r"[0-9a-f]{64}", package.sha256) or not package.file.endswith((".conda", ".tar.bz2")):
        raise SetupError("conda-plan-unclear", name=package.name, detail=str(row))
    return package


def _record_in(caches: Iterable[Path], bare: str) -> dict[str, Any]:
    for cache in caches:
        try:
            found = json.loads((cache / bare / "info" / "repodata_record.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return {}


# ---- errors ----

_NO_CUDA = re.compile(r"__cuda")
_UNSATISFIABLE = re.compile(r"Unsatisfiable|SpecsConfigurationConflict", re.IGNORECASE)
# exception name -> error code, for those that need no look into the text
_BY_NAME = {
    "PackagesNotFoundInChannelsError": "conda-package-missing",
    "PackagesNotFoundError": "conda-package-missing",
    "ResolvePackageNotFound": "conda-package-missing",
    "ChecksumMismatchError": "conda-checksum",
    "ChunkedEncodingError": "conda-link-dropped",
    "EnvironmentLocationNotFound": "conda-environment-missing",
    "DirectoryNotACondaEnvironmentError": "conda-folder-taken",
    "CondaToSNonInteractiveError": "conda-terms",
    "CondaValueError": "conda-path",
    "CondaSSLError": "tls-intercepted",
    "ProxyError": "proxy-off",
}


def failure_of(result: ProcessResult, folder: Path) -> SetupError:
    """Return the error that an ending of conda, mamba or micromamba stands for.

    Args:
        result: how it ended.
        folder: where the environment was to be, for the room on its drive.
    """
    text = f"{result.stdout[-20_000:]}\n{result.stderr[-20_000:]}".replace("\0", "\n")
    answer = answer_of(result)
    causes = list(_causes(answer))
    names = [str(cause.get("exception_name") or "") for cause in causes]
    words = "\n".join(str(cause.get("message") or cause.get("error") or "") for cause in causes) or text
    if "CondaSignalInterrupt" in names:
        return SetupError("conda-interrupted", detail=text)
    if not answer and result.returncode == 2:
        return SetupError("conda-usage", tool=Path(result.argv[0]).name, detail=text)
    return _of_words(names, words, text, folder) or SetupError(
        "tool-failed", tool=Path(result.argv[0]).stem, detail=text
    )


def _of_words(names: list[str], words: str, text: str, folder: Path) -> SetupError | None:
    short = " ".join(words.split())[:_MOST_WORDS]
    if any(sign in words for sign in ("Errno 28", "No space left", "os error 28")):
        error = disk_full(folder, text)
        error.code = "conda-disk-full"
        return error
    for name in names:
        if name in _BY_NAME:
            return SetupError(_BY_NAME[name], detail=text, problem=short, host=_host_in(words), path=str(folder))  # type: ignore[arg-type]
    if any(_UNSATISFIABLE.search(name) for name in names) or "could not be satisfied" in words.lower():
        code = "conda-no-cuda" if _NO_CUDA.search(words) else "conda-unsatisfiable"
        return SetupError(code, detail=text, problem=short)  # type: ignore[arg-type]
    if "CondaHTTPError" in names or re.search(r"HTTP \d{3}", words) or "Could not resolve host" in words:
        return _of_http(words, text)
    if "Unable to create prefix directory" in words or "Permission denied" in words or "Read-only" in words:
        return SetupError("conda-not-writable", detail=text, path=str(folder))
    return None


def _of_http(words: str, text: str) -> SetupError:
    status = re.search(r"HTTP (\d{3})", words)
    number, host = int(status[1]) if status else 0, _host_in(words)
    if number in {403, 404, 410}:
        return SetupError("conda-file-missing", host=host, detail=text)
    if number == 407:
        return SetupError("proxy-login", host=host, detail=text)
    if number >= 500:
        return SetupError("server-error", host=host, status=f"HTTP {number}", detail=text)
    return SetupError("conda-network", host=host, detail=text)


def _host_in(words: str) -> str:
    address = re.search(r"https?://[^\s<>'\"]{1,2000}", words)
    return host_of(address[0]) if address else "conda-forge"


def _causes(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the errors of an answer: those inside a CondaMultiError, else itself."""
    inner = [row for row in answer.get("errors") or () if isinstance(row, dict)]
    yield from inner
    if answer and not inner:
        yield answer
