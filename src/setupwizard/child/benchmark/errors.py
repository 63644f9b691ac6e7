"""What kind of error it was that torch raised."""

from __future__ import annotations

import re

_UNSUPPORTED = re.compile(
    r"not implemented|not supported|not currently supported|n't support|not compiled with|requires compiling"
    r"|STATUS_NOT_SUPPORTED|Cannot convert a MPS Tensor to float64|no kernel found to launch|No available kernel",
    re.IGNORECASE,
)
_DEVICE_LOST = re.compile(r"(CUDA|HIP|XPU|Level.?Zero|MPS) error|CUDA driver error|device-side assert|UR_RESULT_ERROR")
_OUT_OF_MEMORY = re.compile(r"out of memory|alloc_failed|not enough memory|can't allocate memory", re.IGNORECASE)


def unsupported(error):
    """Whether a torch or a device simply does not have an operation; a lost device never counts as that."""
    text = str(error)
    if isinstance(error, NotImplementedError):
        return True
    return isinstance(error, (RuntimeError, TypeError)) and not lost(error) and bool(_UNSUPPORTED.search(text))


def out_of_memory(error):
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, (RuntimeError, MemoryError)) and bool(_OUT_OF_MEMORY.search(str(error)))
    )


def lost(error):
    """Whether an error leaves the device unusable for the rest of this process."""
    if out_of_memory(error):
        return False
    return type(error).__name__ == "AcceleratorError" or bool(_DEVICE_LOST.search(str(error)))


def describe(error):
    return f"{type(error).__name__}: {str(error).strip()}"
