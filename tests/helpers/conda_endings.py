"""What conda, mamba and micromamba end with: the documents and texts of 26.7, each with the code that it stands for."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

URL = "http://channel.example/conda-forge/linux-64/openssl-3.5.0-h0_0.conda"


class Ending(NamedTuple):
    """How a program ended. `document`: what it prints with --json; None: it prints none."""

    code: str
    document: dict[str, Any] | None
    returncode: int = 1
    stderr: str = ""

    @property
    def stdout(self) -> str:
        return "" if self.document is None else json.dumps(self.document, indent=2)


def said(name: str, message: str, *, multi: bool = False) -> dict[str, Any]:
    """Return the document of an error, or of several of which there is one."""
    inner = {"exception_name": name, "error": message, "message": message}
    return {"exception_name": "CondaMultiError", "message": message, "errors": [inner]} if multi else inner


ENDINGS = (
    Ending("conda-no-cuda", said("UnsatisfiableError", "incompatible with your system: feature:/linux-64::__cuda==0")),
    Ending("conda-no-cuda", said("RattlerUnsatisfiableError", "__cuda *, for which no candidates were found")),
    Ending("conda-unsatisfiable", said("LibMambaUnsatisfiableError", "package a-1 requires b, which conflicts")),
    Ending("conda-package-missing", said("PackagesNotFoundInChannelsError", "not available from current channels")),
    Ending("conda-checksum", said("ChecksumMismatchError", "mismatch between the expected content", multi=True)),
    Ending("conda-file-missing", said("CondaHTTPError", f"HTTP 404 Not Found for url <{URL}>", multi=True)),
    Ending("server-error", said("CondaHTTPError", f"HTTP 503 SERVICE UNAVAILABLE for url <{URL}>")),
    Ending("proxy-login", said("CondaHTTPError", f"HTTP 407 Proxy Authentication Required for url <{URL}>")),
    Ending("conda-network", said("CondaHTTPError", f"HTTP 000 CONNECTION FAILED for url <{URL}>")),
    Ending("conda-link-dropped", said("ChunkedEncodingError", "IncompleteRead(3014656 bytes read", multi=True)),
    Ending("conda-disk-full", said("OSError", "[Errno 28] No space left on device", multi=True)),
    Ending("conda-not-writable", said("CondaError", "Unable to create prefix directory '/x'. sufficient permissions")),
    Ending("conda-environment-missing", said("EnvironmentLocationNotFound", "Not a conda environment: /x")),
    Ending("conda-folder-taken", said("DirectoryNotACondaEnvironmentError", "The target directory exists")),
    Ending("conda-interrupted", said("CondaSignalInterrupt", "Signal interrupt SIGINT", multi=True)),
    Ending("conda-terms", said("CondaToSNonInteractiveError", "Terms of Service have not been accepted")),
    Ending("conda-path", said("CondaValueError", "Environment paths cannot contain ' '")),
    Ending("tool-failed", said("KeyError", "something new")),
    Ending("conda-usage", None, returncode=2, stderr="conda: error: unrecognized arguments: --json"),
)
