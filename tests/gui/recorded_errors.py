"""An example of every error, with the page on which a person meets it: for pictures of the cards and their layout."""

from __future__ import annotations

from setupwizard.codes import ErrorCode
from setupwizard.errors import SetupError
from setupwizard.gui.state import PageName

_HOST = "download.pytorch.org"
_FILE = "torch-2.15.0+cu130-cp312-cp312-win_amd64.whl"
_ROOT = "C:\\pytorch"

EXAMPLES: dict[ErrorCode, tuple[PageName, dict[str, object]]] = {
    "internal-error": ("computer", {"log": "C:\\Users\\~\\setupwizard.log"}),
    "tool-failed": ("finish", {"tool": "terminal"}),
    "not-built": ("build", {"what": "conda"}),
    "usage": ("build", {"what": "--source D:\\wheels"}),
    "document-unreadable": ("build", {"file": "D:\\lab.toml"}),
    "document-invalid": ("build", {"file": "D:\\lab.toml", "problem": "schema"}),
    "environment-missing": ("verify", {"root": _ROOT}),
    "nothing-to-roll-back": ("start", {"root": _ROOT}),
    "no-build": ("build", {"problem": "torch 1.0.0"}),
    "split": ("build", {}),
    "change-python": ("build", {"python": "3.16", "better": "3.12"}),
    "other-route": ("build", {"url": "https://rocm.docs.amd.com"}),
    "unsupported-os": ("build", {}),
    "driver-missing": ("build", {"url": "https://www.nvidia.com/drivers"}),
    "driver-old": ("build", {"driver": "452.39", "at_least": "580", "url": "https://www.nvidia.com/drivers"}),
    "hardware-unreachable": ("build", {}),
    "disk-full": ("install", {"path": "C:\\", "need": "9.4 GB", "free": "3.2 GB"}),
    "root-not-writable": ("build", {"path": "D:\\locked"}),
    "root-not-empty": ("build", {"path": "D:\\thesis"}),
    "environment-newer": ("build", {"path": _ROOT}),
    "file-in-use": ("start", {"path": f"{_ROOT}\\gens\\0001\\torch_cpu.dll"}),
    "blocked-by-app-control": ("verify", {"what": "PyTorch"}),
    "blocked-by-policy": ("install", {"what": "uv.exe"}),
    "held-by-antivirus": ("install", {"what": "torch_cpu.dll"}),
    "path-unsuitable": ("build", {"path": "C:\\Users\\me\\OneDrive\\torch", "why": "OneDrive.", "better": _ROOT}),
    "network-off": ("build", {"host": _HOST}),
    "name-unknown": ("build", {"host": _HOST}),
    "host-blocked": ("build", {"host": _HOST}),
    "network-timeout": ("install", {"host": _HOST}),
    "server-error": ("install", {"host": _HOST, "status": "HTTP 503"}),
    "proxy-off": ("build", {"host": "10.0.0.8:3128"}),
    "proxy-login": ("build", {"host": "10.0.0.8:3128", "ways": ""}),
    "captive-portal": ("install", {"host": _HOST}),
    "tls-intercepted": ("build", {"host": _HOST, "issuer": "School Filter Ltd"}),
    "redirect-insecure": ("install", {"host": _HOST, "target": "http://open.example"}),
    "clock-wrong": ("build", {"host": _HOST}),
    "build-not-in-sources": ("build", {"requirement": "torch==2.15.0+cu130", "problem": ""}),
    "file-missing": ("install", {"host": _HOST, "file": _FILE, "answer": "HTTP 404."}),
    "python-missing": ("build", {"python": "3.12"}),
    "hash-mismatch": ("install", {"file": _FILE, "host": _HOST}),
    "audit-failed": ("install", {}),
    "plan-invalid": ("build", {"file": "D:\\lab.toml", "problem": "schema"}),
    "plan-unexpected": ("install", {"expected": "0001", "found": "0002"}),
    "not-carried": ("install", {"names": "xformers 0.0.28"}),
    "busy": ("install", {"root": _ROOT}),
    "torch-import-failed": ("verify", {"problem": "WinError 126."}),
    "gpu-not-seen": ("verify", {"problem": "CUDA."}),
    "wrong-results": ("verify", {}),
    "verify-failed": ("verify", {"problem": ""}),
    "drift": ("verify", {"root": _ROOT, "problem": ""}),
    "cancelled": ("install", {}),
    "plan-not-for-here": ("build", {"name": "lab", "problem": "It has builds for CUDA 13.0 alone."}),
    "offline": ("build", {"host": _HOST}),
    "bundle-damaged": ("build", {"file": _FILE, "problem": "Its SHA-256 is another one."}),
    "cure-undone": ("start", {"folder": _ROOT, "problem": ""}),
    "conda-missing": ("build", {"path": "C:\\Miniforge3"}),
    "conda-usage": ("build", {"tool": "conda"}),
    "conda-terms": ("build", {"problem": ""}),
    "conda-unsatisfiable": ("build", {"problem": "pytorch 2.15.0 needs python >=3.10."}),
    "conda-no-cuda": ("build", {"problem": "__cuda >=13"}),
    "conda-package-missing": ("build", {"problem": "pytorch 2.15.0"}),
    "conda-plan-unclear": ("build", {"name": "openssl"}),
    "conda-path": ("build", {"path": "C:\\deep learning", "problem": ""}),
    "conda-folder-taken": ("build", {"path": _ROOT}),
    "conda-not-writable": ("install", {"path": _ROOT}),
    "conda-environment-missing": ("install", {"path": _ROOT}),
    "conda-disk-full": ("install", {"path": "C:\\", "need": "9.4 GB", "free": "3.2 GB"}),
    "conda-offline": ("build", {}),
    "conda-network": ("build", {"host": "conda.example"}),
    "conda-link-dropped": ("install", {"host": "conda.example"}),
    "conda-file-missing": ("install", {"host": "conda.example"}),
    "conda-checksum": ("install", {"problem": ""}),
    "conda-interrupted": ("install", {}),
}


def example(code: ErrorCode) -> SetupError:
    """Return an example of an error; one of a code that is not listed has no facts."""
    return SetupError(code, **EXAMPLES.get(code, ("build", {}))[1])


def page_of(code: ErrorCode) -> PageName:
    """Return the page on which it is met."""
    return EXAMPLES.get(code, ("build", {}))[0]
