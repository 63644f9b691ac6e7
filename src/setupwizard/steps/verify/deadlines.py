"""How long each stage may take before it counts as hung, in seconds, and which stages may go wrong without a failure.

They are there to end what would never end, so they are several times what a slow computer needs: a hard disk with an
antivirus program for the import, the driver's translation of a whole program for the first calculation.
"""

from __future__ import annotations

from typing import Final

from setupwizard.codes import CheckId, VerifyMode

BETWEEN: Final = 60.0
"""From the start of Python to the first line, and from the end of one stage to the start of the next."""

_QUICK: dict[CheckId, float] = {
    "import": 300,
    "device": 60,
    "arch": 60,
    "first-kernel": 300,
    "correctness": 120,
    "autograd": 120,
    "conv": 120,
    "attention": 90,
    "amp": 60,
    "memory": 120,
    "copy-host": 60,
    "copy-device": 60,
    "matmul": 120,
    "train": 180,
    "dataloader": 60,
    "torchvision": 180,
    "sustained": 120,
    "compile": 300,
}
_FULL: dict[CheckId, float] = {**_QUICK, "memory": 240, "matmul": 180, "dataloader": 240}


def deadline(stage: CheckId, mode: VerifyMode) -> float:
    """Return the seconds that a stage may take."""
    return (_FULL if mode == "full" else _QUICK).get(stage, BETWEEN)


def only_comfort(stage: CheckId, mode: VerifyMode, *, torchvision_planned: bool) -> bool:
    """Whether PyTorch is fine for most work even when this stage hangs, crashes or says no."""
    if stage == "torchvision":
        return not torchvision_planned
    return stage == "compile" or (stage == "dataloader" and mode == "full")
