"""A program shaped like conda, on py-rattler: a real solver, real links, the texts and exit codes of conda 26.7.

python conda_shim.py INSTALLATION VERB ...     as INSTALLATION/bin/conda does; see `install_shim`

It loads packages itself, as conda does: into `pkgs/NAME.partial`, going on where it stopped, then `pkgs/NAME`.
Settings: INSTALLATION/shim.json {"alias": base address of channels, "terms": true, "defect": name of a defect,
"deaf": names of signals that it does not follow, "plan" or "make": how it ends instead of telling what it would do, or
of doing it: {"returncode", "stdout", "stderr"}}. The signals that it gets stand in INSTALLATION/signals, one a line.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import http.client
import json
import os
import shutil
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

RETRIES = 1


def install_shim(installation: Path, alias: str, *, kind: str = "conda", **settings: object) -> Path:
    """Make an installation as Miniforge leaves it; return the program."""
    installation.mkdir(parents=True, exist_ok=True)
    (installation / "shim.json").write_text(json.dumps({"alias": alias, "kind": kind, **settings}))
    for folder in ("bin", "condabin", "conda-meta", "envs", "pkgs"):
        (installation / folder).mkdir(exist_ok=True)
    (installation / "conda-meta" / "history").write_text("")
    (installation / "conda-meta" / f"{kind}-26.7.1-py312_0.json").write_text("{}")
    program = installation / "bin" / kind
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -I "{Path(__file__).resolve()}" "{installation.resolve()}" "$@"\n'
    )
    program.chmod(0o755)
    return program


class Failed(Exception):
    """An error as conda prints it."""

    def __init__(self, name: str, message: str, *, multi: bool = False, **facts: object) -> None:
        super().__init__(message)
        inner = {"error": message, "message": message, "exception_name": name, "caused_by": "None", **facts}
        self.document: dict[str, Any] = inner
        if multi:
            self.document = {"exception_name": "CondaMultiError", "message": message, "errors": [inner]}


def end(code: int, document: object = None) -> NoReturn:
    """Print and leave at once: rattler crashes on a usual end after some failures."""
    if document is not None:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def usage(text: str) -> NoReturn:
    sys.stderr.write(f"usage: conda [-h] [-v] command ...\nconda: error: {text}\n")
    end(2)


class Program:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = json.loads((root / "shim.json").read_text())
        self.pkgs = root / "pkgs"
        self.rc = self._condarc()

    def _condarc(self) -> dict[str, str]:
        """Read the plain `name: value` lines of the user's settings, which variables win over."""
        place = Path(os.environ.get("CONDARC") or Path.home() / ".condarc")
        rows = place.read_text().splitlines() if place.is_file() else []
        found = {name.strip(): value.strip() for name, sign, value in (row.partition(":") for row in rows) if sign}
        for name in ("channel_alias", "create_default_packages", "channels"):
            value = os.environ.get(f"CONDA_{name.upper()}")
            if value:
                found[name] = value
        return found

    @property
    def alias(self) -> str:
        return self.rc.get("channel_alias", str(self.settings["alias"]))

    @property
    def offline(self) -> bool:
        """Whether it may not use the network: it knows only what is in its own folders then, as conda does."""
        return os.environ.get("CONDA_OFFLINE", "").lower() in {"1", "true", "yes"}

    def run(self, words: list[str]) -> NoReturn:
        verb, rest = (words[0], words[1:]) if words else ("", [])
        if self.settings.get("defect") == "unexpected":
            sys.stdout.write("Traceback (most recent call last):\nKeyError\n")
            end(1)
        if verb == "info" and rest == ["--json"]:
            end(0, {"root_prefix": str(self.root), "envs": [], "envs_dirs": [], "pkgs_dirs": [str(self.pkgs)]})
        if verb == "config" and rest == ["--show-sources", "--json"]:
            place = os.environ.get("CONDARC") or str(Path.home() / ".condarc")
            end(0, {place: self.rc} if self.rc else {})
        if verb == "create":
            self.create(rest)
        usage(f"argument COMMAND: invalid choice: {verb!r}")

    def create(self, words: list[str]) -> NoReturn:
        prefix, channels, specs, flags = None, [], [], set()
        known = {"--yes", "--json", "--override-channels", "--strict-channel-priority", "--dry-run"}
        known |= {"--no-default-packages"} if self.settings["kind"] == "conda" else set()
        rest = iter(words)
        for word in rest:
            if word in {"-p", "--prefix"}:
                prefix = Path(next(rest))
            elif word in {"-c", "--channel"}:
                channels.append(next(rest))
            elif word in known:
                flags.add(word)
            elif word.startswith("-"):
                usage(f"unrecognized arguments: {word}")
            else:
                specs.append(word)
        if prefix is None or "--json" not in flags:
            usage("one of the arguments -n/--name -p/--prefix is required")
        ending = self.settings.get("plan" if "--dry-run" in flags else "make")
        if ending:
            sys.stdout.write(ending["stdout"])
            sys.stderr.write(ending["stderr"])
            end(ending["returncode"])
        try:
            self._create(prefix, channels, specs, flags)
        except Failed as error:
            if not (flags & {"--dry-run"}) and prefix.is_dir():
                shutil.rmtree(prefix, ignore_errors=True)
            end(1, error.document)

    def _create(self, prefix: Path, channels: list[str], specs: list[str], flags: set[str]) -> NoReturn:
        if any(sign in prefix.name for sign in " :#"):
            raise Failed("CondaValueError", f"Environment paths cannot contain ' ', ':', '#': {prefix.name}")
        if "--override-channels" not in flags:
            if self.settings.get("terms"):
                raise Failed(
                    "CondaToSNonInteractiveError",
                    "Terms of Service have not been accepted for the following channels. Please accept or remove them",
                )
            channels = ["defaults", *channels]
        if "--no-default-packages" not in flags:
            specs = [*specs, *self.rc.get("create_default_packages", "").split()]
        records = self.solve(channels, specs)
        missing = [record for record in records if not self.has(record)]
        if missing and self.offline:
            raise self.not_found(missing[0].name.source)
        actions = {
            "PREFIX": str(prefix),
            "FETCH": [self.row(record) for record in missing],
            "LINK": [self.link_row(record) for record in records],
        }
        if "--dry-run" in flags:
            end(0, {"success": True, "dry_run": True, "prefix": str(prefix), "actions": actions})
        self._make_folder(prefix)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _frame: self.interrupted(signal.Signals(number).name, prefix))
        for record in missing:
            self.load(record)
        self.link(records, prefix)
        end(0, {"success": True, "prefix": str(prefix), "actions": actions})

    def _make_folder(self, prefix: Path) -> None:
        if prefix.is_dir() and (prefix / "conda-meta").is_dir():
            shutil.rmtree(prefix)  # as the real one does, without a word
        try:
            prefix.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failed(
                "CondaError",
                f"Unable to create prefix directory '{prefix}'.\nCheck that you have sufficient permissions.",
            ) from error

    def interrupted(self, name: str, prefix: Path) -> None:
        with (self.root / "signals").open("a") as note:
            note.write(f"{name}\n")
        if name in self.settings.get("deaf", ()):
            return
        shutil.rmtree(prefix, ignore_errors=True)
        end(1, Failed("CondaSignalInterrupt", f"Signal interrupt {name}", multi=True).document)

    # ---- solving ----

    def solve(self, channels: list[str], specs: list[str]) -> list[Any]:
        import rattler

        found = rattler.VirtualPackage.detect(rattler.VirtualPackageOverrides.from_env())
        virtual = [one.into_generic() for one in found if one.into_generic().name.source != "__cuda"]
        cuda = os.environ.get("CONDA_OVERRIDE_CUDA", "")
        if cuda:
            version = rattler.Version(cuda)
            build = rattler.BuildString("0")
            virtual.append(rattler.GenericVirtualPackage(rattler.PackageName("__cuda"), version, build))
        subdir = os.environ.get("CONDA_SUBDIR") or _subdir()
        sources = [rattler.Channel(f"{self.alias.rstrip('/')}/{channel}") for channel in channels]
        cache = self.root / "lists"
        client = rattler.Client()
        offline = rattler.SourceConfig(cache_action="force-cache-only") if self.offline else None
        gateway = rattler.Gateway(cache_dir=str(cache), client=client, default_config=offline)
        try:
            return asyncio.run(
                rattler.solve(
                    sources=sources,
                    specs=specs,
                    gateway=gateway,
                    platforms=[subdir, "noarch"],
                    virtual_packages=virtual,
                    timeout=dt.timedelta(seconds=60),
                )
            )
        except Exception as error:
            raise self.unsolved(error, specs) from error

    def unsolved(self, error: Exception, specs: list[str]) -> Failed:
        text = str(error)
        if type(error).__name__ == "SolverError":
            first = text.splitlines()[0]
            if "No candidates were found for" in text and "__" not in first:
                return self.not_found(first.partition("found for ")[2].split(" ")[0].rstrip("."))
            extra = ""
            if "__cuda" in text:
                extra = "\n\nYour installed version is: " + (os.environ.get("CONDA_OVERRIDE_CUDA") or "not available")
            return Failed(
                "RattlerUnsatisfiableError",
                f"The following specifications were found to be incompatible with your system:\n\n{text}{extra}",
            )
        if self.offline:
            return self.not_found(specs[0])
        address = f"{self.alias.rstrip('/')}/conda-forge/{_subdir()}/repodata.json"
        sys.stderr.write("Retrying (Retry(total=2, connect=None, read=None, redirect=None, status=None))\n")
        return Failed("CondaHTTPError", f"HTTP 000 CONNECTION FAILED for url <{address}>\n{text[:300]}")

    def not_found(self, wanted: str) -> Failed:
        text = f"The following packages are not available from current channels:\n\n  - {wanted}\n"
        return Failed("PackagesNotFoundInChannelsError", text, packages=[wanted])

    def row(self, record: Any) -> dict[str, Any]:
        return {
            "name": record.name.source,
            "version": str(record.version),
            "build": str(record.build),
            "build_number": record.build_number,
            "channel": str(record.channel),
            "fn": record.file_name,
            "subdir": str(record.subdir),
            "url": record.url,
            "md5": record.md5.hex() if record.md5 else None,
            "sha256": None if self.settings.get("defect") == "no-hash" else record.sha256.hex(),
            "size": record.size,
        }

    def link_row(self, record: Any) -> dict[str, Any]:
        return {
            "name": record.name.source,
            "version": str(record.version),
            "build_string": str(record.build),
            "build_number": record.build_number,
            "channel": "conda-forge",
            "base_url": f"{self.alias.rstrip('/')}/conda-forge",
            "dist_name": self.bare(record),
            "platform": str(record.subdir),
        }

    # ---- loading ----

    def bare(self, record: Any) -> str:
        return str(record.file_name).removesuffix(".conda").removesuffix(".tar.bz2")

    def has(self, record: Any) -> bool:
        return (self.pkgs / self.bare(record) / "info" / "repodata_record.json").is_file()

    def load(self, record: Any) -> None:
        partial = self.pkgs / f"{record.file_name}.partial"
        for attempt in range(RETRIES + 1):
            try:
                self.load_once(record, partial)
                break
            except (http.client.IncompleteRead, ConnectionError) as error:
                if attempt == RETRIES:
                    raise Failed(
                        "ChunkedEncodingError",
                        f"('Connection broken: IncompleteRead({partial.stat().st_size} bytes read)', {error!r})",
                        multi=True,
                    ) from error
            except urllib.error.HTTPError as error:
                raise Failed(
                    "CondaHTTPError", f"HTTP {error.code} {error.reason} for url <{record.url}>", multi=True
                ) from error
            except urllib.error.URLError as error:
                raise Failed(
                    "CondaHTTPError", f"HTTP 000 CONNECTION FAILED for url <{record.url}>", multi=True
                ) from error
            except OSError as error:
                raise Failed("OSError", f"[Errno {error.errno}] {error.strerror}", multi=True) from error
        data = partial.read_bytes()
        if hashlib.sha256(data).digest() != record.sha256:
            partial.unlink()
            raise Failed(
                "ChecksumMismatchError",
                "Conda detected a mismatch between the expected content and downloaded content\n"
                f"for url '{record.url}'.\n  download saved to: {partial}\n",
                multi=True,
                expected_checksum=record.sha256.hex(),
                actual_checksum=hashlib.sha256(data).hexdigest(),
            )
        partial.replace(self.pkgs / record.file_name)

    def load_once(self, record: Any, partial: Path) -> None:
        start = partial.stat().st_size if partial.is_file() else 0
        request = urllib.request.Request(record.url, headers={"Range": f"bytes={start}-"} if start else {})
        with urllib.request.urlopen(request, timeout=30) as answer, partial.open("ab" if start else "wb") as out:
            while chunk := answer.read(1 << 14):
                out.write(chunk)
                out.flush()

    # ---- linking ----

    def link(self, records: list[Any], prefix: Path) -> None:
        import rattler

        local = []
        for record in records:
            file = self.pkgs / record.file_name
            shutil.unpack_archive(file, self.pkgs / self.bare(record), "bztar")
            note = self.pkgs / self.bare(record) / "info" / "repodata_record.json"
            note.write_text(json.dumps(self.row(record)))
            record.url = file.as_uri()
            local.append(record)
        try:
            asyncio.run(rattler.install(local, str(prefix), cache_dir=self.root / "linked", show_progress=False))
        except Exception as error:
            text = str(error)
            if "os error 28" in text:
                raise Failed("OSError", "[Errno 28] No space left on device", multi=True) from error
            raise Failed("CondaError", text) from error


def _subdir() -> str:
    return {"x86_64": "linux-64", "aarch64": "linux-aarch64"}.get(os.uname().machine, "linux-64")


if __name__ == "__main__":
    Program(Path(sys.argv[1])).run(sys.argv[2:])
