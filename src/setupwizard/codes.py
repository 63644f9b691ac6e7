"""The closed lists of stable words: exit codes, error codes, and the codes inside documents.

Texts are for people and are translated; these words are for programs and never change their meaning.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

SCHEMA: Final = 1
"""The version of every document. A change bumps it and keeps reading the old one."""

# id -> (exit code, exit code with --exit-codes windows)
EXIT_CODES: dict[str, tuple[int, int]] = {
    "ok": (0, 0),
    "internal": (1, 1603),
    "not-built": (1, 1603),
    "usage": (2, 87),
    "unsupported": (10, 1633),
    "driver": (11, 1603),
    "disk": (12, 112),
    "access": (13, 5),
    "network": (14, 1618),
    "proxy-tls": (15, 1603),
    "not-found": (16, 1603),
    "integrity": (17, 1603),
    "plan": (18, 1603),
    "busy": (19, 1618),
    "verify-failed": (20, 1603),
    "drift": (21, 1603),
    "cancelled": (22, 1602),
    "reboot": (23, 3010),
}

NetworkCode = Literal[
    "offline",
    "network-off",
    "name-unknown",
    "host-blocked",
    "network-timeout",
    "server-error",
    "proxy-off",
    "proxy-login",
    "captive-portal",
    "tls-intercepted",
    "redirect-insecure",
    "clock-wrong",
]
"""Why a server was not reached, or must not be believed."""

ErrorCode = Literal[
    "internal-error",
    "tool-failed",
    "not-built",
    "usage",
    "document-unreadable",
    "document-invalid",
    "environment-missing",
    "nothing-to-roll-back",
    "no-build",
    "plan-not-for-here",
    "split",
    "change-python",
    "other-route",
    "unsupported-os",
    "driver-missing",
    "driver-old",
    "hardware-unreachable",
    "disk-full",
    "root-not-writable",
    "root-not-empty",
    "environment-newer",
    "file-in-use",
    "blocked-by-app-control",
    "blocked-by-policy",
    "held-by-antivirus",
    "path-unsuitable",
    NetworkCode,
    "build-not-in-sources",
    "file-missing",
    "python-missing",
    "conda-missing",
    "conda-usage",
    "conda-terms",
    "conda-unsatisfiable",
    "conda-no-cuda",
    "conda-package-missing",
    "conda-plan-unclear",
    "conda-path",
    "conda-folder-taken",
    "conda-not-writable",
    "conda-environment-missing",
    "conda-disk-full",
    "conda-offline",
    "conda-network",
    "conda-link-dropped",
    "conda-file-missing",
    "conda-checksum",
    "conda-interrupted",
    "hash-mismatch",
    "bundle-damaged",
    "audit-failed",
    "plan-invalid",
    "plan-unexpected",
    "not-carried",
    "busy",
    "cure-undone",
    "torch-import-failed",
    "gpu-not-seen",
    "wrong-results",
    "verify-failed",
    "drift",
    "cancelled",
]

Verdict = Literal[
    "gpu",
    "cpu",
    "fix-driver",
    "fix-hardware",
    "change-python",
    "other-route",
    "split",
    "unsupported-os",
]

# verdict -> the exit id of `recommend`, and of `plan` and `apply` (contract, "Command line" and "Exit codes")
RECOMMEND_EXIT: dict[str, str] = {
    "gpu": "ok",
    "cpu": "ok",
    "other-route": "ok",
    "unsupported-os": "unsupported",
    "split": "unsupported",
    "change-python": "unsupported",
    "fix-driver": "driver",
    "fix-hardware": "driver",
}
APPLY_EXIT: dict[str, str] = {**RECOMMEND_EXIT, "other-route": "unsupported"}

Vendor = Literal["nvidia", "amd", "intel", "apple", "qualcomm", "other"]
OsName = Literal["windows", "linux", "macos"]
Platform = Literal["linux_x86_64", "linux_aarch64", "win_amd64", "win_arm64", "macos_arm64", "macos_x86_64"]
Backend = Literal["uv", "pip", "conda"]
FindingLevel = Literal["info", "warn", "problem"]

ReasonCode = Literal[
    "newest-for-card",
    "driver-supports",
    "code-for-card",
    "older-torch-for-card",
    "older-torch-for-driver",
    "older-torch-for-python",
    "older-torch-for-libc",
    "older-torch-for-os",
    "no-toolkit-needed",
    "no-gpu",
    "gpu-not-usable",
    "gpu-too-old",
    "gpu-newer-than-data",
    "igpu-not-supported",
    "card-unserved",
    "driver-missing",
    "driver-old",
    "driver-too-new",
    "driver-version-unknown",
    "driver-not-running",
    "driver-incomplete",
    "driver-wrong-kind",
    "card-not-reachable",
    "compute-capability-unknown",
    "python-too-old",
    "python-too-new",
    "python-unsupported",
    "python-chosen",
    "amd-index",
    "jetson-index",
    "apple-mps",
    "rocm",
    "xpu",
    "stop-gap",
    "chosen-by-user",
    "wish-unmet",
    "mixed-cards",
    "mixed-machines",
    "companion-left-out",
    "assumed-variant",
    "assumed-code",
    "windows-arm",
    "wsl-driver",
    "os-too-old",
    "libc-unsupported",
    "processor-unsupported",
    "cudnn-limit",
    "preferred-not-in-sources",
]

ActionCode = Literal[
    "install-nvidia-driver",
    "update-nvidia-driver",
    "replace-nvidia-driver",
    "wake-card",
    "check-hardware",
    "allow-access",
    "change-python",
    "use-amd-index",
    "use-jetson-index",
    "update-os",
    "choose-cards",
    "use-cpu-build",
    "restart",
    "install-vc-runtime",
]

RejectedCode = Literal["arch", "driver", "python", "no-wheel", "os", "library"]

SourceKind = Literal["index", "find-links", "pip-config", "general", "folder", "bundle"]
# What a probe of a source found; the words after "ok" are error codes, but for the last.
ProbeCode = Literal[
    "ok",
    NetworkCode,
    "file-missing",
    "build-not-in-sources",
    "document-unreadable",
    "not-asked",
]

StepId = Literal["probe", "resolve", "python", "fetch", "create", "install", "audit", "verify", "switch", "clean"]
StepStatus = Literal["done", "skipped", "failed", "cancelled"]
ProgressUnit = Literal["bytes", "files", "packages", "stages"]
LimitedBy = Literal["server", "line", "disk", "cpu"]
OutcomeStatus = Literal["done", "already-done", "planned", "failed", "cancelled"]

VerifyLevel = Literal["files", "import", "device"]
VerifyMode = Literal["quick", "full"]
VerificationVerdict = Literal["pass", "warn", "fail", "not-verified"]
CheckStatus = Literal["pass", "warn", "fail", "skip", "not-run"]
CheckId = Literal[
    "files",
    "import",
    "device",
    "arch",
    "first-kernel",
    "correctness",
    "autograd",
    "conv",
    "attention",
    "amp",
    "compile",
    "memory",
    "copy-host",
    "copy-device",
    "matmul",
    "train",
    "dataloader",
    "torchvision",
    "packages",
    "sustained",
]

CauseCode = Literal[
    "torch-missing",
    "cpu-build",
    "no-code",
    "driver-missing",
    "driver-old",
    "not-for-here",
    "files-damaged",
    "install-broken-off",
    "installers-mixed",
    "companion-mismatch",
    "packages-elsewhere",
    "module-shadowed",
    "vc-runtime-missing",
    "openmp-twice",
    "card-not-seen",
    "proof-failed",
]
CureCode = Literal["new-generation", "repair"]

ERROR_CODES: tuple[str, ...] = get_args(ErrorCode)
STEP_IDS: tuple[str, ...] = get_args(StepId)
SelfTestId = Literal["resources", "languages", "again", "pip", "uv", "environment", "window"]
SelfTestStatus = Literal["pass", "fail", "skip"]

CHECK_IDS: tuple[str, ...] = get_args(CheckId)


def exit_code(exit_id: str, style: str = "posix") -> int:
    """Return the number of an exit id: as POSIX truncates codes at 255, Windows numbers come only on request."""
    posix, windows = EXIT_CODES[exit_id]
    return windows if style == "windows" else posix
