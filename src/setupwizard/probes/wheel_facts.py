"""Asking a wheel of torch itself for which cards it was made, without downloading it.

What its small files truly tell: `METADATA` names the release and the cuDNN that is installed beside it,
`torch/version.py` the release and the CUDA that it was compiled with, and `torch/cuda/__init__.py` holds
PYTORCH_RELEASES_CODE_CC: for each CUDA of this release the architectures of the published builds, by processor. What
`torch.cuda.get_arch_list()` answers stands in the compiled library alone, and is compared after the installation.
Nothing of these files is run: they are texts from outside.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from email.parser import HeaderParser

import msgspec
from packaging.utils import canonicalize_name

from setupwizard.model.refreshed import WheelFacts
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.remote_zip import Limits, Unasked, read_members

_TABLE = re.compile(r"^PYTORCH_RELEASES_CODE_CC\b[^\n=]{0,80}=\s*(\{.{0,8000}?^\})", re.MULTILINE | re.DOTALL)
_PLAIN = re.compile(r"[\s\w\"'.,:{}]*\Z")
_DEEPEST = 4
_VERSION = re.compile(r"^__version__\s*(?::\s*\w+\s*)?=\s*['\"]([\w.+]{1,60})['\"]", re.MULTILINE)
_CUDA = re.compile(r"^cuda\b[^\n=]{0,40}=\s*['\"](\d{1,2}\.\d{1,2})[\d.]*['\"]", re.MULTILINE)
_CUDNN = re.compile(r"nvidia-cudnn(?:-cu\d{1,2})?\s*\(?==\s*(\d{1,3}(?:\.\d{1,4}){0,3})")


def ask_wheel(url: str, torch: str, variant: str, *, hosts: frozenset[str], date: str, cancel: Cancel) -> WheelFacts:
    """Return what a wheel on a server tells about itself; one that cannot be asked tells why.

    Args:
        url: where the wheel is.
        torch: the version that its page said; a wheel that says otherwise is not believed.
        variant: the same for its variant.
        hosts: the only hosts that may answer.
        date: today.
        cancel: stops the asking.

    Raises:
        Cancelled: somebody asked to stop.
    """
    try:
        try:
            members = read_members(url, _small_files, limits=Limits(hosts=hosts), cancel=cancel)
        except Unasked as error:
            if error.why != "unreachable":
                raise
            members = read_members(url, _small_files, limits=Limits(hosts=hosts), cancel=cancel)  # a lost connection
        return facts_in(
            {name.rpartition("dist-info/")[2]: text for name, text in members.items()}, torch, variant, date
        )
    except Unasked as error:
        return WheelFacts(date=date, silent=error.why)


def _small_files(names: Iterable[str]) -> list[str]:
    """Return the names of the files to read: one METADATA, and two of torch's own."""
    names = list(names)
    metadata = [name for name in names if re.fullmatch(r"torch-[^/]{1,80}\.dist-info/METADATA", name)]
    wanted = [*metadata, *(name for name in ("torch/version.py", "torch/cuda/__init__.py") if name in names)]
    if len(metadata) != 1 or "torch/version.py" not in names:
        raise Unasked("broken-archive", "no wheel of torch")
    return wanted


def facts_in(files: dict[str, bytes], torch: str, variant: str, date: str) -> WheelFacts:
    """Return what the texts of a wheel tell.

    Raises:
        Unasked: "broken-archive": it is not the build that its page says, or its texts cannot be read.
    """
    metadata, version, table = (
        files.get(name, b"").decode("utf-8", "replace")
        for name in ("METADATA", "torch/version.py", "torch/cuda/__init__.py")
    )
    headers = HeaderParser().parsestr(metadata.partition("\n\n")[0])
    named = canonicalize_name(str(headers.get("Name", "")))
    said = {str(headers.get("Version", "")), *_VERSION.findall(version)[:1]}
    if named != "torch" or not said <= {torch, f"{torch}+{variant}"}:
        raise Unasked("broken-archive", f"{named} {sorted(said)} instead of torch {torch}+{variant}")
    told = _CUDA.search(version)
    cuda = told[1] if told else None
    if variant.startswith("cu") and (cuda is None or "cu" + cuda.replace(".", "") != variant):
        raise Unasked("broken-archive", f"CUDA {cuda} instead of {variant}")
    rows = code_table(table).get(cuda or "", {})
    sm = {arch: rows[arch] for arch in ("x86_64", "aarch64") if arch in rows}
    cudnn = next(
        (found[1] for line in headers.get_all("Requires-Dist", []) if (found := _CUDNN.match(str(line)))), None
    )
    try:
        return msgspec.convert(
            {
                "date": date,
                "cuda": cuda,
                "cudnn": cudnn,
                "sm": sm,
                "silent": None if sm or cuda is None else "no-table",
            },
            WheelFacts,
        )
    except msgspec.ValidationError as error:
        raise Unasked("broken-archive", str(error)) from error


def code_table(source: str) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return PYTORCH_RELEASES_CODE_CC out of the text of torch/cuda/__init__.py; empty when it is not as expected."""
    found = _TABLE.search(source)
    if found is None:
        return {}
    text = re.sub(r"#[^\n]*", "", found[1])
    if not _PLAIN.match(text) or _depth(text) > _DEEPEST:
        return {}
    try:
        value = ast.literal_eval(text)
        table = msgspec.convert(value, dict[str, dict[str, set[int]]])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, msgspec.ValidationError):
        return {}
    return {cuda: {arch: tuple(sorted(sms)) for arch, sms in rows.items() if sms} for cuda, rows in table.items()}


def _depth(text: str) -> int:
    deepest = depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest
