"""What Windows means when it does not let a program start or a file be used: policies, Smart App Control, antivirus."""

from __future__ import annotations

import re

from setupwizard.codes import ErrorCode
from setupwizard.errors import SetupError

# Numbers of Windows' own list (winerror.h): they are the same in every language of its sentences.
_BLOCKED: dict[int, ErrorCode] = {
    4551: "blocked-by-app-control",  # ERROR_SYSTEM_INTEGRITY_POLICY_VIOLATION, 0x800711C7
    577: "blocked-by-app-control",  # ERROR_INVALID_IMAGE_HASH: a signature that the policy asks for
    1260: "blocked-by-policy",  # ERROR_ACCESS_DISABLED_BY_POLICY, 0x800704EC
    225: "held-by-antivirus",  # ERROR_VIRUS_INFECTED
    226: "held-by-antivirus",  # ERROR_VIRUS_DELETED
}
# A program that was unpacked a moment ago and may not be opened: access denied, sharing violation, lock violation.
_HELD_AT_START = frozenset((5, 32, 33))
_WRITTEN = re.compile(
    r"(?:WinError|os error|error code|win32 error)[ :=]*(\d{3,5})\b|\b0x8007([0-9a-f]{4})\b", re.IGNORECASE
)


def refusal(error: OSError, what: str, *, starting: bool = False) -> SetupError | None:
    """Return the error for something that Windows refused, None when that is not why it went wrong.

    Args:
        error: as Python raised it.
        what: the program or the file, for the sentence.
        starting: a program was to be started: what is held then is held by an antivirus, nobody else opens it.
    """
    number = getattr(error, "winerror", None)
    code = _BLOCKED.get(number) if number is not None else None
    if code is None and starting and number in _HELD_AT_START:
        code = "held-by-antivirus"
    return SetupError(code, what=what, detail=str(error)) if code is not None else None


def refusal_in(text: str, what: str) -> SetupError | None:
    """Return the error that a program's own words stand for: "(os error 4551)", "[WinError 1260]", 0x800711C7."""
    for match in _WRITTEN.finditer(text):
        number = int(match[1]) if match[1] else int(match[2], 16)
        if number in _BLOCKED:
            return SetupError(_BLOCKED[number], what=what, detail=text)
    return None
