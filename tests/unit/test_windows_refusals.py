"""What Windows says when a policy, Smart App Control or an antivirus stands in the way: recorded words and numbers."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from setupwizard import i18n
from setupwizard.errors import SetupError
from setupwizard.model.verification import Check, Verification
from setupwizard.sentences import SENTENCES
from setupwizard.steps.verify import failure
from setupwizard.steps.verify.causes import cause_of
from setupwizard.steps.verify.sentences import told
from setupwizard.store.files import disk_error
from setupwizard.tools.process import ProcessResult
from setupwizard.tools.uv import failure_of
from setupwizard.tools.windows_refusals import refusal, refusal_in

SMART_APP_CONTROL = """\
error: Failed to spawn: `C:\\pytorch\\gens\\0001\\Scripts\\python.exe`
  Caused by: An Application Control policy has blocked this file. (os error 4551)
"""
SMART_APP_CONTROL_ZH = """\
error: Querying Python at `C:\\pytorch\\python.exe` failed
  Caused by: \u5e94\u7528\u7a0b\u5e8f\u63a7\u5236\u7b56\u7565\u5df2\u963b\u6b62\u6b64\u6587\u4ef6\u3002 (os error 4551)
"""
APPLOCKER = """\
error: Failed to inspect Python interpreter from provided path at `C:\\pytorch\\gens\\0001\\Scripts\\python.exe`
  Caused by: This program is blocked by group policy. (os error 1260)
"""
DEFENDER = """\
error: Failed to install: torch-2.15.0+cu130-cp312-cp312-win_amd64.whl
  Caused by: Operation did not complete successfully because the file contains a virus. (os error 225)
"""
TORCH_BLOCKED = (
    "OSError: [WinError 4551] An Application Control policy has blocked this file. Error loading "
    '"C:\\pytorch\\gens\\0001\\Lib\\site-packages\\torch\\lib\\c10.dll" or one of its dependencies.'
)
HRESULT = "Unable to start: 0x800711C7"


def windows_error(number: int, path: str = "C:\\pytorch\\uv.exe") -> OSError:
    """Return what Python raises on Windows for a number of the system."""
    error = PermissionError(errno.EACCES, "refused", path)
    error.winerror = number  # type: ignore[attr-defined]  # read-only on Windows, where it is set by the system
    return error


@pytest.mark.posix_only("the number of an error cannot be written on Windows")
@pytest.mark.parametrize(
    ("number", "starting", "code"),
    [
        (4551, True, "blocked-by-app-control"),
        (4551, False, "blocked-by-app-control"),
        (1260, True, "blocked-by-policy"),
        (225, True, "held-by-antivirus"),
        (226, False, "held-by-antivirus"),
        (5, True, "held-by-antivirus"),
        (32, True, "held-by-antivirus"),
        (5, False, None),
        (2, True, None),
    ],
)
def test_a_number_of_windows_is_named(number: int, starting: bool, code: str | None) -> None:
    error = refusal(windows_error(number), "uv.exe", starting=starting)
    assert (error.code if error else None) == code


def test_an_error_of_another_system_is_none_of_these() -> None:
    assert refusal(PermissionError(errno.EACCES, "denied", "/x"), "uv", starting=True) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SMART_APP_CONTROL, "blocked-by-app-control"),
        (SMART_APP_CONTROL_ZH, "blocked-by-app-control"),
        (HRESULT, "blocked-by-app-control"),
        (APPLOCKER, "blocked-by-policy"),
        (DEFENDER, "held-by-antivirus"),
        ("failed to remove file (os error 2)", None),
        ("4551 files were copied in 1260 ms", None),
    ],
)
def test_the_words_of_a_program_are_named(text: str, code: str | None) -> None:
    error = refusal_in(text, "uv")
    assert (error.code if error else None) == code
    ended = failure_of(ProcessResult(argv=("uv",), returncode=2, stdout=text), Path("/nowhere"))
    assert ended.code == (code or "tool-failed")
    assert ended.detail == text


@pytest.mark.posix_only("the number of an error cannot be written on Windows")
@pytest.mark.parametrize(("number", "code"), [(4551, "blocked-by-app-control"), (225, "held-by-antivirus")])
def test_a_file_that_may_not_be_touched_is_named(number: int, code: str) -> None:
    error = disk_error(windows_error(number, "C:\\pytorch\\torch_cpu.dll"), Path("C:\\pytorch"))
    assert error.code == code
    assert "torch_cpu.dll" in error.title


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TORCH_BLOCKED, "blocked-by-app-control"),
        ("OSError: [WinError 1260] This program is blocked by group policy", "blocked-by-policy"),
        ("OSError: [WinError 225] the file contains a virus", "held-by-antivirus"),
    ],
)
def test_a_library_of_torch_that_may_not_be_loaded_is_named(text: str, code: str) -> None:
    cause = cause_of(text)
    assert cause == code
    check = told(Check(id="import", status="fail"), cause, {"error": text})
    proof = Verification(
        passed=False, verdict="fail", level="device", mode="quick", checks=(check,), started="2026-11-22T14:08:23Z"
    )
    found = failure(proof)
    assert found is not None
    assert found.code == code
    assert "PyTorch" in found.title


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_nobody_is_told_to_switch_protection_off(language: str) -> None:
    i18n.set_language(language)
    off = (
        "turn off",
        "switch off",
        "disable",
        "deactivate",
        "exclu",
        "\u5173\u95ed\u6740\u6bd2",
        "\u505c\u7528",
        "\u7981\u7528",
        "\u6392\u9664\u9879",
    )
    for code in ("blocked-by-app-control", "blocked-by-policy", "held-by-antivirus", "file-in-use"):
        error = SetupError(code, what="uv.exe")  # type: ignore[arg-type]  # words of the closed list
        said = f"{error.title} {error.advice} {' '.join(text for _code, text in SENTENCES[code].fixes)}".lower()  # type: ignore[index]
        assert not any(word in said for word in off), said
    i18n.set_language("en")
