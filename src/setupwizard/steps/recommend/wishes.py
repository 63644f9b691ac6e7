"""What the user insists on, understood or refused."""

from __future__ import annotations

import re

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Wishes
from setupwizard.model.shapes import is_variant

_LONGEST = 100
"""Characters of a specifier: no honest one comes near it."""
_PYTHON = re.compile(r"(\d{1,3}\.\d{1,3})(?:\.\d{1,3})?(t?)")


class Limits(Struct, frozen=True, kw_only=True):
    """The wishes and the fixed Python, in the form that the decision needs.

    Attributes:
        torch: a PEP 440 specifier; empty when every version will do.
        python: "3.12" or "3.14t" that is insisted on.
        python_release: the same Python with all that is known of its version: "3.14.1".
        bits: of the Python that is insisted on.
        cards: indexes of the cards that were chosen, None for all.
    """

    torch: str = ""
    variant: str | None = None
    python: str | None = None
    python_release: str | None = None
    bits: int = 64
    cards: tuple[int, ...] | None = None


def understood(wishes: Wishes, machine: Machine) -> Limits:
    """Return what the decision is limited to.

    Raises:
        SetupError: "usage": a wish is not well-formed, or names a card that is not there.
    """
    torch, tag = _torch(wishes.torch)
    variant = _variant(wishes.variant) or tag
    if tag is not None and variant != tag:
        raise SetupError(
            "usage",
            what=_("--torch {torch} and --variant {variant} contradict each other").format(
                torch=wishes.torch, variant=wishes.variant
            ),
        )
    python, release, bits = _python(wishes, machine)
    return Limits(
        torch=torch,
        variant=variant,
        python=python,
        python_release=release,
        bits=bits,
        cards=_cards(wishes.gpus, len(machine.gpus)),
    )


def _torch(wish: str | None) -> tuple[str, str | None]:
    """Return a specifier and the variant that the wish names, as 2.13.0+cu130 does."""
    text = (wish or "").strip()
    if not text:
        return "", None
    if len(text) > _LONGEST:
        raise SetupError("usage", what=_("--torch {torch} is not a version").format(torch=text[:_LONGEST]))
    try:
        version = Version(text)
    except ValueError:  # InvalidVersion is one, and so is a number of too many digits
        return _specifier(text), None
    # "2.13" means its newest patch: nobody who types it wants to miss 2.13.1.
    exact = len(version.release) > 2 or version.is_prerelease
    tag = _variant(version.local) if version.local else None
    return (f"=={version.public}" if exact else f"=={version.public}.*"), tag


def _specifier(text: str) -> str:
    try:
        return str(SpecifierSet(text))
    except ValueError:
        raise SetupError("usage", what=_("--torch {torch} is not a version").format(torch=text)) from None


def _variant(wish: str | None) -> str | None:
    if wish is None:
        return None
    word = wish.strip().lower()
    if not is_variant(word):
        raise SetupError("usage", what=_("--variant {variant} is not the name of a variant").format(variant=wish))
    return word


def _python(wishes: Wishes, machine: Machine) -> tuple[str | None, str | None, int]:
    if wishes.python is not None:
        match = _PYTHON.fullmatch(wishes.python.strip())
        if match is None:
            raise SetupError(
                "usage", what=_("--python {python} is not a version of Python").format(python=wishes.python)
            )
        return match[1] + match[2], wishes.python.strip().removesuffix("t"), 64
    fixed = machine.insisted
    if fixed is None:
        return None, None, 64
    match = _PYTHON.fullmatch(fixed.version.strip())
    if match is None:
        raise SetupError("usage", what=_("{python} is not a version of Python").format(python=fixed.version))
    free_threaded = fixed.free_threaded or bool(match[2])
    return match[1] + ("t" if free_threaded else ""), fixed.version.strip().removesuffix("t"), fixed.bits


def _cards(wish: tuple[int, ...] | None, count: int) -> tuple[int, ...] | None:
    if wish is None:
        return None
    for index in wish:
        if not 0 <= index < count:
            raise SetupError(
                "usage",
                what=_("--gpu {index} is no card of this computer; it has {count}, numbered from 0").format(
                    index=index, count=count
                ),
            )
    return tuple(sorted(set(wish))) or None
