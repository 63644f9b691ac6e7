"""The shapes of words that come from outside and that more than one document holds."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

_VARIANT = r"(cpu|xpu|cu[0-9]{2,4}|rocm[0-9]{1,2}(\.[0-9]{1,3}){1,3})"
"""A variant as the download servers name their folders, and the local part of a version: "cu130", "rocm7.14"."""

VariantName = Annotated[str, Meta(pattern=rf"^{_VARIANT}$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


def is_variant(word: str) -> bool:
    """Whether a word has the shape of a variant's name."""
    return re.fullmatch(_VARIANT, word) is not None
