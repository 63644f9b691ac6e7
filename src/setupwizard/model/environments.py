"""The environments of a computer as a person meets them again: what each is, how it stands, what can be done."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Standing = Literal["checked", "warned", "unchecked", "update", "driver", "broken"]
"""How it stands, best first: proved; proved with a remark; not proved; a newer one is known; another driver runs than
when it was proved, or one that is too old for it; it does not work."""


class Environment(Struct, frozen=True, kw_only=True):
    """One environment.

    Attributes:
        root: its folder.
        own: whether the wizard made it.
        torch, variant, python: what it holds, None where nobody knows.
        standing: how it stands; `text` says it in a sentence.
        checked: when it was proved last, RFC 3339; None: never.
        back_to: the build that going back leads to, "2.14.1+cu126"; None: there is none.
        update: the newer build that is known, "2.15.0+cu130".
        free_bytes: what tidying up would give back.
        bytes: all that it holds on the disk; 0 while nobody looked.
    """

    root: str
    own: bool = True
    torch: str | None = None
    variant: str | None = None
    python: str | None = None
    standing: Standing
    text: str
    checked: str | None = None
    back_to: str | None = None
    update: str | None = None
    free_bytes: int = 0
    bytes: int = 0
