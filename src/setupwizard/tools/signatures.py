"""Signing a file and checking a signature, with the program that every computer with OpenSSH has: ssh-keygen -Y."""

from __future__ import annotations

import shutil
from pathlib import Path

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.tools.process import run

NAMESPACE = "setupwizard-bundle"
"""What a signature is for: one that was given for a letter or a commit does not count here."""
_SECONDS = 60


def _program() -> str:
    found = shutil.which("ssh-keygen")
    if found is None:
        raise SetupError("tool-failed", tool="ssh-keygen", detail="ssh-keygen is not installed")
    return found


def sign(file: Path, key: Path) -> Path:
    """Sign a file with a private key, or with a public one whose private half an agent holds; return the signature.

    Raises:
        SetupError: "tool-failed".
    """
    signature = file.with_name(file.name + ".sig")
    signature.unlink(missing_ok=True)
    result = run((_program(), "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file)), timeout=_SECONDS)
    if not result.ok or not signature.is_file():
        raise SetupError("tool-failed", tool="ssh-keygen", detail=result.stdout + result.stderr)
    return signature


def verify(file: Path, signature: Path, signers: Path) -> str:
    """Return who signed a file, as ssh's file of allowed signers names them.

    Raises:
        SetupError: "bundle-damaged": nobody who is allowed signed these bytes; "document-unreadable": no such file of
            signers.
    """
    if not signers.is_file():
        raise SetupError("document-unreadable", file=str(signers))
    names = run(
        (_program(), "-Y", "find-principals", "-s", str(signature), "-f", str(signers), "-n", NAMESPACE),
        timeout=_SECONDS,
    )
    who = next(iter(names.stdout.splitlines()), "") if names.ok else ""
    argv = (_program(), "-Y", "verify", "-f", str(signers), "-I", who, "-n", NAMESPACE, "-s", str(signature))
    if who:
        result = run(argv, timeout=_SECONDS, given=file)
        if result.ok:
            return who
    raise SetupError(
        "bundle-damaged",
        file=file.name,
        problem=_("Nobody who may sign it signed it as it is now."),
        detail=names.stderr,
    )
